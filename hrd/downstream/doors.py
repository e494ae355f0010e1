"""Doors: the sockets that a daemon listens on, and how they move while it runs.

The door for clients is a host and a port. When the settings name others it listens there first, and only then stops listening
here (if only the host is another, the port has to be let go first). If that fails it stays, and tries again at the next change.
The door for control is a Unix socket with a mode and perhaps a group.
"""

import errno
import os
import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import trio

from hrd.downstream.listeners import Connections, listen_tcp, listen_unix

ALONE = 0o600
WITH_GROUP = 0o660
Address = tuple[str, int]


class CannotListen(Exception):  # noqa: N818 - says what happened
    """An address that we are to listen on is not to be had."""


class ClientDoor:
    """Listens where the settings say."""

    def __init__(self, connections: Callable[[], Connections], wanted: Callable[[], Address]) -> None:
        self._connections = connections
        self._wanted = wanted
        self._look = trio.Event()
        self._address = wanted()
        self._sockets: list[socket.socket] = []
        self.listening_on: list[Address] = [self._address]
        """What was asked for, with the port that came of it, then every address that it stands for."""
        self.trouble = ""
        """Why we are not where the settings say; empty if we are."""
        self._is_fixed = False

    def bind(self) -> None:
        """Take the address. Raises `CannotListen`."""
        if self._sockets:
            return
        self._address = self._wanted()
        self._sockets = self._bound(self._address)

    def adopt(self, sockets: list[socket.socket], asked: Address | None) -> None:
        """Listen on sockets that somebody else bound, for *asked*; without it they are the supervisor's, and stay."""
        self._is_fixed = asked is None
        self._sockets = sockets
        found: list[Address] = [sock.getsockname()[:2] for sock in sockets]
        self._address = asked or found[0]
        self.listening_on = [(self._address[0], found[0][1]), *found]
        if self._is_fixed and self._wanted() != self._address:
            host, port = self._address
            self.trouble = f"the supervisor's socket listens on {host} port {port}: HOST and PORT are not used"

    @property
    def asked(self) -> Address:
        """What the listeners were bound for."""
        return self._address

    @property
    def is_fixed(self) -> bool:
        return self._is_fixed

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return tuple(self._sockets)

    def look_again(self) -> None:
        """The settings may name another address now."""
        self._look.set()

    async def keep(self, served: trio.Nursery, *, moved: Callable[[], None], stayed: Callable[[str], None]) -> None:
        """Accept until cancelled; tasks of *served* serve what comes. *stayed* hears why a new address was not to be had."""
        try:
            while True:
                async with trio.open_nursery() as accepting:
                    for sock in self._sockets:
                        accepting.start_soon(self._connections().accept, sock, served)
                    await self._wait_until_elsewhere()
                    accepting.cancel_scope.cancel()
                if self._move(self._wanted(), served):
                    moved()
                else:
                    stayed(self.trouble)
        finally:
            self.close()

    async def _wait_until_elsewhere(self) -> None:
        """Until the settings name an address that is not the one where we are."""
        while True:
            await self._look.wait()
            self._look = trio.Event()
            if self._is_fixed:
                continue
            if self._wanted() != self._address:
                return
            self.trouble = ""

    def _move(self, wanted: Address, served: trio.Nursery) -> bool:
        """Whether we are at *wanted* now; if not, we are where we were."""
        is_in_our_own_way = wanted[1] == self.listening_on[0][1]  # another host, the same port: both do not go together
        if is_in_our_own_way:
            self._leave(served)
        try:
            found = self._bound(wanted)
        except CannotListen as error:
            self.trouble = str(error)
            if is_in_our_own_way:
                self._come_back()
            return False
        if not is_in_our_own_way:
            self._leave(served)
        self._sockets, self._address, self.trouble = found, wanted, ""
        return True

    def _leave(self, served: trio.Nursery) -> None:
        """Stop listening here; who has connected just now is served all the same."""
        for sock in self._sockets:
            self._connections().accept_nowait(sock, served)
        self.close()

    def _come_back(self) -> None:
        """Listen where we were; if somebody took that in the meantime, nowhere until the settings are looked at again."""
        try:
            self._sockets = self._bound(self._address)
        except CannotListen as error:
            self._sockets, self._address = [], ("", 0)
            self.trouble = f"{self.trouble}; {error}"

    def _bound(self, address: Address) -> list[socket.socket]:
        sockets = _listen(address)
        host, found = address[0], sockets[0].getsockname()[1]
        self.listening_on = [(host, found), *((sock.getsockname()[0], found) for sock in sockets)]
        return sockets

    def close(self) -> None:
        """Stop listening; whoever is connected stays so."""
        for sock in self._sockets:
            sock.close()


