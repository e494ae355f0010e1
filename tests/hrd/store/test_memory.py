"""What the store in memory has besides the contract: a disk that fills up, and bounds."""

import pytest
import trio
from trio.testing import MockClock

from hrd.core.ledger import State
from hrd.store.contract import JournalQuestion
from hrd.store.limits import Retention, StoreLimits
from hrd.store.memory import Disk, MemoryStore
from tests.hrd.store.samples import NEW, NOON, OLD, Clock, answered, refused, reserved, settled


async def test_a_full_disk_is_waited_out_by_the_housekeeping(autojump_clock: MockClock) -> None:
    disk = Disk(is_writable=False)
    store = MemoryStore(disk, lambda: NOON + trio.current_time(), OLD, StoreLimits(buffer_rows=3))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.housekeep)
        await store.commit([reserved(1), settled(1)])
        assert (store.health().state, store.health().message) == ("degraded", "the disk is full")
        await store.commit([answered()])
        assert (store.health().state, store.is_full, store.health().rows_waiting) == ("full", True, 3)
        assert await store.entry("req-1") == answered()
        await store.commit([refused()])
        disk.is_writable = True
        await trio.sleep(2)
        assert (store.health().state, store.health().rows_waiting) == ("ok", 0)
        assert await store.journal(JournalQuestion()) == [(1, answered())]
        nursery.cancel_scope.cancel()


async def test_close_writes_what_waits() -> None:
    disk = Disk(is_writable=False)
    store = MemoryStore(disk, Clock(), OLD)
    store.commit_nowait([reserved(1)])
    disk.is_writable = True
    store.close()
    assert [row.state for row in disk.ledger.values()] == [State.HELD]


def test_a_full_disk_cannot_bury_the_dead_yet() -> None:
    disk = Disk()
    MemoryStore(disk, Clock(), OLD).commit_nowait([reserved(1)])
    disk.is_writable = False
    assert MemoryStore(disk, Clock(), NEW).load(NOON).lost == 1
    disk.is_writable = True
    assert MemoryStore(disk, Clock(), NEW).load(NOON).lost == 1
    assert MemoryStore(disk, Clock(), NEW).load(NOON).lost == 0


@pytest.mark.parametrize("rows_max", [0, 10])
async def test_the_journal_keeps_its_newest_rows(rows_max: int) -> None:
    store = MemoryStore(Disk(), Clock(), OLD, StoreLimits(retention=Retention(journal_rows=rows_max)))
    store.commit_nowait([answered(f"req-{number}") for number in range(25)])
    assert [row for row, _ in await store.journal(JournalQuestion())] == list(range(25, 25 - rows_max, -1))
