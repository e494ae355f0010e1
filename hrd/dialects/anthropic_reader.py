"""Replies of the Messages API, read into reply events: streams event by event, whole ones at once.

A stream is `message_start`, blocks one after another (`content_block_start`, `_delta`, `_stop`), `message_delta` with the
ending and the usage, `message_stop`; `ping` anywhere, and unknown events are to be read over. Blocks of tools that the provider
ran itself say nothing here. Reference: https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
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
from hrd.dialects.anthropic_shapes import Block, Citation, Delta, Message, StopDetails, StreamEvent, UsageSaid
from hrd.dialects.arguments import bad_call, is_object, mend_arguments
from hrd.dialects.contract import ToolName
from hrd.dialects.fields import COUNT_MAX
from hrd.dialects.halves import Halves, marked_halves, without_halves
from hrd.dialects.sse import Event
from hrd.dialects.tool_names import restored, unwrapped

FINISHES: Final = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.CALLS,
    "refusal": Finish.FILTERED,
    "pause_turn": Finish.PAUSED,
}
_KNOWN: Final = frozenset(
    {"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"}
)
_PIECES: Final = ("text", "thinking", "partial_json")
"""What a delta says of a text."""
_ODD: Final = "an event of the stream is not as the Messages API has it"


class _Typed(msgspec.Struct, gc=False):
    type: str = ""


_EVENT = msgspec.json.Decoder(StreamEvent)
_MESSAGE = msgspec.json.Decoder(Message)
_TYPE = msgspec.json.Decoder(_Typed)


class _Open:
    """A block that is being written."""

    __slots__ = ("id", "name", "pieces", "signature", "type", "whole")

    def __init__(self, block: Block) -> None:
        self.type = block.type
        self.id = block.id or ""
        self.name = block.name or ""
        self.signature = block.signature or ""
        self.whole = bytes(block.input).decode()
        """The input as the block's start had it: `{}` where it follows in pieces."""
        self.pieces: list[str] = []

    @property
    def arguments(self) -> str:
        return "".join(self.pieces) or self.whole or "{}"


