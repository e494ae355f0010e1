"""How much a request says, read from its messages or items and its tools as they are spelled: tokens and images."""

import re

import msgspec

from hrd.core.estimate import estimate_json_tokens
from hrd.dialects.data_urls import is_text_file

IMAGE_TOKENS = 800
"""What one picture counts for: 765 for a square of 1024 pixels at OpenAI, up to 1,600 elsewhere."""
PAGE_BYTES = 30_000
"""What a page of a document comes to in base64, about; a page counts as a picture."""
_ADDRESS_BYTES_MAX = 2048
_SKELETON_TOKENS = 7
"""By how much `{"role":"…","content":"…"}` counts for more as JSON than as the few marks of a chat template."""
_BASE64 = re.compile(rb';base64,[^"]*')
_SOUND = re.compile(rb'"data"\s*:\s*"[^"]*')
_SEALS = (b'"encrypted_content":"', b'"encrypted_content": "')
_ITEM_TOKENS = 13
"""By how much the JSON around a text counts for more than the marks of a chat template, for each item and each part."""


def measure_prompt(messages: bytes, count: int, images: int, tools: bytes, *, has_blobs: bool) -> int:
    """Tokens of *count* *messages* with so many *images*, and of the *tools*. *has_blobs*: something in them may be base64."""
    spelled = _without_blobs(messages) if has_blobs else messages
    tokens = max(1, estimate_json_tokens(spelled) - _SKELETON_TOKENS * count)
    if tools:
        tokens += estimate_json_tokens(tools)
    return tokens + images * IMAGE_TOKENS


def measure_file(file_data: msgspec.Raw) -> int:
    """Tokens of a file that is spelled as a data URL: of its text, or of its pages; none of one that lies elsewhere."""
    spelled_bytes = len(memoryview(file_data))
    if is_text_file(file_data):
        return spelled_bytes * 3 // 16  # four characters of base64 are three bytes, and four of those a token
    return max(1, spelled_bytes // PAGE_BYTES) * IMAGE_TOKENS if spelled_bytes > _ADDRESS_BYTES_MAX else 0


def measure_items(items: bytes, count: int, images: int, tools: bytes, *, has_blobs: bool, has_seals: bool) -> int:
    """The same of the *items* of a Responses request: *count* of them and of their parts. *has_seals*: something in them may be
    sealed."""
    spelled = _without_blobs(items) if has_blobs else items
    if has_seals:
        for seal in _SEALS:
            spelled = _without_seals(spelled, seal)
    tokens = max(1, estimate_json_tokens(spelled) - _ITEM_TOKENS * count)
    if tools:
        tokens += estimate_json_tokens(tools)
    return tokens + images * IMAGE_TOKENS


def _without_seals(items: bytes, seal: bytes) -> bytes:
    """Sealed reasoning is not text either. There may be one with each call."""
    first, *others = items.split(seal)
    return first + b"".join([other[max(other.find(b'"'), 0) :] for other in others])


def _without_blobs(messages: bytes) -> bytes:
    """Pictures and sound in base64 are not text: each is cut off behind its beginning."""
    return _SOUND.sub(b'"data":"', _BASE64.sub(b";base64,", messages))
