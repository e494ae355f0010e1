"""What is read of a Messages request: its shapes, with the types that the API gives them.

Blocks that the hub has words for are read as such, each as a struct of its own. What is no such block, or one that refers to
what only Anthropic has, is an `OtherBlock`, which keeps its spelling.
"""

from typing import Final

import msgspec

from hrd.core.conversation import ABSENT
from hrd.dialects.fields import NULL

NOTHING = msgspec.Raw(NULL)


class TextAsked(msgspec.Struct, tag_field="type", tag="text", gc=False):
    text: str | None = None
    cache_control: msgspec.Raw = ABSENT


class Base64Asked(msgspec.Struct, tag_field="type", tag="base64", gc=False):
    data: str
    media_type: str = ""


class UrlAsked(msgspec.Struct, tag_field="type", tag="url", gc=False):
    url: str


class PlainAsked(msgspec.Struct, tag_field="type", tag="text", gc=False):
    data: str
    media_type: str = ""


class ContentAsked(msgspec.Struct, tag_field="type", tag="content", gc=False):
    content: str | list[TextAsked] | None = None


Source = Base64Asked | UrlAsked | PlainAsked | ContentAsked


class ImageAsked(msgspec.Struct, tag_field="type", tag="image", gc=False):
    source: Base64Asked | UrlAsked
    cache_control: msgspec.Raw = ABSENT


class DocumentAsked(msgspec.Struct, tag_field="type", tag="document", gc=False):
    source: Source
    title: str | None = None
    context: str | None = None
    citations: msgspec.Raw = NOTHING
    cache_control: msgspec.Raw = ABSENT


class FoundAsked(msgspec.Struct, tag_field="type", tag="search_result", gc=False):
    source: str | None = None
    title: str | None = None
    content: str | list[TextAsked] | None = None
    citations: msgspec.Raw = NOTHING
    cache_control: msgspec.Raw = ABSENT


def is_cited(block: DocumentAsked | FoundAsked) -> bool:
    """Whether the reply is to name the places of *block* that it rests on."""
    return bytes(block.citations).find(b"true") >= 0


class ThinkingBlockAsked(msgspec.Struct, tag_field="type", tag="thinking", gc=False):
    thinking: str | None = None
    signature: str | None = None


class RedactedAsked(msgspec.Struct, tag_field="type", tag="redacted_thinking", gc=False):
    data: str | None = None


class UseAsked(msgspec.Struct, tag_field="type", tag="tool_use", gc=False):
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NOTHING
    cache_control: msgspec.Raw = ABSENT


class OtherBlock(msgspec.Struct, tag_field="type", tag="", gc=False):
    """A block that only this API knows. Read one by one: none says of itself that it is of no type."""

    kind: str
    raw: msgspec.Raw


class ResultAsked(msgspec.Struct, tag_field="type", tag="tool_result", gc=False):
    tool_use_id: str | None = None
    content: "str | list[BlockAsked] | None" = None
    is_error: bool | None = None
    cache_control: msgspec.Raw = ABSENT


BlockAsked = (
    TextAsked
    | ImageAsked
    | DocumentAsked
    | FoundAsked
    | ThinkingBlockAsked
    | RedactedAsked
    | UseAsked
    | ResultAsked
    | OtherBlock
)
Content = str | list[BlockAsked] | None


class MessageAsked(msgspec.Struct, gc=False):
    role: str
    content: Content = None


class _ResultSpelled(msgspec.Struct, gc=False):
    tool_use_id: str | None = None
    content: msgspec.Raw = NOTHING
    is_error: bool | None = None
    cache_control: msgspec.Raw = ABSENT


class _Typed(msgspec.Struct, gc=False):
    type: str


class _MessageSpelled(msgspec.Struct, gc=False):
    role: str
    content: msgspec.Raw = NOTHING


_MESSAGES: Final = msgspec.json.Decoder(list[MessageAsked])
_SPELLED: Final = msgspec.json.Decoder(list[_MessageSpelled])
_CONTENT: Final = msgspec.json.Decoder(Content)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BLOCK: Final = msgspec.json.Decoder(BlockAsked)
_RESULT: Final = msgspec.json.Decoder(_ResultSpelled)
_TYPED: Final = msgspec.json.Decoder(_Typed)
_OF_ONE_SHAPE: Final = frozenset({"text", "tool_use", "thinking", "redacted_thinking"})
"""Blocks that are wrong if they are not as they are known."""


def read_messages(raw: msgspec.Raw) -> list[MessageAsked]:
    """The messages. Raises what msgspec raises. Blocks that are not known may have any shape: then they are read one by one."""
    try:
        return _MESSAGES.decode(raw)
    except msgspec.ValidationError as error:
        try:
            return [MessageAsked(message.role, read_content(message.content)) for message in _SPELLED.decode(raw)]
        except msgspec.ValidationError:
            raise error from None  # the first one says where


def read_content(raw: msgspec.Raw) -> Content:
    """The content of a message or of a result, or the system's text. Raises what msgspec raises."""
    try:
        content: Content = _CONTENT.decode(raw)
    except msgspec.ValidationError as error:
        try:
            content = [_read_block(each) for each in _RAWS.decode(raw)]
        except msgspec.ValidationError:
            raise error from None
    return content


def _read_block(raw: msgspec.Raw) -> BlockAsked:
    try:
        block: BlockAsked = _BLOCK.decode(raw)
    except msgspec.ValidationError:
        kind = _TYPED.decode(raw).type
        if kind in _OF_ONE_SHAPE:
            raise
        if kind != "tool_result":
            return OtherBlock(kind, raw)
        result = _RESULT.decode(raw)
        return ResultAsked(result.tool_use_id, read_content(result.content), result.is_error, result.cache_control)
    return block


class ToolAsked(msgspec.Struct, gc=False):
    name: str | None = None
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = NOTHING
    strict: bool | None = None
    input_examples: msgspec.Raw = NOTHING
    cache_control: msgspec.Raw = ABSENT


class ChoiceAsked(msgspec.Struct, gc=False):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingAsked(msgspec.Struct, gc=False):
    type: str
    budget_tokens: int | None = None


class FormatAsked(msgspec.Struct, gc=False):
    type: str
    name: str | None = None
    schema: msgspec.Raw = ABSENT


class OutputConfig(msgspec.Struct, gc=False):
    effort: str | None = None
    format: FormatAsked | None = None


class Body(msgspec.Struct, gc=False):
    messages: list[MessageAsked]
    system: Content = None
    tools: list[ToolAsked] | None = None
    tool_choice: ChoiceAsked | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    thinking: ThinkingAsked | None = None
    output_config: OutputConfig | None = None
    output_format: FormatAsked | None = None
    service_tier: str | None = None
    cache_control: msgspec.Raw = ABSENT
