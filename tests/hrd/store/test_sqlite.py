"""The store on disk, when the disk, the file or the process fails."""

# ruff: noqa: ASYNC220, ASYNC240 — these tests look at the disk and at child processes from outside, and nobody waits for them

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio

from hrd.store.contract import JournalQuestion, StoreUnreadableError, UsageQuestion
from hrd.store.limits import Retention, StoreLimits
from hrd.store.opening import VERSION, open_database
from hrd.store.sqlite import SqliteStore, open_store
from hrd.store.trouble import NewerSchemaError
from tests.hrd.nobody import as_nobody
from tests.hrd.store.samples import NEW, NOON, OLD, Clock, answered, blocked, refused, reserved, settled

LIMITS = StoreLimits()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hrd.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = open_store(path, LIMITS, OLD, clock)
    yield store
    store.close()


def rows_in(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


# the process fails --------------------------------------------------------------------------------------------------------


CHILD = """
import sys
from pathlib import Path
import trio
from hrd.store.limits import StoreLimits
from hrd.store.sqlite import open_store
from tests.hrd.store.samples import OLD, Clock, answered, reserved, settled

async def main():
    store = open_store(Path(sys.argv[1]), StoreLimits(), OLD, Clock())
    number = 0
    while True:
        number += 2
        await store.commit([reserved(number), reserved(number + 1)])
        print("reserved", number + 1, flush=True)
        await store.commit([settled(number), answered(f"req-{number}")])
        print("answered", number, flush=True)

trio.run(main)
"""


@pytest.mark.parametrize("lines", [1, 2, 57, 300])
async def test_kill_9_loses_nothing_that_was_committed(path: Path, lines: int) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": str(root)}
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().split() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said += [line.split() for line in child.stdout if line.endswith("\n")]
    answers = sum(what == "answered" for what, _ in said)
    last_reserved = max(int(number) for what, number in said if what == "reserved")
    store = open_store(path, LIMITS, NEW, Clock())
    remembered = store.load(NOON)
    assert remembered.next_reservation > last_reserved
    assert remembered.lost >= answers
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger WHERE state = 0").fetchone() == (0,)
        recorded = connection.execute("SELECT count(*) FROM journal WHERE failed = 0").fetchone()[0]
    assert answers <= recorded <= answers + 1
    assert sum(row.requests - row.errors for row in await store.usage(UsageQuestion())) == recorded
    store.close()


async def test_a_burial_that_fails_is_none_at_all_and_comes_later(path: Path, clock: Clock) -> None:
    store = open_store(path, LIMITS, OLD, clock)
    store.commit_nowait([reserved(1), reserved(2), blocked()])
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'not now'); END")
        store = open_store(path, LIMITS, NEW, clock)
        remembered = store.load(NOON)
        assert (remembered.lost, remembered.next_reservation, remembered.blocks) == (2, 3, (blocked(),))
        assert "not now" in store.health().message
        await store.tidy()
        assert store.health().state == "degraded"
        assert connection.execute("SELECT state FROM ledger").fetchall() == [(0,), (0,)]
        connection.execute("DROP TRIGGER no")
        await store.tidy()
        assert connection.execute("SELECT state FROM ledger").fetchall() == [(2,), (2,)]
    assert store.health().state == "ok"
    assert [row.errors for row in await store.usage(UsageQuestion())] == [2]
    store.close()


async def test_who_has_handed_over_buries_nobody(path: Path, clock: Clock) -> None:
    """Its successor lives, and holds what it does not know of. The disk was away for a moment."""
    old = open_store(path, LIMITS, OLD, clock)
    old.load(NOON)
    new = open_store(path, LIMITS, NEW, clock)
    new.load(NOON, {OLD})
    old.retire(lambda *_: None)
    new.commit_nowait([reserved(1)])
    old.give_up(OSError("no disk"))
    await old.tidy()
    assert old.health().state == "ok"
    assert await new.journal(JournalQuestion()) == []
    new.commit_nowait([settled(1), answered()])
    assert [row.requests for row in await new.usage(UsageQuestion())] == [1]
    new.close()
    old.close()


