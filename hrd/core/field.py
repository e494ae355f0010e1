"""The field: those among whom a request chooses, best first.

Mostly everybody whom policies permit is in it, and their order is kept (`core.standings`). Where a request may not ask some of
them, or cannot be told to some in full, or somebody leads, they are ordered for it alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hrd.core import needs, routing
from hrd.core.group import Due
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.needs import Need
from hrd.core.providers import Candidate
from hrd.core.roster import Roster, Selection
from hrd.core.standings import Standings
from hrd.core.tour import Tour

STANDINGS_MAX = 256


class Field(NamedTuple):
    """One request's."""

    lanes: Sequence[Lane]
    """Everybody who may be asked."""
    able: list[Lane]
    """Who can be asked now, best first."""
    due: list[Due]
    passed: int
    """So many of those that the name selects cannot be asked."""
    spare: int
    """So many more could be, but for what would have to be left out for them."""


class Fields:
    """Makes them, by one roster at a time."""

    def __init__(self, roster: Roster, lanes: Lanes, learning: Learning) -> None:
        self._roster = roster
        self._lanes = lanes
        self._learning = learning
        self._standings: dict[int, Standings] = {}

    def change(self, roster: Roster) -> None:
        """Another one."""
        self._roster = roster
        self._standings.clear()

    def of(self, permitted: Sequence[Candidate], selection: Selection, tour: Tour, now: float) -> Field:
        """Those of *permitted* who can be asked, and those who are to be looked at once more."""
        if isinstance(permitted, tuple) and not selection.leading and not tour.ask.needs:
            standings = self._standings_of(permitted, selection)
            lanes, able, due = standings.ranked(tour.input_needed, tour.ask.max_tokens, now, self.tiers(tour))
            return Field(lanes, able, due, len(selection.candidates) - len(able), 0)
        return self._of_its_own(permitted, selection, tour, now)

    def _of_its_own(self, permitted: Sequence[Candidate], selection: Selection, tour: Tour, now: float) -> Field:
        lanes = [self._lanes.of(candidate, now) for candidate in permitted]
        able, due = self._sorted_out(lanes, tour, now, shares=not selection.is_pinned)
        many = len(able)
        if tour.ask.needs:
            able, due = self._who_loses_nothing(able, due, tour)
        spare, passed = many - len(able), len(selection.candidates) - len(able)
        if selection.leading and (leading := [lane for lane in able if lane.candidate.pair == selection.leading]):
            able = leading
        return Field(lanes, self.ranked(able, tour, selection, now), due, passed, spare)

    def _standings_of(self, permitted: tuple[Candidate, ...], selection: Selection) -> Standings:
        known = self._standings.get(id(permitted))
        if known is None or known.candidates is not permitted:
            if len(self._standings) >= STANDINGS_MAX:
                self._standings.clear()
            known = self._standings[id(permitted)] = Standings(
                permitted,
                self._lanes,
                mode=self._roster.mode,
                mode_of=self._roster.mode_of,
                shares=not selection.is_pinned,
                is_one_group=selection.is_one_group,
            )
        return known

    def _sorted_out(self, lanes: Sequence[Lane], tour: Tour, now: float, *, shares: bool) -> tuple[list[Lane], list[Due]]:
        """Who can be asked, and who is to be looked at once more."""
        able: list[Lane] = []
        due: list[Due] = []
        for lane in lanes:
            is_able, tested = self._lanes.sort_out(lane, tour.input_needed, tour.ask.max_tokens, now, shares=shares)
            if is_able:
                able.append(lane)
            if tested is not None:
                due.append((lane, tested))
        return able, due

    def _who_loses_nothing(self, able: list[Lane], due: list[Due], tour: Tour) -> tuple[list[Lane], list[Due]]:
        """Those who can be told all that the request needs, if there are any who can be asked."""
        whole = [lane for lane in able if not self.lacking(lane.candidate, tour)]
        return (whole, [row for row in due if not self.lacking(row[0].candidate, tour)]) if whole else (able, due)

    def lacking(self, candidate: Candidate, tour: Tour) -> frozenset[Need]:
        """What of all that the request needs *candidate* cannot be told."""
        dropped = self._learning.dropped(candidate.pair)
        return needs.lacking(candidate.provider, candidate.model, tour.ask.needs, dropped)

    def tiers(self, tour: Tour) -> Callable[[Lane], float]:
        """Where each class stands for this request."""

        def tier_of(lane: Lane) -> float:
            if lane.tier is not None:
                return lane.tier
            tools, vision, _ = self._learning.facts_of(lane.candidate)
            return routing.local_tier(is_fit=routing.is_local_fit(lane.candidate, tour.ask, tools, vision))

        return tier_of

    def ranked(self, able: list[Lane], tour: Tour, selection: Selection, now: float) -> list[Lane]:
        """*able*, best first."""
        if len(able) < 2:
            return able
        tokens, most = tour.input_needed, tour.ask.max_tokens
        return routing.rank(
            able,
            now=now,
            mode=self._roster.mode,
            mode_of=self._roster.mode_of,
            tier_of=self.tiers(tour),
            is_used_up=lambda lane: lane.is_used_up(tokens, most),
            tokens=tokens,
            usual_tokens=0.0 if selection.is_one_group else self._lanes.usual_tokens,
        )
