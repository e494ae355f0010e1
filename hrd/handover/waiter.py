"""The waiter: what becomes of a daemon that was started by hand, once its successor has taken over.

Whoever started it waits for its pid and sends signals there. So the process stays, as little more than a parent: it passes
signals on to the daemon of the day, reaps those that have ended, and ends as the last daemon ended.

It imports nothing of ours and is run as a file: what an update does to the package meanwhile does not concern it.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Final

PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WAITED_FOR: Final = (*PASSED_ON, signal.SIGCHLD)


def become_waiter(lock: str) -> None:
    """Does not return. Signals that are held back wait until the waiter takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED_FOR)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        Path(__file__).stat()
        os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, lock])  # noqa: S606 - ourselves, grown small
    except OSError:  # an update has taken it away; then we stay as large as we are
        sys.exit(wait(Path(lock)))


def pass_on_the_rest(lock: Path) -> None:
    """Of a daemon that has handed over and is nobody's waiter: what it was still told meant the daemon of the day."""
    pid = daemon_pid(lock)
    for number in signal.sigpending().intersection(PASSED_ON) if pid else ():
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return


def wait(lock: Path) -> int:
    """The exit code of the last daemon, as shells count."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED_FOR)
    family = Family(lock)
    while family.reap():
        number = signal.sigwait(WAITED_FOR)
        if number != signal.SIGCHLD:
            family.tell(number)
    return family.code


def daemon_pid(lock: Path) -> int:
    """The daemon of the day, as it has written into the lock beside the database; 0 if nobody knows."""
    try:
        text = lock.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0


class Family:
    """The processes that are ours to reap: the daemon of the day, those that finish what they had, and failed attempts."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._of_daemon: int | None = None
        self._of_anybody = 0

    @property
    def code(self) -> int:
        """Of the last that was the daemon of the day when it ended; of the last at all, if it cannot be told who was."""
        return self._of_anybody if self._of_daemon is None else self._of_daemon

    def reap(self) -> bool:
        """Take in whoever has ended; whether anybody is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            code = os.waitstatus_to_exitcode(status)
            self._of_anybody = 128 - code if code < 0 else code
            if pid == daemon_pid(self._lock):
                self._of_daemon = self._of_anybody

    def tell(self, number: int) -> None:
        """To the daemon of the day, who tells the older ones; to all of them if it cannot be told who that is."""
        children = [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]
        current = daemon_pid(self._lock)
        for pid in [current] if current in children else children:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


if __name__ == "__main__":
    sys.exit(wait(Path(sys.argv[1])))
