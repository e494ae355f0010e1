"""One client connection with an endpoint of the test's own behind it, over a pair of sockets."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio

from hrd.downstream.call import Call
from hrd.downstream.connection import ClientConnection
from hrd.downstream.context import BufferBudget, Context, Patience
from hrd.downstream.departures import Departures
from hrd.downstream.peers import Peer
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.http.wire import Wire
from tests.scenarios.client import Client

Endpoint = Callable[[Call], Awaitable[None]]
GET = b"GET /x HTTP/1.1\r\nHost: router\r\n\r\n"


def post(body: bytes = b"", headers: str = "", *, length: int | None = None, minor: int = 1) -> bytes:
    size = len(body) if length is None else length
    return f"POST /x HTTP/1.{minor}\r\nHost: router\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


@dataclass
class Line:
    """What a test sees of it."""

    client: Client
    context: Context
    connection: ClientConnection
    calls: dict[int, Call]
    crashes: list[BaseException] = field(default_factory=list)
    is_stopping: bool = False
    is_over: bool = False

    @property
    def call(self) -> Call:
        (one,) = self.calls.values()
        return one


@asynccontextmanager
async def open_line(endpoint: Endpoint, *, buffered_bytes: int = 1_000_000, body_bytes: int = 500_000) -> AsyncIterator[Line]:
    near, far = socket.socketpair()
    alarms, departures = Alarms(), Departures()
    line: Any = None
    context = Context(
        dispatch=lambda _: endpoint,
        limits=HttpLimits(body_bytes=body_bytes),
        patience=Patience(idle_s=120.0, header_s=15.0, body_s=60.0, write_s=30.0),
        budget=BufferBudget(buffered_bytes),
        alarms=alarms,
        departures=departures,
        calls={},
        next_request_id=lambda: "req-1",
        date=lambda: (b"date", b"Sat, 21 Nov 2026 00:00:00 GMT"),
        is_stopping=lambda: line.is_stopping,
        crashed=lambda _, crash: line.crashes.append(crash),
        cors=lambda _: ((b"access-control-allow-origin", b"*"),),
    )
    wire = Wire(near, send_buffer_bytes=4096, receive_buffer_bytes=4096)
    far.setblocking(False)
    client = Client(trio.SocketStream(trio.socket.from_stdlib_socket(far)))
    connection = ClientConnection(wire, Peer(address="127.0.0.1"), context, 7, ended=lambda _: setattr(line, "is_over", True))
    line = Line(client, context, connection, context.calls)
    async with trio.open_nursery() as nursery:
        for part in (alarms.run, departures.run, connection.serve):
            nursery.start_soon(part)
        try:
            yield line
        finally:
            client.stream.socket.close()
            nursery.cancel_scope.cancel()
    assert context.budget.held == 0
    assert line.calls == {}
    assert len(alarms) == 0
