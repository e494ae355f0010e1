"""Opening the database: a good one, a fresh one, or a damaged one moved aside and a fresh one in its place."""

import datetime
import os
import sqlite3
import stat
from pathlib import Path
from typing import NamedTuple

from hrd.store.questions import is_whole
from hrd.store.trouble import Damaged, NewerSchemaError, Trouble, trouble_of

VERSION = 8
"""How many migrations there are."""
BUSY_MS = 20
"""How long a writer waits for a lock that somebody outside this process holds."""
CACHE_KB = 512
"""Pages that a writer keeps: rows are appended and a few totals updated, so more would only be held."""
_SIDE_FILES = ("-wal", "-shm")
PAGE_COUNT_AT = 28
_COLUMNS = """SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND t.name <> '_sqlite_migrations'
    ORDER BY t.rowid, c.cid"""
TABLES = {
    "meta": "name value",
    "ledger": "id at request_id provider model credential scopes tokens state pid started settled_at spent outcome"
    " client cost_microusd",
    "scopes": "id used_at names",
    "journal": "row request_id provider failed entry",
    "usage": "hour provider credential model client requests errors attempts failed input_tokens output_tokens cost_microusd"
    " unpriced",
    "blocks": "scope reason source set_at until next_probe step message probe_s probed_at",
    "windows": "scope kind owner through seen_at body",
    "learned": "provider model what value at expires_at",
    "embedding_pin": "id provider model at",
    "discovered": "provider models contexts at prices",
    "accounts": "credential account",
    "client_days": "client day requests tokens cost_microusd",
    "sessions": "day session client requests errors attempts failed input_tokens output_tokens cost_microusd unpriced",
}


class Opened(NamedTuple):
    """A connection that can write, and where a damaged predecessor stands now."""

    connection: sqlite3.Connection
    moved_aside: str


def open_database(path: Path, now: float, *, is_damaged: bool = False, is_shared: bool = False) -> Opened:
    """Open *path*, migrated. A damaged file is moved aside (*is_damaged*: SQLite has said so already), unless it *is_shared*
    with a process that has it open: then that is `Damaged`. Raises `NewerSchemaError`; `sqlite3.Error` or `OSError` if the disk
    does not let us."""
    moved = ""
    if is_damaged:
        moved = move_aside(path, now, "SQLite found it malformed")
    try:
        return Opened(_open(path), moved)
    except Damaged as damage:
        if is_shared:
            raise
        moved = move_aside(path, now, str(damage))
    return Opened(_open(path), moved)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write and be handed to another thread."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    except BaseException:
        connection.close()
        raise
    return connection


def move_aside(path: Path, now: float, why: str) -> str:
    """Rename the database and its side files, so that SQLite can still open what is left of them together."""
    stamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while os.path.lexists(aside):
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}.{count}")
    for suffix in ("", *_SIDE_FILES):
        source = path.with_name(path.name + suffix)
        if os.path.lexists(source):
            source.rename(aside.with_name(aside.name + suffix))
    return f"{aside} ({why})"


def _open(path: Path) -> sqlite3.Connection:
    is_suspect = _look(path)
    try:
        connection = connect(path)
        try:
            _prepare(connection, path, is_suspect=is_suspect)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        if trouble_of(error) is Trouble.DAMAGED:
            raise Damaged(str(error)) from error
        raise
    return connection


def _look(path: Path) -> bool:
    """Make a missing file, ours alone; is one that is there shorter than it says it is?"""
    for suffix in ("", *_SIDE_FILES):
        part = path.with_name(path.name + suffix)
        if part.exists() and not part.is_file():
            raise Damaged(f"{part.name} is not a file")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR)
    try:
        head = os.pread(descriptor, 100, 0)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if len(head) < 100:
        return bool(head)
    page_bytes = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[PAGE_COUNT_AT : PAGE_COUNT_AT + 4], "big")
    return size != pages * (65536 if page_bytes == 1 else page_bytes)


def _prepare(connection: sqlite3.Connection, path: Path, *, is_suspect: bool) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise NewerSchemaError(path, version, VERSION)
    if version < 0 or (version == 0 and _has_foreign_tables(connection)):
        raise Damaged("it is some other program's database")
    if is_suspect and not is_whole(connection):
        raise Damaged("it is not whole")
    if version < VERSION:
        _migrate(connection)
    found = columns_of(connection)
    if any(found.get(table) != columns for table, columns in TABLES.items()):
        raise Damaged("its tables are not ours")


def _has_foreign_tables(connection: sqlite3.Connection) -> bool:
    """A start that was cut short may leave the table of migrations alone."""
    return bool(columns_of(connection))


def _migrate(connection: sqlite3.Connection) -> None:
    from hrd.store.migrations import migrate  # noqa: PLC0415 — a tenth of a second that only a first start should pay

    try:
        migrate(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise Damaged(f"its tables are not ours: {error}") from error
        raise


def columns_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Each of our tables with its columns."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(_COLUMNS):
        found.setdefault(table, []).append(column)
    return {table: " ".join(columns) for table, columns in found.items()}
