"""Lanes: what is known of a candidate is worked out once, and anew when something changed."""

from typing import Any

import pytest

from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block
from hrd.core.failures import HintSource
from hrd.core.lane import Lane, reading_of
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.providers import Candidate
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from tests.hrd.stage import NOON, candidate, provider

DAY = 86_400.0


class Made:
    """Lanes over empty books."""

    def __init__(self, *own: Limit, reserve: float = 0.0, **facts: Any) -> None:
        self.blocks = BlockBook(())
        self.quota = QuotaBook()
        self.lanes = Lanes(self.blocks, self.quota, Learning(()), reserve)
        self.who: Candidate = candidate(provider("alpha", cost_class="free", own_limits=own, **facts))
        self.number = 0

    def lane(self, now: float = NOON) -> Lane:
        return self.lanes.of(self.who, now)

    def spend(self, tokens: int = 10, now: float = NOON) -> None:
        self.number += 1
        lane = self.lanes.begin(self.who, tokens, now)
        self.quota.reserve(self.number, lane.meters or (), Amounts(tokens, 0), now)


def test_nothing_known_is_room_for_anything_and_half_a_share() -> None:
    lane = Made().lane()
    assert (lane.worth.share, lane.room.takes(10**9, 10**9), lane.block, reading_of(lane, NOON).kind) == (0.5, True, None, "")


def test_what_is_reserved_shows_at_once() -> None:
    made = Made(Limit(kind="requests/day", limit=4))
    assert made.lane().worth.share == 1.0
    made.spend()
    assert made.lane().worth.share == 0.75
    reading = reading_of(made.lane(), NOON)
    assert (reading.left, reading.limit, reading.is_known) == (3, 4, True)


def test_a_window_that_slides_opens_by_the_clock_alone() -> None:
    made = Made(Limit(kind="requests/minute", limit=1))
    made.spend()
    assert not made.lane(NOON + 59).room.takes(1, 1)
    assert made.lane(NOON + 60).room.takes(1, 1)


def test_a_block_shows_at_once_and_is_over_by_the_clock() -> None:
    made = Made()
    made.lane()
    made.blocks.put(Block(scope=made.who.scopes[0], reason="errors", source=HintSource.GUESS, set_at=NOON, until=NOON + 5))
    assert made.lane(NOON + 1).block is not None
    assert made.lane(NOON + 5).block is None


def test_the_reserve_is_kept_from_those_who_pin_nobody() -> None:
    made = Made(Limit(kind="requests/day", limit=10), reserve=0.2)
    for _ in range(8):
        made.spend()
    lane = made.lane()
    assert (lane.room.takes(1, 1), lane.room_shared.takes(1, 1)) == (True, False)
    assert made.lanes.fits_at(lane, 1, 1, NOON, shares=True) > NOON
    assert made.lanes.fits_at(lane, 1, 1, NOON, shares=False) == NOON


def test_what_is_used_up_by_the_users_word_is_shut_until_it_turns_and_nobody_tests_it() -> None:
    made = Made(Limit(kind="requests/day", limit=1), Limit(kind="tokens/month", limit=10_000))
    made.spend()
    made.quota.settle(1, Amounts(10, 10), NOON)
    lane = made.lane()
    turn = NOON + DAY / 2 + 1.0  # its clock may be a second behind ours
    assert (lane.is_shut_until(turn - 1), lane.is_shut_until(turn)) == (True, False)
    assert not lane.may_be_tested(0, 0, NOON)
    assert not made.lane(turn).is_shut_until(turn)
    assert made.lane(turn).may_be_tested(0, 0, turn)


def test_a_claim_orders_and_does_not_refuse() -> None:
    made = Made(limits=(Limit(kind="requests/day", limit=1),))
    made.spend()
    lane = made.lane()
    assert (lane.room.takes(1, 1), lane.claimed.takes(1, 1), lane.worth.share) == (True, False, 0.0)


def test_a_claimed_slot_is_worth_waiting_for() -> None:
    made = Made(limits=(Limit(kind="at once", limit=1),))
    assert not made.lane().is_waitable
    made.spend()
    assert made.lane().is_waitable
    assert made.lanes.slot_at(made.lane(), NOON) > NOON
    made.quota.settle(1, Amounts(), NOON)
    assert not made.lane().is_waitable


def test_what_is_usual_follows_the_requests() -> None:
    made = Made()
    for tokens in (100, 200, 300):
        made.spend(tokens)
    assert made.lanes.usual_tokens == pytest.approx(200)
    for _ in range(1000):
        made.spend(1000)
    assert made.lanes.usual_tokens == pytest.approx(1000, rel=0.01)


def test_what_is_in_flight_keeps_room_for_what_it_may_come_to() -> None:
    made = Made(Limit(kind="tokens/day", limit=1000))
    lane = made.lanes.begin(made.who, 100, NOON)
    made.quota.reserve(1, lane.meters or (), Amounts(100, 100), NOON, at_most=Amounts(150, 400))
    assert (made.lane().room.takes(300, 150), made.lane().room.takes(300, 151)) == (True, False)
    made.quota.settle(1, Amounts(100, 150), NOON)
    assert made.lane().room.takes(600, 150)


def test_latency_is_smoothed_and_what_runs_is_counted() -> None:
    made = Made()
    made.spend()
    made.lanes.answered(made.who, 100.0)
    made.lanes.answered(made.who, 200.0)
    assert made.lanes.latency_ms() == {"alpha-a1": pytest.approx(120.0)}
    assert made.lanes.in_flight() == {"alpha-a1": 1}
    made.lanes.end(made.who)
    assert made.lanes.in_flight() == {"alpha-a1": 0}


def test_another_generation_of_the_same_candidate_keeps_what_runs() -> None:
    made = Made()
    made.spend()
    again = candidate(provider("alpha", cost_class="free"))
    assert again is not made.who
    assert made.lanes.of(again, NOON).in_flight == 1
