"""Replies of the Messages API, written from reply events: as a stream, or whole, which is the fold of the same blocks.

Anthropic's clients put a stream's blocks in a row as they begin, so one block is open at a time, their indexes have no gap, and
nothing comes before `message_start`. Each event has its name twice: before the data and in it.
Reference: https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from hrd.core.conversation import CallKind, Vendor
from hrd.core.estimate import estimate_counted
from hrd.core.journal import Usage
from hrd.core.reply_events import (
    CallBegun,
    CallDone,
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
from hrd.dialects.anthropic_carried import carried, carried_for_call
from hrd.dialects.anthropic_ids import plain_id
from hrd.dialects.call_ids import CallIds
from hrd.dialects.contract import Stamp
from hrd.dialects.tool_names import wrapped

PING: Final = b'event: ping\ndata: {"type":"ping"}\n\n'
MESSAGE_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_TEXT: Final = {"type": "text", "text": ""}
_THINKING: Final = {"type": "thinking", "thinking": "", "signature": ""}
_MEMBERS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
    "citations_delta": "citation",
}
"""A delta's type → the member that it holds."""
_encode = msgspec.json.encode


class Blocks(Protocol):
    """Where the blocks of a reply go."""

    def open(self, block: dict[str, Any]) -> None:
        """Begin a block; none is open."""

    def add(self, kind: str, value: Any) -> None:
        """A delta of the open block."""

    def close(self) -> None:
        """End the open block."""


class Composer:
    """Puts what a model says into blocks."""

    __slots__ = (
        "_blocks",
        "_called",
        "_id",
        "_ids",
        "_part",
        "_refused",
        "characters",
        "model",
        "open",
        "reason",
        "stop",
        "usage",
    )

    def __init__(self, blocks: Blocks, stamp: Stamp) -> None:
        self.open = ""
        """The type of the open block."""
        self.model = stamp.model
        self.usage: Usage | None = None
        self.characters = 0
        self.reason = Finish.STOP
        self.stop = ""
        self._blocks = blocks
        self._id = stamp.id
        self._ids = CallIds(f"toolu_{stamp.id}")
        self._part = 0
        self._called = False
        self._refused = False

    @property
    def id(self) -> str:
        return f"msg_{self._id}"

    def take(self, event: ReplyEvent) -> None:
        match event:
            case Text() | RefusalText():
                self._refused = self._refused or isinstance(event, RefusalText)
                self._add("text", _TEXT, event.text)
            case Thought():
                is_next = self.open == "thinking" and event.part != self._part
                self._part = event.part
                self._add("thinking", _THINKING, "\n\n" + event.text if is_next and event.text else event.text)
            case ThoughtSigned():
                self._sign(event)
            case CallDone():
                self._call(event)
            case Cited() if self.open == "text":
                self._blocks.add("citations_delta", _citation(event))
            case Started():
                self.model = self.model or event.model  # the stamp's is what the client asked for
            case UsageSeen():
                self.usage = event.usage
            case Finished():
                self.reason, self.stop = event.reason, event.stop_sequence
            case _:
                pass  # log probabilities have no place here; a call is written when it is whole

    def close(self) -> None:
        """End the open block, if there is one."""
        if self.open:
            self._blocks.close()
            self.open = ""

    def ending(self) -> dict[str, str | None]:
        """`stop_reason` and `stop_sequence`."""
        return {"stop_reason": self._stop_reason(), "stop_sequence": self.stop or None}

    def counted(self, estimated_input: int) -> dict[str, int]:
        """`usage`, estimated where nobody counted."""
        if self.usage is None:
            return usage_object(Usage(input_tokens=estimated_input, output_tokens=estimate_counted(self.characters, 0)))
        return usage_object(self.usage)

    def _stop_reason(self) -> str:
        match self.reason:
            case Finish.LENGTH:
                return "max_tokens"
            case Finish.FILTERED:
                return "refusal"
            case Finish.PAUSED:
                return "pause_turn"
            case Finish.STOP | Finish.CALLS:
                if self._called:
                    return "tool_use"
                if self._refused:
                    return "refusal"
                return "stop_sequence" if self.stop else "end_turn"

    def _add(self, kind: str, empty: dict[str, Any], text: str) -> None:
        if not text:
            return
        self._begin(kind, empty)
        self.characters += len(text)
        self._blocks.add(f"{kind}_delta", text)

    def _begin(self, kind: str, block: dict[str, Any]) -> None:
        if self.open != kind:
            self.close()
            self._blocks.open(block)
            self.open = kind

    def _sign(self, event: ThoughtSigned) -> None:
        if event.is_redacted and event.vendor is Vendor.ANTHROPIC:
            self._put({"type": "redacted_thinking", "data": event.signature})
            return
        signature = carried(event.signature, event.vendor, event.details)
        if signature:
            self._begin("thinking", _THINKING)
            self._blocks.add("signature_delta", signature)
        if self.open == "thinking":
            self.close()

    def _call(self, event: CallDone) -> None:
        call_id = self._ids.new(plain_id(event.id) if event.id else "")
        if event.signature:
            self.close()
            self._begin("thinking", _THINKING)
            self._blocks.add("signature_delta", carried_for_call(call_id, event.signature))
        arguments = wrapped(event.arguments) if event.kind is CallKind.CUSTOM else event.arguments
        self._put({"type": "tool_use", "id": call_id, "name": event.name, "input": {}}, "input_json_delta", arguments)
        self.characters += len(event.name) + len(arguments)
        self._called = True

    def _put(self, block: dict[str, Any], kind: str = "", value: str = "") -> None:
        """A whole block."""
        self.close()
        self._blocks.open(block)
        if kind:
            self._blocks.add(kind, value)
        self._blocks.close()


