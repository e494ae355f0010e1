"""The daemon under measurement: a real process with a home of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.children import CannotMeasure, running, wait_ready
from tests.upstreams import free_port

CLIENT_KEY = "bench-client-key"
SOFT_FILES = 1024
"""The soft limit of open files that a login shell usually has; the daemon has to raise it itself."""


@dataclass(frozen=True)
class Router:
    pid: int
    port: int
    ready_s: float


def command(name: str) -> str:
    """The installed command *name* beside this Python."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise CannotMeasure(f"{path} is missing: install the project into this environment first (pip install -e .)")
    return str(path)


def make_home(folder: Path, upstream: int, log_level: str = "WARNING") -> Path:
    """A home whose only provider is the upstream on that port, with two keys."""
    folder.mkdir()
    settings = folder / ".env"
    settings.touch(0o600)
    settings.write_text(
        f"OPENAI_BASE_URL=http://127.0.0.1:{upstream}/v1\n"
        "OPENAI_API_KEYS=bench-upstream-key-1,bench-upstream-key-2\n"
        "OPENAI_MODEL=bench-model\n"
        f"PROXY_API_KEYS={CLIENT_KEY}\n"
        f"PORT={free_port()}\n"
        f"LOG_LEVEL={log_level}\n"
    )
    return folder


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's own settings, so that they cannot change what is measured."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "HERMES_ROUTER_HOME": str(home)}


@contextmanager
def router(home: Path) -> Iterator[Router]:
    """The daemon, ready, for the length of the block."""
    limited = f'ulimit -Sn {SOFT_FILES}; exec "$0"'
    log, port = home / "stderr.log", _port_of(home)
    started = time.monotonic()
    with running(["/bin/sh", "-c", limited, command("hrd")], env=environment(home), log=log) as child:
        wait_ready(port, "/health", child, log)
        yield Router(child.pid, port, time.monotonic() - started)
        if child.poll() is not None:
            raise CannotMeasure(f"hrd ended with {child.returncode} while it was measured; see {log}")


def status_s(home: Path) -> float:
    """How long `hr status` takes as a whole process."""
    started = time.monotonic()
    done = subprocess.run([command("hr"), "status"], env=environment(home), capture_output=True, text=True)
    took = time.monotonic() - started
    if done.returncode:
        raise CannotMeasure(f"hr status ended with {done.returncode}: {done.stderr.strip()}")
    return took


def _port_of(home: Path) -> int:
    lines = (home / ".env").read_text().splitlines()
    return next(int(line.removeprefix("PORT=")) for line in lines if line.startswith("PORT="))
