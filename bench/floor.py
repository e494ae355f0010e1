"""A proxy that does nothing but pass requests on: what trio and httptools can do at most on this machine.

Same wire, same waits, kept connections to the upstream; no keys, no choice, no ledger, no journal, hardly a limit. The router's
own figures are to be seen in proportion to these: nobody's Python on this loop can be faster. Run as
`python -m bench.floor PORT UPSTREAM_PORT`.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httptools
import trio

from bench.children import running, wait_ready
from hrd.http.wire import Wire, WireBroken
from tests.upstreams import free_port

RECEIVE_BYTES = 65_536
BACKLOG = 4096


@contextmanager
def floor(home: Path, upstream: int) -> Iterator[int]:
    """The port of a bare proxy to *upstream*, for the length of the block."""
    port, log = free_port(), home / "floor.log"
    command = [sys.executable, "-m", "bench.floor", str(port), str(upstream)]
    with running(command, log=log) as child:
        wait_ready(port, "/v1/models", child, log)
        yield port


class Message:
    """One message while it is read."""

    def __init__(self) -> None:
        self.body = b""
        self.is_whole = False

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.is_whole = True


class Proxy:
    """Passes requests on to one upstream, a connection of its own for each that is on its way."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._idle: list[Wire] = []

    async def serve(self, client: Wire) -> None:
        try:
            while await self._serve_one(client):
                pass
        except WireBroken:
            pass
        finally:
            client.close()

    async def _serve_one(self, client: Wire) -> bool:
        request = Message()
        parser = httptools.HttpRequestParser(request)
        while not request.is_whole:
            data = await client.receive_some(RECEIVE_BYTES)
            if not data:
                return False
            parser.feed_data(data)
        method = parser.get_method()
        path = b"/v1/models" if method == b"GET" else b"/v1/chat/completions"
        head = b"%b %b HTTP/1.1\r\nhost: upstream\r\ncontent-length: %d\r\n\r\n" % (method, path, len(request.body))
        body = await self._ask(head + request.body)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        await client.send_all(head + body)
        return True

    async def _ask(self, data: bytes) -> bytes:
        wire = self._idle.pop() if self._idle else await self._connect()
        await wire.send_all(data)
        reply = Message()
        parser = httptools.HttpResponseParser(reply)
        while not reply.is_whole:
            parser.feed_data(await wire.receive_some(RECEIVE_BYTES))
        self._idle.append(wire)
        return reply.body

    async def _connect(self) -> Wire:
        stream = await trio.open_tcp_stream("127.0.0.1", self._upstream)
        return Wire(socket.socket(fileno=stream.socket.detach()))


async def main(port: int, upstream: int) -> None:
    proxy = Proxy(upstream)
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    listener.setblocking(False)
    async with trio.open_nursery() as nursery:
        while True:
            await trio.lowlevel.wait_readable(listener)
            client, _ = listener.accept()
            nursery.start_soon(proxy.serve, Wire(client))


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]), int(sys.argv[2]))
