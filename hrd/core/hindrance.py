"""Hindrance: what keeps a candidate from being asked by a request now, and when that is over."""

from collections.abc import Sequence

from hrd.core.block_book import PROBING, RECHECK_S, BlockBook
from hrd.core.breaker import BREAKER
from hrd.core.conclusion import Hindered
from hrd.core.failover import UNREACHABLE
from hrd.core.failures import HintSource
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.line import Line
from hrd.core.quota.opening import SPARE_WAIT_S
from hrd.core.tour import Tour

WINDOW = "window"
OWN_LIMIT = "your limit"
"""The same, where what is used up is what the user allows."""
RESERVE = "reserve"
"""What is left is kept for requests that pin a provider."""
SLOTS = "at once"
"""By a claim as many requests are out as may be at once: it may be asked all the same, when there is nobody else."""
FULL_AT_ONCE = "in flight"
"""The same by what is known, and nothing else is in the way."""


class Hindrance:
    """Reads lanes, blocks and the line. *shares*: the request pins no provider, and leaves the reserve."""

    def __init__(self, lanes: Lanes, blocks: BlockBook, line: Line) -> None:
        self._lanes = lanes
        self._blocks = blocks
        self._line = line

    def why(self, lane: Lane, tour: Tour, *, shares: bool) -> str:
        """Why *lane* cannot be asked now; empty if it can."""
        if lane.block is not None:
            return lane.block.reason
        if lane.is_probed:
            return PROBING
        room = lane.room_shared if shares else lane.room
        needed = tour.input_needed, lane.output_needed(tour.ask.max_tokens)
        if not room.takes(*needed):
            if shares and lane.room.takes(*needed):
                return RESERVE
            if self._lanes.waits_for_slots(lane, *needed):
                return FULL_AT_ONCE
            return OWN_LIMIT if self._lanes.is_full_by_settings(lane, *needed) else WINDOW
        return SLOTS if lane.is_waitable else ""

    def free_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool) -> float | None:
        """When *lane* is free; None if that is for a probe to say."""
        until = lane.block.until if lane.block is not None else 0.0
        until = max(until, self._fits_at(lane, tour, now, shares=shares))
        return until if until > now else None

    def turn_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool) -> float:
        """When this request, which nobody else can serve, may ask *lane*: behind those who wait for it already."""
        ahead = 0 if self._line.is_empty else self._line.before(tour.place, tour.ask.priority, lane.candidate)
        at = self._fits_at(lane, tour, now, shares=shares, ahead=ahead, patient=True)
        if ahead and at > now + SPARE_WAIT_S and self._line.may_give_up(tour.place, tour.ask.priority, lane.candidate):
            at = min(at, max(now + SPARE_WAIT_S, self._fits_at(lane, tour, now, shares=shares, patient=True)))
        if lane.block is not None:
            patient_at = self._blocks.patient_at(lane.candidate.scopes, now)
            is_looked_at = lane.block.next_probe is not None and self._lanes.word_ends(lane)
            at = patient_at if is_looked_at else max(at, patient_at)
        return max(at, self._lanes.slot_at(lane, now)) if lane.is_waitable else at

    def _fits_at(self, lane: Lane, tour: Tour, now: float, *, shares: bool, ahead: int = 0, patient: bool = False) -> float:
        """When there is room for this request, behind *ahead* others like it."""
        output = lane.output_needed(tour.ask.max_tokens)
        return self._lanes.fits_at(lane, tour.input_needed, output, now, shares=shares, many=ahead + 1, patient=patient)

    def moments(self, lanes: Sequence[Lane], tour: Tour, now: float, *, shares: bool) -> list[tuple[float, Lane]]:
        """Those of *lanes* that cannot be asked now, and when they can by a request that nobody else can serve. One that failed
        it and is free again by its provider's word, be it at once, is asked once more, the later the more often it did."""
        found = []
        for lane in lanes:
            at = self.turn_at(lane, tour, now, shares=shares)
            if at > now or self.why(lane, tour, shares=shares):
                found.append((at, lane))
            elif lane.candidate.key in tour.tried and (failed := tour.passing_of(lane.candidate))[0]:
                found.append((now + RECHECK_S * failed[1], lane))
        return found

    def told_at(self, lane: Lane, at: float, tour: Tour, now: float) -> float:
        """When whom nobody serves may try again, as far as *lane* goes, which is free *at*: sooner, if what it has too little
        of is looked at before."""
        soonest = now + RECHECK_S
        if at <= soonest:
            return at if at > now else soonest
        output = lane.output_needed(tour.ask.max_tokens)
        return min(at, max(soonest, self._lanes.tested_from(lane, tour.input_needed, output, now)))

    def told(self, lane: Lane, at: float, tour: Tour, now: float, *, shares: bool) -> Hindered:
        """The same, and why, for a refusal."""
        reason = self.why(lane, tour, shares=shares) or tour.passing_of(lane.candidate)[0] or WINDOW
        unconnected = lane.block.message if lane.block is not None and reason in (UNREACHABLE, BREAKER) else ""
        return Hindered(
            reason=UNREACHABLE if unconnected else reason,
            provider=lane.candidate.provider.name,
            until=self.told_at(lane, at, tour, now),
            is_said=lane.block is not None and lane.block.source is not HintSource.GUESS,
            unconnected=unconnected,
        )

    def is_enough_for_all(self, lane: Lane, tour: Tour) -> bool:
        """Whether *lane* has room for this request and for everybody who waits for it and comes before."""
        before = self._line.before(tour.place, tour.ask.priority, lane.candidate)
        if not before:
            return True
        many = before + 1
        tokens, output = tour.input_needed * many, lane.output_needed(tour.ask.max_tokens) * many
        return lane.room.requests >= many and lane.room.takes(tokens, output)
