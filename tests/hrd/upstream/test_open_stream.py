"""A stream past its commit point: how it goes on, breaks and ends, and what becomes of its connection."""

import pytest
import trio
from trio.testing import MockClock

from hrd.upstream.open_stream import OpenStream
from hrd.upstream.results import Missed
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import KEY, attempts, stream
from tests.upstreams import DONE, HANG, Events, Upstream

WORD = {"choices": [{"index": 0, "delta": {"content": "word "}}]}
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


async def read_on(opened: OpenStream | Missed, idle_s: float = 30.0) -> bytes:
    assert isinstance(opened, OpenStream)
    data = opened.first
    while (more := await opened.next(idle_s)) is not None:
        data += more
    return data


async def test_a_stream(pooled: Pooled) -> None:
    pool = pooled()
    async with Upstream(Events([WORD, WORD, STOP, DONE])) as upstream:
        opened = await stream(upstream, attempts(pool))
        data = await read_on(opened)
        assert isinstance(opened, OpenStream)
        assert (data + opened.reply.last).count(b"word ") == 2
        assert opened.reply.last.endswith(b"data: [DONE]\n\n")
        assert (opened.broken_by, opened.reply.finished) == ("", True)
        await opened.settle_connection()
        assert upstream.asked[0].header("accept") == "text/event-stream"
        again = await stream(upstream, attempts(pool))
        assert isinstance(again, OpenStream)
        again.close()
        assert [asked.connection for asked in upstream.asked] == [1, 1]


async def test_a_stream_goes_silent(autojump_clock: MockClock, pooled: Pooled) -> None:
    pool = pooled()
    async with Upstream(Events([WORD, 20.0, WORD], HANG)) as upstream:
        opened = await stream(upstream, attempts(pool))
        data = await read_on(opened)
        assert isinstance(opened, OpenStream)
        assert (data.count(b"word "), opened.broken_by) == (2, "nothing came for 30 s")
        assert trio.current_time() == 50.0
        opened.close()
    assert pool.open_count == 0


async def test_the_clients_slowness_is_not_the_providers(autojump_clock: MockClock, pooled: Pooled) -> None:
    """Between two reads there is no alarm."""
    async with Upstream(Events([WORD, 0.1, WORD, 0.1, STOP, DONE])) as upstream:
        opened = await stream(upstream, attempts(pooled()))
        assert isinstance(opened, OpenStream)
        await trio.sleep(1000)
        data = await read_on(opened)
        assert ((data + opened.reply.last).count(b"word "), opened.broken_by) == (2, "")
        await opened.settle_connection()


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([WORD, 0.1], "the provider ended the stream in the middle"),
        ([WORD, 0.1, "data: {"], "an event of the stream is not a JSON object"),
        ([WORD, 0.1, {"error": {"message": f"bad key {KEY}"}}], "bad key [alpha-"),
        ([WORD, 0.1, {"error": "just words"}], "just words"),
    ],
)
async def test_a_stream_breaks(autojump_clock: MockClock, pooled: Pooled, items: list[object], why: str) -> None:
    async with Upstream(Events(items)) as upstream:  # type: ignore[arg-type]
        opened = await stream(upstream, attempts(pooled()))
        data = await read_on(opened)
    assert isinstance(opened, OpenStream)
    assert data.count(b"word ") == 1
    assert opened.broken_by.startswith(why)
    assert KEY not in opened.broken_by
    opened.close()


async def test_a_stream_that_ends_with_its_message_settles_at_once(autojump_clock: MockClock, pooled: Pooled) -> None:
    """Without a terminator the end of the message was read already; nothing more is waited for."""
    pool = pooled()
    async with Upstream(Events([WORD, 0.1, STOP])) as upstream:
        opened = await stream(upstream, attempts(pool))
        await read_on(opened)
        assert isinstance(opened, OpenStream)
        before = trio.current_time()
        await opened.settle_connection()
        assert trio.current_time() == before
        assert pool.open_count == 1
        pool.drop_idle()


async def test_a_stream_that_is_closed_early_cancels_its_provider(autojump_clock: MockClock, pooled: Pooled) -> None:
    pool = pooled()
    async with Upstream(Events([WORD, 5.0] * 10)) as upstream:
        opened = await stream(upstream, attempts(pool))
        assert isinstance(opened, OpenStream)
        await trio.sleep(7)
        opened.close()
        opened.close()
        await trio.sleep(1)
        assert upstream.asked[0].left_at == 7.0
    assert pool.open_count == 0


async def test_after_its_end_a_stream_has_nothing_more(pooled: Pooled) -> None:
    async with Upstream(Events([WORD, STOP, DONE])) as upstream:
        opened = await stream(upstream, attempts(pooled()))
        await read_on(opened)
        assert isinstance(opened, OpenStream)
        assert await opened.next(30.0) is None
        opened.close()
        assert await opened.next(30.0) is None
        await opened.settle_connection()
