"""Waits and deadlines: how long a request stays, and what it is told in the end."""

from collections import Counter

import pytest
import trio

from hrd.core.quota.limit import Limit
from tests.scenarios.failing import rate_limited, refused, says
from tests.scenarios.world import World, open_world
from tests.upstreams import Answer, Events, Late, Usage, hangs

TURN_S = 0.01
"""A wait ends a moment after what it waits for."""


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_only_candidate_is_waited_for(world: World, stream: bool) -> None:
    """A guess holds at most ten seconds when nothing else could serve."""
    alpha = await world.provider("alpha", rate_limited(), rate_limited(), says("at last"))
    assert await world.ask(stream=stream) == "at last"
    assert [asked.at for asked in alpha.asked] == pytest.approx([0.0, 5.0, 15.0], abs=TURN_S)
    assert world.journal.last.waited_ms == pytest.approx(15_000, abs=1000 * TURN_S)
    assert world.journal.walked() == [("alpha", "rate limited")] * 2 + [("alpha", "ok")]


async def test_a_waiting_streams_client_hears_comments(world: World) -> None:
    await world.provider("alpha", rate_limited(12), says("at last"))
    reply = await world.chat(stream=True)
    assert reply.comments[:2] == ["keep-alive"] * 2
    assert (reply.text, reply.ended_at) == ("at last", pytest.approx(12.0, abs=TURN_S))


async def test_a_hint_within_the_patience_is_waited_out(world: World, stream: bool) -> None:
    await world.provider("alpha", rate_limited(30), says("at last"))
    assert await world.ask(stream=stream) == "at last"
    assert world.elapsed_s == pytest.approx(30.0, abs=TURN_S)


async def test_a_hint_beyond_the_patience_is_a_429_with_it(world: World, stream: bool) -> None:
    await world.provider("alpha", rate_limited(31))
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.headers["retry-after"], reply.ended_at) == (429, "31", 0.0)
    assert "x-should-retry" not in reply.headers
    assert reply.error["code"] == "rate_limit_exceeded"
    assert "hr quota" in reply.error["message"]


async def test_a_429_beyond_two_minutes_tells_the_libraries_not_to_retry(world: World) -> None:
    await world.provider("alpha", rate_limited(500))
    reply = await world.chat()
    assert (reply.status, reply.headers["retry-after"], reply.headers["x-should-retry"]) == (429, "500", "false")


async def test_a_503_tells_the_libraries_not_to_retry(world: World, stream: bool) -> None:
    """Time does not mend a key."""
    await world.provider("alpha", refused(401))
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.headers["x-should-retry"]) == (503, "false")
    assert "retry-after" not in reply.headers
    assert "hr auth" in reply.error["message"]


async def test_the_earliest_moment_counts(world: World) -> None:
    await world.provider("alpha", rate_limited(500))
    await world.provider("beta", rate_limited(70))
    reply = await world.chat()
    assert (reply.status, reply.headers["retry-after"]) == (429, "70")
    assert [attempt["provider"] for attempt in reply.error["attempts"]] == ["alpha", "beta"]


async def test_who_comes_free_first_is_asked_first(world: World) -> None:
    await world.provider("alpha", rate_limited(20))
    await world.provider("beta", rate_limited(10), says("beta"))
    assert await world.ask() == "beta"
    assert world.elapsed_s == pytest.approx(10.0, abs=TURN_S)


async def test_a_known_block_costs_no_request(world: World) -> None:
    alpha = await world.provider("alpha", rate_limited(500))
    await world.chat()
    assert (await world.chat()).headers["retry-after"] == "500"
    assert len(alpha.asked) == 1


