"""The waiter: what becomes of a daemon that was started by hand, once its successor has taken over.

Whoever started it waits for its pid and sends signals there. So the process stays, as little more than a parent: it passes
signals on to the daemon of the day, reaps those that have ended, and ends as the last daemon ended.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Final

PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WAITED_FOR: Final = (*PASSED_ON, signal.SIGCHLD)


def become_waiter(lock: str) -> None:
    """Does not return. Signals that come from now on wait until the waiter takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED_FOR)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "hrd.handover.waiter", lock])  # noqa: S606 - ourselves, grown small


def wait(lock: Path) -> int:
    """The exit code of the last daemon, as shells count."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED_FOR)
    ended: dict[int, int] = {}
    while _reap(ended):
        number = signal.sigwait(WAITED_FOR)
        if number != signal.SIGCHLD:
            _pass_on(number, lock)
    current = daemon_pid(lock)
    return ended.get(current, next(reversed(ended.values()), 0))


def daemon_pid(lock: Path) -> int:
    """The daemon of the day, as it has written into the lock beside the database; 0 if nobody knows."""
    try:
        text = lock.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0


def _reap(ended: dict[int, int]) -> bool:
    """Take in whoever has ended; whether anybody is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if not pid:
            return True
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = 128 - code if code < 0 else code


def _pass_on(number: int, lock: Path) -> None:
    """To the daemon of the day, who tells the older ones; to all of them if it cannot be told who that is."""
    children = [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]
    current = daemon_pid(lock)
    for pid in [current] if current in children else children:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(wait(Path(sys.argv[1])))
