"""Notes: small facts about the database itself, one row of `meta` each.

A process that has handed over numbers what it writes, and notes the number in the same transaction. Whoever reads the database
knows by it which of the rows that it will be told of by that process it has read already.
"""

import sqlite3
from collections.abc import Collection

from hrd.store.contract import Process

HELD_FROM = "held_from"
"""No reservation of a smaller id is held."""
NOTE = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
NOTED = "SELECT value FROM meta WHERE name = ?"
FORGET = "DELETE FROM meta WHERE name = ?"
_TOLD = "told_through"
_ALL_TOLD = f"SELECT name, value FROM meta WHERE name GLOB '{_TOLD} *'"  # noqa: S608 - a word of our own


def told_through(process: Process) -> str:
    """The name of the number of the last write of *process* that it told somebody of."""
    return f"{_TOLD} {process.pid} {process.started!r}"


def all_told(connection: sqlite3.Connection) -> dict[tuple[int, float], int]:
    """Each process that has such a number."""
    found: dict[tuple[int, float], int] = {}
    for name, number in connection.execute(_ALL_TOLD):
        _, pid, started = name.split()
        found[int(pid), float(started)] = number
    return found


def outlived(connection: sqlite3.Connection, living: Collection[Process]) -> list[str]:
    """The names of what is noted of processes that are not of *living*."""
    return [told_through(Process(*process)) for process in all_told(connection) if process not in living]
