"""Which window a refusal met that named none, and whether one was known to be full."""

from collections.abc import Collection, Iterable, Sequence

from hrd.core.quota.evidence import NEAR_BOUNDARY_S, may_learn
from hrd.core.quota.kinds import HOUR_S, MINUTE_S, Measure
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import CATALOGUE, PROVIDER, REFUSALS, SAID_BY_PROVIDER, Turn

LONG_AFTER = 3
"""After so many refusals in a row without a hint, up to a minute apart, it is no window of the minute."""
TELLING = 3
"""A refusal after fewer requests within the minute may have another reason, unless it is met again."""


def met_by(meters: Sequence[Meter], now: float, *, until: float | None, is_long: bool, step: int) -> Meter | None:
    """The one of *meters* that was full, as far as anybody can tell. *until*: when to come back, if that was said. *step*: how
    often the same was met in a row before."""
    able = [meter for meter in meters if meter.measure is Measure.REQUESTS and meter.owner == PROVIDER and may_learn(meter)]
    for meter in meters:
        meter.turn(now)
    roomy = {m.kind for m in meters if m.source in SAID_BY_PROVIDER and m.limit is not None and m.used < m.limit}
    met = _long_met(able, until) if is_long else _short_met(able, until, step, now, roomy)
    return met if met is not None and met.used > 0 else None


def _long_met(able: list[Meter], until: float | None) -> Meter | None:
    """Which window of a day or longer was full: the one that ends when it was said. Other moments are the provider's alone."""
    if until is None:
        return None
    ends = (m for m in able if m.ends_at is not None and abs(m.ends_at - until) <= NEAR_BOUNDARY_S)
    return next((meter for meter in ends if (meter.span_s or 0.0) > HOUR_S), None)


def _short_met(able: list[Meter], until: float | None, step: int, now: float, roomy: Collection[str]) -> Meter | None:
    """Which window was full when nobody said: one that is so by a claim; a long claim, if waiting did not help; else the
    minute's, once the count says something. *roomy*: kinds of which the provider has said that there is room."""
    for meter in able:
        if meter.source == CATALOGUE and meter.limit is not None and meter.used >= meter.limit:
            return meter
    if until is None and step >= LONG_AFTER:
        claims = [meter for meter in able if meter.source == CATALOGUE and (meter.span_s or 0.0) > HOUR_S and meter.used > 0]
        if claims:
            return min(claims, key=lambda meter: meter.span_s or 0.0)
    if until is not None and until - now > MINUTE_S + 5.0:
        return None
    minutes = [meter for meter in able if meter.span_s == MINUTE_S and meter.used > 0]
    met = min(minutes, key=lambda meter: meter.limit if meter.limit is not None else meter.used, default=None)
    return met if met is not None and (met.used >= TELLING or (step >= 1 and met.kind not in roomy)) else None


def is_full_by_count(meters: Iterable[Meter], until: float, now: float) -> bool:
    """Whether one that we counted full ends then, at its own boundary: nobody need look whether it still holds."""
    return any(
        meter.turns is Turn.FIXED
        and meter.limit is not None
        and meter.used >= meter.limit
        and meter.ends_at is not None
        and abs(meter.ends_at - until) <= NEAR_BOUNDARY_S
        and not (meter.source == REFUSALS and meter.limit_at == now)
        for meter in meters
    )
