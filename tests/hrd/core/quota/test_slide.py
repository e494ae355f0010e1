"""What leaves a sliding window, and when."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.quota.slide import GRAINS, Slide
from tests.hrd.core.quota.stage import meter
from tests.hrd.stage import NOON


def test_what_leaves_is_gone_once() -> None:
    slide = Slide([(10.0, 1), (20.0, 2), (30.0, 4)])
    assert (slide.frees_at(1), slide.frees_at(2), slide.frees_at(7), slide.frees_at(8)) == (10.0, 20.0, 30.0, None)
    assert slide.leave_before(20.0) == 1
    assert slide.leave(20.0) == 2
    assert slide.leave(29.0) == 0
    assert slide.spans() == ((30.0, 4),)


def test_what_was_counted_too_much_is_taken_from_what_leaves_first() -> None:
    slide = Slide([(10.0, 1), (20.0, 2), (30.0, 4)])
    slide.take(2)
    assert slide.spans() == ((20.0, 1), (30.0, 4))
    slide.take(99)
    assert slide.spans() == ()


def test_nobody_enters_to_leave_before_who_came_first() -> None:
    slide = Slide([(30.0, 4)])
    slide.enter(1, 20.0, 60.0)
    assert slide.spans() == ((30.0, 4), (30.0, 1))


def test_a_busy_window_remembers_no_more_moments_than_it_needs() -> None:
    made = meter("requests/minute", 100_000)
    for step in range(10_000):
        made.count(1, NOON + step * 0.006)
    assert made.used == 10_000
    assert len(made.row(1, NOON).spans) <= 2 * GRAINS + 1


@given(st.lists(st.integers(0, 59), max_size=30), st.integers(0, 60))
def test_spend_of_a_dead_process_leaves_in_its_turn_in_whatever_order_it_is_counted(ages: list[int], later_s: int) -> None:
    made = meter(limit=99)
    for age in ages:
        made.count_again(1, NOON - age, NOON)
    made.turn(NOON + later_s)
    assert made.used == sum(age + later_s < 60 for age in ages)


def test_what_was_given_back_is_not_what_leaves_first() -> None:
    made = Slide([(NOON + 1, 0), (NOON + 2, 3), (NOON + 3, 1)])
    first = made.first()
    assert first is not None
    assert (first.leaves_at, first.amount) == (NOON + 2, 3)
    assert Slide([(NOON, 0)]).first() is None
