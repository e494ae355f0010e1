"""A stream that is held back up to its commit point, so that another candidate can still answer, and whose end is held until
the settlement is stored (see `contract.StreamReader`). What the client gets of each event is for those who derive from it.
"""

from typing import Any

from hrd.core.journal import Usage
from hrd.dialects.account import Account
from hrd.dialects.contract import Ending, EventReader, StreamBounds
from hrd.dialects.sse import Event, Framer

HELD_BYTES_MAX = 1024 * 1024
"""What may come before the commit point."""


class HeldStream:
    """One attempt's stream. Fits `contract.StreamReader`."""

    def __init__(self, reader: EventReader, *, input_tokens: int, bounds: StreamBounds) -> None:
        self.broken = ""
        self.finished = False
        self.last = b""
        self._reader = reader
        self._framer = Framer(bounds.event_bytes)
        self._account = Account(input_tokens)
        self._reply_bytes_max = bounds.reply_bytes
        self._held: list[bytes] = []
        self._held_bytes = 0

    @property
    def begun(self) -> bool:
        return self._account.begun

    @property
    def committed(self) -> bool:
        return self._account.committed

    @property
    def error(self) -> dict[str, Any] | None:
        return self._account.error

    @property
    def finish_reason(self) -> str:
        return self._account.finish_reason

    @property
    def plan(self) -> bytes:
        return self._account.plan

    def usage(self) -> Usage:
        return self._account.usage()

    def feed(self, data: bytes) -> bytes:
        """What the client gets of this read."""
        if self._is_over():
            return b""
        pieces: list[bytes] = []
        for event in self._framer.feed(data):
            self._take(event, pieces)
            if self._is_over():
                break
        if self._framer.too_large and not self._is_over():
            self.broken = "an event of the stream is too large"
        if self.finished:
            self._close(pieces)
            return b""
        if not self.committed:
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
                if event.data:  # else it was cut off before it said anything
                    self._take(event, pieces)
            if not self._is_over():
                self._take(None, pieces)
            if not self._is_over():
                self.broken = "the stream ended before the reply did"
            if self.finished:
                self._close(pieces)
            elif self.committed:
                self.last = b"".join([*self._held, *pieces])
        if self.error is not None or self.broken:
            return Ending.BROKEN
        return Ending.COMPLETE if self.committed else Ending.EMPTY

    def _piece(self, event: Event | None, pieces: list[bytes]) -> None:
        """Read *event*, None for the end of all, into the account, and put what the client gets of it into *pieces*."""
        raise NotImplementedError

    def _closing(self) -> bytes:
        """What the client is still owed of a reply that is finished."""
        raise NotImplementedError

    def _take(self, event: Event | None, pieces: list[bytes]) -> None:
        self._piece(event, pieces)
        self.broken = self.broken or self._reader.broken
        if self._account.said_bytes + self._reader.kept_bytes > self._reply_bytes_max:
            self.broken = self.broken or "the reply is too large (MAX_REPLY_BYTES)"
        self.finished = self._reader.finished and not self.broken and self.error is None

    def _is_over(self) -> bool:
        return self.finished or self._account.error is not None or bool(self.broken)

    def _close(self, pieces: list[bytes]) -> None:
        self.last = b"".join([*self._held, *pieces, self._closing()])
        self._held = []

    def _hold(self, pieces: list[bytes]) -> None:
        self._held += pieces
        self._held_bytes += sum(map(len, pieces))
        if self._held_bytes > HELD_BYTES_MAX:
            self.broken = self.broken or "too much came before the first word of the reply"
