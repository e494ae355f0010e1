"""Providers that speak Anthropic's Messages, reached from any client dialect.

What the API demands of a request stands in `anthropic_turns` (messages), `anthropic_thinking` (reasoning) and
`anthropic_models` (what differs by model). Reference: https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import CallKind, Choosing, Conversation, FormatKind, OutputFormat, Text, Tool, ToolChoice
from hrd.core.failures import REPLAYED_REASONING, UNTAKEN_STRICTNESS
from hrd.core.history import repair, system_apart
from hrd.core.providers import Provider, Quirks
from hrd.core.reply_events import ReplyEvent
from hrd.dialects.anthropic_blocks import (
    CACHE_MARKS_MAX,
    Block,
    Message,
    ResultBlock,
    SpelledBlock,
    TextBlock,
    lacks_thinking,
    spare_marks,
)
from hrd.dialects.anthropic_models import Family, family_of, output_limit_of
from hrd.dialects.anthropic_reader import AnthropicReader, read_message
from hrd.dialects.anthropic_request import DIALECT
from hrd.dialects.anthropic_schema import has_open_objects, output_schema
from hrd.dialects.anthropic_strict import strict_schemas
from hrd.dialects.anthropic_thinking import Thought, think
from hrd.dialects.anthropic_turns import Messages, text_block
from hrd.dialects.contract import Encoded
from hrd.dialects.tool_names import FREEFORM_SCHEMA, names_back, sent_name

PATH: Final = "/messages"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
_NO_SCHEMA: Final = msgspec.Raw(b'{"type":"object","properties":{}}')
_CONTINUE: Final = "Go on exactly where you stopped."
_NOTE_SYSTEM_ALONE: Final = "the system's text sent as the user's: nobody else says anything"
_TOP_P_MIN_THINKING: Final = 0.95
_MARK: Final = b'"cache_control"'
_SCHEMA = msgspec.json.Decoder(dict[str, msgspec.Raw])


def encode(conversation: Conversation, provider: Provider, model: str, *, drop: frozenset[str], stream: bool) -> Encoded:
    """*conversation* for one candidate."""
    family, notes = family_of(model), dict[str, None]()
    turns, repairs = repair(conversation.turns)
    system, others = system_apart(turns)
    messages = Messages(others, with_thinking=REPLAYED_REASONING not in drop)
    notes.update(dict.fromkeys((*repairs, *messages.notes)))
    if system and not messages.done:
        messages.done.append(Message("user", [text_block(text) for text in system]))
        system, notes[_NOTE_SYSTEM_ALONE] = (), None
    max_tokens = _max_tokens(conversation, provider, model)
    thought = think(conversation, family, max_tokens, is_loop_without=lacks_thinking(messages.done))
    notes.update(dict.fromkeys(thought.notes))
    _end_with_user(messages, family, thought, notes)
    format_, instruction = _format(conversation.format, family, notes)
    blocks = [text_block(text) for text in (*system, *instruction)]
    fields: dict[str, Any] = {"model": model, "max_tokens": max_tokens}
    if blocks:
        fields["system"] = blocks
    fields["messages"] = messages.done
    can_be_held = family.has_formats and UNTAKEN_STRICTNESS not in drop
    tools = _tools(conversation, strict_schemas(conversation.tools) if can_be_held else {}, notes)
    if tools:
        fields["tools"] = tools
        _choose(fields, conversation, notes)
    _add_options(fields, conversation, family, thought, format_, notes)
    if stream:
        fields["stream"] = True
    for name in drop | frozenset(provider.quirks.drop):
        if fields.pop(name, None) is not None:
            notes[f"{name} left out"] = None
    body = msgspec.json.encode(fields)
    if body.count(_MARK) > CACHE_MARKS_MAX:
        spare_marks([*_markable(tools, blocks, messages.done)], notes)
        body = msgspec.json.encode(fields)
    return Encoded(body, tuple(notes), names_back(conversation.tools, takes_custom=False))


def read_whole(
    body: bytes,
    encoded: Encoded,
    quirks: Quirks,  # noqa: ARG001 (the contract's: there are no quirks)
) -> Sequence[ReplyEvent] | str:
    """A whole reply as events; or why it is none."""
    return read_message(body, encoded.names)


def event_reader(encoded: Encoded, quirks: Quirks) -> AnthropicReader:  # noqa: ARG001 (the contract's: there are no quirks)
    """A reader for one attempt's stream."""
    return AnthropicReader(encoded.names)


