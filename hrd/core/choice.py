"""The choice: who of those that a name selects is asked next, until when to wait for somebody, or why nobody can serve.

Who is free is asked, in the order of `core.routing`; before them somebody whose block or limit it is time to look at. If nobody
is free, a guess of ours that is ten seconds old stops nobody any longer. Then the request takes a place in line for whoever is
free first, as long as it may wait. When it may wait no longer, it does not let itself be turned away by a probe whose outcome
is merely not known yet, nor by what is only claimed. What is left is a refusal.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from hrd.core import access, homes, needs, routing
from hrd.core.access import Caller
from hrd.core.ask import Priority
from hrd.core.block_book import PROBING, BlockBook
from hrd.core.conclusion import Hindered, conclude
from hrd.core.facts import Wait
from hrd.core.failures import HintSource
from hrd.core.group import Due
from hrd.core.journal import PassedOver
from hrd.core.lane import Lane, reading_of
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.line import Line
from hrd.core.needs import Need
from hrd.core.pin import Pair
from hrd.core.providers import Candidate, CostClass
from hrd.core.quota.meter import Meter
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster, Selection
from hrd.core.rules import PoolRules
from hrd.core.standings import Standings
from hrd.core.tour import Tour

RECHECK_S = 1.0
"""How soon to look again for what a probe met."""
WAIT_GRAIN_S = 0.001
"""A wait ends this much after its moment, so that two clocks' rounding cannot end it before."""
GIVES_WAY = 0.5
"""Of what it may still wait a request gives up so much at the most for who comes before it: a moment in line is not certain."""
ORDER_NAMED_MAX = 32
PASSED_NAMED_MAX = 64
POLICIES_CACHED_MAX = 256
STANDINGS_MAX = 256
WINDOW = "window"
OWN_LIMIT = "your limit"
"""The same, where what is used up is what the user allows."""
RESERVE = "reserve"
"""What is left is kept for requests that pin a provider."""
SLOTS = "at once"
"""As many requests are out as may be at once."""
LOW_PRIORITY = "X-Hermes-Priority: low never spends what is not free"
LOW_KEY = "this client key has a low priority, which never spends what is not free"
STAYS_HERE = "X-Hermes-Privacy: local keeps it on this machine"


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


class Policies(NamedTuple):
    """Whom somebody may ask, as far as policies go."""

    selection: Selection
    allowed: Sequence[Candidate]
    why: Sequence[tuple[Candidate, str]]
    """Everybody; empty if they are allowed."""


class Field(NamedTuple):
    """Among whom is chosen."""

    lanes: Sequence[Lane]
    """Everybody who may be asked."""
    able: list[Lane]
    """Who can be asked now, best first."""
    due: list[Due]
    passed: int
    """So many of those that the name selects cannot be asked."""
    spare: int
    """So many more could be, but for what would have to be left out for them."""


