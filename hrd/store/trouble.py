"""What goes wrong with a database file, in words that say what to do."""

import enum
import sqlite3
from pathlib import Path

from hrd.store.waiting import WriteFailed

RETRY_S = 1.0
BUSY_RETRY_S = 0.05
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_READ_ONLY = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_BAD_ROW = frozenset({sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE})


class NewerSchemaError(Exception):
    """The database was written by a newer hrd. It is left as it is."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer hrd (schema {found}, this one knows {known}): install the newer version again, "
            f"or move the file away to start afresh"
        )


class Damaged(Exception):  # noqa: N818 — it names the file's state, and never leaves this package
    """Not a database of ours, or a broken one."""


class Trouble(enum.Enum):
    """What a failed statement means for the rows."""

    DISK = "disk"
    BUSY = "busy"
    DAMAGED = "damaged"
    BAD_ROW = "bad row"


def trouble_of(error: Exception) -> Trouble:
    """Which of these *error* is. A row that cannot be stored comes as many types; all others are SQLite's own."""
    if isinstance(error, OSError):
        return Trouble.DISK
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.Error) or code is None:
        return Trouble.BAD_ROW
    primary = code & 0xFF
    if primary in _CORRUPT:
        return Trouble.DAMAGED
    if primary in _BUSY:
        return Trouble.BUSY
    return Trouble.BAD_ROW if primary in _BAD_ROW else Trouble.DISK


def write_failed(error: Exception, path: Path) -> WriteFailed:
    """For `health`: what is wrong, and what to do about it."""
    trouble = trouble_of(error)
    if trouble is Trouble.BUSY:
        return WriteFailed(message=f"another program has {path} locked", pause_s=BUSY_RETRY_S, is_passing=True)
    return WriteFailed(message=f"{path} cannot be written: {_advice(error, path)}", pause_s=RETRY_S)


def _advice(error: Exception, path: Path) -> str:
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return f"the disk is full; free some space where {path.parent} is"
    if primary in _READ_ONLY:
        return f"it is read-only; let the daemon's user write {path.parent} and everything in it"
    if primary == sqlite3.SQLITE_CANTOPEN or isinstance(error, PermissionError):
        return f"it cannot be opened; let the daemon's user write {path.parent} and everything in it"
    return f"{error}; look at the disk (free space, quota, `dmesg`)"
