"""The choice: who of those that a name selects is asked next, until when to wait for somebody, or why nobody can serve.

Four rounds. Who is free is asked, in the order of `core.routing`. If nobody is, a guess of ours that is ten seconds old stops
nobody any longer. Then the request waits for whoever is free first, as long as it may. When it may wait no longer, it does not
let itself be turned away by a probe whose outcome is merely not known yet. What is left is a refusal.
"""

from collections.abc import Sequence

import msgspec

from hrd.core import access, routing
from hrd.core.access import Caller
from hrd.core.block_book import BlockBook
from hrd.core.conclusion import Hindered, conclude
from hrd.core.facts import Wait
from hrd.core.failures import HintSource
from hrd.core.journal import PassedOver
from hrd.core.learned import Learning
from hrd.core.pin import Pair
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster, Selection
from hrd.core.rules import PoolRules
from hrd.core.standing import Standing, StandingBook
from hrd.core.tour import Tour
from hrd.core.windows import QuotaBook

RECHECK_S = 1.0
"""How soon to look again for what a probe met."""
WAIT_GRAIN_S = 0.001
"""A wait ends this much after its moment, so that two clocks' rounding cannot end it before."""
ORDER_NAMED_MAX = 32
PASSED_NAMED_MAX = 64
WINDOW = "window"


class Chosen(msgspec.Struct, frozen=True):
    """Who is asked."""

    candidate: Candidate
    others: int
    """So many more could be asked now."""
    passed: int
    """So many of those that the name selects could not."""
    order: Sequence[Candidate]


