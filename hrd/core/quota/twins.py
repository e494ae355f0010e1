"""Twins: two meters that turn out to be one window under two names."""

from hrd.core.quota.meter import Meter
from hrd.core.quota.window import SAID_BY_PROVIDER, Turn


def join(meter: Meter, other: Meter, now: float) -> None:
    """*other* is the same as *meter*, which goes on. What the provider has said of either is of both."""
    for one in (meter, other):
        one.turn(now)  # one of them may be a row of long ago
    said = [one for one in (meter, other) if one.source in SAID_BY_PROVIDER]
    if not said:
        if meter.turns is Turn.SLIDING:
            meter.slide.join(other.slide)
        meter.used += other.used
    elif max(said, key=lambda one: one.used) is other:
        _become(meter, other)
    meter.pending += other.pending
    meter.spare += other.spare


def _become(meter: Meter, other: Meter) -> None:
    meter.limit, meter.is_implied, meter.is_known = other.limit, other.is_implied, other.is_known
    meter.source, meter.limit_at, meter.claimed = other.source, other.limit_at, other.claimed
    meter.turns = other.turns
    meter.begun_at, meter.ends_at, meter.refilled_at = other.begun_at, other.ends_at, other.refilled_at
    meter.used, meter.slide = other.used, other.slide
