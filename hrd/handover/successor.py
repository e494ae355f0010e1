"""The process that takes over from this one, as this one sees it: from its start to our own end.

Until it has said `Ready` and heard `Go` nothing is given up; whatever goes wrong is `NotTakenOver`. Afterwards it is told of
every row that is written here, is asked before a candidate is, and is given the connections of clients that wait for their
next request. When it is gone, this process goes by what it knows: its own range of reservation numbers is nobody else's.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import trio

from hrd.core.facts import Claim
from hrd.core.ledger import Settlement
from hrd.core.remembered import Row
from hrd.core.tour import Tour
from hrd.handover.channel import Channel, ChannelGone, channel_pair
from hrd.handover.messages import (
    AnyMessage,
    Begun,
    CannotStart,
    Farewell,
    Given,
    Go,
    Hello,
    Loaded,
    May,
    MayI,
    Message,
    Older,
    Prepared,
    Progress,
    Ready,
    StopBy,
    StopToo,
    Turn,
    packets,
    rows_of,
)
from hrd.handover.spawn import Spawned, spawn
from hrd.pool import Pool

M = TypeVar("M", bound=Message)

RESERVATIONS_KEPT = 1_000_000
"""So many numbers stay this process's own, for what it still asks."""
REAP_S = 0.02
TRIM_S = 0.1
LINE_MAX = 300
"""Characters of its last line that are told."""
ANSWER_S = 1.0
"""A successor that is slower to permit a claim is not waited for."""
PROGRESS_S = 0.5
FAREWELL_S = 2.0


