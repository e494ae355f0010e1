"""One attempt: what is sent, what is sent again, what counts as a reply, and what happens to the connection."""

import socket
from collections.abc import Callable

import msgspec
import pytest
import trio
from trio.testing import MockClock

from hrd.core.ask import Ask, Kind
from hrd.core.failures import HintSource, Verdict
from hrd.core.journal import Usage
from hrd.core.providers import Quirks
from hrd.dialects import openai_chat_native
from hrd.dialects.contract import Request, WholeReply
from hrd.dialects.passage import Prepared
from hrd.upstream.attempt import Answered, Attempts, Missed, OpenStream
from hrd.upstream.connections import Connections, Origin, Transport
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import KEY, NOW, attempts, claim
from tests.upstreams import CLOSE, DONE, HANG, Answer, Behave, Cut, Ends, Events, Late, Raw, Status, Upstream, empty, hangs

PATH = "/chat/completions"
BODY = b'{"model":"model-x","messages":[{"role":"user","content":"hi"}]}'
STREAM = b'{"model":"model-x","messages":[{"role":"user","content":"hi"}],"stream":true}'
REQUEST = Request(ask=Ask(kind=Kind.CHAT, model="model-x", input_tokens=3), fields={})
WORD = {"choices": [{"index": 0, "delta": {"content": "word "}}]}
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def prepared(body: bytes, *, as_stream: bool, is_typed: bool = True) -> Prepared:
    return Prepared(
        path=PATH,
        body=body,
        notes=(),
        as_stream=as_stream,
        is_typed=is_typed,
        read_whole=lambda reply: openai_chat_native.read_whole(REQUEST, reply, Quirks()),
        reply_stream=lambda: openai_chat_native.reply_stream(REQUEST, Quirks(), 65_536),
    )


async def whole(to: Upstream, by: Attempts, within_s: float = 60.0, reader: str = "generic") -> Answered | Missed:
    return await by.whole(claim(to.base_url, reader=reader), prepared(BODY, as_stream=False), within_s=within_s)


async def stream(to: Upstream, by: Attempts, within_s: float = 60.0) -> OpenStream | Missed:
    return await by.stream(
        claim(to.base_url),
        prepared(STREAM, as_stream=True),
        openai_chat_native.reply_stream(REQUEST, Quirks(), 65_536),
        within_s=within_s,
        idle_s=30.0,
        begun=lambda: None,
    )


async def read_on(opened: OpenStream | Missed, idle_s: float = 30.0) -> bytes:
    assert isinstance(opened, OpenStream)
    data = opened.first
    while (more := await opened.next(idle_s)) is not None:
        data += more
    return data


async def test_a_whole_reply(pooled: Pooled) -> None:
    pool = pooled()
    async with Upstream(Answer("hello", headers=[("x-ratelimit-remaining-requests", "7")])) as upstream:
        answered = await whole(upstream, attempts(pool), reader="openai")
        assert isinstance(answered, Answered)
        assert b'"hello"' in answered.reply.body
        assert (answered.reply.usage.input_tokens, answered.reply.usage.output_tokens) == (7, 3)
        assert [seen.left for seen in answered.observations] == [7]
        (asked,) = upstream.asked
        assert (asked.path, asked.body, asked.key) == ("/v1/chat/completions", BODY, KEY)
        assert (asked.header("content-type"), asked.header("accept")) == ("application/json", "application/json")
        pool.drop_idle()
    assert pool.open_count == 0


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


@pytest.mark.parametrize(
    ("behave", "verdict", "status"),
    [
        (Status.json(429, {"error": {"message": "slow"}}), Verdict.RATE_LIMITED, 429),
        (Status(500, b""), Verdict.SERVER_ERROR, 500),
        (Status(204), Verdict.WRONG_TYPE, 204),
        (Status(200, b"<html>", content_type="text/html"), Verdict.WRONG_TYPE, 200),
        (Status(200, b"plain"), Verdict.BROKEN, 200),
        (Status(200, b'{"id":"x"}'), Verdict.BROKEN, 200),
        (Status.json(200, {"error": {"message": "overloaded", "code": 503}}), Verdict.OVERLOADED, 503),
        (empty(), Verdict.EMPTY, 200),
        (Ends(CLOSE), Verdict.BROKEN, None),
        (Cut(Answer(), 20, CLOSE), Verdict.BROKEN, None),
        (Raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), Verdict.BROKEN, None),
        (Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: gzip\r\n\r\n"), Verdict.BROKEN, None),
    ],
)
async def test_what_is_no_whole_reply(pooled: Pooled, behave: Behave, verdict: Verdict, status: int | None) -> None:
    pool = pooled()
    async with Upstream(behave) as upstream:
        missed = await whole(upstream, attempts(pool))
    assert isinstance(missed, Missed)
    assert (missed.failure.verdict, missed.failure.status) == (verdict, status)
    assert (missed.empty is not None) == (verdict is Verdict.EMPTY)
    pool.drop_idle()
    assert pool.open_count == 0


async def test_a_reply_that_forgot_its_content_type_is_believed_if_it_looks_like_json(pooled: Pooled) -> None:
    body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
    for sent, kind in ((body, Answered), (b"<html>", Missed)):
        raw = Raw(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(sent), sent))
        async with Upstream(raw) as upstream:
            assert isinstance(await whole(upstream, attempts(pooled())), kind)


