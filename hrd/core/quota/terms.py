"""Terms: the limits that the catalogue claims and the user sets, in the meters of whoever they hold for."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from hrd.core import failover
from hrd.core.providers import Candidate, CostClass, Provider
from hrd.core.quota import kinds, share
from hrd.core.quota import limit as limits
from hrd.core.quota.kinds import HOUR_S, Measure
from hrd.core.quota.limit import Limit
from hrd.core.quota.meter import Meter, new_meter
from hrd.core.quota.meters import Meters
from hrd.core.quota.window import CATALOGUE, NOBODY, PROVIDER, SETTINGS, USER, Turn, Window

TALLIED = ("requests/minute", "requests/day", "requests/month")
"""What is counted for every candidate, so that a refusal without numbers can be learned from."""

Make = Callable[[str, str, Turn, Provider, str, float], Meter | None]
"""Scope, kind, turn, provider, owner, now → a meter, if there may be another one."""


def apply(candidate: Candidate, meters: Meters, make: Make, now: float) -> None:
    """What holds for *candidate* holds in its meters, which are made where there is none."""
    for scope, limit, owner in _of(candidate):
        meter = meters.find(scope, limit.kind, owner) or make(
            scope, limit.kind, _turn_of(limit), candidate.provider, owner, now
        )
        if meter is not None:
            _set(meter, limit, owner)
            if owner == USER:
                _count_share(meter, candidate, meters, make, now)
    if candidate.cost_class is not CostClass.LOCAL:
        for kind in TALLIED:
            _tally(candidate, kind, meters, make, now)


def _of(candidate: Candidate) -> Iterator[tuple[str, Limit, str]]:
    """Scope, limit and owner of whatever holds for *candidate*."""
    own = sorted(candidate.provider.own_limits, key=lambda limit: -limit.limit)  # of several for the same the lowest holds
    for owner, rows in ((PROVIDER, candidate.provider.limits), (USER, own)):
        for limit in rows:
            if _concerns(limit, candidate, owner):
                scope = failover.scope_of(candidate, limits.scope_kind(limit, candidate.provider.quota_scope))
                if scope in candidate.scopes:
                    yield scope, limit, owner


def _set(meter: Meter, limit: Limit, owner: str) -> None:
    if owner == USER:
        if meter.limit != limit.limit:
            meter.limit, meter.limit_at = limit.limit, 0.0
        meter.source, meter.is_known = SETTINGS, True
        return
    is_new = meter.claimed is None and meter.source == NOBODY
    meter.claimed = limit.limit
    if is_new or meter.source == CATALOGUE:
        meter.limit, meter.source, meter.is_known = limit.limit, CATALOGUE, False


def _count_share(meter: Meter, candidate: Candidate, meters: Meters, make: Make, now: float) -> None:
    """See `core.quota.share`."""
    scope = share.scope_of(meter.scope, candidate.scopes)
    if scope is not None and meter.turns is not Turn.IN_FLIGHT and meters.find(scope, meter.kind, USER) is None:
        make(scope, meter.kind, meter.turns, candidate.provider, USER, now)


def _tally(candidate: Candidate, kind: str, meters: Meters, make: Make, now: float) -> None:
    if any(meter.kind == kind and meter.owner == PROVIDER for scope in candidate.scopes for meter in meters.at(scope)):
        return
    is_short = kinds.span_of(kind) == "minute"
    scope = failover.scope_of(candidate, "candidate" if is_short else "quota")
    make(scope, kind, Turn.SLIDING if is_short else Turn.FIXED, candidate.provider, PROVIDER, now)


def foreseen(candidates: Iterable[Candidate], meters: Meters, now: float) -> list[Window]:
    """The windows of *candidates* that there will be, or that will have a limit, once they are asked."""
    found: dict[tuple[str, str, str], Window] = {}
    for candidate in candidates:
        for scope, limit, owner in _of(candidate):
            meter = meters.find(scope, limit.kind, owner)
            if meter is None:
                found[scope, limit.kind, owner] = _untouched(limit, scope, owner, candidate.provider.reset_zone, now)
            elif meter.limit is None and meter.source == NOBODY:
                found[scope, limit.kind, owner] = _said(meter.row(meters.through, now), limit, owner)
    return list(found.values())


def _concerns(limit: Limit, candidate: Candidate, owner: str) -> bool:
    """Claims are of free tiers: they say nothing of what is paid for."""
    if owner == PROVIDER and candidate.cost_class is not CostClass.FREE:
        return False
    return not limit.models or candidate.model in limit.models


def _untouched(limit: Limit, scope: str, owner: str, zone: str, now: float) -> Window:
    meter = new_meter(scope, limit.kind, _turn_of(limit), zone)
    meter.owner = owner
    if meter.turns is Turn.FIXED:
        meter.open(now)
    return _said(meter.row(0, now), limit, owner)


def _said(window: Window, limit: Limit, owner: str) -> Window:
    """*window*, of which *limit* was said and not yet taken in."""
    source, is_known = (SETTINGS, True) if owner == USER else (CATALOGUE, False)
    return msgspec.structs.replace(window, limit=limit.limit, source=source, is_known=is_known)


def _turn_of(limit: Limit) -> Turn:
    if limit.kind == Measure.AT_ONCE.value:
        return Turn.IN_FLIGHT
    span = kinds.span_of(limit.kind)
    if not span:
        return Turn.NEVER if limit.kind == Measure.CREDIT.value else Turn.SAID
    if limit.turns:
        return Turn(limit.turns)
    return Turn.SLIDING if (kinds.span_s(limit.kind) or 0.0) <= HOUR_S else Turn.FIXED
