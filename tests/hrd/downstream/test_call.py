"""A call: its body as it comes, its reply at the client's pace, and its ends."""

import trio
import trio.testing
from trio.testing import MockClock

from hrd.downstream.call import STUCK_BYTES, Call, ClientGone
from hrd.http.messages import RequestRejected
from tests.hrd.downstream.line import GET, open_line, post

TEXT = [(b"content-type", b"text/plain")]


async def echo(call: Call) -> None:
    await call.reply(200, TEXT, await call.body())


async def test_a_request_without_body_has_an_empty_one() -> None:
    async with open_line(echo) as line:
        await line.client.send(GET)
        assert (await line.client.reply("GET")).body == b""


async def test_a_body_in_pieces_is_put_together() -> None:
    async with open_line(echo) as line:
        whole = post(b"x" * 100_000 + b"end")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(line.client.send, whole)
            reply = await line.client.reply()
        assert (len(reply.body), reply.body[-3:]) == (100_003, b"end")


async def test_what_is_held_is_counted_and_given_back() -> None:
    held: list[int] = []

    async def endpoint(call: Call) -> None:
        await call.body()
        assert call.hold_reply(2000)
        assert not call.hold_reply(1_000_000)
        held.append(line.context.budget.held)
        await call.reply(200, TEXT, b"x" * 2000)

    async with open_line(endpoint) as line:
        for _ in range(2):
            await line.client.send(post(b"x" * 1000))
            await line.client.reply()
        assert held == [3000, 3000]


async def test_a_chunked_body_is_counted_as_it_comes() -> None:
    async with open_line(echo, buffered_bytes=100_000) as line:
        await line.client.send(b"POST /x HTTP/1.1\r\nHost: router\r\nTransfer-Encoding: chunked\r\n\r\n")

        async def flood() -> None:
            try:
                while True:
                    await line.client.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            except trio.BrokenResourceError:
                pass

        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood)
            reply = await line.client.reply()
            nursery.cancel_scope.cancel()
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert "MAX_BUFFERED_BYTES" in reply.error["message"]


async def test_a_client_that_leaves_inside_its_body() -> None:
    ended: list[type[BaseException]] = []

    async def endpoint(call: Call) -> None:
        try:
            await call.body()
        except BaseException as error:
            ended.append(type(error))
            raise

    async with open_line(endpoint) as line:
        await line.client.send(post(b"half", length=100))
        await trio.testing.wait_all_tasks_blocked()
        await line.client.leave()
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert line.is_over
        assert ended[0] in (ClientGone, trio.Cancelled)


async def test_every_reply_carries_what_cors_wants() -> None:
    async with open_line(echo) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert (reply.headers["access-control-allow-origin"], reply.headers["content-type"]) == ("*", "text/plain")
        assert reply.headers["date"].endswith("GMT")


async def test_a_refusal_of_the_body_carries_it_too() -> None:
    async with open_line(echo, body_bytes=10) as line:
        await line.client.send(post(b"x" * 11))
        reply = await line.client.reply()
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (413, "*")


async def test_a_body_nobody_wanted_is_skipped_if_it_is_here() -> None:
    async def endpoint(call: Call) -> None:
        await call.reply(404, TEXT, b"no")

    async with open_line(endpoint) as line:
        for _ in range(3):
            await line.client.send(post(b"unread"))
            reply = await line.client.reply()
            assert (reply.status, "connection" in reply.headers) == (404, False)


