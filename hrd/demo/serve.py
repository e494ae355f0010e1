"""The demo providers on loopback ports of their own: real HTTP, so that a demo shows what really happens."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import trio

from hrd.demo.providers import DemoProvider, demo_providers
from hrd.demo.replies import DemoReply, failure
from hrd.http.encode import CONTINUE_100, LAST_CHUNK, chunk, reply_head
from hrd.http.limits import HttpLimits
from hrd.http.messages import EndOfMessage, RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from hrd.http.wire import Transport

BASE_PATH: Final = "/v1"
BETWEEN_PIECES_S: Final = 0.02
READ_BYTES: Final = 65536


class DemoAddress(NamedTuple):
    name: str
    base_url: str
    model: str


async def serve_demo(
    task_status: trio.TaskStatus[Sequence[DemoAddress]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the three on 127.0.0.1 until cancelled; starts with where each of them is to be found."""
    addresses = []
    async with trio.open_nursery() as nursery:
        for provider in demo_providers():
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            await nursery.start(trio.serve_listeners, partial(serve_connection, provider), listeners)
            port = listeners[0].socket.getsockname()[1]
            addresses.append(DemoAddress(provider.name, f"http://127.0.0.1:{port}{BASE_PATH}", provider.model))
        task_status.started(addresses)


async def serve_connection(provider: DemoProvider, stream: Transport) -> None:
    """One connection, request after request, until either side ends it."""
    connection = ServerConnection(HttpLimits())
    try:
        while await _serve_request(provider, connection, stream):
            connection.start_next_cycle()
    except RequestRejected as rejected:
        await _refuse(stream, rejected)
    except trio.BrokenResourceError:
        pass  # the daemon has gone away in the middle of a reply: its own business
    finally:
        with trio.move_on_after(1, shield=True):
            await stream.aclose()


async def _serve_request(provider: DemoProvider, connection: ServerConnection, stream: Transport) -> bool:
    """Read one request and answer it; whether another may follow."""
    head: RequestHead | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is None:
            data = await stream.receive_some(READ_BYTES)
            if not data and connection.is_idle:
                return False
            if data:
                connection.feed(data)
            else:
                connection.feed_eof()
        elif isinstance(event, RequestHead):
            head = event
            if head.expects_continue:
                await stream.send_all(CONTINUE_100)
        elif isinstance(event, EndOfMessage):
            break
        else:
            body += event
    assert head is not None
    reply = provider.reply(head.method, head.path.removeprefix(BASE_PATH), bytes(body), trio.current_time())
    await _send(stream, head, reply)
    return head.keep_alive and not (reply.pieces and head.minor == 0)


async def _send(stream: Transport, head: RequestHead, reply: DemoReply) -> None:
    if not reply.pieces:
        body = b"" if head.method == "HEAD" else reply.body
        start = reply_head(
            reply.status,
            reply.headers,
            length=len(reply.body),
            chunked=False,
            keep_alive=head.keep_alive,
            minor=head.minor,
        )
        await stream.send_all(start + body)
        return
    chunked = head.minor > 0
    start = reply_head(reply.status, reply.headers, length=None, chunked=chunked, keep_alive=head.keep_alive, minor=head.minor)
    await stream.send_all(start)
    for piece in reply.pieces:
        await stream.send_all(chunk(piece) if chunked else piece)
        await trio.sleep(BETWEEN_PIECES_S)
    if chunked:
        await stream.send_all(LAST_CHUNK)


async def _refuse(stream: Transport, rejected: RequestRejected) -> None:
    reply = failure(rejected.status, f"demo: {rejected}", "invalid_request_error")
    head = reply_head(reply.status, reply.headers, length=len(reply.body), chunked=False, keep_alive=False, minor=1)
    try:
        await stream.send_all(head + reply.body)
    except trio.BrokenResourceError:
        pass
