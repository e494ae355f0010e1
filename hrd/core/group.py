"""A group: those of one provider and class among whom a request chooses, in order.

Most can be asked by whatever comes, and stand in a row that changes only where one of them changed. By how many tokens they are
sure to take, they stand in another: who is sure of less than a request has is asked in full, as is whoever is odd (to be looked
at once more, or worth more to some requests than to others).
"""

from bisect import bisect_left, insort
from collections.abc import Sequence

from hrd.core.lane import Lane, Standing
from hrd.core.lanes import Lanes
from hrd.core.quota.meter import Meter
from hrd.core.room import NO_LIMIT
from hrd.core.routing import PLACE, of_group

Due = tuple[Lane, list[Meter]]
"""Who is to be looked at once more, with the limits that are in the way."""
Rows = Sequence[Standing]
Ranking = tuple[float, bool, tuple[float, ...], str, Rows]
"""Some of a group, and what they come before others by: class, having nothing left by a claim, rank, provider."""


class Group:
    """One provider's of one class. `Standings` tells it whom to look at again."""

    def __init__(
        self, first: Lane, lanes: Lanes, *, is_parallel: bool, among_parallel: bool, shares: bool, is_alone: bool
    ) -> None:
        """*is_parallel*: how its own credentials take turns, *among_parallel*: how providers do. *is_alone*: there is no other
        group, so that nobody need know what they are worth to a request of its size."""
        self.first = first
        self.at_a_glance = -1
        """A request of no more tokens finds its usual ranking."""
        self._usual: Ranking | None = None
        self._among_parallel = among_parallel
        self._lanes = lanes
        self._key = None if is_parallel else PLACE
        self._shares = shares
        self._is_alone = is_alone
        self._rows: list[Standing] = []
        self._sure: list[tuple[int, int, Lane]] = []
        """The same by how many tokens they are sure to take, and their place."""
        self._odd: dict[Lane, None] = {}
        self._known: dict[Lane, tuple[Standing, int]] = {}

    def put(self, lane: Lane, now: float) -> float:
        """*lane* has changed; until when it stays as it is, by the clock alone."""
        self._take_out(lane)
        until = lane.valid_until
        room = lane.room_shared if self._shares else lane.room
        if lane.is_open and room.requests >= 1 and not lane.doubted_at and (self._is_alone or not lane.worth.is_sized):
            row = lane.standing
            if row is None or now >= lane.standing_until:
                row = lane.stand(now)
            sure = min(room.least, lane.claimed.least) - lane.output_ample if lane.claimed.requests >= 1 else -1
            insort(self._rows, row, key=self._key)
            insort(self._sure, (sure, lane.place, lane))
            self._known[lane] = row, sure
            if lane.worth.until < until:
                until = lane.worth.until
        elif lane.is_probe_due or (lane.is_open and (room.requests >= 1 or lane.may_be_tested(0, 0, now))):
            self._odd[lane] = None
        elif lane.is_open:
            until = min(until, lane.firm_until)
        self._usual = None
        self.at_a_glance = -1 if self._odd or lane.tier is None else self._sure[0][0] if self._sure else NO_LIMIT
        return until

    def _take_out(self, lane: Lane) -> None:
        self._odd.pop(lane, None)
        known = self._known.pop(lane, None)
        if known is not None:
            row, sure = known
            del self._rows[bisect_left(self._rows, row if self._key is None else row[6], key=self._key)]
            del self._sure[bisect_left(self._sure, (sure, lane.place))]

    def usual(self) -> Ranking:
        """All who can be asked by what is no larger than `at_a_glance`, best first."""
        if self._usual is None:
            self._usual = self.ranking(self.first.tier or 0.0, self._rows)
        return self._usual

    def ranking(self, tier: float, rows: Rows, *, is_empty: bool = False) -> Ranking:
        """*rows* of it, best first, among others. *is_empty*: by a claim they have nothing left."""
        rank = () if self._is_alone or not rows else of_group(rows, is_parallel=self._among_parallel)
        return tier, is_empty, rank, self.first.provider, rows

    def sort_out(self, tokens: int, most: int | None, now: float) -> tuple[Rows, Rows, list[Due]]:
        """For a request of *tokens* and at most *most* in its reply: who can be asked, best first; those of them, apart, who by
        a claim have nothing left for it; and who is due."""
        doubtful = bisect_left(self._sure, (tokens,))
        if not doubtful and not self._odd:
            return self._rows, (), []
        return self._sorted_out([lane for _, _, lane in self._sure[:doubtful]], tokens, most, now)

    def _sorted_out(self, doubtful: Sequence[Lane], tokens: int, most: int | None, now: float) -> tuple[Rows, Rows, list[Due]]:
        lanes = self._lanes
        rows: list[Standing] = []
        empty: list[Standing] = []
        due: list[Due] = []
        for lane in (*doubtful, *self._odd):
            is_able, tested = lanes.sort_out(lane, tokens, most, now, shares=self._shares)
            if is_able:
                known = self._known.get(lane)
                row = known[0] if known is not None else lane.stand(now, lanes.size(lane, tokens))
                (empty if lane.is_used_up(tokens, most) else rows).append(row)
            if tested is not None:
                due.append((lane, tested))
        if doubtful or rows:
            others = set(doubtful)
            rows += [row for row in self._rows if row[7] not in others]
            rows.sort(key=self._key)
            empty.sort(key=self._key)
            return rows, empty, due
        empty.sort(key=self._key)
        return self._rows, empty, due
