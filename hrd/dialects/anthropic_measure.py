"""How much a Messages request says, read from its members as they are spelled: tokens and images."""

import re

from hrd.core.estimate import estimate_json_tokens
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL
from hrd.dialects.prompt import IMAGE_TOKENS

_SKELETON_TOKENS = 7
"""By how much `{"role":"…","content":"…"}` counts for more as JSON than as the few marks of a chat template."""
_BLOCK_TOKENS = 7
"""The same of `{"type":"text","text":"…"}`."""
_PAGE_BYTES = 30_000
"""What a page of a document comes to in base64, about; a page counts as a picture."""
_SIGNATURE = re.compile(rb'"signature"\s*:\s*"[^"]*')
_BLOBS = (_SIGNATURE, re.compile(rb'"data"\s*:\s*"[^"]*'), re.compile(rb'"url"\s*:\s*"[^"]*'))
"""Pictures, documents and signatures are not text."""
_CUT = b'"":"'
_CACHE_MARK = re.compile(rb',?"cache_control"\s*:\s*\{[^{}]{0,100}\}')


def measure(fields: Fields, turns: int) -> tuple[int, int]:
    """Tokens of a request of so many *turns*, and the number of images in it."""
    messages, system, tools = (_spelled(fields, name) for name in ("messages", "system", "tools"))
    tokens, images = _measure_text(messages)
    more_tokens, _ = _measure_text(system)
    tokens = max(1, tokens - _SKELETON_TOKENS * turns) + more_tokens
    if tools:
        tokens += estimate_json_tokens(_without_marks(tools))
    return tokens, images


def _measure_text(spelled: bytes) -> tuple[int, int]:
    if not spelled.startswith(b"["):
        return estimate_json_tokens(spelled), 0
    spelled = _without_marks(spelled)
    texts, images, documents = _count_blocks(spelled)
    blob_bytes = len(spelled)
    if images or documents or spelled.find(b'"signature"') >= 0:
        for blob in _BLOBS if images or documents else (_SIGNATURE,):
            spelled = blob.sub(_CUT, spelled)
    blob_bytes -= len(spelled)
    pages = max(documents, blob_bytes // _PAGE_BYTES) if documents else 0
    tokens = estimate_json_tokens(spelled) - _BLOCK_TOKENS * texts
    return max(0, tokens) + (images + pages) * IMAGE_TOKENS, images


def _count_blocks(spelled: bytes) -> tuple[int, int, int]:
    """Blocks of text, images and documents, as all encoders of JSON spell them."""
    begins = (b'"type":"', b'"type": "') if spelled.find(b'"type": "') >= 0 else (b'"type":"',)
    count = spelled.count
    texts, images, documents = (
        sum([count(b'%b%b"' % (begin, kind)) for begin in begins]) for kind in (b"text", b"image", b"document")
    )
    return texts, images, documents


def _without_marks(spelled: bytes) -> bytes:
    return _CACHE_MARK.sub(b"", spelled) if spelled.find(b'"cache_control"') >= 0 else spelled


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = b"" if raw is None else bytes(raw)
    return b"" if spelled == NULL else spelled
