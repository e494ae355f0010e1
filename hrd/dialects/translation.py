"""From a provider dialect's replies to a client dialect's, by way of reply events.

A stream is held back up to its commit point, so that another candidate can still answer; its end is held until the settlement
is stored (see `contract.StreamReader`). A whole reply is the fold of the same events, and either has the same bookkeeping:
usage, how it ended, whether it said anything.
"""

from collections.abc import Callable, Sequence
from typing import Any

from hrd.core.estimate import estimate_counted
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    Finish,
    Finished,
    RefusalText,
    ReplyEvent,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.contract import Ending, EventReader, EventWriter, WholeReply
from hrd.dialects.sse import Framer

FINISH_WORDS = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.CALLS: "tool_calls",
    Finish.FILTERED: "content_filter",
    Finish.PAUSED: "stop",
}
"""How replies end, in the words of chat completions, which the line goes by."""
HELD_BYTES_MAX = 1024 * 1024
"""What may come before the commit point."""


class Account:
    """What the router must know of a reply, read from its events."""

    __slots__ = ("_characters", "_extra_bytes", "_input_tokens", "_usage", "committed", "error", "finish")

    def __init__(self, input_tokens: int) -> None:
        self.committed = False
        self.error: dict[str, Any] | None = None
        self.finish: Finish | None = None
        self._input_tokens = input_tokens
        self._usage: Usage | None = None
        self._characters = 0
        self._extra_bytes = 0

    def add(self, event: ReplyEvent) -> None:
        match event:
            case Text() | Thought() | RefusalText():
                if event.text:
                    self.committed = True
                    self._count(event.text)
            case CallBegun() | ThoughtSigned():
                self.committed = True
            case CallDone():
                self.committed = True
                self._count(event.name)
                self._count(event.arguments)
            case UsageSeen():
                self._usage = event.usage
            case Finished():
                self.finish = event.reason
                if event.reason is not Finish.STOP:
                    self.committed = True
            case Broken():
                self.error = event.error
            case _:
                pass

    @property
    def finish_reason(self) -> str:
        return FINISH_WORDS[self.finish] if self.finish is not None else ""

    def usage(self) -> Usage:
        """As stated, else estimated from what was said."""
        if self._usage is not None:
            return self._usage
        return Usage(
            input_tokens=self._input_tokens,
            output_tokens=estimate_counted(self._characters, self._extra_bytes),
            source=UsageSource.ESTIMATED,
        )

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if not text.isascii():
            self._extra_bytes += len(text.encode()) - len(text)


def translate_whole(
    said: Sequence[ReplyEvent] | str, write: Callable[[Sequence[ReplyEvent]], bytes], input_tokens: int
) -> WholeReply:
    """A whole reply as the client gets it. *said*: its events, or why it is none."""
    account = Account(input_tokens)
    if isinstance(said, str):
        return WholeReply(body=b"", usage=account.usage(), broken=said)
    for event in said:
        account.add(event)
    if account.error is not None:
        return WholeReply(body=b"", usage=account.usage(), error=account.error)
    if account.finish is None:
        return WholeReply(body=b"", usage=account.usage(), broken="the reply has no end")
    return WholeReply(body=write(said), usage=account.usage(), empty=not account.committed, finish_reason=account.finish_reason)


class TranslatedStream:
    """One attempt's stream, on its way through the hub to the client. Fits `contract.StreamReader`."""

    def __init__(self, reader: EventReader, writer: EventWriter, *, input_tokens: int, event_bytes_max: int) -> None:
        self.broken = ""
        self.finished = False
        self.last = b""
        self._reader = reader
        self._writer = writer
        self._framer = Framer(event_bytes_max)
        self._account = Account(input_tokens)
        self._held: list[bytes] = []
        self._held_bytes = 0

    @property
    def committed(self) -> bool:
        return self._account.committed

    @property
    def error(self) -> dict[str, Any] | None:
        return self._account.error

    @property
    def finish_reason(self) -> str:
        return self._account.finish_reason

    def usage(self) -> Usage:
        return self._account.usage()

    def feed(self, data: bytes) -> bytes:
        """What the client gets of this read."""
        if self._is_over():
            return b""
        pieces: list[bytes] = []
        for event in self._framer.feed(data):
            self._take(self._reader.read(event), pieces)
            if self._is_over():
                break
        if self._framer.too_large and not self._is_over():
            self.broken = "an event of the stream is too large"
        if self.finished:
            self._close(pieces)
            return b""
        if not self._account.committed:
            self._hold(pieces)
            return b""
        if self._held:
            pieces = self._held + pieces
            self._held = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def end(self) -> Ending:
        """The upstream's body ended as HTTP says it must."""
        if not self._is_over():
            pieces: list[bytes] = []
            for event in self._framer.end():
                self._take(self._reader.read(event), pieces)
            if not self._is_over():
                self._take(self._reader.end(), pieces)
            if not self._is_over():
                self.broken = "the stream ended before the reply did"
            if self.finished:
                self._close(pieces)
        if self.error is not None or self.broken:
            return Ending.BROKEN
        return Ending.COMPLETE if self._account.committed else Ending.EMPTY

    def _is_over(self) -> bool:
        return self.finished or self._account.error is not None or bool(self.broken)

    def _take(self, events: Sequence[ReplyEvent], pieces: list[bytes]) -> None:
        account, write = self._account, self._writer.write
        for event in events:
            account.add(event)
            if account.error is not None:
                return
            piece = write(event)
            if piece:
                pieces.append(piece)
        self.broken = self.broken or self._reader.broken
        self.finished = self._reader.finished and not self.broken

    def _close(self, pieces: list[bytes]) -> None:
        self.last = b"".join([*self._held, *pieces, self._writer.end()])
        self._held = []

    def _hold(self, pieces: list[bytes]) -> None:
        self._held += pieces
        self._held_bytes += sum(map(len, pieces))
        if self._held_bytes > HELD_BYTES_MAX:
            self.broken = self.broken or "too much came before the first word of the reply"