class NotTakenOver(Exception):  # noqa: N818 - says what happened
    """The new process failed before anything was given up. The message says why, *hint* what to type about it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


class Successor:
    """See the module's docstring."""

    def __init__(self, pool: Pool, now: Callable[[], float], stop: Callable[[float], None]) -> None:
        """*stop*: it wants us to end within so many seconds."""
        self.version = ""
        self._pool = pool
        self._now = now
        self._stop = stop
        self._spawned: Spawned | None = None
        self._channel: Channel | None = None
        self._decided = trio.Event()
        self._has_taken_over = False
        self._untold: list[tuple[int, Sequence[Row]]] = []
        self._number = 0
        self._asked: dict[int, tuple[trio.Event, list[May]]] = {}

    @property
    def pid(self) -> int:
        return self._spawned.pid if self._spawned is not None else 0

    # before anything is given up -----------------------------------------------------------------------------------------

    async def prepare(self, environ: Mapping[str, str], hello: Hello, descriptors: Sequence[int]) -> None:
        """Start it, and wait until it has all but the ledger. Raises `NotTakenOver`."""
        ours, its = channel_pair()
        self._channel = Channel(ours)
        with its:
            try:
                self._spawned = spawn(environ, its)
            except OSError as error:
                raise NotTakenOver(f"the new process could not be started: {error.strerror or error}") from None
        begun = await self._expect(Begun)
        self._spawned.pid = begun.pid
        self._channel.send(hello, descriptors)
        self.version = (await self._expect(Prepared)).version
        while not self._spawned.reap():  # noqa: ASYNC110 - it is about to end, and there is no event to wait for
            await trio.sleep(REAP_S)

    async def load(self, older: Sequence[Older], channels: Sequence[int]) -> None:
        """The ledger is complete: wait until it is read. Raises `NotTakenOver`."""
        first = self._pool.next_reservation + RESERVATIONS_KEPT
        self._its_channel.send(Turn(next_reservation=first, older=tuple(older)), channels)
        await self._expect(Loaded)

    async def wait_ready(self) -> None:
        """Raises `NotTakenOver`."""
        await self._expect(Ready)

    async def _expect(self, kind: type[M]) -> M:
        try:
            message = await self._next_message()
        except ChannelGone:
            raise NotTakenOver(self._last_words()) from None
        if isinstance(message, CannotStart):
            raise NotTakenOver("; ".join(message.lines), message.hint)
        if not isinstance(message, kind):
            raise NotTakenOver(f"the new process said {type(message).__name__} where {kind.__name__} was expected")
        return message

    async def _next_message(self) -> AnyMessage:
        """Whatever else it says meanwhile, and however much of it, takes no memory."""
        while True:
            with trio.move_on_after(TRIM_S):
                return (await self._its_channel.receive()).message
            if self._spawned is not None:
                self._spawned.trim()

    def _last_words(self) -> str:
        words = self._spawned.words() if self._spawned is not None else ""
        last = words.rpartition("\n")[2][-LINE_MAX:]
        return f"the new process ended before it was ready{': ' if last else ''}{last}"

    @property
    def is_gone(self) -> bool:
        """It, and whoever took over from it."""
        return self._its_channel.is_gone

    @property
    def words(self) -> str:
        """Everything that it wrote before it failed."""
        return self._spawned.words() if self._spawned is not None else ""

    def give_up(self) -> None:
        """It does not take over: end it, and go on."""
        if self._spawned is not None:
            self._spawned.kill()
            self._spawned.close()
        if self._channel is not None:
            self._channel.close()
        self._decided.set()

    @property
    def _its_channel(self) -> Channel:
        assert self._channel is not None, "it was started"
        return self._channel

    # afterwards ----------------------------------------------------------------------------------------------------------

    def go(self) -> None:
        """All is its own from now on."""
        self._has_taken_over = True
        self._its_channel.send(Go())
        untold, self._untold = self._untold, []
        for number, rows in untold:
            self.tell(number, rows)
        if self._spawned is not None:
            self._spawned.close()
        self._decided.set()

    async def keep_company(self) -> None:
        """Hear what it says, until it is gone."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._its_channel.pump)
            try:
                while True:
                    self._hear((await self._its_channel.receive()).message)
            except ChannelGone:
                nursery.cancel_scope.cancel()
        for event, _ in self._asked.values():
            event.set()

    def _hear(self, message: AnyMessage) -> None:
        if isinstance(message, StopBy):
            self._stop(message.seconds)
        elif isinstance(message, May) and message.number in self._asked:
            event, answers = self._asked[message.number]
            answers.append(message)
            event.set()

    async def permits(self, claim: Claim, tour: Tour) -> bool:
        """See `hrd.exchange.Successor`. While the work changes hands, this waits until it is known whose it is."""
        try:
            await self._decided.wait()
            if not self._has_taken_over or self._its_channel.is_gone:
                return True
            may = await self._ask(claim, insists=claim.candidate.key in tour.denied)
        except trio.Cancelled:
            self._pool.take_back(claim, tour, self._now())
            self.tell(0, [Settlement(id=claim.reservation.id, at=self._now(), tokens=0, outcome="given up")])
            raise
        if may is None or may.granted:
            return True
        tour.denied.add(claim.candidate.key)
        self._pool.take_back(claim, tour, self._now())
        for row in rows_of(may.rows):
            self._pool.heed(row, self._now())
        return False

    async def _ask(self, claim: Claim, *, insists: bool) -> May | None:
        self._number += 1
        number, event, answers = self._number, trio.Event(), list[May]()
        self._asked[number] = (event, answers)
        self._its_channel.send(MayI(number=number, reservation=claim.reservation, insists=insists))
        try:
            with trio.move_on_after(ANSWER_S):
                await event.wait()
        finally:
            del self._asked[number]
        return answers[0] if answers else None

    def tell(self, number: int, rows: Sequence[Row]) -> None:
        """It hears of what was written here since it read the ledger; *number*: see `hrd.store.contract.Told`."""
        if not self._has_taken_over:
            self._untold.append((number, tuple(rows)))
            return
        for packet in packets(number, rows):
            self._its_channel.send(packet)

    def give(self, connection: socket.socket) -> None:
        """A client's connection that waits for its next request."""
        self._its_channel.give(Given(), connection)

    def stop(self) -> None:
        """Whoever is the daemon now is to stop."""
        self._its_channel.send(StopToo())

    async def report(self, in_flight: Callable[[], int], seconds_left: Callable[[], float]) -> None:
        """Say how far we are, until cancelled."""
        while True:
            self._its_channel.send(Progress(in_flight=in_flight(), seconds_max=seconds_left()))
            await trio.sleep(PROGRESS_S)

    async def farewell(self) -> None:
        """All is settled and said."""
        self._its_channel.send(Farewell())
        with trio.move_on_after(FAREWELL_S):
            await self._its_channel.wait_sent()
