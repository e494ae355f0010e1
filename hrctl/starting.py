"""Starting the daemon by hand, in the background, until it answers."""

import os
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hrctl.client import Client
from hrctl.problems import NotRunning, Trouble
from hrd.admin.places import Nowhere, find_places
from hrd.admin.wire.daemon import VERSION
from hrd.admin.wire.route import Nothing

LOOK_S: Final = 0.1
READY_S: Final = 20.0
LINES_SHOWN: Final = 5
LOG_NAME: Final = "hrd.log"
LOG_MODE: Final = 0o600


def start_daemon(client: Client, environ: Mapping[str, str], home: str) -> Path:
    """Start `hrd` so that it outlives this terminal; where its log goes. `Trouble` says why it did not start."""
    places = find_places(environ, os.getuid(), home)
    if isinstance(places, Nowhere):
        raise Trouble(places.reason)
    log = Path(places.state) / LOG_NAME
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pid = _spawned(environ, log)
    except OSError as error:
        raise Trouble(f"hrd cannot be started: {error}", "see what is in its way: hr doctor") from None
    _wait_until_ready(client, pid, log)
    return log


def _spawned(environ: Mapping[str, str], log: Path) -> int:
    """A process in a session of its own, which a terminal that is closed does not take along. `-P`: whatever stands in this
    folder is not our program."""
    command = [sys.executable, "-P", "-m", "hrd"]
    files = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, LOG_MODE),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    )
    return os.posix_spawn(sys.executable, command, environ, file_actions=files, setsid=True)


def _wait_until_ready(client: Client, pid: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            raise Trouble(f"hrd did not start: {_last_words(log)}", f"see all of it: less {shlex.quote(str(log))}")
        try:
            client.ask(VERSION, Nothing())
        except NotRunning:
            time.sleep(LOOK_S)
        else:
            return
    raise Trouble(f"hrd does not answer after {READY_S:.0f} s", f"see what it does: less {shlex.quote(str(log))}")


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
    return " ".join(line.removeprefix("hrd: ") for line in lines) or "it said nothing"
