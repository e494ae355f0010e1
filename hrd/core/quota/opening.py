"""Opening: when a meter has room again, by its clock or because something ends that is out.

Meters are brought up to the moment that is asked about, and not changed otherwise.
"""

from math import ceil

from hrd.core.quota.kinds import HOUR_S, MINUTE_S
from hrd.core.quota.meter import BOUNDARY_SKEW_S, Meter
from hrd.core.quota.window import FIXED, IN_FLIGHT, NEVER, REFILL, SAID, SLIDING

UNKNOWN_WAIT_S = 1.0
"""How soon to look again for a slot."""
SPARE_WAIT_S = 5.0
"""And for what is set aside or kept free for replies that are on their way, or sought by those before who may need more than
there is: many come to less, whoever needs too much gives up, and those who wait are called then."""
REFILL_STEPS = 50
"""A share that refills is looked at anew when so much of it has come back,"""
REFILL_STEP_S = MINUTE_S
"""or after so long; whoever does not fit is told exactly."""
NOT_IN_TIME = 32503680000.0
"""The year 3000: no time mends it."""


def fits_at(meter: Meter, amount: int, now: float, kept: float = 0.0, many: int = 1) -> float:
    """When *many* times *amount* fit; not after *now* if they do already. More than ever fits is let through by an
    untouched window."""
    meter.turn(now)
    if meter.limit is None:
        return now
    open_limit = meter.limit - ceil(kept * meter.limit)
    most = max(1, open_limit)
    own = min(max(amount, 1), most)
    needed = many * own
    spans = 0 if many == 1 else (needed - 1) // most
    excess = meter.used + meter.spare + needed - spans * most - open_limit
    if excess <= 0 and not spans:
        return now
    at = _fits_by_the_clock(meter, excess, spans, spans * most, now)
    if meter.is_sized and meter.used - meter.loose + own <= open_limit:
        return min(at, now + SPARE_WAIT_S)
    return at


def is_told_soon(meter: Meter) -> bool:
    """Whether a reply that is on its way may say when it ends, which nobody has yet: perhaps before long."""
    return meter.is_assumed and meter.pending > 0 and meter.turns is SAID and meter.length_s <= HOUR_S


def is_full_for(meter: Meter, amount: int, now: float) -> bool:
    """Whether *amount* does not fit now: `fits_at`, of one, without the moment."""
    meter.turn(now)
    limit = meter.limit
    return limit is not None and meter.used + meter.spare + min(max(amount, 1), max(1, limit)) > limit


def may_fit_when_one_ends(meter: Meter, amount: int) -> bool:
    """Whether only what is out is in the way of *amount*."""
    loose = meter.pending if meter.turns is IN_FLIGHT else meter.loose
    return meter.limit is not None and meter.used + meter.spare + amount > meter.limit >= meter.used - loose + amount


def _fits_by_the_clock(meter: Meter, excess: int, spans: int, of_spans: int, now: float) -> float:
    """When *excess* has come free, and *of_spans* in so many *spans* after that, if nothing is settled until then."""
    turns = meter.turns
    if turns is REFILL and meter.span_s is not None:
        return max(now, meter.refilled_at) + (excess + of_spans) * meter.span_s / max(1, meter.limit or 0)
    if turns is IN_FLIGHT:
        return now + UNKNOWN_WAIT_S
    if turns is NEVER:
        return NOT_IN_TIME
    return (_frees_at(meter, excess, now) if excess > 0 else now) + spans * meter.length_s


def _frees_at(meter: Meter, excess: int, now: float) -> float:
    """When so much has come free, within one span."""
    if meter.turns is SLIDING:
        frees_at = meter.slide.frees_at(excess)
        return frees_at if frees_at is not None else now + meter.length_s
    if meter.ends_at is None:
        return now + meter.length_s
    return meter.ends_at + BOUNDARY_SKEW_S if meter.turns is FIXED else meter.ends_at


def opens_by_the_clock(meter: Meter) -> bool:
    """Whether what `fits_at` says stays so, if nothing is spent."""
    if meter.turns in (SLIDING, REFILL):
        return True
    return meter.ends_at is not None and meter.turns is not IN_FLIGHT


def changes_at(meter: Meter, now: float) -> float:
    """Until when what is left stays the same, if nothing is spent."""
    if meter.turns is SLIDING:
        return meter.slide.entries[0].leaves_at if meter.slide.entries else NOT_IN_TIME
    if meter.turns is REFILL and meter.limit and meter.span_s is not None:
        if not meter.used:
            return NOT_IN_TIME
        step_s = min(meter.span_s / REFILL_STEPS, REFILL_STEP_S)
        return max(now, meter.refilled_at) + max(meter.span_s / meter.limit, step_s)
    return meter.ends_at if meter.ends_at is not None else NOT_IN_TIME


def resets_at(meter: Meter, now: float) -> float | None:
    """When all of it is there again, as far as is known."""
    if meter.turns is SLIDING:
        return meter.slide.entries[-1].leaves_at if meter.slide.entries else None
    if meter.turns is REFILL and meter.limit and meter.span_s is not None:
        return now + meter.used * meter.span_s / meter.limit
    return meter.ends_at
