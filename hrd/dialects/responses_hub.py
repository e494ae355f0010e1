"""A Responses client's way to the hub and back: its request as a conversation, reply events as its replies.

Reference: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from hrd.core.conversation import (
    ABSENT,
    Conversation,
    ProviderTool,
    Reasoning,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from hrd.core.refusals import Refusal
from hrd.core.reply_events import ReplyEvent
from hrd.dialects.contract import Fields, Request, Stamp
from hrd.dialects.fields import NULL, count_of, refuse, refuse_shape
from hrd.dialects.responses_items import Item, read_items, turns_of
from hrd.dialects.responses_tools import read_choice, read_format, read_tools
from hrd.dialects.responses_writer import Writer

_READ: Final = frozenset(
    {"input", "instructions", "max_output_tokens", "model", "parallel_tool_calls", "prompt_cache_key", "reasoning"}
    | {"service_tier", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p"}
)
_QUIET: Final = frozenset(
    {"background", "client_metadata", "include", "previous_response_id", "prompt_cache_options", "prompt_cache_retention"}
    | {"store", "stream", "stream_options"}
)
"""Members whose absence changes nothing that a client would miss elsewhere than at OpenAI's."""
_NOTHING: Final = {"truncation": (NULL, b'"disabled"')}
"""Others, with the values that ask for nothing."""
_KNOWN: Final = _READ | _QUIET
_LOGPROBS: Final = b'"message.output_text.logprobs"'


class _Effort(msgspec.Struct, gc=False):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None


class _TextOptions(msgspec.Struct, gc=False):
    format: msgspec.Raw = ABSENT
    verbosity: str | None = None


class _Plain(msgspec.Struct, gc=False):
    """The members with plain values."""

    max_output_tokens: int | None = None
    parallel_tool_calls: bool | None = None
    prompt_cache_key: str | None = None
    reasoning: _Effort | None = None
    service_tier: str | None = None
    temperature: float | None = None
    text: _TextOptions | None = None
    top_logprobs: int | None = None
    top_p: float | None = None


_PLAIN: Final = msgspec.json.Decoder(_Plain)
_NAMES: Final = tuple(field.name for field in msgspec.structs.fields(_Plain))


def conversation(request: Request) -> Conversation | Refusal:
    """*request* for the hub, or what is wrong with it."""
    fields = request.fields
    plain = _read_plain(fields)
    if isinstance(plain, Refusal):
        return plain
    if plain.max_output_tokens is not None and plain.max_output_tokens < 1:
        message = f"max_output_tokens is {plain.max_output_tokens}: a reply has at least one token."
        return refuse(message, "max_output_tokens")
    if "prompt" in fields and bytes(fields["prompt"]) != NULL:
        return refuse("prompt names a template that OpenAI keeps: nobody else can read it. Send the input itself.", "prompt")
    items = read_items(fields["input"])
    if isinstance(items, Refusal):
        return items
    turns = _turns(fields, items)
    if isinstance(turns, Refusal):
        return turns
    tools = _tools(fields, items)
    if isinstance(tools, Refusal):
        return tools
    choice = read_choice(fields["tool_choice"]) if "tool_choice" in fields else None
    if isinstance(choice, Refusal):
        return choice
    return _assembled(fields, plain, turns, tools, choice)


def _assembled(
    fields: Fields,
    plain: _Plain,
    turns: list[Turn],
    tools: tuple[list[Tool], list[ProviderTool]],
    choice: ToolChoice | None,
) -> Conversation | Refusal:
    text = plain.text or _TextOptions()
    try:
        form = read_format(text.format) if text.format and bytes(text.format) != NULL else None
    except (ValueError, RecursionError) as error:
        return refuse_shape("text.format", error)
    effort = plain.reasoning or _Effort()
    logprobs = bool(plain.top_logprobs) or ("include" in fields and bytes(fields["include"]).find(_LOGPROBS) >= 0)
    return Conversation(
        turns=tuple(turns),
        tools=tuple(tools[0]),
        provider_tools=tuple(tools[1]),
        tool_choice=choice,
        parallel_calls=plain.parallel_tool_calls,
        max_tokens=count_of(fields, "max_output_tokens"),
        sampling=Sampling(temperature=plain.temperature, top_p=plain.top_p, logprobs=logprobs, top_logprobs=plain.top_logprobs),
        format=form,
        reasoning=Reasoning(
            effort=effort.effort or "",
            is_off=effort.effort == "none",
            summary=effort.summary or effort.generate_summary or "",
        ),
        verbosity=text.verbosity or "",
        service_tier=plain.service_tier or "",
        prompt_cache_key=plain.prompt_cache_key or "",
        extras={
            name: raw for name, raw in fields.items() if name not in _KNOWN and bytes(raw) not in _NOTHING.get(name, (NULL,))
        },
    )


def _read_plain(fields: Fields) -> _Plain | Refusal:
    named = {name: fields[name] for name in _NAMES if name in fields}
    try:
        return _PLAIN.decode(msgspec.json.encode(named))
    except (ValueError, RecursionError):
        return _misfit(named)


def _misfit(named: Fields) -> Refusal:
    """Which of the members it is that has another type than it must have."""
    for name, raw in named.items():
        try:
            _PLAIN.decode(msgspec.json.encode({name: raw}))
        except (ValueError, RecursionError) as error:
            text = str(error)
            path = name + text.partition(f"$.{name}")[2].rstrip("`")
            return refuse(f"{path} is not as it must be: {text.partition(' - at')[0]}.", path)
    return refuse("The request cannot be read: it is nested too deeply.")


def _turns(fields: Fields, items: list[Item]) -> list[Turn] | Refusal:
    turns = turns_of(items, fields["input"])
    if isinstance(turns, Refusal):
        return turns
    instructions = fields.get("instructions")
    if instructions is None or bytes(instructions) == NULL:
        return turns or refuse("input is empty.", "input")
    if bytes(instructions)[:1] == b'"':
        try:
            text: str = msgspec.json.decode(instructions, type=str)
        except ValueError as error:
            return refuse_shape("instructions", error)
        before = [Turn(Role.SYSTEM, (Text(text),))] if text else []
    else:
        listed = read_items(instructions, "instructions")
        if isinstance(listed, Refusal):
            return listed
        read = turns_of(listed, instructions)
        if isinstance(read, Refusal):
            return read
        before = read
    return [*before, *turns] if turns else refuse("input is empty.", "input")


def _tools(fields: Fields, items: list[Item]) -> tuple[list[Tool], list[ProviderTool]] | Refusal:
    """The tools of the request, and those that stand among its items (`additional_tools`)."""
    own: list[Tool] = []
    foreign: list[ProviderTool] = []
    spelled = [("tools", fields["tools"])] if "tools" in fields else []
    spelled += [(f"input[{place}].tools", item.tools) for place, item in enumerate(items) if item.type == "additional_tools"]
    for name, raw in spelled:
        read = read_tools(raw, name) if raw else ([], [])
        if isinstance(read, Refusal):
            return read
        own += read[0]
        foreign += read[1]
    return own, foreign


def write_whole(request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:
    """A whole reply: the response object of the stream that *events* would have become."""
    writer = Writer(request.fields, stamp)
    for event in events:
        writer.write(event)
    writer.end()
    return writer.response


def event_writer(request: Request, stamp: Stamp) -> Writer:
    """A writer for one stream."""
    return Writer(request.fields, stamp)
