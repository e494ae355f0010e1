"""How much a request says, read from its messages or items and its tools as they are spelled: tokens and images."""

import re

import msgspec

from hrd.core.estimate import estimate_json_tokens

IMAGE_TOKENS = 800
"""What one picture counts for: 765 for a square of 1024 pixels at OpenAI, up to 1,600 elsewhere."""
_SKELETON_TOKENS = 7
"""By how much `{"role":"…","content":"…"}` counts for more as JSON than as the few marks of a chat template."""
_BASE64 = re.compile(rb';base64,[^"]*')
_SOUND = re.compile(rb'"data"\s*:\s*"[^"]*')
_IMAGE = b'"input_image"'
_SEALS = (b'"encrypted_content":"', b'"encrypted_content": "')
_ITEM_TOKENS = 13
"""By how much the JSON around a text counts for more than the marks of a chat template, for each `type` in it."""


class _Message(msgspec.Struct, gc=False):
    content: msgspec.Raw = msgspec.Raw(b"")


class _Part(msgspec.Struct, gc=False):
    type: str = ""


_MESSAGES = msgspec.json.Decoder(list[_Message])
_PARTS = msgspec.json.Decoder(list[_Part])


def measure_prompt(messages: bytes, count: int, tools: bytes) -> tuple[int, int]:
    """Tokens of *count* *messages* and of the *tools*, and the number of images among them."""
    find = messages.find  # `in` costs twice as much: it takes its left side for a number first
    images = _count_images(messages) if find(b'"image_url"') >= 0 else 0
    has_blobs = find(b";base64,") >= 0 or find(b'"input_audio"') >= 0
    spelled = _without_blobs(messages) if has_blobs else messages
    tokens = max(1, estimate_json_tokens(spelled) - _SKELETON_TOKENS * count)
    if tools:
        tokens += estimate_json_tokens(tools)
    return tokens + images * IMAGE_TOKENS, images


def measure_items(items: bytes, tools: bytes) -> tuple[int, int]:
    """The same of the *items* of a Responses request. What a string holds is escaped, so a name in quotes is a name."""
    find = items.find
    has_parts = find(b'"input_') >= 0
    images = items.count(_IMAGE) if has_parts else 0
    has_blobs = find(b";base64,") >= 0 or (has_parts and find(b'"input_audio"') >= 0)
    spelled = _without_blobs(items) if has_blobs else items
    if find(b'"encrypted_content"') >= 0:
        for seal in _SEALS:
            spelled = _without_seals(spelled, seal)
    tokens = max(1, estimate_json_tokens(spelled) - _ITEM_TOKENS * items.count(b'"type"'))
    if tools:
        tokens += estimate_json_tokens(tools)
    return tokens + images * IMAGE_TOKENS, images


def _count_images(messages: bytes) -> int:
    images = 0
    try:
        for message in _MESSAGES.decode(messages):
            content = bytes(message.content)
            if content.startswith(b"[") and b'"image_url"' in content:
                images += sum(part.type == "image_url" for part in _PARTS.decode(content))
    except (ValueError, RecursionError):
        pass  # parts of another shape are the provider's to judge
    return images


def _without_seals(items: bytes, seal: bytes) -> bytes:
    """Sealed reasoning is not text either. There may be one with each call."""
    first, *others = items.split(seal)
    return first + b"".join([other[max(other.find(b'"'), 0) :] for other in others])


def _without_blobs(messages: bytes) -> bytes:
    """Pictures and sound in base64 are not text: each is cut off behind its beginning."""
    return _SOUND.sub(b'"data":"', _BASE64.sub(b";base64,", messages))
