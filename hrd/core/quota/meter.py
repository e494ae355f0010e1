"""A meter: one window that counts. Pure arithmetic on its own state; every verb takes `now`.

Clocks jump. A sliding window never waits longer than its span, a fixed one ends at its boundary as of now, and a span that the
clock jumped out of, and back into, is taken up again with both counts.
"""

from collections import deque
from math import ceil
from typing import Protocol

from hrd.core.quota import kinds
from hrd.core.quota.count import Count
from hrd.core.quota.kinds import DAY_S, HOUR_S, MINUTE_S, PLAN
from hrd.core.quota.slide import Slide
from hrd.core.quota.window import (
    CATALOGUE,
    FIRST_USE,
    FIXED,
    IN_FLIGHT,
    NOBODY,
    REFILL,
    REFUSALS,
    SAID,
    SAID_BY_PROVIDER,
    SLIDING,
    Turn,
    Window,
)
from hrd.core.times import WAIT_MAX_S, next_boundary

BOUNDARY_SKEW_S = 1.0
"""The provider's clock may be this much behind: a used-up window of the calendar opens that much later."""
DOUBTED_S = 60.0
"""How long before what is in doubt is looked at: what was in flight is over then."""
READ_LATE_S = 2.0
"""So much sooner may a window end that was said to end so long from then: it was rounded, sent and read."""
ON_THE_WAY_S = 0.5
"""Between our count and the provider's."""
NO_SPAN_S = 60.0
"""A window whose span nobody said."""
TESTS_A_DAY = 8


class Watcher(Protocol):
    """Whoever has looked at a meter, and has to look again when it changes."""

    is_stale: bool

    def touch(self) -> None: ...


