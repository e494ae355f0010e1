"""The doors: the address that clients connect to, and the control socket."""

import ipaddress
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.downstream.doors import Address, endpoint_url, why_not
from hrd.downstream.listeners import listen_tcp
from hrd.settings.urls import is_address

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


def control_socket(path: str) -> Finding:
    """As it stands while the daemon runs."""
    try:
        mode = stat.S_IMODE(Path(path).stat().st_mode)
    except OSError as error:
        return wrong(SOCKET, f"{path} cannot be looked at: {error.strerror or error}", "make it anew: restart hrd")
    if mode & 0o007:
        return wrong(SOCKET, f"{path} has mode {mode:04o}: everybody may open it", f"chmod o= {path}")
    return fine(SOCKET, f"{path}, mode {mode:04o}")
