"""The process that has taken over, as the old one sees it; here it is a channel that says what a test wants."""

import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from hrd.core.facts import Claim
from hrd.core.remembered import Row
from hrd.handover.channel import Channel, ChannelGone, channel_pair
from hrd.handover.messages import Farewell, Given, Go, May, MayI, Rows, StopBy, StopToo, rows_of, sent
from hrd.handover.successor import Successor
from tests.hrd.stage import NOON, Stage, Walk, provider, roster
from tests.hrd.store.samples import blocked, settled


class Handed:
    """An old process that has one candidate claimed, and the end of the channel that is the new one's."""

    def __init__(self) -> None:
        self.stage = Stage(roster([(provider("groq", cost_class="free"), ["g1"])]))
        self.stops: list[float] = []
        self.successor = Successor(self.stage.pool, lambda: NOON, self.stops.append)
        ours, theirs = channel_pair()
        self.successor._channel = Channel(ours)
        self.new = Channel(theirs)

    def claim(self) -> tuple[Walk, Claim]:
        walk = self.stage.ask()
        walk.next()
        assert walk.claim is not None
        return walk, walk.claim


@pytest.fixture
async def handed() -> AsyncIterator[Handed]:
    handed = Handed()
    yield handed
    handed.successor._its_channel.close()
    handed.new.close()


async def test_claims_wait_until_it_is_known_whose_they_are(handed: Handed, nursery: trio.Nursery) -> None:
    walk, claim = handed.claim()
    granted: list[bool] = []

    async def ask() -> None:
        granted.append(await handed.successor.permits(claim, walk.tour))

    nursery.start_soon(ask)
    await trio.testing.wait_all_tasks_blocked()
    assert granted == []
    handed.successor.give_up()
    await trio.testing.wait_all_tasks_blocked()
    assert granted == [True]
    assert handed.stage.in_flight() == 1


async def test_it_grants_or_says_what_stands_against(handed: Handed, nursery: trio.Nursery) -> None:
    handed.successor.go()
    nursery.start_soon(handed.successor.keep_company)
    assert (await handed.new.receive()).message == Go()
    walk, claim = handed.claim()
    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await handed.successor.permits(claim, walk.tour))

    nursery.start_soon(ask)
    asked = (await handed.new.receive()).message
    assert asked == MayI(number=1, reservation=claim.reservation, insists=False)
    block = blocked(scope=claim.candidate.scopes[0], until=NOON + 60)
    handed.new.send(May(number=1, granted=False, rows=(sent(block),)))
    await trio.testing.wait_all_tasks_blocked()
    assert (answers, handed.stage.in_flight()) == ([False], 0)
    assert handed.stage.blocks() == {block.scope: (block.reason, 60.0)}
    assert claim.candidate.key not in walk.tour.tried

    nursery.start_soon(ask)
    assert (await handed.new.receive()).message == MayI(number=2, reservation=claim.reservation, insists=True)
    handed.new.send(May(number=2, granted=True))
    await trio.testing.wait_all_tasks_blocked()
    assert answers == [False, True]
    nursery.cancel_scope.cancel()


async def test_without_an_answer_the_old_process_goes_by_what_it_knows(handed: Handed, autojump_clock: object) -> None:
    handed.successor.go()
    walk, claim = handed.claim()
    began = trio.current_time()
    assert await handed.successor.permits(claim, walk.tour)
    assert trio.current_time() - began == pytest.approx(1.0)
    handed.new.close()
    handed.successor.tell(1, [])
    handed.successor.give(socket.socket())
    assert await handed.successor.permits(claim, walk.tour)


async def test_a_claim_that_is_given_up_while_it_waits_is_taken_back_on_both_sides(handed: Handed) -> None:
    handed.successor.go()
    walk, claim = handed.claim()
    async with trio.open_nursery() as waiting:
        waiting.start_soon(handed.successor.permits, claim, walk.tour)
        assert isinstance((await handed.new.receive()).message, Go)
        assert isinstance((await handed.new.receive()).message, MayI)
        waiting.cancel_scope.cancel()
    assert handed.stage.in_flight() == 0
    rows = (await handed.new.receive()).message
    assert isinstance(rows, Rows)
    assert [(row.id, row.tokens) for row in rows_of(rows.rows)] == [(claim.reservation.id, 0)]


async def test_what_was_written_between_reading_and_taking_over_is_told_first(handed: Handed) -> None:
    written: list[Row] = [settled(1)]
    handed.successor.tell(1, written)
    written.clear()
    handed.successor.go()
    handed.successor.tell(2, [settled(2)])
    assert (await handed.new.receive()).message == Go()
    for number in (1, 2):
        rows = (await handed.new.receive()).message
        assert isinstance(rows, Rows)
        assert (rows.number, rows_of(rows.rows)) == (number, [settled(number)])


async def test_it_is_given_connections_and_a_farewell(handed: Handed, nursery: trio.Nursery) -> None:
    handed.successor.go()
    client, served = socket.socketpair()
    handed.successor.give(served)
    await handed.successor.farewell()
    assert (await handed.new.receive()).message == Go()
    given = await handed.new.receive()
    assert given.message == Given()
    with socket.socket(fileno=given.descriptors[0]) as there, client:
        there.sendall(b"hello")
        assert client.recv(10) == b"hello"
    assert (await handed.new.receive()).message == Farewell()
    handed.successor._its_channel.close()
    with pytest.raises(ChannelGone):
        await handed.new.receive()


async def test_it_is_told_when_somebody_stops_the_old_process(handed: Handed) -> None:
    handed.successor.go()
    handed.successor.stop()
    assert (await handed.new.receive()).message == Go()
    assert (await handed.new.receive()).message == StopToo()


async def test_it_says_when_to_stop(handed: Handed, nursery: trio.Nursery) -> None:
    handed.successor.go()
    nursery.start_soon(handed.successor.keep_company)
    handed.new.send(StopBy(seconds=3.0))
    await trio.testing.wait_all_tasks_blocked()
    assert handed.stops == [3.0]
    handed.new.close()
    await trio.testing.wait_all_tasks_blocked()
