"""The tables, one migration a noun. `user_version` counts those applied, so that an up-to-date database is known by one number.

A migration and the note that it ran are one transaction. A released migration is never edited: the next one changes its table.
Strings of which clients choose parts (models) stay out of `usage` unless they served; no table holds content or secrets.
"""

from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

if TYPE_CHECKING:
    import sqlite3

migrations = Migrations("hrd")


def migrate(connection: "sqlite3.Connection") -> None:
    """Apply what is missing."""
    migrations.apply(Database(connection))


@migrations()
def m1_meta(db: Database) -> None:
    """Small facts about the database itself."""
    db.conn.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT")
    db.conn.execute("PRAGMA user_version = 1")


@migrations()
def m2_ledger(db: Database) -> None:
    """One row an attempt. `state` is 0 held, 1 settled, 2 lost. Every request writes here twice, so there is no index to be
    written with it: the held ones are found at start from where `meta` says that the first may be (see `store.upkeep`), and
    the scopes, the same few lists for ever, stand in a table of their own."""
    db.conn.execute(
        """CREATE TABLE ledger (
            id INTEGER PRIMARY KEY, at REAL NOT NULL, request_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
            credential TEXT NOT NULL, scopes INTEGER NOT NULL, tokens INTEGER NOT NULL, state INTEGER NOT NULL,
            pid INTEGER NOT NULL, started REAL NOT NULL, settled_at REAL, spent INTEGER, outcome TEXT
        ) STRICT"""
    )
    db.conn.execute("CREATE TABLE scopes (id INTEGER PRIMARY KEY, used_at REAL NOT NULL, names TEXT NOT NULL) STRICT")
    db.conn.execute("PRAGMA user_version = 2")


@migrations()
def m3_journal(db: Database) -> None:
    """What happened. No index on the request id: random ids would double what each request writes, and the table is bounded."""
    db.conn.execute(
        """CREATE TABLE journal (
            row INTEGER PRIMARY KEY, request_id TEXT NOT NULL, provider TEXT NOT NULL, failed INTEGER NOT NULL,
            entry BLOB NOT NULL
        ) STRICT"""
    )
    db.conn.execute("PRAGMA user_version = 3")


@migrations()
def m4_usage(db: Database) -> None:
    """Totals by hour; a day's hours are rolled into its first one when they are old."""
    db.conn.execute(
        """CREATE TABLE usage (
            hour INTEGER NOT NULL, provider TEXT NOT NULL, credential TEXT NOT NULL, model TEXT NOT NULL,
            client TEXT NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL, attempts INTEGER NOT NULL,
            failed INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
            cost_microusd INTEGER NOT NULL, PRIMARY KEY (hour, provider, credential, model, client)
        ) STRICT, WITHOUT ROWID"""
    )
    db.conn.execute("PRAGMA user_version = 4")


@migrations()
def m5_pool(db: Database) -> None:
    """What the pool remembers over a restart."""
    db.conn.execute(
        """CREATE TABLE blocks (
            scope TEXT NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL, set_at REAL NOT NULL, until REAL NOT NULL,
            next_probe REAL, step INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (scope, reason)
        ) STRICT"""
    )
    db.conn.execute(
        """CREATE TABLE windows (
            scope TEXT NOT NULL, kind TEXT NOT NULL, "limit" INTEGER, "left" INTEGER NOT NULL, resets_at REAL,
            source TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (scope, kind)
        ) STRICT"""
    )
    db.conn.execute("PRAGMA user_version = 5")


@migrations()
def m6_found_out(db: Database) -> None:
    """What providers and models turned out to be."""
    db.conn.execute(
        """CREATE TABLE learned (
            provider TEXT NOT NULL, model TEXT NOT NULL, what TEXT NOT NULL, value INTEGER NOT NULL, at REAL NOT NULL,
            expires_at REAL NOT NULL, PRIMARY KEY (provider, model, what)
        ) STRICT"""
    )
    db.conn.execute(
        """CREATE TABLE embedding_pin (
            id INTEGER PRIMARY KEY CHECK (id = 1), provider TEXT NOT NULL, model TEXT NOT NULL, at REAL NOT NULL
        ) STRICT"""
    )
    db.conn.execute(
        """CREATE TABLE discovered (
            provider TEXT PRIMARY KEY, models TEXT NOT NULL, contexts TEXT NOT NULL, at REAL NOT NULL
        ) STRICT"""
    )
    db.conn.execute("CREATE TABLE accounts (credential TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT")
    db.conn.execute("PRAGMA user_version = 6")


@migrations()
def m7_clients(db: Database) -> None:
    """What client keys spend: whose a reservation is, each key's UTC day, the sessions that clients name, and what is not known
    of a cost. `sessions` keeps its row ids: the oldest are deleted when there are too many."""
    db.conn.execute("ALTER TABLE ledger ADD COLUMN client TEXT NOT NULL DEFAULT ''")
    db.conn.execute("ALTER TABLE ledger ADD COLUMN cost_microusd INTEGER")
    db.conn.execute("ALTER TABLE usage ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0")
    db.conn.execute("ALTER TABLE discovered ADD COLUMN prices TEXT NOT NULL DEFAULT '{}'")
    db.conn.execute(
        """CREATE TABLE client_days (
            client TEXT NOT NULL, day INTEGER NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
            cost_microusd INTEGER NOT NULL, PRIMARY KEY (client, day)
        ) STRICT"""
    )
    db.conn.execute(
        """CREATE TABLE sessions (
            day INTEGER NOT NULL, session TEXT NOT NULL, client TEXT NOT NULL, requests INTEGER NOT NULL,
            errors INTEGER NOT NULL, attempts INTEGER NOT NULL, failed INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL, cost_microusd INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            PRIMARY KEY (day, session, client)
        ) STRICT"""
    )
    db.conn.execute("PRAGMA user_version = 7")


@migrations()
def m8_quota(db: Database) -> None:
    """Windows that count by themselves, and when blocks are probed. A window is one value, so that a start with very many
    of them is quick; `through` is the last reservation that its count has. What headers had said until now is kept."""
    db.conn.execute("ALTER TABLE blocks ADD COLUMN probe_s REAL NOT NULL DEFAULT 0")
    db.conn.execute("ALTER TABLE blocks ADD COLUMN probed_at TEXT NOT NULL DEFAULT '[]'")
    db.conn.execute("ALTER TABLE windows RENAME TO windows_before")
    db.conn.execute(
        """CREATE TABLE windows (
            scope TEXT NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL, through INTEGER NOT NULL, seen_at REAL NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (scope, kind, owner)
        ) STRICT"""
    )
    db.conn.execute(
        """INSERT INTO windows SELECT scope, kind, 'provider',
            (SELECT ifnull(max(id), 0) FROM ledger WHERE at <= seen_at) AS through, seen_at, CAST(json_object(
                'scope', scope, 'kind', kind, 'limit', ifnull("limit", "left"), 'is_implied', json(iif("limit" IS NULL, 'true',
                'false')), 'used', max(0, ifnull("limit" - "left", 0)), 'source', source, 'limit_at', seen_at, 'begun_at',
                seen_at, 'ends_at', resets_at, 'seen_at', seen_at ) AS BLOB) FROM windows_before"""
    )
    db.conn.execute("DROP TABLE windows_before")
    db.conn.execute("PRAGMA user_version = 8")