class AnthropicReader:
    """Reads one attempt's stream. Fits `contract.EventReader`.

    *names*: tools as the provider knows them → as the client does. *mends*: arguments that are no JSON object are made one, or
    break the stream; otherwise they pass for an empty one, because the client gets what the provider wrote."""

    def __init__(self, names: Mapping[str, ToolName], *, mends: bool = True) -> None:
        self.finished = False
        self.broken = ""
        self.kept_bytes = 0
        self._names = names
        self._mends = mends
        self._open: dict[int, _Open] = {}
        self._unclear: list[tuple[int, _Open]] = []
        """Calls without a name, or whose arguments are no JSON object: cut short, or the model's slip. The ending tells."""
        self._usage = UsageSaid()
        self._halves = Halves()
        self._held = self._halves.held
        self._started = False
        self._called = False
        self._stopped = False

    def read(self, event: Event, marked: bytes = b"") -> Sequence[ReplyEvent]:
        """What one server-sent event says. *marked*: its data with marks for the halves of characters that it lacks here."""
        data = event.data or b""
        try:
            said = _EVENT.decode(data)
        except (ValueError, RecursionError) as error:
            if _is_of_unknown_type(data, error):
                return ()
            whole = without_halves(data)
            if whole is not data:
                return self.read(Event(event.raw, whole, event.name), marked_halves(data))
            self.broken = _ODD if isinstance(error, msgspec.ValidationError) else "an event of the stream is not a JSON object"
            return ()
        if marked or self._held:
            self._join(said, _EVENT.decode(marked) if marked else said)
        match said.type or event.name.decode("latin-1"):
            case "content_block_delta" if said.delta is not None:
                return self._delta(said.index, said.delta)
            case "content_block_start" if said.content_block is not None:
                return self._begin(said.index, said.content_block)
            case "content_block_stop":
                return self._stop(said.index)
            case "message_start":
                return self._start(said.message)
            case "message_delta":
                return self._end_of_message(said.delta or Delta(), said.usage)
            case "message_stop":
                self.finished = True
                return () if self._stopped else self._finish("tool_use" if self._called else "end_turn")
            case "error":
                return (Broken(error_object(said.error)),)
            case _:
                return ()

    def end(self) -> Sequence[ReplyEvent]:
        """The upstream's body ended: complete if the message's ending was there."""
        self.finished = self._stopped and not self.broken
        return ()

    def read_message(self, message: Message) -> Sequence[ReplyEvent] | str:
        """A whole message as the events that its stream would be."""
        said: list[ReplyEvent] = [Started(message.id or "", message.model or "")]
        for index, block in enumerate(message.content or ()):
            said += (*self._begin(index, block), *_cited(block.citations or ()), *self._stop(index))
        said += self._finish(message.stop_reason or "end_turn", message.stop_sequence, message.stop_details)
        if isinstance(said[-1], Broken):
            return said
        return self.broken or (*said, *self._count(message.usage))

    def _join(self, said: StreamEvent, marked: StreamEvent) -> None:
        if said.delta is not None and marked.delta is not None:
            self._halves.join_members(said.index, _PIECES, said.delta, marked.delta)

    def _start(self, message: Message | None) -> Sequence[ReplyEvent]:
        if message is None or self._started or self._stopped:
            return ()
        self._started = True
        return (Started(message.id or "", message.model or ""), *self._count(message.usage))

    def _begin(self, index: int, block: Block) -> Sequence[ReplyEvent]:
        if self._stopped:
            return ()
        match block.type:
            case "text":
                return (Text(block.text),) if block.text else ()
            case "thinking":
                self._open[index] = _Open(block)
                return (Thought(block.thinking),) if block.thinking else ()
            case "redacted_thinking":
                return (ThoughtSigned(signature=block.data or "", vendor=Vendor.ANTHROPIC, is_redacted=True),)
            case "tool_use":
                self._open[index] = _Open(block)
                self._called = True
                return (CallBegun(key=index),)
            case _:
                return ()

    def _delta(self, index: int, delta: Delta) -> Sequence[ReplyEvent]:
        if self._stopped:
            return ()
        match delta.type:
            case "text_delta":
                return (Text(delta.text),) if delta.text else ()
            case "input_json_delta":
                return self._collect(index, delta.partial_json or "")
            case "thinking_delta":
                return (Thought(delta.thinking),) if delta.thinking else ()
            case "signature_delta":
                if (open_ := self._open.get(index)) is not None and delta.signature:
                    open_.signature += delta.signature
                    self.kept_bytes += len(delta.signature)
                return ()
            case "citations_delta" if delta.citation is not None:
                return _cited([delta.citation])
            case _:
                return ()

    def _collect(self, index: int, piece: str) -> Sequence[ReplyEvent]:
        open_ = self._open.get(index)
        if open_ is None or not piece:
            return ()
        open_.pieces.append(piece)
        return (CallText(index, piece),)

    def _stop(self, index: int) -> Sequence[ReplyEvent]:
        open_ = self._open.pop(index, None)
        if open_ is None or self._stopped:
            return ()
        if open_.type == "thinking":
            return _signed(open_.signature)
        if is_object(open_.arguments) and (open_.name or not self._mends):
            return (self._done(index, open_, open_.arguments),)
        self._unclear.append((index, open_))
        return ()

    def _end_of_message(self, delta: Delta, usage: UsageSaid | None) -> Sequence[ReplyEvent]:
        if delta.stop_reason is None or self._stopped:
            return self._count(usage)
        said = self._finish(delta.stop_reason, delta.stop_sequence, delta.stop_details)
        return said if isinstance(said[-1], Broken) else (*said, *self._count(usage))

    def _finish(
        self, stop_reason: str, stop_sequence: str | None = None, details: StopDetails | None = None
    ) -> Sequence[ReplyEvent]:
        said: list[ReplyEvent] = []
        for index in list(self._open):
            said += self._stop(index)
        if details is not None and details.explanation:
            said.append(RefusalText(details.explanation))
        self._stopped = True
        reason = FINISHES.get(stop_reason, Finish.STOP)
        if reason is not Finish.LENGTH:
            said += self._cleared()
            if said and isinstance(said[-1], Broken):
                return said
        return (*said, Finished(reason, stop_sequence or ""))

    def _cleared(self) -> list[CallDone | Broken]:
        """Calls that the model did not write well; or what is wrong with one that cannot be mended."""
        calls: list[CallDone | Broken] = []
        for index, open_ in self._unclear:
            arguments = mend_arguments(open_.arguments) if self._mends else "{}"
            if arguments is None or (self._mends and not open_.name):
                return [bad_call(restored(self._names, open_.name).name)]
            calls.append(self._done(index, open_, arguments))
        return calls

    def _done(self, index: int, open_: _Open, arguments: str) -> CallDone:
        tool = restored(self._names, open_.name)
        return CallDone(
            key=index,
            id=open_.id,
            name=tool.name,
            arguments=unwrapped(arguments) if tool.kind is CallKind.CUSTOM else arguments,
            kind=tool.kind,
            namespace=tool.namespace,
        )

    def _count(self, usage: UsageSaid | None) -> Sequence[ReplyEvent]:
        """What was counted so far; a later count replaces an earlier one member by member."""
        if usage is None:
            return ()
        for name in UsageSaid.__struct_fields__:
            value = getattr(usage, name)
            if value is not None:
                setattr(self._usage, name, value)
        return (UsageSeen(_usage(self._usage)),)


