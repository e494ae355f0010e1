"""What clients may do on the wire: several requests, old HTTP, late bodies, too much of anything."""

import json

import pytest
import trio

from tests.scenarios.client import Client, chat_bytes
from tests.scenarios.failing import says
from tests.scenarios.world import HELLO, INSTANCE, World, open_world
from tests.upstreams import Answer, Late, hangs

BODY = {"model": "model-x", "messages": HELLO}
STREAM = {**BODY, "stream": True}
GET = b"%b /health HTTP/1.1\r\nHost: router\r\n\r\n"


async def test_one_connection_serves_many_requests(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    for body in (BODY, STREAM, BODY, STREAM):
        assert (await client.ask(body)).text == "hello"
    assert len(world.clients.open) == 1


async def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    alpha = await world.provider("alpha", Late(Answer("first"), 5.0), Answer("second"))
    client = await world.client()
    await client.send(chat_bytes(STREAM) + chat_bytes(BODY) + GET % b"GET")
    replies = [await client.reply(), await client.reply(), await client.reply("GET")]
    assert [replies[0].text, replies[1].text] == ["first", "second"]
    assert replies[2].json == {"status": "ok"}
    assert [asked.at for asked in alpha.asked] == [0.0, 5.0], "one request at a time"


async def test_http_1_0_gets_a_stream_that_ends_with_the_connection(world: World) -> None:
    await world.provider("alpha", Answer("hello", before_first_s=6.0))
    client = await world.client()
    await client.send(chat_bytes(STREAM, minor=0))
    data = await _read_all(client)
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in head
    assert b"transfer-encoding" not in head
    assert body.startswith(b": keep-alive\n\n: x-hermes-attempts=1")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_http_1_0_gets_a_whole_reply_and_the_close(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    await client.send(chat_bytes(BODY, minor=0))
    head, _, body = (await _read_all(client)).partition(b"\r\n\r\n")
    assert b"content-length: %d\r\n" % len(body) in head
    assert json.loads(body)["choices"][0]["message"]["content"] == "hello"


async def test_head_says_what_get_would_say(world: World) -> None:
    client = await world.client()
    await client.send(GET % b"HEAD" + GET % b"GET")
    head, get = await client.reply("HEAD"), await client.reply("GET")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == "15"


async def test_a_body_is_waited_for_with_100_continue(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    head, _, body = chat_bytes(BODY, headers="Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    await client.send(head + b"\r\n\r\n")
    assert bytes(await client.stream.receive_some(100)) == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(body)
    assert (await client.reply()).text == "hello"


async def test_a_body_that_came_along_is_not_asked_for(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    reply = await client.ask(BODY, headers="Expect: 100-continue\r\n")
    assert (reply.status, reply.text) == (200, "hello")


@pytest.mark.parametrize("size", [1_048_577, 10**13])
async def test_a_body_announced_too_large_is_not_asked_for(world: World, size: int) -> None:
    client = await world.client()
    head = chat_bytes(b"").replace(b"Content-Length: 0", b"Expect: 100-continue\r\nContent-Length: %d" % size)
    await client.send(head)
    reply = await client.reply()
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")
    assert await client.is_closed()


async def test_a_body_that_grows_too_large_is_a_413_the_client_can_read(world: World) -> None:
    """It is read on for a moment, so that the answer is not lost to a reset."""
    client = await world.client()
    await client.send(chat_bytes(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
    for _ in range(20):
        await client.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
    reply = await client.reply()
    assert reply.status == 413


async def test_a_chunked_body_is_as_good_as_a_counted_one(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    data = json.dumps(BODY).encode()
    head = chat_bytes(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    await client.send(head)
    for start in range(0, len(data), 7):
        await client.send(b"%x\r\n%b\r\n" % (len(data[start : start + 7]), data[start : start + 7]))
        await trio.sleep(1)
    await client.send(b"0\r\n\r\n")
    assert (await client.reply()).text == "hello"


async def test_a_body_that_stops_coming_is_a_408(world: World) -> None:
    client = await world.client()
    await client.send(chat_bytes(BODY)[:-10])
    await trio.sleep(59)
    assert len(world.calls) == 1
    reply = await client.reply()
    assert (reply.status, reply.error["code"], reply.head_at) == (408, "request_timeout", 60.0)
    assert await client.is_closed()
    assert world.journal.entries == []


async def test_a_head_that_trickles_in_is_given_up(world: World) -> None:
    """However it is spread, HEADER_SECONDS are from its first byte."""
    client = await world.client()
    await trio.sleep(100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_trickle, client)
        assert await client.is_closed()
        nursery.cancel_scope.cancel()
    assert world.elapsed_s == pytest.approx(115.0, abs=0.5)


async def test_an_idle_connection_is_closed(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    await trio.sleep(100)
    assert (await client.ask(BODY)).text == "hello"
    assert await client.is_closed()
    assert world.elapsed_s == pytest.approx(220.0, abs=0.5)


async def test_a_long_stream_is_no_idle_connection(world: World) -> None:
    await world.provider("alpha", Answer("one two three", before_first_s=50.0, between_s=100.0, pieces=3))
    client = await world.client()
    reply = await client.ask(STREAM)
    assert (reply.text, reply.ended_at > 300) == ("one two three", True)
    assert (await client.ask(STREAM)).is_done


async def test_a_refused_key_keeps_the_connection_if_the_body_has_come(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    refused = await client.ask(BODY, key="somebody-elses-key")
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    assert "connection" not in refused.headers
    assert world.journal.entries == [], "strangers do not write the journal"
    assert (await client.ask(BODY)).text == "hello"


async def test_a_refused_key_closes_the_connection_if_the_body_is_still_to_come(world: World) -> None:
    client = await world.client()
    await client.send(chat_bytes(b"x" * 500_000, key="somebody-elses-key")[:1000])
    refused = await client.reply()
    assert (refused.status, refused.headers["connection"]) == (401, "close")
    assert await client.is_closed()


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 400), (b'{"model":"x"}', 400), (b"\xff", 400)])
async def test_a_malformed_body_is_told_apart_from_malformed_http(world: World, body: bytes, status: int) -> None:
    client = await world.client()
    reply = await client.ask(body)
    assert (reply.status, reply.error["type"]) == (status, "invalid_request_error")
    assert reply.headers["x-request-id"] == "req-1"
    assert (await client.ask(body)).status == status, "the connection is still good"
    entry = world.journal.last
    assert (entry.request_id, entry.outcome.value, entry.status, entry.client) == ("req-2", "refused", 400, "client-one")
    assert entry.reason


async def test_malformed_http_is_refused_and_closed(world: World) -> None:
    client = await world.client()
    await client.send(b"GET  /health HTTP/1.1\r\nHost: router\r\n\r\n")
    reply = await client.reply("GET")
    assert (reply.status, reply.headers["connection"]) == (400, "close")
    assert await client.is_closed()


async def test_our_own_hop_coming_back_is_a_loop(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello"))
    reply = await world.post(BODY, headers=f"x-hermes-hop: somebody, {INSTANCE.decode()}\r\n")
    assert (reply.status, reply.error["code"]) == (508, "loop_detected")
    assert (await world.post(BODY, headers="x-hermes-hop: another-instance\r\n")).status == 200
    assert alpha.asked[0].header("x-hermes-hop") == INSTANCE.decode()
    assert len(alpha.asked) == 1


async def test_too_many_bytes_held_at_once_are_a_503() -> None:
    async with open_world(buffered_bytes=100_000) as world:
        await world.provider("alpha", Late(Answer("hello"), 10.0))
        messages = [{"role": "user", "content": "x" * 60_000}]
        first = await world.begin(stream=False, messages=messages)
        await trio.sleep(1)
        second = await world.chat(messages=messages)
        assert (second.status, second.headers["retry-after"], second.headers["x-should-retry"]) == (503, "1", "false")
        assert (await first.reply()).text == "hello"
        assert (await world.chat(messages=messages)).text == "hello"


async def test_a_whole_reply_that_finds_no_room_is_paid_for_all_the_same() -> None:
    async with open_world(buffered_bytes=50_000) as world:
        await world.provider("alpha", Answer("x" * 60_000))
        reply = await world.chat()
        assert (reply.status, reply.error["code"]) == (503, "router_overloaded")
        entry = world.journal.last
        assert (entry.outcome.value, entry.status, entry.provider) == ("refused", 503, "alpha")
        assert entry.usage.output_tokens == 3


async def test_a_store_that_cannot_record_refuses_before_anybody_is_asked(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello"))
    world.disk.is_writable = False
    for _ in range(400):
        if world.store.is_full:
            break
        assert (await world.chat()).status == 200
    asked = len(alpha.asked)
    reply = await world.chat()
    assert (reply.status, reply.error["code"], reply.headers["retry-after"]) == (503, "router_overloaded", "5")
    assert len(alpha.asked) == asked
    world.disk.is_writable = True
    await trio.sleep(2)
    world.store.close()
    assert await world.ask() == "hello"


async def test_connections_beyond_the_limit_are_told_so(world: World) -> None:
    await world.provider("alpha", Late(Answer("hello"), 5.0))
    world.limit_connections(2)
    served = [await world.begin(stream=False) for _ in range(2)]
    await trio.sleep(1)
    beyond = await world.chat()
    assert (beyond.status, beyond.headers["retry-after"], beyond.headers["x-should-retry"]) == (503, "1", "false")
    assert "MAX_CONNECTIONS" in beyond.error["message"]
    assert [(await client.reply()).text for client in served] == ["hello"] * 2
    for client in served:
        await client.leave()
    await trio.sleep(1)
    assert await world.ask() == "hello"


async def test_an_error_nobody_foresaw_ends_its_request_and_no_other(world: World) -> None:
    await world.provider("alpha", Late(Answer("hello"), 5.0))
    other = await world.begin(stream=False)
    client = await world.client()
    await client.send((GET % b"GET").replace(b"/health", b"/crash"))
    reply = await client.reply("GET")
    assert (reply.status, reply.error["type"]) == (500, "server_error")
    assert [str(crash) for crash in world.crashes] == ["planted"]
    world.crashes.clear()
    assert (await other.reply()).text == "hello"


async def test_a_key_for_free_models_pays_for_nothing(world: World) -> None:
    await world.provider("alpha", Answer("paid"), cost_class="paid")
    beta = await world.provider("beta", Answer("free"))
    key = "client-key-free-not-real"
    assert (await world.post(BODY, key=key)).text == "free"
    beta.turn_to(hangs())
    reply = await world.post({**BODY, "model": "alpha"}, key=key)
    assert (reply.status, reply.error["type"]) == (403, "permission_error")
    assert [entry.client for entry in world.journal.entries] == ["client-free"] * 2


async def test_nobody_to_ask_names_what_to_type(world: World) -> None:
    reply = await world.chat("hermes-router")
    assert (reply.status, reply.error["code"], reply.headers["x-should-retry"]) == (503, "no_provider", "false")
    assert "hr auth add" in reply.error["message"]


async def test_the_answer_names_its_provider_and_hides_what_the_provider_said_of_itself(world: World) -> None:
    await world.provider("alpha", Answer("hello", headers=[("x-ratelimit-remaining-requests", "7"), ("set-cookie", "a=b")]))
    reply = await world.chat()
    assert sorted(reply.headers) == [
        "content-length",
        "content-type",
        "date",
        "x-hermes-attempts",
        "x-hermes-model",
        "x-hermes-provider",
        "x-request-id",
    ]


async def test_a_provider_speaks_in_its_own_words_only_to_a_client_that_must_mend(world: World) -> None:
    alpha = await world.provider("alpha", says("hello"))
    await world.ask()
    asked = alpha.asked[0]
    assert asked.header("authorization") == "Bearer alpha-key-1"
    assert asked.header("user-agent") == "hermes-router/test"
    assert asked.header("accept-encoding") == "identity"
    assert "client-key" not in str(asked.headers)


async def _trickle(client: Client) -> None:
    for byte in b"GET /health HTTP/1.1\r\nHost: router and so on and on":
        await client.send(bytes([byte]))
        await trio.sleep(1.0)


async def _read_all(client: Client) -> bytes:
    data = bytearray()
    async for part in client.stream:
        data += part
    return bytes(data)
