"""One daemon a database: `hrd.lock` beside it is flock'ed. Never the database itself, whose locks belong to SQLite.

The kernel lets go of the lock when the last descriptor is closed, however the process ends; the file stays, and its pid is only
for people. Children may be handed the descriptor (`os.set_inheritable`): they then hold the same lock.
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import Final

import msgspec

PID_WIDTH: Final = 10
"""As wide as any: whoever looks while it is written finds one pid or the other."""


class HeldBy(msgspec.Struct, frozen=True):
    """Another daemon has the lock. Its pid, unless it has not written it yet."""

    pid: int | None


class Lock:
    """Held until `release`, or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def write_pid(self, pid: int) -> None:
        """Who holds it now. A folder that is locked for want of a file keeps nothing, and a disk that is full may not: the lock
        holds all the same."""
        if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            line = b"%-*d\n" % (PID_WIDTH, pid)
            try:
                os.pwrite(self._descriptor, line, 0)
                os.ftruncate(self._descriptor, len(line))
            except OSError:
                pass

    def release(self) -> None:
        """Twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_lock(path: Path, pid: int) -> Lock | HeldBy:
    """Take the lock and write *pid* into it. Where no file can be made, the folder itself is; OSError without a folder."""
    while True:
        descriptor, is_file = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held_by = _read(descriptor) if is_file else None
            os.close(descriptor)
            return HeldBy(held_by)
        if not is_file:
            return Lock(descriptor)
        if _is_at(path, descriptor):
            lock = Lock(descriptor)
            lock.write_pid(pid)
            return lock
        os.close(descriptor)


def holder_of(path: Path) -> HeldBy | None:
    """Who has the lock, if anybody has; nothing is made by looking."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return HeldBy(_read(descriptor))
    else:
        return None
    finally:
        os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR), True
    except OSError:
        return os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), False


def _is_at(path: Path, descriptor: int) -> bool:
    """Somebody may have removed the file between our opening and our locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _read(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