def try_to_move(sockets: Sequence[socket.socket], asked: Address, wanted: Address) -> None:
    """Whether who listens on *sockets* for *asked* could have *wanted*. Raises `CannotListen`. Another host with the same port
    is not tried: both do not go together."""
    if wanted == asked or wanted[1] == sockets[0].getsockname()[1]:
        return
    for sock in _listen(wanted):
        sock.close()


def _listen(address: Address) -> list[socket.socket]:
    host, port = address
    try:
        return listen_tcp(host, port)
    except (OSError, UnicodeError) as error:
        raise CannotListen(why_not(host, port, error)) from None


class ControlDoor:
    """The control socket at *path*, for its owner and perhaps a group."""

    def __init__(self, path: str, group: Callable[[], int | None]) -> None:
        self._path = path
        self._group = group
        self._given_to: int | None = None
        self._file: tuple[int, int] | None = None
        self.sock: socket.socket | None = None

    def bind(self) -> socket.socket:
        """Raises `CannotListen`, also when another daemon answers there."""
        if self.sock is not None:
            return self.sock
        self._given_to = self._group()
        try:
            self.sock = listen_unix(self._path, self._mode, self._given_to)
        except OSError as error:
            raise CannotListen(f"cannot open the control socket {self._path}: {error.strerror or error}") from None
        self._file = self._found()
        return self.sock

    def adopt(self, sock: socket.socket) -> None:
        """Listen on the socket that another process bound at the same path."""
        sock.setblocking(False)
        self.sock = sock
        self._file = self._found()
        try:
            found = Path(self._path).stat()
        except OSError:
            return
        self._given_to = found.st_gid if stat.S_IMODE(found.st_mode) == WITH_GROUP else None

    def look_again(self) -> str:
        """The group may be another now; why it could not be given the socket, if it could not."""
        wanted = self._group()
        if wanted == self._given_to:
            return ""
        try:
            os.chown(self._path, -1, os.getegid() if wanted is None else wanted)
            self._given_to = wanted
            Path(self._path).chmod(self._mode)
        except OSError as error:
            return f"the control socket stays as it is: {error.strerror or error}"
        return ""

    @property
    def is_gone(self) -> bool:
        """Somebody has taken the socket's file away, or put another in its place: nobody finds us."""
        return self._file is None or self._found() != self._file

    def make_again(self) -> None:
        """The same door with a new socket. Raises `CannotListen`, and all is as it was."""
        before, self.sock = self.sock, None
        try:
            self.bind()
        except CannotListen:
            self.sock = before
            raise
        if before is not None:
            before.close()

    def _found(self) -> tuple[int, int] | None:
        try:
            found = os.lstat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def leave(self) -> None:
        """Stop listening; another process does."""
        if self.sock is not None:
            self.sock.close()

    def close(self) -> None:
        """Stop listening, and take the socket's file away."""
        if self.sock is not None:
            self.leave()
            if not self.is_gone:
                Path(self._path).unlink(missing_ok=True)

    @property
    def _mode(self) -> int:
        return ALONE if self._given_to is None else WITH_GROUP


def gid_of(group: str | None) -> int | None:
    """The number of a group that is named, or numbered; None without one."""
    if not group:
        return None
    import grp  # noqa: PLC0415 - only where a group is set

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return int(group) if group.isdecimal() else None


def endpoint_url(host: str, port: int) -> str:
    """The base URL that clients on this machine are given."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - shown, not bound
    return f"http://{anywhere.get(host, f'[{host}]' if ':' in host else host)}:{port}"


def why_not(host: str, port: int, error: OSError | UnicodeError) -> str:
    """Why the address that clients connect to is not to be had, and what to set instead."""
    what = f"cannot listen on {host} port {port}"
    if isinstance(error, socket.gaierror):
        return f"{what}: no such host; set HOST to an address of this machine, such as 127.0.0.1"
    match error.errno if isinstance(error, OSError) else None:
        case errno.EADDRINUSE:
            return f"{what}: another program listens there; end it (who: ss -ltnp), or take another: PORT=8320 hrd"
        case errno.EADDRNOTAVAIL:
            return f"{what}: this machine has no such address; set HOST to one that it has, such as 127.0.0.1"
        case errno.EACCES:
            return f"{what}: that port is for root alone; take another: PORT=8320 hrd"
        case _:
            return f"{what}: {error.strerror or error if isinstance(error, OSError) else error}"
