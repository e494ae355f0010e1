"""The schema, from blank and from every older state."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from hrd.core.quota.book import QuotaBook
from hrd.store.contract import Process
from hrd.store.migrations import migrate, migrations
from hrd.store.opening import TABLES, VERSION, columns_of, connect
from hrd.store.questions import remembered

NAMES = [migration.name for migration in migrations.pending(Database(memory=True))]


def schema_of(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_migrations%'")
    return {row[0] for row in rows}


def test_from_blank(tmp_path: Path) -> None:
    connection = connect(tmp_path / "hrd.db")
    migrate(connection)
    assert columns_of(connection) == TABLES
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert len(NAMES) == VERSION
    strict = connection.execute("SELECT name FROM pragma_table_list WHERE strict = 1 ORDER BY name").fetchall()
    assert [name for (name,) in strict] == sorted(TABLES)
    connection.close()


@pytest.mark.parametrize("stopped_before", NAMES)
def test_from_every_older_state(tmp_path: Path, stopped_before: str) -> None:
    blank, old = connect(tmp_path / "blank.db"), connect(tmp_path / "old.db")
    migrate(blank)
    migrations.apply(Database(old), stop_before=stopped_before)
    assert old.execute("PRAGMA user_version").fetchone() == (NAMES.index(stopped_before),)
    assert set(columns_of(old)) <= set(columns_of(blank))
    assert schema_of(old) != schema_of(blank)
    migrate(old)
    assert schema_of(old) == schema_of(blank)
    migrate(old)
    assert old.execute("PRAGMA user_version").fetchone() == (VERSION,)
    blank.close()
    old.close()


def test_what_an_old_database_holds_is_kept(tmp_path: Path) -> None:
    connection = connect(tmp_path / "hrd.db")
    migrations.apply(Database(connection), stop_before="m4_usage")
    connection.execute("INSERT INTO journal VALUES (1, 'req-1', 'groq', 0, x'7b7d')")
    migrate(connection)
    assert connection.execute("SELECT * FROM journal").fetchall() == [(1, "req-1", "groq", 0, b"{}")]
    connection.close()


def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    connection = connect(tmp_path / "hrd.db")
    connection.execute("CREATE TABLE windows (id)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (4,)
    assert "blocks" not in columns_of(connection)
    connection.close()


def test_what_headers_had_said_of_windows_is_kept(tmp_path: Path) -> None:
    connection = connect(tmp_path / "hrd.db")
    migrations.apply(Database(connection), stop_before="m8_quota")
    connection.execute("INSERT INTO windows VALUES ('credential:groq-1', 'requests/day', 1000, 400, 5000.0, 'header', 1000.0)")
    connection.execute("INSERT INTO windows VALUES ('credential:groq-1', 'tokens/minute', NULL, 70, NULL, 'header', 1000.0)")
    migrate(connection)
    found = {row.kind: row for row in QuotaBook(remembered(connection, 1010.0, 0, Process(1, 1.0), ()).windows).windows(1010.0)}
    day, minute = found["requests/day"], found["tokens/minute"]
    assert (day.limit, day.left, day.resets_at, day.is_known) == (1000, 400, 5000.0, True)
    assert (minute.left, minute.is_implied) == (70, True)
    connection.close()
