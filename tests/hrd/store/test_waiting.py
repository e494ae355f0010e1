"""Rows that wait: shared transactions, failures that are outlasted, a buffer that ends."""

from collections.abc import Sequence

import pytest
import trio

from hrd.core.remembered import Row
from hrd.store.waiting import PART_ROWS, WaitingRows, WriteFailed
from tests.hrd.store.samples import Clock, answered, refused, settled

DISK = WriteFailed(message="the disk is full", pause_s=1.0)
BUSY = WriteFailed(message="locked", pause_s=0.05, is_passing=True)


class Paper:
    """Takes rows down, unless it is told to fail."""

    def __init__(self) -> None:
        self.failure: WriteFailed | None = None
        self.tries: list[int] = []
        self.written: list[Row] = []

    def write(self, rows: Sequence[Row]) -> WriteFailed | None:
        self.tries.append(len(rows))
        if self.failure is None:
            self.written.extend(rows)
        return self.failure


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waiting(paper: Paper, clock: Clock) -> WaitingRows:
    return WaitingRows(paper.write, clock, rows_max=1200)


async def test_thirty_commits_of_one_turn_are_one_write(waiting: WaitingRows, paper: Paper) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(waiting.commit, [settled(number), settled(number)])
    assert paper.tries == [60]
    await waiting.commit([settled(99)])
    assert paper.tries == [60, 1]


def test_commit_nowait_takes_along_what_waits_in_its_turn(waiting: WaitingRows, paper: Paper) -> None:
    early = waiting.commit([settled(1)])
    early.send(None)
    assert paper.tries == []
    waiting.commit_nowait([settled(2)])
    assert paper.written == [settled(1), settled(2)]
    early.close()
    assert paper.tries == [2]


async def test_rows_are_written_in_order_after_a_failure(waiting: WaitingRows, paper: Paper, clock: Clock) -> None:
    paper.failure = DISK
    await waiting.commit([settled(1)])
    await waiting.commit([settled(2)])
    assert (waiting.failure, paper.tries) == (DISK, [1])
    paper.failure = None
    clock.now += 1.0
    await waiting.commit([settled(3)])
    assert paper.written == [settled(1), settled(2), settled(3)]
    assert (waiting.failure, waiting.rows) == (None, [])


def test_while_it_fails_a_try_is_small_and_comes_once_a_second(waiting: WaitingRows, paper: Paper, clock: Clock) -> None:
    paper.failure = DISK
    for number in range(1100):
        waiting.commit_nowait([settled(number)])
        clock.now += 0.01
    assert len(paper.tries) == 11
    assert max(paper.tries) == PART_ROWS


def test_what_piled_up_is_written_in_parts(waiting: WaitingRows, paper: Paper, clock: Clock) -> None:
    paper.failure = DISK
    waiting.commit_nowait([settled(number) for number in range(1100)])
    paper.failure, paper.tries = None, []
    clock.now += 1.0
    assert waiting.retry()
    assert waiting.failure == DISK
    assert waiting.retry()
    assert not waiting.retry()
    assert paper.tries == [500, 500, 100]
    assert waiting.failure is None


def test_a_clock_set_back_does_not_stop_the_tries(waiting: WaitingRows, paper: Paper, clock: Clock) -> None:
    paper.failure = DISK
    waiting.commit_nowait([settled(1)])
    paper.failure = None
    clock.now -= 86400
    waiting.commit_nowait([settled(2)])
    assert len(paper.written) == 2


def test_a_lock_that_passes_is_no_trouble_and_one_that_stays_is(waiting: WaitingRows, paper: Paper, clock: Clock) -> None:
    paper.failure = BUSY
    waiting.commit_nowait([settled(1)])
    assert waiting.failure == BUSY
    assert waiting.trouble is None
    for _ in range(25):
        clock.now += 0.1
        waiting.retry()
    assert waiting.trouble == BUSY
    assert len(paper.tries) == 1 + 5, "at 0.05, 0.1, 0.2, 0.4 and 0.8 s after one another, to the next tenth"
    paper.failure = None
    clock.now += 1.0
    assert not waiting.retry()
    assert waiting.trouble is None


def test_a_full_buffer_keeps_what_was_spent_and_drops_refusals(waiting: WaitingRows, paper: Paper) -> None:
    paper.failure = DISK
    waiting.commit_nowait([settled(number) for number in range(1200)])
    assert waiting.is_full
    waiting.commit_nowait([refused(), settled(1), answered()])
    assert len(waiting.rows) == 1202
    assert waiting.refusals_dropped == 1
    assert waiting.retry_now() is False
    paper.failure = None
    while waiting.retry_now():
        pass
    assert paper.written[-2:] == [settled(1), answered()]
    assert not waiting.is_full


async def test_a_cancelled_waiter_is_written_by_itself(waiting: WaitingRows, paper: Paper) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await waiting.commit([settled(1)])
    assert paper.written == [settled(1)]


def test_a_try_that_fails_without_a_pause_is_not_repeated_at_once(waiting: WaitingRows, paper: Paper) -> None:
    """Whoever writes for as long as it goes well would never come to an end."""
    paper.failure = WriteFailed(message="it is not open", pause_s=0.0)
    waiting.commit_nowait([settled(1)])
    assert not waiting.retry_now()
    assert not waiting.retry()
    paper.failure = None
    assert not waiting.retry()
    assert paper.written == [settled(1)]