async def test_the_deadline_is_a_504(world: World, stream: bool) -> None:
    alpha = await world.provider("alpha", hangs())
    reply = await world.chat(stream=stream)
    assert world.elapsed_s == 600.0
    assert reply.error["code"] == "deadline_exceeded"
    assert reply.error["message"].startswith("No candidate answered within 600 s (DEADLINE_SECONDS).")
    assert reply.status == (200 if stream else 504)
    assert not (stream and reply.is_done)
    await trio.sleep(1)
    assert alpha.asked[0].left_at == pytest.approx(600.0)
    entry = world.journal.last
    assert (entry.outcome.value, entry.status, entry.reason) == ("refused", 504, "too late")


async def test_who_was_silent_to_the_deadline_is_blamed(world: World, stream: bool) -> None:
    """It had more than the time that everybody has."""
    await world.provider("alpha", hangs())
    reply = await world.chat(stream=stream)
    assert world.journal.walked() == [("alpha", "no answer in time")]
    assert [attempt["outcome"] for attempt in reply.error["attempts"]] == ["no answer in time"]
    assert world.blocks() == [("candidate", "errors", 5.0, "guess")]


async def test_who_had_only_the_last_seconds_is_not_blamed() -> None:
    async with open_world(deadline_s=70.0) as world:
        await world.provider("alpha", hangs())
        await world.provider("beta", Answer("too slow", before_first_s=30.0))
        reply = await world.chat(stream=True)
        assert (world.elapsed_s, reply.error["code"]) == (70.0, "deadline_exceeded")
        assert world.journal.walked() == [("alpha", "no answer in time"), ("beta", "given up")]
        assert [block[1] for block in world.blocks()] == []
        assert world.pool.snapshot(world.now()).today["beta", world.journal.last.credential].errors == 0


async def test_deadline_counts_waits_too() -> None:
    async with open_world(deadline_s=20.0) as world:
        await world.provider("alpha", rate_limited(25))
        reply = await world.chat()
        assert (reply.status, reply.ended_at) == (504, 20.0)
        assert world.journal.last.waited_ms == 0.0


async def test_a_committed_stream_has_left_the_deadline_behind(world: World) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "on "}}]}
    stop = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    long = Events([item for _ in range(10) for item in (chunk, 100.0)] + [stop, "data: [DONE]"])
    await world.provider("alpha", long)
    assert await world.ask(stream=True) == "on " * 10
    assert world.elapsed_s == 1000.0


async def test_a_slow_whole_reply_is_left_for_a_faster_provider(world: World) -> None:
    await world.provider("alpha", Late(Answer("too slow"), 301.0))
    await world.provider("beta", says("beta"))
    assert await world.ask() == "beta"
    assert world.elapsed_s == 300.0


async def test_one_request_probes_while_the_others_stand_by(world: World) -> None:
    """After a rejected key's time is over, one asks; the others do not pile up behind it."""
    alpha = await world.provider("alpha", refused(401), Late(says("mended"), 3.0))
    assert (await world.chat()).status == 503
    await trio.sleep(300)
    said: list[str] = []

    async def ask() -> None:
        said.append(await world.ask())

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
        await trio.sleep(2.0)
        assert len(alpha.asked) == 2
    assert said == ["mended"] * 3


async def test_only_so_many_may_wait_at_once(stream: bool) -> None:
    """One more hears 503 at once; when a place is free again, the next may wait."""
    async with open_world(waiting_max=2) as world:
        await world.provider("alpha", rate_limited(20), says("at last"))
        said: list[str] = []

        async def ask() -> None:
            said.append(await world.ask(stream=stream))

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(ask)
                await trio.sleep(1)
            reply = await world.chat(stream=stream)
            assert (reply.status, reply.ended_at) == (503, 2.0)
            assert (reply.headers["retry-after"], reply.headers["x-should-retry"]) == ("19", "false")
            assert "MAX_WAITING_REQUESTS" in reply.error["message"]
        assert said == ["at last"] * 2
        assert world.elapsed_s == pytest.approx(20.0, abs=TURN_S)
        assert world.journal.entries[0].outcome.value == "refused"
        assert await world.ask(stream=stream) == "at last"


