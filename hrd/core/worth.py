"""Worth: whose quota is spent first among those of one class, when it is spread.

1. **What lapses.** Of windows that end within a day, and would then have more than a fifth left over at their present pace, the
   one that ends soonest, and of those that end together the one with the larger share; before them one of which hardly anything
   is used. A window that comes back bit by bit loses what comes when it is full; with more than three fifths it is on its way.
2. **By the share left** of the scarcest window, in bands. A window of tokens or of credit counts by what it holds of requests
   like this one: a small one rather goes there, a large one where requests are counted. What comes back bit by bit counts as
   half at least: the lower it is kept, the less of it is lost. What a minute has left takes its share of all that.
3. **What lasts** longer than a day: a month's allowance is there for when the day's is used up, until its own last day.
"""

from typing import Final

from hrd.core.quota.kinds import DAY_S, HOUR_S
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import NOT_IN_TIME, resets_at
from hrd.core.quota.window import NEVER, REFILL

UNKNOWN_SHARE: Final = 0.5
BANDS: Final = 20
"""Shares that differ by less than one part in so many are equal."""
RANKS: Final = 1000
"""More than there are bands."""
LEFT_OVER: Final = 0.2
"""Who would have more than this share left over lets it lapse."""
PLENTY: Final = 0.9
"""And who would have so much has more than anybody wants: it lapses now."""
HOLDS_S: Final = 300.0
"""By the clock alone a standing changes slowly: for so long it is not worked out anew."""
SMALLEST: Final = 0.5
"""A request counts as this part of the usual one at least."""
EQUAL_S: Final = 600.0
"""What ends within the same so many seconds ends at once."""
BEGUN: Final = 0.02
"""Before so much of a span is over, it says nothing of the pace."""
NO_WINDOW: Final = 2.0
"""More than any share."""


class Worth:
    """One candidate's, as its windows are at one moment."""

    __slots__ = (
        "_calendar",
        "_long",
        "_rank",
        "_value",
        "is_sized",
        "lapses_at",
        "long",
        "scarcest",
        "share",
        "short",
        "unknown_share",
        "until",
    )

    def __init__(self, unknown_share: float = UNKNOWN_SHARE) -> None:
        self.unknown_share = unknown_share
        """Where there is no window to go by."""
        self.clear()

    def clear(self) -> None:
        """Nothing limits it."""
        self.share = self.unknown_share
        """Of its scarcest window."""
        self.scarcest: Meter | None = None
        self.short = self.long = NO_WINDOW
        """What windows of up to an hour have left, and longer ones: of either the scarcest."""
        self._long: Meter | None = None
        self._calendar: Meter | None = None
        self.lapses_at = NOT_IN_TIME
        """When what its scarcest long window has left is lost, if that is known."""
        self.is_sized = False
        """It depends on the size of a request."""
        self.until = 0.0
        """So long it stays the same, if nothing is spent."""
        self._rank, self._value = 0, self.share

    def weigh(self, meter: Meter, share: float) -> None:
        """*share* is left of *meter*."""
        if share < self.short and share < self.long:
            self.scarcest, self.share = meter, share
        if (meter.span_s or 0.0) <= HOUR_S and meter.turns is not NEVER:
            if share < self.short:
                self.short = share
        elif share < self.long:
            self.long, self._long = share, meter
            self.lapses_at = meter.ends_at or NOT_IN_TIME
            self.is_sized = meter.is_sized

    def lapses_with(self, meter: Meter) -> None:
        """What is left is not known, but when it lapses is: with the span of *meter*."""
        if self._long is None and (meter.span_s or 0.0) > HOUR_S and meter.ends_at is not None:
            self._calendar = meter

    def standing(self, now: float, size: float = 1.0) -> int:
        """Who has the least comes first. *size*: of the request, where 1 is the usual."""
        if now >= self.until:
            self._look(now)
        if not self.is_sized or size == 1.0 or self._rank < 0:
            return self._rank - int(self._value * BANDS)
        return self._rank - int(self._value / max(size, SMALLEST) * BANDS)

    def _look(self, now: float) -> None:
        meter = self._long if self._long is not None else self._calendar
        self._rank, self._value, self.until = 0, self.share, now + HOLDS_S
        if meter is None:
            return
        self.lapses_at = _about(meter.ends_at) if meter.ends_at is not None else NOT_IN_TIME
        share = self.long if self._long is not None else self.share
        is_refilling = meter.turns is REFILL
        ends_at = resets_at(meter, now)
        if _lasts(meter, now):
            self._rank = RANKS
        elif ends_at is not None and (left_over := _left_over(meter, share, ends_at, now)) > LEFT_OVER:
            self._rank, self._value, self.lapses_at = -RANKS, 0.0, _about(ends_at if left_over < PLENTY else now)
            return
        self._value = (max(UNKNOWN_SHARE, share) if is_refilling else share) * min(1.0, self.short)


def _left_over(meter: Meter, share: float, ends_at: float, now: float) -> float:
    """So much of a window, of which *share* is left, would be left over when it ends at its present pace."""
    if meter.turns is REFILL:
        return 2.0 * share - 1.0  # it is full when as much has come back as is gone
    time_left = max(0.0, (ends_at - now) / meter.span_s) if meter.span_s is not None else 1.0
    return (share - time_left) / max(BEGUN, 1.0 - time_left)


def _about(moment: float) -> float:
    return moment // EQUAL_S * EQUAL_S


def _lasts(meter: Meter, now: float) -> bool:
    if meter.turns is REFILL:
        return False
    if meter.ends_at is not None:
        return meter.ends_at - now > DAY_S
    return meter.turns is NEVER or (meter.span_s or 0.0) > DAY_S
