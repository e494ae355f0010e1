"""How much a Messages request says, read from its members as they are spelled: tokens and images."""

import re
from collections.abc import Iterable

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
_BLOBS = (b'"data"', b'"signature"', b'"url"')
_VALUE = re.compile(rb'\s*:\s*"')
_CACHE_MARK = re.compile(rb',?"cache_control"\s*:\s*\{[^{}]{0,100}\}')


def measure(fields: Fields, turns: int) -> tuple[int, int]:
    """Tokens of a request of so many *turns*, and the number of images in it."""
    messages, system, tools = (_spelled(fields, name) for name in ("messages", "system", "tools"))
    tokens, images = _measure_text(messages)
    more_tokens, _ = _measure_text(system)
    tokens = max(1, tokens - _SKELETON_TOKENS * turns) + more_tokens
    if tools:
        tokens += estimate_json_tokens(_without(tools, (_CACHE_MARK,)))
    return tokens, images


def _measure_text(spelled: bytes) -> tuple[int, int]:
    if not spelled.startswith(b"["):
        return estimate_json_tokens(spelled), 0
    if spelled.find(b'"cache_control"') >= 0:
        spelled = _without(spelled, (_CACHE_MARK,))
    texts, images, documents = (_count_blocks(spelled, kind) for kind in (b"text", b"image", b"document"))
    blob_bytes = len(spelled)
    for name in _BLOBS if images or documents else _BLOBS[1:2]:
        spelled = _without_values(spelled, name)
    blob_bytes -= len(spelled)
    pages = max(documents, blob_bytes // _PAGE_BYTES) if documents else 0
    tokens = estimate_json_tokens(spelled) - _BLOCK_TOKENS * texts
    return max(0, tokens) + (images + pages) * IMAGE_TOKENS, images


def _count_blocks(spelled: bytes, kind: bytes) -> int:
    """Blocks of *kind*, as all encoders of JSON spell them."""
    return spelled.count(b'"type":"%s"' % kind) + spelled.count(b'"type": "%s"' % kind)


def _without(spelled: bytes, patterns: Iterable[re.Pattern[bytes]]) -> bytes:
    for pattern in patterns:
        spelled = pattern.sub(b"", spelled)
    return spelled


def _without_values(spelled: bytes, name: bytes) -> bytes:
    """Without the strings under *name*: pictures, documents and signatures are not text."""
    pieces: list[bytes] = []
    kept = at = 0
    while (at := spelled.find(name, at)) >= 0:
        at += len(name)
        value = _VALUE.match(spelled, at)
        if value is not None:
            pieces.append(spelled[kept : value.end()])
            end = spelled.find(b'"', value.end())
            at = kept = end if end >= 0 else len(spelled)
    return b"".join(pieces) + spelled[kept:] if pieces else spelled


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = b"" if raw is None else bytes(raw)
    return b"" if spelled == NULL else spelled
