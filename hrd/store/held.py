"""From where a start looks for reservations that a dead process held: a row of `meta`, moved on now and then.

An index over the held rows would be written twice with every request. This is written once in thousands, and what a start has
to look through is what was reserved since, or since the oldest request that still runs.
"""

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

from hrd.store.notes import HELD_FROM, NOTE, NOTED
from hrd.store.opening import connect
from hrd.store.writer import transact

FIRST_HELD = "SELECT id FROM ledger WHERE id >= ? AND state = 0 ORDER BY id LIMIT 1"
NEWEST = "SELECT max(id) FROM ledger"


def move_on(path: Path, turn: AbstractContextManager[object]) -> None:
    """For a thread. Looks without holding anybody up, and then writes one row, if there is another number to write."""
    with closing(connect(path)) as connection:
        newest = _number(connection, NEWEST)  # read first: what comes later has a larger id, held or not
        noted = _number(connection, NOTED, HELD_FROM)
        held_from = _number(connection, FIRST_HELD, noted) or newest
        if held_from > noted:
            with turn:
                transact(connection, [(NOTE, [(HELD_FROM, held_from)])])


def _number(connection: sqlite3.Connection, sql: str, *values: object) -> int:
    found = connection.execute(sql, values).fetchone()
    return int(found[0] or 0) if found is not None else 0
