"""The heartbeat: one task for everybody who waits, and none for nobody."""

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from hrd.downstream.heartbeat import BEATS_AT_ONCE, Heartbeat, Silence


@pytest.fixture
def heartbeat(nursery: trio.Nursery) -> Heartbeat:
    made = Heartbeat(5.0)
    nursery.start_soon(made.run)
    return made


async def _wait(heartbeat: Heartbeat, seconds: float, beats: list[float]) -> None:
    with heartbeat.waiting(lambda: beats.append(trio.current_time())):
        await trio.sleep(seconds)


async def test_each_hears_its_own_beats(autojump_clock: MockClock, heartbeat: Heartbeat) -> None:
    early: list[float] = []
    late: list[float] = []
    async with trio.open_nursery() as waiting:
        waiting.start_soon(_wait, heartbeat, 16.0, early)
        await trio.sleep(3)
        waiting.start_soon(_wait, heartbeat, 16.0, late)
    assert early == [5.0, 10.0, 15.0]
    assert late == [8.0, 13.0, 18.0]


async def test_a_short_wait_hears_nothing(autojump_clock: MockClock, heartbeat: Heartbeat) -> None:
    beats: list[float] = []
    await _wait(heartbeat, 4.9, beats)
    await trio.sleep(100)
    assert beats == []


async def test_it_sleeps_while_nobody_waits_and_wakes_again(autojump_clock: MockClock, heartbeat: Heartbeat) -> None:
    beats: list[float] = []
    await _wait(heartbeat, 6.0, beats)
    await trio.sleep(1000)
    assert trio.lowlevel.current_statistics().seconds_to_next_deadline == float("inf")
    await _wait(heartbeat, 6.0, beats)
    assert beats == [5.0, 1011.0]


async def test_a_cancelled_wait_is_forgotten(autojump_clock: MockClock, heartbeat: Heartbeat) -> None:
    beats: list[float] = []
    with trio.move_on_after(7):
        await _wait(heartbeat, 100.0, beats)
    await trio.sleep(20)
    assert beats == [5.0]


async def test_one_beat_may_end_anothers_wait(autojump_clock: MockClock, heartbeat: Heartbeat) -> None:
    scope = trio.CancelScope()
    beats: list[float] = []
    with scope, heartbeat.waiting(scope.cancel):
        await _wait(heartbeat, 50.0, beats)
    assert trio.current_time() == 5.0
    assert len(beats) <= 1


def test_a_silence_lasts_from_one_beat_to_the_next_if_nothing_was_sent() -> None:
    silence = Silence()
    assert not silence.lasts()
    silence.is_open = True
    assert silence.lasts()
    silence.pieces += 1
    assert not silence.lasts()
    assert silence.lasts()


def test_nothing_is_said_while_a_piece_is_being_sent() -> None:
    silence = Silence()
    silence.lasts()
    assert not silence.lasts()


async def test_many_who_began_to_wait_at_one_moment_do_not_hold_up_everybody_else(
    autojump_clock: MockClock, heartbeat: Heartbeat
) -> None:
    beats: list[float] = []
    seen: list[int] = []
    async with trio.open_nursery() as waiting:
        for _ in range(100):
            waiting.start_soon(_wait, heartbeat, 6.0, beats)
        await trio.sleep(5.0)
        while len(beats) < 100:
            await trio.lowlevel.checkpoint()
            seen.append(len(beats))
        waiting.cancel_scope.cancel()
    between = [later - earlier for earlier, later in pairwise([0, *seen])]
    assert max(between) <= 2 * BEATS_AT_ONCE, "whose turn comes first is by chance"
