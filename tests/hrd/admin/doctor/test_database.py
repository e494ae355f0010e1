"""The database, in use and at rest."""

from pathlib import Path

import sqlite_utils

from hrd.admin.doctor.database import database_at_rest, database_in_use
from hrd.admin.wire.doctor import FindingState
from hrd.store.contract import StoreHealth


def test_in_use_and_well() -> None:
    (found,) = database_in_use(StoreHealth(state="ok", path="/var/hrd.db", bytes_on_disk=217 * 1024))
    assert (found.state, found.message) == (FindingState.OK, "/var/hrd.db, 217 KiB")


def test_in_use_and_not_to_be_written() -> None:
    (found,) = database_in_use(StoreHealth(state="degraded", message="disk full", rows_waiting=7, rows_max=20_000))
    assert (found.state, found.message) == (FindingState.PROBLEM, "disk full; 7 of at most 20,000 rows wait in memory")


def test_one_that_was_moved_aside_is_told() -> None:
    found = list(database_in_use(StoreHealth(state="ok", moved_aside="/var/hrd.db.damaged-1")))
    assert [one.state for one in found] == [FindingState.OK, FindingState.WARNING]
    assert "/var/hrd.db.damaged-1" in found[1].message


def test_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "hrd.db"
    assert database_at_rest(path).message == f"{path} is made at the first start"
    database = sqlite_utils.Database(path)
    database["t"].insert({"a": 1})
    database.close()
    assert database_at_rest(path).message == f"{path} is whole"
    path.write_bytes(b"not a database" * 100)
    assert database_at_rest(path).state == FindingState.WARNING
