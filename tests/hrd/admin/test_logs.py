"""hr logs: the last exchanges, and each as it ends."""

from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing

from hrd.admin.finished import ENTRIES_QUEUED_MAX
from hrd.admin.wire.journal import LOGS, LOGS_FOLLOW, Exchange, LogsQuestion
from hrd.core.journal import Entry
from tests.hrd.admin.conftest import LAPTOP
from tests.hrd.store.samples import answered, refused
from tests.hrd.world import World


class Tail:
    """The lines of a followed log as they come."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._received = b""
        self._lines: list[bytes] = []
        self.head = b""

    async def line(self) -> bytes:
        """The next line; an empty one for a beat."""
        while not self._lines:
            await self._more()
        return self._lines.pop(0)

    async def exchange(self) -> Exchange:
        while not (line := await self.line()):
            pass
        return msgspec.json.decode(line, type=Exchange)

    async def is_over(self) -> bool:
        """Read on to the end of the body."""
        while not self._received.endswith(b"0\r\n\r\n"):
            await self._more()
        return True

    async def _more(self) -> None:
        with trio.fail_after(10):
            data = await self._stream.receive_some()
        assert data, "the body was cut off"
        self._received += data
        if not self.head:
            self.head, _, self._received = self._received.partition(b"\r\n\r\n")
        while (size_end := self._received.find(b"\r\n")) > 0:
            size = int(self._received[:size_end], 16)
            if not size or len(self._received) < size_end + size + 4:
                return
            chunk = self._received[size_end + 2 : size_end + 2 + size]
            self._received = self._received[size_end + size + 4 :]
            self._lines += chunk.split(b"\n")[:-1]


async def follow(world: World, stream: trio.SocketStream, ask: LogsQuestion) -> Tail:
    await stream.send_all(f"GET {LOGS_FOLLOW.target(ask)} HTTP/1.1\r\nhost: hrd\r\n\r\n".encode())
    return Tail(stream)


def ends(world: World, entry: Entry) -> None:
    """As the daemon has it: told, then stored."""
    world.finished.tell(entry)
    world.store.commit_nowait([entry])


@pytest.fixture
def busy(world: World) -> World:
    for entry in (answered("req-1", client=LAPTOP), refused("req-2"), answered("req-3")):
        world.store.commit_nowait([entry])
    return world


async def test_the_newest_come_oldest_first(busy: World) -> None:
    found = await busy.ask(LOGS, LogsQuestion(n=2))
    assert [(one.request_id, one.row) for one in found.exchanges] == [("req-2", 2), ("req-3", 3)]
    assert found.last_row == 3
    first = (await busy.ask(LOGS, LogsQuestion())).exchanges[0]
    assert (first.client, first.client_name, first.outcome, first.status) == (LAPTOP, "laptop", "ok", 200)
    assert (first.usage.input_tokens, first.usage.source, first.total_ms) == (100, "known", 40.0)


async def test_what_waits_in_memory_is_said_to_be_missing(busy: World) -> None:
    busy.disk.is_writable = False
    busy.store.commit_nowait([answered("req-4")])
    found = await busy.ask(LOGS, LogsQuestion())
    assert [one.request_id for one in found.exchanges] == ["req-1", "req-2", "req-3"]
    assert found.unwritten.startswith("what is newest is missing here: ")


async def test_those_after_a_row(busy: World) -> None:
    found = await busy.ask(LOGS, LogsQuestion(after=1))
    assert [one.request_id for one in found.exchanges] == ["req-2", "req-3"]
    found = await busy.ask(LOGS, LogsQuestion(after=3))
    assert (found.exchanges, found.last_row) == ((), 3)


async def test_errors_and_one_provider(busy: World) -> None:
    assert [one.request_id for one in (await busy.ask(LOGS, LogsQuestion(errors=True))).exchanges] == ["req-2"]
    found = await busy.ask(LOGS, LogsQuestion(provider="GROQ"))
    assert [one.request_id for one in found.exchanges] == ["req-1", "req-3"]


@pytest.mark.parametrize("route", [LOGS, LOGS_FOLLOW])
@pytest.mark.parametrize(
    ("ask", "status"), [(LogsQuestion(n=-1), 400), (LogsQuestion(n=10_001), 400), (LogsQuestion(provider="grok"), 404)]
)
async def test_what_cannot_be_listed_is_refused(busy: World, route: object, ask: LogsQuestion, status: int) -> None:
    found, problem = await busy.refused(route, ask)  # type: ignore[type-var, arg-type]
    assert (found, bool(problem.message)) == (status, True)


async def test_a_follower_sees_some_older_ones_and_then_each_as_it_ends(busy: World) -> None:
    async with await busy.connect() as stream:
        tail = await follow(busy, stream, LogsQuestion(n=1))
        assert (await tail.exchange()).request_id == "req-3"
        assert b"\r\ncontent-type: application/x-ndjson\r\n" in tail.head
        assert await tail.line() == b"", "from here on nothing is missed"
        ends(busy, answered("req-4", client=LAPTOP))
        told = await tail.exchange()
        assert (told.request_id, told.client_name, told.row) == ("req-4", "laptop", 0)


async def test_a_follower_of_errors_is_told_of_errors(busy: World) -> None:
    async with await busy.connect() as stream:
        tail = await follow(busy, stream, LogsQuestion(n=0, errors=True))
        assert await tail.line() == b""
        for entry in (answered("req-5"), refused("req-6")):
            ends(busy, entry)
        assert (await tail.exchange()).request_id == "req-6"


async def test_what_ended_while_the_older_ones_were_read_is_told_once(busy: World) -> None:
    async with await busy.connect() as stream:
        tail = await follow(busy, stream, LogsQuestion(n=1))
        assert (await tail.exchange()).request_id == "req-3"
        await tail.line()
        busy.finished.tell(answered("req-3"))
        ends(busy, answered("req-7"))
        assert (await tail.exchange()).request_id == "req-7"


async def test_a_follower_that_is_too_slow_hears_what_it_missed(busy: World) -> None:
    async with await busy.connect() as stream:
        tail = await follow(busy, stream, LogsQuestion(n=0))
        await tail.line()
        for number in range(ENTRIES_QUEUED_MAX + 7):
            busy.finished.tell(answered(f"req-f{number}"))
        for number in range(ENTRIES_QUEUED_MAX + 1):  # one was in its hands already
            assert (await tail.exchange()).request_id == f"req-f{number}"
        busy.finished.tell(answered("req-g"))
        told = await tail.exchange()
        assert told.request_id == "req-g"
        assert told.notes == ("6 exchanges before this one were not told: the follower was too slow",)


async def test_a_follower_hears_a_beat_when_nothing_happens(busy: World, autojump_clock: trio.testing.MockClock) -> None:
    async with await busy.connect() as stream:
        tail = await follow(busy, stream, LogsQuestion(n=0))
        await tail.line()
        before = trio.current_time()
        assert await tail.line() == b""
        assert trio.current_time() - before == pytest.approx(5.0)


async def test_a_follower_that_leaves_is_forgotten(busy: World) -> None:
    stream = await busy.connect()
    async with stream:
        await (await follow(busy, stream, LogsQuestion(n=0))).line()
        assert len(busy.finished._followers) == 1
    for _ in range(100):
        await trio.sleep(0.001)
        if not busy.finished._followers:
            break
    assert not busy.finished._followers


async def test_head_is_answered_without_a_stream(busy: World) -> None:
    answer = await busy.http("HEAD", "/v1/logs/follow")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"


async def test_a_stopping_daemon_ends_the_stream_in_good_order(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path)
    async with trio.open_nursery() as serving:
        await world.open(serving, support=nursery)
        async with await world.connect() as stream:
            tail = await follow(world, stream, LogsQuestion(n=0))
            await tail.line()
            serving.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                assert await tail.is_over()
