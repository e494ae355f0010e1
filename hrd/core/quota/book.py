"""The quota book: every meter, by scope, and what each reservation counts in which. Its owner is the pool.

At start a window stays the row that it was stored as until its scope is first touched: a hundred thousand scopes cost memory
alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from hrd.core import failover
from hrd.core.failures import HintSource, Observation
from hrd.core.ledger import Spent
from hrd.core.price import Price
from hrd.core.providers import Candidate, CostClass, Provider
from hrd.core.quota import evidence, kinds
from hrd.core.quota import limit as limits
from hrd.core.quota.kinds import HOUR_S, MINUTE_S, OF_TOKENS, Measure
from hrd.core.quota.limit import Limit
from hrd.core.quota.meter import Count, Meter, new_meter
from hrd.core.quota.window import (
    CATALOGUE,
    LOOKUP,
    NOBODY,
    PROVIDER,
    REFUSALS,
    SETTINGS,
    USER,
    Asleep,
    Turn,
    Window,
    put_to_sleep,
    wake,
)
from hrd.core.remembered import WindowForgotten
from hrd.core.scopes import ACCOUNT_KINDS, account_in

SCOPES_MAX = 200_000
RELAXED_AT_ONCE = 1000
METERS_MAX = 24
"""Of one scope."""
LEAKED_S = 4 * HOUR_S
"""A reservation that nobody has settled by then was forgotten; no request lives so long (DEADLINE_SECONDS, STREAM_SECONDS)."""
SPENT_S = HOUR_S
"""How far back the ledger is looked through for what windows that were never stored have counted."""
LONG_AFTER = 3
"""After so many refusals in a row without a hint, up to a minute apart, it is no window of the minute."""
TELLING = 3
"""A refusal after fewer requests within the minute may have another reason, unless it is met again."""
TALLIED = ("requests/minute", "requests/day", "requests/month")
"""What is counted for every candidate, so that a refusal without numbers can be learned from."""


class Amounts(NamedTuple):
    """What one request takes."""

    input_tokens: int = 0
    output_tokens: int = 0
    credit: int = 0

    def of(self, measure: Measure) -> int:
        match measure:
            case Measure.REQUESTS | Measure.AT_ONCE:
                return 1
            case Measure.TOKENS:
                return self.input_tokens + self.output_tokens
            case Measure.INPUT:
                return self.input_tokens
            case Measure.OUTPUT:
                return self.output_tokens
            case Measure.CREDIT:
                return self.credit
            case Measure.PLAN:
                return 0


def amounts_of(candidate: Candidate, input_tokens: int, output_tokens: int) -> Amounts:
    """What a request to *candidate* is expected to take."""
    price = candidate.credit_price
    return Amounts(input_tokens, output_tokens, price.cost(input_tokens, output_tokens) if price is not None else 0)


class Holding:
    """What one reservation counts, where."""

    __slots__ = ("at", "counts")

    def __init__(self, at: float, counts: list[Count]) -> None:
        self.at = at
        self.counts = counts


class QuotaBook:
    """See the module's docstring."""

    def __init__(
        self,
        windows: Iterable[Window | Asleep] = (),
        spent: Iterable[Spent] = (),
        now: float = 0.0,
        names: Mapping[str, str] | None = None,
        price_at: Callable[[Sequence[str]], Price | None] = lambda _: None,
    ) -> None:
        """*spent*: the newest rows of the ledger, of which the *windows* may not know all. *names*: accounts as they may have
        been called when these were written → as they are called (see `move`). *price_at*: by which whoever has these scopes
        takes from a credit: of what others spent only the tokens are known, which then count at the dearest."""
        self.probe_s = evidence.PROBE_S
        self.changed: Callable[[str], None] = _ignore
        """Hears of each scope that gets another meter."""
        self._price_at = price_at
        self._asleep: dict[str, list[Window | Asleep]] = {}
        for window in windows:
            self._asleep.setdefault(window.scope, []).append(window)
        self._meters: dict[str, list[Meter]] = {}
        self._holdings: dict[int, Holding] = {}
        self._slots: dict[int, list[Count]] = {}
        """What other processes have in flight."""
        self._unsaved: dict[Meter, None] = {}
        self._told: dict[Meter, None] = {}
        """Those of them of which a provider said what nobody could count again."""
        self._gone: list[WindowForgotten] = []
        self._to_relax: dict[str, float] = {}
        """Scopes that are asleep, and to be asked anew: since when."""
        self.names: Mapping[str, str] = names or {}
        """Accounts that are called otherwise than they were, and as others may still call them."""
        rows = list(spent)
        stored = max((window.through for windows in self._asleep.values() for window in windows), default=0)
        self._through = max((row.id for row in rows), default=stored)
        """The last reservation that is in the counts."""
        self._spent = [row for row in rows if row.at > now - SPENT_S]
        self._spent_until = now + SPENT_S
        """For a while: a meter that is made anew may have counted before the process began."""
        self._spent_at: dict[str, list[Spent]] | None = None
        if self._asleep and rows:
            self._count_again(rows, now)
        self._move_all(self.names)

    def _count_again(self, spent: Iterable[Spent], now: float) -> None:
        """What the ledger has and the rows of windows have not: nothing is counted less for a crash. Windows that changed are
        stored together, so that older rows are in all of them."""
        through = max(window.through for windows in self._asleep.values() for window in windows)
        seen_at = max(window.seen_at for windows in self._asleep.values() for window in windows)
        stored: dict[str, list[Window | Asleep]] = {}
        for row in spent:
            if row.id > through or row.at > seen_at or (row.settled_at or 0.0) > seen_at:
                self._count_row_again(row, stored, now)

    def _count_row_again(self, row: Spent, stored: dict[str, list[Window | Asleep]], now: float) -> None:
        for named in row.scopes:
            scope = named if named in stored or named in self._asleep else self._true(named)
            windows = stored.get(scope)
            if windows is None:
                if scope not in self._asleep:
                    continue
                windows = stored[scope] = list(_read(self._asleep[scope]))
            for meter, window in zip(self.meters_at(scope), windows, strict=True):
                if row.id > window.through or row.at > window.seen_at:
                    self._count_row(meter, row, now)
                elif row.settled_at is not None and row.settled_at > window.seen_at:
                    self._count_more(meter, row.scopes, row.tokens - row.reserved, row.at, now)

    def _count_row(self, meter: Meter, row: Spent, now: float) -> None:
        amount = self._at_most(row.scopes, row.tokens).of(meter.measure) if meter.measure is not Measure.AT_ONCE else 0
        if amount:
            meter.count_again(amount, row.at, now, is_sure=row.is_served)
            self._unsaved[meter] = None

    def _at_most(self, scopes: Sequence[str], tokens: int) -> Amounts:
        """What a request takes of which only the tokens are known."""
        price = self._price_at(scopes)
        return Amounts(tokens, 0, price.at_most(tokens) if price is not None and tokens else 0)

    def _count_more(self, meter: Meter, scopes: Sequence[str], tokens: int, at: float, now: float) -> None:
        """It came to so many tokens more than was reserved. What came to less was reserved at its price, not at the dearest."""
        if meter.measure is Measure.CREDIT:
            price = self._price_at(scopes)
            more = price.at_most(tokens) if price is not None and tokens > 0 else 0
        else:
            more = tokens if meter.measure in OF_TOKENS else 0
        if more:
            meter.count_again(more, at, now)
            self._touch(meter)

    def _spent_before(self, scope: str) -> Sequence[Spent]:
        """The ledger's newest rows that count at *scope*."""
        if not self._spent:
            return ()
        if self._spent_at is None:
            self._spent_at = {}
            for row in self._spent:
                for other in row.scopes:
                    self._spent_at.setdefault(other, []).append(row)
        return self._spent_at.get(scope, ())

    # meters --------------------------------------------------------------------------------------------------------------

    def meters_at(self, scope: str) -> list[Meter]:
        """All of one scope; not to be changed."""
        meters = self._meters.get(scope)
        if meters is not None:
            return meters
        rows = self._asleep.pop(scope, None) if self._asleep else None
        if rows is None:
            return _NONE
        meters = self._meters[scope] = [Meter(_awake(row)) for row in _read(rows)]
        for meter in meters:
            meter.is_stored = True
        if scope in self._to_relax:
            self._relax(meters, self._to_relax.pop(scope))
        return meters

    def meters_of(self, candidate: Candidate, now: float) -> list[Meter]:
        """Everything that a request to *candidate* counts in; made from the limits that hold for it, where there is none."""
        for owner, rows in ((PROVIDER, candidate.provider.limits), (USER, candidate.provider.own_limits)):
            for limit in rows:
                if _concerns(limit, candidate, owner):
                    self._apply(limit, candidate, owner, now)
        if candidate.cost_class is not CostClass.LOCAL:
            for kind in TALLIED:
                self._tally(candidate, kind, now)
        return [meter for scope in candidate.scopes for meter in self._stopping(scope, candidate.scopes)]

    def _stopping(self, scope: str, scopes: Iterable[str]) -> Iterable[Meter]:
        """The meters at *scope* that a candidate of *scopes* counts in. A key's budget, which was looked up, is of what costs
        money: it stops no free model."""
        meters = self.meters_at(scope)
        if not scope.startswith("credential:") or any(other.startswith("paid:") for other in scopes):
            return meters
        return [meter for meter in meters if meter.measure is not Measure.CREDIT or meter.source != LOOKUP]

    def _apply(self, limit: Limit, candidate: Candidate, owner: str, now: float) -> None:
        scope = failover.scope_of(candidate, limits.scope_kind(limit, candidate.provider.quota_scope))
        if scope not in candidate.scopes:
            return
        meter = self._find(scope, limit.kind, owner) or self._make(
            scope, limit.kind, _turn_of(limit), candidate.provider, owner, now
        )
        if meter is None:
            return
        if owner == USER:
            if meter.limit != limit.limit:
                meter.limit, meter.limit_at = limit.limit, 0.0
            meter.source, meter.is_known = SETTINGS, True
            return
        is_new = meter.claimed is None and meter.source == NOBODY
        meter.claimed = limit.limit
        if is_new or meter.source == CATALOGUE:
            meter.limit, meter.source, meter.is_known = limit.limit, CATALOGUE, False

    def _tally(self, candidate: Candidate, kind: str, now: float) -> None:
        if any(meter.kind == kind and meter.owner == PROVIDER for scope in candidate.scopes for meter in self.meters_at(scope)):
            return
        span = kinds.span_of(kind)
        where = "candidate" if span == "minute" else "quota"
        self._make(
            failover.scope_of(candidate, where),
            kind,
            Turn.SLIDING if span == "minute" else Turn.FIXED,
            candidate.provider,
            PROVIDER,
            now,
        )

    def _find(self, scope: str, kind: str, owner: str = PROVIDER) -> Meter | None:
        return next((meter for meter in self.meters_at(scope) if meter.kind == kind and meter.owner == owner), None)

    def _make(self, scope: str, kind: str, turn: Turn, provider: Provider, owner: str, now: float) -> Meter | None:
        meters = self.meters_at(scope)
        if len(meters) >= METERS_MAX or (meters is _NONE and len(self._meters) + len(self._asleep) >= SCOPES_MAX):
            return None
        meter = new_meter(scope, kind, turn, provider.reset_zone)
        meter.owner = owner
        for row in self._spent_before(scope):
            self._count_row(meter, row, now)
        self._meters.setdefault(scope, []).append(meter)
        self.changed(scope)
        return meter

    # spending ------------------------------------------------------------------------------------------------------------

    def reserve(
        self,
        number: int,
        meters: Sequence[Meter],
        amounts: Amounts,
        now: float,
        tested: Sequence[Meter] = (),
        at_most: Amounts | None = None,
    ) -> None:
        """Set aside what reservation *number* will take. *tested*: there is no room in these, to see whether that holds;
        *at_most*: few take more."""
        self._through = max(self._through, number)
        counts = []
        for meter in meters:
            amount = amounts.of(meter.measure)
            spare = max(0, at_most.of(meter.measure) - amount) if at_most is not None and meter.measure in OF_TOKENS else 0
            count = meter.count(amount, now, spare)
            if meter in tested:
                evidence.begin_test(meter, now)
                count.is_test = True
            counts.append(count)
            self._touch(meter)
        self._holdings[number] = Holding(now, counts)

    def reserve_at(self, number: int, scopes: Sequence[str], tokens: int, now: float) -> None:
        """The same for somebody of whom only the scopes are known."""
        through = self._through
        meters = [meter for scope in scopes for meter in self.meters_at(self._true(scope))]
        self.reserve(number, meters, self._at_most(scopes, tokens), now)
        self._through = through

    def hold_slots(self, number: int, scopes: Iterable[str], at: float) -> None:
        """Another process has a request out: all but that it is in flight is in the windows' counts already."""
        meters = (m for scope in scopes for m in self.meters_at(self._true(scope)) if m.measure is Measure.AT_ONCE)
        counts = [meter.count(1, at) for meter in meters]
        if counts:
            self._slots[number] = counts

    def answered(self, number: int, now: float) -> None:
        """The reply of reservation *number* has begun."""
        holding = self._holdings.get(number)
        if holding is not None:
            for count in holding.counts:
                count.meter.answered(count, now)
                self._touch(count.meter)

    def settle(self, number: int, amounts: Amounts, now: float, *, was_counted: bool = True) -> None:
        """It came to so much. *was_counted* false: the provider turned it away before it counted as a request."""
        holding = self._holdings.pop(number, None)
        if holding is None:
            return
        for count in holding.counts:
            meter = count.meter
            is_given_back = meter.measure is Measure.REQUESTS and not was_counted
            meter.settle(count, 0 if is_given_back else amounts.of(meter.measure), now, is_counted=was_counted)
            self._touch(meter)

    def settle_at(self, number: int, scopes: Sequence[str], at: float, reserved: int, spent: int, now: float) -> None:
        """What another process reserved at *at* has come to *spent* tokens."""
        for count in self._slots.pop(number, ()):
            count.meter.settle(count, 1, now)
            self._touch(count.meter)
        if number in self._holdings:
            self.settle(number, self._at_most(scopes, spent), now)
            return
        for scope in scopes:
            for meter in self.meters_at(self._true(scope)):
                self._count_more(meter, scopes, spent - reserved, at, now)

    def full_at(self, scopes: Sequence[str], tokens: int, now: float) -> Iterator[Window]:
        """The windows that have no room for a request of *tokens*."""
        amounts = self._at_most(scopes, tokens)
        for scope in scopes:
            for meter in self._stopping(self._true(scope), scopes):
                if meter.is_known and meter.limit is not None and meter.fits_at(amounts.of(meter.measure), now) > now:
                    yield meter.row(self._through, now)

    def opens_at(self, scopes: Sequence[str], now: float) -> float:
        """When the last of their windows that have no room for any request opens; 0 if none is full."""
        full = (m for scope in scopes for m in self._stopping(scope, scopes) if m.is_known and m.limit is not None)
        return max((at for meter in full if (at := meter.fits_at(1, now)) > now), default=0.0)

    def full_at_once(self, scopes: Iterable[str]) -> bool:
        """Whether as many requests of ours are out as may be at once."""
        slots = (m for scope in scopes for m in self.meters_at(scope) if m.measure is Measure.AT_ONCE)
        return any(meter.limit is not None and 0 < meter.limit <= meter.pending for meter in slots)

    def expire(self, now: float) -> int:
        """Let go of what leaked, as spent; how many reservations that were."""
        leaked = [number for number, holding in self._holdings.items() if abs(now - holding.at) > LEAKED_S]
        for number in leaked:
            for count in self._holdings.pop(number).counts:
                count.meter.settle(count, count.amount, now)
                self._touch(count.meter)
        return len(leaked)

    def _touch(self, meter: Meter) -> None:
        self._unsaved[meter] = None
        for lane in meter.lanes:
            lane.is_stale = True

    # what is said --------------------------------------------------------------------------------------------------------

    def observe(
        self,
        candidate: Candidate,
        seen: Iterable[Observation],
        counts: Sequence[Count],
        now: float,
        *,
        refused: bool = False,
    ) -> bool:
        """Take in what a reply said, or a look-up. *counts*: what its request counts, or counted before it was given back.
        Whether somebody is used up by it."""
        is_used_up = False
        for one in seen:
            is_used_up |= self._observe(candidate, one, counts, now, refused=refused)
        return is_used_up

    def counts_of(self, number: int) -> Sequence[Count]:
        """What reservation *number* counts."""
        holding = self._holdings.get(number)
        return holding.counts if holding is not None else ()

    def _observe(self, candidate: Candidate, seen: Observation, counts: Sequence[Count], now: float, *, refused: bool) -> bool:
        if evidence.sensible(seen) is None:
            return False
        name = kinds.named(seen.kind, seen.window_s)
        meter = self._spoken_of(candidate, seen, name, now, refused=refused or seen.source is HintSource.LOOKUP)
        if meter is None:
            return False
        count = next((count for count in counts if count.meter is meter), None)
        limit, used = meter.limit, meter.used
        evidence.believe(meter, seen, now, source=seen.source.value, count=count, probe_s=self.probe_s)
        self._touch(meter)
        if meter.limit != limit or (meter.used > used and meter.length_s > MINUTE_S):
            self._told[meter] = None
        return meter.limit is not None and meter.used >= meter.limit

    def refused(self, meters: Sequence[Meter], now: float, *, until: float | None, is_long: bool, step: int) -> None:
        """A refusal that named no window: learn from it what there is to learn. *until*: when to come back, if that was said.
        *step*: how often the same was met in a row before."""
        able = [m for m in meters if m.measure is Measure.REQUESTS and m.owner == PROVIDER and evidence.may_learn(m)]
        for meter in able:
            meter.turn(now)
        met = _long_met(able, until) if is_long else _short_met(able, until, step, now)
        if met is None or met.used <= 0:
            return
        if until is not None and not is_long:
            met.turns_at(until)
        evidence.learn(met, now, self.probe_s, is_guess=met.claimed is None and not is_long)
        if until is not None and not is_long:
            met.leave_one_at(until)
        self._touch(met)
        self._told[met] = None

    def awaits_more(self, scopes: Iterable[str]) -> bool:
        """Whether it was said once that more is left of one of their windows than we think; said again it is believed."""
        return any(meter.more is not None for scope in scopes for meter in self.meters_at(scope))

    def is_full_by_count(self, candidate: Candidate, until: float, now: float) -> bool:
        """Whether a window that we counted full ends then, at its own boundary: nobody need look whether it still holds."""
        return any(
            meter.turns is Turn.FIXED
            and meter.limit is not None
            and meter.used >= meter.limit
            and meter.ends_at is not None
            and abs(meter.ends_at - until) <= evidence.NEAR_BOUNDARY_S
            and not (meter.source == REFUSALS and meter.limit_at == now)
            for scope in candidate.scopes
            for meter in self.meters_at(scope)
        )

    def _spoken_of(self, candidate: Candidate, seen: Observation, name: str, now: float, *, refused: bool) -> Meter | None:
        """The meter that is meant: at the scope that was said, else where there is one of that kind already."""
        scope = failover.scope_of(candidate, seen.scope or "quota")
        meter = self._find(scope, name)
        if meter is None and not seen.scope:
            found = (self._find(other, name) for other in candidate.scopes)
            meter = next((one for one in found if one is not None and one.source != NOBODY), None)
        turns = evidence.turn_of(seen.kind, name, refused=refused)
        if meter is None:
            meter = self._make(scope, name, turns, candidate.provider, PROVIDER, now)
        elif meter.source == NOBODY and meter.turns is Turn.SLIDING and turns is Turn.SAID and seen.resets_at is not None:
            meter.turn_as(turns)
        return meter

    # names and limits that change ----------------------------------------------------------------------------------------

    def move(self, names: Mapping[str, str]) -> None:
        """What was counted for accounts is counted under their true names (*names*: old → new, both `<provider>/<account>`)."""
        self._move_all(names)

    def _true(self, scope: str) -> str:
        """*scope* as it is called now: somebody else may still call an account what it was called."""
        return _renamed(scope, self.names)

    def _move_all(self, names: Mapping[str, str]) -> None:
        for scope in [*self._meters, *self._asleep] if names else ():
            target = _renamed(scope, names)
            if target != scope:
                self._move_scope(scope, target)

    def _move_scope(self, scope: str, target: str) -> None:
        for meter in self.meters_at(scope):
            known = self._find(target, meter.kind, meter.owner)
            self._no_more(meter)
            if known is not None:
                known.join(meter)
                for holding in self._holdings.values():
                    for count in holding.counts:
                        if count.meter is meter:
                            count.meter, count.epoch = known, known.epoch
            else:
                known = meter
                known.scope = target
                self._meters.setdefault(target, []).append(known)
            self._unsaved[known] = None
        self._meters.pop(scope, None)
        self.changed(scope)
        self.changed(target)

    def _no_more(self, meter: Meter) -> None:
        """Its row, if there is one, is to go."""
        self._unsaved.pop(meter, None)
        self._told.pop(meter, None)
        if meter.is_stored:
            meter.is_stored = False
            self._gone.append(WindowForgotten(scope=meter.scope, kind=meter.kind, owner=meter.owner))

    def limits_changed(self) -> None:
        """Another configuration: what only settings or catalogue said is said anew by `meters_of`."""
        for meters in self._meters.values():
            for meter in meters:
                if meter.source in (CATALOGUE, SETTINGS):
                    meter.limit, meter.source, meter.is_known = None, NOBODY, False
                meter.claimed = None

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """Whatever is known of these scopes: there is nobody there any more."""
        self._spent = [row for row in self._spent if not any(map(is_meant, row.scopes))]
        self._spent_at = None
        for scope in [scope for scope in (*self._meters, *self._asleep) if is_meant(scope)]:
            for meter in self.meters_at(scope):
                self._no_more(meter)
            self._meters.pop(scope, None)
            self.changed(scope)

    def relax(self, is_meant: Callable[[str], bool], now: float) -> None:
        """What providers said and were concluded to allow at these scopes: they are asked, and say it again. What we counted
        ourselves stays, and what the user allows."""
        for scope in [scope for scope in self._meters if is_meant(scope)]:
            self._relax(self._meters[scope], now)
        self._to_relax.update(dict.fromkeys((scope for scope in self._asleep if is_meant(scope)), now))
        for scope in [scope for scope in self._meters if is_meant(scope)]:
            self.changed(scope)

    def _relax(self, meters: Iterable[Meter], now: float) -> None:
        for meter in meters:
            if meter.owner == PROVIDER:
                meter.relax(now)
                self._touch(meter)

    def _relax_asleep(self, now: float) -> Iterator[Window | WindowForgotten]:
        """Some of those that nobody has touched since the start: there may be very many."""
        for scope in list(islice(self._to_relax, RELAXED_AT_ONCE)):
            del self._to_relax[scope]
            kept = []
            for row in _read(self._asleep.pop(scope, ())):
                meter = Meter(row)
                if meter.owner == PROVIDER:
                    meter.relax(now)
                if _is_kept(meter):
                    kept.append(meter.row(row.through, now))
                else:
                    yield WindowForgotten(scope=scope, kind=row.kind, owner=row.owner)
            if kept:
                self._asleep[scope] = list(map(put_to_sleep, kept))
                yield from kept

    def follow(self, window: Window) -> None:
        """What another process has seen."""
        meter = self._find(window.scope, window.kind, window.owner)
        if meter is None:
            self.meters_at(window.scope)
            meter = Meter(window)
            meter.is_stored = True
            self._meters.setdefault(window.scope, []).append(meter)
            self.changed(window.scope)
        elif meter.limit_at <= window.limit_at and window.limit is not None:
            meter.limit, meter.source, meter.is_known = window.limit, window.source, window.is_known
            self._touch(meter)

    # all of them ---------------------------------------------------------------------------------------------------------

    @property
    def scopes(self) -> int:
        """How many are known."""
        return len(self._meters) + len(self._asleep)

    def windows(self, now: float, most: int = SCOPES_MAX) -> list[Window]:
        """Every window as it stands of which a limit is known or claimed, those that are in use first; of no more than *most*
        scopes that were not touched since the start."""
        return list(self._windows(now, most))

    def _windows(self, now: float, most: int) -> Iterator[Window]:
        for meters in self._meters.values():
            for meter in meters:
                meter.turn(now)
                if meter.limit is not None:
                    yield meter.row(self._through, now)
        for rows in islice(self._asleep.values(), most):
            for row in _read(rows):
                meter = Meter(_awake(row))
                meter.turn(now)
                if meter.limit is not None:
                    yield meter.row(row.through, now)

    def windows_at(self, scopes: Iterable[str], now: float) -> list[Window]:
        """Those of them that stand at *scopes*: however many others there are, it costs no more."""
        meters = [meter for scope in dict.fromkeys(scopes) for meter in self.meters_at(scope)]
        for meter in meters:
            meter.turn(now)
        return [meter.row(self._through, now) for meter in meters if meter.limit is not None]

    def foreseen(self, candidates: Iterable[Candidate], now: float) -> list[Window]:
        """What `windows` will have of *candidates* besides, once they are asked: limits of which nothing was used yet."""
        found: dict[tuple[str, str, str], Window] = {}
        for candidate in candidates:
            for owner, rows in ((PROVIDER, candidate.provider.limits), (USER, candidate.provider.own_limits)):
                for limit in rows:
                    scope = failover.scope_of(candidate, limits.scope_kind(limit, candidate.provider.quota_scope))
                    if scope not in candidate.scopes or not _concerns(limit, candidate, owner):
                        continue
                    meter = self._find(scope, limit.kind, owner)
                    if meter is None:
                        found[scope, limit.kind, owner] = _untouched(limit, scope, owner, candidate.provider.reset_zone, now)
                    elif meter.limit is None and meter.source == NOBODY:
                        found[scope, limit.kind, owner] = _said(meter.row(self._through, now), limit, owner)
        return list(found.values())

    def take_told(self, now: float) -> list[Window]:
        """What providers said since the last call that the ledger does not have, and that a crash would take along: what others
        spent of a long window, and limits that were not known."""
        told, self._told = self._told, {}
        for meter in told:
            meter.is_stored = True
        return [meter.row(self._through, now) for meter in told]

    def take_unsaved(self, now: float) -> list[Window | WindowForgotten]:
        """What changed since the last call, but for what a restart may forget."""
        changed, self._unsaved = self._unsaved, {}
        rows = list[Window | WindowForgotten]()
        for meter in changed:
            if _is_kept(meter):
                meter.is_stored = True
                rows.append(meter.row(self._through, now))
            else:
                self._no_more(meter)
        gone, self._gone = self._gone, []
        return [*gone, *rows, *self._relax_asleep(now)]

    def forget_idle(self, now: float) -> None:
        """Drop what nothing is known of any more."""
        if now > self._spent_until:
            self._spent, self._spent_at = [], None
        for scope, meters in list(self._meters.items()):
            for meter in meters:
                meter.turn(now)
            if all(meter.is_idle and not meter.lanes for meter in meters):
                for meter in meters:
                    self._no_more(meter)
                del self._meters[scope]


