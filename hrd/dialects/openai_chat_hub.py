"""Chat completions' way to the hub and back: requests read, replies written.

A stream begins with an empty delta that names the role, ends with one `finish_reason`, then the usage for who asked for it,
then `[DONE]` (https://platform.openai.com/docs/api-reference/chat-streaming). Reasoning goes out as `reasoning_content`; what
seals it for its vendor as OpenRouter's `reasoning_details`, which clients give back unread.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Cited,
    Finish,
    Finished,
    LogProbs,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.call_ids import CallIds
from hrd.dialects.contract import EventWriter, Request, Stamp
from hrd.dialects.openai_chat_request import FORMATS, read_conversation
from hrd.dialects.openai_stream import DONE

__all__ = ["conversation", "event_writer", "write_whole"]

_ENCODE = msgspec.json.encode
_FINISH = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.CALLS: "tool_calls",
    Finish.FILTERED: "content_filter",
    Finish.PAUSED: "stop",
}
_PREFIX = "chatcmpl-"

conversation = read_conversation


def event_writer(request: Request, stamp: Stamp) -> EventWriter:
    """A writer for one stream."""
    return ChatWriter(stamp, usage_to_client=request.usage_to_client, calls_function=_calls_function(request))


def write_whole(request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:
    """A whole reply."""
    reply = _Whole(stamp, calls_function=_calls_function(request))
    for event in events:
        reply.take(event)
    return _ENCODE(reply.body())


def _calls_function(request: Request) -> bool:
    """Whether the client asked as before there were tools: it knows of one call a reply, its `function_call`."""
    return "functions" in request.fields and "tools" not in request.fields


class ChatWriter:
    """Writes chunks of one stream."""

    def __init__(self, stamp: Stamp, *, usage_to_client: bool, calls_function: bool = False) -> None:
        self._stamp = stamp
        self._calls_function = calls_function
        self._usage_to_client = usage_to_client
        self._head = b""
        self._calls = 0
        self._ids = CallIds(f"call_{stamp.id}")
        self._sealing = _Sealing()
        self._finished: Finished | None = None
        self._usage = Usage()

    def write(self, event: ReplyEvent) -> bytes:
        match event:
            case Text():
                return self._delta(b'"content":' + _ENCODE(event.text)) if event.text else b""
            case Thought():
                return self._delta(b'"reasoning_content":' + _ENCODE(self._sealing.add(event)))
            case ThoughtSigned():
                return self._delta(b'"reasoning_details":' + _ENCODE(self._sealing.seal(event)))
            case CallDone():
                self._calls += 1
                if self._calls_function:
                    return self._delta(b'"function_call":' + _ENCODE(_function(event))) if self._calls == 1 else b""
                spelled = _ENCODE([{"index": self._calls - 1, **_call(event, self._ids)}])
                return self._delta(b'"tool_calls":' + spelled)
            case RefusalText():
                return self._delta(b'"refusal":' + _ENCODE(event.text))
            case Cited():
                return self._delta(b'"annotations":' + _ENCODE([_annotation(event)]))
            case LogProbs():
                return self._chunk(b"{}", b"null", b',"logprobs":{"content":' + bytes(event.content) + b',"refusal":null}')
            case Started():
                return self._begin(event.model)
            case UsageSeen():
                self._usage = event.usage
            case Finished():
                self._finished = event
            case CallBegun() | CallText():
                pass
            case Broken():
                raise AssertionError("an error is written by error_event")
        return b""

    def end(self) -> bytes:
        assert self._finished is not None, "a reply that ends was finished"
        reason = _finish(self._finished.reason, self._calls, calls_function=self._calls_function)
        pieces = [self._chunk(b"{}", _ENCODE(reason))]
        if self._usage_to_client:
            pieces.append(self._head + b'"choices":[],"usage":' + _ENCODE(usage_as_chat(self._usage)) + b"}\n\n")
        return b"".join([*pieces, DONE])

    def _begin(self, model: str) -> bytes:
        if self._head:
            return b""
        stamp = self._stamp
        named = {
            "id": _PREFIX + stamp.id,
            "object": "chat.completion.chunk",
            "created": stamp.at,
            "model": model or stamp.model,
        }
        self._head = b"data: " + _ENCODE(named)[:-1] + b","
        return self._chunk(b'{"role":"assistant","content":""}')

    def _delta(self, members: bytes) -> bytes:
        return self._chunk(b"{" + members + b"}")

    def _chunk(self, delta: bytes, finish: bytes = b"null", more: bytes = b"") -> bytes:
        first = b"" if self._head else self._begin("")
        return b'%b%b"choices":[{"index":0,"delta":%b,"finish_reason":%b%b}]}\n\n' % (first, self._head, delta, finish, more)


class _Whole:
    """Collects a whole reply."""

    def __init__(self, stamp: Stamp, *, calls_function: bool) -> None:
        self._stamp = stamp
        self._calls_function = calls_function
        self._model = stamp.model
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._refusals: list[str] = []
        self._details: list[dict[str, Any]] = []
        self._calls: list[CallDone] = []
        self._annotations: list[dict[str, Any]] = []
        self._logprobs: list[msgspec.Raw] = []
        self._sealing = _Sealing()
        self._finish = Finish.STOP
        self._usage = Usage()

    def take(self, event: ReplyEvent) -> None:
        match event:
            case Started():
                self._model = event.model or self._model
            case Text():
                self._text.append(event.text)
            case Thought():
                self._thoughts.append(self._sealing.add(event))
            case ThoughtSigned():
                self._details += self._sealing.seal(event)
            case CallDone():
                self._calls.append(event)
            case RefusalText():
                self._refusals.append(event.text)
            case Cited():
                self._annotations.append(_annotation(event))
            case LogProbs():
                self._logprobs += msgspec.json.decode(event.content, type=list[msgspec.Raw])
            case UsageSeen():
                self._usage = event.usage
            case Finished():
                self._finish = event.reason
            case CallBegun() | CallText():
                pass
            case Broken():
                raise AssertionError("an error is written by error_reply")

    def body(self) -> dict[str, Any]:
        text = "".join(self._text)
        message: dict[str, Any] = {"role": "assistant", "content": text or None if self._calls or self._refusals else text}
        message["refusal"] = "".join(self._refusals) or None
        if self._thoughts:
            message["reasoning_content"] = "".join(self._thoughts)
        if self._details:
            message["reasoning_details"] = self._details
        if self._calls and self._calls_function:
            message["function_call"] = _function(self._calls[0])
        elif self._calls:
            ids = CallIds(f"call_{self._stamp.id}")
            message["tool_calls"] = [_call(call, ids) for call in self._calls]
        if self._annotations:
            message["annotations"] = self._annotations
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": _finish(self._finish, len(self._calls), calls_function=self._calls_function),
            "logprobs": {"content": self._logprobs, "refusal": None} if self._logprobs else None,
        }
        return {
            "id": _PREFIX + self._stamp.id,
            "object": "chat.completion",
            "created": self._stamp.at,
            "model": self._model,
            "choices": [choice],
            "usage": usage_as_chat(self._usage),
        }


class _Sealing:
    """Thoughts, until their vendor seals them."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._part = 0
        self._count = 0

    def add(self, thought: Thought) -> str:
        """Its text as the client gets it: the first of a new part has a blank line before it."""
        is_new = thought.part != self._part and bool(self._texts)
        self._part = thought.part
        self._texts.append("\n\n" + thought.text if is_new else thought.text)
        return self._texts[-1]

    def seal(self, seal: ThoughtSigned) -> list[dict[str, Any]]:
        """`reasoning_details` for the thoughts so far."""
        text, self._texts = "".join(self._texts), []
        self._part = 0
        if bytes(seal.details):
            details: list[dict[str, Any]] = msgspec.json.decode(seal.details)
            return details
        index, self._count = self._count, self._count + 1
        name = FORMATS.get(seal.vendor, seal.vendor.value)
        if seal.vendor is Vendor.ANTHROPIC and not seal.is_redacted:
            return [{"type": "reasoning.text", "text": text, "signature": seal.signature, "format": name, "index": index}]
        details = [{"type": "reasoning.summary", "summary": text, "format": name, "index": index}] if text else []
        return [*details, {"type": "reasoning.encrypted", "data": seal.signature, "format": name, "index": index}]


def _call(call: CallDone, ids: CallIds) -> dict[str, Any]:
    call_id = ids.new(call.id)
    if call.kind is CallKind.CUSTOM:
        return {"id": call_id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    spelled: dict[str, Any] = {"id": call_id, "type": "function", "function": _function(call)}
    if call.signature:
        spelled["extra_content"] = {"google": {"thought_signature": call.signature}}
    return spelled


def _function(call: CallDone) -> dict[str, str]:
    return {"name": call.name, "arguments": call.arguments}


def _annotation(cited: Cited) -> dict[str, Any]:
    citation = {"url": cited.url, "title": cited.title, "start_index": cited.start or 0, "end_index": cited.end or 0}
    return {"type": "url_citation", "url_citation": citation}


def _finish(reason: Finish, calls: int, *, calls_function: bool) -> str:
    """A reply with calls ends for them, and one without does not, whatever the provider says."""
    if reason in (Finish.STOP, Finish.CALLS):
        return ("function_call" if calls_function else "tool_calls") if calls else "stop"
    return _FINISH[reason]


def usage_as_chat(usage: Usage) -> dict[str, Any]:
    """A reply's `usage`."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
