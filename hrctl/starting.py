"""Starting the daemon by hand, in the background, until it answers."""

import os
import shlex
import subprocess
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


def start_daemon(client: Client, environ: Mapping[str, str], home: str) -> Path:
    """Start `hrd` so that it outlives this terminal; where its log goes. `Trouble` says why it did not start."""
    places = find_places(environ, os.getuid(), home)
    if isinstance(places, Nowhere):
        raise Trouble(places.reason)
    log = Path(places.state) / LOG_NAME
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "hrd"],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd="/",
                start_new_session=True,
            )
    except OSError as error:
        raise Trouble(f"hrd cannot be started: {error}", "see what is in its way: hr doctor") from None
    _wait_until_ready(client, process, log)
    return log


def _wait_until_ready(client: Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
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