def _max_tokens(conversation: Conversation, provider: Provider, model: str) -> int:
    return output_limit_of(provider, model) if conversation.max_tokens is None else conversation.max_tokens


def _end_with_user(messages: Messages, family: Family, thought: Thought, notes: dict[str, None]) -> None:
    """A last message of the assistant is continued by older models, without thinking; the others are asked to go on."""
    go_on = Message("user", [TextBlock(_CONTINUE)])
    if not messages.done:
        messages.done.append(go_on)
    last = messages.done[-1]
    if last.role != "assistant":
        return
    end = last.content[-1]
    if family.prefills and not thought.is_on and isinstance(end, TextBlock):
        end.text = end.text.rstrip()
    else:
        messages.done.append(go_on)
        notes["the last message, the assistant's, is followed by one that asks to go on"] = None


def _tools(conversation: Conversation, held: Mapping[str, Any], notes: dict[str, None]) -> list[Any]:
    """*held*: the schemas that calls are to be held to."""
    choice = conversation.tool_choice
    allowed = frozenset(choice.allowed) if choice is not None else frozenset()
    if allowed:
        notes["tools that the choice does not allow left out"] = None
    if any(tool.strict and tool.name not in held for tool in conversation.tools):
        notes["tools[].strict left out"] = None
    for tool in conversation.tools:
        if tool.format:
            notes[f"the grammar of the freeform tool {tool.name} left out"] = None
    tools: dict[str, Any] = {}
    for tool in conversation.tools:
        if not allowed or tool.name in allowed:
            tools.setdefault(sent_name(tool.name, tool.namespace), _tool(tool, held.get(tool.name)))
    sent: list[Any] = list(tools.values())
    for provided in conversation.provider_tools:
        if provided.dialect == DIALECT:
            sent.append(msgspec.json.decode(provided.raw))
        else:
            notes[f"tool {provided.type} left out: it is another provider's own"] = None
    return sent


def _tool(tool: Tool, strict_schema: Any) -> SpelledBlock:
    block: SpelledBlock = {"name": sent_name(tool.name, tool.namespace)}
    if tool.description:
        block["description"] = tool.description
    if strict_schema is not None:
        block |= {"input_schema": strict_schema, "strict": True}
    else:
        block["input_schema"] = FREEFORM_SCHEMA if tool.kind is CallKind.CUSTOM else _input_schema(tool.schema)
    if tool.cache_control:
        block["cache_control"] = tool.cache_control
    return block


def _input_schema(schema: msgspec.Raw) -> msgspec.Raw:
    """An object's schema that says so: the API takes no other."""
    try:
        members = _SCHEMA.decode(schema) if schema else {}
    except (ValueError, RecursionError):
        members = {}
    if not members:
        return _NO_SCHEMA
    if bytes(members.get("type", b"")) == b'"object"':
        return schema
    return msgspec.Raw(msgspec.json.encode({"type": "object", **{n: raw for n, raw in members.items() if n != "type"}}))


