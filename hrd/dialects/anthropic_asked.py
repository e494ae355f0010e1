"""What is read of a Messages request: its shapes, with the types that the API gives them."""

import msgspec

from hrd.core.conversation import ABSENT
from hrd.dialects.fields import NULL

NOTHING = msgspec.Raw(NULL)


class SourceAsked(msgspec.Struct, gc=False):
    type: str = ""
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: "str | list[BlockAsked] | None" = None


class BlockAsked(msgspec.Struct, gc=False):
    type: str
    text: str | None = None
    source: SourceAsked | str | None = None
    """Of a search result: where it was found."""
    title: str | None = None
    context: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NOTHING
    tool_use_id: str | None = None
    is_error: bool | None = None
    content: msgspec.Raw = NOTHING
    cache_control: msgspec.Raw = ABSENT


Content = str | list[BlockAsked] | None


class Typed(msgspec.Struct, gc=False):
    type: str


class MessageAsked(msgspec.Struct, gc=False):
    role: str
    content: Content = None


class MessageSpelled(msgspec.Struct, gc=False):
    role: str
    content: msgspec.Raw = NOTHING


class ToolAsked(msgspec.Struct, gc=False):
    name: str | None = None
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = NOTHING
    strict: bool | None = None
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
