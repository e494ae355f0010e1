"""The doors: the address that clients connect to, and the control socket."""

import ipaddress
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.downstream.doors import Address, endpoint_url, why_not
from hrd.downstream.listeners import listen_tcp
from hrd.settings.urls import is_address
from hrd.store.lock import holder_of

DAEMON = "daemon"
PORT = "port"
SOCKET = "socket"


def port_in_use(wanted: Address, listening_on: Sequence[Address]) -> Iterator[Finding]:
    """The daemon runs: where it listens, and whether that is what the settings say."""
    host, port = listening_on[0]
    yield fine(PORT, f"clients are served at {endpoint_url(host, port)}/v1")
    if wanted[0] != host or wanted[1] not in (0, port):
        hint = "under systemd hrd.socket wins, change it: systemctl edit hrd.socket; else hr status says why hrd could not move"
        yield odd(PORT, f"the settings say {endpoint_url(*wanted)}, and it listens elsewhere", hint)
    yield from _exposed(host)


def port_at_rest(wanted: Address) -> Iterator[Finding]:
    """The daemon does not run: whether it could listen there."""
    host, port = wanted
    try:
        sockets = listen_tcp(host, port)
    except (OSError, UnicodeError) as error:
        yield wrong(PORT, why_not(host, port, error), f"see who has it: ss -ltnp 'sport = :{port}'")
        return
    for sock in sockets:
        sock.close()
    yield fine(PORT, f"{host} port {port} is free")
    yield from _exposed(host)


def _exposed(host: str) -> Iterator[Finding]:
    """Other machines can connect: client keys cross the network unencrypted."""
    if is_address(host) and not ipaddress.ip_address(host).is_loopback:
        yield odd(
            PORT, f"HOST is {host}: other machines can connect, and nothing is encrypted", "or is that so? HOST=127.0.0.1"
        )


def daemon_at_rest(lock: Path, path: str) -> Iterator[Finding]:
    """Whether one runs all the same, which nobody can ask: nobody answers at *path*, its control socket, or it is gone."""
    holder = holder_of(lock)
    if holder is None:
        return
    who = "its pid is not known" if holder.pid is None else f"pid {holder.pid}"
    if _answers(path):
        yield odd(DAEMON, f"hrd runs ({who}): this is what another would find", "it says more itself: hr doctor")
        return
    lost = "nobody answers at its control socket" if Path(path).exists() else "its control socket is gone"
    end = "end it" if holder.pid is None else f"end it (what runs is finished first): kill {holder.pid}"
    yield wrong(DAEMON, f"hrd runs ({who}), and cannot be asked: {lost}, {path}", f"{end}; then start it again")


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as door:
        door.setblocking(False)
        try:
            door.connect(path)
        except BlockingIOError:  # its queue of callers is full (unix(7))
            return True
        except OSError:
            return False
        return True


def control_socket(path: str) -> Finding:
    """As it stands while the daemon runs."""
    try:
        mode = stat.S_IMODE(Path(path).stat().st_mode)
    except OSError as error:
        return wrong(SOCKET, f"{path} cannot be looked at: {error.strerror or error}", "make it anew: restart hrd")
    if mode & 0o007:
        return wrong(SOCKET, f"{path} has mode {mode:04o}: everybody may open it", f"chmod o= {path}")
    return fine(SOCKET, f"{path}, mode {mode:04o}")
