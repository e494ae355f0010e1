"""Small facts about the database itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from hrd.store.contract import Process
from hrd.store.notes import FORGET, HELD_FROM, NOTE, all_told, outlived, told_through
from tests.hrd.store.samples import NEW, OLD


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT")
        connection.execute(NOTE, (HELD_FROM, 3))
        yield connection


def test_a_process_is_known_again_by_its_start_to_the_last_digit(database: sqlite3.Connection) -> None:
    whose = Process(7, 1764187200.123456)
    database.execute(NOTE, (told_through(whose), 1))
    database.execute(NOTE, (told_through(whose), 2))
    assert all_told(database) == {whose: 2}
    assert all_told(database).get(Process(7, 1764187200.123457)) is None


def test_the_dead_are_those_who_do_not_live(database: sqlite3.Connection) -> None:
    for process in (OLD, NEW):
        database.execute(NOTE, (told_through(process), 1))
    (name,) = outlived(database, [NEW])
    database.execute(FORGET, (name,))
    assert all_told(database) == {NEW: 1}
    assert database.execute("SELECT value FROM meta WHERE name = ?", (HELD_FROM,)).fetchone() == (3,)
