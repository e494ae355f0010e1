"""Lanes: what is known of each candidate at this moment, so that a claim need not ask its scopes one by one.

A lane is looked at anew when something changed at one of its scopes, or when the time has come for which it was worked out.
What it says of windows is an upper bound for quick answers; whoever does not fit is asked again in full.
"""

from typing import Final

from hrd.core.block_book import BlockBook
from hrd.core.blocks import ONLY_CANDIDATE_S
from hrd.core.changes import Changes
from hrd.core.lane import Lane
from hrd.core.learned import Learning
from hrd.core.providers import Candidate
from hrd.core.quota import evidence
from hrd.core.quota.amounts import amounts_of
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.kinds import AT_ONCE, DAY_S, REQUESTS
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import (
    NOT_IN_TIME,
    SPARE_WAIT_S,
    changes_at,
    fits_at,
    is_full_for,
    is_told_soon,
    may_fit_when_one_ends,
    opens_by_the_clock,
)
from hrd.core.quota.window import FIXED, NEVER, SAID, SETTINGS
from hrd.core.room import Room

CANDIDATES_MAX: Final = 20_000
STALE_AFTER_S: Final = 600.0
"""For so long replies of other credentials may change what is thought of a model's, and this one does not hear of it."""
MUCH: Final = 4
"""Where more than one part in so many is left, hardly any request has to go beyond it."""
USUAL_OF: Final = 200
"""What the usual request has follows about so many of them."""


