"""Chat completions as providers take and give them, for clients of another dialect.

A conversation becomes the request that a client of OpenAI's would have sent; then the provider's quirks apply as they do to
every other (`dialects.quirks`). Replies become events by the structs of `openai_reply`, which take what providers really send.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import (
    Audio,
    CallKind,
    Choosing,
    Conversation,
    Document,
    Foreign,
    FormatKind,
    Image,
    OutputFormat,
    Part,
    Refused,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.core.history import repair
from hrd.core.providers import Provider, Quirks
from hrd.core.reasoning_effort import effort_for
from hrd.core.reply_events import Broken, ReplyEvent, Started, UsageSeen
from hrd.dialects.contract import Encoded, EventReader, Fields
from hrd.dialects.data_urls import data_url
from hrd.dialects.openai_chat_events import ChatReader, read_message
from hrd.dialects.openai_chat_request import DIALECT
from hrd.dialects.openai_reply import chunk_error, known_usage, read_chunk
from hrd.dialects.quirks import apply
from hrd.dialects.tool_names import FREEFORM_SCHEMA, SentNames, names_back, sent_name, wrapped

PATH: Final = "/chat/completions"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
STOPS_MAX: Final = 4
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop"""
_ENCODE = msgspec.json.encode
_NO_SCHEMA = msgspec.Raw(b'{"type":"object","properties":{}}')
_IMAGES_FOLLOW = "The images of this result follow."


