"""The server's side of one connection, without the connection: bytes in, events out.

One request at a time. What follows it stays unread until start_next_cycle(), so a client that pipelines can never make us hold
more than what its own socket pump was willing to read.
"""

from typing import Final

from hrd.http.chunked import ChunkedBroken, ChunkedDecoder
from hrd.http.fields import NEVER_IN_A_HEAD
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, RequestHead, RequestRejected
from hrd.http.request import parse_request_head

__all__ = ["RequestRejected", "ServerConnection"]

_HEAD: Final = 0
_FIXED: Final = 1
_CHUNKED: Final = 2
_END: Final = 3
_COMPLETE: Final = 4
_REJECTED: Final = 5

_FIRST_BYTES: Final = frozenset(b"-!#$%&'*+.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class ServerConnection:
    """feed() what arrives, take next_event() until None, answer, start_next_cycle(). RequestRejected: answer, close."""

    __slots__ = (
        "_chunks",
        "_data",
        "_has_skipped_line",
        "_is_at_eof",
        "_limits",
        "_received",
        "_rejected",
        "_remaining",
        "_request",
        "_searched",
        "_state",
        "body_limit",
    )

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._data: bytes | bytearray = b""
        self._is_at_eof = False
        self._rejected: RequestRejected | None = None
        self._begin()

    def _begin(self) -> None:
        self._state = _HEAD
        self._searched = 0
        self._has_skipped_line = False
        self._request: RequestHead | None = None
        self._remaining = 0
        self._received = 0
        self._chunks: ChunkedDecoder | None = None
        self.body_limit = self._limits.body_bytes
        """For the current request; may be set after its head, before the next event is asked for."""

    @property
    def unread(self) -> bytes:
        """What came after the current request, or of a head that is not whole yet."""
        return bytes(self._data)

    @property
    def has_unread(self) -> bool:
        return bool(self._data)

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has come since the connection opened or the last cycle began."""
        return self._state == _HEAD and not self._data and not self._has_skipped_line

    @property
    def is_complete(self) -> bool:
        """Whether the current request was read to its end."""
        return self._state == _COMPLETE

    def feed(self, data: bytes | bytearray) -> None:
        """Take what arrived; look at it in next_event()."""
        if self._data:
            self._data += data
        else:
            self._data = bytes(data)

    def feed_eof(self) -> None:
        """Nothing more will arrive. What came whole is still served."""
        self._is_at_eof = True

    def next_event(self) -> RequestHead | bytes | EndOfMessage | None:
        """The next thing the client said; None when that takes more bytes, or the request is complete."""
        state = self._state
        if state == _COMPLETE:
            return None
        if state == _END:
            self._state = _COMPLETE
            return END_OF_MESSAGE
        try:
            if state == _HEAD:
                return self._read_head()
            if state == _FIXED:
                return self._read_fixed()
            if state == _CHUNKED:
                return self._read_chunked()
        except RequestRejected as rejected:
            self._state = _REJECTED
            self._rejected = rejected
            raise
        assert self._rejected is not None
        raise self._rejected

    def take_body(self) -> bytes | None:
        """All of the body in one step, where it came with its head and nothing after it; else None: see next_event()."""
        data, size = self._data, self._remaining
        if self._state != _FIXED or self._received or len(data) != size or size > self.body_limit:
            return None
        self._data = b""
        self._received, self._remaining = size, 0
        self._state = _COMPLETE
        return bytes(data)

    def start_next_cycle(self) -> None:
        """The exchange is over; look at what follows it."""
        assert self._state == _COMPLETE, "the request was not read to its end"
        assert self._request is not None
        assert self._request.keep_alive, "the client wanted the connection closed"
        self._begin()

    def _read_head(self) -> RequestHead | None:
        data = self._data
        if not data:
            return None
        if data[0] == 13 and not self._skip_empty_line():
            return None
        data = self._data
        end = data.find(b"\r\n\r\n", self._searched) + 4
        if end < 4:
            self._check_unfinished_head()
            return None
        if end > self._limits.head_bytes:
            raise self._too_large(data)
        self._data = bytes(data[end:])
        request = parse_request_head(bytes(data[:end]), self._limits)
        self._request = request
        if request.content_length:
            self._remaining = request.content_length
            self._state = _FIXED
        elif request.chunked:
            self._chunks = ChunkedDecoder(self._limits)
            self._state = _CHUNKED
        else:
            self._state = _END
        return request

    def _skip_empty_line(self) -> bool:
        """One empty line before a request is somebody's habit (RFC 9112 section 2.2); two are not. False: not known yet."""
        if self._data == b"\r":
            self._refuse_if_cut_short()
            return False
        if not self._data.startswith(b"\r\n") or self._has_skipped_line:
            raise RequestRejected(400, "the request line is malformed")
        self._has_skipped_line = True
        self._data = self._data[2:]
        return bool(self._data) and (self._data[0] != 13 or self._skip_empty_line())

    def _check_unfinished_head(self) -> None:
        """Refuse now what could never become a head, and what is too long already."""
        if type(self._data) is bytes:
            self._data = bytearray(self._data)  # grows in place: a head in single bytes costs no copies
        data = self._data
        if data[0] not in _FIRST_BYTES:
            raise RequestRejected(400, "the request line is malformed")
        line_bytes = self._limits.request_line_bytes + 2
        if len(data) > self._limits.head_bytes or (len(data) >= line_bytes and data.find(b"\r\n", 0, line_bytes) < 0):
            raise self._too_large(data)
        if NEVER_IN_A_HEAD.search(data, max(0, self._searched - 1)):
            raise RequestRejected(400, "the request head holds a NUL, or a CR or LF on its own")
        self._searched = max(0, len(data) - 3)
        self._refuse_if_cut_short()

    def _too_large(self, data: bytes | bytearray) -> RequestRejected:
        line_end = data.find(b"\r\n")
        if line_end < 0 or line_end > self._limits.request_line_bytes:
            return RequestRejected(414, "the request line is too long")
        return RequestRejected(431, "the request's header fields are too large")

    def _read_fixed(self) -> bytes | None:
        self._check_body_size(self._received + self._remaining)
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
            raise RequestRejected(400, f"the chunked body is malformed: {broken}") from None
        self._received += len(body)
        self._check_body_size(self._received + chunks.remaining)
        if chunks.is_complete:
            self._data = chunks.rest
            if not body:
                self._state = _COMPLETE
                return END_OF_MESSAGE
            self._state = _END
        elif not body:
            self._refuse_if_cut_short()
        return body or None

    def _check_body_size(self, size: int) -> None:
        if size > self.body_limit:
            raise RequestRejected(413, f"the request body is larger than {self.body_limit} bytes")

    def _refuse_if_cut_short(self) -> None:
        if self._is_at_eof:
            raise RequestRejected(400, "the connection ended inside a request")
