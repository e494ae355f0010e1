"""Generations of processes over one ledger, in any order of events: the newest knows what all of them spent and hold.

Pools, stores, channels, successors and predecessors are the daemon's; what is left out is the starting of processes.
"""

import socket
from collections.abc import Callable

import msgspec
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind
from hrd.core.ceilings import Ceilings
from hrd.core.client_book import Tab
from hrd.core.facts import Claim, Committed, Ended, Failed, RunsOn
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.journal import SERVED, Usage, UsageSource
from hrd.core.ledger import State
from hrd.core.quota.limit import Limit
from hrd.core.remembered import Row
from hrd.core.roster import Roster
from hrd.core.tour import Tour
from hrd.handover.channel import Channel, channel_pair
from hrd.handover.messages import Older
from hrd.handover.predecessors import Predecessors
from hrd.handover.successor import RESERVATIONS_KEPT, Successor
from hrd.pool import Pool, PoolRules
from hrd.store.contract import Process
from hrd.store.memory import Disk, LedgerRow, MemoryStore
from tests.hrd.stage import NOON, provider, roster
from tests.hrd.store.samples import answered, attempt

TICK_S = 0.001
"""No two things happen at one moment."""
NOBODY = Process(0, 0.0)
CLIENT = Caller(fingerprint="client-1")
TODAY = int(NOON // 86400)


def made() -> Roster:
    limits = tuple(
        Limit(kind=kind, limit=limit)
        for kind, limit in (("tokens/day", 10_000_000), ("requests/day", 100_000), ("at once", 1000))
    )
    return roster([(provider("alpha", cost_class="free", own_limits=limits), ["a1"])])


class Request:
    """One request of a process."""

    def __init__(self, process: "Proc", name: str) -> None:
        self.process = process
        self.name = name
        tab = process.pool.clients.admit("client-1", Ceilings(), sends=100, expects=50, now=process.now())
        assert isinstance(tab, Tab)
        self.tab = tab
        self.tour = Tour(Ask(kind=Kind.CHAT, model="", input_tokens=100))
        self.claim: Claim | None = None
        self.is_asking = self.is_asked = self.is_out = False
        self.held = 0

    async def ask(self) -> None:
        process = self.process
        process.house.clock += TICK_S
        claim = process.pool.claim(self.tour, CLIENT, self.name, process.now())
        if not isinstance(claim, Claim):
            self.is_asking = False
            return
        self.claim = claim
        if process.successor is not None and not await process.successor.permits(claim, self.tour):
            self.claim = None
            self.is_asking = False
            return
        if process.is_dead:
            return
        self.is_asked = self.is_out = True
        self.held = claim.reservation.tokens
        self.tab.ask(0)
        process.store.commit_nowait([claim.reservation, *self.tab.take_charges()])

    def runs_on(self, tokens: int) -> None:
        if self.claim is None or not self.is_out or tokens <= self.held:
            return
        usage = Usage(input_tokens=100, output_tokens=tokens - 100, source=UsageSource.ESTIMATED)
        self.held = tokens
        self.tab.raise_to(tokens, 0)
        rows = self.process.pool.apply(RunsOn(claim=self.claim, usage=usage, cost_microusd=0), self.process.now())
        self.process.store.commit_nowait([*self.tab.take_charges(), *rows])

    def fails(self, seconds: float) -> None:
        """Its key is not to be asked for so long; the request may ask again."""
        process, now = self.process, self.process.now()
        if self.claim is None or not self.is_out:
            return
        failure = Failure(
            verdict=Verdict.RATE_LIMITED, message="later", until=now + seconds if seconds else None, source=HintSource.HEADER
        )
        rows = process.pool.apply(Failed(claim=self.claim, failure=failure), now)
        self.claim, self.is_asking, self.is_out = None, False, False
        self.tour.waited()
        self.tab.settle(0, 0)
        process.store.commit_nowait([*rows, *self.tab.take_charges()])

    def end(self, tokens: int) -> None:
        """It is served, or has asked nobody."""
        process, now = self.process, self.process.now()
        process.requests.remove(self)
        if self.claim is None:
            self.tab.close()
            process.store.commit_nowait(self.tab.take_charges())
            return
        usage = Usage(input_tokens=tokens // 2, output_tokens=tokens - tokens // 2, source=UsageSource.KNOWN)
        rows: list[Row] = [*process.pool.apply(Committed(claim=self.claim, latency_ms=1.0), now)]
        self.tab.settle(tokens, 0)
        rows += process.pool.apply(Ended(claim=self.claim, outcome=SERVED, usage=usage), now)
        self.tab.close()
        entry = msgspec.structs.replace(
            answered(self.name, at=now, client="client-1"), provider="alpha", credential="alpha-a1", model="m1", usage=usage
        )
        entry = msgspec.structs.replace(entry, attempts=(attempt(provider="alpha", credential="alpha-a1", model="m1"),))
        process.store.commit_nowait([*rows, *self.tab.take_charges(), entry])


class Proc:
    """A process."""

    def __init__(self, house: "House", number: int, living: set[Process], first: int = 0) -> None:
        self.house = house
        self.now = house.now
        self.me = Process(number, float(number))
        self.store = MemoryStore(house.disk, house.now, self.me)
        remembered = self.store.load(house.now(), living)
        remembered = msgspec.structs.replace(remembered, next_reservation=max(first, remembered.next_reservation))
        self.pool = Pool(made(), PoolRules(), remembered)
        self.requests: list[Request] = []
        self.successor: Successor | None = None
        self.is_dead = False
        self.scope = trio.CancelScope()
        self.over = trio.Event()
        self.predecessors = Predecessors(
            pool=self.pool,
            store=self.store,
            remembered=remembered,
            now=house.now,
            adopt=lambda sock: sock.close(),
            finished=lambda _: None,
            stop=lambda: None,
        )
        house.all.append(self)
        house.nursery.start_soon(self.run)

    async def run(self) -> None:
        with self.scope:
            async with trio.open_nursery() as self.nursery:
                await self.predecessors.run()
        self.over.set()


class Attempt:
    """A hand-over under way: the successor that is asked, and the new process, if it has come so far."""

    def __init__(self, old: Proc, number: int) -> None:
        house = old.house
        self.old = old
        ours, self.theirs = channel_pair()
        self.successor = Successor(old.pool, old.now, lambda _: None)
        self.successor._channel = Channel(ours)
        self.new: Proc | None = None
        old.predecessors.leave()
        old.pool.is_retired = True
        old.successor = self.successor
        if not old.store.hold():
            self.fail()
            return
        older, _ = old.predecessors.channels()
        living = {one.process for one in older} | {old.me}
        self.new = Proc(house, number, living, first=old.pool.next_reservation + RESERVATIONS_KEPT)
        old.store.retire(self.successor.tell)
        old.store.go_on()

    def fail(self) -> None:
        old = self.old
        self.successor.give_up()
        self.theirs.close()
        if self.new is not None:
            self.new.scope.cancel()
            self.new.is_dead = True
        old.store.retire(None)
        old.store.go_on()
        old.pool.is_retired = False
        old.successor = None
        old.predecessors.come_back()

    def go(self) -> Proc:
        old, new = self.old, self.new
        assert new is not None
        self.successor.go()
        older, channels = old.predecessors.channels()
        sockets = [socket.socket(fileno=socket.dup(channel)) for channel in channels]
        old.predecessors.hand_on()
        old.nursery.start_soon(self.successor.keep_company)
        new.predecessors.meet([*zip(older, sockets, strict=True), (Older(process=old.me, version="0"), self.theirs)])
        return new


class House:
    """All of them, and the disk."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.disk = Disk()
        self.clock = NOON
        self.number = 1
        self.all: list[Proc] = []
        self.current = Proc(self, 1, set())
        self.older: list[Proc] = []
        self.attempt: Attempt | None = None
        self.names = 0

    def now(self) -> float:
        return self.clock

    @property
    def living(self) -> list[Proc]:
        return [*self.older, self.current]

    @property
    def requests(self) -> list[Request]:
        return [request for process in self.living for request in process.requests]

    async def rest(self) -> None:
        for _ in range(3):
            await trio.testing.wait_all_tasks_blocked()

    # what may happen -----------------------------------------------------------------------------------------------------

    def admit(self, _: int) -> None:
        self.names += 1
        self.current.requests.append(Request(self.current, f"req-{self.names}"))

    def ask(self, which: int) -> None:
        waiting = [request for request in self.requests if not request.is_asking]
        if waiting:
            request = waiting[which % len(waiting)]
            request.is_asking = True
            request.process.nursery.start_soon(request.ask)

    def runs_on(self, which: int) -> None:
        if self.requests:
            self.requests[which % len(self.requests)].runs_on(500 + 10 * which)

    def end(self, which: int) -> None:
        ended = [request for request in self.requests if request.is_out or not request.is_asking]
        if ended:
            ended[which % len(ended)].end(200 + which)

    def fail(self, which: int) -> None:
        if self.requests:
            self.requests[which % len(self.requests)].fails(float(which))

    def flush(self, _: int) -> None:
        for process in self.living:
            process.store.commit_nowait(process.pool.take_unsaved(self.clock))

    def fill_disk(self, _: int) -> None:
        self.disk.is_writable = False

    def empty_disk(self, _: int) -> None:
        self.disk.is_writable = True
        self.clock += 2
        for process in self.living:
            process.store.flush()
        self.current.store.bury(NOBODY)  # what could not be written down of those who died while it was full

    def pass_time(self, which: int) -> None:
        self.clock += which

    def begin_handing_over(self, _: int) -> None:
        if self.attempt is None:
            self.number += 1
            attempt = Attempt(self.current, self.number)
            self.attempt = attempt if attempt.new is not None else None

    def fail_to_hand_over(self, _: int) -> None:
        if self.attempt is not None:
            self.attempt.fail()
            self.attempt = None

    def hand_over(self, _: int) -> None:
        if self.attempt is not None:
            self.older.append(self.current)
            self.current = self.attempt.go()
            self.attempt = None

    def kill_older(self, which: int) -> None:
        if self.older and self.attempt is None and self.disk.is_writable:  # else it took along what it was permitted to ask
            self._gone(self.older[which % len(self.older)])

    def end_older(self, which: int) -> None:
        done = [process for process in self.older if not process.requests]
        if done and self.attempt is None and self.disk.is_writable:  # else it takes along what it could not write
            process = done[which % len(done)]
            process.store.flush()
            process.nursery.start_soon(self._farewell, process)

    async def _farewell(self, process: Proc) -> None:
        assert process.successor is not None
        await process.successor.farewell()
        if not process.is_dead:
            self._gone(process)

    def _gone(self, process: Proc) -> None:
        self.older.remove(process)
        process.is_dead = True
        process.requests.clear()
        process.scope.cancel()
        self.nursery.start_soon(self._let_go, process)

    @staticmethod
    async def _let_go(process: Proc) -> None:
        """The kernel closes what a process had open."""
        await process.over.wait()
        process.predecessors.hand_on()
        if process.successor is not None:
            process.successor._its_channel.close()

    def crash(self, _: int) -> None:
        """Everybody is killed at once, and one starts anew."""
        if self.attempt is not None:
            return
        self.current.scope.cancel()
        self.current.is_dead = True
        self.nursery.start_soon(self._let_go, self.current)
        for process in list(self.older):
            self._gone(process)
        self.number += 1
        self.current = Proc(self, self.number, set())

    def close(self) -> None:
        if self.attempt is not None:
            self.attempt.theirs.close()
        for process in self.all:
            process.predecessors.hand_on()
            if process.successor is not None:
                process.successor._its_channel.close()

    # what holds then -----------------------------------------------------------------------------------------------------

    async def check(self) -> None:
        self.fail_to_hand_over(0)
        self.empty_disk(0)
        await self.rest()
        rows = list(self.disk.ledger.values())
        pool, now = self.current.pool, self.clock
        used = {window.kind: window.used for window in pool.snapshot(now).book.windows(now)}
        held = [row for row in rows if row.state is State.HELD]
        spent = {
            "tokens/day": sum(map(tokens_of, rows)),
            "at once": len(held),
        }
        assert {kind: used.get(kind, 0) for kind in spent} == spent
        theirs = [row for row in held if row.process != self.current.me]
        assert len(pool.elsewhere) == len(theirs)
        standing = pool.clients.standing("client-1", now)
        charged = self.disk.charged.get(("client-1", TODAY))
        unasked = [request for request in self.current.requests if not request.is_asked]
        known = (standing.requests - len(unasked), standing.tokens - 150 * len(unasked))
        assert known == ((charged.requests, charged.tokens) if charged is not None else (0, 0))
        assert standing.at_once == len(self.current.requests) + len(theirs)
        asked = {row.reservation.request_id for row in held}
        assert asked == {request.name for request in self.requests if request.is_out}
        stored = {where: block.until for where, block in self.disk.blocks.items() if block.until > now}
        assert {(one.scope, one.reason): one.until for one in pool.snapshot(now).blocks if one.until > now} == stored


def tokens_of(row: LedgerRow) -> int:
    return row.settlement.tokens if row.settlement is not None else row.reservation.tokens


EVENTS: tuple[Callable[[House, int], None], ...] = (
    House.admit,
    House.ask,
    House.runs_on,
    House.end,
    House.fail,
    House.flush,
    House.fill_disk,
    House.empty_disk,
    House.pass_time,
    House.begin_handing_over,
    House.fail_to_hand_over,
    House.hand_over,
    House.kill_older,
    House.end_older,
    House.crash,
)
events = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 9), st.booleans()), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(events)
def test_the_newest_knows_what_all_of_them_spent_and_hold(
    happened: list[tuple[Callable[[House, int], None], int, bool]],
) -> None:
    async def live() -> None:
        house: House | None = None
        try:
            async with trio.open_nursery() as nursery:
                house = House(nursery)
                await house.rest()
                for event, which, is_heard in happened:
                    if event is House.kill_older:
                        await house.rest()
                    house.clock += TICK_S
                    event(house, which)
                    if is_heard or event in (House.begin_handing_over, House.crash):
                        await house.rest()
                await house.check()
                nursery.cancel_scope.cancel()
        finally:
            if house is not None:
                house.close()

    trio.run(live)