def read_message(body: bytes, names: Mapping[str, ToolName], *, mends: bool = True) -> Sequence[ReplyEvent] | str:
    """A whole reply as events; or why it is none."""
    try:
        message = _MESSAGE.decode(body)
    except msgspec.ValidationError as error:
        return f"the reply is not a message: {error}"
    except (ValueError, RecursionError):
        whole = without_halves(body)
        return read_message(whole, names, mends=mends) if whole is not body else "the reply is not a JSON object"
    if message.type == "error" or message.error:
        return (Broken(error_object(message.error)),)
    if message.content is None:
        return "the reply has no content"
    return AnthropicReader(names, mends=mends).read_message(message)


def error_object(error: Any) -> dict[str, Any]:
    """The error that an `error` member stands for."""
    if isinstance(error, dict) and error:
        return error
    return {"type": "api_error", "message": error if isinstance(error, str) and error else "The provider said that it failed."}


def _is_of_unknown_type(data: bytes, error: Exception) -> bool:
    """Whether *data* is an event that may be read over, be it spelled as it will."""
    if not isinstance(error, msgspec.ValidationError):
        return False
    try:
        kind = _TYPE.decode(data).type
    except (ValueError, RecursionError):
        return False
    return bool(kind) and kind not in _KNOWN and kind != "error"


def _signed(signature: str) -> Sequence[ReplyEvent]:
    return (ThoughtSigned(signature=signature, vendor=Vendor.ANTHROPIC),) if signature else ()


def _cited(citations: Sequence[Citation]) -> Sequence[ReplyEvent]:
    """Sources that have an address: places in the client's own documents mean nothing to another dialect."""
    found = ((each.url or each.source or "", each) for each in citations)
    return tuple(Cited(url=url, title=each.title or "", quote=each.cited_text or "") for url, each in found if url)


def _usage(usage: UsageSaid) -> Usage:
    written, cached = _bounded(usage.cache_creation_input_tokens), _bounded(usage.cache_read_input_tokens)
    details = usage.output_tokens_details
    return Usage(
        input_tokens=_bounded(usage.input_tokens) + written + cached,
        output_tokens=_bounded(usage.output_tokens),
        cached_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=_bounded(details.thinking_tokens if details is not None else None),
        source=UsageSource.KNOWN,
    )


def _bounded(tokens: int | None) -> int:
    return 0 if tokens is None else max(0, min(tokens, COUNT_MAX))
