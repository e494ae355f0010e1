"""SQLite's errors in words."""

import sqlite3
from pathlib import Path

import pytest

from hrd.store.trouble import NewerSchemaError, Trouble, trouble_of, write_failed

PATH = Path("/var/lib/hermes-router/hrd.db")


def error(code: int, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    made = kind("as SQLite says")
    made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    ("raised", "trouble", "advice"),
    [
        (error(sqlite3.SQLITE_FULL), Trouble.DISK, "the disk is full; free some space where /var/lib/hermes-router is"),
        (error(sqlite3.SQLITE_IOERR_WRITE), Trouble.DISK, "as SQLite says; look at the disk (free space, quota, `dmesg`)"),
        (error(sqlite3.SQLITE_READONLY), Trouble.DISK, "it is read-only; let the daemon's user write /var/lib/hermes-router"),
        (error(sqlite3.SQLITE_CANTOPEN), Trouble.DISK, "it cannot be opened; let the daemon's user write"),
        (PermissionError(13, "no"), Trouble.DISK, "it cannot be opened; let the daemon's user write"),
        (error(sqlite3.SQLITE_CORRUPT, sqlite3.DatabaseError), Trouble.DAMAGED, "look at the disk"),
        (error(sqlite3.SQLITE_CORRUPT_INDEX, sqlite3.DatabaseError), Trouble.DAMAGED, "look at the disk"),
        (error(sqlite3.SQLITE_NOTADB, sqlite3.DatabaseError), Trouble.DAMAGED, "look at the disk"),
    ],
)
def test_what_cannot_be_written_says_what_to_do(raised: Exception, trouble: Trouble, advice: str) -> None:
    assert trouble_of(raised) is trouble
    failed = write_failed(raised, PATH)
    assert failed.message.startswith(f"{PATH} cannot be written: ")
    assert advice in failed.message
    assert (failed.pause_s, failed.is_passing) == (1.0, False)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED])
def test_a_lock_passes(code: int) -> None:
    failed = write_failed(error(code), PATH)
    assert (trouble_of(error(code)), failed.is_passing, failed.pause_s) == (Trouble.BUSY, True, 0.05)


@pytest.mark.parametrize(
    "raised",
    [
        error(sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.IntegrityError),
        error(sqlite3.SQLITE_TOOBIG, sqlite3.DataError),
        OverflowError("Python int too large"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        sqlite3.ProgrammingError("type not supported"),
    ],
)
def test_a_row_that_nothing_can_store(raised: Exception) -> None:
    assert trouble_of(raised) is Trouble.BAD_ROW


def test_a_newer_database_says_what_to_do() -> None:
    assert str(NewerSchemaError(PATH, 9, 6)) == (
        "/var/lib/hermes-router/hrd.db was written by a newer hrd (schema 9, this one knows 6): install the newer version "
        "again, or move the file away to start afresh"
    )