class Meter:
    """See the module's docstring. `used` includes what is reserved."""

    __slots__ = (
        "_left",
        "begun_at",
        "carried",
        "claimed",
        "doubt",
        "ends_at",
        "epoch",
        "is_assumed",
        "is_implied",
        "is_known",
        "is_of_tokens",
        "is_relative",
        "is_sized",
        "is_stored",
        "is_testing",
        "kind",
        "lanes",
        "length_s",
        "lessons",
        "limit",
        "limit_at",
        "loose",
        "measure",
        "more",
        "opens_at",
        "owner",
        "pending",
        "refilled_at",
        "refills_seen",
        "reserved_total",
        "said",
        "scope",
        "settled_last",
        "settled_total",
        "slide",
        "source",
        "span_s",
        "spare",
        "test_at",
        "test_s",
        "tests",
        "turns",
        "used",
        "zone",
    )

    def __init__(self, row: Window) -> None:
        self.scope, self.kind, self.owner = row.scope, row.kind, row.owner
        self.measure = kinds.measure_of(row.kind)
        self.is_of_tokens, self.is_sized = self.measure in kinds.OF_TOKENS, self.measure in kinds.SIZED
        self.span_s = kinds.span_s(row.kind)
        self.length_s = self.span_s if self.span_s is not None else NO_SPAN_S
        self.turns = row.turn
        self.zone = row.zone
        self.limit = row.limit
        self.is_implied = row.is_implied
        self.is_known = row.is_known
        self.source = row.source
        self.limit_at = row.limit_at
        self.claimed: int | None = row.limit if row.source == CATALOGUE else None
        """The catalogue's word."""
        self.used = row.used if row.turn is not IN_FLIGHT else 0  # whoever was in flight is no more
        self.begun_at, self.ends_at = row.begun_at, row.ends_at
        self.is_relative, self.is_assumed = row.is_relative, False
        """`is_assumed`: nobody has said yet when this span of it ends."""
        self.carried = row.carried
        """So much was reserved when it may have ended already: it counts in the next span as well."""
        self.slide = Slide(row.spans)
        """SLIDING: what leaves it when."""
        self._left: tuple[float, float, int] | None = None
        """The span before, or one that the clock jumped back out of: when it began, when it ends, and what was used of it that
        `used` does not have."""
        self.epoch = 0
        self.pending = 0
        self.spare = self.loose = 0
        """So much more than was reserved may what is in flight come to: no other request is let in on it. And so much less."""
        self.doubt = row.doubt
        """So much of what is used no reply has confirmed: whoever sent it died, or heard nothing. It counts as spent, until the
        window is full: then one request may find out."""
        self.said = max(0, self.used - row.unsaid)
        """What of `used` the provider's last word had in it already."""
        self.reserved_total = 0
        self.settled_total = self.settled_last = 0
        """What all came to that is over, and what the last one did."""
        self.more: float | None = None
        """Since when the provider says that more is left than we think."""
        self.opens_at = 0.0
        """When the provider takes the next one, as it said when it refused."""
        self.refilled_at = row.begun_at or row.seen_at
        """REFILL: up to when what came back is counted."""
        self.refills_seen: tuple[int, float] = (0, 0.0)
        """How often what it said looked like refilling, and the reset of the first of these times."""
        self.lessons = 2 if row.source == REFUSALS else 0
        """How often the limit was met in a row."""
        self.test_at, self.test_s = row.test_at, row.test_s
        self.tests: deque[float] = deque(row.tests, maxlen=TESTS_A_DAY)
        self.lanes: list[Watcher] = []
        self.is_testing = self.is_stored = False
        """`is_stored`: there is a row of it."""

    # time ----------------------------------------------------------------------------------------------------------------

    def turn(self, now: float) -> None:
        """Bring it up to *now*."""
        if self.turns is SLIDING:
            entries = self.slide.entries
            if entries:
                if entries[0].leaves_at <= now:
                    self._leave(self.slide.leave(now))
                if entries and entries[-1].leaves_at > now + self.length_s + 1.0:
                    self.slide.stay_until(now + self.length_s)  # the clock was set back
        elif self.turns is REFILL:
            self._refill(now)
        elif self.ends_at is not None:
            if now >= self.ends_at and (now >= self.ends_at + BOUNDARY_SKEW_S or not self._is_shut):
                self._begin_anew(now)
            elif now < self.begun_at - 1.0:
                self._go_back(now)
        elif self.turns is FIXED:
            self.open(now)

    @property
    def _is_shut(self) -> bool:
        """It is used up, and opens by the provider's clock, not by ours."""
        return self.turns is FIXED and self.limit is not None and self.used >= self.limit

    def _refill(self, now: float) -> None:
        if self.limit is None or self.span_s is None or now <= self.refilled_at:
            self.refilled_at = min(self.refilled_at, now)
            return
        units = int((now - self.refilled_at) * self.limit / self.span_s)
        if units:
            self.refilled_at += units * self.span_s / self.limit
            self._leave(units)
        if not self.used:
            self.refilled_at = now

    def _leave(self, amount: int) -> None:
        """So much has come back: what the provider has seen came before what it has not."""
        self.used = self.used - amount if self.used > amount else 0
        self.said = self.said - amount if self.said > amount else 0

    def _begin_anew(self, now: float) -> None:
        """A new span. What is in flight may be counted in it, unless a span is so short that a slow request outlives it."""
        assert self.ends_at is not None, "it has ended"
        if self._comes_back(now):
            return
        self._left = (self.begun_at, self.ends_at, self.used)
        self.begun_at = self.ends_at
        self.used = self.pending if self.length_s > HOUR_S and self.measure is not PLAN else 0
        if not self.used:
            self.epoch += 1
        self.used, self.carried, self.is_relative = max(self.used, self.carried), 0, False
        self.more, self.doubt, self.said = None, 0, 0
        self._forget_implied()
        if self.turns is FIXED:
            self.open(now)
        else:
            self.ends_at = self._end_from(now) if self.used else None

    def _forget_implied(self) -> None:
        """What was only implied holds for the span in which it was."""
        if self.is_implied:
            self.limit, self.is_implied = None, False

    def _go_back(self, now: float) -> None:
        if self._comes_back(now):
            return
        if self.ends_at is not None and (self._left is None or self._left[0] < self.begun_at):
            self._left = (self.begun_at, self.ends_at, 0)
        self.begun_at = now
        if self.turns is FIXED:
            self.ends_at = self._boundary(now)
        elif self.ends_at is not None:
            self.ends_at = min(self.ends_at, now + (self.span_s or WAIT_MAX_S))

    def _comes_back(self, now: float) -> bool:
        """Whether the clock is in the span again that it had left; both counts are its then."""
        if self._left is None or not self._left[0] - 1.0 <= now < self._left[1]:
            return False
        self.begun_at, self.ends_at = min(self._left[0], now), self._left[1]
        self.used += self._left[2]
        self._left = None
        return True

    def bring_back(self, now: float) -> bool:
        """Now that the clock has been set back, nothing that it was told or found out is yet to come, and a test is due as
        soon as it would have been. Whether anything had to be moved."""
        ahead_s = max((self.limit_at, *self.tests)) - now
        if ahead_s <= BOUNDARY_SKEW_S:
            return False
        self.limit_at = min(self.limit_at, now)
        self.test_at = max(0.0, self.test_at - ahead_s)
        self.tests = deque((at - ahead_s for at in self.tests), maxlen=TESTS_A_DAY)
        self.opens_at = min(self.opens_at, now + self.length_s)
        return True

    def open(self, now: float) -> None:
        """The span of the calendar that *now* is in."""
        self.ends_at = self._boundary(now)
        self.begun_at = min(now, self._boundary(self.ends_at - self.length_s - min(self.length_s, DAY_S) / 2))

    def begin(self, now: float) -> None:
        """A span begins with what is used now; when it ends, nobody has said yet."""
        self.begun_at, self.ends_at, self.is_assumed = now, self._end_from(now), True

    def _end_from(self, at: float) -> float:
        """When a span ends that began then, as far as is known: most days and months are the calendar's, unless one ended
        otherwise."""
        is_calendars = self.turns is SAID and kinds.span_of(self.kind) in ("day", "month")
        if is_calendars and self._left is not None:
            ended_at = self._left[1]
            is_calendars = abs(self._boundary(ended_at - READ_LATE_S) - ended_at) <= READ_LATE_S
        return self._boundary(at) if is_calendars else at + self.length_s

    def _boundary(self, now: float) -> float:
        span = kinds.span_of(self.kind)
        return next_boundary(span, now, self.zone) if span in kinds.CALENDAR else now + self.length_s

    # spending ------------------------------------------------------------------------------------------------------------

    def count(self, amount: int, now: float, spare: int = 0, loose: int = 0) -> Count:
        """Count *amount* as reserved, of which *loose* may come back; keep *spare* free for as long as it is not settled."""
        self.turn(now)
        is_beyond = amount > 0 and self.limit is not None and self.used + amount > self.limit
        entry = None
        if self.turns is SLIDING:
            entry = self.slide.enter(amount, now + self.length_s, self.length_s)
        elif self.ends_at is None:
            if self.turns in (FIRST_USE, SAID):
                self.begin(now)
        elif self.turns is REFILL and not self.used:
            self.refilled_at = now
        if self.is_relative:
            self._carry(amount, now)
        self.spare += spare
        self.loose += loose
        self.used += amount
        self.pending += amount
        self.reserved_total += amount
        return Count(self, now, amount, spare, loose, entry, self.epoch, self.settled_total, self.used, is_beyond)

    def _carry(self, amount: int, at: float) -> None:
        if self.is_relative and self.ends_at is not None and at > self.ends_at - READ_LATE_S:
            self.carried += amount

    def answered(self, count: Count, now: float) -> bool:
        """Its reply has begun: by now the provider has counted it, and hardly later than soon after it was sent. Whether that
        changes when it leaves; not if the provider has said when."""
        count.is_answered = True
        entry = count.entry
        if entry is not None and entry.amount and count.amount:
            leaves_at = min(now, count.at + ON_THE_WAY_S) + self.length_s
            if self.opens_at < entry.leaves_at < leaves_at:
                entry.amount -= count.amount
                count.entry = self.slide.enter(count.amount, leaves_at, self.length_s)
                return True
        return False

    def raise_to(self, count: Count, amount: int, now: float) -> None:
        """It has come to *amount* already, more than was reserved, and is not over."""
        self.turn(now)
        more = amount - count.amount
        count.amount += more
        count.used_after += more
        self.pending += more
        self.reserved_total += more
        foreseen = min(more, count.spare)
        count.spare -= foreseen
        self.spare -= foreseen
        self.loose -= count.loose
        count.loose = 0
        if count.epoch != self.epoch or (count.entry is not None and not count.entry.amount):
            return  # it is in the span no more
        if count.entry is not None:
            count.entry.amount += more
        self.used += more

    def settle(self, count: Count, spent: int, now: float, *, is_counted: bool = True) -> None:
        """It came to *spent*. *is_counted* false: nobody counts it, since it was turned away."""
        self.turn(now)
        self.spare -= count.spare
        self.loose -= count.loose
        count.spare = count.loose = 0
        if count.is_test and self.is_testing:  # it showed nothing
            self.is_testing, self.test_at = False, now + self.test_s if self.test_at else 0.0
        self.pending -= count.amount
        self.settled_total += count.amount
        if is_counted:
            self.settled_last = spent
        if count.is_test and not is_counted:
            self.doubt = 0  # it has been looked at
        elif is_counted and not count.is_answered and count.epoch == self.epoch:
            self.put_in_doubt(spent, now)
        if self.turns is IN_FLIGHT:
            self.used = max(0, self.used - count.amount)
            return
        difference = spent - count.amount
        if not difference or count.epoch != self.epoch:
            return
        if count.entry is not None:
            if not count.entry.amount:
                return  # it has left already
            difference = max(difference, -count.entry.amount)
            count.entry.amount += difference
        self.used = max(0, self.used + difference)

    def put_in_doubt(self, amount: int, now: float) -> None:
        """Nobody knows whether the provider counts so much of what is used. Of a short window that is soon forgotten."""
        if self.length_s > HOUR_S and amount:
            self.doubt += amount
            self.test_at = max(self.test_at, now + DOUBTED_S)

    def count_again(self, amount: int, at: float, now: float, *, is_sure: bool = True) -> None:
        """A row of the ledger that is not in the count yet: spent at *at*, by a process that is no more. *is_sure* false: what
        came of it nobody knows."""
        self.turn(now)
        if self.turns is SLIDING:
            leaves_at = min(at, now) + self.length_s
            if leaves_at > now and amount > 0:
                self.slide.put(amount, leaves_at)
                self.used += amount
            return
        if self.turns is not IN_FLIGHT and (self.ends_at is None or at >= self.begun_at - BOUNDARY_SKEW_S):
            if self.ends_at is None and self.turns in (FIRST_USE, SAID):
                if self._end_from(at) <= now:
                    return
                self.begin(at)
            self.used = max(0, self.used + amount)
            self._carry(amount, at)
            if not is_sure:
                self.put_in_doubt(amount, now)

    # what is left --------------------------------------------------------------------------------------------------------

    def room(self, kept: float = 0.0) -> int | None:
        """How much fits, but for the share *kept*; None without a limit. As of the last `turn`."""
        if self.limit is None:
            return None
        room = self.limit - self.used - self.spare
        return room - ceil(kept * self.limit) if kept else room

    @property
    def is_idle(self) -> bool:
        """Nothing would be lost by forgetting it."""
        return not self.pending and not self.used and (self.limit is None or (self.source == CATALOGUE and not self.is_known))

    @property
    def unsaid(self) -> int:
        """What was counted after the provider's last word."""
        return max(0, self.used - self.said)

    # as a row ------------------------------------------------------------------------------------------------------------

    def row(self, through: int, now: float) -> Window:
        return Window(
            scope=self.scope,
            kind=self.kind,
            owner=self.owner,
            turn=self.turns,
            zone=self.zone,
            limit=self.limit,
            is_implied=self.is_implied,
            used=self.used,
            source=self.source,
            is_known=self.is_known,
            limit_at=self.limit_at,
            begun_at=self.refilled_at if self.turns is REFILL else self.begun_at,
            ends_at=self.ends_at,
            is_relative=self.is_relative,
            carried=self.carried,
            spans=self.slide.spans(),
            through=through,
            seen_at=now,
            test_at=self.test_at,
            test_s=self.test_s,
            tests=tuple(self.tests),
            doubt=self.doubt,
            unsaid=self.unsaid,
        )

    # what turned out -----------------------------------------------------------------------------------------------------

    def set_used(self, used: int, now: float, leaves_at: float | None = None) -> None:
        """It turned out to be so much."""
        used, self.doubt = max(0, used), 0
        if self.turns is SLIDING:
            latest = now + self.length_s
            if used > self.used:
                self.slide.enter(used - self.used, min(latest, leaves_at) if leaves_at is not None else latest, self.length_s)
            else:
                self.slide.take(self.used - used)
        elif self.turns is REFILL:
            self.refilled_at = now
        self.used = used

    def restart(self, now: float, used: int) -> None:
        """It has turned: its span began now."""
        self._left = None
        self.begun_at, self.ends_at, self.used, self.said = now, now + self.length_s, used, 0
        self._forget_implied()

    def turns_at(self, moment: float) -> None:
        """The provider refused, and will take the next one then. At the turn of a minute of the clock that is no window that
        slides: what was sent before this minute is in its count no more."""
        turn = round(moment / MINUTE_S) * MINUTE_S
        if self.turns is not SLIDING or self.span_s != MINUTE_S or abs(moment - turn) > READ_LATE_S:
            return
        if self.slide.entries and self.slide.entries[-1].leaves_at >= turn:
            self.leave_before(turn)

    def leave_before(self, moment: float) -> None:
        """What would leave before that moment has left already."""
        self._leave(self.slide.leave_before(moment))

    def leave_one_at(self, moment: float) -> None:
        """The provider said when it takes the next one."""
        self.opens_at = moment
        first = self.slide.first()
        if first is not None and first.leaves_at > moment:
            first.leaves_at = moment

    def relax(self, now: float) -> None:
        """What the provider said, or was concluded to allow, is forgotten; what we counted ourselves is not."""
        if self.source in SAID_BY_PROVIDER:
            self.set_used(min(self.used, self.pending), now)
            if self.turns is SAID:
                self.ends_at = None
        self.limit, self.is_implied, self.is_known, self.source, self.limit_at = None, False, False, NOBODY, 0.0
        self.claimed, self.more, self.lessons = None, None, 0
        self.test_at, self.test_s, self.is_testing = 0.0, 0.0, False

    def turn_as(self, turns: Turn) -> None:
        """It turns in another way than was thought."""
        self.turns = turns
        self.slide.entries.clear()


def new_meter(scope: str, kind: str, turn: Turn, zone: str = "UTC") -> Meter:
    """One that has counted nothing yet, and of which no limit is known."""
    return Meter(Window(scope=scope, kind=kind, turn=turn, zone=zone, source=NOBODY, is_known=False))
