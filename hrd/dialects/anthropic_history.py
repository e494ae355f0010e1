"""The history of a Messages request that passes as it is spelled, without what only this router can have written into it.

A client sends back what it was answered. Where another vendor answered, that holds thinking blocks that Anthropic did not sign,
and sources without Anthropic's index: either would be refused.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hrd.dialects.anthropic_carried import is_foreign
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL

Message = dict[str, Any]

_OURS: Final = re.compile(rb'"signature"\s*:\s*"(?:"|hermes:|gAAAA)|"encrypted_index"\s*:\s*""')
_MESSAGES = msgspec.json.Decoder(list[Fields])
_BLOCKS = msgspec.json.Decoder(list[Fields])
_TEXT = msgspec.json.Decoder(str)
_ANY = msgspec.json.Decoder(list[Any])
THINKING: Final = ("thinking", "redacted_thinking")


def clean(messages: msgspec.Raw, *, is_all: bool = False) -> tuple[msgspec.Raw, list[str]]:
    """*messages* without what this router wrote, and what that was; the same bytes if there is nothing of it. *is_all*: without
    any reasoning of earlier turns."""
    if not is_all and _OURS.search(messages) is None:
        return messages, []
    notes: dict[str, None] = {}
    try:
        kept = [message for message in _MESSAGES.decode(messages) if _clean_message(message, notes, is_all=is_all)]
    except (ValueError, RecursionError):
        return messages, []  # of another shape: the provider's to judge
    return msgspec.Raw(msgspec.json.encode(kept)), list(notes)


def loop_lacks_thinking(messages: msgspec.Raw) -> bool:
    """Whether results are owed to a turn of the assistant in which it never thought.

    A turn lasts from what the user last said, through all calls and their results."""
    try:
        decoded = _ANY.decode(messages)
    except (ValueError, RecursionError):
        return False
    calls = 0
    for message in reversed(decoded):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            continue
        kinds = _kinds(message)
        if message["role"] == "user":
            if "tool_result" not in kinds:
                break
        elif any(kind in kinds for kind in THINKING):
            return False
        else:
            calls += 1
    return calls > 0 and bool(decoded) and decoded[-1].get("role") != "assistant"


def _kinds(message: Message) -> Sequence[object]:
    content = message.get("content")
    return [block.get("type") for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _clean_message(message: Fields, notes: dict[str, None], *, is_all: bool) -> bool:
    """Clean a message in place; False if nothing of it is left."""
    spelled = message.get("content", msgspec.Raw(NULL))
    if not bytes(spelled).startswith(b"[") or not (is_all or _OURS.search(spelled)):
        return True
    blocks = _BLOCKS.decode(spelled)
    kept = [block for block in blocks if not (_is_thinking(block) if is_all else _is_foreign_thinking(block))]
    if len(kept) < len(blocks):
        notes["reasoning of earlier turns left out" if is_all else "reasoning of another vendor left out"] = None
    for block in kept:
        if "citations" in block and _OURS.search(block["citations"]):
            block["citations"] = _sources(block["citations"])
            notes["sources of another vendor left out"] = None
    message["content"] = msgspec.Raw(msgspec.json.encode(kept))
    return bool(kept)


def _is_thinking(block: Fields) -> bool:
    return bytes(block.get("type", b"")) in (b'"thinking"', b'"redacted_thinking"')


def _is_foreign_thinking(block: Fields) -> bool:
    return bytes(block.get("type", b"")) == b'"thinking"' and is_foreign(_TEXT.decode(block.get("signature", b'""')))


def _sources(citations: msgspec.Raw) -> msgspec.Raw:
    kept = [each for each in _BLOCKS.decode(citations) if bytes(each.get("encrypted_index", b"")) != b'""']
    return msgspec.Raw(msgspec.json.encode(kept or None))
