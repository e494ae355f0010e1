"""How requests end that were not served, in each state that their clients may be in. (Who fails how: tests/scenarios.)"""

from collections.abc import AsyncIterator

import pytest
import trio

from tests.scenarios.failing import refused
from tests.scenarios.world import World, open_world
from tests.upstreams import CLOSE, HANG, Events, Late, empty, hangs

WORD = {"choices": [{"index": 0, "delta": {"content": "word "}}]}


@pytest.fixture
async def world(virtual_time: None) -> AsyncIterator[World]:
    async with open_world(deadline_s=100.0, stream_s=200.0) as made:
        yield made


@pytest.mark.parametrize("stream", [False, True])
async def test_when_everybodys_reply_is_empty_that_is_the_answer(world: World, stream: bool) -> None:
    for name in ("alpha", "beta"):
        await world.provider(name, empty())
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.text, reply.headers["x-hermes-provider"]) == (200, "", "alpha")
    assert not stream or reply.is_done
    entry = world.journal.last
    assert (entry.outcome.value, entry.reason) == ("ok", "every reply was empty")


async def test_an_empty_answer_after_an_early_head_says_in_a_comment_whose_it_is(world: World) -> None:
    await world.provider("alpha", Late(empty(), 30.0))
    reply = await world.chat(stream=True)
    assert (reply.status, reply.text, reply.is_done) == (200, "", True)
    assert "x-hermes-provider" not in reply.headers
    assert b": x-hermes-attempts=1 x-hermes-provider=alpha" in reply.body


@pytest.mark.parametrize("stream", [False, True])
async def test_one_empty_reply_among_failures_is_no_answer(world: World, stream: bool) -> None:
    await world.provider("alpha", empty())
    await world.provider("beta", refused(401))
    reply = await world.chat(stream=stream)
    entry = world.journal.last
    assert (reply.status, entry.outcome.value, entry.status) == (503, "refused", 503)
    assert "every reply was empty" not in reply.error["message"]


async def test_a_refusal_after_an_early_head_is_an_event(world: World) -> None:
    await world.provider("alpha", Late(refused(401), 30.0))
    reply = await world.chat(stream=True)
    assert reply.status == 200
    entry = world.journal.last
    assert (entry.outcome.value, entry.status) == ("refused", 503)
    assert reply.error["message"].partition("\n")[0] == entry.reason


async def test_a_stream_that_breaks_is_told_and_its_words_are_counted(world: World) -> None:
    await world.provider("alpha", Events([WORD, 1.0, WORD], CLOSE))
    reply = await world.chat(stream=True)
    assert (reply.status, reply.error["code"], reply.is_done) == (200, "stream_interrupted", False)
    entry = world.journal.last
    assert (entry.outcome.value, entry.reason.partition(":")[0]) == ("interrupted", "The provider's stream broke off")


@pytest.mark.parametrize(("stream", "status"), [(False, 504), (True, 200)])
async def test_who_waits_beyond_the_deadline_hears_so(world: World, stream: bool, status: int) -> None:
    await world.provider("alpha", hangs())
    began = trio.current_time()
    reply = await world.chat(stream=stream)
    assert trio.current_time() - began == pytest.approx(100.0)
    assert (reply.status, reply.error["code"]) == (status, "deadline_exceeded")


async def test_a_stream_beyond_its_own_time_is_cut_off_in_so_many_words(world: World) -> None:
    await world.provider("alpha", Events([WORD, 50.0] * 10, HANG))
    reply = await world.chat(stream=True)
    assert (reply.status, reply.is_done) == (200, False)
    assert "200 s" in reply.error["message"]
    assert world.journal.last.outcome.value != "ok"
