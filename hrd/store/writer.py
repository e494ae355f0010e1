"""The one writer: a connection used from the loop's own thread, one transaction for all that waits.

Deletes and checkpoints run in threads with a connection of their own. SQLite lets one of them write at a time; the *turn* is a
lock inside this process, so that the loop waits for the end of a short transaction and no longer, instead of polling the file.
"""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hrd.core.remembered import Row
from hrd.store.contract import Process
from hrd.store.rows import Statement, fold
from hrd.store.scope_lists import ScopeLists
from hrd.store.trouble import BUSY_RETRY_S, Trouble, trouble_of, write_failed
from hrd.store.waiting import WriteFailed

TURN_WAIT_S = 0.25
"""How long the loop may stand still for the housekeeping; its turns take milliseconds, unless the disk is very slow."""
ROW_ERRORS = (sqlite3.Error, OverflowError, UnicodeError, msgspec.MsgspecError)


class Writer:
    """`write` all rows or none. A row that no database could take is left out and counted, lest it hold up the rest."""

    def __init__(self, path: Path, process: Process, *, keep_journal: bool, turn_wait_s: float = TURN_WAIT_S) -> None:
        self._turn_wait_s = turn_wait_s
        self.path = path
        self.process = process
        self.turn = threading.Lock()
        self.rows_refused = 0
        self.is_damaged = False
        self.rows_written = 0
        self.is_dirty = False
        """Something was written since the last checkpoint began."""
        self.keep_journal = keep_journal
        self._lists = ScopeLists()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._log = path.with_name(path.name + "-wal")
        self._log_inode: tuple[int, int] | None = None
        self._closed: WriteFailed = WriteFailed(message=f"{path} is not open", pause_s=0.0)

    @property
    def connection(self) -> sqlite3.Connection | None:
        return self._connection

    @property
    def why_closed(self) -> WriteFailed | None:
        return self._closed if self._connection is None else None

    def note(self, error: Exception) -> bool:
        """*error* came up elsewhere in this file; whether it says that the file is damaged."""
        self.is_damaged = self.is_damaged or trouble_of(error) is Trouble.DAMAGED
        return self.is_damaged

    def use(self, connection: sqlite3.Connection) -> None:
        """Write through *connection* from now on."""
        self._connection, self._inode = connection, _inode_of(self.path)
        self._log_inode = _inode_of(self._log)
        self._lists.forget()
        self.is_damaged = False
        self.is_dirty = True

    def close(self, why: WriteFailed | None = None) -> None:
        """Write no more; *why* is what further tries are told."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if why is not None:
            self._closed = why

    def is_gone(self) -> bool:
        """Somebody removed or replaced the file: what is written now would vanish with it."""
        return self._connection is not None and _inode_of(self.path) != self._inode

    def leave_gone(self) -> None:
        """Close, and take away the log that we wrote for the file that is gone: SQLite would apply it to the one there now."""
        self.close()
        if self._log_inode is not None and _inode_of(self._log) == self._log_inode:
            self._log.unlink()

    def write(self, rows: Sequence[Row], also: Sequence[Statement] = ()) -> WriteFailed | None:
        """*also* goes with them, in the same transaction."""
        if self._connection is None:
            return self._closed
        if not self.turn.acquire(timeout=self._turn_wait_s):
            return WriteFailed(message=f"the housekeeping holds {self.path}", pause_s=BUSY_RETRY_S, is_passing=True)
        try:
            return self._write(self._connection, rows, also)
        finally:
            self.turn.release()

    def _write(self, connection: sqlite3.Connection, rows: Sequence[Row], also: Sequence[Statement]) -> WriteFailed | None:
        self.is_dirty = True
        try:
            transact(connection, [*self._fold(rows), *also])
        except ROW_ERRORS as error:
            if trouble_of(error) is not Trouble.BAD_ROW:
                return self._failed(error)
            return self._write_singly(connection, rows, also)
        self._lists.saved()
        self.rows_written += len(rows)
        return None

    def _write_singly(
        self, connection: sqlite3.Connection, rows: Sequence[Row], also: Sequence[Statement]
    ) -> WriteFailed | None:
        """One of *rows* cannot be stored: all others, still in one transaction."""
        refused = 0
        self._lists.forget()  # whatever came with the bad row must not spoil the good ones
        try:
            connection.execute("BEGIN IMMEDIATE")
            for row in rows:
                refused += not self._write_one(connection, row)
            for sql, values in also:
                connection.executemany(sql, values)
            connection.execute("COMMIT")
        except ROW_ERRORS as error:
            _roll_back(connection)
            return self._failed(error)
        self._lists.saved()
        self.rows_written += len(rows) - refused
        self.rows_refused += refused
        return None

    def _write_one(self, connection: sqlite3.Connection, row: Row) -> bool:
        connection.execute("SAVEPOINT one")
        try:
            for sql, values in self._fold((row,)):
                connection.executemany(sql, values)
        except ROW_ERRORS as error:
            if trouble_of(error) is not Trouble.BAD_ROW:
                raise
            connection.execute("ROLLBACK TO one")
            self._lists.forget()
            return False
        finally:
            if connection.in_transaction:
                connection.execute("RELEASE one")
        return True

    def _fold(self, rows: Sequence[Row]) -> Sequence[Statement]:
        return fold(rows, self.process, self._lists, keep_journal=self.keep_journal)

    def _failed(self, error: Exception) -> WriteFailed:
        self.note(error)
        return write_failed(error, self.path)


def transact(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """All of *statements*, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for sql, values in statements:
            connection.executemany(sql, values)
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _inode_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _roll_back(connection: sqlite3.Connection) -> None:
    """SQLite may have done so itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
