"""Listeners: sockets that clients connect to, and the connections that came of them."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import trio

from hrd.downstream.connection import GOODBYE_S, ClientConnection, drain
from hrd.downstream.context import Context
from hrd.downstream.peers import Peer
from hrd.http.wire import Wire, WireBroken

BACKLOG = 4096
ACCEPTS_PER_TURN = 64
NO_ROOM_S = 0.1
"""How long accepting rests when the process has no file descriptor left."""
PROBE_S = 1.0
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
TURNED_AWAY_MAX = 64
"""Clients beyond the limit that are told so at once; further ones just see the connection close."""
_FULL_BODY = (
    b'{"error":{"message":"The router has as many connections as it may (MAX_CONNECTIONS).",'
    b'"type":"server_error","param":null,"code":"too_many_connections"}}'
)
FULL_REPLY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nx-should-retry: false\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(_FULL_BODY), _FULL_BODY)
)


def listen_tcp(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of *host*. Raises OSError when one cannot be bound."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        for family, kind, proto, _, address in dict.fromkeys(infos):
            sock = socket.socket(family, kind, proto)
            bound.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
            sock.setblocking(False)
            if port == 0:
                break
    except OSError:
        for sock in bound:
            sock.close()
        raise
    return bound


class SocketInUseError(OSError):
    """Somebody answers on that socket already."""


def listen_unix(path: str, mode: int, group: int | None) -> socket.socket:
    """A Unix socket at *path* with *mode*. A stale file is replaced; a socket that somebody serves is `SocketInUseError`."""
    if os.path.lexists(path):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(errno.EEXIST, "is not a socket; move it away", path)
        if _is_served(path):
            raise SocketInUseError(errno.EADDRINUSE, "another daemon answers on this socket", path)
        Path(path).unlink()
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            sock.bind(path)
        finally:
            os.umask(before)
        if group is not None:
            os.chown(path, -1, group)
        Path(path).chmod(mode)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _is_served(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


class Connections:
    """The connections of some listeners, counted and bounded."""

    def __init__(
        self, context: Context, *, connections_max: Callable[[], int], peer_of: Callable[[socket.socket, object], Peer]
    ) -> None:
        self.context = context
        self.open: dict[int, ClientConnection] = {}
        self._connections_max = connections_max
        self._peer_of = peer_of
        self._number = 0
        self._turned_away = 0
        self._resumed = trio.Event()
        self._resumed.set()

    def pause(self) -> None:
        """Accept nobody: they wait in the kernel's queue, for `resume` or for another process."""
        if self._resumed.is_set():
            self._resumed = trio.Event()

    def resume(self) -> None:
        self._resumed.set()

    async def accept(self, listener: socket.socket, nursery: trio.Nursery) -> None:
        """Accept connections of *listener* until cancelled; each is served by a task of *nursery*."""
        while True:
            await trio.lowlevel.wait_readable(listener)
            if not self._resumed.is_set():
                await self._resumed.wait()
                continue
            if not self.accept_nowait(listener, nursery):
                await trio.sleep(NO_ROOM_S)

    def accept_nowait(self, listener: socket.socket, nursery: trio.Nursery) -> bool:
        """Accept those who wait in its queue, some at a time. False if this process has no room for more."""
        for _ in range(ACCEPTS_PER_TURN):
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno in _NO_ROOM:
                    return False
                continue
            self._take(sock, address, nursery)
        return True

    def adopt(self, sock: socket.socket, nursery: trio.Nursery) -> None:
        """Serve a connection that another process accepted."""
        try:
            address = sock.getpeername()
        except OSError:
            sock.close()
            return
        self._take(sock, address, nursery)

    def _take(self, sock: socket.socket, address: object, nursery: trio.Nursery) -> None:
        sock.setblocking(False)
        if len(self.open) >= self._connections_max():
            self._turn_away(sock, nursery)
            return
        try:
            peer = self._peer_of(sock, address)
            wire = Wire(sock)
        except (OSError, WireBroken):
            sock.close()
            return
        self._number += 1
        connection = ClientConnection(wire, peer, self.context, self._number, ended=self._ended)
        self.open[self._number] = connection
        nursery.start_soon(connection.serve)

    def _ended(self, number: int) -> None:
        del self.open[number]

    def _turn_away(self, sock: socket.socket, nursery: trio.Nursery) -> None:
        """There is no room: say so, if not too many are being told already."""
        try:
            wire = Wire(sock)
        except WireBroken:
            return
        if self._turned_away < TURNED_AWAY_MAX:
            self._turned_away += 1
            nursery.start_soon(self._say_full, wire)
        else:
            wire.close()

    async def _say_full(self, wire: Wire) -> None:
        """Say it, and read for a moment: closing over an unread request would reset what was said."""
        try:
            with trio.move_on_after(GOODBYE_S):
                await wire.send_all(FULL_REPLY)
                await drain(wire)
        except WireBroken:
            pass
        finally:
            self._turned_away -= 1
            wire.close()

    def pass_on_idle(self) -> None:
        """Another process serves those that wait for their next request (see `Context.pass_on`)."""
        for connection in list(self.open.values()):
            connection.pass_on_if_idle()

    def close_idle(self) -> None:
        """We stop: nobody waits for anything on these."""
        for connection in list(self.open.values()):
            connection.close_if_idle()
