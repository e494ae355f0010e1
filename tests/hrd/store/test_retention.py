"""What is deleted when, in short transactions."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import msgspec
import pytest

from hrd.core.remembered import Charge, Learned
from hrd.store import questions
from hrd.store.contract import UsageQuestion
from hrd.store.limits import Retention
from hrd.store.opening import open_database
from hrd.store.retention import BATCH_ROWS, Trimming
from hrd.store.rows import fold
from hrd.store.scope_lists import ScopeLists
from hrd.store.writer import transact
from tests.hrd.store.samples import ANSWERED, NOON, OLD, answered, blocked, reserved, settled, window

DAY = 86400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hrd.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(path, NOON).connection
    yield connection
    connection.close()


def trim(path: Path, now: float = NOON, **kept: float) -> int:
    """One pass; how many transactions it took."""
    trimming = Trimming(path, Lock(), Retention(**kept), now)  # type: ignore[arg-type]
    steps = 0
    while trimming.step():
        steps += 1
    trimming.close()
    return steps


def store(connection: sqlite3.Connection, *rows: object) -> None:
    transact(connection, fold(rows, OLD, ScopeLists(), keep_journal=True))  # type: ignore[arg-type]


def column(connection: sqlite3.Connection, sql: str) -> list[object]:
    return [row[0] for row in connection.execute(sql)]


def test_the_newest_journal_rows_stay(path: Path, connection: sqlite3.Connection) -> None:
    store(connection, *(answered(f"req-{number}") for number in range(1000)))
    trim(path, journal_rows=2000)
    assert column(connection, "SELECT count(*) FROM journal") == [1000]
    assert trim(path, journal_rows=90) == -(-910 // BATCH_ROWS)
    assert column(connection, "SELECT min(row), count(*) FROM journal") == [911]
    assert column(connection, "SELECT count(*) FROM journal") == [90]
    assert column(connection, "SELECT requests FROM usage") == [1000]
    trim(path, journal_rows=0)
    assert column(connection, "SELECT count(*) FROM journal") == [0]


def test_old_ledger_rows_go_unless_they_are_held(path: Path, connection: sqlite3.Connection) -> None:
    rows = [row for number in range(500) for row in (reserved(number, at=NOON - 41 * DAY + number), settled(number))]
    store(connection, *rows, reserved(500, at=NOON - 41 * DAY), reserved(501, at=NOON), settled(501))
    connection.execute("UPDATE ledger SET state = 2 WHERE id = 7")
    trim(path, ledger_days=40)
    assert column(connection, "SELECT id FROM ledger") == [500, 501]
    trim(path, now=NOON + 41 * DAY, ledger_days=40)
    assert column(connection, "SELECT id FROM ledger") == [500]


def test_old_hours_are_rolled_into_their_day_and_the_totals_stay(path: Path, connection: sqlite3.Connection) -> None:
    for day in (0, 1, 89, 90, 91):
        store(connection, *(answered(at=NOON - 12 * 3600 - day * DAY + hour * 3600) for hour in (0, 5, 5, 23)))
    before = questions.usage(connection, UsageQuestion())
    assert len(column(connection, "SELECT hour FROM usage")) == 15
    trim(path)
    first = int(NOON // 3600) - 12
    assert column(connection, f"SELECT hour - {first} FROM usage ORDER BY hour") == [
        *(-91 * 24, -90 * 24, -90 * 24 + 5, -90 * 24 + 23),
        *(-89 * 24, -89 * 24 + 5, -89 * 24 + 23, -24, -19, -1, 0, 5, 23),
    ]
    assert questions.usage(connection, UsageQuestion()) == before
    trim(path, now=NOON + 200 * DAY)
    assert column(connection, "SELECT requests FROM usage ORDER BY hour") == [4, 4, 4, 4, 4]
    assert questions.usage(connection, UsageQuestion()) == before


def test_a_rolled_day_takes_in_what_comes_late(path: Path, connection: sqlite3.Connection) -> None:
    late = NOON - 100 * DAY - 12 * 3600
    store(connection, answered(at=late + 3600))
    trim(path)
    store(connection, answered(at=late))
    assert column(connection, "SELECT requests FROM usage") == [2]


def test_facts_that_are_over_go(path: Path, connection: sqlite3.Connection) -> None:
    store(connection, blocked("old", until=NOON - 3601), blocked("remembered", until=NOON - 3599), blocked("holds"))
    store(connection, window("old", seen_at=NOON - 36 * DAY), window("young", seen_at=NOON - 34 * DAY))
    for model, expires_at in (("old", NOON - 1), ("young", NOON + 1)):
        store(connection, Learned(provider="p", model=model, what="tools", value=1, at=NOON - 9, expires_at=expires_at))
    trim(path)
    assert column(connection, "SELECT scope FROM blocks ORDER BY scope") == ["holds", "remembered"]
    assert column(connection, "SELECT scope FROM windows") == ["young"]
    assert column(connection, "SELECT model FROM learned") == ["young"]


def test_many_old_facts_take_several_short_transactions(path: Path, connection: sqlite3.Connection) -> None:
    store(connection, *(blocked(f"scope-{number}", until=1.0) for number in range(2 * BATCH_ROWS + 1)))
    assert trim(path) == 3 + 1, "three batches of blocks, one note that usage was looked at"
    assert column(connection, "SELECT count(*) FROM blocks") == [0]
    assert trim(path) == 0


def test_the_turn_is_given_back_between_two_steps(path: Path, connection: sqlite3.Connection) -> None:
    store(connection, *(answered() for _ in range(BATCH_ROWS * 2)))
    turn = Lock()
    trimming = Trimming(path, turn, Retention(journal_rows=1), NOON)
    assert trimming.step()
    assert not turn.locked()
    store(connection, answered())
    assert trimming.step()
    trimming.close()


def test_closing_waits_for_the_step_that_is_under_way(path: Path, connection: sqlite3.Connection) -> None:
    store(connection, *(answered() for _ in range(3)))
    turn = Lock()
    trimming = Trimming(path, turn, Retention(journal_rows=1), NOON)
    with ThreadPoolExecutor() as pool, turn:
        step = pool.submit(trimming.step)
        while not trimming._in_use.locked():
            pass
        closing = pool.submit(trimming.close)
        with pytest.raises(TimeoutError):
            closing.result(0.02)
        turn.release()
        assert step.result()
        closing.result()
        turn.acquire()
    assert column(connection, "SELECT row FROM journal") == [3]


def test_an_empty_database_needs_nothing(path: Path, connection: sqlite3.Connection) -> None:
    assert trim(path) == 1
    assert trim(path) == 0


def test_what_client_keys_spent_goes_the_day_after_the_next(path: Path, connection: sqlite3.Connection) -> None:
    today = int(NOON // DAY)
    store(connection, *(Charge(client="client-1", day=day, requests=1) for day in (today - 2, today - 1, today)))
    trim(path)
    assert column(connection, "SELECT day FROM client_days ORDER BY day") == [today - 1, today]


def test_the_newest_sessions_stay(path: Path, connection: sqlite3.Connection) -> None:
    for number in range(450):
        store(connection, msgspec.structs.replace(ANSWERED, session=f"run {number}"))
    store(connection, msgspec.structs.replace(ANSWERED, session="long ago", at=NOON - 91 * DAY))
    trim(path, sessions=500)
    assert column(connection, "SELECT count(*) FROM sessions") == [450], "the old one is gone"
    trim(path, sessions=20)
    assert column(connection, "SELECT session FROM sessions ORDER BY rowid") == [f"run {number}" for number in range(430, 450)]
    trim(path, sessions=20)
    assert column(connection, "SELECT count(*) FROM sessions") == [20]
