"""Checkpoints: the write-ahead log goes into the database, and only here does anything wait for the disk.

A passive checkpoint lets everybody write on. If nobody did meanwhile, the log starts over with the next write; the second pass,
short because of the first, makes that likely. Under steady load it never happens and the log grows, so once it is long what
little is left is done while nobody writes. The file keeps its length until a quiet moment: cutting it takes a while.
"""

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

from hrd.store.opening import connect

LOG_LONG_PAGES = 65_536
LOG_KEPT_BYTES = 4 * 1024 * 1024


def checkpoint(
    path: Path, turn: AbstractContextManager[object], *, is_quiet: bool, log_pages_max: int = LOG_LONG_PAGES
) -> None:
    """For a thread. Raises `sqlite3.Error` if the disk does not take it."""
    with closing(connect(path)) as connection:
        _run(connection, "PASSIVE")
        pages = _run(connection, "PASSIVE")
        if is_quiet and log_bytes(path) > LOG_KEPT_BYTES:
            with turn:
                _run(connection, "TRUNCATE")
        elif pages > log_pages_max:
            with turn:
                _run(connection, "PASSIVE")


def log_bytes(path: Path) -> int:
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def _run(connection: sqlite3.Connection, mode: str) -> int:
    """How many pages the log holds."""
    _, pages, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return int(pages)
