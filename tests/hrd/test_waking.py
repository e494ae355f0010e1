"""Waking: a gap between two clocks is a sleep; slow drift, small steps and steps back are none."""

from functools import partial

import pytest
import trio
from trio.testing import MockClock

from hrd.waking import CHECK_S, watch_clock


class Machine:
    """Its wall clock is trio's, and what *steps* add to it: (when, seconds)."""

    def __init__(self, *steps: tuple[float, float], gap_s: float = 30.0) -> None:
        self.steps = steps
        self.gap_s = gap_s
        self.woke: list[tuple[float, float]] = []
        self.set_back: list[tuple[float, float]] = []

    def wall(self) -> float:
        now = trio.current_time()
        return 1_795_219_200.0 + now + sum(seconds for at, seconds in self.steps if at <= now)

    async def run(self, for_s: float) -> list[tuple[float, float]]:
        """When it woke and how long it had slept, to the tenth of a second."""
        with trio.move_on_after(for_s):
            await watch_clock(
                wall=self.wall,
                gap_s=lambda: self.gap_s,
                woke=self.on_waking,
                set_back=lambda by_s: self.set_back.append((trio.current_time(), round(by_s, 1))),
            )
        return self.woke

    def on_waking(self, slept_s: float) -> None:
        self.woke.append((trio.current_time(), round(slept_s, 1)))


async def test_a_sleep_is_noticed_at_the_next_look_and_told_once(autojump_clock: MockClock) -> None:
    assert await Machine((25.0, 3600.0)).run(100.0) == [(3 * CHECK_S, 3600.0)]


async def test_a_clock_that_is_set_back_is_told(autojump_clock: MockClock) -> None:
    machine = Machine((25.0, -3600.0), (45.0, -29.9))
    assert await machine.run(100.0) == []
    assert machine.set_back == [(3 * CHECK_S, 3600.0)]


async def test_each_sleep_counts(autojump_clock: MockClock) -> None:
    assert await Machine((5.0, 31.0), (45.0, 40.0)).run(100.0) == [(10.0, 31.0), (50.0, 40.0)]


@pytest.mark.parametrize(
    "steps",
    [
        (),
        ((15.0, 29.9),),
        ((15.0, -3600.0),),
        tuple((float(second), 1.0) for second in range(100)),
    ],
    ids=["none", "a small step", "a step back", "drift"],
)
async def test_other_steps_are_no_sleep(autojump_clock: MockClock, steps: tuple[tuple[float, float], ...]) -> None:
    assert await Machine(*steps).run(100.0) == []


async def test_what_counts_as_a_gap_may_change(autojump_clock: MockClock) -> None:
    machine = Machine((25.0, 60.0), (45.0, 60.0), gap_s=90.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(machine.run, 60.0))
        await trio.sleep(40)
        machine.gap_s = 30.0
    assert machine.woke == [(50.0, 60.0)]
