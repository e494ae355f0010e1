"""What is read, and that a start reads no more of a long history than of a short one."""

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from hrd.core.quota.book import QuotaBook
from hrd.core.remembered import Row
from hrd.store import questions
from hrd.store.contract import JournalQuestion
from hrd.store.notes import HELD_FROM, NOTE
from hrd.store.opening import open_database
from hrd.store.rows import fold
from hrd.store.scope_lists import ScopeLists
from hrd.store.writer import transact
from tests.hrd.store.samples import ANSWERED, NEW, NOON, OLD, answered, blocked, reserved, settled, window

MANY = 50_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "hrd.db", NOON).connection
    yield connection
    connection.close()


PLANS = [
    (questions.HELD_BY_OTHERS, (1, 1.0)),
    (questions.NEXT_ID, ()),
    (questions.NEWEST_SPENT, (10, 1, 1.0, 1.0)),
    (questions.TODAY, (1, 2)),
]


@pytest.mark.parametrize(("sql", "values"), PLANS)
def test_a_start_walks_through_no_whole_table(connection: sqlite3.Connection, sql: str, values: tuple[float, ...]) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    scans = [step for step in plan if step.startswith("SCAN")]
    bounded: set[str] = set()
    if sql == questions.NEWEST_SPENT:
        assert "LIMIT ?" in sql
        bounded = {"SCAN ledger", "SCAN (subquery-1)"}
    assert set(scans) <= bounded, plan


def test_a_long_history_does_not_slow_a_start(connection: sqlite3.Connection) -> None:
    """Counted in SQLite's instructions: the clock of a busy machine says nothing."""
    _remember_more(connection, first=1)
    once = _steps_of_a_start(connection)
    _remember_more(connection, first=MANY + 10)
    assert _steps_of_a_start(connection) <= once * 1.01


def _remember_more(connection: sqlite3.Connection, first: int) -> None:
    """Many requests that are over, then one that is not."""
    last = first + MANY - 1
    connection.execute("BEGIN")
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
        INSERT INTO journal SELECT i, 'req-' || i, 'groq', 0, zeroblob(300) FROM n"""
    )
    connection.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
        INSERT INTO ledger SELECT i, {NOON} - 100, 'req-' || i, 'groq', 'llama', 'c', 1, 1000, 1, 1, 1.0, {NOON}, 10, 'ok',
            'client', 0 FROM n"""
    )
    connection.execute("COMMIT")
    rows: list[Row] = [reserved(last + 5), window(seen_at=NOON, through=last)]
    transact(connection, [*fold(rows, OLD, ScopeLists(), keep_journal=True), (NOTE, [(HELD_FROM, last)])])


def _steps_of_a_start(connection: sqlite3.Connection) -> int:
    """In thousands of instructions."""
    steps = count()
    connection.set_progress_handler(lambda: next(steps) < 0, 1000)
    lost = questions.held_by_others(connection, NEW).by_dead
    remembered = questions.remembered(connection, NOON, len(lost), NEW, ())
    connection.set_progress_handler(None, 0)
    assert remembered.next_reservation == lost[-1].id + 1
    return next(steps)


def test_held_rows_of_the_same_pid_at_another_start_are_anothers(connection: sqlite3.Connection) -> None:
    transact(connection, fold([reserved(1), reserved(2), settled(2)], OLD, ScopeLists(), keep_journal=True))
    assert questions.held_by_others(connection, OLD) == ([], [], {})
    assert questions.held_by_others(connection, OLD._replace(started=9.0)) == ([reserved(1)], [], {})


def test_words_of_a_newer_version_are_passed_over(connection: sqlite3.Connection) -> None:
    transact(connection, fold([blocked(), window()], OLD, ScopeLists(), keep_journal=True))
    connection.execute("UPDATE blocks SET source = 'oracle'")
    connection.execute("UPDATE windows SET body = CAST(replace(CAST(body AS TEXT), 'as said', 'by the moon') AS BLOB)")
    remembered = questions.remembered(connection, NOON, 0, NEW, ())
    assert remembered.blocks == ()
    assert QuotaBook(remembered.windows).windows(NOON) == []


def test_entries_that_cannot_be_read_are_passed_over(connection: sqlite3.Connection) -> None:
    transact(connection, fold([answered("a"), answered("b"), answered("c")], OLD, ScopeLists(), keep_journal=True))
    connection.execute("UPDATE journal SET entry = x'7b7d' WHERE row = 1")
    connection.execute("UPDATE journal SET entry = x'ff' WHERE row = 2")
    assert [row for row, _ in questions.journal(connection, JournalQuestion())] == [3]
    assert questions.entry(connection, "b") is None


def test_of_two_entries_with_one_id_the_newer_is_given(connection: sqlite3.Connection) -> None:
    transact(connection, fold([answered(), answered(at=NOON + 9)], OLD, ScopeLists(), keep_journal=True))
    assert questions.entry(connection, "req-1") == answered(at=NOON + 9) != ANSWERED


def test_a_good_database_is_whole(connection: sqlite3.Connection) -> None:
    assert questions.is_whole(connection)
