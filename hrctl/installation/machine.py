"""The machine that we install on: its other programs, which are asked and told by running them."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from hrctl.installation.layout import Scope
from hrctl.problems import Trouble

BOOTED: Final = "/run/systemd/system"
"""Is there when systemd runs the machine (sd_booted(3))."""


class Ran(NamedTuple):
    """How another program ended, and what it said."""

    status: int
    out: str
    error: str


class Machine(Protocol):
    """What an installation wants of the machine."""

    def has_systemd(self, scope: Scope) -> bool:
        """Whether there is a systemd of that scope that can be told something now."""

    def has(self, name: str) -> bool:
        """Whether there is a program of that name."""

    def run(self, arguments: Sequence[str]) -> Ran:
        """Run a program to its end."""


class ThisMachine:
    """The one that we run on."""

    def has_systemd(self, scope: Scope) -> bool:
        if scope == "user" and not Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "systemd/private").exists():
            return False
        return Path(BOOTED).is_dir() and self.has("systemctl")

    def has(self, name: str) -> bool:
        return shutil.which(name) is not None

    def run(self, arguments: Sequence[str]) -> Ran:
        try:
            done = subprocess.run(arguments, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - names and paths of ours
        except OSError as error:
            return Ran(127, "", f"{arguments[0]}: {error.strerror}")
        return Ran(done.returncode, done.stdout, done.stderr)


def systemctl(scope: Scope, *words: str) -> list[str]:
    """The command for the systemd of *scope*."""
    return ["systemctl", *(["--user"] if scope == "user" else []), "--no-pager", *words]


def must(machine: Machine, arguments: Sequence[str], hint: str = "") -> Ran:
    """Run a program that has to succeed. Raises `Trouble` with what it said."""
    ran = machine.run(arguments)
    if ran.status:
        said = (ran.error.strip() or ran.out.strip() or f"it ended with {ran.status}").splitlines()
        raise Trouble(f"{' '.join(arguments)}: {said[-1]}", hint)
    return ran
