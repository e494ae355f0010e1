"""The one writer: all rows or none, and no row that holds up the others."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from hrd.core.journal import Usage
from hrd.core.ledger import Reservation
from hrd.store.opening import open_database
from hrd.store.writer import Writer
from tests.hrd.store.samples import NOON, OLD, answered, reserved, settled


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "hrd.db", OLD, keep_journal=True, turn_wait_s=0.05)
    writer.use(open_database(writer.path, NOON).connection)
    yield writer
    writer.close()


def count(writer: Writer, table: str) -> int:
    assert writer.connection is not None
    return int(writer.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_rows_are_written_in_one_transaction(writer: Writer) -> None:
    assert writer.write([reserved(1), settled(1), answered()]) is None
    assert writer.connection is not None
    assert writer.connection.execute("SELECT state, tokens, spent, outcome, pid, started FROM ledger").fetchall() == [
        (1, 1000, 150, "ok", 100, 1.5)
    ]
    assert not writer.connection.in_transaction
    assert (writer.rows_written, writer.rows_refused, writer.is_dirty) == (3, 0, True)


@pytest.mark.parametrize("bad", [[], [reserved(2**70)]])
def test_what_is_noted_goes_with_the_rows(writer: Writer, bad: list[Reservation]) -> None:
    note = ("INSERT INTO meta VALUES (?, ?)", [("noted", 5)])
    assert writer.write([reserved(1), *bad], [note]) is None
    assert writer.connection is not None
    assert writer.connection.execute("SELECT * FROM meta").fetchall() == [("noted", 5)]
    assert writer.write([reserved(2)], [note]) is not None
    assert count(writer, "ledger") == 1, "all, or nothing"


def test_somebody_who_locks_the_file_while_a_row_is_refused_is_waited_for(writer: Writer) -> None:
    """Between the try with all rows and the one without the bad one; a former process writes as well."""
    other = sqlite3.connect(writer.path, isolation_level=None)
    begun: list[str] = []

    def look(statement: str) -> None:
        begun.append(statement)
        if begun.count("BEGIN IMMEDIATE") == 2 and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    assert writer.connection is not None
    writer.connection.set_trace_callback(look)
    failure = writer.write([reserved(1), reserved(2, request="half a pair: \ud83d")])
    assert failure is not None
    assert failure.is_passing
    other.execute("ROLLBACK")
    writer.connection.set_trace_callback(None)
    assert writer.write([reserved(1), reserved(2**70)]) is None
    other.close()
    assert count(writer, "ledger") == 1


@pytest.mark.parametrize(
    "bad",
    [
        reserved(1),
        reserved(2**70),
        reserved(3, request="half a pair: \ud83d"),
        settled(1, tokens=2**64),
        msgspec.structs.replace(answered("odd"), client="\udcff"),
        msgspec.structs.replace(answered("huge"), usage=Usage(input_tokens=2**63)),
        reserved(4, at=float("nan")),
    ],
)
def test_a_row_that_no_database_takes_is_left_out_alone(writer: Writer, bad: object) -> None:
    assert writer.write([reserved(1)]) is None
    assert writer.write([answered("before"), bad, reserved(9), settled(9), answered("after")]) is None  # type: ignore[list-item]
    assert writer.rows_refused == 1
    assert (count(writer, "journal"), count(writer, "ledger")) == (2, 2)
    assert writer.connection is not None
    assert writer.connection.execute("SELECT requests FROM usage").fetchall() == [(2,)]


def test_a_full_database_takes_all_or_nothing(writer: Writer) -> None:
    assert writer.connection is not None
    writer.connection.execute("PRAGMA max_page_count = 25")
    rows = [row for number in range(400) for row in (reserved(number), answered(f"req-{number}"))]
    failed = writer.write(rows)
    assert failed is not None
    assert failed.message == f"{writer.path} cannot be written: the disk is full; free some space where {writer.path.parent} is"
    assert (count(writer, "ledger"), count(writer, "journal"), count(writer, "usage")) == (0, 0, 0)
    writer.connection.execute("PRAGMA max_page_count = 100000")
    assert writer.write(rows) is None
    assert count(writer, "journal") == 400


def test_a_full_database_with_a_bad_row_takes_all_others_or_nothing(writer: Writer) -> None:
    assert writer.connection is not None
    writer.connection.execute("PRAGMA max_page_count = 25")
    rows = [reserved(2**70), *(answered(f"req-{number}") for number in range(400))]
    assert writer.write(rows) is not None
    assert (count(writer, "journal"), writer.rows_refused) == (0, 0)
    writer.connection.execute("PRAGMA max_page_count = 100000")
    assert writer.write(rows) is None
    assert (count(writer, "journal"), writer.rows_refused) == (400, 1)


def test_somebody_elses_lock_is_waited_for_briefly_and_then_passed_by(writer: Writer) -> None:
    with closing(sqlite3.connect(writer.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = writer.write([answered()])
        assert failed is not None
        assert (failed.message, failed.is_passing) == (f"another program has {writer.path} locked", True)
        other.execute("COMMIT")
    assert writer.write([answered()]) is None


def test_the_housekeepings_turn_is_waited_for(writer: Writer) -> None:
    writer.turn.acquire()
    timer = threading.Timer(0.01, writer.turn.release)
    timer.start()
    assert writer.write([answered()]) is None
    timer.join()


def test_a_turn_that_does_not_end_is_passed_by(writer: Writer) -> None:
    writer.turn.acquire()
    failed = writer.write([answered()])
    assert failed is not None
    assert (failed.is_passing, failed.pause_s) == (True, 0.05)
    writer.turn.release()


def test_a_closed_writer_says_why(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "hrd.db", OLD, keep_journal=True)
    failed = writer.write([answered()])
    assert failed is not None
    assert failed == writer.why_closed
    assert failed.message == f"{tmp_path}/hrd.db is not open"


def test_a_file_that_was_removed_or_replaced_is_gone(writer: Writer, tmp_path: Path) -> None:
    assert not writer.is_gone()
    writer.path.rename(tmp_path / "elsewhere")
    assert writer.is_gone()
    writer.path.touch()
    assert writer.is_gone()
    (tmp_path / "elsewhere").rename(writer.path)
    assert not writer.is_gone()


def test_a_malformed_page_is_noticed(writer: Writer) -> None:
    assert writer.connection is not None
    assert writer.write([reserved(number) for number in range(2000)]) is None
    writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    root = writer.connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'").fetchone()[0]
    writer.close()
    with writer.path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    connection = sqlite3.connect(writer.path, isolation_level=None)
    writer.use(connection)
    failed = writer.write([settled(1)])
    assert failed is not None
    assert writer.is_damaged
