"""Installing: files into place, the account and its folders made, the service enabled and started."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hrctl.installation.contents import UNITS, Piece, declaration_path
from hrctl.installation.layout import ACCOUNT, Layout
from hrctl.installation.machine import Machine, must, systemctl
from hrctl.installation.placing import place


class Outcome(NamedTuple):
    """What was done, and what is left for the reader to do."""

    files: list[str]
    is_running: bool
    notes: list[str]


def install(layout: Layout, pieces: Sequence[Piece], machine: Machine, *, root: str, start: bool) -> Outcome:
    """Also over an older installation, whose service runs on as it is. With *root* files are put there, and nothing is run."""
    files = place(pieces, root)
    if root:
        return Outcome(files, is_running=False, notes=[])
    if layout.declarations:
        _make_account(layout, machine)
    if not machine.has_systemd(layout.scope):
        return Outcome(files, is_running=False, notes=[_no_systemd(layout, machine)])
    must(machine, systemctl(layout.scope, "daemon-reload"))
    was_running = not machine.run(systemctl(layout.scope, "is-active", "--quiet", "hrd.service")).status
    if start:
        must(machine, systemctl(layout.scope, "enable", *UNITS))
    if start and not was_running:
        must(machine, systemctl(layout.scope, "start", *UNITS), _look(layout))
    return Outcome(files, is_running=was_running or start, notes=list(_next(layout, start=start, was_running=was_running)))


def _make_account(layout: Layout, machine: Machine) -> None:
    """Once more over one that is there changes nothing."""
    must(machine, ["systemd-sysusers", declaration_path(layout, "sysusers")], "it comes with systemd: apt install systemd")
    must(machine, ["systemd-tmpfiles", "--create", declaration_path(layout, "tmpfiles")])


def _next(layout: Layout, *, start: bool, was_running: bool) -> Iterator[str]:
    user = " --user" if layout.scope == "user" else ""
    if was_running:
        yield "The daemon still runs as it was started. Have it replaced, without cutting anything: hr restart"
    elif not start:
        yield f"Start it, now and at every boot: systemctl{user} enable --now {' '.join(UNITS)}"
    if layout.scope == "system":
        yield f"Let somebody else than root use hr: usermod -aG {ACCOUNT} NAME, and log in again"
    else:
        yield "Have it run while you are not logged in: loginctl enable-linger"


def _no_systemd(layout: Layout, machine: Machine) -> str:
    """Enabling is only a link, which systemctl makes without a systemd."""
    if layout.scope == "system" and machine.has("systemctl") and not machine.run(systemctl("system", "enable", *UNITS)).status:
        return "systemd does not run here: the service starts with the next boot"
    return f"no systemd of this {layout.scope} runs here: start the daemon by hand with {layout.program}/bin/hrd"


def _look(layout: Layout) -> str:
    return f"see why: journalctl {'--user ' if layout.scope == 'user' else ''}-u hrd -n 30"
