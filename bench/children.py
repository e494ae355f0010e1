"""The processes that a measurement starts, and stops again, by their own ids only."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

BENCH = Path(__file__).parent
STOP_S = 10.0


class CannotMeasure(Exception):  # noqa: N818 - says what is missing
    """Something that the measurement needs is not there; the message says what to do."""


def built(name: str) -> Path:
    """The C program *name*, compiled if that was not done since it was changed."""
    source, program = BENCH / f"{name}.c", BENCH / "build" / name
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    program.parent.mkdir(exist_ok=True)
    command = ["gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        raise CannotMeasure("gcc is missing: apt install gcc libc6-dev") from None
    except subprocess.CalledProcessError as error:
        raise CannotMeasure(f"{name}.c does not compile here (exit {error.returncode})") from None
    return program


@contextmanager
def running(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path | None = None, reads: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """*command* as a child for the length of the block. Its stderr goes to *log*, its stdout too unless we read it."""
    with (log or Path("/dev/null")).open("ab") as errors:
        child = subprocess.Popen(
            [str(part) for part in command],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if reads else errors, stderr=errors, text=True,
        )  # fmt: skip
    try:
        yield child
    finally:
        stop(child)


def stop(child: subprocess.Popen[str]) -> None:
    """Ask *child* to end, and end it if it does not."""
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()


def wait_ready(port: int, path: str, child: subprocess.Popen[str], log: Path, within_s: float = 10.0) -> None:
    """Return once GET *path* is answered with 200; asked every two milliseconds."""
    deadline = time.monotonic() + within_s
    while not _answers(port, path):
        if child.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-2000:]
            raise CannotMeasure(f"{child.args!r} did not become ready on port {port}; it said:\n{said}")
        time.sleep(0.002)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
