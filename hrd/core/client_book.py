"""The client book: what the holders of client keys have asked for and spent. What they may is in `core.ceilings`.

`admit` looks and takes in one breath. Its tab knows what one request has set aside and spent; the differences are charges, and
are stored with whatever is stored next: before the request is sent, and before its reply is over.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from hrd.core.ceilings import DAY_S, Ceilings, ClientStanding, why_not, why_too_dear
from hrd.core.ledger import Reservation
from hrd.core.refusals import Refusal
from hrd.core.remembered import AskedAt, Charge

EXPECTED_OUTPUT_TOKENS = 512
"""What a reply is taken to come to before anything is known of it; a smaller max_tokens lowers it."""
SLOT_S = 0.25
"""Requests of so long a time are counted together: a minute may be so much longer than one."""
SLOTS = int(60 / SLOT_S)
DAYS_KEPT = 4
"""A clock that jumped over midnight and back, or was in another year for a day or two, must not forgive anything."""


class _Spent(msgspec.Struct):
    requests: int = 0
    tokens: int = 0
    cost_microusd: int = 0
    tokens_aside: int = 0
    microusd_aside: int = 0
    """Of both, what is set aside for requests under way."""

    def add(self, requests: int, tokens: int, cost_microusd: int) -> None:
        self.requests += requests
        self.tokens += tokens
        self.cost_microusd += cost_microusd


class _Minute:
    """Requests of the last minute."""

    def __init__(self) -> None:
        self._slots: deque[list[int]] = deque()
        """Number of the slot, requests in it; the newest last."""
        self._total = 0

    def count(self, now: float) -> None:
        slot, slots = int(now // SLOT_S), self._slots
        if not slots or slots[-1][0] != slot:
            self._forget(slot)
            if not slots or slots[-1][0] < slot:
                slots.append([slot, 0])
        slots[-1][1] += 1
        self._total += 1

    def requests(self, now: float) -> int:
        self._forget(int(now // SLOT_S))
        return self._total

    def room_in_s(self, now: float) -> float:
        """Until the oldest no longer counts."""
        return (self._slots[0][0] + 1 + SLOTS) * SLOT_S - now if self._slots else 0.0

    def _forget(self, slot: int) -> None:
        """Those of a clock that was set back count for another minute, not for longer."""
        while self._slots and self._slots[0][0] < slot - SLOTS:
            self._total -= self._slots.popleft()[1]
        while self._slots and self._slots[-1][0] > slot + SLOTS:
            self._total -= self._slots.pop()[1]


class _Client:
    """What the book knows of one key."""

    def __init__(self) -> None:
        self.at_once = 0
        self.minute = _Minute()
        self._days: dict[int, _Spent] = {}

    def day(self, number: int) -> _Spent:
        spent = self._days.get(number)
        if spent is None:
            spent = self._days[number] = _Spent()
            while len(self._days) > DAYS_KEPT:
                del self._days[next(iter(self._days))]
        return spent

    def is_idle(self, today: int) -> bool:
        return not self.at_once and all(day < today or spent == _Spent() for day, spent in self._days.items())

    def standing(self, now: float) -> ClientStanding:
        spent = self.day(int(now // DAY_S))
        return ClientStanding(
            at_once=self.at_once,
            in_minute=self.minute.requests(now),
            room_in_s=self.minute.room_in_s(now),
            requests=spent.requests,
            tokens=spent.tokens,
            cost_microusd=spent.cost_microusd,
            tokens_aside=spent.tokens_aside,
        )


class ClientBook:
    """See the module's docstring. Every tab that `admit` gives is closed once."""

    def __init__(
        self, charged: Iterable[Charge] = (), asked_lately: Iterable[AskedAt] = (), held: Iterable[Reservation] = ()
    ) -> None:
        """What a store remembers: charges of this day and of those next to it, the requests of the last minute, what other
        processes still hold."""
        self._clients: dict[str, _Client] = {}
        self._elsewhere: dict[int, str] = {}
        """Reservations of other processes, and whose they are."""
        for charge in charged:
            self.follow(charge)
        for client, at in asked_lately:
            self._of(client).minute.count(at)
        for reservation in held:
            self.begin_elsewhere(reservation)

    def _of(self, client: str) -> _Client:
        found = self._clients.get(client)
        if found is None:
            found = self._clients[client] = _Client()
        return found

    def admit(self, client: str, ceilings: Ceilings, *, sends: int, expects: int, now: float) -> "Tab | Refusal":
        """Let a request of *sends* tokens in, which expects a reply of *expects*, or say which ceiling it meets."""
        book = self._of(client)
        if ceilings != NO_CEILINGS:
            refusal = why_not(ceilings, book.standing(now), sends, now)
            if refusal is not None:
                return refusal
        today = int(now // DAY_S)
        aside = sends + expects
        if ceilings.tokens_day:
            aside = min(aside, ceilings.tokens_day - book.day(today).tokens)
        book.at_once += 1
        book.minute.count(now)
        return Tab(client, book, today, ceilings, tokens=aside)

    def standing(self, client: str, now: float) -> ClientStanding:
        found = self._clients.get(client)
        return found.standing(now) if found is not None else ClientStanding()

    def keep_only(self, clients: Iterable[str], now: float) -> None:
        """Keys that were revoked are forgotten, once nothing of theirs runs and their day is over: they may come back."""
        kept, today = set(clients), int(now // DAY_S)
        idle = [name for name, book in self._clients.items() if name not in kept and book.is_idle(today)]
        for client in idle:
            del self._clients[client]

    # other processes -----------------------------------------------------------------------------------------------------

    def follow(self, charge: Charge) -> None:
        """Another process, or one before this, has spent this."""
        self._of(charge.client).day(charge.day).add(charge.requests, charge.tokens, charge.cost_microusd)

    def begin_elsewhere(self, reservation: Reservation) -> None:
        """Another process asks somebody for a client."""
        if reservation.client and reservation.id not in self._elsewhere:
            self._elsewhere[reservation.id] = reservation.client
            self._of(reservation.client).at_once += 1

    def end_elsewhere(self, number: int) -> None:
        """That is over; numbers that are not known are nobody's."""
        client = self._elsewhere.pop(number, None)
        if client is not None:
            self._of(client).at_once -= 1


NO_CEILINGS = Ceilings()


class Tab:
    """What one admitted request has set aside and spent."""

    __slots__ = (
        "_aside_microusd",
        "_aside_tokens",
        "_book",
        "_client",
        "_cost_max",
        "_day",
        "_is_asked",
        "_is_open",
        "_spent",
        "_tokens_max",
        "_unsaved_microusd",
        "_unsaved_requests",
        "_unsaved_tokens",
    )

    def __init__(self, client: str, book: _Client, day: int, ceilings: Ceilings, *, tokens: int) -> None:
        self._client = client
        self._book = book
        self._day = day
        self._spent = book.day(day)
        self._cost_max, self._tokens_max = ceilings.cost_day_microusd, ceilings.tokens_day
        self._aside_tokens = tokens
        self._aside_microusd = 0
        self._is_asked = False
        self._is_open = True
        self._spent.requests += 1
        self._spent.tokens += tokens
        self._spent.tokens_aside += tokens
        self._unsaved_requests, self._unsaved_tokens, self._unsaved_microusd = 1, tokens, 0

    @property
    def has_cost_ceiling(self) -> bool:
        return self._cost_max > 0

    @property
    def left_microusd(self) -> int:
        """Of the cost ceiling, if there is one."""
        return max(0, self._cost_max - self._spent.cost_microusd)

    def why_too_dear(self, sends_microusd: int | None) -> str:
        """See `ceilings.why_too_dear`."""
        if not self._cost_max:
            return ""
        over = max(0, self._spent.cost_microusd - self._cost_max)
        return why_too_dear(self.left_microusd, sends_microusd, max(0, self._spent.microusd_aside - over))

    def ask(self, cost_microusd: int | None, tokens: int = 0) -> None:
        """Somebody is asked who may cost so much, and whose replies usually come to *tokens* with what is sent: that is set
        aside, as far as it fits."""
        self._is_asked = True
        cost = cost_microusd or 0
        self._aside_microusd = min(cost, self.left_microusd) if self._cost_max else cost
        more = max(0, min(tokens - self._aside_tokens, self._tokens_max - self._spent.tokens))
        if cost or more:
            self._aside_tokens += more
            self._set_aside(more, self._aside_microusd)

    def raise_to(self, tokens: int, cost_microusd: int | None) -> None:
        """The attempt has come to so much already, and goes on: what was not set aside of it counts from now on."""
        more_tokens = max(0, tokens - self._aside_tokens)
        more_microusd = max(0, (cost_microusd or 0) - self._aside_microusd)
        self._aside_tokens += more_tokens
        self._aside_microusd += more_microusd
        self._set_aside(more_tokens, more_microusd)

    def settle(self, tokens: int, cost_microusd: int | None) -> None:
        """The attempt is over and came to this; nothing of it, if it was not made after all."""
        self._charge(tokens, cost_microusd or 0)
        self._set_aside(0, -self._aside_microusd)
        self._aside_microusd = 0

    def close(self) -> None:
        """The request has ended. Nothing happens the second time."""
        if self._is_open:
            self._is_open = False
            self._book.at_once -= 1
            self._set_aside(-self._aside_tokens, 0)
            if not self._is_asked:
                self._spent.requests -= 1

    def take_charges(self) -> tuple[Charge, ...]:
        """What came since the last call, to be stored. A request that was not sent is nobody's business."""
        requests, tokens, cost_microusd = self._unsaved_requests, self._unsaved_tokens, self._unsaved_microusd
        if not self._is_asked or not (requests or tokens or cost_microusd):
            return ()
        self._unsaved_requests = self._unsaved_tokens = self._unsaved_microusd = 0
        return (Charge(client=self._client, day=self._day, requests=requests, tokens=tokens, cost_microusd=cost_microusd),)

    def _set_aside(self, tokens: int, cost_microusd: int) -> None:
        self._spent.tokens_aside += tokens
        self._spent.microusd_aside += cost_microusd
        self._charge(tokens, cost_microusd)

    def _charge(self, tokens: int, cost_microusd: int) -> None:
        spent = self._spent
        spent.tokens += tokens
        spent.cost_microusd += cost_microusd
        self._unsaved_tokens += tokens
        self._unsaved_microusd += cost_microusd
