"""One client connection: requests in, calls out, replies in order, until either side has had enough."""

from collections.abc import Callable
from http import HTTPStatus

import msgspec
import trio

from hrd.downstream.call import BODY_STOPPED, CLIENT_GONE, JSON, RECEIVE_BYTES, Call, ClientGone
from hrd.downstream.context import Context
from hrd.downstream.peers import Peer
from hrd.http import encode
from hrd.http.alarms import NEVER, Alarm
from hrd.http.messages import RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from hrd.http.wire import Wire, WireBroken

GOODBYE_S = 1.0
"""How long a refused client may take to read why, before its connection is closed."""
DRAIN_BYTES_MAX = 1_048_576
"""How much of a refused body is read, so that the client sees the refusal and not a reset."""


class ClientConnection:
    """Serves one connection to its end. One cancel scope and one alarm for all of its life."""

    def __init__(self, transport: Wire, peer: Peer, context: Context, number: int, ended: Callable[[int], None]) -> None:
        """*ended* is called with *number* when all is over."""
        self._transport = transport
        self._peer = peer
        self._context = context
        self._number = number
        self._ended = ended
        self._parser = ServerConnection(context.limits)
        self._call: Call | None = None
        self._has_left = False
        self._scope = trio.CancelScope()
        self._alarm = Alarm(self._ring)
        self._is_passed_on = False
        self.is_idle = True

    async def serve(self) -> None:
        """Serve requests until the client leaves, a deadline passes, or one side asks to close."""
        context, fileno = self._context, self._transport.fileno()
        try:
            context.departures.watch(fileno, self._client_left)
            context.alarms.watch(self._alarm)
            with self._scope:
                while await self._serve_one():
                    pass
            if self._call is not None and self._scope.cancelled_caught:
                await self._say_goodbye(self._call)
        except (WireBroken, ClientGone):
            pass
        except Exception as crash:  # noqa: BLE001 - as in _serve_one: an error between calls, or in a goodbye, ends this connection
            context.crashed(self._call, crash)
        finally:
            context.calls.pop(self._number, None)
            context.alarms.unwatch(self._alarm)
            context.departures.unwatch(fileno)
            self._leave()
            self._ended(self._number)

    def close_if_idle(self) -> None:
        """We stop: nobody waits for anything on this connection."""
        if self.is_idle:
            self._scope.cancel()

    def pass_on_if_idle(self) -> None:
        """Another process serves this connection from now on, if not one byte of a request was read: wake it, to find out.

        Woken this way nothing is lost: bytes that have come but were not read go along."""
        if self.is_idle:
            trio.lowlevel.notify_closing(self._transport.raw_socket)

    def _leave(self) -> None:
        pass_on = self._context.pass_on
        if self._is_passed_on and pass_on is not None:
            pass_on(self._transport.detach())
        else:
            self._transport.close()

    def _ring(self) -> None:
        """What the connection waits for takes too long."""
        if self._call is None:
            self._scope.cancel()
        else:
            self._call.ring()

    def _client_left(self) -> None:
        self._has_left = True
        if self._call is not None:
            self._call.cancel(CLIENT_GONE)

    async def _serve_one(self) -> bool:
        """One request and its reply; whether another may follow."""
        context = self._context
        try:
            head = await self._next_head()
        except RequestRejected as rejected:
            await self._refuse(rejected)
            return False
        if head is None:
            return False
        call = Call(head, self._parser, self._transport, self._peer, context, self._scope, self._alarm)
        self._call = context.calls[self._number] = call
        try:
            if self._has_left:
                call.cancel(CLIENT_GONE)
            await context.dispatch(head)(call)
        except RequestRejected as rejected:
            if not call.begun:
                await self._refuse(rejected, call)
            return False
        except (WireBroken, ClientGone):
            return False
        except Exception as crash:  # noqa: BLE001 - the one place where an error nobody foresaw ends a request, not the daemon
            context.crashed(call, crash)
            if not call.begun:
                await self._refuse(RequestRejected(500, "The router failed; its log says how."), call)
            return False
        finally:
            call.close()
        if not call.keep_alive or context.is_ending:
            if not call.is_body_read:
                await self._drain()
            return False
        call.goodbye = None  # it knows the call: a cycle, which the collector would have to find
        self._call = None
        del context.calls[self._number]
        self._parser.start_next_cycle()
        return True

    async def _next_head(self) -> RequestHead | None:
        """The next request's head; None when the client has left between two requests."""
        context, parser = self._context, self._parser
        in_head = False
        event = parser.next_event() if parser.has_unread else None
        while event is None:
            if not in_head:
                self.is_idle = parser.is_idle
                if self.is_idle and context.is_stopping():
                    self._is_passed_on = context.pass_on is not None
                    return None
                in_head = not self.is_idle
                patience = context.patience
                self._alarm.at = trio.current_time() + (patience.header_s if in_head else patience.idle_s)
            try:
                data = await self._transport.receive_some(RECEIVE_BYTES)
            except trio.ClosedResourceError:
                if context.pass_on is None:
                    raise
                continue  # see pass_on_if_idle
            if not data:
                return None
            parser.feed(data)
            event = parser.next_event()
        self.is_idle = False
        self._alarm.at = NEVER
        assert isinstance(event, RequestHead), "a cycle begins with a head"
        return event

    async def _say_goodbye(self, call: Call) -> None:
        """The call was cancelled; its client, if it is still there, hears why. Bounded by whoever says it."""
        if call.is_torn:
            return
        with trio.move_on_after(2 * GOODBYE_S):
            if call.goodbye is not None:
                await call.goodbye()
            elif call.cancel_reason == BODY_STOPPED and not call.begun:
                await self._refuse(RequestRejected(408, "The request body stopped coming."), call)

    async def _refuse(self, rejected: RequestRejected, call: Call | None = None) -> None:
        """Say why in the shape that most clients read, and close."""
        name = HTTPStatus(rejected.status).phrase.lower().replace(" ", "_")
        kind = "invalid_request_error" if rejected.status < 500 else "server_error"
        error = {"message": rejected.message, "type": kind, "param": None, "code": name}
        body = msgspec.json.encode({"error": error})
        headers = [JSON, (b"x-request-id", (call.request_id if call else self._context.next_request_id()).encode())]
        if call is not None:
            headers += call.extra
        if rejected.status == 503:
            headers += [(b"retry-after", b"1"), (b"x-should-retry", b"false")]
        head = encode.reply_head(rejected.status, headers, length=len(body), chunked=False, keep_alive=False, minor=1)
        with trio.move_on_after(GOODBYE_S):
            await self._transport.send_all(head + body)
            await self._drain()

    async def _drain(self) -> None:
        with trio.move_on_after(GOODBYE_S):
            await drain(self._transport)


async def drain(transport: Wire) -> None:
    """Read on until the client has heard us and closes, so that our closing does not reset the connection under its eyes."""
    transport.send_eof()
    left = DRAIN_BYTES_MAX
    while left > 0 and (data := await transport.receive_some(RECEIVE_BYTES)):
        left -= len(data)
