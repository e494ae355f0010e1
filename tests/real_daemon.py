"""The daemon as a process of its own, in a folder of its own: what a user would start, without anything of the user's."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
READY_S = 20.0
STOP_S = 20.0


@dataclass(frozen=True)
class RealDaemon:
    process: subprocess.Popen[bytes]
    home: Path
    endpoint: str

    @property
    def said(self) -> str:
        """Everything that it has written so far."""
        return _log(self.home).read_text()

    def hr(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [BIN / "hr", *arguments], env=environment(self.home), input=stdin, capture_output=True, text=True, cwd=self.home
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def client_key(self) -> str:
        keys = json.loads(self.hr("key", "list", "--reveal", "--json").stdout)["keys"]
        return str(keys[0]["key"])


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a shell would hand over, with the folder of this test in the place of the user's."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return kept | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "HERMES_ROUTER_HOME": str(home),
        "PORT": "0",
        **more,
    }


def run_hrd(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`hrd`, when it is to end by itself."""
    command = [sys.executable, "-W", "error", "-m", "hrd", *arguments]
    return subprocess.run(command, env=environment(home, **more), capture_output=True, text=True, timeout=READY_S)


@contextmanager
def real_daemon(home: Path, *arguments: str, **more: str) -> Iterator[RealDaemon]:
    """`hrd` from ready to its end, which must be a good one."""
    command = [sys.executable, "-W", "error", "-m", "hrd", *arguments]
    with _log(home).open("wb") as log:
        process = subprocess.Popen(command, env=environment(home, **more), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield RealDaemon(process, home, _endpoint_when_ready(process, home))
        ended = process.poll()
        assert ended in (None, 0), f"hrd ended with {ended}:\n{_log(home).read_text()}"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def facts_of(log: str, event: str) -> Iterator[dict[str, Any]]:
    """The lines of the log that tell of *event*."""
    for line in log.splitlines():
        if line.startswith("{") and (fact := json.loads(line))["event"] == event:
            yield fact


def _endpoint_when_ready(process: subprocess.Popen[bytes], home: Path) -> str:
    deadline = time.monotonic() + READY_S
    while True:
        said = _log(home).read_text()
        for ready in facts_of(said.rpartition("\n")[0], "ready"):
            return str(ready["endpoint"])
        assert process.poll() is None, f"hrd ended with {process.returncode}:\n{said}"
        assert time.monotonic() < deadline, f"hrd is not ready after {READY_S} s:\n{said}"
        time.sleep(0.01)


def _log(home: Path) -> Path:
    return home / "stderr.log"
