"""Twins: two meters that turn out to be one window under two names."""

from hrd.core.quota.kinds import HOUR_S
from hrd.core.quota.meter import Meter
from hrd.core.quota.slide import Slide
from hrd.core.quota.window import SAID_BY_PROVIDER, Turn

JUST_SAID_S = 5.0
"""The provider's word of just now has everything in it."""


def join(meter: Meter, other: Meter, now: float) -> None:
    """*other* is the same as *meter*, which goes on. What the provider has said of either is of both."""
    for one in (meter, other):
        one.turn(now)  # one of them may be a row of long ago
    said = [one for one in (meter, other) if one.source in SAID_BY_PROVIDER]
    told = max(said, key=lambda one: one.used, default=None)
    used, slide = (meter.used, meter.slide) if told is other else (other.used, other.slide)
    if told is other:
        _become(meter, other)
    if not said or (len(said) == 1 and now - meter.limit_at > JUST_SAID_S):
        _add(meter, used, slide)
        if said and meter.length_s > HOUR_S:
            meter.doubt += used  # some of it may be in the word
    meter.pending += other.pending
    meter.spare += other.spare


def _add(meter: Meter, used: int, slide: Slide) -> None:
    """What was counted under the other name since then is in no word."""
    if meter.turns is Turn.SLIDING:
        meter.slide.join(slide)
        used = sum(entry.amount for entry in slide.entries)
    meter.used += used


def _become(meter: Meter, other: Meter) -> None:
    meter.limit, meter.is_implied, meter.is_known = other.limit, other.is_implied, other.is_known
    meter.source, meter.limit_at, meter.claimed = other.source, other.limit_at, other.claimed
    meter.turns = other.turns
    meter.begun_at, meter.ends_at, meter.refilled_at = other.begun_at, other.ends_at, other.refilled_at
    meter.used, meter.slide = other.used, other.slide
