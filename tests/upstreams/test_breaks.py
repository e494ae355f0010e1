"""How the emulated providers fail: each break is one that a client can tell from the others."""

from __future__ import annotations

import httpx2
import pytest
import trio

from tests.upstreams import (
    CLOSE,
    DONE,
    HANG,
    RESET,
    Answer,
    Cut,
    Drip,
    Ends,
    Events,
    Late,
    Raw,
    Status,
    Upstream,
    affords,
    error_in_stream,
    free_port,
    hangs,
    html,
)
from tests.upstreams.conversing import CHAT, STREAM, dial, events, post, read_all, request_bytes
from tests.upstreams.recorded import RECORDED, Recorded


@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED)
async def test_every_recorded_refusal_arrives_byte_for_byte(recorded: Recorded) -> None:
    async with Upstream(Status.of(recorded)) as upstream:
        reply = await post(upstream, CHAT)

    assert (reply.status_code, reply.content) == (recorded.status, recorded.body)
    assert reply.headers["content-type"] == recorded.content_type
    for name, value in recorded.headers:
        assert reply.headers[name] == value


async def test_a_list_is_followed_and_its_last_behaviour_stays() -> None:
    async with Upstream([Status(500), Status(429), Answer()]) as upstream:
        seen = [(await post(upstream, CHAT)).status_code for _ in range(4)]

    assert seen == [500, 429, 200, 200]
    assert [asked.status for asked in upstream.asked] == [500, 429, 200, 200]


async def test_a_function_decides_by_what_was_asked() -> None:
    async with Upstream(lambda asked: Answer() if asked.key == "test-key-2" else Status(401)) as upstream:
        assert (await post(upstream, CHAT, key="test-key-1")).status_code == 401
        assert (await post(upstream, CHAT, key="test-key-2")).status_code == 200


async def test_a_hang_before_the_head_says_nothing_until_the_client_goes(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(hangs()) as upstream:
        stream = await dial(upstream)
        await stream.send_all(request_bytes())
        with trio.move_on_after(60) as waiting:
            await stream.receive_some(1)
        left_at = trio.current_time()
        await stream.aclose()
        await trio.testing.wait_all_tasks_blocked(0.01)

    assert waiting.cancelled_caught
    assert (upstream.asked[0].status, upstream.asked[0].finished_at) == (None, None)
    assert upstream.asked[0].left_at == pytest.approx(left_at, abs=0.5)


async def test_a_hang_after_bytes_sends_exactly_those(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(Cut(Answer("hello"), 10, HANG)) as upstream, await dial(upstream) as stream:
        await stream.send_all(request_bytes())
        data = b""
        with trio.move_on_after(60) as waiting:
            while True:
                data += await stream.receive_some(65536)

    assert waiting.cancelled_caught
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b'{"id": "ch'


async def test_closes_end_in_order_before_the_head_and_midway() -> None:
    async with Upstream([Ends(CLOSE), Cut(Answer("hello"), 20, CLOSE)]) as upstream:
        for expected in (0, 20):
            async with await dial(upstream) as stream:
                await stream.send_all(request_bytes())
                assert len((await read_all(stream)).partition(b"\r\n\r\n")[2]) == expected


@pytest.mark.parametrize("behaviour", [Ends(RESET), Cut(Answer("hello"), 20, RESET)])
async def test_resets_are_seen_as_resets(behaviour: Ends | Cut) -> None:
    async with Upstream(behaviour) as upstream, await dial(upstream) as stream:
        await stream.send_all(request_bytes())
        with pytest.raises(trio.BrokenResourceError):
            await read_all(stream)


async def test_half_a_stream_is_broken_for_a_client_that_looks() -> None:
    script = Events([{"choices": [{"index": 0, "delta": {"content": "half"}}]}], CLOSE)
    async with Upstream(script) as upstream:
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(upstream, STREAM)


async def test_an_error_object_inside_a_200_whole_first_and_midway() -> None:
    error = {"code": 503, "message": "Provider disconnected"}
    async with Upstream(error_in_stream(error)) as upstream:
        whole = await post(upstream, CHAT)
        first = events(await post(upstream, STREAM))
        upstream.turn_to(error_in_stream(error, after=2))
        midway = events(await post(upstream, STREAM))

    assert (whole.status_code, whole.json()) == (200, {"error": error})
    assert [item["error"] for item in first] == [error]
    assert [item.get("error") for item in midway] == [None, None, error]
    assert midway[-1]["choices"][0]["finish_reason"] == "error"


async def test_events_are_sent_as_scripted() -> None:
    async with Upstream(Events([": comment", {"a": 1}, "event: odd\ndata: {}", DONE])) as upstream:
        reply = await post(upstream, STREAM)

    assert reply.text == ': comment\n\ndata: {"a":1}\n\nevent: odd\ndata: {}\n\ndata: [DONE]\n\n'


async def test_waits_take_the_time_they_name(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(Late(Answer("ab", pieces=2, before_first_s=3, between_s=2), 10)) as upstream:
        began = trio.current_time()
        await post(upstream, STREAM)

        assert trio.current_time() - began == pytest.approx(10 + 3 + 2 * 2)


async def test_a_drip_sends_one_byte_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(Drip(Status(200, b"{}"), 1, 0.5)) as upstream:
        began = trio.current_time()
        reply = await post(upstream, CHAT)

    assert reply.content == b"{}"
    assert trio.current_time() - began > 30


async def test_html_and_garbage() -> None:
    async with Upstream([html(), Raw(b"no http at all\r\n\r\n")]) as upstream:
        page = await post(upstream, CHAT)
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(upstream, CHAT)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_balance_affords_only_so_many_tokens() -> None:
    async with Upstream(affords(2666)) as upstream:
        refused = await post(upstream, {**CHAT, "max_tokens": 64000})
        unnamed = await post(upstream, CHAT)
        served = await post(upstream, {**CHAT, "max_tokens": 2666})

    assert (refused.status_code, unnamed.status_code, served.status_code) == (402, 402, 200)
    assert "You requested up to 64000 tokens, but can only afford 2666" in refused.json()["error"]["message"]


async def test_nobody_listens_on_a_free_port() -> None:
    with pytest.raises(OSError, match="failed"):
        await trio.open_tcp_stream("127.0.0.1", free_port())
