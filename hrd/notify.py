"""What a service supervisor is told, and what it hands over: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).

Where nobody supervises every call does nothing. A process that took over from another was not started by the supervisor, so the
pids in its environment are its predecessors': they are not compared there.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

LISTEN_FDS_START: Final = 3
"""The first descriptor that is handed over (sd_listen_fds(3))."""
SOCKET_NAME: Final = "NOTIFY_SOCKET"


class Notify:
    """Tells the supervisor. What it does not take is lost: a daemon does not stop over that."""

    def __init__(self, environ: Mapping[str, str], pid: int, *, is_successor: bool = False) -> None:
        self._address = environ.get(SOCKET_NAME, "")
        self.watchdog_s = watchdog_s(environ, pid, is_successor=is_successor) if self._address else 0.0
        """How often the supervisor wants a sign of life; 0: it does not."""

    @property
    def is_supervised(self) -> bool:
        return bool(self._address)

    def ready(self, status: str) -> None:
        """Serving; also again, after `reloading`."""
        self._tell("READY=1", f"STATUS={_line(status)}")

    def reloading(self, status: str) -> None:
        self._tell("RELOADING=1", f"STATUS={_line(status)}")

    def stopping(self, status: str) -> None:
        self._tell("STOPPING=1", f"STATUS={_line(status)}")

    def status(self, status: str) -> None:
        """A line worth reading in `systemctl status`."""
        self._tell(f"STATUS={_line(status)}")

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    def main_pid(self, pid: int) -> None:
        """Another process is the daemon from now on. The last that this one is listened to."""
        self._tell(f"MAINPID={pid}")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sock:
                sock.sendto("\n".join(lines).encode(), address)
        except OSError:
            pass


def watchdog_s(environ: Mapping[str, str], pid: int, *, is_successor: bool) -> float:
    """Half of what the supervisor allows between two signs of life; 0 if it does not watch *pid*."""
    allowed, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not allowed.isdecimal() or (meant and meant != str(pid) and not is_successor):
        return 0.0
    return int(allowed) / 2_000_000


def take_listeners(environ: Mapping[str, str], pid: int) -> list[socket.socket]:
    """Sockets that the supervisor opened for us and that clients connect to over TCP. Raises OSError for what is none."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return []
    found = []
    for descriptor in range(LISTEN_FDS_START, LISTEN_FDS_START + int(count)):
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
            raise OSError(f"the supervisor handed over a socket that is not TCP (descriptor {descriptor})")
        sock.setblocking(False)
        found.append(sock)
    return found


def _line(status: str) -> str:
    return " ".join(status.split())