class Lanes:
    """All of them, by the candidates' keys, so that a change of configuration forgets nothing of what runs."""

    def __init__(self, blocks: BlockBook, quota: QuotaBook, learning: Learning, reserve: float = 0.0) -> None:
        self.reserve = reserve
        """RESERVE_FRACTION."""
        self.probe_s = evidence.PROBE_S
        """PROBE_SECONDS."""
        self._blocks = blocks
        self._quota = quota
        self._learning = learning
        self._by_key: dict[str, Lane] = {}
        self._at: dict[str, list[Lane]] = {}
        self.changes = Changes[Lane]()
        self.usual_tokens = 0.0
        """What requests have had lately, on average."""
        self._begun = 0
        self.generation = 0
        """Another one: candidates have other lanes."""
        blocks.changed = self.touch
        quota.hear_of_changes(self.recompose)

    # which there are -----------------------------------------------------------------------------------------------------

    def of(self, candidate: Candidate, now: float) -> Lane:
        """Its lane as of *now*."""
        lane = self._by_key.get(candidate.key)
        if lane is None or lane.candidate is not candidate:
            lane = self._made(candidate, lane)
        self.bring_up(lane, now)
        return lane

    def bring_up(self, lane: Lane, now: float) -> None:
        """Look at *lane*, if what it says may not hold any more."""
        if lane.is_stale or now >= lane.valid_until or now < lane.looked_at:
            self._look(lane, now)

    def _made(self, candidate: Candidate, before: Lane | None) -> Lane:
        if before is None and len(self._by_key) >= CANDIDATES_MAX:
            for key, lane in list(self._by_key.items()):
                if not lane.in_flight:
                    self._leave(lane)
                    del self._by_key[key]
            self.generation += 1
        lane = self._by_key[candidate.key] = Lane(candidate, self.changes.note)
        if before is not None:
            self.generation += 1
            self._leave(before)
            lane.in_flight, lane.latency_ms, lane.used_at = before.in_flight, before.latency_ms, before.used_at
        for scope in candidate.scopes:
            self._at.setdefault(scope, []).append(lane)
        return lane

    def _leave(self, lane: Lane) -> None:
        for scope in lane.candidate.scopes:
            lanes = self._at.get(scope)
            if lanes is not None:
                lanes.remove(lane)
                if not lanes:
                    del self._at[scope]
        for meter in lane.meters or ():
            if lane in meter.lanes:
                meter.lanes.remove(lane)

    def rebuild(self) -> None:
        """Another configuration: candidates and limits are others."""
        self._at.clear()
        for lane in self._by_key.values():
            for meter in lane.meters or ():
                meter.lanes.clear()
            lane.meters = None
            lane.touch()
            for scope in lane.candidate.scopes:
                self._at.setdefault(scope, []).append(lane)

    def look_again(self) -> None:
        """The rules have changed."""
        for lane in self._by_key.values():
            lane.touch()

    def touch(self, scope: str) -> None:
        """Something changed at *scope*."""
        for lane in self._at.get(scope, ()):
            lane.touch()

    def recompose(self, scope: str) -> None:
        """*scope* has other meters."""
        for lane in self._at.get(scope, ()):
            lane.meters = None
            lane.touch()

    # what happens on them ------------------------------------------------------------------------------------------------

    def begin(self, candidate: Candidate, tokens: int, now: float) -> Lane:
        """A request of *tokens* goes out."""
        lane = self.of(candidate, now)
        self._begun = min(self._begun + 1, USUAL_OF)
        self.usual_tokens += (tokens - self.usual_tokens) / self._begun
        lane.used_at = now
        lane.run(1)
        return lane

    def answered(self, candidate: Candidate, latency_ms: float) -> None:
        lane = self._by_key.get(candidate.key)
        if lane is not None:
            lane.answered(latency_ms)

    def end(self, candidate: Candidate) -> None:
        lane = self._by_key.get(candidate.key)
        if lane is not None:
            lane.run(-1)

    def in_flight(self) -> dict[str, int]:
        """Credential → requests out now."""
        found: dict[str, int] = {}
        for lane in self._by_key.values():
            found[lane.credential] = found.get(lane.credential, 0) + lane.in_flight
        return found

    def latency_ms(self) -> dict[str, float]:
        """Credential → the smallest of its candidates' latencies."""
        found: dict[str, float] = {}
        for lane in self._by_key.values():
            if lane.latency_ms:
                found[lane.credential] = min(lane.latency_ms, found.get(lane.credential, lane.latency_ms))
        return found

    # what they look like -------------------------------------------------------------------------------------------------

    def _look(self, lane: Lane, now: float) -> None:
        candidate = lane.candidate
        if lane.meters is None:
            meters = self._quota.meters_of(candidate, now)
            for meter in meters:
                if lane not in meter.lanes:
                    meter.lanes.append(lane)
            lane.meters = meters
        lane.looked_at = now
        lane.reading = lane.standing = None
        lane.valid_until = now + STALE_AFTER_S
        lane.output_guess, lane.output_ample = self._learning.output_of(candidate)
        self._look_at_blocks(lane, now)
        self._look_at_meters(lane, lane.meters, now)
        lane.is_open = lane.block is None and not lane.is_probed and not lane.is_waitable
        lane.is_stale = False

    def _look_at_blocks(self, lane: Lane, now: float) -> None:
        lane.block, lane.is_probed, lane.is_probe_due, lane.doubted_at = None, False, False, 0.0
        blocks, found = self._blocks, lane.candidate.scopes
        if not blocks.touches(found):
            return
        lane.block = blocks.hindrance(found, now)
        if lane.block is None:
            lane.is_probed = blocks.is_probed(found, now)
            doubted = blocks.last_set(found)
            lane.doubted_at = doubted + self.probe_s if doubted else 0.0
        else:
            lane.is_probe_due = blocks.is_probe_due(found, now)
        lane.valid_until = min(lane.valid_until, blocks.changes_at(found, now))

    def _look_at_meters(self, lane: Lane, meters: list[Meter], now: float) -> None:
        lane.room.clear()
        lane.claimed.clear()
        if self.reserve:
            lane.room_shared = Room()
        elif lane.room_shared is not lane.room:
            lane.room_shared = lane.room
        worth = lane.worth
        worth.clear()
        lane.is_waitable = False
        lane.firm.clear()
        lane.firm_until = NOT_IN_TIME
        lane.opens_at = lane.shut_until = now
        lane.inexact, lane.guesses = [], []
        for meter in meters:
            if meter.limit is not None:
                meter.turn(now)  # what is implied for one span may be gone by that
            limit = meter.limit
            if limit is not None:
                until = changes_at(meter, now)
                if until < lane.valid_until:
                    lane.valid_until = until
                left = limit - meter.used
                room = left - meter.spare
                if not meter.is_known:
                    self._narrow_by_claim(lane, meter, room)
                else:
                    self._narrow(lane, meter, room)
                    self._note(lane, meter, left, now)
                    if left * MUCH < limit and not evidence.may_test(meter, now):
                        lane.firm.narrow(meter, room, lane.candidate.credit_price)
                        lane.firm_until = min(lane.firm_until, evidence.may_test_from(meter, now))
                if meter.measure is not AT_ONCE:
                    worth.weigh(meter, left / limit if left > 0 else 0.0)
            elif meter.turns is FIXED and meter.span_s == DAY_S:
                meter.turn(now)
                worth.lapses_with(meter)
                if meter.ends_at is not None:
                    lane.valid_until = min(lane.valid_until, meter.ends_at)

    def _narrow(self, lane: Lane, meter: Meter, left: int) -> None:
        lane.room.narrow(meter, left, lane.candidate.credit_price)
        if self.reserve:
            lane.room_shared.narrow(meter, meter.room(self.reserve) or 0, lane.candidate.credit_price)

    def _narrow_by_claim(self, lane: Lane, meter: Meter, left: int) -> None:
        if meter.measure is AT_ONCE:
            lane.is_waitable = lane.is_waitable or left < 1
        else:
            lane.claimed.narrow(meter, left, lane.candidate.credit_price)

    def _note(self, lane: Lane, meter: Meter, left: int, now: float) -> None:
        """What can be said beforehand of a known window, whatever the size of a request."""
        awaits_word = meter.is_assumed and is_told_soon(meter)
        if meter.measure is not REQUESTS or awaits_word or not opens_by_the_clock(meter):
            lane.inexact.append(meter)
        elif left < 1:
            lane.opens_at = max(lane.opens_at, fits_at(meter, 1, now))
        if left + meter.loose < 1 and not awaits_word and (opens_by_the_clock(meter) or meter.turns is NEVER):
            lane.shut_until = max(lane.shut_until, fits_at(meter, 1, now))
        if not evidence.is_firm(meter):
            lane.guesses.append(meter)

    # for one request -----------------------------------------------------------------------------------------------------

    def size(self, lane: Lane, tokens: int) -> float:
        """Of a request of *tokens*, where 1 is the usual."""
        return (tokens + lane.output_guess) / self.usual_tokens if self.usual_tokens else 1.0

    def sort_out(
        self, lane: Lane, tokens: int, most: int | None, now: float, *, shares: bool
    ) -> tuple[bool, list[Meter] | None]:
        """Whether *lane* can be asked by a request of *tokens* and at most *most* in its reply; and if it is to be looked at
        once more, with which limits in the way."""
        if not lane.is_open and not lane.is_probe_due:
            return False, None
        guess = lane.output_ample
        if most is not None and most < guess:
            guess = most
        room = lane.room_shared if shares else lane.room
        takes = (room.requests >= 1 and tokens + guess <= room.least) or room.takes(tokens, guess)
        if not lane.is_open:
            return False, [] if takes else self._looked_at(lane, now)
        if takes:
            return True, [] if lane.doubted_at and now >= lane.doubted_at else None
        return False, (self.tests(lane, tokens, guess, now) or None) if lane.may_be_tested(tokens, guess, now) else None

    # in full -------------------------------------------------------------------------------------------------------------

    def fits_at(
        self,
        lane: Lane,
        input_tokens: int,
        output_tokens: int,
        now: float,
        *,
        shares: bool,
        many: int = 1,
        patient: bool = False,
    ) -> float:
        """When *many* such requests fit what is known; not after *now* if they do. *shares*: they leave the reserve. *patient*:
        nobody else can serve, and a limit guessed from a single refusal keeps them for ten seconds at most."""
        kept = self.reserve if shares else 0.0
        is_told = not kept and many == 1 and not (patient and lane.guesses)
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        latest = max(now, lane.opens_at) if is_told else now
        for meter in lane.inexact if is_told else lane.meters or ():
            if meter.is_known and meter.limit is not None:
                at = fits_at(meter, amounts.of(meter.measure), now, kept, many)
                if patient and not evidence.is_firm(meter):
                    at = min(at, meter.limit_at + ONLY_CANDIDATE_S)
                if patient and at > now + SPARE_WAIT_S and is_told_soon(meter):
                    at = now + SPARE_WAIT_S
                latest = max(latest, at)
        return latest

    def is_full_by_settings(self, lane: Lane, input_tokens: int, output_tokens: int) -> bool:
        """Whether what has no room for such a request is a limit of the user's own."""
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        own = (m for m in lane.meters or () if m.source == SETTINGS and m.limit is not None)
        return any((m.room() or 0) < max(1, amounts.of(m.measure)) for m in own)

    def guessed(self, lane: Lane, input_tokens: int, output_tokens: int, now: float) -> list[Meter]:
        """The limits in the way of such a request that are guesses."""
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        return [meter for meter in lane.guesses if fits_at(meter, amounts.of(meter.measure), now) > now]

    def slot_at(self, lane: Lane, now: float) -> float:
        """When a claimed limit of requests at once may have room."""
        meters = (m for m in lane.meters or () if m.measure is AT_ONCE and not m.is_known)
        return max((fits_at(m, 1, now) for m in meters), default=now)

    def may_open_any_moment(self, lane: Lane, input_tokens: int, output_tokens: int) -> bool:
        """Whether what is out is in the way of such a request: there may be room when one of them ends, whenever that is."""
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        return any(may_fit_when_one_ends(meter, amounts.of(meter.measure)) for meter in lane.meters or ())

    def waits_for_slots(self, lane: Lane, input_tokens: int, output_tokens: int) -> bool:
        """Whether what is known to have no room for such a request is how many may be out at once, and nothing else."""
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        known = (m for m in lane.meters or () if m.is_known and m.limit is not None)
        full = [m for m in known if (m.room() or 0) < max(1, amounts.of(m.measure))]
        return bool(full) and all(m.measure is AT_ONCE for m in full)

    def tests(self, lane: Lane, input_tokens: int, output_tokens: int, now: float) -> list[Meter]:
        """The meters that keep such a request from it and may be tried all the same; none if another keeps it as well."""
        full = self._full(lane, input_tokens, output_tokens, now)
        return full if all(evidence.may_test(m, now) for m in full) else []

    def _full(self, lane: Lane, input_tokens: int, output_tokens: int, now: float) -> list[Meter]:
        """The known meters that have no room for such a request."""
        amounts = amounts_of(lane.candidate, input_tokens, output_tokens)
        return [m for m in lane.meters or () if m.is_known and is_full_for(m, amounts.of(m.measure), now)]

    def tested_from(self, lane: Lane, input_tokens: int, output_tokens: int, now: float) -> float:
        """From when on what has no room for such a request may be looked at by it all the same; `NOT_IN_TIME` if none may, or
        nothing is in its way."""
        full = self._full(lane, input_tokens, output_tokens, now)
        return max((evidence.tested_from(m, now) for m in full), default=NOT_IN_TIME)

    def word_ends(self, lane: Lane) -> bool:
        """Whether all that is used up of it is so by the provider's word alone, so that a probe may try it."""
        return all(m.turns is SAID and m.source != SETTINGS for m in _used_up(lane))

    def _looked_at(self, lane: Lane, now: float) -> list[Meter] | None:
        """What is used up of it, where a probe of its block may try it as well: a look is one of either, and there are no more
        of them a day for a block that is set anew each day."""
        full = _used_up(lane)
        return full if self.word_ends(lane) and all(evidence.looks_left(m, now) for m in full) else None


def _used_up(lane: Lane) -> list[Meter]:
    """What nothing is left of, as far as is known."""
    return [m for m in lane.meters or () if m.is_known and m.limit is not None and m.used >= m.limit]
