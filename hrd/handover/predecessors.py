"""Processes that have handed over to this one and finish what they had: what they say, and what they are told."""

import socket
from collections.abc import Callable, Sequence

import msgspec
import trio

from hrd.core.journal import Entry
from hrd.core.ledger import Reservation, Settlement
from hrd.core.remembered import DayCounts, Remembered, Row
from hrd.handover.channel import Channel, ChannelGone, Packet
from hrd.handover.messages import Farewell, Given, May, MayI, Older, Progress, Rows, StopBy, StopToo, rows_of, sent
from hrd.pool import Pool
from hrd.store.contract import Store
from hrd.store.counting import HOUR_S, Totals, count


class Finishing(msgspec.Struct, frozen=True, kw_only=True):
    """How far one of them is."""

    pid: int
    version: str
    in_flight: int
    until: float
    """When it ends at the latest, Unix seconds."""


class Predecessor:
    """One of them."""

    def __init__(self, older: Older, channel: Channel, known_through: int, holds: set[int]) -> None:
        self.older = older
        self.channel = channel
        self.known_through = known_through
        """The number of its last write that this process has read in the database."""
        self.holds = holds
        """Its reservations that are not settled, as far as this process knows."""
        self.in_flight = 0
        self.until = 0.0

    def note(self, row: Row) -> None:
        """It has written *row*."""
        if isinstance(row, Reservation):
            self.holds.add(row.id)
        elif isinstance(row, Settlement):
            self.holds.discard(row.id)


class Predecessors:
    """All of them. *remembered*: what was read in the database. *adopt* serves a client's connection, *finished* hears of each
    entry that they write; *stop* is called when one of them was told to stop and we are meant."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: Store,
        remembered: Remembered,
        now: Callable[[], float],
        adopt: Callable[[socket.socket], None],
        finished: Callable[[Entry], None],
        stop: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._store = store
        self._remembered = remembered
        self._now = now
        self._adopt = adopt
        self._finished = finished
        self._stop = stop
        self._all: list[Predecessor] = []
        self._scope = trio.CancelScope()
        self._is_heard = trio.Event()

    def __len__(self) -> int:
        return len(self._all)

    def finishing(self) -> tuple[Finishing, ...]:
        return tuple(
            Finishing(pid=one.older.process.pid, version=one.older.version, in_flight=one.in_flight, until=one.until)
            for one in self._all
        )

    def meet(self, older: Sequence[tuple[Older, socket.socket]]) -> None:
        """Hear them from now on."""
        known = self._remembered
        for one, sock in older:
            holds = {number for number, process in known.held_by.items() if process == one.process}
            self._all.append(Predecessor(one, Channel(sock), known.told_through.get(one.process, 0), holds))
        self._is_heard.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._is_heard.wait()
            if not self._is_heard.is_set():  # `leave` came between
                continue
            with trio.CancelScope() as self._scope:
                async with trio.open_nursery() as nursery:
                    for one in list(self._all):
                        nursery.start_soon(self._keep_company, one)
                self._is_heard = trio.Event()

    def leave(self) -> None:
        """Hear nobody for now: what they say waits in their channels, for whoever hears them next."""
        self._is_heard = trio.Event()
        self._scope.cancel()

    def come_back(self) -> None:
        """Hear them again."""
        self._is_heard.set()

    def hand_on(self) -> None:
        """Another process hears them."""
        for one in self._all:
            one.channel.close()
        self._all.clear()

    def channels(self) -> tuple[tuple[Older, ...], tuple[int, ...]]:
        """To be handed on."""
        return tuple(one.older for one in self._all), tuple(one.channel.fileno() for one in self._all)

    def stop(self, seconds: float) -> None:
        """All of them are to end within so many *seconds*."""
        for one in self._all:
            one.channel.send(StopBy(seconds=seconds))

    async def wait_gone(self) -> None:
        while self._all:  # noqa: ASYNC110 - while stopping only
            await trio.sleep(0.02)

    async def _keep_company(self, one: Predecessor) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.channel.pump)
            try:
                while self._hear(one, await one.channel.receive()):
                    pass
            except ChannelGone:
                pass  # it died, and could not say farewell
            self._store.bury(one.older.process)
            self._all.remove(one)
            one.channel.close()
            self._pool.elsewhere.gone(one.holds, self._now())
            if not self._all:
                self._pool.elsewhere.all_gone(self._now())
            nursery.cancel_scope.cancel()

    def _hear(self, one: Predecessor, packet: Packet) -> bool:
        """Whether there is more to come."""
        match packet.message:
            case Rows(rows=rows, number=number):
                self._follow(one, rows_of(rows), is_known=0 < number <= one.known_through)
            case MayI() as ask:
                against = self._pool.elsewhere.lend(ask.reservation, self._now(), insists=ask.insists)
                if not against:
                    one.holds.add(ask.reservation.id)
                rows = tuple(sent(row) for row in against)
                one.channel.send(May(number=ask.number, granted=not against, rows=rows))
            case Progress() as progress:
                one.in_flight, one.until = progress.in_flight, self._now() + progress.seconds_max
            case Given():
                for descriptor in packet.descriptors:
                    self._adopt(socket.socket(fileno=descriptor))
            case StopToo():
                self._stop()
            case Farewell():
                return False
            case _:
                pass  # of another version: not for us
        return True

    def _follow(self, one: Predecessor, rows: Sequence[Row], *, is_known: bool) -> None:
        """What it wrote while the work changed hands is read in the database, and heard of here once more."""
        now = self._now()
        ours: list[Row] = []
        for row in rows:
            one.note(row)
            if not is_known:
                ours.extend(self._pool.follow(row, now))
            if isinstance(row, Entry):
                if not is_known:
                    self._count(row, now)
                self._finished(row)
        if ours:
            self._store.commit_nowait(ours)

    def _count(self, entry: Entry, now: float) -> None:
        totals: Totals = {}
        count(entry, totals)
        for (hour, provider, credential, _, _), counts in totals.items():
            if provider:
                day = DayCounts(
                    provider=provider,
                    credential=credential,
                    requests=counts.attempts,
                    errors=counts.failed,
                    input_tokens=counts.input_tokens,
                    output_tokens=counts.output_tokens,
                )
                self._pool.elsewhere.count(day, hour * HOUR_S, now)
