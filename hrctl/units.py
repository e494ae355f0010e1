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

_LISTEN = re.compile(r"^ListenStream[ \t]*=[ \t]*(?P<at>\S*)[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r"(?:(?P<host>\S*):)?(?P<port>[0-9]+)")
Folders = Sequence[tuple[str, Sequence[str]]]
Address = tuple[str, int]


def unit_folders(environ: Mapping[str, str], home: str) -> Folders:
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


def unit_findings(folders: Folders, diagnosis: Diagnosis, ask: Callable[[str, str], str]) -> Iterator[Finding]:
    """What there is to say of them."""
    found = [(whose, places, unit) for whose, places in folders if (unit := _first(places, "hrd.service")) is not None]
    if not found:
        yield Finding(subject="unit", message="no systemd unit is installed: hrd is started by hand")
    for whose, places, unit in found:
        yield _service(whose, unit, ask(whose, "hrd.service"))
        if diagnosis.host and ask(whose, "hrd.socket") not in ("inactive", "failed"):
            yield from _socket(places, (diagnosis.host, diagnosis.port))


def is_held_for_us(folders: Folders, wanted: Address, ask: Callable[[str, str], str]) -> bool:
    """Whether systemd listens at *wanted* meanwhile, and starts hrd when somebody comes."""
    return any(
        ask(whose, "hrd.socket") == "active" and any(_is_same(one, wanted) for one in _listens(places))
        for whose, places in folders
    )


def starting_command(folders: Folders, ask: Callable[[str, str], str]) -> str:
    """How the first service that is installed is started; empty without one that systemd knows of."""
    for whose, places in folders:
        if _first(places, "hrd.service") is not None and ask(whose, "hrd.service"):
            return f"{'systemctl --user' if whose == '--user' else 'sudo systemctl'} start hrd"
    return ""


def _service(whose: str, unit: Path, state: str) -> Finding:
    command = f"systemctl {whose}" if whose == "--user" else "sudo systemctl"
    if state == "failed":
        hint = f"see why: journalctl {whose} -u hrd -n 50, then: {command} reset-failed hrd; {command} start hrd"
        return Finding(subject="unit", message=f"{unit} has failed", state=FindingState.PROBLEM, hint=hint)
    if state == "inactive":
        hint = f"start it: {command} enable --now hrd"
        return Finding(subject="unit", message=f"{unit} is installed, and not started", state=FindingState.WARNING, hint=hint)
    return Finding(subject="unit", message=f"{unit} is {state or 'installed; systemd does not run here'}")


def _socket(places: Sequence[str], wanted: Address) -> Iterator[Finding]:
    """Its address wins over HOST and PORT."""
    listens = _listens(places)
    if listens and not any(_is_same(one, wanted) for one in listens):
        shown = ", ".join(f"{host or '*'}:{port}" for host, port in listens)
        message = f"hrd.socket listens at {shown}, the settings say {wanted[0]}:{wanted[1]}: the unit wins"
        hint = "make them the same: sudo systemctl edit hrd.socket, or HOST and PORT in .env"
        yield Finding(subject="unit", message=message, state=FindingState.WARNING, hint=hint)


def _listens(places: Sequence[str]) -> list[Address]:
    """The TCP addresses of hrd.socket and of what has been put beside it: an empty one takes back those before it, and of two
    files of one name that in the earlier folder counts (systemd.unit(5))."""
    unit = _first(places, "hrd.socket")
    if unit is None:
        return []
    beside = {path.name: path for folder in reversed(places) for path in Path(folder, "hrd.socket.d").glob("*.conf")}
    found: list[Address] = []
    for text in map(_text, (unit, *(path for _, path in sorted(beside.items())))):
        for line in _LISTEN.finditer(text):
            if not line["at"]:
                found.clear()
            elif (at := _ADDRESS.fullmatch(line["at"])) is not None:
                found.append((at["host"] or "", int(at["port"])))
    return found


def _is_same(listens: Address, wanted: Address) -> bool:
    return listens[1] == wanted[1] and listens[0].strip("[]") == wanted[0]


def _first(folders: Sequence[str], name: str) -> Path | None:
    return next((path for folder in folders if (path := Path(folder) / name).exists()), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
