"""The client's side of one connection, without the connection: the reply's bytes in, events out."""

from typing import Final

from hrd.http.chunked import ChunkedBroken, ChunkedDecoder
from hrd.http.fields import NEVER_IN_A_HEAD
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, ReplyBroken, ReplyHead
from hrd.http.reply import is_without_body, parse_reply_head

__all__ = ["ReplyBroken", "ReplyReader"]

_HEAD: Final = 0
_FIXED: Final = 1
_CHUNKED: Final = 2
_TO_THE_END: Final = 3
_END: Final = 4
_COMPLETE: Final = 5
_BROKEN: Final = 6


class ReplyReader:
    """begin() a reply, feed() what arrives, take next_event() until None or END_OF_MESSAGE."""

    __slots__ = (
        "_chunks",
        "_data",
        "_head",
        "_interim_count",
        "_is_at_eof",
        "_limits",
        "_method",
        "_received",
        "_remaining",
        "_searched",
        "_state",
        "body_limit",
    )

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._data: bytes | bytearray = b""
        self._is_at_eof = False
        self._method = ""
        self._head: ReplyHead | None = None
        self._state = _COMPLETE

    def begin(self, method: str) -> None:
        """A request of *method* is on its way; the next bytes are its reply. On a used connection only if reusable."""
        assert self._state == _COMPLETE, "the connection is of no further use"
        assert self._head is None or self.reusable, "the connection is of no further use"
        self._method = method
        self._head = None
        self._state = _HEAD
        self._searched = 0
        self._interim_count = 0
        self._remaining = 0
        self._received = 0
        self._chunks: ChunkedDecoder | None = None
        self.body_limit = self._limits.reply_body_bytes
        """For the current reply; may be set until its body begins."""

    @property
    def reusable(self) -> bool:
        """Whether the reply ended where it said, the peer keeps the connection, and nothing came after."""
        return (
            self._state == _COMPLETE
            and self._head is not None
            and self._head.keep_alive
            and not self._data
            and not self._is_at_eof
        )

    @property
    def unread(self) -> bytes:
        """What came after the current reply, or of a head that is not whole yet."""
        return bytes(self._data)

    def feed(self, data: bytes | bytearray) -> None:
        """Take what arrived; look at it in next_event()."""
        if self._data:
            self._data += data
        else:
            self._data = bytes(data)

    def feed_eof(self) -> None:
        """The peer closed. That ends a reply that has no other end, and breaks any other."""
        self._is_at_eof = True

    def next_event(self) -> ReplyHead | bytes | EndOfMessage | None:
        """The next part of the reply; None when that takes more bytes, or the reply is complete."""
        state = self._state
        if state == _END:
            self._state = _COMPLETE
            return END_OF_MESSAGE
        if state == _COMPLETE:
            return None
        try:
            if state == _CHUNKED:
                return self._read_chunked()
            if state == _HEAD:
                return self._read_head()
            if state == _FIXED:
                return self._read_fixed()
            if state == _TO_THE_END:
                return self._read_to_the_end()
        except ReplyBroken:
            self._state = _BROKEN
            raise
        raise ReplyBroken("the reply was broken before")

    def take_body(self) -> bytes | None:
        """All of the body in one step, where its length was said and it came with its head; else None: see next_event()."""
        data, size = self._data, self._remaining
        if self._state != _FIXED or self._received or len(data) != size or size > self.body_limit:
            return None
        self._data = b""
        self._received, self._remaining = size, 0
        self._state = _COMPLETE
        return bytes(data)

    def _read_head(self) -> ReplyHead | None:
        while True:
            data = self._data
            end = data.find(b"\r\n\r\n", self._searched) + 4
            if (end if end >= 4 else len(data)) > self._limits.reply_head_bytes:
                raise ReplyBroken("the reply's head is too large")
            if end < 4:
                self._keep_unfinished_head()
                return None
            self._data = bytes(data[end:])
            self._searched = 0
            head = parse_reply_head(bytes(data[:end]), self._method, self._limits)
            if head.status >= 200:
                return self._open(head)
            if head.status == 101:
                raise ReplyBroken("the peer switched to another protocol, unasked")
            self._interim_count += 1
            if self._interim_count > self._limits.interim_replies_count:
                raise ReplyBroken("there were too many interim replies")

    def _open(self, head: ReplyHead) -> ReplyHead:
        self._head = head
        if is_without_body(head.status, self._method):
            self._state = _END
        elif head.chunked:
            self._chunks = ChunkedDecoder(self._limits)
            self._state = _CHUNKED
        elif head.content_length is None:
            self._state = _TO_THE_END
        else:
            self._remaining = head.content_length
            self._state = _FIXED if head.content_length else _END
        return head

    def _keep_unfinished_head(self) -> None:
        """Refuse what cannot become a reply; without this a peer that speaks no HTTP would be waited for."""
        if type(self._data) is bytes:
            self._data = bytearray(self._data)  # grows in place: a head in single bytes costs no copies
        if not self._data.startswith(b"HTTP/1."[: len(self._data)]):
            raise ReplyBroken("what came back is not HTTP/1")
        if NEVER_IN_A_HEAD.search(self._data, max(0, self._searched - 1)):
            raise ReplyBroken("the reply's head holds a NUL, or a CR or LF on its own")
        self._searched = max(0, len(self._data) - 3)
        if self._is_at_eof:
            raise ReplyBroken("the peer closed inside the reply's head" if self._data else "the peer closed without a reply")

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
            self._state = _END
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
            raise ReplyBroken(f"the reply's chunks are malformed: {broken}") from None
        self._received += len(body)
        self._check_size(self._received)
        if chunks.is_complete:
            self._data = chunks.rest
            if not body:
                self._state = _COMPLETE
                return END_OF_MESSAGE
            self._state = _END
        elif not body:
            self._refuse_if_cut_short()
        return body or None

    def _read_to_the_end(self) -> bytes | EndOfMessage | None:
        data = bytes(self._data)
        self._data = b""
        self._received += len(data)
        self._check_size(self._received)
        if data:
            return data
        if self._is_at_eof:
            self._state = _COMPLETE
            return END_OF_MESSAGE
        return None

    def _check_size(self, size: int) -> None:
        if size > self.body_limit:
            raise ReplyBroken(f"the reply is larger than {self.body_limit} bytes")

    def _refuse_if_cut_short(self) -> None:
        if self._is_at_eof:
            raise ReplyBroken("the peer closed before the reply's end")
