"""The forecast: at today's pace, when is what costs nothing used up, what runs out first, and whose free tier would help most.

Reckoned in requests of today's mean size. Windows of an hour or less are left out: they come back before anybody notices. Each
candidate is as good for the day as its scarcest longer window; candidates that share one count it once. Between two resets all
windows are taken to be spent alike, and one that resets is full again. So it is an estimate: it does not know which candidate
can serve which request.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hrd.core.providers import CostClass, Provider
from hrd.core.quota import kinds
from hrd.core.quota.kinds import DAY_S, HOUR_S, OF_TOKENS, Measure
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Turn, Window

HORIZON_S = 31 * DAY_S
TELLING_S = 600.0
"""A pace of a shorter time says nothing."""
PACE_FROM_S = HOUR_S
"""Today's pace, however young the day."""
TOKENS_EACH = 1500
"""A request's size before there was one today."""
DAYS_OF = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0}


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for today."""

    requests: int
    tokens: int
    elapsed_s: float

    @property
    def an_hour(self) -> float:
        return self.requests * HOUR_S / max(self.elapsed_s, PACE_FROM_S)

    @property
    def tokens_each(self) -> int:
        return max(1, self.tokens // self.requests) if self.requests and self.tokens else TOKENS_EACH


class RunsOut(msgspec.Struct, frozen=True, kw_only=True):
    """A window that at its own pace is used up before it is full again."""

    window: Window
    at: float


class Supply(NamedTuple):
    """Who can be asked at no more cost than there is already."""

    name: str
    scopes: tuple[str, ...]


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of the pool, in requests of today's size."""

    left: int
    empty_at: float | None
    """None: not within a month, or not as far as is known."""
    unlimited: tuple[str, ...] = ()
    """Who has no limit that is known and can be reckoned in requests, and is not in `left`."""
    limited: int = 0
    """How many others there are."""


