"""Replies of a Responses provider read into reply events: streams, and whole ones.

Deltas are passed on as they come; `response.output_item.done` has every item whole, and what no delta said is taken from
there, or from the last event's response object, whose `output` Codex leaves empty (https://github.com/openai/codex,
codex-rs/codex-api). Reference: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import ABSENT, CallKind, Vendor
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Finish,
    Finished,
    PlanSeen,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.arguments import bad_call, mend_arguments
from hrd.dialects.contract import ToolName
from hrd.dialects.halves import Halves, marked_halves, without_halves
from hrd.dialects.logprobs import decode_logprobs, read_logprobs
from hrd.dialects.openai_errors import error_object
from hrd.dialects.responses_reply import citation, error_of, index_of, object_in, objects_in, read_usage, text_in
from hrd.dialects.sse import Event, Framer
from hrd.dialects.tool_names import restored, unwrapped

_CALLS: Final = {"function_call": CallKind.FUNCTION, "custom_tool_call": CallKind.CUSTOM}
_WORDS: Final = frozenset({"message", "reasoning"})
_NO_LOGPROBS: Final = (b"", b"[]", b"null")
NO_END: Final = "the stream ended before response.completed"


class _Said(msgspec.Struct, gc=False):
    """One event, as far as it is read. Any type of value may come; what is used is looked at first."""

    type: Any = None
    delta: Any = None
    output_index: Any = 0
    content_index: Any = 0
    summary_index: Any = 0
    logprobs: msgspec.Raw = ABSENT
    arguments: Any = None
    sequence_number: Any = None
    item: msgspec.Raw = ABSENT
    annotation: Any = None
    response: msgspec.Raw = ABSENT
    error: Any = None
    code: Any = None
    message: Any = None
    param: Any = None
    status: Any = None
    detail: Any = None
    rate_limits: msgspec.Raw = ABSENT


_SAID: Final = msgspec.json.Decoder(_Said)
_ANY: Final = msgspec.json.Decoder()


class ResponsesReader:
    """Reads one attempt's stream. Fits `contract.EventReader`."""

    def __init__(self, names: Mapping[str, ToolName], *, passes: bool = False) -> None:
        """*passes*: the client gets the provider's own bytes. Then a call's arguments are nobody's to mend, and a provider's
        own tool at work is as good as a call."""
        self.finished = False
        self.broken = ""
        self.kept_bytes = 0
        self.number = -1
        """The last `sequence_number`."""
        self.kind = ""
        """The type of the last event."""
        self.begun = ABSENT
        """The response object that the stream began with."""
        self.ended = ABSENT
        """The one that it ended with."""
        self.items: dict[int, msgspec.Raw] = {}
        """The items that are done, by their place; only with *passes*."""
        self._names = names
        self._passes = passes
        self._has_started = False
        self._spoken: set[tuple[int, str, int]] = set()
        """Parts of which some delta was read: item, kind, place."""
        self._speaking = (-1, "", -1)
        self._paragraphs = 0
        """Of reasoning, in the items that are done."""
        self._begun: set[int] = set()
        self._done: set[int] = set()
        self._arguments: dict[int, str] = {}
        self._has_calls = False
        self._halves = Halves()
        self._held = self._halves.held

    def read(self, event: Event, marked: bytes = b"") -> Sequence[ReplyEvent]:
        """What one server-sent event says. *marked*: its data with marks for the halves of characters that it lacks here."""
        data = event.data
        if data is None:
            return ()
        try:
            said = _SAID.decode(data)
        except (ValueError, RecursionError):
            whole = without_halves(data)
            if whole is not data:
                return self.read(Event(event.raw, whole, event.name), marked_halves(data))
            if data.strip() not in (b"", b"[DONE]"):
                self.broken = "an event of the stream is not a JSON object"
            return ()
        if marked or self._held:
            self._join(said, _SAID.decode(marked) if marked else said)
        if isinstance(said.sequence_number, int):
            self.number = said.sequence_number
        kind = self.kind = said.type if isinstance(said.type, str) else event.name.decode("utf-8", "replace")
        if kind == "response.output_text.delta":
            return self._text(said)
        return self._read(kind, said)

    def end(self) -> Sequence[ReplyEvent]:
        """Without its last event a reply is not complete."""
        if not self.finished:
            self.broken = self.broken or NO_END
        return ()

    def whole(self, reply: Mapping[str, Any]) -> Sequence[ReplyEvent] | str:
        """A response object that came whole, as events; or why it is none."""
        if error := error_of(reply):
            return [Broken(error)]
        if not isinstance(reply.get("output"), list):
            return "the reply has no output"
        events = [*self._started(reply), *self._completed(reply)]
        return self.broken or events

    def _read(self, kind: str, said: _Said) -> Sequence[ReplyEvent]:
        match kind:
            case "response.reasoning_summary_text.delta":
                return self._thought(said, "summary", said.summary_index)
            case "response.reasoning_text.delta":
                return self._thought(said, "reasoning", said.content_index)
            case "response.refusal.delta":
                return self._refusal(said)
            case "response.output_item.added":
                return self._added(index_of(said.output_index), object_in(said.item))
            case "response.output_item.done":
                place = index_of(said.output_index)
                if self._passes:
                    self.items[place] = said.item
                    self.kept_bytes += len(memoryview(said.item))
                return self._item_done(place, object_in(said.item))
            case "response.function_call_arguments.done":
                arguments = said.arguments if isinstance(said.arguments, str) else ""
                self._arguments[index_of(said.output_index)] = arguments
                self.kept_bytes += len(arguments)
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                return (CallText(index_of(said.output_index), said.delta),) if isinstance(said.delta, str) else ()
            case "response.output_text.annotation.added":
                return self._cited(said)
            case _:
                return self._read_of_all(kind, said)
        return ()

    def _read_of_all(self, kind: str, said: _Said) -> Sequence[ReplyEvent]:
        """What is said of the reply as a whole. It is complete with its last event."""
        match kind:
            case "response.created" | "response.queued" | "response.in_progress":
                self.begun = said.response
                return self._started(object_in(said.response))
            case "response.completed" | "response.incomplete" | "response.done":
                response, self.ended = object_in(said.response), said.response
                return [*self._started(response), *self._completed(response)]
            case "response.failed" | "response.cancelled":
                return [Broken(error_of(object_in(said.response)) or {"message": f"The provider ended its reply: {kind}."})]
            case "error":
                return [Broken(_error_said(said))]
            case "codex.rate_limits":
                return [PlanSeen(said.rate_limits)]
        if said.type is None and (said.error or said.detail):
            return [Broken(_error_said(said))]
        return ()

    def _join(self, said: _Said, marked: _Said) -> None:
        places = (index_of(said.output_index), index_of(said.content_index), index_of(said.summary_index))
        self._halves.join_members((str(said.type), places), ("delta",), said, marked)

    # deltas --------------------------------------------------------------------------------------------------------------

    def _text(self, said: _Said) -> Sequence[ReplyEvent]:
        text = said.delta
        if not isinstance(text, str):
            return ()
        self._speak(said.output_index, "text", said.content_index)
        if bytes(said.logprobs) in _NO_LOGPROBS:
            return (Text(text),)
        logprobs = decode_logprobs(said.logprobs)
        return (Text(text),) if logprobs is None else (Text(text), logprobs)

    def _refusal(self, said: _Said) -> Sequence[ReplyEvent]:
        self._speak(said.output_index, "text", said.content_index)
        return (RefusalText(said.delta),) if isinstance(said.delta, str) else ()

    def _thought(self, said: _Said, kind: str, place: object) -> Sequence[ReplyEvent]:
        self._speak(said.output_index, kind, place)
        return (Thought(said.delta, self._paragraphs + index_of(place)),) if isinstance(said.delta, str) else ()

    def _speak(self, item: object, kind: str, place: object) -> None:
        part = (index_of(item), kind, index_of(place))
        if part != self._speaking:
            self._speaking = part
            self._spoken.add(part)

    def _cited(self, said: _Said) -> Sequence[ReplyEvent]:
        self._spoken.add((index_of(said.output_index), "cited", index_of(said.content_index)))
        cited = citation(said.annotation)
        return (cited,) if cited is not None else ()

    # items ---------------------------------------------------------------------------------------------------------------

    def _added(self, place: int, item: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        kind = text_in(item, "type")
        if place in self._begun or (kind not in _CALLS and (not self._passes or kind in _WORDS)):
            return ()
        self._begun.add(place)
        return (CallBegun(key=place),)

    def _item_done(self, place: int, item: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        if place in self._done:
            return ()
        self._done.add(place)
        match item.get("type"):
            case "message":
                return self._rest_of_message(place, item)
            case "reasoning":
                return self._rest_of_reasoning(place, item)
            case "function_call" | "custom_tool_call":
                return self._call(place, item)
        return self._added(place, item)

    def _rest_of_message(self, place: int, item: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        """What of it no delta said."""
        events: list[ReplyEvent] = []
        for step, part in enumerate(objects_in(item.get("content"))):
            is_spoken = (place, "text", step) in self._spoken
            text, refusal = part.get("text"), part.get("refusal")
            if isinstance(text, str) and text and not is_spoken:
                events.append(Text(text))
                if (logprobs := read_logprobs(part.get("logprobs"))) is not None:
                    events.append(logprobs)
            elif isinstance(refusal, str) and refusal and not is_spoken:
                events.append(RefusalText(refusal))
            if (place, "cited", step) not in self._spoken:
                found = [citation(each) for each in objects_in(part.get("annotations"))]
                events += [cited for cited in found if cited is not None]
        return events

    def _rest_of_reasoning(self, place: int, item: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        events: list[ReplyEvent] = []
        paragraphs = 0
        for kind, name in (("summary", "summary"), ("reasoning", "content")):
            parts = objects_in(item.get(name))
            paragraphs = max(paragraphs, len(parts))
            if kind == "reasoning" and events:
                break  # the summary of it was said already
            for step, part in enumerate(parts):
                text = part.get("text")
                if isinstance(text, str) and text and (place, kind, step) not in self._spoken:
                    events.append(Thought(text, self._paragraphs + step))
        self._paragraphs += max(paragraphs, 1)
        encrypted = item.get("encrypted_content")
        if isinstance(encrypted, str) and encrypted:
            events.append(ThoughtSigned(signature=encrypted, vendor=Vendor.OPENAI))
        return events

    def _call(self, place: int, item: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        begun = self._added(place, item)
        if item.get("status") == "incomplete":
            return begun
        kind = _CALLS[item["type"]]
        tool = restored(self._names, text_in(item, "name"))
        written = text_in(item, "input") if kind is CallKind.CUSTOM else self._arguments_of(place, item)
        if written is None or not (tool.name or self._passes):
            return [*begun, bad_call(tool.name)]
        if tool.kind is CallKind.CUSTOM and kind is CallKind.FUNCTION:
            kind, written = tool.kind, unwrapped(written)
        self._has_calls = True
        done = CallDone(
            key=place,
            id=text_in(item, "call_id") or text_in(item, "id"),
            name=tool.name,
            arguments=written,
            kind=kind,
            namespace=tool.namespace or text_in(item, "namespace"),
        )
        return [*begun, done]

    def _arguments_of(self, place: int, item: Mapping[str, Any]) -> str | None:
        written = item.get("arguments") or self._arguments.get(place, "")
        if not isinstance(written, str):  # what a text should have spelled
            written = msgspec.json.encode(written).decode()
        return written if self._passes else mend_arguments(written)

    # the response object -------------------------------------------------------------------------------------------------

    def _started(self, response: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        if self._has_started:
            return ()
        self._has_started = True
        return (Started(text_in(response, "id"), text_in(response, "model")),)

    def _completed(self, response: Mapping[str, Any]) -> Sequence[ReplyEvent]:
        """The end of the reply: what of it was not said yet, and how it ended."""
        events: list[ReplyEvent] = []
        is_news = not self._done
        for place, item in enumerate(objects_in(response.get("output"))):
            if is_news or place in self._begun:
                events += self._item_done(place, item)
        usage = read_usage(response.get("usage"))
        if usage is not None:
            events.append(UsageSeen(usage))
        events.append(Finished(self._reason(response)))
        self.finished = not self.broken
        return events

    def _reason(self, response: Mapping[str, Any]) -> Finish:
        if response.get("status") == "incomplete":
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            return Finish.FILTERED if reason == "content_filter" else Finish.LENGTH
        return Finish.CALLS if self._has_calls else Finish.STOP


def read_whole(body: bytes, reader: ResponsesReader) -> Sequence[ReplyEvent] | str:
    """A whole reply as events, be it an object or a stream that was read to its end; or why it is none."""
    if body[:1] == b"{":
        try:
            reply = _ANY.decode(body)
        except (ValueError, RecursionError):
            whole = without_halves(body)
            return read_whole(whole, reader) if whole is not body else "the reply is not a JSON object"
        reader.ended = msgspec.Raw(body)
        return reader.whole(reply)
    events: list[ReplyEvent] = []
    framer = Framer(len(body) + 1)
    for event in [*framer.feed(body), *framer.end()]:
        events += reader.read(event)
        if reader.finished or reader.broken or (events and isinstance(events[-1], Broken)):
            break
    if not (events and isinstance(events[-1], Broken)):
        reader.end()
    return reader.broken or events


def _error_said(said: _Said) -> dict[str, Any]:
    """The error of an `error` event, which has it under `error` or in its own members."""
    error = error_object(said.error) or error_object(said.detail)
    if error is None:
        named = {"code": said.code, "message": said.message, "param": said.param}
        error = {name: value for name, value in named.items() if value is not None}
    if isinstance(said.status, int) and "status" not in error:
        error = {**error, "status": said.status}
    return error or {"message": "The provider ended its stream with an error event."}