class MessagesWriter:
    """One reply as a stream. Fits `contract.EventWriter`."""

    def __init__(self, stamp: Stamp, input_tokens: int) -> None:
        self._input_tokens = input_tokens
        self._out: list[bytes] = []
        self._composer = Composer(self, stamp)
        self._index = -1
        self._delta_head = b""
        self._begun = False

    def write(self, event: ReplyEvent) -> bytes:
        composer = self._composer
        if isinstance(event, Text) and composer.open == "text" and event.text:
            composer.characters += len(event.text)
            return b'%s"text_delta","text":%s}}\n\n' % (self._delta_head, _encode(event.text))
        if not self._begun and not isinstance(event, Started | UsageSeen):
            self._begin()
        composer.take(event)
        if isinstance(event, CallBegun):
            self._out.append(PING)  # a sign of life: nothing is sent of a call until it is whole
        return self._taken()

    def end(self) -> bytes:
        if not self._begun:
            self._begin()
        composer = self._composer
        composer.close()
        ending = {"type": "message_delta", "delta": composer.ending(), "usage": composer.counted(self._input_tokens)}
        self._out += (_event("message_delta", _encode(ending)), MESSAGE_STOP)
        return self._taken()

    def open(self, block: dict[str, Any]) -> None:
        self._index += 1
        self._delta_head = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":' % self._index
        )
        spelled = _encode({"type": "content_block_start", "index": self._index, "content_block": block})
        self._out.append(_event("content_block_start", spelled))

    def add(self, kind: str, value: Any) -> None:
        self._out.append(b'%s"%s","%s":%s}}\n\n' % (self._delta_head, kind.encode(), _MEMBERS[kind].encode(), _encode(value)))

    def close(self) -> None:
        self._out.append(_event("content_block_stop", b'{"type":"content_block_stop","index":%d}' % self._index))

    def _begin(self) -> None:
        self._begun = True
        composer = self._composer
        usage = composer.counted(self._input_tokens) | {"output_tokens": 1}
        message = _message(composer, [], {"stop_reason": None, "stop_sequence": None}, usage)
        self._out.append(_event("message_start", _encode({"type": "message_start", "message": message})))

    def _taken(self) -> bytes:
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)


class _WholeBlocks:
    """The blocks of a whole reply."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self._pieces: dict[str, list[Any]] = {}

    def open(self, block: dict[str, Any]) -> None:
        self.done.append(dict(block))
        self._pieces = {}

    def add(self, kind: str, value: Any) -> None:
        self._pieces.setdefault(kind, []).append(value)

    def close(self) -> None:
        block = self.done[-1]
        for kind, pieces in self._pieces.items():
            match kind:
                case "citations_delta":
                    block["citations"] = pieces
                case "input_json_delta":
                    block["input"] = msgspec.Raw("".join(pieces).encode())
                case _:
                    block[_MEMBERS[kind]] = "".join(pieces)


def whole_message(events: Sequence[ReplyEvent], stamp: Stamp, input_tokens: int) -> bytes:
    """A whole reply."""
    blocks = _WholeBlocks()
    composer = Composer(blocks, stamp)
    for event in events:
        composer.take(event)
    composer.close()
    return _encode(_message(composer, blocks.done, composer.ending(), composer.counted(input_tokens)))


def usage_object(usage: Usage) -> dict[str, int]:
    """`usage` as this API counts: cached tokens are no part of `input_tokens`."""
    return {
        "input_tokens": max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }


def _message(composer: Composer, content: list[Any], ending: dict[str, str | None], usage: dict[str, int]) -> dict[str, Any]:
    outline = {"id": composer.id, "type": "message", "role": "assistant", "model": composer.model}
    return {**outline, "content": content, **ending, "usage": usage}


def _event(name: str, spelled: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), spelled)


def _citation(event: Cited) -> dict[str, Any]:
    """A source; without the index that only Anthropic could have made, which marks it as ours when it comes back."""
    where = {"type": "web_search_result_location", "url": event.url, "title": event.title or None}
    return {**where, "encrypted_index": "", "cited_text": event.quote}
