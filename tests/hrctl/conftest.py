"""A world for `hr`: a daemon that says what it is told to, local time that is UTC, and no socket of the real user."""

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hrctl.__main__ import main
from tests.hrctl.fake_daemon import FakeDaemon, running


class Ran(NamedTuple):
    """How one run of `hr` ended."""

    code: int
    out: str
    err: str


Hr = Callable[..., Ran]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a Unix socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="hr-") as name:
        yield Path(name)


@pytest.fixture
def daemon(folder: Path) -> Iterator[FakeDaemon]:
    with running(folder / "control.sock") as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def _quiet_world(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith(("HERMES_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HERMES_ROUTER_HOME", str(folder))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def hr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hr:
    """Run `hr` in this process, with *stdin* as what is piped into it."""

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def hr_process() -> Callable[..., subprocess.Popen[str]]:
    """Start `hr` as a process of its own."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hrctl", *arguments]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start
