"""Messages and their blocks as the Messages API takes them: what is encoded of a conversation.

Members that are not said (the defaults) are not sent. Reference: https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from hrd.core.conversation import ABSENT


class TextBlock(msgspec.Struct, tag_field="type", tag="text", omit_defaults=True, gc=False):
    text: str
    cache_control: msgspec.Raw = ABSENT


class Base64Source(msgspec.Struct, tag_field="type", tag="base64", gc=False):
    media_type: str
    data: str


class UrlSource(msgspec.Struct, tag_field="type", tag="url", gc=False):
    url: str


class TextSource(msgspec.Struct, tag_field="type", tag="text", gc=False):
    data: str
    media_type: str = "text/plain"


class ImageBlock(msgspec.Struct, tag_field="type", tag="image", omit_defaults=True, gc=False):
    source: Base64Source | UrlSource
    cache_control: msgspec.Raw = ABSENT


class DocumentBlock(msgspec.Struct, tag_field="type", tag="document", omit_defaults=True, gc=False):
    source: Base64Source | UrlSource | TextSource
    title: str = ""
    cache_control: msgspec.Raw = ABSENT


class ThinkingBlock(msgspec.Struct, tag_field="type", tag="thinking", gc=False):
    thinking: str
    signature: str


class RedactedBlock(msgspec.Struct, tag_field="type", tag="redacted_thinking", gc=False):
    data: str


class UseBlock(msgspec.Struct, tag_field="type", tag="tool_use", omit_defaults=True, gc=False):
    id: str
    name: str
    input: msgspec.Raw
    cache_control: msgspec.Raw = ABSENT


class ResultBlock(msgspec.Struct, tag_field="type", tag="tool_result", omit_defaults=True, gc=False):
    tool_use_id: str
    content: "str | Sequence[Block]" = ""
    is_error: bool = False
    cache_control: msgspec.Raw = ABSENT


SpelledBlock = dict[str, Any]
"""A block that only this API knows, or a tool."""
Block = TextBlock | ImageBlock | DocumentBlock | ThinkingBlock | RedactedBlock | UseBlock | ResultBlock | SpelledBlock


class Message(msgspec.Struct, gc=False):
    role: str
    """user or assistant."""
    content: list[Block]


CACHE_MARKS_MAX = 4
"""https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching"""


def spare_marks(blocks: Sequence[Block], notes: dict[str, None]) -> None:
    """Take the first marks off *blocks* where there are more than are allowed: later ones reach further."""
    marked = [block for block in blocks if _is_marked(block)]
    for block in marked[: max(0, len(marked) - CACHE_MARKS_MAX)]:
        if isinstance(block, dict):
            del block["cache_control"]
        elif not isinstance(block, ThinkingBlock | RedactedBlock):
            block.cache_control = ABSENT
        notes[f"cache_control beyond {CACHE_MARKS_MAX} left out"] = None


def _is_marked(block: Block) -> bool:
    if isinstance(block, dict):
        return "cache_control" in block
    return not isinstance(block, ThinkingBlock | RedactedBlock) and bool(block.cache_control)


def lacks_thinking(messages: Sequence[Message]) -> bool:
    """Whether results are owed to a message of the assistant that did not begin with a thinking block."""
    if len(messages) < 2 or messages[-1].role != "user" or not isinstance(messages[-1].content[0], ResultBlock):
        return False
    return not isinstance(messages[-2].content[0], ThinkingBlock | RedactedBlock)
