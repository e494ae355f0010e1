"""One client connection: requests in, calls out, replies in order, until either side has had enough."""

from collections.abc import Callable
from http import HTTPStatus

import msgspec
import trio

from hrd.downstream.call import JSON, RECEIVE_BYTES, BufferBudget, Call, ClientGone, Endpoint
from hrd.downstream.departures import Departures
from hrd.downstream.peers import Peer
from hrd.http import encode
from hrd.http.limits import HttpLimits
from hrd.http.messages import RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from hrd.http.wire import Wire, WireBroken

GOODBYE_S = 1.0
"""How long a refused client may take to read why, before its connection is closed."""
DRAIN_BYTES_MAX = 1_048_576
"""How much of a refused body is read, so that the client sees the refusal and not a reset."""


class Patience(msgspec.Struct, frozen=True):
    """How long each phase of a connection may last, in seconds."""

    idle_s: float
    header_s: float
    body_s: float
    write_s: float


class Context(msgspec.Struct, frozen=True):
    """What all connections of one listener share."""

    dispatch: Callable[[RequestHead], Endpoint]
    limits: HttpLimits
    patience: Patience
    budget: BufferBudget
    departures: Departures
    calls: dict[int, Call]
    """The calls that are being served, by a number of their own."""
    next_request_id: Callable[[], str]
    date: Callable[[], bytes]
    is_stopping: Callable[[], bool]
    crashed: Callable[[Call, BaseException], None]
    """Told of an error that nobody foresaw; the only place where one is caught."""
    cors: Callable[[RequestHead], tuple[tuple[bytes, bytes], ...]]


class ClientConnection:
    """Serves one connection to its end."""

    def __init__(self, transport: Wire, peer: Peer, context: Context, number: int) -> None:
        self._transport = transport
        self._peer = peer
        self._context = context
        self._number = number
        self._parser = ServerConnection(context.limits)
        self._call: Call | None = None
        self._has_left = False
        self.phase = trio.CancelScope()
        self.is_idle = True

    async def serve(self) -> None:
        """Serve requests until the client leaves, a deadline passes, or one side asks to close."""
        fileno = self._transport.fileno()
        self._context.departures.watch(fileno, self._client_left)
        try:
            with self.phase:
                while await self._serve_one():
                    pass
        except (WireBroken, ClientGone):
            pass
        finally:
            self._context.departures.unwatch(fileno)
            self._transport.close()

    def close_if_idle(self) -> None:
        """We stop: nobody waits for anything on this connection."""
        if self.is_idle:
            self.phase.cancel()

    def _client_left(self) -> None:
        self._has_left = True
        if self._call is not None:
            self._call.cancel("client gone")

    async def _serve_one(self) -> bool:
        """One request and its reply; whether another may follow."""
        try:
            head = await self._next_head()
        except RequestRejected as rejected:
            await self._refuse(rejected)
            return False
        if head is None:
            return False
        context = self._context
        call = Call(
            head=head,
            parser=self._parser,
            transport=self._transport,
            peer=self._peer,
            request_id=context.next_request_id(),
            budget=context.budget,
            body_s=context.patience.body_s,
            write_s=context.patience.write_s,
            date=context.date,
            extra=context.cors(head),
        )
        self._call = context.calls[self._number] = call
        try:
            if self._has_left and not self._parser.has_unread:
                call.cancel("client gone")
            await context.dispatch(head)(call)
        except RequestRejected as rejected:
            if not call.begun:
                await self._refuse(rejected, call)
            return False
        except Exception as crash:  # noqa: BLE001 - the one place where an error nobody foresaw ends a request, not the daemon
            context.crashed(call, crash)
            if not call.begun:
                await self._refuse(RequestRejected(500, "The router failed; its log says how."), call)
            return False
        finally:
            call.close()
            self._call = None
            del context.calls[self._number]
        if not call.keep_alive or not call.is_body_read or context.is_stopping():
            if not call.is_body_read:
                await self._drain()
            return False
        self._parser.start_next_cycle()
        return True

    async def _next_head(self) -> RequestHead | None:
        """The next request's head; None when the client has left between two requests."""
        context, parser = self._context, self._parser
        in_head = False
        while (event := parser.next_event()) is None:
            self.is_idle = parser.is_idle
            if self.is_idle:
                if context.is_stopping():
                    return None
                self.phase.deadline = trio.current_time() + context.patience.idle_s
            elif not in_head:
                in_head = True
                self.phase.deadline = trio.current_time() + context.patience.header_s
            data = await self._transport.receive_some(RECEIVE_BYTES)
            if not data:
                return None
            parser.feed(data)
        self.is_idle = False
        self.phase.deadline = float("inf")
        assert isinstance(event, RequestHead), "a cycle begins with a head"
        return event

    async def _refuse(self, rejected: RequestRejected, call: Call | None = None) -> None:
        """Say why in the shape that most clients read, and close."""
        name = HTTPStatus(rejected.status).phrase.lower().replace(" ", "_")
        error = {"message": rejected.message, "type": "invalid_request_error", "param": None, "code": name}
        body = msgspec.json.encode({"error": error})
        headers = [JSON, (b"x-request-id", (call.request_id if call else self._context.next_request_id()).encode())]
        if rejected.status == 503:
            headers.append((b"retry-after", b"1"))
        head = encode.reply_head(rejected.status, headers, length=len(body), chunked=False, keep_alive=False, minor=1)
        with trio.move_on_after(GOODBYE_S, shield=True):
            await self._transport.send_all(head + body)
            await self._drain()

    async def _drain(self) -> None:
        """Read on for a moment, so that closing does not reset the connection under the client's eyes."""
        with trio.move_on_after(GOODBYE_S):
            left = DRAIN_BYTES_MAX
            self._transport.send_eof()
            while left > 0 and (data := await self._transport.receive_some(RECEIVE_BYTES)):
                left -= len(data)