_NONE: list[Meter] = []


def _ignore(_: str) -> None:
    pass


def _renamed(scope: str, names: Mapping[str, str]) -> str:
    """*scope* under its account's true name."""
    if not names:
        return scope
    kind, _, rest = scope.partition(":")
    if kind not in ACCOUNT_KINDS:
        return scope
    owner = account_in(rest)
    new = names.get(owner)
    return scope if new is None else f"{kind}:{new}{rest.removeprefix(owner)}"


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


def _long_met(able: list[Meter], until: float | None) -> Meter | None:
    """Which window of a day or longer was full: the one that ends when it was said. Other moments are the provider's alone."""
    if until is None:
        return None
    ends = (m for m in able if m.ends_at is not None and abs(m.ends_at - until) <= evidence.NEAR_BOUNDARY_S)
    return next((meter for meter in ends if (meter.span_s or 0.0) > HOUR_S), None)


def _short_met(able: list[Meter], until: float | None, step: int, now: float) -> Meter | None:
    """Which window was full when nobody said: one that is so by a claim; a long claim, if waiting did not help; else the
    minute's, once the count says something."""
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
    return met if met is not None and (met.used >= TELLING or step >= 1) else None


def _is_kept(meter: Meter) -> bool:
    if meter.turns is Turn.IN_FLIGHT:
        return meter.is_known and meter.owner == PROVIDER
    return meter.limit is not None or (meter.used > 0 and (meter.span_s or 0.0) > HOUR_S)


def _read(rows: Iterable[Window | Asleep]) -> list[Window]:
    return [window for row in rows if (window := wake(row)) is not None]


def _awake(row: Window) -> Window:
    """What only the catalogue or the settings said, they have to say again."""
    if row.source not in (CATALOGUE, SETTINGS):
        return row
    return msgspec.structs.replace(row, limit=None, source=NOBODY, is_known=False)