def encode(conversation: Conversation, provider: Provider, model: str, *, drop: frozenset[str], stream: bool) -> Encoded:
    """*conversation* as *provider* takes it, for *model*."""
    quirks = provider.quirks
    turns, notes = repair(conversation.turns)
    speller = _Speller(quirks)
    for turn in turns:
        speller.add(turn)
    members: dict[str, Any] = {"model": model, "messages": speller.messages}
    if stream:
        members["stream"] = True
        if quirks.stream_usage and "stream_options" not in drop:
            members["stream_options"] = {"include_usage": True}
    members |= _tools(conversation, speller)
    members |= _options(conversation, provider, model, speller)
    fields: Fields = {name: msgspec.Raw(_ENCODE(value)) for name, value in members.items()}
    sent, changes = apply(fields, provider, model, drop=drop)
    return Encoded(
        _ENCODE(sent),
        tuple(dict.fromkeys((*notes, *speller.notes, *changes))),
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


# messages ----------------------------------------------------------------------------------------------------------------


class _Speller:
    """Turns, spelled as messages; what could not be is noted."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._keeps_marks = "cache_control" in quirks.forward
        self.messages: list[dict[str, Any]] = []
        self._notes: dict[str, None] = {}
        self._names = SentNames()

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def note(self, text: str) -> None:
        self._notes[text] = None

    def add(self, turn: Turn) -> None:
        if turn.role is Role.TOOL:
            self._add_results(turn)
            return
        message: dict[str, Any] = {"role": turn.role}
        text = self._lone_text(turn.parts)
        if text:
            message["content"] = text
        elif turn.role is Role.ASSISTANT:
            message |= self._assistant(turn)
        else:
            message["content"] = self._content(turn.parts)
        if turn.name:
            message["name"] = turn.name
        if len(message) > 1 and message.get("content") != []:
            self.messages.append(message)

    def _lone_text(self, parts: Sequence[Part]) -> str:
        """What is said, if that is one text and no more, as it mostly is."""
        part = parts[0] if len(parts) == 1 else None
        return part.text if type(part) is Text and not (self._keeps_marks and part.cache_control) else ""

    def _content(self, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
        """One string where that says it all: some providers take nothing else."""
        spelled = [each for part in parts if (each := self._part(part)) is not None]
        if spelled and all(each["type"] == "text" and len(each) == 2 for each in spelled):
            return "\n\n".join(each["text"] for each in spelled)
        return spelled

    def _part(self, part: Part) -> dict[str, Any] | None:
        match part:
            case Text():
                return self.marked({"type": "text", "text": part.text}, part.cache_control)
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Audio():
                return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
            case Refused():
                return {"type": "text", "text": part.text}
            case Foreign() if part.dialect == DIALECT:
                return msgspec.json.decode(part.raw, type=dict[str, Any])
            case Foreign():
                self.note(f"{part.type} left out")
                return None
            case Thinking() | ToolCall() | ToolResult():
                raise AssertionError("spelled elsewhere")

    def marked(self, spelled: dict[str, Any], mark: msgspec.Raw) -> dict[str, Any]:
        if self._keeps_marks and mark:
            spelled["cache_control"] = mark
        return spelled

    def _image(self, image: Image) -> dict[str, Any] | None:
        if image.file_id:
            self.note("an image that only its vendor has (by file id) left out")
            return None
        url = {"url": image.url or data_url(image.media_type, image.data)}
        if image.detail:
            url["detail"] = image.detail
        return self.marked({"type": "image_url", "image_url": url}, image.cache_control)

    def _document(self, document: Document) -> dict[str, Any]:
        if document.text:
            title = f"{document.title}:\n" if document.title else ""
            return self.marked({"type": "text", "text": title + document.text}, document.cache_control)
        if self._quirks.documents and document.data:
            file = {"filename": document.title or "document", "file_data": data_url(document.media_type, document.data)}
            return self.marked({"type": "file", "file": file}, document.cache_control)
        self.note("a document that this provider cannot read left out")
        return {"type": "text", "text": f"[A document is missing here: {document.title or document.url or 'untitled'}]"}

    def _assistant(self, turn: Turn) -> dict[str, Any]:
        said: list[Part] = []
        calls: list[dict[str, Any]] = []
        thinking: list[Thinking] = []
        for part in turn.parts:
            if type(part) is ToolCall:
                calls.append(self._call(part))
            elif type(part) is Thinking:
                thinking.append(part)
            else:
                said.append(part)
        content = self._lone_text(said) or self._content(said) if said else None
        if not content and not calls:
            return {}
        message: dict[str, Any] = {"content": content or (None if calls and not said else "")}
        if calls:
            message["tool_calls"] = calls
        return message | self._thinking(thinking) if thinking else message

    def _thinking(self, thinking: Sequence[Thinking]) -> dict[str, Any]:
        if not self._quirks.keep_reasoning:
            self.note("reasoning of earlier turns left out")
            return {}
        for part in thinking:
            if part.vendor is Vendor.OPENROUTER and bytes(part.details):
                return {"reasoning_details": part.details}
        text = "\n\n".join(part.text for part in thinking if part.text)
        return {"reasoning_content": text} if text else {}

    def _call(self, call: ToolCall) -> dict[str, Any]:
        arguments = wrapped(call.arguments) if call.kind is CallKind.CUSTOM else call.arguments
        name = self._names.of(call.name, call.namespace)
        function = {"name": name, "arguments": arguments}
        spelled: dict[str, Any] = {"id": call.id, "type": "function", "function": function}
        if call.signature and self._quirks.thought_signatures:
            spelled["extra_content"] = {"google": {"thought_signature": call.signature}}
        return spelled

    def _add_results(self, turn: Turn) -> None:
        """A message for each result; pictures follow in a user's message, since few take them in a result."""
        pictures: list[Part] = []
        for part in turn.parts:
            assert type(part) is ToolResult, "nothing else stands in a tool turn"
            content = self._lone_text(part.content)
            if not content:
                texts = [each.text for each in part.content if isinstance(each, Text)]
                others = [each for each in part.content if not isinstance(each, Text)]
                pictures += others
                content = "\n\n".join(texts) or (_IMAGES_FOLLOW if others else "")
            if part.is_error and not content.startswith("Error"):
                content = f"Error: {content}"
            self.messages.append({"role": "tool", "tool_call_id": part.call_id, "content": content})
        if pictures:
            self.messages.append({"role": "user", "content": self._content(pictures)})


# tools and options -------------------------------------------------------------------------------------------------------


def _tools(conversation: Conversation, speller: _Speller) -> dict[str, Any]:
    choice = conversation.tool_choice
    tools = conversation.tools
    if choice is not None and choice.allowed:
        tools = tuple([tool for tool in tools if tool.name in choice.allowed])
    for theirs in conversation.provider_tools:
        speller.note(f"the provider's own tool {theirs.type} left out")
    if not tools:
        return {}
    members: dict[str, Any] = {"tools": [_tool(tool, speller) for tool in tools]}
    if choice is not None and (choice.mode is not Choosing.AUTO or not choice.allowed):
        members["tool_choice"] = _choice(choice, conversation)
    if conversation.parallel_calls is not None:
        members["parallel_tool_calls"] = conversation.parallel_calls
    return members


def _tool(tool: Tool, speller: _Speller) -> dict[str, Any]:
    function: dict[str, Any] = {"name": sent_name(tool.name, tool.namespace)}
    if tool.description:
        function["description"] = tool.description
    if tool.kind is CallKind.CUSTOM:
        function["parameters"] = FREEFORM_SCHEMA
        if bytes(tool.format):
            speller.note(f"the grammar of the freeform tool {tool.name} left out")
    else:
        function["parameters"] = tool.schema if bytes(tool.schema) else _NO_SCHEMA
    if tool.strict is not None:
        function["strict"] = tool.strict
    return speller.marked({"type": "function", "function": function}, tool.cache_control)


def _choice(choice: ToolChoice, conversation: Conversation) -> Any:
    if choice.mode is not Choosing.ONE:
        return choice.mode.value
    namespace = next((tool.namespace for tool in conversation.tools if tool.name == choice.name), "")
    return {"type": "function", "function": {"name": sent_name(choice.name, namespace)}}


def _options(conversation: Conversation, provider: Provider, model: str, speller: _Speller) -> dict[str, Any]:
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
    if sampling.top_k is not None:
        speller.note("top_k left out")
    if sampling.n > 1:
        speller.note(f"n left out: one reply instead of {sampling.n}")
    if len(conversation.stop) > STOPS_MAX:
        speller.note(f"stop sequences beyond the first {STOPS_MAX} left out")
    if conversation.service_tier:
        speller.note("service_tier left out")
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
