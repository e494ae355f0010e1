"""Standings: those who may be asked for one name, kept in the order of `core.routing` from one request to the next.

What can change is known: a lane says so when something happened on it, and by when it is to be looked at anew. So a claim looks
at these few, and at nobody else. Whatever is out of the ordinary for a request is asked of `routing.rank` itself.
"""

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import NamedTuple

from hrd.core.group import Due, Group, Ranking
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.providers import Candidate
from hrd.core.routing import PARALLEL

ALARMS_A_LANE_MAX = 4
NEVER = float("inf")


class Ranked(NamedTuple):
    """For one request."""

    lanes: Sequence[Lane]
    """Everybody."""
    able: list[Lane]
    """Who can be asked now, best first."""
    due: list[Due]


class Standings:
    """Of one selection of candidates, by one roster's modes."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        lanes: Lanes,
        *,
        mode: str,
        mode_of: Callable[[str], str],
        shares: bool,
        is_one_group: bool,
    ) -> None:
        self.candidates = candidates
        self._all = lanes
        self._is_parallel = mode == PARALLEL
        self._mode_of = mode_of
        self._shares = shares
        self._is_one_group = is_one_group
        self._lanes: list[Lane] = []
        self._groups: dict[str, Group] = {}
        self._alarms: list[tuple[float, int, Lane]] = []
        """When which lane is to be looked at anew, by the clock alone."""
        self._alarm_of: dict[Lane, float] = {}
        self._generation = -1
        self._read = 0
        """So far its changes are known."""
        self._looked_at = NEVER

    def ranked(self, tokens: int, most: int | None, now: float, tier_of: Callable[[Lane], float]) -> Ranked:
        """Who can be asked by a request of *tokens* and at most *most* in its reply."""
        self._look(now)
        due: list[Due] = []
        rankings: list[Ranking] = []
        for group in self._groups.values():
            if tokens <= group.at_a_glance:
                rankings.append(group.usual())
                continue
            rows, empty, looked_for = group.sort_out(tokens, most, now)
            if rows or empty:
                tier = group.first.tier
                if tier is None:
                    tier = tier_of(group.first)
                if rows:
                    rankings.append(group.ranking(tier, rows))
                if empty:
                    rankings.append(group.ranking(tier, empty, is_empty=True))
            due += looked_for
        if len(rankings) > 1:
            rankings.sort(key=_BEFORE_ROWS)
        return Ranked(self._lanes, [row[7] for ranking in rankings for row in ranking[4]], due)

    def _look(self, now: float) -> None:
        """Bring everything up to *now*."""
        lanes = self._all
        if self._generation != lanes.generation or now < self._looked_at:
            self._begin(now)
        self._looked_at = now
        while self._read < (end := lanes.changes.end):
            changed = lanes.changes.since(self._read)
            self._read = end
            for lane in self._lanes if changed is None else dict.fromkeys(changed):
                if lane in self._alarm_of:
                    self._put(lane, now)
        for lane in self._called(now):
            self._put(lane, now)

    def _called(self, now: float) -> list[Lane]:
        """Those whose moment has come."""
        called = []
        while self._alarms and self._alarms[0][0] <= now:
            lane = heappop(self._alarms)[2]
            self._alarm_of[lane] = NEVER
            called.append(lane)
        return called

    def _begin(self, now: float) -> None:
        lanes = self._all
        self._lanes = [lanes.of(candidate, now) for candidate in self.candidates]
        self._generation, self._read = lanes.generation, lanes.changes.end
        self._groups.clear()
        self._alarms.clear()
        self._alarm_of = dict.fromkeys(self._lanes, NEVER)
        for lane in self._lanes:
            if lane.group not in self._groups:
                is_parallel = self._mode_of(lane.provider) == PARALLEL
                self._groups[lane.group] = Group(
                    lane,
                    lanes,
                    is_parallel=is_parallel,
                    among_parallel=self._is_parallel,
                    shares=self._shares,
                    is_alone=self._is_one_group,
                )
            self._put(lane, now)

    def _put(self, lane: Lane, now: float) -> None:
        self._all.bring_up(lane, now)
        until = self._groups[lane.group].put(lane, now)
        if until < self._alarm_of[lane]:
            self._alarm_of[lane] = until
            heappush(self._alarms, (until, lane.place, lane))
            if len(self._alarms) > ALARMS_A_LANE_MAX * len(self._lanes):
                self._alarms = [(at, one.place, one) for one, at in self._alarm_of.items() if at < NEVER]
                heapify(self._alarms)


_BEFORE_ROWS = itemgetter(0, 1, 2, 3)
