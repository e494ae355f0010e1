"""Clients that notice everything: kept-alive connections without a break, and streams that must come to their end.

Nothing is asked twice: a connection that ends before its reply is whole is a failure, which a client library may or may not
have hidden from its user.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

BODY = {"model": "hermes-router", "messages": [{"role": "user", "content": "hello"}]}


@dataclass
class Load:
    """What happened to everybody."""

    host: str
    port: int
    key: str
    whole: int = 0
    streams: int = 0
    connections: int = 0
    ids: list[str] = field(default_factory=list)
    """Of the requests whose replies came whole, as their clients were told."""
    failures: list[str] = field(default_factory=list)
    replies: list[tuple[float, float]] = field(default_factory=list)
    """When each whole reply was asked for, and when it was there."""
    stopping: bool = False

    @property
    def completed(self) -> int:
        return self.whole + self.streams

    def p99_ms(self, counts: Callable[[float, float], bool] = lambda _began, _ended: True) -> float:
        """Of the whole replies that count."""
        latencies_s = sorted(ended - began for began, ended in self.replies if counts(began, ended))
        return latencies_s[len(latencies_s) * 99 // 100] * 1000.0

    async def keep_asking(self, pause_s: float = 0.0) -> None:
        """One connection for as long as the router keeps it."""
        while not self.stopping:
            stream = await trio.open_tcp_stream(self.host, self.port)
            self.connections += 1
            async with stream:
                try:
                    while not self.stopping and await self._ask_whole(stream):  # noqa: ASYNC110 - a pause, not a wait
                        await trio.sleep(pause_s)
                except (trio.BrokenResourceError, EOFError, AssertionError) as error:
                    self.failures.append(f"whole: {type(error).__name__}: {error}")

    async def _ask_whole(self, stream: trio.SocketStream) -> bool:
        """One request and its reply; whether the connection may be used again."""
        began = trio.current_time()
        await stream.send_all(self._request(BODY))
        reply = bytearray()
        while b"\r\n\r\n" not in reply:
            reply += await _some(stream, "no head")
        status, fields, rest = _parts(bytes(reply))
        length = int(fields["content-length"])
        while len(rest) < length:
            rest += await _some(stream, "half a reply")
        assert status == "http/1.1 200 ok", (status, rest[:300])
        assert json.loads(rest)["choices"][0]["message"]["content"]
        self.whole += 1
        self.ids.append(fields["x-request-id"])
        self.replies.append((began, trio.current_time()))
        return fields.get("connection") != "close"

    async def read_streams(self) -> None:
        """One stream after the other, each on a connection of its own."""
        while not self.stopping:
            try:
                await self.read_stream()
            except (trio.BrokenResourceError, EOFError, AssertionError) as error:
                self.failures.append(f"stream: {type(error).__name__}: {error}")

    async def read_stream(self) -> None:
        async with await trio.open_tcp_stream(self.host, self.port) as stream:
            await stream.send_all(self._request({**BODY, "stream": True}))
            reply = b""
            while not reply.endswith(b"\r\n0\r\n\r\n"):
                reply += await _some(stream, "half a stream")
            assert reply.startswith(b"HTTP/1.1 200 "), reply[:300]
            assert b"data: [DONE]\n\n" in reply, reply[-300:]
            assert b'"error"' not in reply, reply[-600:]
            self.streams += 1
            self.ids.append(_parts(reply)[1]["x-request-id"])

    def _request(self, body: dict[str, object]) -> bytes:
        content = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Bearer {self.key}\r\n"
        return f"{head}content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content


def _parts(reply: bytes) -> tuple[str, dict[str, str], bytes]:
    """Status line, head and the rest."""
    head, _, rest = reply.partition(b"\r\n\r\n")
    status, *lines = head.decode().lower().split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), rest


async def _some(stream: trio.SocketStream, otherwise: str) -> bytes:
    data = bytes(await stream.receive_some(65_536))
    if not data:
        raise EOFError(otherwise)
    return data
