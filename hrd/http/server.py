"""The server's side of one connection, without the connection: bytes in, events out.

One request at a time. What follows it stays unread until start_next_cycle(), so a client that pipelines can never make us hold
more than what its own socket pump was willing to read.
"""

from typing import Final

from hrd.http.chunked import ChunkedBroken
from hrd.http.fields import NEVER_IN_A_HEAD
from hrd.http.incoming import BROKEN, CHUNKED, COMPLETE, END, FIXED, HEAD, Incoming
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, RequestHead, RequestRejected
from hrd.http.request import parse_request_head

__all__ = ["RequestRejected", "ServerConnection"]


_FIRST_BYTES: Final = frozenset(b"-!#$%&'*+.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class ServerConnection(Incoming):
    """feed() what arrives, take next_event() until None, answer, start_next_cycle(). RequestRejected: answer, close."""

    __slots__ = ("_has_skipped_line", "_rejected", "_request")

    def __init__(self, limits: HttpLimits) -> None:
        super().__init__(limits)
        self._rejected: RequestRejected | None = None
        self._has_skipped_line = False
        self._request: RequestHead | None = None
        self._begin_message(limits.body_bytes)

    @property
    def has_unread(self) -> bool:
        return bool(self._data)

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has come since the connection opened or the last cycle began."""
        return self._state == HEAD and not self._data and not self._has_skipped_line

    @property
    def is_complete(self) -> bool:
        """Whether the current request was read to its end."""
        return self._state == COMPLETE

    def feed_eof(self) -> None:
        """Nothing more will arrive. What came whole is still served."""
        self._is_at_eof = True

    def next_event(self) -> RequestHead | bytes | EndOfMessage | None:
        """The next thing the client said; None when that takes more bytes, or the request is complete."""
        state = self._state
        if state == COMPLETE:
            return None
        if state == END:
            self._state = COMPLETE
            return END_OF_MESSAGE
        try:
            if state == HEAD:
                return self._read_head()
            if state == FIXED:
                return self._read_fixed()
            if state == CHUNKED:
                return self._read_chunked()
        except RequestRejected as rejected:
            self._state = BROKEN
            self._rejected = rejected
            raise
        assert self._rejected is not None
        raise self._rejected

    def start_next_cycle(self) -> None:
        """The exchange is over; look at what follows it."""
        assert self._state == COMPLETE, "the request was not read to its end"
        assert self._request is not None
        assert self._request.keep_alive, "the client wanted the connection closed"
        self._has_skipped_line = False
        self._request = None
        self._begin_message(self._limits.body_bytes)

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
            self._state = FIXED
        elif request.chunked:
            self._expect_chunks()
        else:
            self._state = END
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

    def _malformed(self, broken: ChunkedBroken) -> RequestRejected:
        return RequestRejected(400, f"the chunked body is malformed: {broken}")

    def _check_size(self, size: int) -> None:
        if size > self.body_limit:
            raise RequestRejected(413, f"the request body is larger than {self.body_limit} bytes")

    def _refuse_if_cut_short(self) -> None:
        if self._is_at_eof:
            raise RequestRejected(400, "the connection ended inside a request")
