"""The read-only connection, asked in a thread.

Closing an sqlite3 connection while another thread waits in one of its statements ends the process with a segmentation fault
(CPython 3.11 looks at the closed connection for what came of it). So whoever uses it, or closes it, holds it meanwhile.
"""

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import trio

from hrd.store.contract import StoreUnreadableError
from hrd.store.trouble import Trouble, trouble_of

P = ParamSpec("P")
T = TypeVar("T")
WAIT_S = 1.0


class Reader:
    """One question at a time; the others wait in the loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_damaged = False
        """A question met a malformed page."""
        self._connection: sqlite3.Connection | None = None
        self._one_at_a_time = trio.Lock()
        self._in_use = threading.Lock()

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of *question*; `StoreUnreadableError` if the file cannot be read."""
        async with self._one_at_a_time:
            return await trio.to_thread.run_sync(lambda: self.ask_nowait(question, *args, **kwargs))

    def ask_nowait(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, in the caller's thread."""
        with self._in_use:
            try:
                if self._connection is None:
                    self._connection = open_read_only(self.path)
                return question(self._connection, *args, **kwargs)
            except sqlite3.Error as error:
                self._close()
                self.is_damaged = trouble_of(error) is Trouble.DAMAGED
                raise StoreUnreadableError(f"{self.path} cannot be read: {error}") from error

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Nobody asks meanwhile, and afterwards the file is opened anew: another one may stand at the path."""
        async with self._one_at_a_time:
            self.close()
            self.is_damaged = False
            yield

    def close(self) -> None:
        """Waits for the end of a question that is being answered."""
        with self._in_use:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def open_read_only(path: Path) -> sqlite3.Connection:
    """A database in a folder where nothing can be made has no shared memory: it is read as it stands."""
    try:
        return _open(path, "mode=ro")
    except sqlite3.OperationalError:
        wal = path.with_name(path.name + "-wal")
        if not path.is_file() or (wal.exists() and wal.stat().st_size):
            raise
        return _open(path, "mode=ro&immutable=1")


def _open(path: Path, how: str) -> sqlite3.Connection:
    name = f"file:{quote(str(path.absolute()))}?{how}"
    connection = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT_S)
    try:
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