async def test_who_leaves_while_waiting_makes_room() -> None:
    async with open_world(waiting_max=1) as world:
        await world.provider("alpha", rate_limited(20), says("at last"))
        client = await world.begin()
        await trio.sleep(1)
        assert (await world.chat()).status == 503
        await client.leave()
        await trio.sleep(1)
        assert await world.ask() == "at last"


@pytest.mark.parametrize("busy_s", [4.0, 28.0])
async def test_who_has_nobody_else_waits_for_a_connection_as_long_as_for_anything(stream: bool, busy_s: float) -> None:
    """At the limit of connections; it takes the first that comes free."""
    async with open_world(upstream_open_max=1) as world:
        alpha = await world.provider("alpha", Late(says("one"), busy_s), says("two"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.ask)
            await trio.sleep(1)
            assert await world.ask(stream=stream) == "two"
        assert [(asked.at, asked.connection) for asked in alpha.asked] == [(0.0, 1), (busy_s, 1)]


async def test_who_waited_in_vain_for_a_connection_hears_why() -> None:
    async with open_world(upstream_open_max=1) as world:
        await world.provider("alpha", Late(says("one"), 40.0))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.ask)
            await trio.sleep(1)
            reply = await world.chat()
            assert (reply.status, reply.ended_at) == (503, 31.0)
            assert "MAX_UPSTREAM_CONNECTIONS" in world.journal.last.attempts[0].message


async def test_when_none_comes_free_the_next_is_asked_and_nobody_blamed() -> None:
    async with open_world(upstream_open_max=1) as world:
        await world.provider("alpha", Late(says("one"), 20.0))
        await world.provider("beta", says("beta"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.ask)
            await trio.sleep(1)
            assert await world.ask() == "beta"
            assert world.elapsed_s == 6.0
            assert world.blocks() == []
            assert world.journal.walked() == [("alpha", "no connection came free"), ("beta", "ok")]
            assert world.journal.last.attempts[0].message == (
                "all 1 connections to 127.0.0.1 are busy (MAX_UPSTREAM_CONNECTIONS)"
            )


@pytest.mark.parametrize("own", [Limit(kind="at once", limit=5), Limit(kind="tokens/day", limit=3000)], ids=["slots", "tokens"])
async def test_all_that_comes_free_together_is_taken_together(world: World, own: Limit) -> None:
    """Five are out, and fifteen wait: each five that end make room for five, not for the first of those who wait alone."""
    await world.provider("alpha", Answer("hello", before_head_s=2.0, usage=Usage(5, 20)), own_limits=(own,))
    ended = await together(world, 20)
    rounds = Counter(ended)
    assert max(ended) == (8.0 if own.kind == "at once" else 4.0)
    assert rounds[2.0] == 5


async def test_who_is_told_when_to_come_back_comes_then_though_others_were_served_meanwhile(world: World) -> None:
    await world.provider("alpha", rate_limited(3), Answer("hello", before_head_s=0.2))
    ended = await together(world, 20)
    assert Counter(ended) == {0.2: 19, 3.2: 1}


async def test_those_who_waited_for_a_block_that_a_success_has_lifted_do_not_all_come_at_once(world: World) -> None:
    alpha = await world.provider("alpha", rate_limited(3), Answer("hello", before_head_s=0.2))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.ask)
        await trio.sleep(1.0)
        ended = await together(world, 20)
    assert len(alpha.asked) == 22
    assert max(Counter(ended).values()) <= 3, ended
    assert max(ended) < 3.0 + 20 * 0.05 + 0.5


async def together(world: World, many: int) -> list[float]:
    """Ask so often at once; when each of them was served."""
    ended: list[float] = []

    async def ask() -> None:
        assert await world.ask() == "hello"
        ended.append(round(world.elapsed_s, 1))

    async with trio.open_nursery() as nursery:
        for _ in range(many):
            nursery.start_soon(ask)
    return ended
