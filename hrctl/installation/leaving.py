"""Uninstalling: the service stopped, our files removed. Settings and keys stay, unless they are to go as well."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from hrctl.installation.arriving import Outcome
from hrctl.installation.contents import UNITS, Piece
from hrctl.installation.layout import ACCOUNT, Layout
from hrctl.installation.machine import Machine, must, systemctl
from hrctl.installation.placing import remove
from hrctl.problems import Trouble


def uninstall(layout: Layout, pieces: Sequence[Piece], machine: Machine, *, root: str, purge: bool) -> Outcome:
    """Also of half an installation, or of none."""
    if not root:
        _stop(layout, machine)
    files = remove(pieces, root)
    if not root and machine.has_systemd(layout.scope):
        must(machine, systemctl(layout.scope, "daemon-reload"))
    kept = [folder for folder in layout.data if Path(root + folder).exists()]
    if purge:
        files += _forget(kept, root)
        _remove_account(layout, machine, root)
        kept = []
    notes = [f"Your settings and keys stay in {' and '.join(kept)}"] if kept else []
    return Outcome(files, is_running=False, notes=notes)


def _stop(layout: Layout, machine: Machine) -> None:
    """The socket first, or a request would start the service again. Units that are not there are none of our trouble."""
    there = [name for name in reversed(UNITS) if Path(layout.units, name).exists()]
    if not there:
        return
    if machine.has_systemd(layout.scope):
        must(machine, systemctl(layout.scope, "disable", "--now", *there))
    elif machine.has("systemctl"):
        machine.run(systemctl(layout.scope, "disable", *there))


def _forget(folders: Sequence[str], root: str) -> list[str]:
    for folder in folders:
        try:
            shutil.rmtree(root + folder)
        except OSError as error:
            raise Trouble(f"{root}{folder} cannot be removed: {error.strerror}", "look at its owner and mode") from None
    return list(folders)


def _remove_account(layout: Layout, machine: Machine, root: str) -> None:
    """The group stays behind its user where somebody else is in it."""
    if not layout.declarations or root:
        return
    for kind, remover in (("passwd", "userdel"), ("group", "groupdel")):
        if not machine.run(["getent", kind, ACCOUNT]).status:
            must(machine, [remover, ACCOUNT])
