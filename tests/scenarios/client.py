"""A client of the router in tests: what it sends it sends as bytes, what it gets it reads with h11 and notes when it came."""

import json
from dataclasses import dataclass, field
from typing import Any

import h11
import trio

KEY = "client-key-one-not-real"


@dataclass
class Reply:
    """One reply, as far as it came."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    """When each read of the body came, on trio's clock."""
    head_at: float = 0.0
    ended_at: float = 0.0
    is_cut: bool = False
    """The connection ended before the reply did."""

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The events of a stream: comments and `[DONE]` as text, everything else parsed."""
        blocks = self.body.decode().split("\n\n")
        assert blocks.pop() == "", "a stream ends behind an event"
        data = [block.removeprefix("data: ") for block in blocks]
        return [json.loads(item) if item.startswith("{") else item for item in data]

    @property
    def comments(self) -> list[str]:
        return [event[2:] for event in self.events if isinstance(event, str) and event.startswith(": ")]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [event for event in self.events if isinstance(event, dict)]

    @property
    def is_done(self) -> bool:
        return bool(self.events) and self.events[-1] == "[DONE]"

    @property
    def text(self) -> str:
        """What the model said, whole or streamed."""
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            return str(self.json["choices"][0]["message"]["content"])
        deltas = [choice["delta"] for chunk in self.chunks for choice in chunk.get("choices", ())]
        return "".join(delta.get("content") or "" for delta in deltas)

    @property
    def error(self) -> dict[str, Any]:
        """The error object, of a whole reply or of a stream's last event."""
        value = self.json if self.status != 200 else self.events[-1]
        error = value["error"]
        assert isinstance(error, dict)
        return error


def chat_bytes(body: Any, *, key: str = KEY, headers: str = "", path: str = "/v1/chat/completions", minor: int = 1) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    head = f"POST {path} HTTP/1.{minor}\r\nHost: router\r\n{authorization}Content-Length: {len(data)}\r\n{headers}\r\n"
    return head.encode() + data


class Client:
    """One connection to the router."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._unread = b""

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def ask(
        self,
        body: Any,
        *,
        key: str = KEY,
        headers: str = "",
        path: str = "/v1/chat/completions",
        into: Reply | None = None,
    ) -> Reply:
        await self.send(chat_bytes(body, key=key, headers=headers, path=path))
        return await self.reply(into=into)

    async def reply(self, method: str = "POST", into: Reply | None = None) -> Reply:
        """The next reply, to its end or to the connection's; *into* shows it while it comes."""
        reply = Reply() if into is None else into
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        parser.send(h11.Request(method=method, target="/", headers=[("host", "router")]))
        parser.send(h11.EndOfMessage())
        if self._unread:
            parser.receive_data(self._unread)
            self._unread = b""
        while True:
            try:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(await self._receive())
                    continue
            except h11.RemoteProtocolError:
                reply.is_cut = True
                return reply
            match event:
                case h11.Response():
                    reply.status = event.status_code
                    reply.headers = {name.decode(): value.decode() for name, value in event.headers}
                    reply.head_at = trio.current_time()
                case h11.Data():
                    reply.pieces.append((trio.current_time(), bytes(event.data)))
                case h11.EndOfMessage():
                    reply.ended_at = trio.current_time()
                    self._unread = parser.trailing_data[0]
                    return reply
                case h11.ConnectionClosed():
                    reply.is_cut = True
                    return reply

    async def _receive(self) -> bytes:
        try:
            return bytes(await self.stream.receive_some(65536))
        except trio.BrokenResourceError:
            return b""

    async def is_closed(self) -> bool:
        """Whether the router has ended the connection; waits until it does or speaks."""
        return not self._unread and await self._receive() == b""

    async def leave(self) -> None:
        await self.stream.aclose()