class Choice:
    """Reads the pool's books and changes nothing. The pool hands it each new roster and each change of the rules."""

    def __init__(
        self, roster: Roster, rules: PoolRules, blocks: BlockBook, quota: QuotaBook, learning: Learning, standings: StandingBook
    ) -> None:
        self.roster = roster
        self.rules = rules
        self._blocks = blocks
        self._quota = quota
        self._learning = learning
        self._standings = standings

    def choose(
        self, selection: Selection, tour: Tour, caller: Caller, *, only: Pair | None, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        """Decide for *tour*, which has waited for *waited_s* so far. *only*: the pair that may be asked (see `core.pin`)."""
        if only is not None:
            pinned = tuple(c for c in selection.candidates if (c.provider.name, c.model) == only)
            selection = msgspec.structs.replace(selection, candidates=pinned)
        free = self._permitted(selection, tour, caller)
        if not (self._blocks.is_empty and self._quota.is_empty):
            free = [c for c in free if not self._why_blocked(c, tour, now)]
        again = tour.again
        if again is not None and not self._why_blocked(again, tour, now):
            return Chosen(again, len(free), 0, (again,))
        if not free:
            return self._at_last(selection, tour, caller, is_trial=only is not None, now=now, waited_s=waited_s)
        return self._first_of(free, tour, selection, now)

    def passed_over(self, selection: Selection, tour: Tour, caller: Caller, now: float) -> tuple[PassedOver, ...]:
        """Who would not be asked now, and why (for the journal); those asked already are known."""
        rows = []
        for c in selection.candidates[:PASSED_NAMED_MAX]:
            why, until = self._why_never(c, tour, caller), None
            if not why and c.key not in tour.tried and (why := self._why_blocked(c, tour, now)):
                until = self._free_at(c, tour, now)
            if why:
                rows.append(PassedOver(candidate=c.key, why=why, until=until))
        return tuple(rows)

    # who can be asked ----------------------------------------------------------------------------------------------------

    def _permitted(self, selection: Selection, tour: Tour, caller: Caller) -> list[Candidate]:
        """Those that this request has not asked and may ask, whoever is blocked. Mostly nobody need be looked at for it."""
        tried = tour.tried
        is_free_to_ask = self.rules.cost_policy == access.ANYTHING and not caller.is_restricted and tour.too_dear is None
        if is_free_to_ask and not tour.failures and not self._learning.says_no and selection.takes(tour.ask):
            return [c for c in selection.candidates if c.key not in tried] if tried else list(selection.candidates)
        return [c for c in selection.candidates if c.key not in tried and not self._why_never(c, tour, caller)]

    def _why_never(self, candidate: Candidate, tour: Tour, caller: Caller) -> str:
        """Why this request may never ask *candidate*, whatever the time; empty if it may."""
        policy = self.rules.cost_policy
        if (caller.is_restricted or policy != access.ANYTHING) and (why := access.why_forbidden(caller, candidate, policy)):
            return why
        tools, vision, context = self._learning.facts_of(candidate)
        if tour.too_dear is not None and (why := tour.too_dear(candidate)):
            return why
        why = routing.why_unfit(candidate, tour.ask, tools=tools, vision=vision, context=context)
        return why or (tour.why_not(candidate, context) if tour.failures else "")

    def _why_blocked(self, candidate: Candidate, tour: Tour, now: float) -> str:
        """Why *candidate* cannot be asked now; empty if it can."""
        why = self._blocks.why(candidate.scopes, now)
        if not why and self._quota.refills_at(candidate.scopes, now, tour.ask.input_tokens):
            return WINDOW
        return why

    def _free_at(self, candidate: Candidate, tour: Tour, now: float) -> float | None:
        """When *candidate* is free; None if that is for a probe to say."""
        hindrance = self._blocks.hindrance(candidate.scopes, now)
        until = max(hindrance.until if hindrance else 0.0, self._refills_at(candidate, tour, now))
        return until or None

    def _patient_at(self, candidate: Candidate, tour: Tour, now: float) -> float:
        """When a request that nobody else can serve may ask *candidate*; not after *now* if it may at once."""
        return max(self._blocks.patient_at(candidate.scopes, now), self._refills_at(candidate, tour, now))

    def _refills_at(self, candidate: Candidate, tour: Tour, now: float) -> float:
        return self._quota.refills_at(candidate.scopes, now, tour.ask.input_tokens)

    # in which order ------------------------------------------------------------------------------------------------------

    def _first_of(self, able: list[Candidate], tour: Tour, selection: Selection, now: float) -> Chosen:
        passed = len(selection.candidates) - len(able)
        if selection.leading and able[0].place < selection.leading:
            able = [c for c in able if c.place < selection.leading]
        ranked = able
        if len(able) > 1:
            ranked = self._ranked_group(able, now) if selection.is_one_group else self._ranked(able, tour, now)
        chosen = tour.choose(ranked) if tour.failures else ranked[0]
        assert chosen is not None, "somebody is able"
        return Chosen(chosen, len(able) - 1, passed, ranked[:ORDER_NAMED_MAX])

    def _ranked_group(self, able: list[Candidate], now: float) -> list[Candidate]:
        mode = self.roster.mode_of(able[0].provider.name)
        if self._quota.is_empty:
            return routing.rank_one_group(able, self._standings.of_unknown_share, mode)
        return routing.rank_one_group(able, lambda candidate: self._standing_of(candidate, now), mode)

    def _standing_of(self, candidate: Candidate, now: float) -> Standing:
        standing = self._standings.of(candidate)
        share = self._quota.share_of(candidate.scopes, now)
        standing.share = standing.unknown_share if share is None else share
        return standing

    def _ranked(self, able: list[Candidate], tour: Tour, now: float) -> list[Candidate]:
        def standing_of(candidate: Candidate) -> Standing:
            return self._standing_of(candidate, now)

        def is_local_fit(candidate: Candidate) -> bool:
            tools, vision, _ = self._learning.facts_of(candidate)
            return routing.is_local_fit(candidate, tour.ask, tools, vision)

        return routing.rank(
            able,
            standing_of=standing_of,
            mode=self.roster.mode,
            mode_of=self.roster.mode_of,
            is_local_fit=is_local_fit,
        )

    # nobody is free ------------------------------------------------------------------------------------------------------

    def _at_last(
        self, selection: Selection, tour: Tour, caller: Caller, *, is_trial: bool, now: float, waited_s: float
    ) -> Chosen | Wait | Refusal:
        never = [(c, self._why_never(c, tour, caller)) for c in selection.candidates]
        hindered = [c for c, why in never if not why and self._why_blocked(c, tour, now)]
        able = [c for c in hindered if c.key not in tour.tried and self._patient_at(c, tour, now) <= now]
        if patient := [c for c in able if not self._blocks.is_probed(c.scopes, now)]:
            return self._first_of(patient, tour, selection, now)
        moments = [at if (at := self._patient_at(c, tour, now)) > now else now + RECHECK_S for c in hindered]
        if is_trial:
            moments.append(now + RECHECK_S)
        if moments and min(moments) - now <= self.rules.max_wait_s - waited_s and not tour.is_all_empty():
            return Wait(until=min(moments) + WAIT_GRAIN_S)
        if able:
            return self._first_of(able, tour, selection, now)
        passed = [PassedOver(candidate=c.key, why=why) for c, why in never]
        return conclude(tour, passed, hindered=[self._hindered(c, tour, now) for c in hindered], now=now)

    def _hindered(self, candidate: Candidate, tour: Tour, now: float) -> Hindered:
        block = self._blocks.hindrance(candidate.scopes, now)
        at = self._patient_at(candidate, tour, now)
        return Hindered(
            reason=self._why_blocked(candidate, tour, now),
            provider=candidate.provider.name,
            until=at if at > now else now + RECHECK_S,
            is_said=block is not None and block.source is not HintSource.GUESS,
        )
