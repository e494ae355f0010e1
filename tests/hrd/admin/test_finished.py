"""Finished exchanges: told to whoever follows, and no one waits for a slow follower."""

import pytest
import trio

from hrd.admin.finished import ENTRIES_QUEUED_MAX, Finished
from tests.hrd.store.samples import answered


async def test_every_follower_hears_from_when_it_came() -> None:
    finished = Finished()
    finished.tell(answered("req-before"))
    with finished.follow() as first:
        finished.tell(answered("req-1"))
        with finished.follow() as second:
            finished.tell(answered("req-2"))
            assert (await second.wait_next())[1].request_id == "req-2"
        finished.tell(answered("req-3"))
        assert [(await first.wait_next())[1].request_id for _ in range(3)] == ["req-1", "req-2", "req-3"]


async def test_a_slow_follower_loses_entries_and_hears_how_many() -> None:
    finished = Finished()
    with finished.follow() as slow:
        for number in range(ENTRIES_QUEUED_MAX + 10):
            finished.tell(answered(f"req-{number}"))
        told = [await slow.wait_next() for _ in range(ENTRIES_QUEUED_MAX)]
        assert [missed for missed, _ in told] == [0] * ENTRIES_QUEUED_MAX
        finished.tell(answered("req-after"))
        missed, entry = await slow.wait_next()
        assert (missed, entry.request_id) == (10, "req-after")
        finished.tell(answered("req-later"))
        assert (await slow.wait_next())[0] == 0


async def test_a_follower_that_left_is_not_told(autojump_clock: trio.testing.MockClock) -> None:
    finished = Finished()
    with finished.follow() as gone:
        pass
    finished.tell(answered())
    with pytest.raises(trio.ClosedResourceError):
        await gone.wait_next()


async def test_a_follower_waits_while_nothing_happens(autojump_clock: trio.testing.MockClock) -> None:
    finished = Finished()
    with finished.follow() as follower, trio.move_on_after(3600) as patience:
        await follower.wait_next()
    assert patience.cancelled_caught
