"""Where a browser comes back to when it has signed in: a few lines of HTTP on loopback, for as long as one login takes.

Any program of this machine may connect here, and so may any page in the browser: who does not know the state is sent away.
"""

import hmac
import socket
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import msgspec
import trio
import trio.lowlevel

from hrd.core.secrets import Secret

PATH: Final = "/auth/callback"
HEAD_BYTES_MAX: Final = 16_384
FIELDS_MAX: Final = 20
HEAD_S: Final = 10.0
CONNECTIONS_MAX: Final = 32
_ADDRESSES: Final = ("127.0.0.1", "::1")
"""What a browser takes `localhost` for."""


class CameBack(msgspec.Struct, frozen=True):
    """The browser brought a code, or the server's word for why it did not."""

    code: Secret
    error: str = ""


class Callback:
    """One of them. Open it, `wait`, close it."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._sockets: list[trio.socket.SocketType] = []
        self._room = trio.CapacityLimiter(CONNECTIONS_MAX)
        self._send, self._receive = trio.open_memory_channel[CameBack](1)
        self.port = 0

    async def open(self, ports: Sequence[int]) -> bool:
        """On the first of *ports* that is free; whether one was."""
        for port in ports:
            if await self._listen(port):
                return True
        return False

    async def _listen(self, port: int) -> bool:
        """On both addresses, or on the one that this machine has."""
        for address in _ADDRESSES:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                sock = trio.socket.socket(family, socket.SOCK_STREAM)
            except OSError:
                continue
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                await sock.bind((address, self.port or port))
                sock.listen(16)
            except OSError:
                sock.close()
                if address == _ADDRESSES[0]:
                    return False
                continue
            self._sockets.append(sock)
            self.port = sock.getsockname()[1]
        return bool(self._sockets)

    @property
    def uri(self) -> str:
        return f"http://localhost:{self.port}{PATH}"

    async def wait(self) -> CameBack:
        """Until a browser that knows the state comes."""
        async with trio.open_nursery() as nursery:
            for sock in self._sockets:
                nursery.start_soon(trio.serve_listeners, self._converse, [trio.SocketListener(sock)])
            came = await self._receive.receive()
            await trio.lowlevel.checkpoint()  # the browser has its page by now: it was sent before the code was told
            nursery.cancel_scope.cancel()
        return came

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
        self._send.close()
        self._receive.close()

    async def _converse(self, stream: trio.SocketStream) -> None:
        async with stream, self._room:
            with trio.move_on_after(HEAD_S):
                try:
                    status, words, came = self._read(await _head(stream))
                    await stream.send_all(_page(status, words))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return
                if came is not None:
                    try:
                        self._send.send_nowait(came)
                    except (trio.WouldBlock, trio.ClosedResourceError, trio.BrokenResourceError):
                        pass  # a second one: the first counts

    def _read(self, head: bytes) -> tuple[HTTPStatus, str, CameBack | None]:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path, _, query = rest.partition(b" ")[0].decode("ascii", "replace").partition("?")
        if method != b"GET" or path != PATH:
            return HTTPStatus.NOT_FOUND, "There is nothing here.", None
        try:
            fields = {name: values[0] for name, values in parse_qs(query, max_num_fields=FIELDS_MAX).items()}
        except ValueError:
            fields = {}
        if not hmac.compare_digest(fields.get("state", "").encode(), self._state.encode()):
            return HTTPStatus.BAD_REQUEST, "This is not the login that was begun here. Begin again: hr auth login codex", None
        if error := fields.get("error"):
            return HTTPStatus.OK, "You did not sign in. hr says what can be done.", CameBack(Secret("", "grant"), error[:100])
        if not fields.get("code"):
            return HTTPStatus.BAD_REQUEST, "The login server sent no code. Begin again: hr auth login codex", None
        return (
            HTTPStatus.OK,
            "You have signed in. This page can be closed; hr says the rest.",
            CameBack(Secret(fields["code"], "grant")),
        )


async def _head(stream: trio.SocketStream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES_MAX:
        data = await stream.receive_some(HEAD_BYTES_MAX)
        if not data:
            break
        head += data
    return head


def _page(status: HTTPStatus, words: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>hermes-router</title><p>{words}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
