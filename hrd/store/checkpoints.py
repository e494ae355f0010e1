"""Checkpoints: the write-ahead log goes into the database, and only here does anything wait for the disk.

A passive checkpoint lets everybody write on; but while somebody writes, the log never starts over and grows. So once it is
long, what little is left after a passive one is done while nobody writes.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Lock

from hrd.store.opening import connect

LOG_LONG_BYTES = 64 * 1024 * 1024


def checkpoint(path: Path, turn: Lock) -> None:
    """For a thread. Raises `sqlite3.Error` if the disk does not take it."""
    with closing(connect(path)) as connection:
        _passive(connection)
        if log_bytes(path) > LOG_LONG_BYTES:
            with turn:
                _passive(connection)


def log_bytes(path: Path) -> int:
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def _passive(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
