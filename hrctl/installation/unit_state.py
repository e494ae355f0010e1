"""What systemd says of our units."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from hrctl.installation.contents import UNITS
from hrctl.installation.layout import Scope
from hrctl.installation.machine import Machine, systemctl

_PROPERTIES: Final = "Id,LoadState,UnitFileState,ActiveState,SubState,MainPID,StatusText,FragmentPath,NeedDaemonReload"


class UnitState(msgspec.Struct, frozen=True, kw_only=True):
    """One unit. `enabled`: whether it is started at boot. `state`: as `systemctl status` has it, such as `active (running)`."""

    scope: Scope
    name: str
    enabled: bool
    active: bool
    state: str
    pid: int | None
    says: str
    file: str
    is_outdated: bool
    """The file has changed since systemd read it."""


SCOPES: Final[tuple[Scope, ...]] = ("system", "user")


def unit_states(machine: Machine) -> list[UnitState]:
    """Those that are installed, of the machine and of this user."""
    return [state for scope in SCOPES if machine.has_systemd(scope) for state in _of(scope, machine)]


def _of(scope: Scope, machine: Machine) -> Iterator[UnitState]:
    ran = machine.run(systemctl(scope, "show", f"--property={_PROPERTIES}", *UNITS))
    for block in ran.out.strip().split("\n\n"):
        said = dict(line.partition("=")[::2] for line in block.splitlines())
        if said.get("LoadState", "not-found") != "not-found":
            yield _read(scope, said)


def _read(scope: Scope, said: Mapping[str, str]) -> UnitState:
    pid = said.get("MainPID", "0")
    return UnitState(
        scope=scope,
        name=said.get("Id", ""),
        enabled=said.get("UnitFileState", "") == "enabled",
        active=said.get("ActiveState", "") == "active",
        state=f"{said.get('ActiveState', '')} ({said.get('SubState', '')})",
        pid=int(pid) if pid.isdecimal() and pid != "0" else None,
        says=said.get("StatusText", ""),
        file=said.get("FragmentPath", ""),
        is_outdated=said.get("NeedDaemonReload", "") == "yes",
    )
