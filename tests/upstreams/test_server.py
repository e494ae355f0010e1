"""The emulated provider as an oracle: what it saw, on which connection, with which key, and who left when."""

from __future__ import annotations

import httpx2
import pytest
import trio

from tests.upstreams import Answer, Upstream
from tests.upstreams.conversing import CHAT, STREAM, dial, post, read_all, request_bytes


async def test_what_was_asked_is_remembered_as_it_came() -> None:
    async with Upstream() as upstream:
        await post(upstream, {**CHAT, "max_tokens": 5}, key="test-key-7")

    (asked,) = upstream.seen
    assert (asked.method, asked.path, asked.key, asked.model) == (
        "POST", "/v1/chat/completions", "test-key-7", "test-model",
    )  # fmt: skip
    assert asked.json["max_tokens"] == 5
    assert asked.header("Content-Type") == "application/json"
    assert (asked.status, asked.left_at) == (200, None)
    assert asked.finished_at is not None
    assert asked.at <= asked.finished_at


async def test_connections_are_kept_and_numbered() -> None:
    async with Upstream() as upstream:
        async with httpx2.AsyncClient(trust_env=False, verify=False, headers={"authorization": "Bearer test-key-1"}) as client:
            for _ in range(3):
                await client.post(upstream.base_url + "/chat/completions", json=CHAT)
        await post(upstream, CHAT)

    assert [asked.connection for asked in upstream.asked] == [1, 1, 1, 2]


async def test_pipelined_requests_are_answered_in_turn() -> None:
    async with Upstream([Answer("one"), Answer("two")]) as upstream, await dial(upstream) as stream:
        await stream.send_all(request_bytes() + request_bytes(headers="Connection: close\r\n"))
        replies = await read_all(stream)

    assert replies.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert replies.index(b'"one"') < replies.index(b'"two"')


async def test_a_waiting_body_is_invited() -> None:
    async with Upstream() as upstream, await dial(upstream) as stream:
        head, _, body = request_bytes(headers="Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        await stream.send_all(head + b"\r\n\r\n")
        assert await stream.receive_some(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send_all(body)
        assert (await stream.receive_some(65536)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_that_leaves_a_stream_is_noticed_at_that_moment(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with Upstream(Answer("word " * 100, pieces=100, between_s=1)) as upstream:
        stream = await dial(upstream)
        await stream.send_all(request_bytes(STREAM))
        began = trio.current_time()
        await trio.sleep(10.5)
        await stream.aclose()
        await trio.sleep(5)

    (asked,) = upstream.asked
    assert asked.finished_at is None
    assert asked.left_at == pytest.approx(began + 10.5)
    assert upstream.open_connections == 0


async def test_requests_are_counted_once_they_are_whole_and_models_are_not() -> None:
    counted = []
    async with Upstream(count=lambda: counted.append(1)) as upstream:
        await post(upstream, CHAT)
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            await client.get(upstream.base_url + "/models")
        async with await dial(upstream) as stream:
            await stream.send_all(request_bytes()[:-5])

    assert len(counted) == 1


async def test_a_failing_script_fails_the_test() -> None:
    def script(_asked: object) -> Answer:
        raise AssertionError("unexpected request")

    with pytest.RaisesGroup(AssertionError, flatten_subgroups=True, allow_unwrapped=True):
        async with Upstream(script) as upstream, await dial(upstream) as stream:
            await stream.send_all(request_bytes())
            await trio.sleep_forever()
