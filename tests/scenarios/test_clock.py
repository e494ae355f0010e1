"""The time of day is set forward and back by hours while windows run: counts and resets stay sane."""

import pytest
import trio

from hrd.core.quota.limit import Limit
from tests.scenarios.failing import rate_limited, says
from tests.scenarios.world import World

HOUR_S, DAY_S = 3600.0, 86_400.0
OWN = (Limit(kind="requests/minute", limit=2), Limit(kind="requests/day", limit=8))


def left(world: World) -> dict[str, int | None]:
    """What is left of each window, none of which may end later than its span is long."""
    now = world.now()
    windows = {one.kind: one for one in world.pool.snapshot(now).book.windows(now) if one.owner == "user"}
    for kind, span_s in (("requests/minute", 60.0), ("requests/day", DAY_S)):
        ends_at = windows[kind].resets_at
        assert ends_at is None or now <= ends_at <= now + span_s + 1.0
    return {kind: one.left for kind, one in windows.items()}


async def test_a_clock_that_is_set_forward_and_back_gives_no_day_twice_and_keeps_nobody_for_hours(world: World) -> None:
    await world.provider("alpha", says("hello"), own_limits=OWN)
    for _ in range(2):
        assert await world.ask() == "hello"
    assert left(world) == {"requests/minute": 0, "requests/day": 6}

    world.set_clock(5 * HOUR_S)  # the minute is over, the day is not
    assert await world.ask() == "hello"
    assert left(world) == {"requests/minute": 1, "requests/day": 5}

    world.set_clock(-5 * HOUR_S)  # what was counted then leaves a minute from now, and not in five hours
    assert await world.ask() == "hello"
    assert left(world) == {"requests/minute": 0, "requests/day": 4}
    told = await world.chat()
    assert told.status == 429
    assert 30.0 < float(told.headers["retry-after"]) <= 60.0

    world.set_clock(2 * DAY_S)  # another day
    for _ in range(2):
        assert await world.ask() == "hello"
    assert left(world) == {"requests/minute": 0, "requests/day": 6}

    world.set_clock(-2 * DAY_S)  # that day again, with all that was spent meanwhile
    assert left(world)["requests/day"] == 2
    world.set_clock(61.0)
    for _ in range(2):
        assert await world.ask() == "hello"
    assert left(world)["requests/day"] == 0
    world.set_clock(61.0)
    assert (await world.chat()).status == 429


async def test_a_clock_that_was_years_ahead_blocks_nobody_for_years(world: World) -> None:
    """Somebody failed by that clock; it is put right, and they are asked again as soon as they would have been."""
    world.set_clock(11 * 365 * DAY_S)
    await world.provider("alpha", rate_limited(40.0), says("hello"))
    assert (await world.chat()).status == 429
    world.pool.take_unsaved(world.now())  # as the daemon does each second
    world.set_clock(-11 * 365 * DAY_S)
    world.pool.take_unsaved(world.now())
    ((_, reason, left_s, _),) = world.blocks()
    assert (reason, left_s) == ("rate limit", pytest.approx(40.0, abs=0.5))
    await trio.sleep(15)
    assert await world.ask() == "hello"
    assert world.journal.last.waited_ms == pytest.approx(25_000, abs=500)


@pytest.mark.parametrize("by_s", [-6 * HOUR_S, 6 * HOUR_S])
async def test_a_clock_that_is_set_while_a_reply_is_on_its_way_settles_it_all_the_same(world: World, by_s: float) -> None:
    await world.provider("alpha", says("hello"), own_limits=OWN)
    client = await world.begin(stream=True)
    world.set_clock(by_s)
    assert (await client.reply()).text == "hello"
    assert 0.0 <= world.journal.last.total_ms < 1000.0
    assert left(world)["requests/day"] == 7
    assert not any(world.pool.snapshot(world.now()).in_flight.values())
