"""A client connection: its requests one after the other, its deadlines, its end. (More of it, with providers: scenarios.)"""

import gc
import socket
import weakref
from functools import partial

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from hrd.downstream.call import STOPPING, Call
from hrd.http.messages import RequestRejected
from tests.hrd.downstream.line import GET, open_line, post


async def hello(call: Call) -> None:
    await call.body()
    await call.reply(200, [], b"hello")


async def test_requests_follow_each_other() -> None:
    async with open_line(hello) as line:
        for _ in range(5):
            await line.client.send(GET)
            assert (await line.client.reply("GET")).body == b"hello"
        assert line.connection.is_idle
        assert not line.is_over


async def test_a_request_that_is_over_is_freed_without_the_collector() -> None:
    class Trip:
        """What the line keeps of one request."""

    async def endpoint(call: Call) -> None:
        trip = Trip()
        trips.append(weakref.ref(trip))
        call.goodbye = partial(goodbye, trip, call)
        await hello(call)

    async def goodbye(trip: Trip, call: Call) -> None:
        raise AssertionError((trip, call))

    trips: list[weakref.ref[Trip]] = []
    gc.disable()
    try:
        async with open_line(endpoint) as line:
            for _ in range(3):
                await line.client.send(GET)
                await line.client.reply("GET")
            await trio.testing.wait_all_tasks_blocked()
            assert [trip() for trip in trips] == [None, None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("where", ["before a call", "in a goodbye"])
async def test_an_error_nobody_foresaw_outside_of_an_endpoint_ends_one_connection_and_is_told(where: str) -> None:
    async def planted(*_: object) -> None:
        raise ZeroDivisionError(where)

    async def cancelled(call: Call) -> None:
        call.goodbye = planted
        call.cancel(STOPPING)
        await trio.sleep_forever()

    async with open_line(cancelled) as line:
        if where == "before a call":
            line.context.cors = lambda _: 1 // 0  # type: ignore[assignment,return-value]
        await line.client.send(GET)
        assert await line.client.is_closed()
        assert [type(crash) for crash in line.crashes] == [ZeroDivisionError]
        assert line.is_over


async def test_a_client_that_wants_the_connection_closed_has_it_closed() -> None:
    async with open_line(hello) as line:
        await line.client.send(post(b"x", "Connection: close\r\n"))
        reply = await line.client.reply()
        assert reply.headers["connection"] == "close"
        assert await line.client.is_closed()


async def test_a_client_that_leaves_between_two_requests() -> None:
    async with open_line(hello) as line:
        await line.client.send(GET)
        await line.client.reply("GET")
        await line.client.leave()
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert line.is_over


async def test_a_client_that_leaves_inside_a_head() -> None:
    async with open_line(hello) as line:
        await line.client.send(GET[:10])
        await trio.testing.wait_all_tasks_blocked()
        await line.client.leave()
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert line.is_over


async def test_deadlines_of_heads_begin_with_their_first_byte(autojump_clock: MockClock) -> None:
    async with open_line(hello) as line:
        await trio.sleep(50)
        await line.client.send(GET[:10])
        assert await line.client.is_closed()
        assert trio.current_time() == pytest.approx(65.0, abs=0.5)


async def test_deadline_of_the_second_head_is_its_own(autojump_clock: MockClock) -> None:
    async with open_line(hello) as line:
        for _ in range(4):
            await line.client.send(GET[:10])
            await trio.sleep(14)
            await line.client.send(GET[10:])
            assert (await line.client.reply("GET")).status == 200


async def test_idle_connections_are_closed(autojump_clock: MockClock) -> None:
    async with open_line(hello) as line:
        await line.client.send(GET)
        await line.client.reply("GET")
        assert await line.client.is_closed()
        assert trio.current_time() == pytest.approx(120.0, abs=0.5)


async def test_bodies_have_their_deadline_from_piece_to_piece(autojump_clock: MockClock) -> None:
    async with open_line(hello) as line:
        await line.client.send(post(b"", length=4))
        for byte in b"abcd":
            await trio.sleep(55)
            await line.client.send(bytes([byte]))
        assert (await line.client.reply()).status == 200
        await line.client.send(post(b"abc", length=4))
        reply = await line.client.reply()
        assert (reply.status, reply.head_at) == (408, pytest.approx(280.0, abs=0.5))


async def test_an_endpoint_may_take_its_time(autojump_clock: MockClock) -> None:
    """No deadline of the connection's holds while a request is served."""

    async def slow(call: Call) -> None:
        await trio.sleep(1000)
        await call.reply(200, [], b"at last")

    async with open_line(slow) as line:
        await line.client.send(GET)
        assert (await line.client.reply("GET")).body == b"at last"


@pytest.mark.parametrize("begun", [False, True])
async def test_an_error_nobody_foresaw_is_a_500_if_there_is_still_room_for_it(begun: bool) -> None:
    async def crash(call: Call) -> None:
        if begun:
            call.begin_stream([])
            await call.send(b"data: 1\n\n")
        raise ZeroDivisionError("planted")

    async with open_line(crash) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert reply.is_cut if begun else (reply.status, reply.error["code"]) == (500, "internal_server_error")
        assert [str(one) for one in line.crashes] == ["planted"]


async def test_a_rejection_after_the_reply_has_begun_just_ends_it() -> None:
    async def reject(call: Call) -> None:
        call.begin_stream([])
        await call.send(b"data: 1\n\n")
        raise RequestRejected(413, "too late to say")

    async with open_line(reject) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert (reply.body, reply.is_cut) == (b"data: 1\n\n", True)


async def test_stopping_closes_an_idle_connection_and_lets_a_busy_one_finish(autojump_clock: MockClock) -> None:
    async def slow(call: Call) -> None:
        await trio.sleep(5)
        await call.reply(200, [], b"done")

    async with open_line(slow) as line:
        await line.client.send(GET)
        await trio.sleep(1)
        line.is_stopping = True
        line.connection.close_if_idle()
        reply = await line.client.reply("GET")
        assert (reply.body, reply.headers["connection"]) == (b"done", "close")
        assert await line.client.is_closed()

    async with open_line(slow) as line:
        await trio.testing.wait_all_tasks_blocked()
        line.is_stopping = True
        line.connection.close_if_idle()
        assert await line.client.is_closed()


async def test_stopping_serves_no_pipelined_request(autojump_clock: MockClock) -> None:
    served = 0

    async def count(call: Call) -> None:
        nonlocal served
        served += 1
        line.is_stopping = True
        await call.reply(200, [], b"last")

    async with open_line(count) as line:
        await line.client.send(GET * 3)
        assert (await line.client.reply("GET")).body == b"last"
        assert await line.client.is_closed()
        assert served == 1


async def test_who_asks_while_another_process_takes_over_is_answered_and_goes_over_then(autojump_clock: MockClock) -> None:
    async def answer(call: Call) -> None:
        line.is_stopping, line.context.pass_on = True, given.append
        await call.reply(200, [], b"done")

    given: list[socket.socket] = []
    async with open_line(answer) as line:
        await line.client.send(GET * 2)
        for _ in range(2):
            reply = await line.client.reply("GET")
            assert (reply.body, "connection" in reply.headers) == (b"done", False)
        await trio.testing.wait_all_tasks_blocked()
        (connection,) = given
        assert line.is_over
        with connection:
            connection.send(b"more")
            assert await line.client.stream.receive_some() == b"more"


async def test_leaving_cancels_what_is_served(autojump_clock: MockClock) -> None:
    ended: list[tuple[str, float]] = []

    async def serve(call: Call) -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append((call.cancel_reason, trio.current_time()))

    async with open_line(serve) as line:
        await line.client.send(GET)
        await trio.sleep(4)
        await line.client.leave()
        await trio.sleep(1)
        assert ended == [("client gone", 4.0)]
        assert line.is_over


async def test_leaving_with_requests_unread_serves_none_of_them(autojump_clock: MockClock) -> None:
    served = 0

    async def slow(call: Call) -> None:
        nonlocal served
        served += 1
        await trio.sleep(5)
        await call.reply(200, [], b"done")

    async with open_line(slow) as line:
        await line.client.send(GET * 3)
        await trio.sleep(1)
        await line.client.leave()
        await trio.sleep(20)
        assert (served, line.is_over) == (1, True)
