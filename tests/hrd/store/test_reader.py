"""The read-only connection."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import trio

from hrd.store.contract import StoreUnreadableError
from hrd.store.opening import VERSION, open_database
from hrd.store.reader import Reader, open_read_only
from tests.hrd.store.samples import NOON


def version(connection: sqlite3.Connection, plus: int = 0) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) + plus


def write(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM meta")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a folder with %41 and ?" / "hrd.db"
    path.parent.mkdir()
    open_database(path, NOON).connection.close()
    return path


async def test_questions_are_answered_in_turn(path: Path) -> None:
    reader = Reader(path)
    answers: list[int] = []

    async def ask(plus: int) -> None:
        answers.append(await reader.ask(version, plus=plus))

    async with trio.open_nursery() as nursery:
        for plus in range(10):
            nursery.start_soon(ask, plus)
    assert sorted(answers) == list(range(VERSION, VERSION + 10))
    reader.close()


def count_slowly(connection: sqlite3.Connection, has_begun: threading.Event) -> int:
    """Some tens of milliseconds, without Python's lock."""
    has_begun.set()
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000) SELECT count(*) FROM n"
    return int(connection.execute(numbers).fetchone()[0])


async def test_closing_waits_for_the_question_that_is_being_answered(path: Path) -> None:
    """Otherwise the process ends with a segmentation fault."""
    reader = Reader(path)
    answers: list[int] = []
    has_begun = threading.Event()

    async def ask() -> None:
        answers.append(await reader.ask(count_slowly, has_begun))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.to_thread.run_sync(has_begun.wait)
        reader.close()
    assert answers == [200_000]
    assert await reader.ask(version) == VERSION
    reader.close()


async def test_it_cannot_write(path: Path) -> None:
    reader = Reader(path)
    with pytest.raises(StoreUnreadableError, match="readonly"):
        await reader.ask(write)
    assert await reader.ask(version) == VERSION
    reader.close()


async def test_a_missing_file_is_unreadable_until_it_is_there(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "hrd.db")
    with pytest.raises(StoreUnreadableError, match=r"hrd\.db cannot be read: unable to open"):
        await reader.ask(version)
    assert not reader.is_damaged
    open_database(tmp_path / "hrd.db", NOON).connection.close()
    assert await reader.ask(version) == VERSION
    async with reader.paused():
        (tmp_path / "hrd.db").unlink()
        with closing(open_database(tmp_path / "hrd.db", NOON).connection) as connection:
            connection.execute("PRAGMA user_version = 99")
    assert await reader.ask(version) == 99
    reader.close()


async def test_garbage_is_unreadable_and_damaged(tmp_path: Path) -> None:
    (tmp_path / "hrd.db").write_bytes(b"garbage" * 1000)
    reader = Reader(tmp_path / "hrd.db")
    with pytest.raises(StoreUnreadableError, match="not a database"):
        await reader.ask(version)
    assert reader.is_damaged


def test_what_was_written_a_moment_ago_is_seen(path: Path) -> None:
    writer = open_database(path, NOON).connection
    with closing(open_read_only(path)) as connection:
        writer.execute("INSERT INTO meta VALUES ('x', 1)")
        assert connection.execute("SELECT value FROM meta").fetchall() == [(1,)]
    writer.close()
