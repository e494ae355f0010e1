"""Worth: whose quota is spent first among those of one class, when it is spread.

By the share that is left of the scarcest window, in bands. Weighed in are:

- **What would lapse.** What a window would have left over at its end, at its present pace, counts twice: half of a day's
  requests with an hour to go is spent before nine tenths with a day to go.
- **What comes back bit by bit** is worth as much as if all of it were there: what is spent of it comes back first.
- **What lasts.** Quota that ends within a day is spent before quota that lasts longer: a month's allowance is there for when
  the day's is used up, until its own last day.
- **The size of the request.** A window of tokens or of credit is worth what it holds of requests like this one: a small one
  rather goes where tokens are counted, a large one where requests are.
- **What the minute has left**: of all this, that share.
"""

from typing import Final

from hrd.core.quota.kinds import DAY_S, HOUR_S, OF_TOKENS, Measure
from hrd.core.quota.meter import NOT_IN_TIME, Meter
from hrd.core.quota.window import Turn

UNKNOWN_SHARE: Final = 0.5
BANDS: Final = 20
"""Shares that differ by less than one part in so many are equal."""
LASTING: Final = 1000
"""More than there are bands."""
HOLDS_S: Final = 1.0
"""A standing changes slowly: for so long it is not worked out anew."""
SMALLEST: Final = 0.5
"""A request counts as this part of the usual one at least."""
BEGUN: Final = 0.02
"""Before so much of a span is over, it says nothing of the pace."""
SIZED: Final = OF_TOKENS | {Measure.CREDIT}
NO_WINDOW: Final = 2.0
"""More than any share."""


class Worth:
    """One candidate's, as its windows are at one moment."""

    __slots__ = ("_long", "_standing", "_until", "_value", "lapses_at", "long", "scarcest", "share", "short", "unknown_share")

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
        self.lapses_at = NOT_IN_TIME
        """When what its scarcest long window has left is lost, if that is known."""
        self._standing, self._value, self._until = 0, self.share, 0.0

    def weigh(self, meter: Meter, share: float) -> None:
        """*share* is left of *meter*."""
        if share < self.short and share < self.long:
            self.scarcest, self.share = meter, share
        if (meter.span_s or 0.0) <= HOUR_S and meter.turns is not Turn.NEVER:
            self.short = min(self.short, share)
        elif share < self.long:
            self.long, self._long = share, meter
            self.lapses_at = meter.ends_at or NOT_IN_TIME

    def standing(self, now: float, size: float = 1.0) -> int:
        """Who has the least comes first. *size*: of the request, where 1 is the usual."""
        if now >= self._until:
            self._look(now)
        meter = self._long
        if meter is None or meter.measure not in SIZED or size == 1.0:
            return self._standing
        return self._standing_of(meter, self._value / max(size, SMALLEST), now)

    def _look(self, now: float) -> None:
        meter, value = self._long, self.share
        if meter is not None:
            value = 1.0 if meter.turns is Turn.REFILL else self.long + _surplus(meter, self.long, now)
            value *= min(1.0, self.short)
        self._value, self._standing, self._until = value, self._standing_of(meter, value, now), now + HOLDS_S

    def _standing_of(self, meter: Meter | None, value: float, now: float) -> int:
        return (LASTING if meter is not None and _lasts(meter, now) else 0) - int(value * BANDS)


def _surplus(meter: Meter, share: float, now: float) -> float:
    """So much of a window, of which *share* is left, would be left over at its end at its present pace."""
    if meter.ends_at is None or meter.span_s is None:
        return 0.0
    time_left = max(0.0, (meter.ends_at - now) / meter.span_s)
    return max(0.0, share - time_left) / max(BEGUN, 1.0 - time_left)


def _lasts(meter: Meter, now: float) -> bool:
    if meter.turns is Turn.REFILL:
        return False
    if meter.ends_at is not None:
        return meter.ends_at - now > DAY_S
    return meter.turns is Turn.NEVER or (meter.span_s or 0.0) > DAY_S