async def test_who_dies_while_the_disk_is_away_is_buried_when_it_is_back(path: Path, clock: Clock) -> None:
    dying = open_store(path, LIMITS, OLD, clock)
    dying.commit_nowait([reserved(1)])
    store = open_store(path, LIMITS, NEW, clock)
    store.load(NOON, {OLD})
    store.give_up(OSError("no disk"))
    store.bury(OLD)
    assert await store.journal(JournalQuestion()) == []
    await store.tidy()
    ((_, entry),) = await store.journal(JournalQuestion())
    assert entry.request_id == "req-1"
    assert store.health().state == "ok"
    store.close()
    dying.close()


# the disk fails -----------------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_outlasted(path: Path, clock: Clock) -> None:
    store = open_store(path, StoreLimits(buffer_rows=1000), OLD, clock)
    connection = store._writer.connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 25")
    written = 0
    while store.health().state == "ok":
        written += 1
        await store.commit([reserved(written), settled(written), answered(f"req-{written}")])
    health = store.health()
    assert health.message == f"{path} cannot be written: the disk is full; free some space where {path.parent} is"
    assert health.waiting == "3 of at most 1,000 rows wait in memory"
    while not store.is_full:
        written += 1
        await store.commit([reserved(written), settled(written), answered(f"req-{written}")])
    assert (store.health().state, store.health().rows_waiting) == ("full", 1002)
    await store.commit([refused()])
    assert "; 1 refusals were not recorded" in store.health().message
    assert await store.entry(f"req-{written}") == answered(f"req-{written}")
    await store.tidy()
    assert store.is_full
    connection.execute("PRAGMA max_page_count = 100000")
    clock.now += 1.1
    await store.tidy()
    assert (store.health().state, store.health().rows_waiting) == ("ok", 0)
    assert [row.requests for row in await store.usage(UsageQuestion())] == [written]
    store.close()
    assert rows_in(path, "ledger") == rows_in(path, "journal") == written


FULL_CHILD = """
import resource, sys
from pathlib import Path
import trio
from hrd.store.limits import StoreLimits
from hrd.store.sqlite import open_store
from tests.hrd.store.samples import OLD, Clock, answered, reserved

async def main():
    clock = Clock()
    store = open_store(Path(sys.argv[1]), StoreLimits(), OLD, clock)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    for number in range(1, 300):
        await store.commit([reserved(number), answered(f"req-{number}")])
    print(store.health().state, store.health().rows_waiting > 0, store.health().message, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    clock.now += 2
    await store.tidy()
    print(store.health().state, store.health().rows_waiting, flush=True)

trio.run(main)
"""


