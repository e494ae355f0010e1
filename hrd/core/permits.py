"""Permits: whom a request may ask at all, whatever the time; and why not the others.

Policies say the same of a client and a candidate every time: it is remembered. So is who takes tools, images and so many
tokens: all requests between the same two contexts are told the same. Only where a request is out of the ordinary is everybody
looked at for it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from hrd.core import access, routing
from hrd.core.access import Caller
from hrd.core.ask import Priority
from hrd.core.learned import Learning
from hrd.core.providers import Candidate, CostClass
from hrd.core.roster import Selection
from hrd.core.rules import PoolRules
from hrd.core.tour import Tour

POLICIES_CACHED_MAX = 256
FITTING_CACHED_MAX = 256
LOW_PRIORITY = "X-Hermes-Priority: low never spends what is not free"
LOW_KEY = "this client key has a low priority, which never spends what is not free"
_LOW: Final = Priority.LOW  # found ten times sooner so, see core.quota.kinds
STAYS_HERE = "X-Hermes-Privacy: local keeps it on this machine"


class Policies(NamedTuple):
    """Whom somebody may ask, as far as policies go."""

    selection: Selection
    allowed: Sequence[Candidate]
    why: Sequence[tuple[Candidate, str]]
    """Everybody; empty if they are allowed."""


class Fitting(NamedTuple):
    """Whom a request of some size may ask that has tools, or images, or neither."""

    selection: Selection
    allowed: tuple[Candidate, ...]


class Sizes(NamedTuple):
    """At how many tokens something changes for requests to a selection, as far as was learned by then."""

    selection: Selection
    version: int
    tokens: Sequence[int]


class Permits:
    """By rules, which the pool changes, and by what was learned."""

    def __init__(self, rules: PoolRules, learning: Learning) -> None:
        self.rules = rules
        self._learning = learning
        self._policies_by: dict[tuple[object, ...], Policies] = {}
        self._fitting_by: dict[tuple[object, ...], Fitting] = {}
        self._sizes: dict[int, Sizes] = {}

    def permitted(self, selection: Selection, tour: Tour, caller: Caller) -> Sequence[Candidate]:
        """Those that this request has not asked and may ask, whoever is blocked; the same tuple every time, if it is nothing
        out of the ordinary."""
        tried = tour.tried
        if self._is_plain(selection, tour):
            allowed = self._policies(selection, caller).allowed
        elif self._is_usual(selection, tour):
            allowed = self._fitting(selection, tour, caller)
        else:
            return [c for c in selection.candidates if c.key not in tried and not self.why_never(c, tour, caller)]
        return [c for c in allowed if c.key not in tried] if tried else allowed

    def forbidden(self, selection: Selection, tour: Tour, caller: Caller) -> Sequence[tuple[Candidate, str]]:
        """Everybody, with why this request may never ask them; empty if it may."""
        if self._is_plain(selection, tour):
            return self._policies(selection, caller).why
        return [(c, self.why_never(c, tour, caller)) for c in selection.candidates]

    def may_take(self, candidate: Candidate, selection: Selection, tour: Tour, caller: Caller) -> bool:
        """Whether this request may ask *candidate*, of whom it was not said that it may be one of the selection."""
        return (
            candidate.key not in tour.tried
            and any(one is candidate for one in selection.candidates)
            and not self.why_never(candidate, tour, caller)
        )

    def why_never(self, candidate: Candidate, tour: Tour, caller: Caller) -> str:
        """Why this request may never ask *candidate*, whatever the time; empty if it may."""
        policy = self.rules.cost_policy
        if (caller.is_restricted or policy != access.ANYTHING) and (why := access.why_forbidden(caller, candidate, policy)):
            return why
        if tour.ask.priority is _LOW and candidate.cost_class > CostClass.FREE:
            return LOW_KEY if caller.priority_max is _LOW else LOW_PRIORITY
        if tour.ask.local_only and not access.stays_here(candidate):
            return STAYS_HERE
        tools, vision, context = self._learning.facts_of(candidate)
        if tour.too_dear is not None and (why := tour.too_dear(candidate)):
            return why
        why = routing.why_unfit(candidate, tour.ask, tools=tools, vision=vision, context=context)
        return why or (tour.why_not(candidate, context) if tour.failures else "")

    def _is_plain(self, selection: Selection, tour: Tour) -> bool:
        """Whether nothing but policies keeps this request from anybody."""
        return selection.takes(tour.ask) and not self._learning.says_no and self._is_usual(selection, tour)

    def _is_usual(self, selection: Selection, tour: Tour) -> bool:
        """Whether nothing does but policies, its size, and whether it has tools or images."""
        ask = tour.ask
        return (
            tour.too_dear is None
            and ask.priority is not _LOW
            and not ask.local_only
            and not tour.failures
            and not ask.token_ids
            and ask.body_bytes <= selection.body_fit
        )

    def _fitting(self, selection: Selection, tour: Tour, caller: Caller) -> tuple[Candidate, ...]:
        ask, policy = tour.ask, self.rules.cost_policy
        sizes = self._sizes_of(selection)
        band = bisect_left(sizes.tokens, ask.input_tokens)
        of_caller = caller.allowed_providers, caller.local_only, caller.cost_policy, policy
        key = (*of_caller, id(selection), sizes.version, ask.tools, ask.images, band)
        known = self._fitting_by.get(key)
        if known is None or known.selection is not selection:
            if len(self._fitting_by) >= FITTING_CACHED_MAX:
                self._fitting_by.clear()
            allowed = tuple(c for c in selection.candidates if not self.why_never(c, tour, caller))
            known = self._fitting_by[key] = Fitting(selection, allowed)
        return known.allowed

    def _sizes_of(self, selection: Selection) -> Sizes:
        known, version = self._sizes.get(id(selection)), self._learning.version
        if known is None or known.selection is not selection or known.version != version:
            if len(self._sizes) >= FITTING_CACHED_MAX:
                self._sizes.clear()
            contexts = (self._learning.facts_of(c)[2] for c in selection.candidates)
            found = {context for context in contexts if context is not None}
            found.update(c.provider.skip_tokens_over for c in selection.candidates)
            known = self._sizes[id(selection)] = Sizes(selection, version, sorted(found))
        return known

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
