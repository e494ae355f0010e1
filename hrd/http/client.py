"""The client's side of one connection, without the connection: the reply's bytes in, events out."""

from hrd.http.chunked import ChunkedBroken
from hrd.http.fields import NEVER_IN_A_HEAD
from hrd.http.incoming import BROKEN, CHUNKED, COMPLETE, END, FIXED, HEAD, TO_THE_END, Incoming
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, ReplyBroken, ReplyHead
from hrd.http.reply import is_without_body, parse_reply_head

__all__ = ["ReplyBroken", "ReplyReader"]


class ReplyReader(Incoming):
    """begin() a reply, feed() what arrives, take next_event() until None or END_OF_MESSAGE."""

    __slots__ = ("_head", "_interim_count", "_method")

    def __init__(self, limits: HttpLimits) -> None:
        super().__init__(limits)
        self._method = ""
        self._head: ReplyHead | None = None
        self._state = COMPLETE

    def begin(self, method: str) -> None:
        """A request of *method* is on its way; the next bytes are its reply. On a used connection only if reusable."""
        assert self._state == COMPLETE, "the connection is of no further use"
        assert self._head is None or self.reusable, "the connection is of no further use"
        self._method = method
        self._head = None
        self._interim_count = 0
        self._begin_message(self._limits.reply_body_bytes)

    @property
    def reusable(self) -> bool:
        """Whether the reply ended where it said, the peer keeps the connection, and nothing came after."""
        return (
            self._state == COMPLETE
            and self._head is not None
            and self._head.keep_alive
            and not self._data
            and not self._is_at_eof
        )

    def feed_eof(self) -> None:
        """The peer closed. That ends a reply that has no other end, and breaks any other."""
        self._is_at_eof = True

    def next_event(self) -> ReplyHead | bytes | EndOfMessage | None:
        """The next part of the reply; None when that takes more bytes, or the reply is complete."""
        state = self._state
        if state == END:
            self._state = COMPLETE
            return END_OF_MESSAGE
        if state == COMPLETE:
            return None
        try:
            if state == CHUNKED:
                return self._read_chunked()
            if state == HEAD:
                return self._read_head()
            if state == FIXED:
                return self._read_fixed()
            if state == TO_THE_END:
                return self._read_to_the_end()
        except ReplyBroken:
            self._state = BROKEN
            raise
        raise ReplyBroken("the reply was broken before")

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
            self._state = END
        elif head.chunked:
            self._expect_chunks()
        elif head.content_length is None:
            self._state = TO_THE_END
        else:
            self._remaining = head.content_length
            self._state = FIXED if head.content_length else END
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

    def _read_to_the_end(self) -> bytes | EndOfMessage | None:
        data = bytes(self._data)
        self._data = b""
        self._received += len(data)
        self._check_size(self._received)
        if data:
            return data
        if self._is_at_eof:
            self._state = COMPLETE
            return END_OF_MESSAGE
        return None

    def _malformed(self, broken: ChunkedBroken) -> ReplyBroken:
        return ReplyBroken(f"the reply's chunks are malformed: {broken}")

    def _check_size(self, size: int) -> None:
        if size > self.body_limit:
            raise ReplyBroken(f"the reply is larger than {self.body_limit} bytes")

    def _refuse_if_cut_short(self) -> None:
        if self._is_at_eof:
            raise ReplyBroken("the peer closed before the reply's end")
