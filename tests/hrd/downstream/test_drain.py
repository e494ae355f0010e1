"""Draining: calls finish within their time, and those that do not hear why."""

import pytest
import trio
from trio.testing import MockClock

from hrd.downstream.call import STOPPING, Call
from hrd.downstream.drain import GOODBYE_S, LOOK_S, drain
from tests.hrd.downstream.line import GET, Endpoint, Line, open_line


def replies_after(seconds: float) -> Endpoint:
    async def endpoint(call: Call) -> None:
        await trio.sleep(seconds)
        await call.reply(200, [], b"done")

    return endpoint


def says_goodbye_for(seconds: float) -> Endpoint:
    """Never done; once cancelled, says why and takes so long about it."""

    async def endpoint(call: Call) -> None:
        async def goodbye() -> None:
            await trio.sleep(seconds)
            await call.reply(503, [], call.cancel_reason.encode())

        call.goodbye = goodbye
        await trio.sleep_forever()

    return endpoint


async def begin(line: Line) -> None:
    await line.client.send(GET)
    while not line.calls:
        await trio.lowlevel.checkpoint()


async def test_without_calls_it_is_over_at_once(autojump_clock: MockClock) -> None:
    await drain({}, within_s=30.0, at_once=trio.Event())
    assert trio.current_time() == 0.0


async def test_a_call_may_finish(autojump_clock: MockClock) -> None:
    async with open_line(replies_after(7.0)) as line:
        await begin(line)
        line.is_stopping = True
        await drain(line.calls, within_s=30.0, at_once=trio.Event())
        assert trio.current_time() == pytest.approx(7.0, abs=2 * LOOK_S)
        assert (await line.client.reply("GET")).body == b"done"


async def test_a_call_that_takes_too_long_hears_why_it_ends(autojump_clock: MockClock) -> None:
    async with open_line(says_goodbye_for(0.5)) as line:
        await begin(line)
        await drain(line.calls, within_s=30.0, at_once=trio.Event())
        assert trio.current_time() == pytest.approx(30.5, abs=2 * LOOK_S)
        reply = await line.client.reply("GET")
        assert (reply.status, reply.body) == (503, STOPPING.encode())


async def test_without_time_calls_end_at_once(autojump_clock: MockClock) -> None:
    async with open_line(says_goodbye_for(0.0)) as line:
        await begin(line)
        await drain(line.calls, within_s=0.0, at_once=trio.Event())
        assert trio.current_time() <= 2 * LOOK_S
        assert (await line.client.reply("GET")).status == 503


async def test_whoever_cannot_wait_ends_it_at_once(autojump_clock: MockClock) -> None:
    at_once = trio.Event()

    async def lose_patience() -> None:
        await trio.sleep(2.0)
        at_once.set()

    async with open_line(says_goodbye_for(0.0)) as line, trio.open_nursery() as nursery:
        await begin(line)
        nursery.start_soon(lose_patience)
        await drain(line.calls, within_s=30.0, at_once=at_once)
        assert trio.current_time() == pytest.approx(2.0, abs=3 * LOOK_S)
        assert (await line.client.reply("GET")).status == 503


async def test_nobody_waits_longer_than_a_goodbye_may_take(autojump_clock: MockClock) -> None:
    stuck = trio.CancelScope(shield=True)

    async def endpoint(call: Call) -> None:
        with stuck:
            await trio.sleep_forever()

    async with open_line(endpoint) as line:
        await begin(line)
        await drain(line.calls, within_s=10.0, at_once=trio.Event())
        assert trio.current_time() == pytest.approx(10.0 + GOODBYE_S, abs=0.01)
        assert [call.cancel_reason for call in line.calls.values()] == [STOPPING]
        stuck.cancel()
