"""Twins: two meters that turn out to be one window under two names."""

from hrd.core.quota.meter import Meter
from hrd.core.quota.window import SAID_BY_PROVIDER, Turn


def join(meter: Meter, other: Meter, now: float) -> None:
    """*other* is the same as *meter*, which goes on. What the provider has said of either is of both: its newest word counts,
    and what the other one has counted since."""
    for one in (meter, other):
        one.turn(now)  # one of them may be a row of long ago
    said = [one for one in (meter, other) if one.source in SAID_BY_PROVIDER]
    if not said:
        if meter.turns is Turn.SLIDING:
            meter.slide.join(other.slide)
        meter.used += other.used
    else:
        _go_on(meter, other, max(said, key=lambda one: one.limit_at), now)
    meter.pending += other.pending
    meter.spare += other.spare
    meter.loose += other.loose


def _go_on(meter: Meter, other: Meter, newest: Meter, now: float) -> None:
    """*meter* goes on from what the provider said of the *newest* of the two."""
    since = _counted_since(meter if newest is other else other, newest.limit_at)
    if newest is other:
        _become(meter, other)
    if since:
        doubt = meter.doubt
        meter.set_used(meter.used + since, now)
        meter.doubt = doubt
        meter.put_in_doubt(since, now)


def _counted_since(meter: Meter, moment: float) -> int:
    """What *meter* has counted since the provider's word on the other one, as far as it can tell: what its own last word does
    not have, or without one what entered later, or is out still."""
    if meter.source in SAID_BY_PROVIDER:
        return meter.unsaid
    if meter.turns is Turn.SLIDING:
        return sum(entry.amount for entry in meter.slide.entries if entry.leaves_at - meter.length_s > moment)
    return meter.pending


def _become(meter: Meter, other: Meter) -> None:
    meter.limit, meter.is_implied, meter.is_known = other.limit, other.is_implied, other.is_known
    meter.source, meter.limit_at, meter.claimed = other.source, other.limit_at, other.claimed
    meter.turns = other.turns
    meter.begun_at, meter.ends_at, meter.refilled_at = other.begun_at, other.ends_at, other.refilled_at
    meter.used, meter.slide = other.used, other.slide
    meter.said, meter.doubt = other.said, other.doubt
