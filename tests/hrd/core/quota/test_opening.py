"""When there is room again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.quota.opening import fits_at, is_full_for, may_fit_when_one_ends
from hrd.core.quota.window import Turn
from tests.hrd.core.quota.stage import counted, meter
from tests.hrd.stage import NOON


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 20),
    st.sampled_from([Turn.SLIDING, Turn.FIXED, Turn.REFILL, Turn.NEVER]),
)
def test_what_is_full_is_what_does_not_fit_now(used: int, amount: int, spare: int, turns: Turn) -> None:
    made = meter("tokens/day", 50, turns)
    if used:
        made.count(used, NOON, spare)
    assert is_full_for(made, amount, NOON + 1) == (fits_at(made, amount, NOON + 1) > NOON + 1)


def test_who_lacks_no_more_than_is_kept_for_long_replies_looks_again_soon() -> None:
    made = meter("tokens/day", 1000, Turn.REFILL, used=500, begun_at=NOON)
    made.count(300, NOON, spare=150)
    assert fits_at(made, 60, NOON) == NOON + 5.0
    assert fits_at(made, 50, NOON) == NOON


def test_who_fits_if_replies_on_their_way_are_short_looks_again_soon() -> None:
    made = meter("tokens/day", 1000, Turn.REFILL, used=500, begun_at=NOON)
    out = made.count(300, NOON, spare=150, loose=200)
    assert fits_at(made, 400, NOON) == NOON + 5.0
    assert may_fit_when_one_ends(made, 400)
    assert fits_at(made, 401, NOON) == pytest.approx(NOON + 351 * 86.4)
    assert not may_fit_when_one_ends(made, 401)
    assert not may_fit_when_one_ends(made, 50), "it fits already"
    made.raise_to(out, 310, NOON)
    assert not may_fit_when_one_ends(made, 200), "it comes to more, and not to less"


def test_a_request_that_is_out_gives_nothing_back_and_a_slot_does() -> None:
    requests, slots = meter("requests/day", 2, Turn.REFILL, begun_at=NOON), meter("at once", 2, Turn.IN_FLIGHT)
    counted(requests, [1, 1])
    counted(slots, [1, 1])
    assert (may_fit_when_one_ends(requests, 1), may_fit_when_one_ends(slots, 1)) == (False, True)


def test_who_fits_alone_is_not_sent_away_because_those_before_need_more_than_there_is() -> None:
    made = meter("tokens/day", 1000, Turn.REFILL, used=500, begun_at=NOON)
    assert fits_at(made, 400, NOON, many=2) == NOON + 5.0
    requests = meter("requests/day", 10, Turn.REFILL, used=9, begun_at=NOON)
    assert fits_at(requests, 1, NOON, many=2) == pytest.approx(NOON + 8640), "whoever comes before takes one"


def test_a_reply_that_begins_changes_nothing_of_when_the_provider_takes_the_next_one() -> None:
    made = meter(limit=2)
    first, second = counted(made, [1, 1])
    made.leave_one_at(NOON + 3)
    made.answered(first, NOON + 0.2)
    made.answered(second, NOON + 0.2)
    assert fits_at(made, 1, NOON + 1) == NOON + 3
    assert fits_at(made, 2, NOON + 1) == NOON + 60.2


def test_what_was_given_back_is_not_what_leaves_when_the_provider_takes_the_next_one() -> None:
    made = meter(limit=2)
    refused, first, _ = counted(made, [1, 1, 1])
    made.settle(refused, 0, NOON, is_counted=False)
    made.leave_one_at(NOON + 3)
    made.answered(first, NOON + 0.2)
    assert fits_at(made, 1, NOON + 1) == NOON + 3