def _choose(fields: dict[str, Any], conversation: Conversation, notes: dict[str, None]) -> None:
    choice = conversation.tool_choice or ToolChoice(Choosing.AUTO)
    sent: SpelledBlock = {"type": "auto"}
    match choice.mode:
        case Choosing.NONE:
            sent = {"type": "none"}
        case Choosing.REQUIRED:
            sent = {"type": "any"}
        case Choosing.ONE:
            known = {tool.name: tool for tool in conversation.tools}
            if choice.name in known:
                sent = {"type": "tool", "name": sent_name(choice.name, known[choice.name].namespace)}
            else:
                notes[f"tool_choice left out: there is no tool {choice.name}"] = None
        case Choosing.AUTO:
            pass
    if conversation.parallel_calls is False and sent["type"] != "none":
        sent["disable_parallel_tool_use"] = True
    if sent != {"type": "auto"}:
        fields["tool_choice"] = sent


def _format(format_: OutputFormat | None, family: Family, notes: dict[str, None]) -> tuple[SpelledBlock | None, Sequence[Text]]:
    """The output format, or the instruction that stands for it."""
    if format_ is None:
        return None, ()
    if format_.kind is FormatKind.JSON_SCHEMA and format_.schema:
        if family.has_formats and not has_open_objects(format_.schema):
            return {"type": "json_schema", "schema": output_schema(format_.schema, format_.description)}, ()
        notes["response format sent as an instruction"] = None
        schema = bytes(format_.schema).decode()
        about = f"{format_.description}\n" if format_.description else ""
        return None, (Text(f"{about}Answer with one JSON value that fits this JSON schema, and nothing else:\n{schema}"),)
    notes["response format sent as an instruction"] = None
    return None, (Text("Answer with one JSON object, and nothing else."),)


def _markable(tools: Iterable[Any], system: Iterable[Block], messages: Iterable[Message]) -> Iterable[Block]:
    yield from tools
    yield from system
    for message in messages:
        for block in message.content:
            if isinstance(block, ResultBlock) and not isinstance(block.content, str):
                yield from block.content
            yield block


def _add_options(
    fields: dict[str, Any],
    conversation: Conversation,
    family: Family,
    thought: Thought,
    format_: SpelledBlock | None,
    notes: dict[str, None],
) -> None:
    if thought.thinking is not None:
        fields["thinking"] = thought.thinking
    output_config = {name: value for name, value in (("effort", thought.effort), ("format", format_)) if value}
    if output_config:
        fields["output_config"] = output_config
    stops = [stop for stop in conversation.stop if stop.strip()]
    if len(stops) < len(conversation.stop):
        notes["stop sequences of blanks left out"] = None
    if stops:
        fields["stop_sequences"] = stops
    fields.update(_sampling(conversation, family, thought, notes))
    if conversation.service_tier in ("auto", "standard_only"):
        fields["service_tier"] = conversation.service_tier
    elif conversation.service_tier not in ("", "default"):
        notes["service_tier left out"] = None
    if conversation.verbosity:
        notes["verbosity left out"] = None
    if conversation.cache_control:
        fields["cache_control"] = conversation.cache_control


def _sampling(conversation: Conversation, family: Family, thought: Thought, notes: dict[str, None]) -> dict[str, Any]:
    wanted = conversation.sampling
    sent: dict[str, Any] = {}
    left_out = {name for name in ("seed", "frequency_penalty", "presence_penalty", "top_logprobs") if getattr(wanted, name)}
    left_out |= {name for name, asked in (("logit_bias", bool(wanted.logit_bias)), ("logprobs", wanted.logprobs)) if asked}
    if wanted.n > 1:
        left_out.add("n")
    values = {name: getattr(wanted, name) for name in ("temperature", "top_p", "top_k")}
    for name, value in values.items():
        if value is None:
            continue
        is_second = name == "top_p" and "temperature" in sent and not family.samples_by_both
        is_in_the_way = thought.is_on and not (name == "top_p" and value >= _TOP_P_MIN_THINKING)
        if not family.samples or is_second or is_in_the_way:
            left_out.add(name)
        else:
            sent[name] = value
    if sent.get("temperature", 0) > 1:
        sent["temperature"] = 1
        notes[f"temperature lowered from {wanted.temperature:g} to 1"] = None
    notes.update(dict.fromkeys(f"{name} left out" for name in sorted(left_out)))
    return sent
