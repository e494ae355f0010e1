"""Clients that leave, clients that lag behind, and a router that stops."""

import socket

import pytest
import trio

from hrd.downstream import call as call_
from tests.scenarios.client import Reply, chat_bytes
from tests.scenarios.failing import refused, says
from tests.scenarios.world import HELLO, World, open_world
from tests.upstreams import Answer, Events, Late, Upstream, hangs


def chunk(text: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_client_that_leaves_before_the_commit_point_cancels_its_upstream(world: World, stream: bool) -> None:
    alpha = await world.provider("alpha", hangs())
    client = await world.begin(stream=stream)
    await trio.sleep(3)
    await client.leave()
    await world.come_to_rest()
    assert alpha.asked[0].left_at == pytest.approx(3.0, abs=0.01)
    entry = world.journal.last
    assert (entry.outcome.value, entry.status, entry.provider) == ("client gone", 499, "alpha")
    assert (entry.usage.source.value, entry.usage.output_tokens) == ("estimated", 0)
    assert entry.usage.input_tokens > 0
    assert world.journal.walked() == [("alpha", "given up")]
    assert world.blocks() == []


async def test_a_client_that_leaves_in_the_middle_of_a_stream_is_settled_with_what_came(world: World) -> None:
    alpha = await world.provider("alpha", Events([item for _ in range(100) for item in (chunk("many words here "), 1.0)]))
    client = await world.begin()
    await trio.sleep(10.5)
    await client.leave()
    await world.come_to_rest()
    assert alpha.asked[0].left_at == pytest.approx(10.5, abs=0.01)
    entry = world.journal.last
    assert (entry.outcome.value, entry.provider) == ("client gone", "alpha")
    assert (entry.usage.source.value, entry.usage.output_tokens > 20) == ("estimated", True)
    assert world.journal.walked() == [("alpha", "ok")]
    assert world.blocks() == []


async def test_a_client_that_resets_its_connection_has_left_too(world: World) -> None:
    alpha = await world.provider("alpha", hangs())
    client = await world.begin()
    await trio.sleep(1)
    client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await client.leave()
    await world.come_to_rest()
    assert alpha.asked[0].left_at == pytest.approx(1.0, abs=0.01)


async def test_a_client_that_leaves_while_the_router_waits(world: World) -> None:
    alpha = await world.provider("alpha", refused(500))
    client = await world.begin(stream=False)
    await trio.sleep(2)
    await client.leave()
    await world.come_to_rest()
    assert world.elapsed_s == pytest.approx(2.0, abs=0.2)
    assert len(alpha.asked) == 1
    assert world.journal.last.outcome.value == "client gone"


async def test_a_client_that_has_left_before_its_request_is_read_asks_nobody(world: World) -> None:
    alpha = await world.provider("alpha", says("late"))
    client = await world.begin()
    await client.leave()
    await trio.sleep(1)
    await world.come_to_rest()
    assert len(alpha.asked) <= 1
    assert all(entry.outcome.value == "client gone" for entry in world.journal.entries)


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_exchange(world: World) -> None:
    alpha = await world.provider("alpha", says("late"))
    client = await world.client()
    await client.send(chat_bytes({"model": "model-x", "messages": HELLO})[:-5])
    await trio.sleep(1)
    await client.leave()
    await world.come_to_rest()
    assert (alpha.asked, world.journal.entries) == ([], [])


async def test_a_slow_client_slows_its_upstream_and_costs_at_most_a_mebibyte(world: World) -> None:
    flood = _Flood()
    async with flood:
        world.add("alpha", flood.base_url)
        client = await world.begin()
        await flood.wait_stuck()
        in_flight = flood.sent - await _waiting_at(client.stream)
        assert in_flight < 1_048_576
        assert flood.sent < flood.size, "the upstream has been slowed"
        await client.leave()
        await world.come_to_rest()
        await flood.wait_left()
    assert world.journal.last.outcome.value == "client gone"


async def test_a_slow_client_that_reads_on_gets_everything(world: World) -> None:
    flood = _Flood(size=4_000_000)
    async with flood:
        world.add("alpha", flood.base_url)
        client = await world.begin()
        await flood.wait_stuck()
        reply = await client.reply()
        assert (len(reply.text), reply.is_done) == (flood.text_bytes, True)


async def test_a_client_that_takes_nothing_is_given_up() -> None:
    async with open_world(write_s=30.0) as world:
        flood = _Flood()
        async with flood:
            world.add("alpha", flood.base_url)
            await world.begin()
            await flood.wait_stuck()
            await trio.sleep(31)
            await world.come_to_rest()
            await flood.wait_left()
            assert world.journal.last.outcome.value == "client gone"


async def test_a_large_whole_reply_is_sent_at_the_clients_pace() -> None:
    """What counts is that the client takes something now and then, not how long it takes for all."""
    async with open_world(write_s=10.0) as world:
        text = "x" * 3_000_000
        await world.provider("alpha", Answer(text))
        client = await world.begin(stream=False)
        data = bytearray()
        while len(data) < 3_000_000:
            data += await client.stream.receive_some(200_000)
            await trio.sleep(1.0)
        assert world.elapsed_s > 10.0
        assert world.journal.last.outcome.value == "ok"


async def test_stopping_ends_a_stream_with_the_error_event(world: World) -> None:
    alpha = await world.provider("alpha", Events([chunk("half"), 1000.0]))
    client = await world.begin()
    await trio.sleep(8)
    reply = await _stop(world, client.reply)
    assert (reply.text, reply.is_done, reply.is_cut) == ("half", False, False)
    assert (reply.error["code"], reply.error["type"]) == ("router_stopping", "server_error")
    await world.come_to_rest()
    await trio.sleep(0.1)
    assert alpha.asked[0].left_at == pytest.approx(8.0, abs=0.1)
    assert (world.journal.last.outcome.value, world.journal.last.reason) == ("stopped", "stopping")


async def test_stopping_ends_a_waiting_request_with_a_503(world: World, stream: bool) -> None:
    await world.provider("alpha", hangs())
    client = await world.begin(stream=stream)
    await trio.sleep(3)
    reply = await _stop(world, client.reply)
    assert (reply.status, reply.error["code"]) == (503, "router_stopping")
    assert (reply.headers["retry-after"], reply.headers["x-should-retry"]) == ("5", "false")
    assert reply.headers["connection"] == "close"
    assert world.journal.walked() == [("alpha", "given up")]


async def test_stopping_closes_idle_connections_and_those_that_become_idle(world: World) -> None:
    await world.provider("alpha", Late(says("hello"), 5.0))
    idle, busy = await world.client(), await world.begin(stream=False)
    await trio.sleep(1)
    world.is_stopping = True
    world.clients.close_idle()
    assert await idle.is_closed()
    reply = await busy.reply()
    assert (reply.text, reply.headers["connection"]) == ("hello", "close")
    assert await busy.is_closed()


async def test_stopping_a_slow_client_in_the_middle_of_a_piece_just_closes(world: World) -> None:
    """The end of the piece cannot be sent, and nothing else would be understood before it."""
    flood = _Flood()
    async with flood:
        world.add("alpha", flood.base_url)
        client = await world.begin()
        await flood.wait_stuck()
        reply = await _stop(world, client.reply)
        assert reply.is_cut
        assert b"router_stopping" not in reply.body


async def _stop(world: World, read: object) -> Reply:
    """What the daemon does when its time is over, while *read* reads."""
    world.is_stopping = True
    for call in list(world.calls.values()):
        call.cancel(call_.STOPPING)
    assert callable(read)
    reply = await read()
    assert isinstance(reply, Reply)
    return reply


async def _waiting_at(stream: trio.SocketStream) -> int:
    """Bytes that have come to the client's own receive buffer."""
    data = await stream.socket.recv(16_777_216, socket.MSG_PEEK)
    return len(data)


class _Flood(Upstream):
    """A provider that streams as fast as it is read, and counts what it could send."""

    def __init__(self, size: int = 50_000_000) -> None:
        super().__init__()
        self.size = size
        self.sent = 0
        self.text_bytes = 0
        self._left = trio.Event()
        self._piece = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (b"x" * 10_000)

    async def _connection(self, stream: trio.SocketStream) -> None:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        await stream.receive_some(65_536)
        try:
            await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            while self.sent < self.size:
                await stream.send_all(self._piece)
                self.sent += len(self._piece)
                self.text_bytes += 10_000
            await stream.send_all(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
            await stream.aclose()
        except trio.BrokenResourceError:
            self._left.set()

    async def wait_stuck(self) -> None:
        """Until nothing more can be sent."""
        before = -1
        while self.sent != before:
            before = self.sent
            await trio.sleep(0.5)

    async def wait_left(self) -> None:
        with trio.fail_after(1.0):
            await self._left.wait()
