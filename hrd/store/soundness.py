"""Whether a database that nobody has open is sound, without changing anything about it."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

SQLITE_VERSION = sqlite3.sqlite_version


def what_is_broken(path: Path) -> str:
    """Looks it through from one end to the other; empty when all is well. What still waits in its write-ahead log is not looked
    at."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
        try:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        said = str(error)
    return "" if said == "ok" else said
