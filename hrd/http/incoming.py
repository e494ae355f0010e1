"""Incoming: what both sides of a connection do alike with what arrives: keep it, and cut a body out of it.

A body ends where its length says or with its last chunk. How a message is refused is for each side to say.
"""

import abc
from typing import Final

from hrd.http.chunked import ChunkedBroken, ChunkedDecoder
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage

HEAD: Final = 0
FIXED: Final = 1
CHUNKED: Final = 2
TO_THE_END: Final = 3
END: Final = 4
COMPLETE: Final = 5
BROKEN: Final = 6


class Incoming(abc.ABC):
    """One message of it at a time. What follows stays unread until the next is begun."""

    __slots__ = ("_chunks", "_data", "_is_at_eof", "_limits", "_received", "_remaining", "_searched", "_state", "body_limit")

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._data: bytes | bytearray = b""
        self._is_at_eof = False

    def _begin_message(self, body_limit: int) -> None:
        self._state = HEAD
        self._searched = 0
        self._remaining = 0
        self._received = 0
        self._chunks: ChunkedDecoder | None = None
        self.body_limit = body_limit
        """For the current message; may be set until its body is asked for."""

    @abc.abstractmethod
    def _refuse_if_cut_short(self) -> None:
        """Raise if nothing more will come."""

    @abc.abstractmethod
    def _check_size(self, size: int) -> None:
        """Raise if a body of so many bytes is over the limit."""

    @abc.abstractmethod
    def _malformed(self, broken: ChunkedBroken) -> Exception:
        """What to raise for chunks that are none."""

    @property
    def unread(self) -> bytes:
        """What came after the current message, or of a head that is not whole yet."""
        return bytes(self._data)

    def feed(self, data: bytes | bytearray) -> None:
        """Take what arrived; look at it in next_event()."""
        if self._data:
            self._data += data
        else:
            self._data = bytes(data)

    def take_body(self) -> bytes | None:
        """All of the body in one step, where its length was said and it came with its head; else None: see next_event()."""
        data, size = self._data, self._remaining
        if self._state != FIXED or self._received or len(data) != size or size > self.body_limit:
            return None
        self._data = b""
        self._received, self._remaining = size, 0
        self._state = COMPLETE
        return bytes(data)

    def _expect_chunks(self) -> None:
        self._chunks = ChunkedDecoder(self._limits)
        self._state = CHUNKED

    def _read_fixed(self) -> bytes | None:
        self._check_size(self._received + self._remaining)
        data = self._data
        if not data:
            self._refuse_if_cut_short()
            return None
        size = len(data)
        if size <= self._remaining:
            self._data = b""
        else:
            size = self._remaining
            self._data = data[size:]
            data = data[:size]
        self._received += size
        self._remaining -= size
        if not self._remaining:
            self._state = END
        return bytes(data)

    def _read_chunked(self) -> bytes | EndOfMessage | None:
        chunks = self._chunks
        assert chunks is not None
        if not self._data:
            self._refuse_if_cut_short()
            return None
        data = bytes(self._data)
        self._data = b""
        try:
            body = chunks.decode(data)
        except ChunkedBroken as broken:
            raise self._malformed(broken) from None
        self._received += len(body)
        self._check_size(self._received + chunks.remaining)
        if chunks.is_complete:
            self._data = chunks.rest
            if not body:
                self._state = COMPLETE
                return END_OF_MESSAGE
            self._state = END
        elif not body:
            self._refuse_if_cut_short()
        return body or None
