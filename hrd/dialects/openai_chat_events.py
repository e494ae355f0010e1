"""Replies of chat completions, read into reply events: chunk by chunk, or whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hrd.core.conversation import CallKind, Vendor
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Cited,
    Finish,
    Finished,
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
from hrd.dialects.halves import Halves
from hrd.dialects.logprobs import read_logprobs
from hrd.dialects.openai_errors import error_object
from hrd.dialects.openai_mend import Calls
from hrd.dialects.openai_reply import (
    Choice,
    Chunk,
    Said,
    ToolCall,
    chunk_error,
    flatten,
    known_usage,
    plain_finish,
    read_joined,
)
from hrd.dialects.sse import Event
from hrd.dialects.tool_names import restored, unwrapped

_FINISH = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.CALLS,
    "function_call": Finish.CALLS,
    "content_filter": Finish.FILTERED,
}


class Call:
    """A call on its way: fragments until it is whole."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.fragments: list[str] = []
        self.signature = ""

    def add(self, call: ToolCall) -> None:
        self.id = self.id or call.id or ""
        function = call.function
        if function is not None:
            self.name = self.name or function.name or ""
            if function.arguments:
                self.fragments.append(function.arguments)
        google = call.extra_content.get("google") if isinstance(call.extra_content, dict) else None
        if isinstance(google, dict) and isinstance(google.get("thought_signature"), str):
            self.signature = google["thought_signature"]

    def done(self, key: int, names: Mapping[str, ToolName]) -> CallDone | Broken:
        """The whole call; or, if its arguments cannot be read, the error that this is."""
        tool = restored(names, self.name)
        spelled = "".join(self.fragments)
        arguments = mend_arguments(spelled)
        if arguments is None or not tool.name:
            return bad_call(tool.name)
        return CallDone(
            key=key,
            id=self.id,
            name=tool.name,
            namespace=tool.namespace,
            kind=tool.kind,
            arguments=unwrapped(arguments) if tool.kind is CallKind.CUSTOM else arguments,
            signature=self.signature,
        )


class CallBook:
    """The calls of one reply, until it ends."""

    def __init__(self, names: Mapping[str, ToolName]) -> None:
        self._names = names
        self._calls: dict[int, Call] = {}

    def __contains__(self, key: int) -> bool:
        return key in self._calls

    def add(self, key: int, call: ToolCall) -> None:
        self._calls.setdefault(key, Call()).add(call)

    def done(self, finish: Finish) -> list[ReplyEvent]:
        """All of them. The one that a reply cut off at its length had not finished is left out."""
        events: list[ReplyEvent] = []
        for key, call in self._calls.items():
            event = call.done(key, self._names)
            if isinstance(event, Broken):
                if finish is Finish.LENGTH:
                    continue
                return [event]
            events.append(event)
        self._calls = {}
        return events


