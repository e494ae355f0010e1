"""What processes that have handed over say, and what becomes of it: real channels, a real pool, a store in memory."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
import trio.testing

from hrd.core.journal import Entry, Outcome
from hrd.core.remembered import Charge, Row
from hrd.handover.channel import Channel, channel_pair
from hrd.handover.messages import Farewell, Given, May, MayI, Older, Progress, StopBy, StopToo, packets
from hrd.handover.predecessors import Finishing, Predecessors
from hrd.store.contract import Process
from hrd.store.memory import Disk, MemoryStore
from tests.hrd.stage import NOON, Stage, provider, roster
from tests.hrd.store.samples import NEW, OLD, answered, blocked, reserved, settled

OLDER = Older(process=OLD, version="0.0.9")
ENTRY = msgspec.structs.replace(answered(), at=NOON)
CHARGE = Charge(client="client-1", day=int(NOON // 86400), requests=1, tokens=-50)
FINISHED: tuple[Row, ...] = (ENTRY, CHARGE)


class Company:
    """One predecessor, as it speaks; and what this process makes of it."""

    def __init__(self, read_already: Sequence[Row]) -> None:
        """*read_already*: what it wrote when nobody heard it, and before this process read the database."""
        self.disk = Disk()
        self.told: list[tuple[int, Sequence[Row]]] = []
        """What nobody has heard yet."""
        self.old_store = MemoryStore(self.disk, lambda: NOON, OLD)
        self.old_store.commit_nowait([reserved(1), reserved(2), settled(2)])
        self.old_store.retire(lambda number, rows: self.told.append((number, tuple(rows))))
        self.old_store.commit_nowait(read_already)
        self.store = MemoryStore(self.disk, lambda: NOON, NEW)
        remembered = self.store.load(NOON, {OLD})
        groq = provider("groq", cost_class="free")
        self.stage = Stage(roster([(groq, ["00000001"])]), remembered=remembered)
        self.connections: list[socket.socket] = []
        self.finished: list[Entry] = []
        self.stops: list[float] = []
        self.predecessors = Predecessors(
            pool=self.stage.pool,
            store=self.store,
            remembered=remembered,
            now=lambda: NOON,
            adopt=self.connections.append,
            finished=self.finished.append,
            stop=lambda: self.stops.append(NOON),
        )
        ours, theirs = channel_pair()
        self.predecessors.meet([(OLDER, ours)])
        self.old = Channel(theirs)

    def hear_told(self) -> None:
        told, self.told[:] = list(self.told), []
        for number, rows in told:
            for packet in packets(number, rows):
                self.old.send(packet)


@pytest.fixture
async def company(nursery: trio.Nursery) -> AsyncIterator[Company]:
    async with kept(nursery) as company:
        yield company


@asynccontextmanager
async def kept(nursery: trio.Nursery, read_already: Sequence[Row] = ()) -> AsyncIterator[Company]:
    company = Company(read_already)
    nursery.start_soon(company.predecessors.run)
    yield company
    company.old.close()
    for sock in company.connections:
        sock.close()
    await trio.testing.wait_all_tasks_blocked()


async def settle() -> None:
    await trio.testing.wait_all_tasks_blocked()


async def test_what_it_writes_is_followed_counted_and_told(company: Company) -> None:
    assert len(company.stage.pool.elsewhere) == 1
    for packet in packets(0, [settled(1), blocked(until=NOON + 60), ENTRY]):
        company.old.send(packet)
    await settle()
    assert len(company.stage.pool.elsewhere) == 0
    assert list(company.stage.blocks().values()) == [(blocked().reason, 60.0)]
    assert company.finished == [ENTRY]
    today = company.stage.pool.snapshot(NOON).today[ENTRY.provider, ENTRY.credential]
    assert (today.requests, today.input_tokens) == (1, ENTRY.usage.input_tokens)


async def test_what_it_wrote_while_the_work_changed_hands_is_counted_once(nursery: trio.Nursery) -> None:
    """It was read in the database, and is heard of as well."""
    async with kept(nursery, read_already=FINISHED) as company:
        assert counted(company) == (1, -50)
        company.hear_told()
        await settle()
        assert counted(company) == (1, -50)
        assert company.finished == [ENTRY], "who follows the log has not heard of it"
        company.old_store.commit_nowait(FINISHED)
        company.hear_told()
        await settle()
        assert counted(company) == (2, -100)


def counted(company: Company) -> tuple[int, int]:
    """Requests of a credential, tokens of a client key."""
    pool = company.stage.pool
    today = pool.snapshot(NOON).today[ENTRY.provider, ENTRY.credential]
    return today.requests, pool.clients.standing(CHARGE.client, NOON).tokens


async def test_it_is_asked_before_another_candidate_is(company: Company) -> None:
    company.old.send(MayI(number=5, reservation=reserved(3), insists=False))
    may = (await company.old.receive()).message
    assert may == May(number=5, granted=True)
    assert len(company.stage.pool.elsewhere) == 2


async def test_it_hears_what_stands_against_a_candidate(company: Company) -> None:
    (packet,) = packets(0, [blocked(scope=reserved(3).scopes[0], until=NOON + 60)])
    company.old.send(packet)
    company.old.send(MayI(number=6, reservation=reserved(3), insists=False))
    may = (await company.old.receive()).message
    assert isinstance(may, May)
    assert (may.granted, may.rows) == (False, packet.rows)


async def test_connections_are_served_here_from_now_on(company: Company) -> None:
    client, given = socket.socketpair()
    company.old.give(Given(), given)
    await settle()
    company.connections[0].sendall(b"hello")
    assert client.recv(10) == b"hello"
    client.close()


async def test_how_far_it_is_can_be_seen_until_it_says_farewell(company: Company) -> None:
    company.old.send(Progress(in_flight=3, seconds_max=90.0))
    await settle()
    assert company.predecessors.finishing() == (Finishing(pid=OLD.pid, version="0.0.9", in_flight=3, until=NOON + 90),)
    for packet in packets(0, [settled(1)]):
        MemoryStore(company.disk, lambda: NOON, OLD).commit_nowait([settled(1)])
        company.old.send(packet)
    company.old.send(Farewell())
    await company.predecessors.wait_gone()
    assert company.predecessors.finishing() == ()
    assert list(company.disk.journal.values()) == []


async def test_one_that_dies_loses_what_it_held(company: Company) -> None:
    company.old.close()
    await company.predecessors.wait_gone()
    assert [entry.outcome for entry in company.disk.journal.values()] == [Outcome.CRASHED]
    assert len(company.stage.pool.elsewhere) == 0


async def test_one_of_two_that_dies_holds_no_more_while_the_other_still_finishes(company: Company) -> None:
    """What it had read of it, what it had lent it, and what it heard that it had reserved."""
    theirs, ours = channel_pair()
    other = Channel(theirs)
    company.predecessors.leave()
    await settle()
    company.predecessors.meet([(Older(process=Process(50, 0.5), version="0.0.8"), ours)])
    await settle()
    elsewhere = company.stage.pool.elsewhere
    other.send(MayI(number=1, reservation=reserved(10), insists=False))
    company.old.send(MayI(number=1, reservation=reserved(11), insists=False))
    for packet in packets(0, [reserved(12), reserved(13), settled(12)]):
        company.old.send(packet)
    await settle()
    assert len(elsewhere) == 4, "1, 10, 11 and 13"
    company.old.close()
    await settle()
    assert (len(elsewhere), len(company.predecessors)) == (1, 1)
    other.close()
    await settle()
    assert len(elsewhere) == 0


async def test_it_is_told_when_to_stop(company: Company) -> None:
    company.predecessors.stop(30.0)
    assert (await company.old.receive()).message == StopBy(seconds=30.0)


async def test_one_that_was_told_to_stop_means_the_daemon(company: Company) -> None:
    company.old.send(StopToo())
    await settle()
    assert company.stops == [NOON]


async def test_while_nobody_listens_its_words_wait_for_whoever_does_next(company: Company) -> None:
    company.predecessors.leave()
    await settle()
    company.old.send(Progress(in_flight=3, seconds_max=90.0))
    await settle()
    assert company.predecessors.finishing()[0].in_flight == 0
    company.predecessors.come_back()
    await settle()
    assert company.predecessors.finishing()[0].in_flight == 3


async def test_whoever_hears_them_no_more_and_thinks_better_of_it_at_once_hears_them_again(company: Company) -> None:
    """A disk that is full ends a hand-over before anybody else has had a turn."""
    await settle()
    company.predecessors.leave()
    company.predecessors.come_back()
    await settle()
    company.old.send(Progress(in_flight=3, seconds_max=90.0))
    await settle()
    assert company.predecessors.finishing()[0].in_flight == 3
    company.old.send(Farewell())
    await settle()
    assert company.predecessors.finishing() == ()


async def test_handed_on_it_is_somebody_elses(company: Company) -> None:
    company.predecessors.leave()
    older, (channel,) = company.predecessors.channels()
    heir = Channel(socket.socket(fileno=socket.dup(channel)))
    company.predecessors.hand_on()
    company.old.send(Progress(in_flight=3, seconds_max=90.0))
    assert older == (OLDER,)
    assert (await heir.receive()).message == Progress(in_flight=3, seconds_max=90.0)
    assert company.predecessors.finishing() == ()
    heir.close()
