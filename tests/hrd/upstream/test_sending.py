"""What is sent, over which connection, and what is sent again."""

import socket

import trio
from trio.testing import MockClock

from hrd.core.failures import Verdict
from hrd.upstream.connections import Connections, Origin, Transport
from hrd.upstream.results import Answered, Missed
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import BODY, attempts, claim, prepared, whole
from tests.upstreams import CLOSE, Answer, Ends, Raw, Status, Upstream, empty


async def test_a_provider_that_takes_no_more_of_the_request(autojump_clock: MockClock, pooled: Pooled) -> None:
    """The body does not fit into the kernel, and nobody reads it."""
    pool = pooled()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        missed = await attempts(pool).whole(claim(url), prepared(b"x" * 20_000_000, as_stream=False), within_s=60.0)
    assert trio.current_time() == 60.0
    assert isinstance(missed, Missed)
    assert missed.failure.verdict is Verdict.NO_FIRST_TOKEN
    assert pool.open_count == 0


async def test_connecting_has_its_own_time(autojump_clock: MockClock, pooled: Pooled) -> None:
    async def never(origin: Origin) -> Transport:
        await trio.sleep_forever()
        raise AssertionError(origin)

    missed = await attempts(pooled(connect=never)).whole(
        claim("http://127.0.0.1:1/v1"), prepared(BODY, as_stream=False), within_s=60.0
    )
    assert trio.current_time() == 5.0
    assert isinstance(missed, Missed)
    assert missed.failure.verdict is Verdict.CONNECT
    assert missed.failure.message == "could not connect to 127.0.0.1 port 1 within 5 s"


async def test_a_connection_is_kept_over_a_refusal(pooled: Pooled) -> None:
    pool = pooled()
    made = attempts(pool)
    async with Upstream([Status.json(429, {"error": {"message": "slow"}}), Answer(), empty(), Answer()]) as upstream:
        for _ in range(4):
            await whole(upstream, made)
        assert [asked.connection for asked in upstream.asked] == [1, 1, 1, 1]
        assert pool.open_count == 1


async def test_a_connection_that_was_closed_while_idle_costs_nothing(pooled: Pooled) -> None:
    pool = pooled()
    made = attempts(pool)
    async with Upstream(Answer()) as upstream:
        upstream.turn_to(Raw(_whole(b"hello"), CLOSE))
        assert isinstance(await whole(upstream, made), Answered)
        await trio.testing.wait_all_tasks_blocked(0.005)
        upstream.turn_to(Answer())
        assert isinstance(await whole(upstream, made), Answered)
        assert [asked.connection for asked in upstream.asked] == [1, 2]


async def test_a_request_that_never_left_is_sent_again(pooled: Pooled) -> None:
    """The connection looked good and failed at the first byte: nobody can have seen the request."""
    pool = pooled()
    async with Upstream(Answer("hello")) as upstream:
        made = attempts(pool)
        await whole(upstream, made)
        _break_sending(pool, upstream)
        answered = await whole(upstream, made)
        assert isinstance(answered, Answered)
        assert [asked.connection for asked in upstream.asked] == [1, 2]
        assert pool.open_count == 1


async def test_a_request_that_may_have_left_is_not_sent_again(pooled: Pooled) -> None:
    """The provider closes in the moment in which it is asked: it may have begun to work."""
    pool = pooled()
    async with Upstream([Answer("hello"), Ends(CLOSE), Answer("again")]) as upstream:
        made = attempts(pool)
        await whole(upstream, made)
        missed = await whole(upstream, made)
        assert isinstance(missed, Missed)
        assert missed.failure.verdict is Verdict.BROKEN
        assert len(upstream.asked) == 2


def _break_sending(pool: Connections, upstream: Upstream) -> None:
    """Shut our own side of the idle connection: it looks good, and takes no byte."""
    origin = Origin(False, "127.0.0.1", upstream.port)
    connection = pool.take_idle(origin)
    assert connection is not None
    connection.transport.raw_socket.shutdown(socket.SHUT_WR)
    pool.give_back(connection)


def _whole(text: bytes) -> bytes:
    choice = b'{"index":0,"message":{"role":"assistant","content":"%b"},"finish_reason":"stop"}' % text
    body = b'{"choices":[%b]}' % choice
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
