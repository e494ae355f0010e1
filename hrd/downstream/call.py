"""A call: one request on a client's connection, and the reply to it. What every endpoint is handed."""

from collections.abc import Awaitable, Callable, Iterable

import trio

from hrd.downstream.peers import Peer
from hrd.http import encode
from hrd.http.messages import END_OF_MESSAGE, RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from hrd.http.wire import Wire

Header = tuple[bytes, bytes]
RECEIVE_BYTES = 65_536
JSON = (b"content-type", b"application/json")
EVENT_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class BufferBudget:
    """How much of bodies and whole replies may be held at once, over all calls."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.held = 0

    def take(self, count: int) -> bool:
        """Whether there was room for *count* more bytes; then they are held."""
        if self.held + count > self.bytes_max:
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        self.held -= count


class Call:
    """One request and its reply. Cancelling `scope` ends the call; `cancel_reason` says why."""

    def __init__(
        self,
        *,
        head: RequestHead,
        parser: ServerConnection,
        transport: Wire,
        peer: Peer,
        request_id: str,
        budget: BufferBudget,
        body_s: float,
        write_s: float,
        date: Callable[[], bytes],
        extra: tuple[Header, ...] = (),
    ) -> None:
        self.head = head
        self.peer = peer
        self.request_id = request_id
        self.scope = trio.CancelScope()
        self.cancel_reason = ""
        self.begun = False
        """The head of the reply went out."""
        self.status = 0
        self.keep_alive = head.keep_alive
        self.extra = extra
        """Headers that every reply to this call carries (CORS)."""
        self._parser = parser
        self._transport = transport
        self._budget = budget
        self._held = 0
        self._body_s = body_s
        self._write_s = write_s
        self._date = date
        self._pending = b""
        self._chunked = False
        self._body_read = not head.has_body
        if self._body_read:
            parser.next_event()  # its end

    # the request ---------------------------------------------------------------------------------------------------------

    async def body(self) -> bytes:
        """The whole request body. Raises `RequestRejected`: 413 over the limit, 408 when it stops coming, 503 when too much is
        held already."""
        if self._body_read:
            return b""
        self._hold(self.head.content_length or 0)
        parts: list[bytes] = []
        size = 0
        if self.head.expects_continue and not self._parser.has_unread:
            await self._transport.send_all(encode.CONTINUE_100)
        while True:
            event = self._parser.next_event()
            if event is None:
                await self._receive_more()
            elif event is END_OF_MESSAGE:
                self._body_read = True
                return parts[0] if len(parts) == 1 else b"".join(parts)
            else:
                assert isinstance(event, bytes), "a head cannot come inside a body"
                parts.append(event)
                size += len(event)
                if size > self._held:
                    self._hold(max(len(event), RECEIVE_BYTES))

    def _hold(self, count: int) -> None:
        if not self._budget.take(count):
            raise RequestRejected(503, "The router holds too many bodies at the moment (MAX_BUFFERED_BYTES); ask again.")
        self._held += count

    def hold_reply(self, count: int) -> bool:
        """Room for *count* bytes of a whole reply; released with the call."""
        if not self._budget.take(count):
            return False
        self._held += count
        return True

    async def _receive_more(self) -> None:
        with trio.move_on_after(self._body_s) as patience:
            data = await self._transport.receive_some(RECEIVE_BYTES)
        if patience.cancelled_caught:
            raise RequestRejected(408, "The request body stopped coming.")
        if data:
            self._parser.feed(data)
        else:
            self._parser.feed_eof()
            raise ClientGone

    # the reply -----------------------------------------------------------------------------------------------------------

    async def reply(self, status: int, headers: Iterable[Header], body: bytes) -> None:
        """Send a whole reply."""
        self.status = status
        if not self._body_read:
            self.keep_alive = False
        head = encode.reply_head(
            status,
            [*headers, (b"date", self._date()), *self.extra],
            length=len(body),
            chunked=False,
            keep_alive=self.keep_alive,
            minor=self.head.minor,
        )
        self.begun = True
        if self.head.method == "HEAD":
            await self._send(head)
        elif len(body) <= RECEIVE_BYTES:
            await self._send(head + body)
        else:
            await self._send(head)
            await self._send(body)

    def begin_stream(self, headers: Iterable[Header]) -> None:
        """Make the head of a streamed reply; it goes out with the first bytes."""
        self.status = 200
        self._chunked = self.head.minor > 0
        self.keep_alive = self.keep_alive and self._chunked and self._body_read
        self._pending += encode.reply_head(
            200,
            [*EVENT_STREAM, *headers, (b"date", self._date()), *self.extra],
            length=None,
            chunked=self._chunked,
            keep_alive=self.keep_alive,
            minor=self.head.minor,
        )
        self.begun = True

    async def send(self, data: bytes) -> None:
        """Send a piece of a streamed reply; waits while the client is slow."""
        pending, self._pending = self._pending, b""
        await self._send(pending + (encode.chunk(data) if self._chunked else data))

    def send_nowait(self, data: bytes) -> None:
        """Send a comment if the client takes it at once; what it does not take goes before the next piece."""
        if self._pending and self._pending_is_stuck:
            return
        data = self._pending + (encode.chunk(data) if self._chunked else data)
        self._pending = data[self._transport.send_nowait(data) :]

    @property
    def _pending_is_stuck(self) -> bool:
        """More than a head is waiting: the client takes nothing."""
        return len(self._pending) > 16_384

    async def finish(self, last: bytes) -> None:
        """Send the last piece and the end of a streamed reply."""
        pending, self._pending = self._pending, b""
        if self._chunked:
            last = encode.chunk(last) + encode.LAST_CHUNK
        await self._send(pending + last)

    async def _send(self, data: bytes) -> None:
        with trio.move_on_after(self._write_s) as patience:
            await self._transport.send_all(data)
        if patience.cancelled_caught:
            raise ClientGone

    # its end -------------------------------------------------------------------------------------------------------------

    def cancel(self, reason: str) -> None:
        """End the call from outside: `client gone`, `stopping`."""
        if not self.cancel_reason:
            self.cancel_reason = reason
            self.scope.cancel()

    def close(self) -> None:
        """Give back what the call held."""
        self._budget.give_back(self._held)
        self._held = 0

    @property
    def is_body_read(self) -> bool:
        return self._body_read


class ClientGone(Exception):  # noqa: N818 - says what happened
    """The client closed its connection, or takes nothing any more."""


Endpoint = Callable[[Call], Awaitable[None]]
