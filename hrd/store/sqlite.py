"""The store on disk: SQLite in WAL mode, one writer in the loop's own thread, everything slow in threads.

Its parts: `waiting` (rows until they are written), `writer` (one transaction for all of them), `reader` and `questions`
(what is asked), `opening` (a good, a fresh or a damaged file), `upkeep` (checkpoints, and what is deleted).

It never fails its caller. What it cannot write waits in memory, `health` says why, and `housekeep` mends what can be mended: a
file that could not be opened is tried again, one that SQLite calls malformed is moved aside, one that was removed is made anew.
"""

import sqlite3
from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import trio

from hrd.core.journal import Entry
from hrd.core.ledger import Reservation
from hrd.core.remembered import Remembered, Row
from hrd.store import checkpoints, questions
from hrd.store.contract import JournalQuestion, Process, StoreHealth, StoreUnreadableError, Told, UsageQuestion, UsageRow
from hrd.store.limits import StoreLimits
from hrd.store.lost import entries_of
from hrd.store.notes import FORGET, NOTE, outlived, told_through
from hrd.store.opening import Opened, open_database
from hrd.store.reader import Reader
from hrd.store.rows import Statement, fold
from hrd.store.scope_lists import ScopeLists
from hrd.store.trouble import Damaged, NewerSchemaError, write_failed
from hrd.store.upkeep import Upkeep
from hrd.store.waiting import HELD, WaitingRows, WriteFailed
from hrd.store.writer import Writer, transact

LOSE = "UPDATE ledger SET state = 2, spent = tokens WHERE id = ?"
ROUND_S = 1.0
UNDER_WAY_ROUND_S = 0.01


def open_store(
    path: Path, limits: StoreLimits, process: Process, now: Callable[[], float], *, is_shared: bool = False
) -> "SqliteStore":
    """Open or make the database. A disk that does not let us gives a degraded store, not an error; only a database of a newer
    hrd raises (`NewerSchemaError`), and a damaged one that another process has open (*is_shared*; `StoreUnreadableError`)."""
    store = SqliteStore(path, limits, process, now)
    try:
        store.use(open_database(path, now(), is_shared=is_shared))
    except Damaged as damage:
        raise StoreUnreadableError(f"{path} cannot be read: {damage}") from damage
    except (sqlite3.Error, OSError) as error:
        store.give_up(error)
    return store


