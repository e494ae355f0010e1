"""Alarms: kept to the moment, set and turned off by assignment, watched by one task."""

import pytest
import trio
from trio.testing import MockClock

from hrd.http.alarms import LOOK_S, NEVER, Alarm, Alarms


@pytest.fixture
def alarms(nursery: trio.Nursery) -> Alarms:
    made = Alarms()
    nursery.start_soon(made.run)
    return made


class Rings:
    """An alarm that notes when it rang."""

    def __init__(self, alarms: Alarms, at: float = NEVER) -> None:
        self.rang: list[float] = []
        self.alarm = Alarm(lambda: self.rang.append(trio.current_time()))
        self.alarm.at = at
        alarms.watch(self.alarm)


async def test_alarm_rings_once_at_its_moment(autojump_clock: MockClock, alarms: Alarms) -> None:
    rings = Rings(alarms, at=30.2)
    await trio.sleep(100)
    assert rings.rang == [30.2]
    assert rings.alarm.at == NEVER


async def test_alarm_that_is_moved_rings_at_the_later_moment(autojump_clock: MockClock, alarms: Alarms) -> None:
    """As for every piece of a stream."""
    rings = Rings(alarms, at=10.0)
    for _ in range(5):
        await trio.sleep(9)
        rings.alarm.at = trio.current_time() + 10.0
    await trio.sleep(100)
    assert rings.rang == [55.0]


async def test_alarm_set_while_the_task_sleeps_is_late_by_a_look_at_most(autojump_clock: MockClock, alarms: Alarms) -> None:
    rings = Rings(alarms)
    await trio.sleep(10.1)
    rings.alarm.at = 10.2
    await trio.sleep(10)
    assert len(rings.rang) == 1
    assert 10.2 <= rings.rang[0] <= 10.2 + LOOK_S


async def test_alarm_that_is_turned_off_or_forgotten_is_silent(autojump_clock: MockClock, alarms: Alarms) -> None:
    off, forgotten = Rings(alarms, at=5.0), Rings(alarms, at=5.0)
    await trio.sleep(1)
    off.alarm.at = NEVER
    alarms.unwatch(forgotten.alarm)
    alarms.unwatch(forgotten.alarm)
    await trio.sleep(100)
    assert (off.rang, forgotten.rang, len(alarms)) == ([], [], 1)


async def test_ringing_may_forget_others_and_set_new_ones(autojump_clock: MockClock, alarms: Alarms) -> None:
    """A call that is cancelled closes its connection to the provider in the same turn."""
    second = Rings(alarms)

    def ring() -> None:
        alarms.unwatch(first)
        second.alarm.at = trio.current_time() + 5.0

    first = Alarm(ring)
    first.at = 3.0
    alarms.watch(first)
    await trio.sleep(20)
    assert second.rang == [8.0]


async def test_nothing_wakes_while_nothing_is_watched(autojump_clock: MockClock, alarms: Alarms) -> None:
    rings = Rings(alarms, at=1.0)
    await trio.sleep(5)
    alarms.unwatch(rings.alarm)
    await trio.sleep(1)
    before = trio.lowlevel.current_statistics().seconds_to_next_deadline
    assert before == float("inf")
    again = Rings(alarms, at=trio.current_time() + 7.0)
    await trio.sleep(50)
    assert again.rang == [13.0]
