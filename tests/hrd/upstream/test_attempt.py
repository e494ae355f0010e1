"""One attempt: what counts as a reply, how long it may take, and what happens to the connection."""

from collections.abc import Callable

import msgspec
import pytest
import trio
from trio.testing import MockClock

from hrd.core.failures import HintSource, Verdict
from hrd.core.journal import Usage
from hrd.core.providers import Quirks
from hrd.dialects import openai_chat_native
from hrd.dialects.contract import StreamBounds, WholeReply
from hrd.upstream.open_stream import OpenStream
from hrd.upstream.results import Answered, Missed
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import BODY, KEY, NOW, REQUEST, STREAM, attempts, claim, prepared, stream, whole
from tests.upstreams import CLOSE, HANG, Answer, Behave, Cut, Ends, Late, Raw, Status, Upstream, empty, hangs


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
            openai_chat_native.reply_stream(REQUEST, Quirks(), StreamBounds(65_536, 65_536)),
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