class SqliteStore:
    """See the module's docstring and `hrd.store.contract`."""

    def __init__(self, path: Path, limits: StoreLimits, process: Process, now: Callable[[], float]) -> None:
        self.path = path
        self._limits = limits
        self._process = process
        self._now = now
        self._moved_aside = ""
        self._writer = Writer(path, process, keep_journal=limits.retention.journal_rows > 0)
        self._reader = Reader(path)
        self._waiting = WaitingRows(self._write, now, limits.buffer_rows)
        self._living: set[Process] = set()
        self._is_held = False
        self._told: Told | None = None
        self._told_through = 0
        self._upkeep = Upkeep(path, self._writer, limits, now)

    @property
    def limits(self) -> StoreLimits:
        return self._limits

    @limits.setter
    def limits(self, limits: StoreLimits) -> None:
        self._limits = self._upkeep.limits = limits
        self._waiting.rows_max = limits.buffer_rows
        self._writer.keep_journal = limits.retention.journal_rows > 0

    # the contract --------------------------------------------------------------------------------------------------------

    def commit_nowait(self, rows: Sequence[Row]) -> None:
        self._waiting.commit_nowait(rows)

    def commit(self, rows: Sequence[Row]) -> Coroutine[Any, Any, None]:
        return self._waiting.commit(rows)

    @property
    def is_full(self) -> bool:
        return self._waiting.is_full

    def health(self) -> StoreHealth:
        failure = self._waiting.trouble or self._writer.why_closed
        return StoreHealth(
            state="full" if self.is_full else "degraded" if failure is not None else "ok",
            message=self._message(failure),
            rows_waiting=len(self._waiting.rows),
            rows_max=self._limits.buffer_rows,
            path=str(self.path),
            bytes_on_disk=_bytes_of(self.path) + checkpoints.log_bytes(self.path),
            moved_aside=self._moved_aside,
        )

    async def usage(self, question: UsageQuestion) -> list[UsageRow]:
        return await self._reader.ask(questions.usage, question)

    async def journal(self, question: JournalQuestion) -> list[tuple[int, Entry]]:
        return await self._reader.ask(questions.journal, question)

    async def entry(self, request_id: str) -> Entry | None:
        """Also one that still waits to be written."""
        for row in reversed(self._waiting.rows):
            if isinstance(row, Entry) and row.request_id == request_id:
                return row
        return await self._reader.ask(questions.entry, request_id)

    def load(self, now: float, living: Collection[Process] = ()) -> Remembered:
        """The lock beside the database keeps other daemons away: whoever else holds a reservation, and is not of *living*, is
        dead."""
        self._living = set(living)
        self._upkeep.others_write = bool(self._living)
        try:
            lost = self._bury_or_count()
            return self._reader.ask_nowait(questions.remembered, now, lost, self._process, living)
        except StoreUnreadableError:
            if living:
                raise
            if not self._writer.is_damaged and not self._reader.is_damaged:
                return Remembered(next_reservation=int(now * 1_000_000))
        self._replace(now)
        return Remembered()

    def bury(self, process: Process) -> None:
        self._living.discard(process)
        self._upkeep.others_write = bool(self._living)
        if self._writer.connection is not None:  # otherwise `tidy` does it when it has opened the file
            self._bury_living(self._writer.connection)

    async def housekeep(self) -> None:
        while True:
            await trio.sleep(UNDER_WAY_ROUND_S if self._upkeep.is_under_way else ROUND_S)
            await self.tidy()

    def close(self) -> None:
        self.flush()
        self._upkeep.stop()
        self._reader.close()
        self._writer.close()

    # handing over --------------------------------------------------------------------------------------------------------

    def hold(self) -> bool:
        self.flush()
        self._is_held = not self._waiting.rows and self._writer.connection is not None
        return self._is_held

    def flush(self) -> None:
        while self._waiting.retry_now():
            pass

    def go_on(self) -> None:
        self._is_held = False
        self.flush()

    def retire(self, told: Told | None) -> None:
        self._told = told

    def _write(self, rows: Sequence[Row]) -> WriteFailed | None:
        if self._is_held:
            return HELD
        if self._told is None:
            return self._writer.write(rows)
        number = self._told_through + 1
        failure = self._writer.write(rows, [(NOTE, [(told_through(self._process), number)])])
        if failure is None:
            self._told_through = number
            self._told(number, rows)
        return failure

    # opening -------------------------------------------------------------------------------------------------------------

    def use(self, opened: Opened) -> None:
        self._writer.use(opened.connection)
        self._moved_aside = opened.moved_aside or self._moved_aside

    def give_up(self, error: Exception) -> None:
        """Write nothing until `tidy` has opened the file again."""
        self._writer.close(write_failed(error, self.path))

    def _replace(self, now: float) -> None:
        """A page turned out to be malformed: start afresh."""
        self._reader.close()
        self._writer.close()
        try:
            self.use(open_database(self.path, now, is_damaged=True))
        except (sqlite3.Error, OSError) as error:
            self.give_up(error)

    def _bury_or_count(self) -> int:
        """A disk that takes no burial now may take it later; what is lost counts as spent meanwhile, too. Before anybody asks:
        the reader is used in the caller's thread."""
        connection = self._writer.connection
        if connection is not None:
            try:
                return self._bury(connection)
            except sqlite3.Error as error:
                self._writer.note(error)
                self.give_up(error)
        return len(self._reader.ask_nowait(questions.held_by_others, self._process, self._living).by_dead)

    def _bury(self, connection: sqlite3.Connection) -> int:
        """Write down as lost what dead processes held; how many reservations that were. All or nothing."""
        with self._writer.turn:
            lost = questions.held_by_others(connection, self._process, self._living).by_dead
            noted = outlived(connection, {*self._living, self._process})
            if lost or noted:
                transact(connection, [*self._burial(lost), (FORGET, [(name,) for name in noted])])
        return len(lost)

    def _burial(self, lost: list[Reservation]) -> list[Statement]:
        keep_journal = self._limits.retention.journal_rows > 0
        return [
            (LOSE, [(reservation.id,) for reservation in lost]),
            *fold(entries_of(lost), self._process, ScopeLists(), keep_journal=keep_journal),
        ]

    # housekeeping --------------------------------------------------------------------------------------------------------

    async def tidy(self) -> None:
        """One round of housekeeping: whatever is due now."""
        await self._mend()
        while self._waiting.retry():
            await trio.lowlevel.checkpoint()
        if self._told is not None:
            self._upkeep.stop()  # another process keeps the database
        elif self._writer.connection is not None:
            await self._upkeep.round()

    async def _mend(self) -> None:
        """Open what is not open, replace what is damaged or gone."""
        is_damaged = self._writer.is_damaged or (self._reader.is_damaged and await self._is_broken())
        was_open, is_gone = self._writer.connection is not None, self._writer.is_gone()
        if was_open and not is_damaged and not is_gone:
            return
        self._upkeep.stop()
        async with self._reader.paused():
            try:
                if is_gone:
                    self._writer.leave_gone()
                self._writer.close()
                opened = await trio.to_thread.run_sync(partial(self._open, is_damaged=is_damaged and not is_gone))
            except (sqlite3.Error, OSError, NewerSchemaError) as error:
                self.give_up(error)
                return
        self.use(opened)
        if not was_open:
            self._bury_living(opened.connection)
        self._waiting.retry_now()

    def _open(self, *, is_damaged: bool) -> Opened:
        return open_database(self.path, self._now(), is_damaged=is_damaged)

    def _bury_living(self, connection: sqlite3.Connection) -> None:
        """While it runs: what cannot be written down now is when the file has been opened again. Who has handed over buries
        nobody: who has taken over from it is none of those that it knows."""
        if self._told is not None:
            return
        try:
            self._bury(connection)
        except sqlite3.Error as error:
            self._writer.note(error)
            self.give_up(error)

    async def _is_broken(self) -> bool:
        try:
            return not await self._reader.ask(questions.is_whole)
        except StoreUnreadableError:
            return self._reader.is_damaged
        finally:
            self._reader.is_damaged = False

    def _message(self, failure: WriteFailed | None) -> str:
        parts = []
        if failure is not None:
            parts.append(failure.message)
        if self._waiting.refusals_dropped:
            parts.append(f"{self._waiting.refusals_dropped} refusals were not recorded")
        if self._writer.rows_refused:
            parts.append(f"{self._writer.rows_refused} rows could not be stored and were left out")
        if self._upkeep.failure:
            parts.append(self._upkeep.failure)
        return "; ".join(parts)


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
