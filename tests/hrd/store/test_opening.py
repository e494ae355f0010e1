"""Good files, fresh ones, and everything that can stand where a database should be."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hrd.store.opening import PAGE_COUNT_AT, VERSION, connect, move_aside, open_database
from hrd.store.trouble import NewerSchemaError
from tests.hrd.store.samples import NOON


def fill(path: Path, rows: int = 2000) -> None:
    """A good database of ours, closed."""
    with closing(open_database(path, NOON).connection) as connection:
        values = ((f"req-{row}", b"x" * 200) for row in range(rows))
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO journal (request_id, provider, failed, entry) VALUES (?, '', 0, ?)", values)
        connection.execute("COMMIT")


def rows_in(path: Path) -> int:
    opened = open_database(path, NOON)
    with closing(opened.connection) as connection:
        return int(connection.execute("SELECT count(*) FROM journal").fetchone()[0])


def test_a_fresh_file_is_its_users_alone(tmp_path: Path) -> None:
    opened = open_database(tmp_path / "hrd.db", NOON)
    assert opened.moved_aside == ""
    for setting, value in (("journal_mode", "wal"), ("synchronous", 1), ("wal_autocheckpoint", 0), ("user_version", VERSION)):
        assert opened.connection.execute(f"PRAGMA {setting}").fetchone() == (value,)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    opened.connection.close()


def test_a_good_file_is_opened_as_it_is(tmp_path: Path) -> None:
    fill(tmp_path / "hrd.db")
    assert rows_in(tmp_path / "hrd.db") == 2000
    assert [file.name for file in tmp_path.iterdir()] == ["hrd.db"]


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all, " * 1000)


def cut_in_half(path: Path) -> None:
    fill(path)
    os.truncate(path, path.stat().st_size // 2)


def cut_inside_the_head(path: Path) -> None:
    fill(path)
    os.truncate(path, 60)


def zeroed(path: Path) -> None:
    fill(path)
    path.write_bytes(bytes(path.stat().st_size))


def head_zeroed(path: Path) -> None:
    fill(path)
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])


def schema_page_scribbled_on(path: Path) -> None:
    fill(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 3000 + whole[3100:])


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def another_programs_of_our_version(path: Path) -> None:
    another_programs(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION}")


def of_a_negative_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = -1")


def with_a_table_missing(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE usage")


def with_a_column_missing(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE blocks DROP COLUMN message")


def of_an_older_version_with_a_foreign_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ledger (bookkeeping)")
        connection.execute("PRAGMA user_version = 1")


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_text("inside")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_log_that_is_a_folder(path: Path) -> None:
    fill(path)
    path.with_name("hrd.db-wal").mkdir()


DAMAGES = [
    garbage,
    cut_in_half,
    cut_inside_the_head,
    zeroed,
    head_zeroed,
    schema_page_scribbled_on,
    another_programs,
    another_programs_of_our_version,
    of_a_negative_version,
    with_a_table_missing,
    with_a_column_missing,
    of_an_older_version_with_a_foreign_table,
    a_folder,
    a_pipe,
    a_log_that_is_a_folder,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_moved_aside_and_a_fresh_one_started(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "hrd.db"
    damage(path)
    opened = open_database(path, NOON)
    aside = tmp_path / "hrd.db.damaged-20261118T120000Z"
    assert os.path.lexists(aside)
    assert opened.moved_aside.startswith(f"{aside} (")
    assert opened.connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    opened.connection.close()
    assert rows_in(path) == 0
    assert len([file for file in tmp_path.iterdir() if file.name == "hrd.db"]) == 1


@pytest.mark.parametrize("more_bytes", [4096, -1])
def test_a_file_only_suspected_is_looked_through_and_kept(tmp_path: Path, more_bytes: int) -> None:
    path = tmp_path / "hrd.db"
    fill(path)
    os.truncate(path, path.stat().st_size + more_bytes)
    assert int.from_bytes(path.read_bytes()[PAGE_COUNT_AT : PAGE_COUNT_AT + 4], "big") * 4096 != path.stat().st_size
    assert rows_in(path) == 2000
    assert list(tmp_path.glob("*damaged*")) == []


@pytest.mark.parametrize("content", [b"", b"S"])
def test_a_file_with_nothing_in_it_is_a_fresh_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hrd.db").write_bytes(content)
    assert rows_in(tmp_path / "hrd.db") == 0
    assert list(tmp_path.glob("*damaged*")) == []


def test_a_start_cut_short_between_migrations_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    with closing(connect(path)) as connection:
        connection.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)"
        )
    assert rows_in(path) == 0
    assert list(tmp_path.glob("*damaged*")) == []


def test_the_side_files_go_along_and_a_second_one_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    for count in range(2):
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"hrd.db{suffix}").write_text(str(count))
        move_aside(path, NOON, "why")
    stamp = "hrd.db.damaged-20261118T120000Z"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        **{f"{stamp}{suffix}": "0" for suffix in ("", "-wal", "-shm")},
        **{f"{stamp}.2{suffix}": "1" for suffix in ("", "-wal", "-shm")},
    }


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(NewerSchemaError, match="written by a newer hrd"):
        open_database(path, NOON)
    assert [file.name for file in tmp_path.iterdir()] == ["hrd.db"]


def test_users_may_add_tables_and_indexes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.execute("CREATE INDEX by_request ON journal (request_id)")
    assert rows_in(path) == 2000


def test_a_missing_folder_is_the_disks_doing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_database(tmp_path / "missing" / "hrd.db", NOON)


def test_what_sqlite_called_malformed_is_moved_aside_unseen(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    fill(path)
    opened = open_database(path, NOON, is_damaged=True)
    opened.connection.close()
    assert opened.moved_aside.endswith("damaged-20261118T120000Z (SQLite found it malformed)")
    assert rows_in(tmp_path / "hrd.db.damaged-20261118T120000Z") == 2000