async def test_what_a_refusal_says_of_limits_is_seen(pooled: Pooled) -> None:
    headers = [("retry-after", "30"), ("x-ratelimit-remaining-requests", "0")]
    async with Upstream(Status.json(429, {"error": {"message": "slow"}}, headers)) as upstream:
        missed = await whole(upstream, attempts(pooled()), reader="openai")
    assert isinstance(missed, Missed)
    assert (missed.failure.until, missed.failure.source) == (NOW + 30, HintSource.HEADER)
    assert [seen.left for seen in missed.observations] == [0]


async def test_what_a_provider_says_is_scrubbed(pooled: Pooled) -> None:
    async with Upstream(Status.json(400, {"error": {"message": f"no such key: {KEY}"}})) as upstream:
        missed = await whole(upstream, attempts(pooled()))
    assert isinstance(missed, Missed)
    assert KEY not in missed.failure.message
    assert KEY.encode() not in missed.failure.body
    assert missed.failure.body


async def test_a_reply_over_the_limit_is_not_held(pooled: Pooled) -> None:
    pool = pooled(reply_body_bytes=1000)
    async with Upstream(Answer("x" * 2000)) as upstream:
        missed = await whole(upstream, attempts(pool))
    assert isinstance(missed, Missed)
    assert (missed.failure.verdict, missed.failure.message) == (Verdict.BROKEN, "the reply is larger than 1000 bytes")
    assert pool.open_count == 0


async def test_a_long_error_is_read_up_to_its_limit(pooled: Pooled) -> None:
    pool = pooled()
    text = b"Insufficient credits. " + b"x" * 100_000
    async with Upstream(Status(402, text, content_type="text/plain")) as upstream:
        missed = await whole(upstream, attempts(pool, error_bytes=4096))
    assert isinstance(missed, Missed)
    assert missed.failure.verdict is Verdict.NO_CREDIT
    assert pool.open_count == 0, "what was not read to its end is not kept"


@pytest.mark.parametrize("ask", [whole, stream])
@pytest.mark.parametrize("behave", [hangs(), Cut(Answer(), 5, HANG), Late(Answer(), 70.0)], ids=["head", "body", "late"])
async def test_time_is_over(
    autojump_clock: MockClock,
    pooled: Pooled,
    ask: Callable[..., object],
    behave: Behave,
) -> None:
    pool = pooled()
    async with Upstream(behave) as upstream:
        missed = await ask(upstream, attempts(pool))  # type: ignore[misc]
        assert trio.current_time() == 60.0
        assert isinstance(missed, Missed)
        assert missed.failure.verdict is Verdict.NO_FIRST_TOKEN
        assert missed.failure.message.endswith("within 60 s")
    assert pool.open_count == 0


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


async def test_cancelling_closes_what_was_under_way(autojump_clock: MockClock, pooled: Pooled) -> None:
    pool = pooled()
    async with Upstream([Answer(), hangs()]) as upstream:
        made = attempts(pool)
        await whole(upstream, made)
        with trio.move_on_after(3):
            await whole(upstream, made)
        await trio.sleep(1)
        assert upstream.asked[1].left_at == 3.0
    assert pool.open_count == 0


# a connection that was used before --------------------------------------------------------------------------------------


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


# streams past their commit point ----------------------------------------------------------------------------------------


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


def _whole(text: bytes) -> bytes:
    choice = b'{"index":0,"message":{"role":"assistant","content":"%b"},"finish_reason":"stop"}' % text
    body = b'{"choices":[%b]}' % choice
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


# who does not name types -------------------------------------------------------------------------------------------------

SAID = b'data: {"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def untyped(body: bytes, content_type: str = "") -> Raw:
    named = f"content-type: {content_type}\r\n" if content_type else ""
    return Raw(f"HTTP/1.1 200 OK\r\n{named}content-length: {len(body)}\r\n\r\n".encode() + body)


@pytest.mark.parametrize(
    ("is_typed", "content_type", "served"),
    [(False, "", True), (False, "text/event-stream", True), (True, "", False), (False, "text/html", False)],
)
async def test_a_stream_without_a_type_is_believed_of_who_never_names_one(
    pooled: Pooled, is_typed: bool, content_type: str, served: bool
) -> None:
    async with Upstream(untyped(SAID, content_type)) as upstream:
        by = attempts(pooled())
        opened = await by.stream(
            claim(upstream.base_url),
            prepared(STREAM, as_stream=True, is_typed=is_typed),
            openai_chat_native.reply_stream(REQUEST, Quirks(), 65_536),
            within_s=60.0,
            idle_s=30.0,
            begun=lambda: None,
        )
        assert isinstance(opened, OpenStream) is served
        if isinstance(opened, OpenStream):
            opened.close()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_an_error_object_where_a_stream_was_promised_says_what_it_says(pooled: Pooled, content_type: str) -> None:
    async with Upstream(untyped(b'{"error":{"message":"overloaded","code":503}}', content_type)) as upstream:
        missed = await attempts(pooled()).whole(
            claim(upstream.base_url), prepared(STREAM, as_stream=True, is_typed=False), within_s=60.0
        )
    assert isinstance(missed, Missed)
    assert missed.failure.verdict is Verdict.OVERLOADED


async def test_a_whole_reply_can_be_read_from_a_stream(pooled: Pooled) -> None:
    streamed = msgspec.structs.replace(
        prepared(STREAM, as_stream=True), read_whole=lambda body: WholeReply(body=body.upper(), usage=Usage())
    )
    async with Upstream(untyped(SAID, "text/event-stream")) as upstream:
        answered = await attempts(pooled()).whole(claim(upstream.base_url), streamed, within_s=60.0)
        assert isinstance(answered, Answered)
        assert answered.reply.body == SAID.upper()
        assert upstream.asked[0].header("accept") == "text/event-stream"
