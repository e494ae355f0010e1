"""The demo providers over the wire: real ports, asked with a client that is not ours."""

import json
from collections.abc import Sequence

import httpx2
import pytest
import trio

from hrd.demo.providers import DemoProvider
from hrd.demo.serve import DemoAddress, serve_connection, serve_demo

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def test_three_providers_answer_on_three_ports(autojump_clock: trio.testing.MockClock) -> None:
    async with trio.open_nursery() as nursery:
        addresses: Sequence[DemoAddress] = await nursery.start(serve_demo)
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            replies = {
                address.name: [await client.post(address.base_url + "/chat/completions", json=CHAT) for _ in range(4)]
                for address in addresses
            }
            listed = await client.get(addresses[1].base_url + "/models")
        nursery.cancel_scope.cancel()

    assert {name: [reply.status_code for reply in four] for name, four in replies.items()} == {
        "demo_fine": [200, 200, 200, 200],
        "demo_limited": [200, 200, 200, 429],
        "demo_flaky": [200, 200, 500, 200],
    }
    assert {reply.headers["x-hermes-demo"] for four in replies.values() for reply in four} == {"1"}
    assert len({address.base_url for address in addresses}) == 3
    assert [model["id"] for model in listed.json()["data"]] == ["demo-limited"]


async def test_a_stream_comes_in_pieces(autojump_clock: trio.testing.MockClock) -> None:
    async with trio.open_nursery() as nursery:
        addresses: Sequence[DemoAddress] = await nursery.start(serve_demo)
        began = trio.current_time()
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            reply = await client.post(addresses[0].base_url + "/chat/completions", json=CHAT | {"stream": True})
        took = trio.current_time() - began
        nursery.cancel_scope.cancel()

    assert reply.headers["content-type"].startswith("text/event-stream")
    events = reply.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert took == pytest.approx(0.02 * (len(events) - 1), rel=0.01)


async def talk(sent: bytes) -> bytes:
    """What a demo provider answers to these bytes, to the end of the connection."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, DemoProvider(), theirs)
        await ours.send_all(sent)
        await ours.send_eof()
        return b"".join([part async for part in ours])


async def test_http_1_0_gets_a_stream_without_chunks_and_head_gets_no_body(
    autojump_clock: trio.testing.MockClock,
) -> None:
    body = json.dumps(CHAT | {"stream": True}).encode()
    streamed = await talk(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert b"transfer-encoding" not in streamed
    assert streamed.endswith(b"data: [DONE]\n\n")

    headed = await talk(b"HEAD /v1/models HTTP/1.1\r\nHost: demo\r\n\r\n")
    assert headed.startswith(b"HTTP/1.1 200 OK\r\n")
    assert headed.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"POST  /v1/chat/completions HTTP/1.1\r\nHost: demo\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: demo\r\nContent-Length: 5\r\n\r\nab",
    ],
)
async def test_malformed_and_cut_requests_are_refused_and_end_the_connection(sent: bytes) -> None:
    reply = await talk(sent)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in reply


async def test_an_invited_body_and_two_requests_on_one_connection() -> None:
    body = json.dumps(CHAT).encode()
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: demo\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%b"
    replies = await talk((request % (len(body), body)) * 2)

    assert replies.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert replies.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


async def test_a_client_that_leaves_midway_harms_nobody(autojump_clock: trio.testing.MockClock) -> None:
    body = json.dumps(CHAT | {"stream": True}).encode()
    async with trio.open_nursery() as nursery:
        addresses: Sequence[DemoAddress] = await nursery.start(serve_demo)
        port = int(addresses[0].base_url.removesuffix("/v1").rpartition(":")[2])
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: demo\r\nContent-Length: %d\r\n\r\n" % len(body)
        await stream.send_all(head + body)
        await stream.receive_some(100)
        await stream.aclose()
        await trio.sleep(5)
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            assert (await client.get(addresses[0].base_url + "/models")).status_code == 200
        nursery.cancel_scope.cancel()
