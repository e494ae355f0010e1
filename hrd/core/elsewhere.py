"""Elsewhere: what processes that have handed over to this one still hold and learn, in the books of this one.

They finish what they began, and write it into the same database. Each row that they write comes here too, so that what is left
of a quota, and who is blocked, is known as if the requests were our own. Before they ask anybody anew they ask here.
"""

from collections.abc import Callable, Iterable, MutableMapping, Sequence

import msgspec

from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block, holds_on
from hrd.core.client_book import ClientBook
from hrd.core.day_book import DayBook
from hrd.core.journal import SERVED
from hrd.core.learned import Learning
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.pin import Pin
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.window import Window
from hrd.core.remembered import AccountNamed, BlockLifted, Charge, DayCounts, EmbeddingPin, Learned, Row

LOST = "lost"


class Elsewhere:
    """Changes the pool's books; owned by the pool."""

    def __init__(
        self,
        held: Iterable[Reservation],
        since: float,
        *,
        blocks: BlockBook,
        quota: QuotaBook,
        learning: Learning,
        pin: Pin,
        today: DayBook,
        named: MutableMapping[str, str],
        clients: ClientBook,
        meet: Callable[[Sequence[str], float], None],
    ) -> None:
        """*held*: what the database says that they hold; *since*: when it was read. What is set later is ours. *meet* makes the
        windows of whoever has such scopes: nobody may have asked there in this process yet."""
        self._held = {reservation.id: reservation for reservation in held}
        self._meet = meet
        for reservation in self._held.values():
            meet(reservation.scopes, since)
            quota.hold_slots(reservation.id, reservation.scopes, reservation.at)
        self._since = since
        self._blocks = blocks
        self._quota = quota
        self._learning = learning
        self._pin = pin
        self._today = today
        self._named = named
        self._clients = clients

    def __len__(self) -> int:
        """How many reservations are out there."""
        return len(self._held)

    def lend(self, reservation: Reservation, now: float, *, insists: bool) -> list[Row]:
        """Another process would ask a candidate. What stands against it; if nothing does, or it *insists*, it is reserved."""
        against = [] if insists else self._against(reservation, now)
        if not against:
            self._hold(reservation, now)
        return against

    def _hold(self, reservation: Reservation, now: float) -> None:
        self._held[reservation.id] = reservation
        self._clients.begin_elsewhere(reservation)
        self._meet(reservation.scopes, now)
        self._quota.reserve_at(reservation.id, reservation.scopes, reservation.tokens, now)
        if self._blocks.touches(reservation.scopes):
            self._blocks.begin(reservation.scopes, reservation.id)

    def _against(self, reservation: Reservation, now: float) -> list[Row]:
        hindrance = self._blocks.hindrance(reservation.scopes, now)
        if hindrance is not None:
            return [hindrance]
        return list(self._quota.full_at(reservation.scopes, reservation.tokens, now))

    def follow(self, row: Row, now: float) -> list[Row]:
        """Another process has written *row*. What is to be written over it, because ours is newer."""
        match row:
            case Reservation():
                if row.id not in self._held:  # lent by the process before this one, or by nobody: we were too slow to answer
                    self._hold(row, now)
            case Raised():
                self._raise(row, now)
            case Settlement():
                self._settle(row, now)
            case Block():
                return self._block(row)
            case BlockLifted():
                return self._lift(row)
            case Window():
                self._quota.follow(row)
            case Learned():
                self._learning.follow(row)
            case EmbeddingPin():
                return self._set_pin(row)
            case AccountNamed():
                self._named[row.credential] = row.account
            case Charge():
                self._clients.follow(row)
            case _:
                pass  # entries are counted, lists of models read by this process alone
        return []

    def heed(self, row: Row, now: float) -> None:
        """The process that has taken over says what stands against a claim of ours."""
        if isinstance(row, Window):
            self._quota.heed(row, now)
        else:
            self.follow(row, now)

    def count(self, counts: DayCounts, begun_at: float, now: float) -> None:
        """What another process's request adds to its day."""
        self._today.add(counts, begun_at, now)

    def gone(self, numbers: Iterable[int], now: float) -> None:
        """Whoever held these is no more, and nobody else settles them: they count as spent, and are out no longer."""
        for number in numbers:
            held = self._held.get(number)
            if held is not None:
                self._settle(Settlement(id=number, at=now, tokens=held.tokens, outcome=LOST), now)

    def all_gone(self, now: float) -> None:
        """Nobody is left who could settle anything."""
        self.gone(list(self._held), now)

    def _raise(self, row: Raised, now: float) -> None:
        held = self._held.get(row.id)
        if held is not None:
            self._quota.raise_at(row.id, held.scopes, held.at, held.tokens, row.tokens, now)
            self._held[row.id] = msgspec.structs.replace(held, tokens=row.tokens)

    def _settle(self, row: Settlement, now: float) -> None:
        held = self._held.pop(row.id, None)
        if held is not None:
            if row.outcome == SERVED:
                self._quota.answered(row.id, now)
            self._quota.settle_at(row.id, held.scopes, held.at, held.tokens, row.tokens, now)
            self._blocks.end(row.id)
            self._clients.end_elsewhere(row.id)

    def _block(self, row: Block) -> list[Row]:
        ours = self._blocks.get(row.scope, row.reason)
        if ours is not None and holds_on(ours, row.until, row.source):
            return [ours]
        return [*self._blocks.put(row)]

    def _set_pin(self, row: EmbeddingPin) -> list[Row]:
        """Of two processes that found nothing pinned the one that pinned first is right."""
        ours = self._pin.pair
        if ours is None or not row.provider or ours == (row.provider, row.model):
            self._pin.set((row.provider, row.model) if row.provider else None, row.at)
            return []
        if self._pin.at <= row.at:
            return [EmbeddingPin(provider=ours[0], model=ours[1], at=self._pin.at)]
        self._pin.set((row.provider, row.model), row.at)
        return [row]

    def _lift(self, row: BlockLifted) -> list[Row]:
        block = self._blocks.get(row.scope, row.reason)
        if block is not None and block.set_at > self._since:
            return [block]
        self._blocks.forget_one(row.scope, row.reason)
        return []
