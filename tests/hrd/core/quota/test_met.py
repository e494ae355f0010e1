"""Which window a refusal met that named none."""

from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from tests.hrd.core.quota.stage import DAY, free, left, spend
from tests.hrd.stage import NOON, candidate


def test_a_refusal_nobody_explained_is_the_full_claims() -> None:
    book, who = QuotaBook(), candidate(free(limits=(Limit(kind="requests/day", limit=2),)))
    for number in (1, 2, 3):
        spend(book, who, number)
    book.settle(3, Amounts(), NOON, was_counted=False)
    book.refused(book.meters_of(who, NOON), NOON, until=None, is_long=False, step=0)
    (day,) = [window for window in book.windows(NOON) if window.kind == "requests/day"]
    assert (day.limit, day.is_known, day.source) == (2, True, "refusals")


def test_a_refusal_that_ends_with_the_day_is_the_days() -> None:
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 12 * 3600, is_long=True, step=0)
    assert left(book) == {("requests/day", "provider"): 0}


def test_a_refusal_that_ends_at_another_moment_than_the_day_is_not_the_days() -> None:
    """A plan's window of five hours, say: who is free again then is asked then, and not at midnight."""
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 3 * 3600, is_long=True, step=0)
    assert [window.limit for window in book.windows(NOON) if window.kind == "requests/day"] in ([], [None])


def test_a_far_moment_of_the_providers_own_teaches_nothing() -> None:
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 7 * DAY, is_long=True, step=0)
    assert left(book) == {}


def test_the_minutes_limit_is_learned_when_the_count_says_something_or_it_is_met_again() -> None:
    for used, step, learned in ((1, 0, False), (1, 1, True), (3, 0, True)):
        book, who = QuotaBook(), candidate(free(limits=()))
        for number in range(used):
            spend(book, who, number)
        book.refused(book.meters_of(who, NOON), NOON, until=None, is_long=False, step=step)
        assert bool(book.windows(NOON)) == learned


def test_when_waiting_does_not_help_the_limit_is_one_of_the_day() -> None:
    book, who = QuotaBook(), candidate(free())
    for number in range(9):
        spend(book, who, number)
    later = NOON + 80
    book.refused(book.meters_of(who, later), later, until=None, is_long=False, step=3)
    assert left(book, later)["requests/day", "provider"] == 0