async def test_a_malformed_body_nobody_wanted_ends_the_connection() -> None:
    async def endpoint(call: Call) -> None:
        await call.reply(404, TEXT, b"no")

    async with open_line(endpoint) as line:
        await line.client.send(b"POST /x HTTP/1.1\r\nHost: router\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
        reply = await line.client.reply()
        assert (reply.status, reply.headers["connection"]) == (404, "close")
        assert await line.client.is_closed()


async def test_a_large_reply_to_a_slow_reader_arrives_whole(autojump_clock: MockClock) -> None:
    """With 30 s of patience for each piece, not for all of them."""

    async def endpoint(call: Call) -> None:
        await call.reply(200, TEXT, bytes(range(256)) * 4000)

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        data = bytearray()
        while len(data) < 1_024_000:
            data += await line.client.stream.receive_some(16_384)
            await trio.sleep(1)
        assert trio.current_time() > 60
        assert data.endswith(bytes(range(256)))


async def test_a_reader_that_takes_nothing_is_given_up(autojump_clock: MockClock) -> None:
    async def endpoint(call: Call) -> None:
        try:
            await call.reply(200, TEXT, b"x" * 1_000_000)
        finally:
            reasons.append((call.cancel_reason, trio.current_time(), call.is_torn))

    reasons: list[tuple[str, float, bool]] = []
    async with open_line(endpoint) as line:
        await line.client.send(GET)
        await trio.sleep(60)
        assert reasons == [("client gone", 30.0, True)]
        assert line.is_over


async def test_a_stream_is_sent_piece_by_piece(autojump_clock: MockClock) -> None:
    async def endpoint(call: Call) -> None:
        call.begin_stream([(b"x-hermes-provider", b"alpha")])
        await trio.sleep(1)
        await call.send(b"data: 1\n\n")
        await trio.sleep(1)
        await call.send(b"")
        await call.send(b"data: 2\n\n")
        await trio.sleep(1)
        await call.finish(b"data: [DONE]\n\n")

    async with open_line(endpoint) as line:
        for _ in range(2):
            await line.client.send(post(b""))
            reply = await line.client.reply()
            assert reply.body == b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"
            assert reply.headers["cache-control"] == "no-cache"
            assert reply.headers["x-accel-buffering"] == "no"
            assert [at - reply.head_at for at, _ in reply.pieces] == [0.0, 1.0, 2.0], "the head goes with the first piece"


async def test_a_stream_may_end_without_a_last_piece() -> None:
    async def endpoint(call: Call) -> None:
        call.begin_stream([])
        await call.finish(b"")

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert (reply.status, reply.body, reply.is_cut) == (200, b"", False)


async def test_comments_never_wait_and_do_not_pile_up() -> None:
    """A client that does not read costs at most so much, and what it gets in the end is in good order."""

    async def endpoint(call: Call) -> None:
        call.begin_stream([])
        for _ in range(20_000):
            call.send_nowait(b": keep-alive\n\n")
        held.append(len(call._pending))
        waiting.set()
        await call.send(b"data: 1\n\n")
        await call.finish(b"data: [DONE]\n\n")

    held: list[int] = []
    waiting = trio.Event()
    async with open_line(endpoint) as line:
        await line.client.send(GET)
        await waiting.wait()
        assert STUCK_BYTES < held[0] < STUCK_BYTES + 1000
        reply = await line.client.reply("GET")
        assert set(reply.body.split(b"\n\n")) == {b": keep-alive", b"data: 1", b"data: [DONE]", b""}
        assert reply.body.endswith(b"data: 1\n\ndata: [DONE]\n\n")


async def test_a_call_that_is_cancelled_says_goodbye(autojump_clock: MockClock) -> None:
    async def endpoint(call: Call) -> None:
        async def goodbye() -> None:
            call.keep_alive = False
            await call.reply(503, TEXT, call.cancel_reason.encode())

        call.goodbye = goodbye
        call.end_by(trio.current_time() + 25.0)
        await trio.sleep_forever()

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert (reply.status, reply.body, reply.head_at) == (503, b"too late", 25.0)
        assert await line.client.is_closed()


async def test_a_goodbye_does_not_wait_for_ever(autojump_clock: MockClock) -> None:
    async def endpoint(call: Call) -> None:
        call.goodbye = trio.sleep_forever
        await trio.sleep_forever()

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        await trio.sleep(1)
        line.call.cancel("stopping")
        assert await line.client.is_closed()
        assert trio.current_time() == 3.0


async def test_the_first_reason_counts(autojump_clock: MockClock) -> None:
    async def endpoint(_: Call) -> None:
        await trio.sleep_forever()

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        await trio.sleep(1)
        call = line.call
        call.cancel("stopping")
        call.cancel("too late")
        assert call.cancel_reason == "stopping"


async def test_a_rejection_by_an_endpoint_is_told() -> None:
    async def endpoint(call: Call) -> None:
        raise RequestRejected(400, "planted")

    async with open_line(endpoint) as line:
        await line.client.send(GET)
        reply = await line.client.reply("GET")
        assert (reply.status, reply.error["message"], reply.headers["x-request-id"]) == (400, "planted", "req-1")
