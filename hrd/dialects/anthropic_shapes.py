"""What is read of a Messages reply: its shapes. Each member is optional: not all who speak this API keep to the whole of it."""

from typing import Any

import msgspec

from hrd.core.conversation import ABSENT


class Details(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class UsageSaid(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: Details | None = None


class Citation(msgspec.Struct, gc=False):
    url: str | None = None
    source: str | None = None
    title: str | None = None
    cited_text: str | None = None


class Block(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = ABSENT
    citations: list[Citation] | None = None


class StopDetails(msgspec.Struct, gc=False):
    explanation: str | None = None


class Delta(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Citation | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class Message(msgspec.Struct, gc=False):
    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: UsageSaid | None = None
    error: Any = None


class StreamEvent(msgspec.Struct, gc=False):
    type: str = ""
    index: int = 0
    delta: Delta | None = None
    content_block: Block | None = None
    message: Message | None = None
    usage: UsageSaid | None = None
    error: Any = None
