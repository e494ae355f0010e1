"""The choice: who of those that a name selects is asked next, until when to wait for somebody, or why nobody can serve.

Who is free is asked, in the order of `core.routing`; before them somebody whose block or limit it is time to look at. If nobody
is free, a guess of ours that is ten seconds old stops nobody any longer. Then the request takes a place in line for whoever is
free first, as long as it may wait. When it may wait no longer, it does not let itself be turned away by a probe whose outcome
is merely not known yet, nor by what is only claimed. What is left is a refusal.
"""

from collections.abc import Callable, Sequence

import msgspec

from hrd.core import homes, needs
from hrd.core.access import Caller
from hrd.core.block_book import RECHECK_S, BlockBook
from hrd.core.conclusion import conclude
from hrd.core.facts import Wait
from hrd.core.field import Field, Fields
from hrd.core.group import Due
from hrd.core.hindrance import SLOTS, Hindrance
from hrd.core.journal import PassedOver
from hrd.core.lane import Lane, reading_of
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.line import Line
from hrd.core.permits import Permits
from hrd.core.pin import Pair
from hrd.core.providers import Candidate
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import SPARE_WAIT_S
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster, Selection
from hrd.core.rules import PoolRules
from hrd.core.tour import Tour

WAIT_GRAIN_S = 0.001
"""A wait ends this much after its moment, so that two clocks' rounding cannot end it before."""
GIVES_WAY = 0.5
"""Of what it may still wait a request gives up so much at the most for who comes before it: a moment in line is not certain."""
ORDER_NAMED_MAX = 32
PASSED_NAMED_MAX = 64


class Chosen(msgspec.Struct, frozen=True):
    """Who is asked."""

    lane: Lane
    others: int
    """So many more could be asked now."""
    passed: int
    """So many of those that the name selects could not."""
    ranked: list[Lane]
    """Everybody who could be asked, best first."""
    is_probe: bool = False
    tested: Sequence[Meter] = ()
    """Limits that it goes beyond, to see whether they still hold."""
    moved_from: str = ""


