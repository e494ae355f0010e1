"""Chat completions as providers take and give them, for clients of another dialect.

A conversation becomes the request that a client of OpenAI's would have sent; then the provider's quirks apply as they do to
every other (`dialects.quirks`). Replies become events by the structs of `openai_reply`, which take what providers really send.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import CallKind, Choosing, Conversation, FormatKind, OutputFormat, Tool, ToolChoice
from hrd.core.history import repair
from hrd.core.providers import Provider, Quirks
from hrd.core.reasoning_effort import effort_for, is_untold
from hrd.core.reply_events import Broken, ReplyEvent, Started, UsageSeen
from hrd.dialects.contract import Encoded, EventReader, Fields
from hrd.dialects.openai_chat_events import ChatReader, read_message
from hrd.dialects.openai_chat_turns import OWN_FIELDS, Messages
from hrd.dialects.openai_reply import chunk_error, known_usage, read_chunk
from hrd.dialects.quirks import apply, signature_stand_in
from hrd.dialects.tool_names import FREEFORM_SCHEMA, names_back, sent_name

PATH: Final = "/chat/completions"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
STOPS_MAX: Final = 4
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop"""
_ENCODE = msgspec.json.encode
_NO_SCHEMA = msgspec.Raw(b'{"type":"object","properties":{}}')


def encode(conversation: Conversation, provider: Provider, model: str, *, drop: frozenset[str], stream: bool) -> Encoded:
    """*conversation* as *provider* takes it, for *model*."""
    quirks = provider.quirks
    turns, notes = repair(conversation.turns)
    messages = Messages(turns, quirks, signature_stand_in(quirks, model, drop))
    members: dict[str, Any] = {"model": model, "messages": messages.done}
    if stream:
        members["stream"] = True
        if quirks.stream_usage and "stream_options" not in drop:
            members["stream_options"] = {"include_usage": True}
    members |= _tools(conversation, messages)
    members |= _options(conversation, provider, model, messages)
    fields: Fields = {name: msgspec.Raw(_ENCODE(value)) for name, value in members.items()}
    sent, changes = apply(
        fields, provider, model, drop=drop, are_messages_spelled=OWN_FIELDS.issuperset(quirks.drop_message_fields)
    )
    return Encoded(
        _ENCODE(sent),
        tuple(dict.fromkeys((*notes, *messages.notes, *changes))),
        names_back(conversation.tools, takes_custom=False),
    )


def read_whole(body: bytes, encoded: Encoded, quirks: Quirks) -> Sequence[ReplyEvent] | str:  # noqa: ARG001 (every target is called alike)
    """A whole reply as events."""
    reply = read_chunk(body)
    if reply is None:
        return "the reply is not a JSON object"
    error = chunk_error(reply)
    if error is not None:
        return (Broken(error),)
    if not isinstance(reply.choices, list):
        return "the reply has no choices"
    events: list[ReplyEvent] = [Started(reply.id or "", reply.model or "")]
    for choice in reply.choices[:1]:
        events += read_message(choice, encoded.names)
    usage = known_usage(reply)
    if usage is not None:
        events.append(UsageSeen(usage))
    return events


def event_reader(encoded: Encoded, quirks: Quirks) -> EventReader:  # noqa: ARG001
    """A reader for one attempt's stream."""
    return ChatReader(encoded.names)


# tools and options -------------------------------------------------------------------------------------------------------


def _tools(conversation: Conversation, messages: Messages) -> dict[str, Any]:
    choice = conversation.tool_choice
    tools = conversation.tools
    if choice is not None and choice.allowed:
        tools = tuple([tool for tool in tools if tool.name in choice.allowed])
    for theirs in conversation.provider_tools:
        messages.notes[f"the provider's own tool {theirs.type} left out"] = None
    if not tools:
        return {}
    named: dict[str, Tool] = {}
    for tool in tools:
        named.setdefault(sent_name(tool.name, tool.namespace), tool)  # a name that stands twice is refused by some
    members: dict[str, Any] = {"tools": [_tool(name, tool, messages) for name, tool in named.items()]}
    if choice is not None and (choice.mode is not Choosing.AUTO or not choice.allowed):
        members["tool_choice"] = _choice(choice, conversation)
    if conversation.parallel_calls is not None:
        members["parallel_tool_calls"] = conversation.parallel_calls
    return members


def _tool(name: str, tool: Tool, messages: Messages) -> dict[str, Any]:
    function: dict[str, Any] = {"name": name}
    if tool.description:
        function["description"] = tool.description
    if tool.kind is CallKind.CUSTOM:
        function["parameters"] = FREEFORM_SCHEMA
        if bytes(tool.format):
            messages.notes[f"the grammar of the freeform tool {tool.name} left out"] = None
    else:
        function["parameters"] = tool.schema if bytes(tool.schema) else _NO_SCHEMA
    if tool.strict is not None:
        function["strict"] = tool.strict
    spelled = {"type": "function", "function": function}
    mark = messages.marked(tool.cache_control)
    return spelled | {"cache_control": mark} if mark else spelled


def _choice(choice: ToolChoice, conversation: Conversation) -> Any:
    if choice.mode is not Choosing.ONE:
        return choice.mode.value
    namespace = next((tool.namespace for tool in conversation.tools if tool.name == choice.name), "")
    return {"type": "function", "function": {"name": sent_name(choice.name, namespace)}}


def _options(conversation: Conversation, provider: Provider, model: str, messages: Messages) -> dict[str, Any]:
    sampling = conversation.sampling
    members: dict[str, Any] = {
        "max_tokens": conversation.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "logprobs": sampling.logprobs or None,
        "top_logprobs": sampling.top_logprobs,
        "verbosity": conversation.verbosity or None,
        "prompt_cache_key": conversation.prompt_cache_key or None,
        "reasoning_effort": effort_for(conversation.reasoning, provider, model) or None,
        "response_format": _format(conversation.format),
        "stop": list(conversation.stop[:STOPS_MAX]) or None,
    }
    if bytes(sampling.logit_bias):
        members["logit_bias"] = sampling.logit_bias
    if is_untold(conversation.reasoning, provider, model):
        messages.notes["reasoning effort left out"] = None
    if sampling.top_k is not None:
        messages.notes["top_k left out"] = None
    if sampling.n > 1:
        messages.notes[f"n left out: one reply instead of {sampling.n}"] = None
    if len(conversation.stop) > STOPS_MAX:
        messages.notes[f"stop sequences beyond the first {STOPS_MAX} left out"] = None
    if conversation.service_tier:
        messages.notes["service_tier left out"] = None
    return {name: value for name, value in members.items() if value is not None}


def _format(wanted: OutputFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.kind is FormatKind.JSON_OBJECT:
        return {"type": "json_object"}
    schema: dict[str, Any] = {"name": wanted.name or "reply", "schema": wanted.schema}
    if wanted.description:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": schema}
