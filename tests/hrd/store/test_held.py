"""From where a start looks for what dead processes held."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pytest

from hrd.store import held, questions
from hrd.store.opening import open_database
from hrd.store.writer import Writer
from tests.hrd.store.samples import NEW, NOON, OLD, reserved, settled


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path / "hrd.db", OLD, keep_journal=True)
    made.use(open_database(tmp_path / "hrd.db", NOON).connection)
    yield made
    made.close()


def noted(writer: Writer) -> int:
    connection = writer.connection
    assert connection is not None
    found = connection.execute("SELECT value FROM meta WHERE name = 'held_from'").fetchone()
    return int(found[0]) if found else 0


def found(writer: Writer) -> list[int]:
    connection = writer.connection
    assert isinstance(connection, sqlite3.Connection)
    return [row.id for row in questions.held_by_others(connection, NEW).by_dead]


def test_it_stands_at_the_oldest_request_that_still_runs(writer: Writer) -> None:
    held.move_on(writer.path, writer.turn)
    assert noted(writer) == 0
    writer.write([reserved(number) for number in range(1, 6)])
    held.move_on(writer.path, writer.turn)
    assert noted(writer) == 1
    writer.write([settled(1), settled(2), settled(4)])
    held.move_on(writer.path, writer.turn)
    assert (noted(writer), found(writer)) == (3, [3, 5])


def test_when_nothing_is_held_it_stands_at_the_newest_and_misses_nothing_that_comes(writer: Writer) -> None:
    writer.write([reserved(1), reserved(2), settled(1), settled(2)])
    held.move_on(writer.path, writer.turn)
    assert (noted(writer), found(writer)) == (2, [])
    writer.write([reserved(3)])
    assert found(writer) == [3]
    held.move_on(writer.path, writer.turn)
    assert (noted(writer), found(writer)) == (3, [3])


def test_what_stands_is_not_written_again(writer: Writer) -> None:
    writer.write([reserved(1), settled(1)])
    held.move_on(writer.path, writer.turn)
    turn = Lock()
    with turn:  # it would wait for ever
        held.move_on(writer.path, turn)
    assert noted(writer) == 1