def test_writes_that_fail_half_way_are_outlasted(path: Path) -> None:
    root = Path(__file__).parents[3]
    child = subprocess.run(
        [sys.executable, "-c", FULL_CHILD, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env={"PYTHONPATH": str(root)},
    )
    first, second = child.stdout.splitlines()
    assert first.startswith(f"degraded True {path} cannot be written: ")
    assert "look at the disk (free space, quota, `dmesg`)" in first
    assert second == "ok 0"
    assert rows_in(path, "ledger") == rows_in(path, "journal") == 299


async def test_a_missing_folder_is_degraded_until_it_is_there(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "state" / "hrd.db"
    store = open_store(path, LIMITS, OLD, clock)
    assert (store.health().state, store.is_full) == ("degraded", False)
    assert store.load(NOON).next_reservation == int(NOON * 1_000_000)
    await store.commit([reserved(1), answered()])
    assert await store.entry("req-1") == answered()
    with pytest.raises(StoreUnreadableError):
        await store.journal(JournalQuestion())
    await store.tidy()
    assert store.health().state == "degraded"
    path.parent.mkdir()
    await store.tidy()
    assert (store.health().state, store.health().rows_waiting) == ("ok", 0)
    assert await store.journal(JournalQuestion()) == [(1, answered())]
    store.close()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


async def test_a_read_only_folder_is_served_from_memory_and_what_is_there_is_remembered(
    shared_folder: Path, clock: Clock
) -> None:
    path = shared_folder / "hrd.db"
    store = open_store(path, LIMITS, OLD, clock)
    store.commit_nowait([reserved(1), reserved(2), settled(2), blocked()])
    store.close()
    path.chmod(0o644)
    shared_folder.chmod(0o555)
    with as_nobody():
        store = open_store(path, LIMITS, NEW, clock)
        assert store.health().state == "degraded"
        assert "let the daemon's user write" in store.health().message
        remembered = store.load(NOON)
        assert (remembered.lost, remembered.next_reservation, remembered.blocks) == (1, 3, (blocked(),))
        await store.commit([reserved(3), answered("req-3")])
        await store.tidy()
        assert store.health().rows_waiting == 2
    shared_folder.chmod(0o777)
    path.chmod(0o666)
    with as_nobody():
        await store.tidy()
        assert (store.health().state, store.health().rows_waiting) == ("ok", 0)
        assert [entry.request_id for _, entry in await store.journal(JournalQuestion())] == ["req-3", "req-1"]
        store.close()


async def test_another_programs_lock_passes_unnoticed(store: SqliteStore, path: Path, clock: Clock) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await store.commit([answered()])
        assert (store.health().state, store.health().rows_waiting) == ("ok", 1)
        clock.now += 3
        assert store.health().state == "degraded"
        other.execute("ROLLBACK")
    await store.commit([answered("req-2")])
    assert (store.health().state, store.health().rows_waiting) == ("ok", 0)


def test_close_writes_what_waits_even_after_failures(path: Path, clock: Clock) -> None:
    store = open_store(path, LIMITS, OLD, clock)
    assert store._writer.connection is not None
    store._writer.connection.execute("PRAGMA max_page_count = 1")
    store.commit_nowait([reserved(number) for number in range(1200)])
    assert store.health().state == "degraded"
    store._writer.connection.execute("PRAGMA max_page_count = 100000")
    store.close()
    assert rows_in(path, "ledger") == 1200


# the file fails -----------------------------------------------------------------------------------------------------------


async def test_a_damaged_file_is_named_in_health(path: Path, clock: Clock) -> None:
    path.write_bytes(b"garbage" * 1000)
    store = open_store(path, LIMITS, OLD, clock)
    assert store.health().state == "ok"
    assert store.health().moved_aside == f"{path}.damaged-20261118T120000Z (file is not a database)"
    assert store.load(NOON).next_reservation == 1
    store.close()


def scribble(path: Path, table: str) -> None:
    """Damage the first page of *table*, and let no log or cache mend it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize("table", ["ledger", "usage", "blocks"])
async def test_damage_found_by_a_start_is_moved_aside(path: Path, clock: Clock, table: str) -> None:
    store = open_store(path, LIMITS, OLD, clock)
    store.commit_nowait([reserved(1), answered(), blocked()])
    store.close()
    scribble(path, table)
    store = open_store(path, LIMITS, NEW, clock)
    assert store.load(NOON).next_reservation == 1
    assert "damaged-20261118T120000Z" in store.health().moved_aside
    await store.commit([reserved(1), answered()])
    assert rows_in(path, "journal") == 1
    store.close()


async def test_a_damaged_file_that_somebody_has_open_stays_where_it_is(path: Path, clock: Clock) -> None:
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreUnreadableError, match="file is not a database"):
        open_store(path, LIMITS, NEW, clock, is_shared=True)
    assert path.read_bytes() == b"garbage" * 1000


@pytest.mark.parametrize("is_broken", [True, False])
async def test_who_cannot_read_all_of_it_takes_nothing_over(path: Path, clock: Clock, is_broken: bool) -> None:
    """The process that lives knows what is in it, and goes on."""
    old = open_store(path, LIMITS, OLD, clock)
    old.commit_nowait([reserved(1), answered(), blocked()])
    new = open_store(path, LIMITS, NEW, clock)
    if is_broken:
        scribble(path, "blocks")
    else:
        new.give_up(OSError("no disk"))
        path.rename(path.with_name("elsewhere"))
    with pytest.raises(StoreUnreadableError):
        new.load(NOON, {OLD})
    if not is_broken:
        path.with_name("elsewhere").rename(path)
    old.commit_nowait([settled(1)])
    assert (old.health().state, old.health().moved_aside) == ("ok", "")
    assert [one.name for one in path.parent.glob("*damaged*")] == []
    new.close()
    old.close()


async def test_damage_found_by_a_write_is_moved_aside_and_nothing_that_waits_is_lost(path: Path, clock: Clock) -> None:
    store = open_store(path, LIMITS, OLD, clock)
    store.commit_nowait([answered()])
    store.close()
    scribble(path, "journal")
    store = open_store(path, LIMITS, NEW, clock)
    await store.commit([reserved(1), answered("req-2")])
    assert (store.health().state, store.health().rows_waiting) == ("degraded", 2)
    await store.tidy()
    assert (store.health().state, store.health().rows_waiting) == ("ok", 0)
    assert "SQLite found it malformed" in store.health().moved_aside
    assert await store.journal(JournalQuestion()) == [(1, answered("req-2"))]
    store.close()


async def test_damage_found_by_a_question_is_moved_aside(path: Path, clock: Clock) -> None:
    store = open_store(path, LIMITS, OLD, clock)
    store.commit_nowait([answered()])
    store.close()
    scribble(path, "journal")
    store = open_store(path, LIMITS, NEW, clock)
    with pytest.raises(StoreUnreadableError, match="malformed"):
        await store.journal(JournalQuestion())
    await store.tidy()
    assert await store.journal(JournalQuestion()) == []
    assert store.health().moved_aside != ""
    store.close()


async def test_a_file_removed_under_us_is_made_anew(store: SqliteStore, path: Path) -> None:
    await store.commit([answered()])
    assert len(await store.journal(JournalQuestion())) == 1
    for file in path.parent.iterdir():
        file.unlink()
    await store.tidy()
    await store.commit([answered("req-2")])
    assert await store.journal(JournalQuestion()) == [(1, answered("req-2"))]
    assert rows_in(path, "journal") == 1


def test_a_newer_database_is_refused_at_the_start(path: Path, clock: Clock) -> None:
    open_database(path, NOON).connection.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(NewerSchemaError):
        open_store(path, LIMITS, OLD, clock)


async def test_a_newer_database_put_in_place_of_ours_is_left_alone(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    open_database(newer, NOON).connection.close()
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.rename(path)
    await store.tidy()
    assert store.health().state == "degraded"
    assert "written by a newer hrd" in store.health().message
    assert rows_in(path, "journal") == 0


# housekeeping -------------------------------------------------------------------------------------------------------------


async def test_housekeeping_runs_by_itself(path: Path, clock: Clock, autojump_clock: trio.testing.MockClock) -> None:
    limits = StoreLimits(retention=Retention(journal_rows=100))
    store = open_store(path, limits, OLD, clock)
    await store.commit([answered(f"req-{number}") for number in range(1500)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.housekeep)
        while rows_in(path, "journal") > 100:  # noqa: ASYNC110 — it is the file that is watched
            await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert [row.requests for row in await store.usage(UsageQuestion())] == [1500]
    store.close()


async def test_a_checkpoint_comes_every_few_seconds_while_something_is_written(
    store: SqliteStore, path: Path, clock: Clock
) -> None:
    await store.commit([answered(f"req-{number}") for number in range(300)])
    await store.tidy()
    before = path.stat().st_size
    clock.now += 6
    await store.tidy()
    assert path.stat().st_size > before
    assert store.health().bytes_on_disk > path.stat().st_size
    modified = path.stat().st_mtime_ns
    clock.now += 6
    await store.tidy()
    assert path.stat().st_mtime_ns == modified


async def test_writing_goes_on_while_old_rows_are_deleted(path: Path, clock: Clock) -> None:
    limits = StoreLimits(retention=Retention(journal_rows=10))
    store = open_store(path, limits, OLD, clock)
    await store.commit([answered(f"old-{number}") for number in range(3000)])
    done = trio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            await store.commit([answered(f"new-{number}")])
            assert store.health().rows_waiting == 0
            await trio.sleep(0.001)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await store.tidy()
        done.set()
    assert store.health().state == "ok"
    assert rows_in(path, "journal") < 500
    store.close()


async def test_who_hands_over_in_the_middle_of_deleting_leaves_the_rest_to_the_next(
    path: Path, clock: Clock, autojump_clock: trio.testing.MockClock
) -> None:
    """And does not look every hundredth of a second whether it may go on."""
    store = open_store(path, StoreLimits(retention=Retention(journal_rows=10)), OLD, clock)
    await store.commit([answered(f"old-{number}") for number in range(11_000)])
    await store.tidy()
    assert rows_in(path, "journal") > 500
    store.retire(lambda *_: None)
    began = trio.current_time()
    looks = Looks()
    trio.lowlevel.add_instrument(looks)
    with trio.move_on_after(20):
        await store.housekeep()
    trio.lowlevel.remove_instrument(looks)
    assert trio.current_time() - began == pytest.approx(20)
    assert looks.steps < 100
    assert rows_in(path, "journal") > 500
    store.close()


class Looks(trio.abc.Instrument):
    """Counts how often anybody does anything."""

    def __init__(self) -> None:
        self.steps = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1


async def test_housekeeping_that_fails_is_told_and_tried_again(store: SqliteStore, path: Path, clock: Clock) -> None:
    store.limits = StoreLimits(steady_s=0.0)
    await store.commit([answered()])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON blocks BEGIN SELECT RAISE(ABORT, 'not now'); END")
        await store.commit([blocked(until=1.0)])
        clock.now += 61
        await store.tidy()
        assert (store.health().state, store.health().message) == ("ok", "housekeeping failed: not now")
        connection.execute("DROP TRIGGER no")
    clock.now += 61
    await store.tidy()
    assert store.health().message == ""
    assert rows_in(path, "blocks") == 0


async def test_without_a_journal_only_totals_are_kept(path: Path, clock: Clock) -> None:
    store = open_store(path, StoreLimits(retention=Retention(journal_rows=0)), OLD, clock)
    await store.commit([answered()])
    assert await store.journal(JournalQuestion()) == []
    assert [row.requests for row in await store.usage(UsageQuestion())] == [1]
    store.close()


async def test_a_row_that_cannot_be_stored_is_told(store: SqliteStore) -> None:
    await store.commit([reserved(1), reserved(1)])
    assert store.health().message == "1 rows could not be stored and were left out"
    assert (store.health().state, store.health().rows_waiting) == ("ok", 0)


# the settings change -------------------------------------------------------------------------------------------------------


async def test_new_limits_hold_from_the_next_row_on(store: SqliteStore, clock: Clock, path: Path) -> None:
    for number in range(5):
        store.commit_nowait([answered(f"req-{number}")])
    store.limits = StoreLimits(retention=Retention(journal_rows=2), buffer_rows=7)
    assert store.health().rows_max == 7
    clock.now += store.limits.trim_s
    await store.tidy()
    assert rows_in(path, "journal") == 2
    store.limits = StoreLimits(retention=Retention(journal_rows=0))
    store.commit_nowait([answered("req-unkept")])
    assert rows_in(path, "journal") == 2
    assert await store.entry("req-unkept") is None


def test_a_smaller_buffer_is_full_at_once(store: SqliteStore) -> None:
    store.give_up(OSError("no disk"))
    store.commit_nowait([blocked() for _ in range(3)])
    assert not store.is_full
    store.limits = StoreLimits(buffer_rows=3)
    assert store.is_full