class Choice:
    """Reads the pool's books and changes none but the line. The pool hands it each new roster and each change of the rules."""

    def __init__(
        self, roster: Roster, rules: PoolRules, blocks: BlockBook, learning: Learning, lanes: Lanes, line: Line
    ) -> None:
        self.roster = roster
        self._lanes = lanes
        self._line = line
        self._permits = Permits(rules, learning)
        self._fields = Fields(roster, lanes, learning)
        self._hindrance = Hindrance(lanes, blocks, line)

    @property
    def rules(self) -> PoolRules:
        return self._permits.rules

    @rules.setter
    def rules(self, rules: PoolRules) -> None:
        self._permits.rules = rules

    def change(self, roster: Roster) -> None:
        """Another one."""
        self.roster = roster
        self._fields.change(roster)

    def choose(
        self, selection: Selection, tour: Tour, caller: Caller, *, only: Pair | None, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        """Decide for *tour*, which has waited for *waited_s* so far. *only*: the pair that may be asked (see `core.pin`)."""
        if only is not None:
            pinned = tuple(c for c in selection.candidates if c.pair == only)
            selection = msgspec.structs.replace(selection, candidates=pinned)
        permitted = self._permits.permitted(selection, tour, caller)
        field = self._fields.of(permitted, selection, tour, now)
        again = tour.again
        if again is not None and self._is_free(lane := self._lanes.of(again, now), tour, selection):
            return Chosen(lane, len(field.able) + field.spare, 0, [lane])
        chosen = self._first_of(field, tour) if field.able or field.due else None
        if chosen is None:
            return self._at_last(field, selection, tour, caller, is_trial=only is not None, now=now, waited_s=waited_s)
        if tour.place is not None and now < tour.place.not_before:
            return Wait(until=tour.place.not_before + WAIT_GRAIN_S)
        if not self._line.is_empty and (wait := self._give_way(chosen, selection, tour, caller, now, waited_s)) is not None:
            return wait
        return msgspec.structs.replace(chosen, others=chosen.others + field.spare) if field.spare else chosen

    def passed_over(
        self, selection: Selection, tour: Tour, caller: Caller, now: float, *, is_refused: bool
    ) -> tuple[PassedOver, ...]:
        """Who would not be asked now, and why (for the journal); those asked already are known. *is_refused*: nobody is,
        so that the moments are those that its client is told."""
        rows = []
        hindrance, shares = self._hindrance, not selection.is_pinned
        for c in selection.candidates[:PASSED_NAMED_MAX]:
            why, until, reading = self._permits.why_never(c, tour, caller), None, None
            if not why and c.key not in tour.tried:
                lane = self._lanes.of(c, now)
                why = hindrance.why(lane, tour, shares=shares)
                if why:
                    until = hindrance.free_at(lane, tour, now, shares=shares)
                    if is_refused and until is not None:
                        until = hindrance.told_at(lane, hindrance.turn_at(lane, tour, now, shares=shares), tour, now)
                    reading = reading_of(lane, now) if lane.worth.scarcest is not None else None
                elif tour.ask.needs and (lacks := self._fields.lacking(c, tour)):
                    why = needs.told(lacks)
            if why:
                rows.append(PassedOver(candidate=c.key, why=why, until=until, reading=reading))
        return tuple(rows)

    def _is_free(self, lane: Lane, tour: Tour, selection: Selection) -> bool:
        return not self._hindrance.why(lane, tour, shares=not selection.is_pinned)

    # in which order ------------------------------------------------------------------------------------------------------

    def _first_of(self, field: Field, tour: Tour) -> Chosen | None:
        """The best of them; None if all that there is belongs to those who wait already."""
        tier_of = self._fields.tiers(tour)
        ranked, many = field.able, len(field.able)
        best = tier_of(ranked[0]) if ranked else float("inf")
        if field.due and (probe := self._probe(field.due, tier_of, best)) is not None:
            lane, tested = probe
            others = (other for other in ranked if other is not lane)
            return Chosen(lane, many, field.passed, [lane, *others], is_probe=True, tested=tested)
        if not self._line.is_empty:
            ranked = [lane for lane in ranked if self._hindrance.is_enough_for_all(lane, tour)]
        if not ranked:
            return None
        chosen, moved_from = ranked[0], ""
        if tour.failures:
            first = tour.choose(lane.candidate for lane in ranked)
            assert first is not None, "somebody is able"
            chosen = next(lane for lane in ranked if lane.candidate is first)
        elif tour.ask.affinity:
            roster, affinity = self.roster, tour.ask.affinity
            chosen, moved_from = homes.at_home(
                affinity, field.lanes, ranked, mode=roster.mode, mode_of=roster.mode_of, tier_of=tier_of
            )
        return Chosen(chosen, many - 1, field.passed, ranked, moved_from=moved_from)

    def _probe(self, due: list[Due], tier_of: Callable[[Lane], float], best: float) -> Due | None:
        """Somebody who is to be looked at, if this request might go there anyway."""
        lane, tested = min(due, key=lambda row: (tier_of(row[0]), row[0].used_at, row[0].place))
        return (lane, tested) if tier_of(lane) <= best else None

    # nobody is free ------------------------------------------------------------------------------------------------------

    def _at_last(
        self, field: Field, selection: Selection, tour: Tour, caller: Caller, *, is_trial: bool, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        shares = not selection.is_pinned
        lanes = field.lanes
        if tour.tried:  # they may be asked again after a wait
            never = self._permits.forbidden(selection, tour, caller)
            lanes = [self._lanes.of(c, now) for c, why in never if not why]
        within_s = self.rules.max_wait_s - waited_s
        near = [lane for lane in lanes if not lane.is_shut_until(now + within_s)]
        hindered = self._hindrance.moments(near, tour, now, shares=shares)
        untried = [(at, lane) for at, lane in hindered if lane.candidate.key not in tour.tried]
        patient = [lane for at, lane in untried if at <= now and not lane.is_probed]
        if patient:
            return self._patient(patient, tour, selection, now)
        waits = [(at if at > now else now + RECHECK_S, lane) for at, lane in hindered]
        if is_trial and within_s >= RECHECK_S:
            return Wait(until=min([now + RECHECK_S, *(at for at, _ in waits)]) + WAIT_GRAIN_S)
        if waits and not tour.is_all_empty():
            at, lane = min(waits, key=lambda row: row[0])
            if within_s > 0 and (at - now <= within_s or self._may_open_before(at, lane, tour, now)):
                at = min(at, now + within_s)
                return self._wait(lane, at, selection, tour, caller, now)
        unfinished = [lane for at, lane in untried if at <= now or self._hindrance.why(lane, tour, shares=shares) == SLOTS]
        if unfinished:
            return self._patient(unfinished, tour, selection, now)
        passed = [PassedOver(candidate=c.key, why=why) for c, why in self._permits.forbidden(selection, tour, caller)]
        if len(near) < len(lanes):
            far = [lane for lane in lanes if lane.is_shut_until(now + within_s)]
            hindered += self._hindrance.moments(far, tour, now, shares=shares)
        return conclude(
            tour, passed, hindered=[self._hindrance.told(lane, at, tour, now, shares=shares) for at, lane in hindered], now=now
        )

    def _may_open_before(self, at: float, lane: Lane, tour: Tour, now: float) -> bool:
        """Whether *at* is only when to look again for what may come free at any moment."""
        needed = tour.input_needed, lane.output_needed(tour.ask.max_tokens)
        return at - now <= SPARE_WAIT_S and self._lanes.may_open_any_moment(lane, *needed)

    def _give_way(
        self, chosen: Chosen, selection: Selection, tour: Tour, caller: Caller, now: float, waited_s: float
    ) -> Wait | None:
        """Change places with the first of those who come before and wait for somebody else, though who is *chosen* would do for
        them: unless that leaves this request too little to wait for yet another."""
        if chosen.is_probe:
            return None
        candidate = chosen.lane.candidate
        first = self._line.first_elsewhere(tour.place, tour.ask.priority, candidate, now)
        if first is None or first.candidate is None:
            return None
        sought, until = first.candidate, first.until
        self._line.leave(first)
        if self._permits.may_take(sought, selection, tour, caller):
            lane = self._lanes.of(sought, now)
            at = self._hindrance.turn_at(lane, tour, now, shares=not selection.is_pinned)
            if now < at <= now + GIVES_WAY * (self.rules.max_wait_s - waited_s):
                self._line.give_up(first)  # those between the two move up
                self._line.wait(first, candidate, now)
                first.wake()
                return self._wait(lane, at, selection, tour, caller, now)
        self._line.wait(first, sought, until)
        return None

    def _taker(self, selection: Selection, tour: Tour, caller: Caller) -> Callable[[Candidate, float], bool]:
        """Whether somebody could be asked at that moment for this request."""

        def may_take(candidate: Candidate, now: float) -> bool:
            return self._permits.may_take(candidate, selection, tour, caller) and self._is_free(
                self._lanes.of(candidate, now), tour, selection
            )

        return may_take

    def _patient(self, lanes: list[Lane], tour: Tour, selection: Selection, now: float) -> Chosen:
        """Somebody of whom we know better than to keep away for long; whatever limit is in the way is tested by it."""
        ranked = self._fields.ranked(lanes, tour, selection, now)
        first = tour.choose(lane.candidate for lane in ranked) if tour.failures else ranked[0].candidate
        lane = next(lane for lane in ranked if lane.candidate is first)
        needed = tour.input_needed, lane.output_needed(tour.ask.max_tokens)
        tested = [] if lane.room.takes(*needed) else self._lanes.guessed(lane, *needed, now)
        return Chosen(lane, len(lanes) - 1, len(selection.candidates) - len(lanes), ranked, bool(tested), tested)

    def _wait(self, lane: Lane, at: float, selection: Selection, tour: Tour, caller: Caller, now: float) -> Wait:
        if tour.place is None:
            tour.place = self._line.place(tour.ask.priority)
        tour.place.may_take = self._taker(selection, tour, caller)
        tour.place.is_any_moment = self._may_open_before(at, lane, tour, now)
        return Wait(until=self._line.wait(tour.place, lane.candidate, at) + WAIT_GRAIN_S)
