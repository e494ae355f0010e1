"""What is deleted when it is too old, in transactions so short that the loop does not notice.

| table | kept |
|---|---|
| journal | the newest REQUEST_LOG_SIZE rows |
| ledger | settled and lost rows for LEDGER_DAYS |
| usage | by hour for 90 days, then by day, for good |
| blocks | an hour after they ended |
| windows | 35 days after they were seen |
| learned | until they expire |
| client_days | today's and yesterday's |
| sessions | MAX_SESSIONS rows, the newest; as long as usage by the hour |
| scopes | longer than the ledger rows that refer to them |
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from hrd.core.blocks import REMEMBERED_S
from hrd.store.counting import DAY_HOURS, HOUR_S, day_of
from hrd.store.limits import Retention
from hrd.store.opening import connect
from hrd.store.questions import WINDOWS_KEPT_S
from hrd.store.rows import ADD_UP, Statement
from hrd.store.writer import transact

DAY_S = 86400.0
SCOPES_MORE_DAYS = 2.0
"""`used_at` may be a day behind (see `store.scope_lists`), and ledger rows go in their turn."""
BATCH_ROWS = 200
OLDEST_LEDGER = "SELECT id, at FROM ledger WHERE id > ? ORDER BY id LIMIT ?"
NEXT_FINE_HOUR = "SELECT min(hour) FROM usage WHERE hour >= ? AND hour < ? AND hour % 24 <> 0"
ROLLED_TO = "SELECT value FROM meta WHERE name = 'usage_rolled_to'"
SET_ROLLED_TO = "INSERT OR REPLACE INTO meta VALUES ('usage_rolled_to', ?)"
OLD_HOUR = """SELECT hour - hour % 24, provider, credential, model, client, requests, errors, attempts, failed, input_tokens,
    output_tokens, cost_microusd, unpriced FROM usage WHERE hour = ?"""
ROLL_HOUR = f"INSERT INTO usage {OLD_HOUR} {ADD_UP}"


class Trimming:
    """One pass over everything. Each `step` is one short transaction, for a thread; false when the pass is over."""

    def __init__(self, path: Path, turn: Lock, retention: Retention, now: float | None) -> None:
        """*now*: None where the time of day is not to be relied on. Nothing goes by its age then."""
        self._path = path
        self._turn = turn
        self._retention = retention
        self._now = now
        self._in_use = Lock()
        """See `hrd.store.reader`: nothing is closed while a thread uses it."""
        self._connection: sqlite3.Connection | None = None
        self._batches: Iterator[list[Statement]] | None = None

    def step(self) -> bool:
        with self._in_use:
            if self._connection is None or self._batches is None:
                self._connection = connect(self._path)
                self._batches = _batches(self._connection, self._retention, self._now)
            batch = next(self._batches, None)
            if batch is None:
                return False
            with self._turn:
                transact(self._connection, batch)
            return True

    def close(self) -> None:
        """Waits for the end of a step that is under way."""
        with self._in_use:
            if self._connection is not None:
                self._connection.close()


def _batches(connection: sqlite3.Connection, retention: Retention, now: float | None) -> Iterator[list[Statement]]:
    yield from _many_sessions(connection, retention.sessions)
    yield from _old_journal(connection, retention.journal_rows)
    if now is not None:
        yield from _old_facts(connection, now, retention)
        yield from _old_ledger(connection, now - retention.ledger_days * DAY_S)
        yield from _old_usage(connection, now - retention.usage_hours_days * DAY_S)


def _old_facts(connection: sqlite3.Connection, now: float, retention: Retention) -> Iterator[list[Statement]]:
    for table, column, before in (
        ("blocks", "until", now - REMEMBERED_S),
        ("windows", "seen_at", now - WINDOWS_KEPT_S),
        ("learned", "expires_at", now),
        ("client_days", "day", day_of(now) - 1),
        ("sessions", "day", day_of(now - retention.usage_hours_days * DAY_S)),
        ("scopes", "used_at", now - (retention.ledger_days + SCOPES_MORE_DAYS) * DAY_S),
    ):
        old = f"SELECT rowid FROM {table} WHERE {column} < ? LIMIT {BATCH_ROWS}"  # noqa: S608 — names of our own
        while connection.execute(old, (before,)).fetchone() is not None:
            yield [(f"DELETE FROM {table} WHERE rowid IN ({old})", [(before,)])]  # noqa: S608 — names of our own


def _many_sessions(connection: sqlite3.Connection, rows_max: int) -> Iterator[list[Statement]]:
    found = connection.execute("SELECT rowid FROM sessions ORDER BY rowid DESC LIMIT 1 OFFSET ?", (rows_max,)).fetchone()
    oldest = connection.execute("SELECT min(rowid) FROM sessions").fetchone()[0]
    if found is not None:
        for first in range(oldest, found[0] + 1, BATCH_ROWS):
            yield [("DELETE FROM sessions WHERE rowid BETWEEN ? AND ?", [(first, min(first + BATCH_ROWS - 1, found[0]))])]


def _old_journal(connection: sqlite3.Connection, rows_max: int) -> Iterator[list[Statement]]:
    oldest = connection.execute("SELECT min(row) FROM journal").fetchone()[0]
    newest = connection.execute("SELECT max(row) FROM journal").fetchone()[0]
    if oldest is None:
        return
    for first in range(oldest, newest - rows_max + 1, BATCH_ROWS):
        last = min(first + BATCH_ROWS - 1, newest - rows_max)
        yield [("DELETE FROM journal WHERE row BETWEEN ? AND ?", [(first, last)])]


def _old_ledger(connection: sqlite3.Connection, before: float) -> Iterator[list[Statement]]:
    """Ids grow with time, so the first young row ends the walk."""
    last = -1
    while True:
        rows = connection.execute(OLDEST_LEDGER, (last, BATCH_ROWS)).fetchall()
        old = [row[0] for row in rows if row[1] < before]
        if not old:
            return
        last = rows[-1][0]
        yield [("DELETE FROM ledger WHERE id BETWEEN ? AND ? AND at < ? AND state <> 0", [(old[0], old[-1], before)])]


def _old_usage(connection: sqlite3.Connection, before: float) -> Iterator[list[Statement]]:
    """Hour after hour, each into the first hour of its day."""
    end = int(before // HOUR_S) // DAY_HOURS * DAY_HOURS
    rolled = connection.execute(ROLLED_TO).fetchone()
    hour = rolled[0] if rolled is not None else 0
    while hour < end:
        found = connection.execute(NEXT_FINE_HOUR, (hour, end)).fetchone()[0]
        if found is None:
            yield [(SET_ROLLED_TO, [(end,)])]
            return
        hour = found + 1
        yield [(ROLL_HOUR, [(found,)]), ("DELETE FROM usage WHERE hour = ?", [(found,)]), (SET_ROLLED_TO, [(hour,)])]
