"""Files that matter: read whole within a bound, replaced whole or not at all, recognised when they change.

Everything here blocks; the daemon calls it in a thread. What can go wrong is a value that says what to do about it,
because a file that cannot be read is never taken for an empty one.
"""

import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

LEFTOVER_AGE_S: Final = 60
"""A temporary file this much older than the one just written was left by a process that was killed."""

TURN_S: Final = 5.0
TURN_LOOK_S: Final = 0.005


class Stamp(msgspec.Struct, frozen=True):
    """What changes when a file does."""

    mtime_ns: int
    size: int
    inode: int
    mode: int
    uid: int
    """A `chmod` or `chown` may be all that was wrong with it."""


class Content(msgspec.Struct, frozen=True):
    """What stood in a file, and what the file was."""

    data: bytes
    stamp: Stamp
    mode: int
    uid: int


class FileProblem(msgspec.Struct, frozen=True):
    """Why a file could not be read or written, with what to do."""

    path: str
    reason: str
    is_stale: bool = False
    """The file was not the one that was to be replaced."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None when there is none, or none that may be looked at."""
    try:
        return _stamp(path.stat())
    except (OSError, ValueError):
        return None


def read_bounded(path: Path, limit: int) -> Content | FileProblem | None:
    """The whole file; None when there is none. More than *limit* bytes, or anything but a file, is a problem."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not make us wait
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return FileProblem(str(path), _reason(error, "cannot be read"))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return FileProblem(str(path), f"is a {_sort(found.st_mode)}; a file is wanted here: move it away")
        data = _read_all(descriptor, limit + 1)
    except OSError as error:
        return FileProblem(str(path), _reason(error, "cannot be read"))
    finally:
        os.close(descriptor)
    if len(data) > limit:
        return FileProblem(str(path), f"is larger than {limit} bytes: it cannot be what belongs here")
    return Content(data, _stamp(found), stat.S_IMODE(found.st_mode), found.st_uid)


def write_atomically(path: Path, data: bytes, mode: int, *, replaces: Stamp | None) -> Stamp | FileProblem:
    """Put *data* in the place of the file that had the stamp *replaces* (None: of no file), whole or not at all.

    After a crash at any moment either the old or the new content stands there. A symbolic link stays one: the file that
    it leads to is replaced.
    """
    written: Path | None = None
    try:
        target = Path(os.path.realpath(path))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        written = Path(name)
        stamp = _write_down(descriptor, data, mode)
        if _stamp_now(target) != replaces:
            return FileProblem(str(path), "was changed by somebody else in the meantime; nothing was written", is_stale=True)
        written.replace(target)
        written = None
        _sync_folder(target.parent)
    except (OSError, ValueError) as error:
        return FileProblem(str(path), _reason(error, "cannot be written"))
    finally:
        if written is not None:
            _remove(written)
    _remove_leftovers(target, stamp)
    return stamp


@contextmanager
def turn_in(folder: Path, within_s: float = TURN_S) -> Iterator[None]:
    """One process at a time, of those that ask here, reads and replaces files of *folder*: between the last look at a file and
    the moment at which it is replaced somebody else would be written over. Who waits for too long goes on all the same."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError):  # whoever writes there will hear of it
        yield
        return
    try:
        ends_at = time.monotonic() + within_s
        while not _is_ours(descriptor) and time.monotonic() < ends_at:
            time.sleep(TURN_LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # not every file system has locks
        return True
    return True


def _read_all(descriptor: int, limit: int) -> bytes:
    pieces: list[bytes] = []
    while limit > 0 and (piece := os.read(descriptor, min(limit, 1 << 20))):
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def _write_down(descriptor: int, data: bytes, mode: int) -> Stamp:
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file.fileno(), rest) :]
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
        return _stamp(os.fstat(file.fileno()))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(target: Path, stamp: Stamp) -> None:
    for leftover in target.parent.glob(f".{target.name}.*.tmp"):
        old = stamp_of(leftover)
        if old is not None and stamp.mtime_ns - old.mtime_ns > LEFTOVER_AGE_S * 10**9:
            _remove(leftover)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # it holds nothing that the folder did not hold before, and is looked for again at the next write


def _stamp_now(path: Path) -> Stamp | None:
    """The stamp of a file, None when there is none. Whatever cannot be known is an OSError, and not None."""
    try:
        return _stamp(path.stat())
    except FileNotFoundError:
        return None


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode, found.st_uid)


def _sort(mode: int) -> str:
    return "folder" if stat.S_ISDIR(mode) else "pipe" if stat.S_ISFIFO(mode) else "special file"


_ADVICE: Final = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the disk quota is used up: make room",
    errno.EFBIG: "the file would be larger than is allowed here (ulimit -f)",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a folder on the way to it is none",
    errno.EISDIR: "is a folder; a file is wanted here: move it away",
    errno.ELOOP: "symbolic links lead in a circle",
    errno.EMFILE: "too many files are open (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
}


def _reason(error: OSError | ValueError, what: str) -> str:
    if isinstance(error, PermissionError):
        return f"{what}: permission denied for user {os.geteuid()}: look at its owner and mode, and at its folder's"
    if isinstance(error, OSError) and error.errno in _ADVICE:
        return f"{what}: {_ADVICE[error.errno]}"
    return f"{what}: {error.strerror if isinstance(error, OSError) else error}"