class Help(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's free tier would add a day, in requests of today's size."""

    provider: str
    requests_a_day: int
    claim: str


def runs_out(window: Window, now: float) -> RunsOut | None:
    """None if it lasts until it is full again, is used up already, or says nothing of its pace."""
    span_s, limit = kinds.span_s(window.kind), window.limit
    if limit is None or not 0 < window.used < limit or not is_lasting(window):
        return None
    begun_at = _begun_at(window, span_s)
    if begun_at is None or now - begun_at < TELLING_S:
        return None
    a_second = window.used / (now - begun_at)
    at = now + (limit - window.used) / a_second
    lasts = a_second * span_s <= limit if window.turn is Turn.SLIDING and span_s is not None else False
    return None if lasts or (window.ends_at is not None and at >= window.ends_at) else RunsOut(window=window, at=at)


def _begun_at(window: Window, span_s: float | None) -> float | None:
    """Since when *used* was used; None where nobody can say: what refills has forgotten it."""
    match window.turn:
        case Turn.SLIDING if span_s is not None:
            return window.spans[0][0] - span_s if window.spans else None
        case Turn.REFILL | Turn.SLIDING | Turn.IN_FLIGHT:
            return None
        case _ if window.ends_at is not None and span_s is not None:
            return window.ends_at - span_s
        case _:
            return window.begun_at or None


def next_to_run_out(windows: Iterable[Window], now: float) -> list[RunsOut]:
    """The first one first."""
    found = [out for window in windows if (out := runs_out(window, now)) is not None]
    return sorted(found, key=lambda out: out.at)


def is_lasting(window: Window) -> bool:
    """Whether it matters when it is used up."""
    span_s = kinds.span_s(window.kind)
    measure = kinds.measure_of(window.kind)
    return measure is not Measure.AT_ONCE and (span_s is None or span_s > HOUR_S)


def look_out(supplies: Sequence[Supply], windows: Iterable[Window], pace: Pace, now: float) -> Outlook:
    """What is left of *supplies*, and how long that lasts."""
    by_scope: dict[str, list[Window]] = {}
    used_up: set[str] = set()
    """By a plan or a balance: how many requests are left of one nobody can reckon, but none is none."""
    for window in windows:
        if window.limit is None or not is_lasting(window):
            continue
        if _in_requests(window, window.limit, pace) is not None:
            by_scope.setdefault(window.scope, []).append(window)
        elif not window.left:
            used_up.add(window.scope)
    scarcest: dict[tuple[str, str, str], Window] = {}
    unlimited: list[str] = []
    for supply in supplies:
        own = [window for scope in supply.scopes for window in by_scope.get(scope, ())]
        if not used_up.isdisjoint(supply.scopes):
            continue
        if own:
            one = min(own, key=lambda window: _left(window, pace))
            scarcest[one.scope, one.kind, one.owner] = one
        else:
            unlimited.append(supply.name)
    limited = list(scarcest.values())
    return Outlook(
        left=int(sum(_left(window, pace) for window in limited)),
        empty_at=None if unlimited else _empty_at(limited, pace, now),
        unlimited=tuple(dict.fromkeys(unlimited)),
        limited=len(supplies) - len(unlimited),
    )


def _empty_at(windows: Sequence[Window], pace: Pace, now: float) -> float | None:
    an_hour = pace.an_hour
    if not an_hour:
        return None if any(_left(window, pace) for window in windows) else now
    left = [_left(window, pace) for window in windows]
    resets = [_next_reset(window, now) for window in windows]
    at = now
    while at < now + HORIZON_S:
        total, coming = sum(left), min(resets, default=now + HORIZON_S)
        demand = (coming - at) * an_hour / HOUR_S
        if demand >= total:
            return at + total * HOUR_S / an_hour
        left = [one * (1 - demand / total) for one in left]
        at = coming
        for place, window in enumerate(windows):
            if resets[place] <= at:
                left[place] = _in_requests(window, window.limit or 0, pace) or 0.0
                resets[place] += kinds.span_s(window.kind) or HORIZON_S
    return None


def _next_reset(window: Window, now: float) -> float:
    return (
        window.ends_at
        if window.ends_at is not None and window.ends_at > now
        else now + (kinds.span_s(window.kind) or HORIZON_S)
    )


def _left(window: Window, pace: Pace) -> float:
    return _in_requests(window, window.left or 0, pace) or 0.0


def _in_requests(window: Window, number: int, pace: Pace) -> float | None:
    """So much of what *window* counts, as requests; None for a plan or money, which nobody can reckon so."""
    measure = kinds.measure_of(window.kind)
    if measure is Measure.REQUESTS:
        return float(number)
    return number / pace.tokens_each if measure in OF_TOKENS else None


def helps(providers: Mapping[str, Provider], without_key: Iterable[str], pace: Pace) -> list[Help]:
    """Whose free tier would help, by the catalogue's claims; the most first."""
    found = [one for name in without_key if (one := _help(providers[name], pace)) is not None]
    return sorted(found, key=lambda one: (-one.requests_a_day, one.provider))


def _help(provider: Provider, pace: Pace) -> Help | None:
    model = provider.models[0] if provider.models else ""
    if provider.retired or provider.demo or provider.class_of(model) != CostClass.FREE.name.lower():
        return None
    rows = [limit for limit in provider.limits if not limit.models or model in limit.models]
    days = [(a_day, limit) for limit in rows if (a_day := _a_day(limit, pace)) is not None]
    if not any((kinds.span_s(limit.kind) or 0.0) > HOUR_S for _, limit in days):
        return None  # how fast it goes says nothing of how much there is
    a_day, limit = min(days, key=lambda row: row[0])
    return Help(provider=provider.name, requests_a_day=int(a_day), claim=f"{limit.limit:,} {limit.kind}")


def _a_day(limit: Limit, pace: Pace) -> float | None:
    measure, days = kinds.measure_of(limit.kind), DAYS_OF.get(kinds.span_of(limit.kind))
    if days is None or measure not in (Measure.REQUESTS, *OF_TOKENS):
        return None
    each = 1 if measure is Measure.REQUESTS else pace.tokens_each
    return limit.limit / days / each
