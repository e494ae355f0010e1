"""Meters: how each kind of window counts, turns, and bears with clocks that jump."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.quota.count import Count
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import changes_at, fits_at, resets_at
from hrd.core.quota.window import Turn, Window
from tests.hrd.core.quota.stage import DAY, counted, meter
from tests.hrd.stage import NOON


def test_any_minute_of_a_sliding_window_holds_no_more_than_the_limit() -> None:
    made = meter()
    for second in range(5):
        assert fits_at(made, 1, NOON + second * 10) == NOON + second * 10
        made.count(1, NOON + second * 10)
    assert fits_at(made, 1, NOON + 41) == NOON + 60
    assert fits_at(made, 2, NOON + 41) == NOON + 70
    assert fits_at(made, 1, NOON + 60) == NOON + 60


def test_a_request_counts_from_when_the_provider_may_have_counted_it() -> None:
    made = meter(limit=2)
    quick, slow = counted(made, [1, 1])
    made.answered(quick, NOON + 0.2)
    made.answered(slow, NOON + 20)
    assert fits_at(made, 1, NOON + 21) == NOON + 60.2
    assert fits_at(made, 2, NOON + 21) == NOON + 60.5


def test_a_window_of_which_nobody_said_how_long_it_is_opens_again_whatever_was_spent() -> None:
    made = meter("tokens", 10, Turn.SAID, source="header", used=10, ends_at=NOON + 60)
    giant = made.count(30, NOON + 61)
    assert fits_at(made, 1, NOON + 62) == NOON + 121
    made.settle(giant, 30, NOON + 62)
    assert fits_at(made, 1, NOON + 121) == NOON + 121


def test_what_was_out_when_a_day_turned_does_not_keep_the_next_one_shut() -> None:
    made = meter("tokens/day", 100, Turn.SAID, source="header", begun_at=NOON, ends_at=NOON + 60)
    giant = made.count(120, NOON + 50)
    made.turn(NOON + 61)
    made.settle(giant, 120, NOON + 70)
    assert fits_at(made, 1, NOON + 70) == NOON + 61 + DAY
    assert fits_at(made, 1, NOON + 61 + DAY) == NOON + 61 + DAY


def test_a_slow_giant_leaves_a_sliding_window_before_it_is_settled() -> None:
    made = meter("tokens/minute", 8000)
    (giant,) = counted(made, [7000])
    assert fits_at(made, 2000, NOON + 1) == NOON + 60
    assert fits_at(made, 2000, NOON + 61) == NOON + 61
    made.settle(giant, 9000, NOON + 600)
    assert made.used == 0


def test_what_a_running_reply_comes_to_beyond_its_reservation_counts_before_it_is_over() -> None:
    made = meter("tokens/day", 1000, Turn.FIXED)
    runs_on = made.count(300, NOON, 100)
    made.raise_to(runs_on, 350, NOON + 5)
    assert (made.used, made.pending, made.spare) == (350, 350, 50)
    made.raise_to(runs_on, 700, NOON + 10)
    assert (made.used, made.pending, made.spare) == (700, 700, 0)
    assert fits_at(made, 300, NOON + 10) == NOON + 10
    assert fits_at(made, 301, NOON + 10) > NOON + 10
    made.settle(runs_on, 800, NOON + 15)
    assert (made.used, made.pending, made.spare) == (800, 0, 0)


@pytest.mark.parametrize(("after_s", "used"), [(30, 900), (61, 0)])
def test_what_has_left_a_sliding_window_does_not_grow_in_it(after_s: float, used: int) -> None:
    made = meter("tokens/minute", 8000)
    (giant,) = counted(made, [700])
    made.raise_to(giant, 900, NOON + after_s)
    assert (made.used, sum(entry.amount for entry in made.slide.entries)) == (used, used)
    made.settle(giant, 900, NOON + after_s)
    assert made.used == used


def test_a_reply_that_outlives_its_day_grows_in_the_next_with_what_is_still_out() -> None:
    made = meter("tokens/day", 1000, Turn.FIXED)
    (giant,) = counted(made, [300], NOON + 43_190)
    made.raise_to(giant, 400, NOON + 43_210)
    assert made.used == 400
    made.settle(giant, 500, NOON + 43_220)
    assert (made.used, made.pending) == (500, 0)


def test_settling_replaces_the_estimate() -> None:
    made = meter("tokens/day", 1000, Turn.FIXED)
    one, other = counted(made, [300, 300])
    made.settle(one, 100, NOON)
    made.settle(other, 500, NOON)
    assert (made.used, made.pending) == (600, 0)


def test_a_fixed_window_turns_at_midnight_of_its_zone_and_a_full_one_a_second_later() -> None:
    made = meter("requests/day", 2, Turn.FIXED, zone="America/Los_Angeles")
    for one in counted(made, [1, 1]):
        made.settle(one, 1, NOON)
    assert made.ends_at == NOON + 20 * 3600  # 08:00 UTC
    assert fits_at(made, 1, NOON) == NOON + 20 * 3600 + 1
    assert fits_at(made, 1, NOON + 20 * 3600 + 0.5) == NOON + 20 * 3600 + 1
    assert fits_at(made, 1, NOON + 20 * 3600 + 1) == NOON + 20 * 3600 + 1
    assert made.used == 0


def test_what_is_in_flight_at_midnight_may_be_counted_on_either_side() -> None:
    made = meter("requests/day", 5, Turn.FIXED)
    (count,) = counted(made, [1], NOON + 12 * 3600 - 5)
    made.turn(NOON + 12 * 3600 + 5)
    assert made.used == 1
    made.settle(count, 1, NOON + 12 * 3600 + 9)
    assert made.used == 1


def test_a_window_from_first_use_begins_with_it() -> None:
    made = meter("plan/5 hours", 10_000, Turn.FIRST_USE)
    assert resets_at(made, NOON) is None
    made.count(0, NOON)
    assert resets_at(made, NOON) == NOON + 18_000
    made.turn(NOON + 18_001)
    assert resets_at(made, NOON + 18_001) is None


def test_a_window_that_refills_gives_back_a_little_at_a_time() -> None:
    made = meter("requests/day", 1000, Turn.REFILL)
    counted(made, [1] * 1000)
    assert fits_at(made, 1, NOON) == pytest.approx(NOON + 86.4)
    assert fits_at(made, 10, NOON) == pytest.approx(NOON + 864)
    made.turn(NOON + 864.1)
    assert made.used == 990


def test_requests_at_once_are_those_in_flight() -> None:
    made = meter("at once", 1, Turn.IN_FLIGHT)
    (count,) = counted(made, [1])
    assert fits_at(made, 1, NOON) == NOON + 1.0  # nobody knows
    made.settle(count, 1, NOON + 5)
    assert fits_at(made, 1, NOON + 5) == NOON + 5


def test_a_balance_does_not_come_back_by_waiting() -> None:
    made = meter("credit", 100, Turn.NEVER, used=100)
    assert fits_at(made, 1, NOON) > NOON + 100 * DAY


def test_more_than_ever_fits_is_let_through_by_a_window_that_is_untouched() -> None:
    made = meter("tokens/minute", 8000)
    assert fits_at(made, 9000, NOON) == NOON
    made.count(10, NOON)
    assert fits_at(made, 9000, NOON) == NOON + 60


@pytest.mark.parametrize(
    ("moment", "used"),
    [
        (NOON + 60, 3),  # this minute's alone
        (NOON + 61.5, 3),  # in whole seconds
        (NOON + 59, 3),
        (NOON + 50, 5),  # when the first of them leaves a window that slides
        (NOON + 30, 5),
        (NOON + 120, 5),  # all that was sent before: nobody refuses for that
    ],
)
def test_a_refusal_until_the_turn_of_the_minute_counts_what_was_sent_within_it(moment: float, used: int) -> None:
    made = meter(limit=None)
    counted(made, [1, 1], NOON - 10)
    counted(made, [1, 1, 1], NOON + 5)
    made.turns_at(moment)
    assert made.used == used


def test_a_reserve_is_left_untouched() -> None:
    made = meter("requests/day", 10, Turn.FIXED, used=8, ends_at=NOON + 60)
    assert fits_at(made, 1, NOON, kept=0.2) == NOON + 61
    assert fits_at(made, 1, NOON, kept=0.1) == NOON
    assert fits_at(made, 1, NOON) == NOON


# clocks ----------------------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_makes_nobody_wait_longer_than_a_span() -> None:
    made = meter(limit=1)
    counted(made, [1])
    assert fits_at(made, 1, NOON - 7200) <= NOON - 7200 + 60


def test_a_day_that_the_clock_left_and_came_back_to_is_not_forgotten() -> None:
    made = meter("requests/day", 10, Turn.FIXED)
    for one in counted(made, [1] * 6):
        made.settle(one, 1, NOON)
    made.turn(NOON + 3 * DAY)
    for one in counted(made, [1] * 2, NOON + 3 * DAY):
        made.settle(one, 1, NOON + 3 * DAY)
    made.turn(NOON + 60)
    assert (made.used, made.ends_at) == (8, NOON + 12 * 3600)


def test_a_day_that_a_clock_in_1970_was_put_right_to_is_not_forgotten() -> None:
    made = meter("requests/day", 10, Turn.FIXED)
    for one in [*counted(made, [1] * 6), *counted(made, [1] * 2, 60.0)]:
        made.settle(one, 1, 60.0)
    assert (made.used, made.ends_at) == (8, DAY), "it is not given twice"
    made.turn(NOON + 60)
    assert (made.used, made.ends_at) == (8, NOON + 12 * 3600)


@given(st.lists(st.floats(0.0, 140 * 365 * DAY), min_size=1, max_size=9), st.sampled_from(["requests/day", "requests/month"]))
def test_wherever_the_clock_is_set_a_window_of_the_calendar_ends_within_its_span(moments: list[float], kind: str) -> None:
    made = meter(kind, 10, Turn.FIXED)
    for now in moments:
        made.count(3, now)
        assert made.ends_at is not None
        assert made.begun_at - 1.0 <= now < made.ends_at + 1.0
        assert made.ends_at - now <= made.length_s + 1.0


@given(
    st.sampled_from(["requests/minute", "requests/day", "tokens/hour", "plan/5 hours", "at once"]),
    st.sampled_from(list(Turn)),
    st.lists(st.tuples(st.integers(0, 9), st.floats(-2 * DAY, 40 * DAY), st.booleans()), max_size=30),
)
def test_whatever_the_clock_does_counts_stay_sane(kind: str, turn: Turn, steps: list[tuple[int, float, bool]]) -> None:
    made = meter(kind, 20, turn)
    out: list[Count] = []
    for amount, offset, settles in steps:
        now = NOON + offset
        out.append(made.count(amount, now))
        assert fits_at(made, 1, now) >= now
        if settles:
            count = out.pop(0)
            made.settle(count, amount, now)
        assert made.used >= 0
        assert made.pending == sum(count.amount for count in out)
        assert changes_at(made, now) > 0


def test_what_refills_slowly_is_looked_at_every_minute_and_what_refills_fast_in_fifty_steps() -> None:
    slow, fast = meter("tokens/day", 200_000, Turn.REFILL), meter("tokens/minute", 6000, Turn.REFILL)
    for made in (slow, fast):
        assert changes_at(made, NOON) > NOON + DAY
        made.count(1000, NOON)
    assert (changes_at(slow, NOON) - NOON, changes_at(fast, NOON) - NOON) == (60.0, pytest.approx(1.2))


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 3)), min_size=1, max_size=60), st.integers(3, 9))
def test_no_stretch_of_a_sliding_span_ever_holds_more_than_the_limit(steps: list[tuple[float, int]], limit: int) -> None:
    made, now, taken = meter(limit=limit), NOON, list[tuple[float, int]]()
    for pause_s, amount in steps:
        now += pause_s
        if fits_at(made, amount, now) <= now:
            made.count(amount, now)
            taken.append((now, amount))
        within = sum(held for at, held in taken if now - at < 60)
        assert within <= limit


@given(st.lists(st.integers(0, 400), min_size=2, max_size=9), st.floats(0, 70))
def test_a_row_brings_back_the_same_meter(amounts: list[int], later_s: float) -> None:
    for turn, kind in ((Turn.SLIDING, "tokens/minute"), (Turn.FIXED, "tokens/day"), (Turn.SAID, "tokens/hour")):
        made = meter(kind, 1000, turn)
        for step, (one, _) in enumerate(pairwise(amounts)):
            made.count(one, NOON + step * 7)
        now = NOON + 7 * len(amounts) + later_s
        again = Meter(msgspec.convert(msgspec.to_builtins(made.row(9, now)), Window))
        again.turn(now)
        made.turn(now)
        assert (again.used, fits_at(again, 500, now), again.ends_at) == (made.used, fits_at(made, 500, now), made.ends_at)


# what a dead process left ----------------------------------------------------------------------------------------------------


def test_spend_of_a_dead_process_is_counted_where_it_falls() -> None:
    sliding, fixed = meter(limit=9), meter("requests/day", 9, Turn.FIXED)
    for at in (NOON - 70, NOON - 10, NOON - 13 * 3600):
        sliding.count_again(1, at, NOON)
        fixed.count_again(1, at, NOON)
    assert (sliding.used, fits_at(sliding, 9, NOON)) == (1, NOON + 50)
    assert fixed.used == 2  # the third was yesterday


def test_whoever_was_in_flight_in_a_dead_process_is_no_more() -> None:
    assert meter("at once", 1, Turn.IN_FLIGHT, used=1).used == 0
