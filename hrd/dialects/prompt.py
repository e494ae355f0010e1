"""How much a request says, read from its messages or items and its tools as they are spelled: tokens and images."""

import re

from hrd.core.estimate import estimate_json_tokens

IMAGE_TOKENS = 800
"""What one picture counts for: 765 for a square of 1024 pixels at OpenAI, up to 1,600 elsewhere."""
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


def measure_items(items: bytes, count: int, images: int, tools: bytes, *, has_blobs: bool) -> int:
    """The same of the *items* of a Responses request: *count* of them and of their parts. Blobs are seals, too."""
    spelled = items
    if has_blobs:
        spelled = _without_blobs(items)
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
