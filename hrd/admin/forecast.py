"""`hr forecast`: what runs out when, and who would help; and the one line of it that `hr status` has."""

from collections.abc import Iterator

from hrd.admin.quota import title_of
from hrd.admin.standing import OF_WINDOWS, Hindrances, candidates_of
from hrd.admin.wire.forecast import Forecast, FreeTier, RunsOut
from hrd.admin.wire.quota import CLAIMED, KNOWN
from hrd.core import forecast as core
from hrd.core.access import Caller, why_forbidden
from hrd.core.forecast import Pace, Supply
from hrd.core.providers import Candidate, CostClass
from hrd.core.quota.kinds import DAY_S
from hrd.core.quota.window import Window
from hrd.core.snapshot import PoolSnapshot

ANYBODY = Caller(fingerprint="")
NAMED_MAX = 8
RUNNING_OUT_MAX = 8


def forecast_of(snapshot: PoolSnapshot, now: float) -> Forecast:
    """At the pace of this UTC day."""
    pace = pace_of(snapshot, now)
    free: list[Candidate] = []
    paid: list[Candidate] = []
    for candidate in _candidates(snapshot, now):
        (paid if candidate.cost_class is CostClass.PAID else free).append(candidate)
    supplies = [Supply(f"{one.provider.name}/{one.model}", one.scopes) for one in free]
    windows = _windows(snapshot, now)
    outlook = core.look_out(supplies, windows, pace, now)
    return Forecast(
        now=now,
        requests_today=pace.requests,
        tokens_today=pace.tokens,
        requests_an_hour=pace.an_hour,
        tokens_each=pace.tokens_each,
        candidates=len(free),
        left=outlook.left,
        empty_at=outlook.empty_at if free else None,
        unlimited=outlook.unlimited[:NAMED_MAX],
        limited=outlook.limited,
        paid=tuple(dict.fromkeys(f"{one.provider.name}/{one.model}" for one in paid))[:NAMED_MAX],
        running_out=tuple(_running_out(snapshot, now))[:RUNNING_OUT_MAX],
        helps=tuple(
            FreeTier(
                provider=one.provider,
                requests_a_day=one.requests_a_day,
                claim=one.claim,
                keys_at=snapshot.roster.providers[one.provider].keys_at,
            )
            for one in core.helps(snapshot.roster.providers, _without_key(snapshot), pace)
        ),
    )


def next_out(snapshot: PoolSnapshot, now: float) -> RunsOut | None:
    """The next thing that will run out."""
    return next(_running_out(snapshot, now), None)


def pace_of(snapshot: PoolSnapshot, now: float) -> Pace:
    """An attempt that failed is none of it: nobody was served, and another one may have been made in its place."""
    today = snapshot.today.values()
    return Pace(
        requests=sum(one.requests - one.errors for one in today),
        tokens=sum(one.input_tokens + one.output_tokens for one in today),
        elapsed_s=now % DAY_S,
    )


def _candidates(snapshot: PoolSnapshot, now: float) -> Iterator[Candidate]:
    """Those that the policy permits and that can be asked within a day."""
    hindrances, policy = Hindrances(snapshot, now), snapshot.rules.cost_policy
    for name in snapshot.roster.enabled:
        for candidate in candidates_of(snapshot, name):
            hindrance = hindrances.of(candidate.scopes)
            is_away = hindrance is not None and hindrance.reason not in OF_WINDOWS and (hindrance.until or 0.0) > now + DAY_S
            if not is_away and not why_forbidden(ANYBODY, candidate, policy):
                yield candidate


def _running_out(snapshot: PoolSnapshot, now: float) -> Iterator[RunsOut]:
    for out in core.next_to_run_out(_windows(snapshot, now), now):
        window = out.window
        yield RunsOut(
            scope=window.scope,
            title=title_of(window.scope),
            kind=window.kind,
            left=window.left or 0,
            limit=window.limit or 0,
            at=out.at,
            resets_at=window.resets_at,
            standing=KNOWN if window.is_known else CLAIMED,
        )


def _windows(snapshot: PoolSnapshot, now: float) -> list[Window]:
    """Those of whoever can be asked; of others there may be very many."""
    candidates = [one for name in snapshot.roster.enabled for one in candidates_of(snapshot, name)]
    known = snapshot.book.windows_at((scope for one in candidates for scope in one.scopes), now)
    return [*known, *snapshot.book.foreseen(candidates, now)]


def _without_key(snapshot: PoolSnapshot) -> list[str]:
    roster = snapshot.roster
    return [
        name
        for name, provider in roster.providers.items()
        if not roster.credentials.get(name) and not provider.keyless and not provider.signs_in
    ]
