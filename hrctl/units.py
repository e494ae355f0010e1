"""The systemd units of hrd on this machine: which are installed, how they do, and where their socket listens."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hrd.admin.wire.doctor import Diagnosis, Finding, FindingState

SYSTEM: Final = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
USERS: Final = ("/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user")
"""Where units are looked for (systemd.unit(5))."""
RUNS: Final = Path("/run/systemd/system")
"""Is there while systemd is the init of this machine (sd_booted(3))."""
ASK_S: Final = 5.0

_LISTEN = re.compile(r"^ListenStream=(?:(?P<host>\S*):)?(?P<port>[0-9]+)\s*$", re.MULTILINE)


def unit_folders(environ: Mapping[str, str], home: str) -> tuple[tuple[str, Sequence[str]], ...]:
    """The user's own first: (what systemctl is told, folders)."""
    config = environ.get("XDG_CONFIG_HOME", "") or f"{home}/.config"
    data = environ.get("XDG_DATA_HOME", "") or f"{home}/.local/share"
    return (("--user", (f"{config}/systemd/user", f"{data}/systemd/user", *USERS)), ("--system", SYSTEM))


def ask_systemctl(whose: str, unit: str) -> str:
    """`active`, `inactive`, `failed` …; empty where nobody can say."""
    if not RUNS.exists():
        return ""
    try:
        command = ["systemctl", whose, "is-active", unit]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=ASK_S).stdout.strip()  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ""


def unit_findings(
    folders: Sequence[tuple[str, Sequence[str]]], diagnosis: Diagnosis | None, ask: Callable[[str, str], str]
) -> Iterator[Finding]:
    """What there is to say of them."""
    found = [(whose, unit) for whose, places in folders if (unit := _first(places, "hrd.service")) is not None]
    if not found:
        yield Finding(subject="unit", message="no systemd unit is installed: hrd is started by hand")
    for whose, unit in found:
        yield _service(whose, unit, ask(whose, "hrd.service"))
        socket = unit.with_name("hrd.socket")
        if diagnosis is not None and diagnosis.host and socket.exists():
            yield from _socket(socket, diagnosis)


def _service(whose: str, unit: Path, state: str) -> Finding:
    command = f"systemctl {whose}" if whose == "--user" else "sudo systemctl"
    if state == "failed":
        hint = f"see why: journalctl {whose} -u hrd -n 50, then: {command} reset-failed hrd; {command} start hrd"
        return Finding(subject="unit", message=f"{unit} has failed", state=FindingState.PROBLEM, hint=hint)
    if state == "inactive":
        hint = f"start it: {command} enable --now hrd"
        return Finding(subject="unit", message=f"{unit} is installed, and not started", state=FindingState.WARNING, hint=hint)
    return Finding(subject="unit", message=f"{unit} is {state or 'installed; systemd does not run here'}")


def _socket(unit: Path, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Its address wins over HOST and PORT."""
    wanted = (diagnosis.host, diagnosis.port)
    listens = [(at["host"] or "", int(at["port"])) for at in _LISTEN.finditer(_text(unit))]
    if listens and not any(_is_same(one, wanted) for one in listens):
        shown = ", ".join(f"{host or '*'}:{port}" for host, port in listens)
        message = f"{unit} listens at {shown}, the settings say {wanted[0]}:{wanted[1]}: the unit wins"
        hint = "make them the same: sudo systemctl edit hrd.socket, or HOST and PORT in .env"
        yield Finding(subject="unit", message=message, state=FindingState.WARNING, hint=hint)


def _is_same(listens: tuple[str, int], wanted: tuple[str, int]) -> bool:
    return listens[1] == wanted[1] and listens[0].strip("[]") == wanted[0]


def _first(folders: Sequence[str], name: str) -> Path | None:
    return next((path for folder in folders if (path := Path(folder) / name).exists()), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
