"""When the file is looked after, and in how small steps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from hrd.store import checkpoints
from hrd.store.limits import Retention, StoreLimits
from hrd.store.opening import open_database
from hrd.store.retention import BATCH_ROWS
from hrd.store.upkeep import ROUND_STEPS, Upkeep
from hrd.store.writer import Writer
from tests.hrd.store.samples import NOON, OLD, Clock, answered, blocked

LIMITS = StoreLimits(retention=Retention(journal_rows=10), checkpoint_rows=900)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "hrd.db", OLD, keep_journal=True)
    writer.use(open_database(writer.path, NOON).connection)
    yield writer
    writer.close()


@pytest.fixture
def upkeep(writer: Writer, clock: Clock) -> Iterator[Upkeep]:
    upkeep = Upkeep(writer.path, writer, LIMITS, clock)
    yield upkeep
    upkeep.stop()


def write(writer: Writer, entries: int) -> None:
    assert writer.write([answered(f"req-{number}") for number in range(entries)]) is None


def entries_in(path: Path) -> int:
    return rows_in(path, "journal")


def rows_in(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_a_checkpoint_is_due_five_seconds_after_the_last_if_anything_was_written(
    writer: Writer, upkeep: Upkeep, clock: Clock
) -> None:
    write(writer, 1)
    await upkeep.round()
    assert writer.is_dirty
    clock.now += 5
    await upkeep.round()
    assert not writer.is_dirty
    write(writer, 1)
    clock.now -= 86400
    await upkeep.round()
    assert upkeep._checkpointed_at == clock.now, "a clock that was set back makes it due"


async def test_many_rows_make_a_checkpoint_due_at_once(writer: Writer, upkeep: Upkeep) -> None:
    write(writer, 899)
    await upkeep.round()
    assert writer.is_dirty
    write(writer, 1)
    await upkeep.round()
    assert not writer.is_dirty


async def test_a_long_log_is_cut_once_it_is_quiet(writer: Writer, clock: Clock) -> None:
    upkeep = Upkeep(writer.path, writer, StoreLimits(), clock)
    for _ in range(2):
        write(writer, 9500)
        clock.now += 5
        await upkeep.round()
        assert checkpoints.log_bytes(writer.path) > checkpoints.LOG_KEPT_BYTES
    write(writer, 1)
    clock.now += 5
    await upkeep.round()
    assert checkpoints.log_bytes(writer.path) < 100_000


async def test_deletes_are_due_every_minute(writer: Writer, upkeep: Upkeep, clock: Clock) -> None:
    write(writer, 50)
    clock.now += 59
    await upkeep.round()
    assert entries_in(writer.path) == 50
    clock.now += 1
    await upkeep.round()
    assert (entries_in(writer.path), upkeep.is_under_way) == (10, False)


async def test_deletes_are_due_at_once_when_much_was_written_and_take_several_rounds(
    writer: Writer, upkeep: Upkeep, autojump_clock: MockClock
) -> None:
    batches = ROUND_STEPS + 2
    write(writer, batches * BATCH_ROWS + 10)
    await upkeep.round()
    assert upkeep.is_under_way
    assert entries_in(writer.path) == 2 * BATCH_ROWS + 10
    await upkeep.round()
    assert (entries_in(writer.path), upkeep.is_under_way) == (10, False)


async def test_a_clock_that_was_set_makes_nothing_too_old_before_it_has_gone_on_steadily(
    writer: Writer, clock: Clock, autojump_clock: MockClock
) -> None:
    """A machine that starts eleven years ahead of its time, and is put right before ten minutes are over."""
    upkeep = Upkeep(writer.path, writer, StoreLimits(), clock)

    async def live(minutes: int) -> int:
        for _ in range(minutes):
            await trio.sleep(60)
            clock.now += 60
            await upkeep.round()
        return rows_in(writer.path, "blocks")

    clock.now += 11 * 365 * 86400
    assert writer.write([blocked(until=NOON + 86400)]) is None
    assert await live(9) == 1
    clock.now -= 11 * 365 * 86400
    assert await live(20) == 1
    clock.now += 2 * 86400  # and now it is too old
    assert await live(10) == 1
    assert await live(1) == 0


async def test_a_failure_is_told_until_a_round_goes_well(writer: Writer, upkeep: Upkeep, clock: Clock) -> None:
    write(writer, 50)
    with closing(sqlite3.connect(writer.path, isolation_level=None)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'not now'); END")
        clock.now += 60
        await upkeep.round()
        assert (upkeep.failure, upkeep.is_under_way) == ("housekeeping failed: not now", False)
        connection.execute("DROP TRIGGER no")
    clock.now += 60
    await upkeep.round()
    assert (upkeep.failure, entries_in(writer.path)) == ("", 10)
