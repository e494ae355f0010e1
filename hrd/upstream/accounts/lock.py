"""One renewal of an account at a time, whatever the number of processes: while the work changes hands there are two.

The kernel lets go of the lock when its holder ends, however it ends. The file stays.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

import trio

LOOK_S: Final = 0.05


class RenewalLock:
    """One account's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.is_had = False

    async def take(self, within_s: float) -> str:
        """Wait for it; why it was not to be had, or nothing. Who has it has it at once."""
        if self.is_had:
            return ""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            return f"{self._path}: {error.strerror}"
        with trio.move_on_after(within_s):
            while not self._is_taken():  # noqa: ASYNC110 - another process holds it
                await trio.sleep(LOOK_S)
            return ""
        return "another process of this router has been renewing it for too long"

    def _is_taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.is_had = True
        return True

    def release(self) -> None:
        """Twice, or without having it, does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self.is_had = -1, False
