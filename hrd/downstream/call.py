"""A call: one request on a client's connection, and the reply to it. What every endpoint is handed."""

from collections.abc import Awaitable, Callable, Iterable

import trio

from hrd.downstream.context import Context, Header
from hrd.downstream.encodings import decoded
from hrd.downstream.peers import Peer
from hrd.http import encode
from hrd.http.alarms import NEVER, Alarm
from hrd.http.messages import END_OF_MESSAGE, RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from hrd.http.wire import Wire

RECEIVE_BYTES = 65_536
STUCK_BYTES = 16_384
"""So much waits for a client that comments to it are left out."""
JSON: Header = (b"content-type", b"application/json")
_AS_IT_COMES: tuple[Header, ...] = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))
EVENT_STREAM: tuple[Header, ...] = ((b"content-type", b"text/event-stream; charset=utf-8"), *_AS_IT_COMES)
JSON_LINES: tuple[Header, ...] = ((b"content-type", b"application/x-ndjson"), *_AS_IT_COMES)

CLIENT_GONE = "client gone"
STOPPING = "stopping"
TOO_LATE = "too late"
BODY_STOPPED = "body stopped coming"


class Call:
    """One request and its reply. Cancelled from outside it ends with its connection; `cancel_reason` says why."""

    request_id: str
    cancel_reason: str = ""
    goodbye: Callable[[], Awaitable[None]] | None = None
    """What to do for a cancelled call's client, when nothing is cancelled any more."""
    begun: bool = False
    """The head of the reply was made."""
    is_torn: bool = False
    """A piece of the reply has left only in part: nothing that could be said now would be understood."""
    status: int = 0
    keep_alive: bool
    extra: tuple[Header, ...]
    """Headers that every reply to this call carries."""
    _alarm_reason: str = CLIENT_GONE
    _end_at: float = NEVER
    _held: int = 0
    _pending: bytes = b""
    _chunked: bool = False

    def __init__(
        self,
        head: RequestHead,
        parser: ServerConnection,
        transport: Wire,
        peer: Peer,
        context: Context,
        scope: trio.CancelScope,
        alarm: Alarm,
    ) -> None:
        self.head = head
        self.peer = peer
        self.request_id = context.next_request_id()
        self.keep_alive = head.keep_alive
        self.extra = context.cors(head)
        self._parser = parser
        self._transport = transport
        self._context = context
        self._scope = scope
        self._alarm = alarm
        self._is_body_read = not head.has_body
        if self._is_body_read:
            parser.next_event()  # its end

    # the request ---------------------------------------------------------------------------------------------------------

    async def body(self) -> bytes:
        """The whole request body, without its content-encoding. Raises `RequestRejected`: 413 over the limit, 503 when too much
        is held already, 415 and 400 for an encoding that cannot be read."""
        body = self._body()
        if body is None:
            body = await self._rest_of_body()
        encoding = self.head.headers.get(b"content-encoding")
        if encoding is None or encoding.strip().lower() in (b"", b"identity"):
            return body
        unfolded = decoded(body, encoding, self._context.limits.body_bytes)
        self._hold(len(unfolded))
        return unfolded

    def _body(self) -> bytes | None:
        """All of it, if it is here already."""
        if self._is_body_read:
            return b""
        announced = self.head.content_length or 0
        if announced > self._context.limits.body_bytes:  # nobody is told to go on, and nobody's room is taken
            raise RequestRejected(413, f"the request body is larger than {self._context.limits.body_bytes} bytes")
        whole = self._parser.take_body()
        if whole is not None:
            self._hold(len(whole))
            self._is_body_read = True
        return whole

    async def _rest_of_body(self) -> bytes:
        parts: list[bytes] = []
        if self.head.expects_continue and not self._parser.has_unread:
            await self._send(encode.CONTINUE_100)
        while True:
            event = self._parser.next_event()
            if event is None:
                await self._receive_more()
            elif event is END_OF_MESSAGE:
                self._is_body_read = True
                return parts[0] if len(parts) == 1 else b"".join(parts)
            else:
                assert isinstance(event, bytes), "a head cannot come inside a body"
                parts.append(event)
                self._hold(len(event))  # what came, not what was announced: announcing costs a client nothing

    def _hold(self, count: int) -> None:
        if not self._context.budget.take(count):
            raise RequestRejected(503, "the router holds too many bodies at the moment (MAX_BUFFERED_BYTES); ask again")
        self._held += count

    def hold_reply(self, count: int) -> bool:
        """Room for *count* bytes of a whole reply; released with the call."""
        if not self._context.budget.take(count):
            return False
        self._held += count
        return True

    async def _receive_more(self) -> None:
        self._alarm_reason = BODY_STOPPED
        self._alarm.at = trio.current_time() + self._context.patience.body_s
        data = await self._transport.receive_some(RECEIVE_BYTES)
        self._alarm_reason = TOO_LATE
        self._alarm.at = self._end_at
        if not data:
            raise ClientGone
        self._parser.feed(data)

    @property
    def is_body_read(self) -> bool:
        return self._is_body_read

    def _skip_what_came(self) -> None:
        """A body that nobody wanted, as far as it is here already: then the connection can be kept."""
        try:
            while (event := self._parser.next_event()) is not None:
                if event is END_OF_MESSAGE:
                    self._is_body_read = True
                    return
        except RequestRejected:
            pass

    # the reply -----------------------------------------------------------------------------------------------------------

    async def reply(self, status: int, headers: Iterable[Header], body: bytes, lines: bytes = b"") -> None:
        """Send a whole reply. *lines*: headers that many replies have in common (`encode.header_lines`)."""
        self.status = status
        if not self._is_body_read:
            self._skip_what_came()
        self.keep_alive = self.keep_alive and self._is_body_read and not self._context.is_ending
        head = encode.reply_head(
            status,
            [*headers, self._context.date(), *self.extra],
            length=len(body),
            chunked=False,
            keep_alive=self.keep_alive,
            minor=self.head.minor,
            lines=lines,
        )
        self.begun = True
        if self.head.method == "HEAD":
            await self._send(head)
            return
        await self._send(head + body[:RECEIVE_BYTES])
        for start in range(RECEIVE_BYTES, len(body), RECEIVE_BYTES):  # a slow client has its patience for each piece
            await self._send(body[start : start + RECEIVE_BYTES])

    def begin_stream(self, headers: Iterable[Header], kind: tuple[Header, ...] = EVENT_STREAM) -> None:
        """Make the head of a streamed reply, of the type that *kind* says; it goes out with the first bytes."""
        self.status = 200
        self._chunked = self.head.minor > 0
        self.keep_alive = self.keep_alive and self._chunked and self._is_body_read and not self._context.is_ending
        self._pending += encode.reply_head(
            200,
            [*kind, *headers, self._context.date(), *self.extra],
            length=None,
            chunked=self._chunked,
            keep_alive=self.keep_alive,
            minor=self.head.minor,
        )
        self.begun = True

    async def send(self, data: bytes) -> None:
        """Send a piece of a streamed reply; waits while the client is slow."""
        if self._chunked:
            data = encode.chunk(data)
        if self._pending:
            data, self._pending = self._pending + data, b""
        await self._send(data)

    def send_nowait(self, data: bytes) -> None:
        """Send a comment if the client takes it at once; what it does not take goes before the next piece."""
        if len(self._pending) > STUCK_BYTES:
            return
        data = self._pending + (encode.chunk(data) if self._chunked else data)
        self._pending = data[self._transport.send_nowait(data) :]

    async def finish(self, last: bytes) -> None:
        """Send the last piece and the end of a streamed reply."""
        pending, self._pending = self._pending, b""
        if self._chunked:
            last = encode.chunk(last) + encode.LAST_CHUNK
        await self._send(pending + last)

    async def _send(self, data: bytes) -> None:
        """Mostly the kernel takes it at once; only a client that lags behind is waited for, and not for ever."""
        sent = self._transport.send_nowait(data)
        if sent == len(data):
            return
        write_by = trio.current_time() + self._context.patience.write_s
        self._alarm_reason = CLIENT_GONE if write_by < self._end_at else TOO_LATE
        self._alarm.at = min(self._end_at, write_by)
        self.is_torn = True
        await self._transport.send_all(data[sent:])
        self.is_torn = False
        self._alarm_reason = TOO_LATE
        self._alarm.at = self._end_at

    # its end -------------------------------------------------------------------------------------------------------------

    def end_by(self, at: float) -> None:
        """The call is cancelled at *at* (trio's clock), as too late, unless it is over by then."""
        self._end_at = self._alarm.at = at
        self._alarm_reason = TOO_LATE

    def ring(self) -> None:
        """The alarm of this call's connection: whatever it waits for takes too long."""
        self.cancel(self._alarm_reason)

    def cancel(self, reason: str) -> None:
        """End the call, and its connection, from outside."""
        if not self.cancel_reason:
            self.cancel_reason = reason
            self._scope.cancel()

    def close(self) -> None:
        """Give back what the call held."""
        if self._held:
            self._context.budget.give_back(self._held)
            self._held = 0


class ClientGone(Exception):  # noqa: N818 - says what happened
    """The client closed its connection."""


Endpoint = Callable[[Call], Awaitable[None]]