class Choice:
    """Reads the pool's books and changes none but the line. The pool hands it each new roster and each change of the rules."""

    def __init__(
        self, roster: Roster, rules: PoolRules, blocks: BlockBook, learning: Learning, lanes: Lanes, line: Line
    ) -> None:
        self.roster = roster
        self.rules = rules
        self._standings: dict[int, Standings] = {}
        self._blocks = blocks
        self._learning = learning
        self._lanes = lanes
        self._line = line
        self._policies_by: dict[tuple[object, ...], Policies] = {}

    def change(self, roster: Roster) -> None:
        """Another one."""
        self.roster = roster
        self._standings.clear()

    def choose(
        self, selection: Selection, tour: Tour, caller: Caller, *, only: Pair | None, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        """Decide for *tour*, which has waited for *waited_s* so far. *only*: the pair that may be asked (see `core.pin`)."""
        if only is not None:
            pinned = tuple(c for c in selection.candidates if c.pair == only)
            selection = msgspec.structs.replace(selection, candidates=pinned)
        permitted = self._permitted(selection, tour, caller)
        field = self._field(permitted, selection, tour, now)
        again = tour.again
        if again is not None and self._is_free(lane := self._lanes.of(again, now), tour, shares=not selection.is_pinned):
            return Chosen(lane, len(field.able) + field.spare, 0, [lane])
        chosen = self._first_of(field, tour) if field.able or field.due else None
        if chosen is None:
            return self._at_last(selection, tour, caller, is_trial=only is not None, now=now, waited_s=waited_s)
        if not self._line.is_empty and (wait := self._give_way(chosen, selection, tour, caller, now, waited_s)) is not None:
            return wait
        return msgspec.structs.replace(chosen, others=chosen.others + field.spare) if field.spare else chosen

    def passed_over(
        self, selection: Selection, tour: Tour, caller: Caller, now: float, *, is_refused: bool
    ) -> tuple[PassedOver, ...]:
        """Who would not be asked now, and why (for the journal); those asked already are known. *is_refused*: nobody is,
        so that the moments are those that its client is told."""
        rows = []
        for c in selection.candidates[:PASSED_NAMED_MAX]:
            why, until, reading = self._why_never(c, tour, caller), None, None
            if not why and c.key not in tour.tried:
                lane = self._lanes.of(c, now)
                why = self._why_hindered(lane, tour, shares=not selection.is_pinned)
                if why:
                    shares = not selection.is_pinned
                    until = self._free_at(lane, tour, now, shares=shares)
                    if is_refused and until is not None:
                        until = self._told_at(lane, self._turn_at(lane, tour, now, shares=shares), now)
                    reading = reading_of(lane, now) if lane.worth.scarcest is not None else None
                elif tour.ask.needs and (lacks := self._lacking(c, tour)):
                    why = needs.told(lacks)
            if why:
                rows.append(PassedOver(candidate=c.key, why=why, until=until, reading=reading))
        return tuple(rows)

    # who can be asked ----------------------------------------------------------------------------------------------------

    def _permitted(self, selection: Selection, tour: Tour, caller: Caller) -> Sequence[Candidate]:
        """Those that this request has not asked and may ask, whoever is blocked. Mostly nobody need be looked at for it."""
        tried = tour.tried
        if self._is_plain(selection, tour):
            allowed = self._policies(selection, caller).allowed
            return [c for c in allowed if c.key not in tried] if tried else allowed
        return [c for c in selection.candidates if c.key not in tried and not self._why_never(c, tour, caller)]

    def _forbidden(self, selection: Selection, tour: Tour, caller: Caller) -> Sequence[tuple[Candidate, str]]:
        """Everybody, with why this request may never ask them; empty if it may."""
        if self._is_plain(selection, tour):
            return self._policies(selection, caller).why
        return [(c, self._why_never(c, tour, caller)) for c in selection.candidates]

    def _is_plain(self, selection: Selection, tour: Tour) -> bool:
        """Whether nothing but policies keeps this request from anybody."""
        ask = tour.ask
        return (
            tour.too_dear is None
            and ask.priority is not Priority.LOW
            and not ask.local_only
            and not tour.failures
            and not self._learning.says_no
            and selection.takes(ask)
        )

    def _policies(self, selection: Selection, caller: Caller) -> Policies:
        """What policies say of *caller* and each candidate, remembered for as long as they are the same."""
        policy = self.rules.cost_policy
        key = (caller.allowed_providers, caller.local_only, caller.cost_policy, policy, id(selection))
        known = self._policies_by.get(key)
        if known is None or known.selection is not selection:
            if len(self._policies_by) >= POLICIES_CACHED_MAX:
                self._policies_by.clear()
            why = tuple((c, access.why_forbidden(caller, c, policy)) for c in selection.candidates)
            allowed = tuple(c for c, forbidden in why if not forbidden)
            known = self._policies_by[key] = Policies(
                selection, selection.candidates if len(allowed) == len(why) else allowed, why
            )
        return known

    def _why_never(self, candidate: Candidate, tour: Tour, caller: Caller) -> str:
        """Why this request may never ask *candidate*, whatever the time; empty if it may."""
        policy = self.rules.cost_policy
        if (caller.is_restricted or policy != access.ANYTHING) and (why := access.why_forbidden(caller, candidate, policy)):
            return why
        if tour.ask.priority is Priority.LOW and candidate.cost_class > CostClass.FREE:
            return LOW_KEY if caller.priority_max is Priority.LOW else LOW_PRIORITY
        if tour.ask.local_only and not access.stays_here(candidate):
            return STAYS_HERE
        tools, vision, context = self._learning.facts_of(candidate)
        if tour.too_dear is not None and (why := tour.too_dear(candidate)):
            return why
        why = routing.why_unfit(candidate, tour.ask, tools=tools, vision=vision, context=context)
        return why or (tour.why_not(candidate, context) if tour.failures else "")

    def _field(self, permitted: Sequence[Candidate], selection: Selection, tour: Tour, now: float) -> Field:
        """Those of them who can be asked, best first, and those who are to be looked at once more."""
        tokens, most, tier_of = input_needed(tour), tour.ask.max_tokens, self._tiers(tour)
        if isinstance(permitted, tuple) and not selection.leading and not tour.ask.needs:
            lanes, able, due = self._standings_of(permitted, selection).ranked(tokens, most, now, tier_of)
            return Field(lanes, able, due, len(selection.candidates) - len(able), 0)
        lanes = [self._lanes.of(candidate, now) for candidate in permitted]
        able, due = self._sorted_out(lanes, tour, now, shares=not selection.is_pinned)
        many = len(able)
        if tour.ask.needs:
            able, due = self._who_loses_nothing(able, due, tour)
        spare, passed = many - len(able), len(selection.candidates) - len(able)
        if selection.leading and (leading := [lane for lane in able if lane.candidate.pair == selection.leading]):
            able = leading
        return Field(lanes, self._ranked(able, tour, selection, tier_of, now), due, passed, spare)

    def _standings_of(self, permitted: tuple[Candidate, ...], selection: Selection) -> Standings:
        known = self._standings.get(id(permitted))
        if known is None or known.candidates is not permitted:
            if len(self._standings) >= STANDINGS_MAX:
                self._standings.clear()
            known = self._standings[id(permitted)] = Standings(
                permitted,
                self._lanes,
                mode=self.roster.mode,
                mode_of=self.roster.mode_of,
                shares=not selection.is_pinned,
                is_one_group=selection.is_one_group,
            )
        return known

    def _sorted_out(self, lanes: Sequence[Lane], tour: Tour, now: float, *, shares: bool) -> tuple[list[Lane], list[Due]]:
        """Who can be asked, and who is to be looked at once more."""
        able: list[Lane] = []
        due: list[Due] = []
        tokens, most = input_needed(tour), tour.ask.max_tokens
        for lane in lanes:
            is_able, tested = self._lanes.sort_out(lane, tokens, most, now, shares=shares)
            if is_able:
                able.append(lane)
            if tested is not None:
                due.append((lane, tested))
        return able, due

    def _who_loses_nothing(self, able: list[Lane], due: list[Due], tour: Tour) -> tuple[list[Lane], list[Due]]:
        """Those who can be told all that the request needs, if there are any who can be asked."""
        whole = [lane for lane in able if not self._lacking(lane.candidate, tour)]
        return (whole, [row for row in due if not self._lacking(row[0].candidate, tour)]) if whole else (able, due)

    def _lacking(self, candidate: Candidate, tour: Tour) -> frozenset[Need]:
        dropped = self._learning.dropped(candidate.pair)
        return needs.lacking(candidate.provider, candidate.model, tour.ask.needs, dropped)

    def _is_free(self, lane: Lane, tour: Tour, *, shares: bool) -> bool:
        return not self._why_hindered(lane, tour, shares=shares)

    def _why_hindered(self, lane: Lane, tour: Tour, *, shares: bool) -> str:
        """Why *lane* cannot be asked now; empty if it can."""
        if lane.block is not None:
            return lane.block.reason
        if lane.is_probed:
            return PROBING
        room = lane.room_shared if shares else lane.room
        needed = input_needed(tour), output_needed(lane, tour)
        if not room.takes(*needed):
            if shares and lane.room.takes(*needed):
                return RESERVE
            return OWN_LIMIT if self._lanes.is_full_by_settings(lane, *needed) else WINDOW
        return SLOTS if lane.is_waitable else ""

    def _free_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool) -> float | None:
        """When *lane* is free; None if that is for a probe to say."""
        until = lane.block.until if lane.block is not None else 0.0
        until = max(until, self._fits_at(lane, tour, now, shares=shares))
        return until if until > now else None

    def _fits_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool, ahead: int = 0, patient: bool = False) -> float:
        """When there is room for this request, behind *ahead* others like it."""
        many = ahead + 1
        output = output_needed(lane, tour)
        return self._lanes.fits_at(lane, input_needed(tour), output, now, shares=shares, many=many, patient=patient)

    # in which order ------------------------------------------------------------------------------------------------------

    def _first_of(self, field: Field, tour: Tour) -> Chosen | None:
        """The best of them; None if all that there is belongs to those who wait already."""
        tier_of = self._tiers(tour)
        ranked, many = field.able, len(field.able)
        best = tier_of(ranked[0]) if ranked else float("inf")
        if field.due and (probe := self._probe(field.due, tier_of, best)) is not None:
            lane, tested = probe
            others = (other for other in ranked if other is not lane)
            return Chosen(lane, many, field.passed, [lane, *others], is_probe=True, tested=tested)
        if not self._line.is_empty:
            ranked = [lane for lane in ranked if self._is_enough_for_all(lane, tour)]
        if not ranked:
            return None
        chosen, moved_from = ranked[0], ""
        if tour.failures:
            first = tour.choose(lane.candidate for lane in ranked)
            assert first is not None, "somebody is able"
            chosen = next(lane for lane in ranked if lane.candidate is first)
        elif tour.ask.affinity:
            chosen, moved_from = self._at_home(field.lanes, ranked, tour, tier_of)
        return Chosen(chosen, many - 1, field.passed, ranked, moved_from=moved_from)

    def _tiers(self, tour: Tour) -> Callable[[Lane], float]:
        """Where each class stands for this request."""

        def tier_of(lane: Lane) -> float:
            if lane.tier is not None:
                return lane.tier
            tools, vision, _ = self._learning.facts_of(lane.candidate)
            return routing.local_tier(is_fit=routing.is_local_fit(lane.candidate, tour.ask, tools, vision))

        return tier_of

    def _ranked(
        self, able: list[Lane], tour: Tour, selection: Selection, tier_of: Callable[[Lane], float], now: float
    ) -> list[Lane]:
        if len(able) < 2:
            return able
        tokens, most = input_needed(tour), tour.ask.max_tokens
        return routing.rank(
            able,
            now=now,
            mode=self.roster.mode,
            mode_of=self.roster.mode_of,
            tier_of=tier_of,
            is_used_up=lambda lane: lane.is_used_up(tokens, most),
            tokens=tokens,
            usual_tokens=0.0 if selection.is_one_group else self._lanes.usual_tokens,
        )

    def _probe(self, due: list[Due], tier_of: Callable[[Lane], float], best: float) -> Due | None:
        """Somebody who is to be looked at, if this request might go there anyway."""
        lane, tested = min(due, key=lambda row: (tier_of(row[0]), row[0].used_at, row[0].place))
        return (lane, tested) if tier_of(lane) <= best else None

    def _is_enough_for_all(self, lane: Lane, tour: Tour) -> bool:
        """Whether *lane* has room for this request and for everybody who waits for it and comes before."""
        before = self._line.before(tour.place, tour.ask.priority, lane.candidate)
        if not before:
            return True
        many = before + 1
        tokens, output = input_needed(tour) * many, output_needed(lane, tour) * many
        return lane.room.requests >= many and lane.room.takes(tokens, output)

    def _at_home(
        self, lanes: Sequence[Lane], ranked: list[Lane], tour: Tour, tier_of: Callable[[Lane], float]
    ) -> tuple[Lane, str]:
        """Where the conversation belongs, or whom it moves to, and from whom. In `sequential` the first is everybody's."""
        best = tier_of(ranked[0])
        provider = ranked[0].candidate.provider.name
        if self.roster.mode != routing.PARALLEL:
            if self.roster.mode_of(provider) != routing.PARALLEL:
                return ranked[0], ""
            lanes = [lane for lane in lanes if lane.candidate.provider.name == provider]
            ranked = [lane for lane in ranked if lane.candidate.provider.name == provider]
        conversation = homes.name_of(tour.ask.affinity)
        home = homes.home_of(conversation, (lane for lane in lanes if tier_of(lane) == best))
        rich = [lane for lane in ranked if lane.worth.share > homes.SHARE_MIN and tier_of(lane) == best]
        if home is not None and home in rich:
            return home, ""
        chosen = homes.home_of(conversation, rich) or ranked[0]
        return chosen, home.candidate.key if home is not None and home is not chosen else ""

    # nobody is free ------------------------------------------------------------------------------------------------------

    def _at_last(
        self, selection: Selection, tour: Tour, caller: Caller, *, is_trial: bool, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        shares = not selection.is_pinned
        never = self._forbidden(selection, tour, caller)
        lanes = [self._lanes.of(c, now) for c, why in never if not why]
        within_s = self.rules.max_wait_s - waited_s
        near = [lane for lane in lanes if not lane.is_shut_until(now + within_s)]
        hindered = self._moments(near, tour, now, shares=shares)
        untried = [(at, lane) for at, lane in hindered if lane.candidate.key not in tour.tried]
        patient = [lane for at, lane in untried if at <= now and not lane.is_probed]
        if patient:
            return self._patient(patient, tour, selection, now)
        waits = [(at if at > now else now + RECHECK_S, lane) for at, lane in hindered]
        if is_trial and within_s >= RECHECK_S:
            return Wait(until=min([now + RECHECK_S, *(at for at, _ in waits)]) + WAIT_GRAIN_S)
        if waits and not tour.is_all_empty():
            at, lane = min(waits, key=lambda row: row[0])
            if at - now <= within_s:
                return self._wait(tour, lane, at, self._taker(selection, tour, caller))
        unfinished = [lane for at, lane in untried if at <= now or self._is_only_claimed(lane, tour, shares=shares)]
        if unfinished:
            return self._patient(unfinished, tour, selection, now)
        passed = [PassedOver(candidate=c.key, why=why) for c, why in never]
        hindered = self._moments(lanes, tour, now, shares=shares)
        return conclude(
            tour, passed, hindered=[self._hindered(lane, at, tour, now, shares=shares) for at, lane in hindered], now=now
        )

    def _moments(self, lanes: Sequence[Lane], tour: Tour, now: float, *, shares: bool) -> list[tuple[float, Lane]]:
        """Those of *lanes* that cannot be asked now, and when they can."""
        moments = [(self._turn_at(lane, tour, now, shares=shares), lane) for lane in lanes]
        return [(at, lane) for at, lane in moments if at > now or self._why_hindered(lane, tour, shares=shares)]

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
        if self._may_take(sought, selection, tour, caller):
            lane = self._lanes.of(sought, now)
            at = self._turn_at(lane, tour, now, shares=not selection.is_pinned)
            if now < at <= now + GIVES_WAY * (self.rules.max_wait_s - waited_s):
                self._line.give_up(first)  # those between the two move up
                self._line.wait(first, candidate, now)
                first.wake()
                return self._wait(tour, lane, at, self._taker(selection, tour, caller))
        self._line.wait(first, sought, until)
        return None

    def _taker(self, selection: Selection, tour: Tour, caller: Caller) -> Callable[[Candidate, float], bool]:
        """Whether somebody could be asked at that moment for this request."""

        def may_take(candidate: Candidate, now: float) -> bool:
            return self._may_take(candidate, selection, tour, caller) and self._is_free(
                self._lanes.of(candidate, now), tour, shares=not selection.is_pinned
            )

        return may_take

    def _may_take(self, candidate: Candidate, selection: Selection, tour: Tour, caller: Caller) -> bool:
        return (
            candidate.key not in tour.tried
            and any(one is candidate for one in selection.candidates)
            and not self._why_never(candidate, tour, caller)
        )

    def _patient(self, lanes: list[Lane], tour: Tour, selection: Selection, now: float) -> Chosen:
        """Somebody of whom we know better than to keep away for long; whatever limit is in the way is tested by it."""
        tier_of = self._tiers(tour)
        ranked = self._ranked(lanes, tour, selection, tier_of, now)
        first = tour.choose(lane.candidate for lane in ranked) if tour.failures else ranked[0].candidate
        lane = next(lane for lane in ranked if lane.candidate is first)
        needed = input_needed(tour), output_needed(lane, tour)
        tested = [] if lane.room.takes(*needed) else self._lanes.guessed(lane, *needed, now)
        return Chosen(lane, len(lanes) - 1, len(selection.candidates) - len(lanes), ranked, bool(tested), tested)

    def _turn_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool) -> float:
        """When this request, which nobody else can serve, may ask *lane*: behind those who wait for it already."""
        ahead = 0 if self._line.is_empty else self._line.before(tour.place, tour.ask.priority, lane.candidate)
        at = self._fits_at(lane, tour, now, shares=shares, ahead=ahead, patient=True)
        if lane.block is not None:
            patient_at = self._blocks.patient_at(lane.candidate.scopes, now)
            is_looked_at = lane.block.next_probe is not None and self._lanes.word_ends(lane)
            at = patient_at if is_looked_at else max(at, patient_at)
        return max(at, self._lanes.slot_at(lane, now)) if lane.is_waitable else at

    def _wait(self, tour: Tour, lane: Lane, at: float, may_take: Callable[[Candidate, float], bool]) -> Wait:
        if tour.place is None:
            tour.place = self._line.place(tour.ask.priority)
        tour.place.may_take = may_take
        return Wait(until=self._line.wait(tour.place, lane.candidate, at) + WAIT_GRAIN_S)

    def _is_only_claimed(self, lane: Lane, tour: Tour, *, shares: bool) -> bool:
        return self._why_hindered(lane, tour, shares=shares) == SLOTS

    def _told_at(self, lane: Lane, at: float, now: float) -> float:
        """When whom nobody serves may try again, as far as *lane* goes, which is free *at*: sooner, if what is used up of it is
        looked at before."""
        soonest = now + RECHECK_S
        return min(at, max(soonest, self._lanes.tested_from(lane, now))) if at > soonest else at if at > now else soonest

    def _hindered(self, lane: Lane, at: float, tour: Tour, now: float, *, shares: bool) -> Hindered:
        return Hindered(
            reason=self._why_hindered(lane, tour, shares=shares) or WINDOW,
            provider=lane.candidate.provider.name,
            until=self._told_at(lane, at, now),
            is_said=lane.block is not None and lane.block.source is not HintSource.GUESS,
        )


def input_needed(tour: Tour) -> int:
    """Tokens that there has to be room for: what was estimated may be a quarter more."""
    return tour.ask.input_tokens * 5 // 4


def output_needed(lane: Lane, tour: Tour) -> int:
    """The same of its reply: few are longer."""
    most = tour.ask.max_tokens
    return lane.output_ample if most is None else min(most, lane.output_ample)