class ChatReader:
    """One attempt's stream. Fits `contract.EventReader`."""

    def __init__(self, names: Mapping[str, ToolName]) -> None:
        self.finished = False
        self.broken = ""
        self.kept_bytes = 0
        self._book = CallBook(names)
        self._places = Calls()
        self._is_started = False
        self._finish: Finish | None = None
        self._details: list[Any] = []
        self._halves = Halves()

    def read(self, event: Event) -> Sequence[ReplyEvent]:
        data = event.data
        if data is None or not data.strip():
            return ()
        if data.strip() == b"[DONE]":
            return self._end()
        chunk = read_joined(data, self._halves)
        if chunk is None:
            self.broken = "an event of the stream is not a JSON object"
            return ()
        error = chunk_error(chunk)
        if error is None and event.name == b"error":
            error = error_object(chunk.message) or {"message": "The provider ended its stream with an error event."}
        if error is not None:
            return (Broken(error),)
        return self._read(chunk)

    def end(self) -> Sequence[ReplyEvent]:
        return self._end()

    def _end(self) -> Sequence[ReplyEvent]:
        if self._finish is None:
            self.broken = "the stream ended before the reply did"
            return ()
        self.finished = True
        return ()

    def _read(self, chunk: Chunk) -> list[ReplyEvent]:
        events: list[ReplyEvent] = []
        if not self._is_started:
            self._is_started = True
            events.append(Started(chunk.id or "", chunk.model or ""))
        for choice in chunk.choices or ():
            if choice.index == 0 and self._finish is None:
                self._read_choice(choice, events)
        if chunk.usage is not None or chunk.x_groq is not None:
            usage = known_usage(chunk)
            if usage is not None:
                events.append(UsageSeen(usage))
        return events

    def _read_choice(self, choice: Choice, events: list[ReplyEvent]) -> None:
        said = choice.delta or choice.message
        if said is not None:
            if said.reasoning_details or self._details:
                self._seal(said, events)
            read_said(said, events)
            for call in said.tool_calls or ():
                key = self._places.place(call)
                if key not in self._book:
                    events.append(CallBegun(key=key))
                self._book.add(key, call)
                if call.function is not None and call.function.arguments:
                    events.append(CallText(key, call.function.arguments))
            if said.function_call is not None:
                self._book.add(0, ToolCall(function=said.function_call))
                events.append(CallText(0, said.function_call.arguments or ""))
        if choice.logprobs:
            events += _logprobs(choice.logprobs)
        if choice.finish_reason is not None:
            self._finish = _FINISH.get(plain_finish(choice.finish_reason), Finish.STOP)
            events += self._book.done(self._finish)
            if not (events and isinstance(events[-1], Broken)):
                events.append(Finished(self._finish))

    def _seal(self, said: Said, events: list[ReplyEvent]) -> None:
        """Collect `reasoning_details`; with the first word after them they are complete."""
        if isinstance(said.reasoning_details, list):
            self._details += said.reasoning_details
            self.kept_bytes += len(msgspec.json.encode(said.reasoning_details))
        if self._details and (said.content or said.tool_calls):
            details, self._details = self._details, []
            events.append(sealed(details))


def sealed(details: list[Any]) -> ThoughtSigned:
    """Reasoning that OpenRouter alone can pass on again."""
    return ThoughtSigned(signature="", vendor=Vendor.OPENROUTER, details=msgspec.Raw(msgspec.json.encode(details)))


def read_said(said: Said, events: list[ReplyEvent]) -> None:
    """What a delta or a message says, but for its calls."""
    thought = said.reasoning_content or said.reasoning
    content = said.content
    if isinstance(content, list):
        content, more = flatten(content)
        thought = thought or more
    if thought:
        events.append(Thought(thought))
    if content:
        events.append(Text(content))
    if said.refusal:
        events.append(RefusalText(said.refusal))
    for annotation in said.annotations if isinstance(said.annotations, list) else ():
        cited = annotation.get("url_citation") if isinstance(annotation, dict) else None
        if isinstance(cited, dict) and isinstance(cited.get("url"), str):
            events.append(_cited(cited))


def _cited(cited: dict[str, Any]) -> Cited:
    title, start, end = cited.get("title"), cited.get("start_index"), cited.get("end_index")
    return Cited(
        url=cited["url"],
        title=title if isinstance(title, str) else "",
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
    )


def _logprobs(logprobs: Any) -> list[ReplyEvent]:
    """What a choice says of the probability of its words."""
    read = read_logprobs(logprobs.get("content")) if isinstance(logprobs, dict) else None
    return [] if read is None else [read]


def read_message(choice: Choice, names: Mapping[str, ToolName]) -> list[ReplyEvent]:
    """A whole reply's choice."""
    events: list[ReplyEvent] = []
    said = choice.message or choice.delta or Said()
    thoughts: list[ReplyEvent] = []
    read_said(said, thoughts)
    if isinstance(said.reasoning_details, list) and said.reasoning_details:
        place = 1 if thoughts and isinstance(thoughts[0], Thought) else 0
        thoughts.insert(place, sealed(said.reasoning_details))
    events += thoughts
    finish = _FINISH.get(plain_finish(choice.finish_reason), Finish.STOP) if choice.finish_reason is not None else Finish.STOP
    book = CallBook(names)
    for key, call in enumerate(said.tool_calls or ()):
        events.append(CallBegun(key=key))
        book.add(key, call)
    if said.function_call is not None:
        book.add(0, ToolCall(function=said.function_call))
    if choice.logprobs:
        events += _logprobs(choice.logprobs)
    events += book.done(finish)
    return events if events and isinstance(events[-1], Broken) else [*events, Finished(finish)]
