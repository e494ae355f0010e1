"""Limits that are enforced: counted in windows, told in the provider's own headers or not at all."""

from __future__ import annotations

import pytest
import trio

from tests.upstreams import Limits, Told, Upstream
from tests.upstreams.conversing import CHAT, post


async def test_the_fourth_request_of_a_minute_waits_for_the_next(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(limits=Limits(per_minute=3)) as upstream:
        statuses = [(await post(upstream, CHAT)).status_code for _ in range(3)]
        await trio.sleep(15.5)
        refused = await post(upstream, CHAT)
        await trio.sleep(44.5)
        statuses.append((await post(upstream, CHAT)).status_code)

    assert statuses == [200, 200, 200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "45")


@pytest.mark.parametrize(("shared", "statuses"), [(False, [200, 429, 200]), (True, [200, 429, 429])])
async def test_keys_count_for_themselves_or_together(shared: bool, statuses: list[int]) -> None:
    async with Upstream(limits=Limits(per_day=1, shared=shared)) as upstream:
        keys = ["test-key-1", "test-key-1", "test-key-2"]
        assert [(await post(upstream, CHAT, key=key)).status_code for key in keys] == statuses


async def test_groq_tells_the_day_in_durations(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(limits=Limits(per_day=2, told=Told.GROQ)) as upstream:
        await post(upstream, CHAT)
        await trio.sleep(3600)
        reply = await post(upstream, CHAT)

    assert reply.headers["x-ratelimit-limit-requests"] == "2"
    assert reply.headers["x-ratelimit-remaining-requests"] == "0"
    assert reply.headers["x-ratelimit-reset-requests"] == "1380m0.000s"


async def test_cerebras_tells_it_in_seconds(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(limits=Limits(per_minute=5, told=Told.CEREBRAS)) as upstream:
        reply = await post(upstream, CHAT)

    assert reply.headers["x-ratelimit-remaining-requests-minute"] == "4"
    assert float(reply.headers["x-ratelimit-reset-requests-minute"]) == pytest.approx(60)


async def test_a_silent_limit_tells_nothing() -> None:
    limits = Limits(per_minute=1, told=Told.NOTHING)
    async with Upstream(limits=limits) as upstream:
        served, refused = await post(upstream, CHAT), await post(upstream, CHAT)

    assert (served.status_code, refused.status_code) == (200, 429)
    assert not {name for name in (*served.headers, *refused.headers) if "rate" in name or "retry" in name}
    assert limits.refused == {"test-key-1": 1}
