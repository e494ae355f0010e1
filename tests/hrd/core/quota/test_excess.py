"""What a provider took although there was no room for it."""

from typing import Any

import pytest

from hrd.core.failures import Observation, WindowKind
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.count import Count
from hrd.core.quota.evidence import begin_test, believe, learn, may_test
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import CATALOGUE, REFUSALS, SETTINGS, Turn
from tests.hrd.core.quota.stage import DAY, answer, counted, meter
from tests.hrd.stage import NOON


def day(limit: int, **facts: Any) -> Meter:
    """A claim."""
    return meter("requests/day", limit, **{"turn": Turn.FIXED, "source": CATALOGUE, "is_known": False, **facts})


def one_more(made: Meter, now: float = NOON) -> Count:
    """One more is taken."""
    more = made.count(1, now)
    answer(more, now)
    return more


def test_more_than_leaves_bit_by_bit_at_the_moment_that_was_named_is_no_higher_limit() -> None:
    made = meter(limit=5, source=REFUSALS)
    counted(made, [1] * 5, NOON + 40)
    made.leave_one_at(NOON + 60)
    for one in counted(made, [1, 1], NOON + 60):
        answer(one, NOON + 60)
    assert (made.limit, made.used) == (5, 2)


def test_more_than_was_thought_to_fit_is_a_higher_limit_when_no_moment_was_named() -> None:
    made = meter(limit=5, source=REFUSALS)
    for one in counted(made, [1] * 6, NOON + 40):
        answer(one, NOON + 60)
    assert (made.limit, made.used) == (6, 6)


def test_a_success_beyond_a_claim_takes_it_back() -> None:
    made = day(2, used=2)
    one_more(made)
    assert (made.limit, made.source) == (None, "use")


def test_a_success_beyond_a_learned_limit_raises_it_and_asks_for_more() -> None:
    made = day(50, used=40)
    learn(made, NOON)
    assert not may_test(made, NOON + 3600)  # it is full by its own calendar
    tomorrow = NOON + DAY
    made.turn(tomorrow)
    for _ in range(40):
        made.settle(one_more(made, tomorrow), 1, tomorrow)
    assert may_test(made, tomorrow)
    one_more(made, tomorrow)
    assert (made.limit, may_test(made, tomorrow)) == (41, True)


def test_a_far_end_on_the_providers_word_alone_is_tried_before() -> None:
    made = day(50, turn=Turn.SAID)
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=50, left=0, resets_at=NOON + 7 * DAY)
    believe(made, seen, NOON, source="header")
    assert not may_test(made, NOON + 899)
    assert may_test(made, NOON + 900)
    one_more(made, NOON + 900)
    assert made.used == 1  # it had turned


def test_a_request_that_is_larger_than_all_of_a_limit_and_is_taken_disproves_it() -> None:
    made = meter("tokens/month", 10, Turn.SAID, source="header", used=10, ends_at=NOON + 9 * DAY)
    larger = made.count(30, NOON)
    answer(larger)
    assert (made.limit, made.is_known) == (None, False)


@pytest.mark.parametrize("doubt", [0, 1])
def test_a_success_before_the_far_end_of_a_learned_window_takes_back_what_was_learned(doubt: int) -> None:
    """ "Weekly limit reached, will reset in seven days", and ten minutes later it serves: the key is not asked one at a time,
    eight times a day, for the rest of the week."""
    made = meter("requests/week", None, used=1, turn=Turn.SAID, doubt=doubt, source="", is_known=False)
    seen = Observation(kind=WindowKind.REQUESTS_WEEK, left=0, resets_at=NOON + 7 * DAY)
    believe(made, seen, NOON, source="body")
    assert (made.limit, made.source, may_test(made, NOON + 900)) == (1, REFUSALS, True)
    begin_test(made, NOON + 900)
    one_more(made, NOON + 900)
    assert (made.limit, made.is_known, made.used) == (None, False, 2)
    believe(made, seen, NOON + 1000, source="body")
    assert (made.limit, made.is_known) == (2, True)


def test_what_no_reply_confirmed_counts_as_spent_until_one_request_may_find_out() -> None:
    made = day(3)
    counts = counted(made, [1, 1, 1])
    for one in counts[:2]:
        answer(one)
    for one in counts:
        made.settle(one, 1, NOON)
    assert (made.used, made.doubt, may_test(made, NOON + 59), may_test(made, NOON + 60)) == (3, 1, False, True)
    begin_test(made, NOON + 60)
    test = made.count(1, NOON + 60)
    test.is_test = True
    answer(test, NOON + 61)
    made.settle(test, 1, NOON + 62)
    assert (made.used, made.doubt, may_test(made, NOON + 900)) == (3, 0, False)


def test_a_balance_that_took_more_was_paid_for() -> None:
    made = meter("credit", 100, Turn.NEVER, used=100)
    one_more(made)
    assert (made.limit, made.source, made.is_known) == (None, "use", False)


def test_a_ceiling_of_ones_own_is_not_raised_by_who_went_beyond_it() -> None:
    made = day(3, used=3, source=SETTINGS, is_known=True)
    one_more(made)
    assert (made.limit, made.used, made.source) == (3, 4, SETTINGS)


def test_what_a_stated_limit_took_beyond_it_was_counted_too_much() -> None:
    made = day(3, used=3, source="header", is_known=True)
    one_more(made)
    assert (made.limit, made.used) == (3, 3)


@pytest.mark.parametrize(
    ("spent", "used"),
    [
        (300, 1000),  # by our count 80 too many: so much was counted that the provider did not
        (220, 1000),
        (100, 880),  # it would have fitted, and shows nothing
    ],
)
def test_by_how_much_a_count_of_tokens_was_too_high_shows_when_the_request_is_over(spent: int, used: int) -> None:
    """To take its whole reservation for it would leave room that there is not: the next one overspends."""
    made = meter("tokens/day", 1000, Turn.FIXED, source="body", used=780, begun_at=NOON, ends_at=NOON + DAY)
    book = QuotaBook()
    begin_test(made, NOON)
    book.reserve(1, [made], Amounts(280), NOON, tested=[made])
    book.answered(1, NOON)
    assert (made.used, made.is_testing) == (1060, False)
    book.settle(1, Amounts(spent), NOON + 2)
    assert (made.used, made.limit) == (used, 1000)
