"""An emulated HTTP proxy: tunnels (CONNECT) and requests with a whole URL as their target, on a loopback socket.

    async with ForwardProxy({"api.example": upstream.port}) as proxy:
        ...  # HTTPS_PROXY=proxy.url

It knows the names that it is told, all of them on this machine, and nothing else. Requests are read with h11.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

import h11
import trio


class Through(NamedTuple):
    """One request as the proxy saw it."""

    method: str
    target: str
    authorization: str


class ForwardProxy:
    """One proxy on 127.0.0.1. `credentials`, where given, are wanted: `user:password`."""

    def __init__(self, names: Mapping[str, int], *, credentials: str = "", answers: bytes = b"") -> None:
        """*answers*: what is said to everybody in place of doing what a proxy does."""
        self._names = names
        self._wanted = "Basic " + base64.b64encode(credentials.encode()).decode() if credentials else ""
        self._answers = answers
        self._manager = trio.open_nursery()
        self.seen: list[Through] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        nursery = await self._manager.__aenter__()
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, self._serve, listeners)
        self._nursery = nursery
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._nursery.cancel_scope.cancel()
        await self._manager.__aexit__(kind, error, at)

    async def _serve(self, client: trio.SocketStream) -> None:
        try:
            await self._speak(client)
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
            pass
        finally:
            await trio.aclose_forcefully(client)

    async def _speak(self, client: trio.SocketStream) -> None:
        reader = h11.Connection(h11.SERVER)
        while (event := reader.next_event()) is h11.NEED_DATA:
            reader.receive_data(await client.receive_some(65_536))
        if not isinstance(event, h11.Request):
            return
        headers = dict(event.headers)
        method, target = event.method.decode(), event.target.decode()
        authorization = headers.get(b"proxy-authorization", b"").decode()
        self.seen.append(Through(method, target, authorization))
        if self._answers:
            await client.send_all(self._answers)
        elif self._wanted and authorization != self._wanted:
            await client.send_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        elif method == "CONNECT":
            await self._tunnel(client, target)
        else:
            await self._forward(client, event, reader)

    async def _tunnel(self, client: trio.SocketStream, target: str) -> None:
        name, _, _ = target.rpartition(":")
        if name.strip("[]") not in self._names:
            await client.send_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
            return
        async with await trio.open_tcp_stream("127.0.0.1", self._names[name.strip("[]")]) as server:
            await client.send_all(b"HTTP/1.1 200 Connection established\r\nvia: 1.1 test\r\n\r\n")
            await _both_ways(client, server)

    async def _forward(self, client: trio.SocketStream, request: h11.Request, reader: h11.Connection) -> None:
        """Its request with the path alone as the target, then what comes back, until somebody closes."""
        scheme, _, rest = request.target.decode().partition("://")
        authority, _, path = rest.partition("/")
        assert scheme == "http", "a whole URL is wanted of a proxy's client"
        headers = [(name, value) for name, value in request.headers if name != b"proxy-authorization"]
        writer = h11.Connection(h11.CLIENT)
        async with await trio.open_tcp_stream("127.0.0.1", self._names[authority.partition(":")[0]]) as server:
            await _send(server, writer, h11.Request(method=request.method, target=f"/{path}", headers=headers))
            while not isinstance(event := reader.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    reader.receive_data(await client.receive_some(65_536))
                else:
                    assert isinstance(event, h11.Data)
                    await _send(server, writer, event)
            await _send(server, writer, event)
            await _both_ways(client, server)


async def _send(stream: trio.SocketStream, writer: h11.Connection, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
    if data := writer.send(event):
        await stream.send_all(data)


async def _both_ways(one: trio.SocketStream, other: trio.SocketStream) -> None:
    async with trio.open_nursery() as nursery:

        async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
            try:
                async for data in source:
                    await sink.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            nursery.cancel_scope.cancel()

        nursery.start_soon(pump, one, other)
        nursery.start_soon(pump, other, one)
