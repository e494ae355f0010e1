"""The log goes into the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pytest

from hrd.store import checkpoints
from hrd.store.opening import open_database
from tests.hrd.store.samples import NOON


def fill(connection: sqlite3.Connection, kib: int) -> None:
    connection.execute(
        "INSERT INTO journal (request_id, provider, failed, entry) VALUES ('r', 'p', 0, zeroblob(?))", (kib * 1024,)
    )


def test_a_checkpoint_makes_the_file_whole_and_the_log_start_over(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    connection = open_database(path, NOON).connection
    fill(connection, 500)
    length = checkpoints.log_bytes(path)
    assert length > 500 * 1024
    checkpoints.checkpoint(path, Lock(), is_quiet=False)
    assert path.stat().st_size > 500 * 1024
    fill(connection, 400)
    assert checkpoints.log_bytes(path) == length
    connection.close()


@pytest.mark.parametrize(("pages_max", "turns"), [(1000, 1), (100_000, 0)])
def test_only_a_long_log_takes_the_writers_turn(tmp_path: Path, pages_max: int, turns: int) -> None:
    path = tmp_path / "hrd.db"
    connection = open_database(path, NOON).connection
    fill(connection, 5 * 1024)
    taken: list[str] = []

    @contextmanager
    def turn() -> Iterator[None]:
        taken.append("turn")
        yield

    checkpoints.checkpoint(path, turn(), is_quiet=False, log_pages_max=pages_max)
    assert len(taken) == turns
    assert checkpoints.log_bytes(path) > 5 * 1024 * 1024
    connection.close()


def test_a_long_log_is_cut_when_it_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    connection = open_database(path, NOON).connection
    fill(connection, 5 * 1024)
    checkpoints.checkpoint(path, Lock(), is_quiet=True)
    assert checkpoints.log_bytes(path) == 0
    fill(connection, 3 * 1024)
    checkpoints.checkpoint(path, Lock(), is_quiet=True)
    assert checkpoints.log_bytes(path) > 3 * 1024 * 1024
    connection.close()


def test_no_log_is_no_bytes(tmp_path: Path) -> None:
    assert checkpoints.log_bytes(tmp_path / "hrd.db") == 0


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "hrd.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        checkpoints.checkpoint(tmp_path / "hrd.db", Lock(), is_quiet=False)
