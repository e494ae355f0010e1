"""The quota book: what each reservation counts in which meter, and what was said of these. Its owner is the pool."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from hrd.core import failover
from hrd.core.failures import HintSource, Observation
from hrd.core.ledger import Spent
from hrd.core.price import Price
from hrd.core.providers import Candidate, Provider
from hrd.core.quota import evidence, excess, kinds, met, share, terms
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.count import Count
from hrd.core.quota.kinds import AT_ONCE, HOUR_S, MINUTE_S, REQUESTS
from hrd.core.quota.meter import Meter, new_meter
from hrd.core.quota.meters import SCOPES_MAX, Meters
from hrd.core.quota.opening import fits_at
from hrd.core.quota.recount import Recount
from hrd.core.quota.window import NOBODY, PROVIDER, SAID, SAID_BY_PROVIDER, SLIDING, Asleep, Turn, Window
from hrd.core.remembered import WindowForgotten
from hrd.core.scopes import renamed

TOLD_BY = SAID_BY_PROVIDER | {NOBODY}
"""Whose word on a limit leaves it open how its window turns."""
LEAKED_S = 4 * HOUR_S
"""A reservation that nobody has settled by then was forgotten; no request lives so long (DEADLINE_SECONDS, STREAM_SECONDS)."""


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
        through: int = 0,
    ) -> None:
        """*spent*: the newest rows of the ledger, of which the *windows* may not know all. *names*: accounts as they may have
        been called when these were written → as they are called (see `move`). *price_at*: by which whoever has these scopes
        takes from a credit: of what others spent only the tokens are known, which then count at the dearest. *through*: the
        last reservation that is somebody else's; those of processes that still finish something are heard of."""
        self.probe_s = evidence.PROBE_S
        self.names: Mapping[str, str] = names or {}
        """Accounts that are called otherwise than they were, and as others may still call them."""
        self._meters = Meters(windows)
        self._meters.bring_back(now)
        self._holdings: dict[int, Holding] = {}
        self._slots: dict[int, list[Count]] = {}
        """What other processes have in flight."""
        rows = list(spent)
        self._meters.through = max([through, self._meters.newest_stored(), *(row.id for row in rows)])
        self._recount = Recount(self._meters, rows, now, price_at)
        self._recount.count_all(rows, self._true, now)
        self.move(self.names, now)

    def hear_of_changes(self, changed: Callable[[str], None]) -> None:
        """*changed* hears of each scope that gets another meter."""
        self._meters.changed = changed

    # meters --------------------------------------------------------------------------------------------------------------

    def meters_at(self, scope: str) -> list[Meter]:
        """All of one scope; not to be changed."""
        return self._meters.at(scope)

    def meters_of(self, candidate: Candidate, now: float) -> list[Meter]:
        """Everything that a request to *candidate* counts in; made from the limits that hold for it, where there is none."""
        terms.apply(candidate, self._meters, self._make, now)
        return [meter for scope in candidate.scopes for meter in self._meters.at(scope)]

    def _make(self, scope: str, kind: str, turn: Turn, provider: Provider, owner: str, now: float) -> Meter | None:
        if not self._meters.has_room(scope):
            return None
        meter = new_meter(scope, kind, turn, provider.reset_zone)
        meter.owner = owner
        self._recount.count_before(meter, now)
        self._meters.add(meter)
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
        self._meters.through = max(self._meters.through, number)
        counts = []
        for meter in meters:
            amount = amounts.of(meter.measure)
            if meter.is_sized:
                spare = max(0, at_most.of(meter.measure) - amount) if at_most is not None and meter.is_of_tokens else 0
                count = meter.count(amount, now, spare, amounts.loose_of(meter.measure))
            else:
                count = meter.count(amount, now)
            if tested and meter in tested:
                evidence.begin_test(meter, now)
                count.is_test = True
            counts.append(count)
        self._meters.touch(*meters)
        self._holdings[number] = Holding(now, counts)

    def reserve_at(self, number: int, scopes: Sequence[str], tokens: int, now: float) -> None:
        """The same for somebody of whom only the scopes are known."""
        through = self._meters.through
        meters = [meter for scope in scopes for meter in self._meters.at(self._true(scope))]
        self.reserve(number, meters, self._recount.at_most(scopes, tokens), now)
        self._meters.through = through

    def hold_slots(self, number: int, scopes: Iterable[str], at: float) -> None:
        """Another process has a request out: all but that it is in flight is in the windows' counts already."""
        meters = (m for scope in scopes for m in self._meters.at(self._true(scope)) if m.measure is AT_ONCE)
        counts = [meter.count(1, at) for meter in meters]
        if counts:
            self._slots[number] = counts

    def answered(self, number: int, now: float) -> None:
        """The reply of reservation *number* has begun."""
        holding = self._holdings.get(number)
        if holding is not None:
            for count in holding.counts:
                is_moved = count.meter.answered(count, now)
                if count.is_beyond or count.is_test:
                    excess.taken(count, now)
                    is_moved = True
                if is_moved:
                    self._meters.touch(count.meter)

    def raise_to(self, number: int, amounts: Amounts, now: float) -> None:
        """Its reply has come to so much already, and goes on: what was not reserved of it counts from now on, and is stored
        with what the ledger is told."""
        for count in self.counts_of(number):
            meter = count.meter
            if meter.is_sized and (amount := amounts.of(meter.measure)) > count.amount:
                meter.raise_to(count, amount, now)
                self._meters.touch(meter)
                self._meters.tell(meter)

    def settle(self, number: int, amounts: Amounts, now: float, *, was_counted: bool = True, is_cut: bool = False) -> None:
        """It came to so much. *was_counted* false: the provider turned it away before it counted as a request. *is_cut*: its
        reply has no end, so that it may have come to more: no less than what was set aside counts."""
        holding = self._holdings.pop(number, None)
        if holding is None:
            return
        meters = []
        for count in holding.counts:
            meter = count.meter
            meters.append(meter)
            is_given_back = not was_counted and meter.measure is REQUESTS
            spent = 0 if is_given_back else amounts.of(meter.measure)
            if is_cut and spent < count.amount:
                spent = count.amount
            meter.settle(count, spent, now, is_counted=was_counted)
            if count.is_excess:
                excess.settled(count, spent, now)
        self._meters.touch(*meters)

    def settle_at(self, number: int, scopes: Sequence[str], at: float, reserved: int, spent: int, now: float) -> None:
        """What another process reserved at *at* has come to *spent* tokens."""
        for count in self._slots.pop(number, ()):
            count.meter.settle(count, 1, now)
            self._meters.touch(count.meter)
        if number in self._holdings:
            self.settle(number, self._recount.at_most(scopes, spent), now)
        else:
            self._count_more_at(scopes, spent - reserved, at, now)

    def raise_at(self, number: int, scopes: Sequence[str], at: float, reserved: int, tokens: int, now: float) -> None:
        """What another process reserved at *at* has come to *tokens* already."""
        if number in self._holdings:
            self.raise_to(number, self._recount.at_most(scopes, tokens), now)
        else:
            self._count_more_at(scopes, tokens - reserved, at, now)

    def _count_more_at(self, scopes: Sequence[str], tokens: int, at: float, now: float) -> None:
        for scope in scopes:
            for meter in self._meters.at(self._true(scope)):
                self._recount.count_more(meter, scopes, tokens, at, now)

    def full_at(self, scopes: Sequence[str], tokens: int, now: float) -> Iterator[Window]:
        """The windows that have no room for a request of *tokens*."""
        amounts = self._recount.at_most(scopes, tokens)
        for scope in scopes:
            for meter in self._meters.at(self._true(scope)):
                if meter.is_known and meter.limit is not None and fits_at(meter, amounts.of(meter.measure), now) > now:
                    yield meter.row(self._meters.through, now)

    def opens_last(self, scopes: Sequence[str], now: float) -> tuple[float, Meter] | None:
        """Of their windows that have no room for any request the one that opens last, and when; None if none is full."""
        known = (m for scope in scopes for m in self._meters.at(scope) if m.is_known and m.limit is not None)
        full = ((at, meter) for meter in known if (at := fits_at(meter, 1, now)) > now)
        return max(full, key=lambda row: row[0], default=None)

    def full_at_once(self, scopes: Iterable[str]) -> bool:
        """Whether as many requests of ours are out as may be at once."""
        slots = (m for scope in scopes for m in self._meters.at(scope) if m.measure is AT_ONCE)
        return any(meter.limit is not None and 0 < meter.limit <= meter.pending for meter in slots)

    def expire(self, now: float) -> int:
        """Let go of what leaked, as spent; how many reservations that were."""
        leaked = [number for number, holding in self._holdings.items() if abs(now - holding.at) > LEAKED_S]
        for number in leaked:
            for count in self._holdings.pop(number).counts:
                count.meter.settle(count, count.amount, now)
                self._meters.touch(count.meter)
        return len(leaked)

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
        self._meters.touch(meter)
        if meter.limit != limit or (meter.used > used and meter.length_s > MINUTE_S):
            self._meters.tell(meter)
        return meter.limit is not None and meter.used >= meter.limit

    def refused(self, meters: Sequence[Meter], now: float, *, until: float | None, is_long: bool, step: int) -> None:
        """A refusal that named no window: learn from it what there is to learn. *until*: when to come back, if that was said.
        *step*: how often the same was met in a row before."""
        window = met.met_by(meters, now, until=until, is_long=is_long, step=step)
        if window is None:
            return
        if until is not None and not is_long:
            window.turns_at(until)
        evidence.learn(window, now, self.probe_s, is_guess=window.claimed is None and not is_long)
        if until is not None and not is_long:
            window.leave_one_at(until)
        self._meters.touch(window)
        self._meters.tell(window)

    def awaits_more(self, scopes: Iterable[str]) -> bool:
        """Whether it was said once that more is left of one of their windows than we think; said again it is believed."""
        return any(meter.more is not None for scope in scopes for meter in self._meters.at(scope))

    def is_full_by_count(self, candidate: Candidate, until: float, now: float) -> bool:
        """Whether a window that we counted full ends then, at its own boundary: nobody need look whether it still holds."""
        return met.is_full_by_count((m for scope in candidate.scopes for m in self._meters.at(scope)), until, now)

    def _spoken_of(self, candidate: Candidate, seen: Observation, name: str, now: float, *, refused: bool) -> Meter | None:
        """The meter that is meant: at the scope that was said, else where there is one of that kind already."""
        scope = failover.scope_of(candidate, seen.scope or "quota")
        meter = self._meters.find(scope, name)
        if meter is None and not seen.scope:
            found = (self._meters.find(other, name) for other in candidate.scopes)
            meter = next((one for one in found if one is not None and one.source != NOBODY), None)
        turns = evidence.turn_of(seen.kind, name, refused=refused)
        if meter is None:
            meter = self._make(scope, name, turns, candidate.provider, PROVIDER, now)
            if meter is not None and meter.measure is AT_ONCE:
                self._count_out(meter, now)
        elif meter.turns is SLIDING and turns is SAID and seen.resets_at is not None and meter.source in TOLD_BY:
            meter.turn_as(turns)  # nobody has said yet when it turns, or only a refusal
        return meter

    def _count_out(self, meter: Meter, now: float) -> None:
        """What is out already counts in a meter of what may be out at once: the refusal that told of it came for that."""
        for holding in self._holdings.values():
            if any(count.meter.scope == meter.scope for count in holding.counts):
                holding.counts.append(meter.count(1, now))

    # names and limits that change ----------------------------------------------------------------------------------------

    def bring_back(self, now: float) -> None:
        """The clock has been set back: nobody waits for what it had put into the future."""
        self._meters.bring_back(now)

    def move(self, names: Mapping[str, str], now: float) -> None:
        """What was counted for accounts is counted under their true names (*names*: old → new, both `<provider>/<account>`)."""
        for scope in self._meters.scopes() if names else ():
            target = renamed(scope, names)
            if target != scope:
                for gone, known in self._meters.move(scope, target, now):
                    self._count_in(known, gone)

    def part(self, fingerprint: str, names: Mapping[str, str], now: float) -> None:
        """The key of *fingerprint* has left an account, and takes its share of what the user allows there along (*names*: what
        that is called → what it belongs to now, both `<provider>/<account>`)."""
        for own, left, came in share.take_along(fingerprint, names, self._meters, now):
            for holding in self._holdings.values():
                if any(count.meter is own for count in holding.counts):
                    for count in holding.counts:
                        share.follow(count, left, came)

    def _true(self, scope: str) -> str:
        """*scope* as it is called now: somebody else may still call an account what it was called."""
        return renamed(scope, self.names)

    def _count_in(self, known: Meter, gone: Meter) -> None:
        """What counted in the meter that is *gone* counts in the one that is *known*."""
        for holding in self._holdings.values():
            for count in holding.counts:
                if count.meter is gone:
                    count.meter, count.epoch = known, known.epoch

    def limits_changed(self) -> None:
        """Another configuration: what only settings or catalogue said is said anew by `meters_of`."""
        self._meters.limits_changed()

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """Whatever is known of these scopes: there is nobody there any more."""
        self._recount.forget(is_meant)
        self._meters.forget(is_meant)

    def relax(self, is_meant: Callable[[str], bool], now: float) -> None:
        """What providers said and were concluded to allow at these scopes: they are asked, and say it again. What we counted
        ourselves stays, and what the user allows."""
        self._meters.relax(is_meant, now)

    def follow(self, window: Window) -> None:
        """What another process has seen."""
        self._meters.follow(window)

    def heed(self, window: Window, now: float) -> None:
        """What the process that has taken over has seen: what it counts has ours in it."""
        self._meters.heed(window, now)

    # all of them ---------------------------------------------------------------------------------------------------------

    @property
    def scopes(self) -> int:
        """How many are known."""
        return len(self._meters)

    def windows(self, now: float, most: int = SCOPES_MAX) -> list[Window]:
        """Every window as it stands of which a limit is known or claimed, those that are in use first; of no more than *most*
        scopes that were not touched since the start."""
        return list(self._meters.windows(now, most))

    def windows_at(self, scopes: Iterable[str], now: float, kinds: Container[str] | None = None) -> list[Window]:
        """Those of them that stand at *scopes*, of these *kinds* only if any are named: however many others there are, it costs
        no more."""
        return self._meters.windows_at(scopes, now, kinds)

    def foreseen(self, candidates: Iterable[Candidate], now: float) -> list[Window]:
        """What `windows` will have of *candidates* besides, once they are asked: limits of which nothing was used yet."""
        return terms.foreseen(candidates, self._meters, now)

    def take_told(self, now: float) -> list[Window]:
        """What providers said since the last call that the ledger does not have, and that a crash would take along."""
        return self._meters.take_told(now)

    def take_unsaved(self, now: float) -> list[Window | WindowForgotten]:
        """What changed since the last call, but for what a restart may forget."""
        return self._meters.take_unsaved(now)

    def forget_idle(self, now: float) -> None:
        """Drop what nothing is known of any more."""
        self._recount.forget_old(now)
        self._meters.forget_idle(now)
