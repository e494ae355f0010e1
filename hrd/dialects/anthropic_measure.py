"""How much a Messages request says, read from its members as they are spelled: tokens and images."""

import re
from collections.abc import Iterable

import msgspec

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
_BLOB = re.compile(rb'"(?:data|signature|url)"\s*:\s*"')
_TYPE = re.compile(rb'"type"\s*:\s*"(text|image|document)"')
_CACHE_MARK = re.compile(rb',?"cache_control"\s*:\s*\{[^{}]{0,100}\}')


class _Turn(msgspec.Struct, gc=False):
    role: str


TURNS = msgspec.json.Decoder(list[_Turn])


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
    counts = {b"text": 0, b"image": 0, b"document": 0}
    for kind in _TYPE.findall(spelled):
        counts[kind] += 1
    blob_bytes = 0
    if counts[b"image"] or counts[b"document"] or spelled.find(b'"signature"') >= 0:
        before = len(spelled)
        spelled = _without_blobs(spelled)
        blob_bytes = before - len(spelled)
    pages = max(counts[b"document"], blob_bytes // _PAGE_BYTES) if counts[b"document"] else 0
    tokens = estimate_json_tokens(spelled) - _BLOCK_TOKENS * counts[b"text"]
    return max(0, tokens) + (counts[b"image"] + pages) * IMAGE_TOKENS, counts[b"image"]


def _without(spelled: bytes, patterns: Iterable[re.Pattern[bytes]]) -> bytes:
    for pattern in patterns:
        spelled = pattern.sub(b"", spelled)
    return spelled


def _without_blobs(spelled: bytes) -> bytes:
    """Pictures, documents and signatures are not text: each is cut off behind its beginning."""
    pieces: list[bytes] = []
    at = 0
    while found := _BLOB.search(spelled, at):
        pieces.append(spelled[at : found.end()])
        end = spelled.find(b'"', found.end())
        at = end if end >= 0 else len(spelled)
    pieces.append(spelled[at:])
    return b"".join(pieces)


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = b"" if raw is None else bytes(raw)
    return b"" if spelled == NULL else spelled
