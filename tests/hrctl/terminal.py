"""`hr` in a terminal of its own: somebody types, somebody looks."""

import os
import pty
import select
import subprocess
import sys
import termios
import time

TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


PATIENCE_S = 10.0


class Terminal:
    """A terminal with `hr` in it: what it shows is read, what is typed is written."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-c", TAKE_TERMINAL, sys.executable, "-m", "hrctl", *arguments]
        self._process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            self._check(time.monotonic() < deadline, f"{text!r} does not come; shown is {self.shown!r}")
            self._check(self._read(), f"{text!r} does not come, and no more; shown is {self.shown!r}")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def end(self) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            self._check(time.monotonic() < deadline, f"it does not end; the last it showed is {self.shown[-1000:]!r}")
        os.close(self._master)
        return self._process.wait(PATIENCE_S)

    def _check(self, holds: bool, why: str) -> None:
        """What a test has given up on ends with it: a later one would be blamed for its process."""
        if not holds:
            self._process.kill()
            self._process.wait()
            os.close(self._master)
        assert holds, why

    def _read(self) -> bool:
        """Whether there may be more: a terminal that nobody else has open any more fails to read (EIO on Linux)."""
        if not select.select([self._master], [], [], PATIENCE_S)[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.shown += data.decode()
        return bool(data)
