"""How the tests of the emulated providers talk to them: httpx2 for what is well-formed, a bare socket for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import trio

from tests.upstreams.server import Upstream

CHAT: dict[str, Any] = {"model": "test-model", "messages": [{"role": "user", "content": "hi"}]}
STREAM: dict[str, Any] = {**CHAT, "stream": True}


async def post(
    upstream: Upstream,
    body: Any,
    *,
    path: str = "/chat/completions",
    key: str = "test-key-1",
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    said = ({"authorization": f"Bearer {key}"} if key else {}) | dict(headers or {})
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=None) as client:
        return await client.post(upstream.base_url + path, json=body, headers=said)


def events(reply: httpx2.Response) -> list[Any]:
    """The events of a stream: comments and `[DONE]` as text, everything else parsed."""
    blocks = reply.text.split("\n\n")
    assert blocks.pop() == ""
    data = [block.removeprefix("data: ") for block in blocks]
    return [json.loads(item) if item.startswith("{") else item for item in data]


def request_bytes(body: Any = CHAT, headers: str = "", method: str = "POST") -> bytes:
    data = json.dumps(body).encode()
    return (
        f"{method} /v1/chat/completions HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer test-key-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    ).encode() + data


async def dial(upstream: Upstream) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", upstream.port)


async def read_all(stream: trio.SocketStream) -> bytes:
    """Everything until the other side ends the connection in order."""
    data = b""
    async for part in stream:
        data += part
    return data
