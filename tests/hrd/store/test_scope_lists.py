"""Numbers for lists of scopes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrd.store import questions
from hrd.store.opening import open_database
from hrd.store.scope_lists import LISTS_MAX, REWRITTEN_S, ScopeLists
from hrd.store.writer import Writer
from tests.hrd.store.samples import NEW, NOON, OLD, reserved

A, B = ("candidate:a/m", "provider:a"), ("candidate:b/m", "provider:b")
STORED = "SELECT used_at, names FROM scopes ORDER BY used_at, names"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path / "hrd.db", OLD, keep_journal=True)
    made.use(open_database(tmp_path / "hrd.db", NOON).connection)
    yield made
    made.close()


def connection_of(writer: Writer) -> sqlite3.Connection:
    assert writer.connection is not None
    return writer.connection


def test_a_list_keeps_its_number_in_every_process() -> None:
    one, other = ScopeLists(), ScopeLists()
    first = one.number_of(A, NOON)
    assert one.number_of(B, NOON) != first
    assert (one.number_of(A, NOON + 1), other.number_of(A, NOON + 99)) == (first, first)
    assert 0 < first < 2**63


def test_a_list_is_to_be_written_once_a_day() -> None:
    lists = ScopeLists()
    for at in (0.0, 1.0, REWRITTEN_S - 1):
        lists.number_of(A, NOON + at)
    assert [used_at for _, used_at, _ in lists.unsaved] == [NOON]
    lists.saved()
    lists.number_of(A, NOON + REWRITTEN_S)
    assert [used_at for _, used_at, _ in lists.unsaved] == [NOON + REWRITTEN_S]


def test_names_that_clients_make_up_are_not_remembered_without_end() -> None:
    lists = ScopeLists()
    for number in range(LISTS_MAX + 1):
        lists.number_of((f"model:p/{number}",), NOON)
    lists.saved()
    lists.number_of((f"model:p/{LISTS_MAX}",), NOON)
    assert lists.unsaved == []
    lists.number_of(("model:p/0",), NOON)
    assert len(lists.unsaved) == 1


def test_what_a_dead_process_held_has_its_scopes(writer: Writer) -> None:
    assert writer.write([reserved(1, scopes=A), reserved(2, scopes=B), reserved(3, scopes=A)]) is None
    assert connection_of(writer).execute("SELECT count(*) FROM scopes").fetchone() == (2,)
    assert [row.scopes for row in questions.held_by_others(connection_of(writer), NEW).by_dead] == [A, B, A]


def test_a_list_that_was_rolled_back_is_written_with_the_next_row(writer: Writer) -> None:
    assert writer.write([reserved(1, scopes=A)]) is None
    assert writer.write([reserved(1, scopes=B)]) is None  # the number is taken: this row is left out, and its list with it
    assert connection_of(writer).execute(STORED).fetchall() == [(NOON, '["candidate:a/m","provider:a"]')]
    assert writer.write([reserved(2, at=NOON + 5, scopes=B)]) is None
    assert connection_of(writer).execute(STORED).fetchall()[1:] == [(NOON + 5, '["candidate:b/m","provider:b"]')]


def test_another_database_has_to_be_told_again(writer: Writer, tmp_path: Path) -> None:
    assert writer.write([reserved(1, scopes=A)]) is None
    connection_of(writer).close()
    writer.use(open_database(tmp_path / "other.db", NOON).connection)
    assert writer.write([reserved(2, scopes=A)]) is None
    assert len(connection_of(writer).execute(STORED).fetchall()) == 1
