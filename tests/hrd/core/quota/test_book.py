"""The quota book: what requests take of their windows."""

import pytest

from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import LEAKED_S, QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.quota.opening import fits_at
from tests.hrd.core.quota.stage import free, left, spend
from tests.hrd.stage import NOON, candidate


def test_what_was_turned_away_at_the_door_is_given_back() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    spend(book, who, 2)
    book.settle(1, Amounts(), NOON, was_counted=False)
    book.settle(2, Amounts(), NOON)
    assert left(book)["requests/day", "provider"] == 49


def test_only_what_has_a_size_grows_while_a_reply_runs_and_is_stored_at_once() -> None:
    kinds = ("tokens/day", "tokens/minute", "requests/day")
    book = QuotaBook()
    who = candidate(free(limits=(), own_limits=tuple(Limit(kind=kind, limit=1000) for kind in kinds)))
    spend(book, who, 1, tokens=100)
    book.raise_to(1, Amounts(90, 5), NOON + 1)
    assert book.take_told(NOON + 1) == []
    book.raise_to(1, Amounts(90, 310), NOON + 2)
    assert [left(book)[kind, "user"] for kind in kinds] == [600, 600, 999]
    told = [(one.kind, one.used) for one in book.take_told(NOON + 2) if one.limit is not None]
    assert told == [("tokens/day", 400), ("tokens/minute", 400)]
    book.settle(1, Amounts(90, 400), NOON + 3)
    book.raise_to(1, Amounts(900, 400), NOON + 4)
    assert left(book)["tokens/day", "user"] == 510


def test_a_reservation_that_nobody_settles_is_let_go_of_as_spent() -> None:
    book, who = QuotaBook(), candidate(free(own_limits=(Limit(kind="at once", limit=1),)))
    spend(book, who, 1)
    assert book.expire(NOON + 60) == 0
    assert book.expire(NOON + LEAKED_S + 1) == 1
    assert left(book, NOON + LEAKED_S + 1)["at once", "user"] == 1
    assert left(book, NOON + LEAKED_S + 1)["requests/day", "provider"] == 49


def test_two_hundred_at_once_never_overspend_a_window_of_fifty() -> None:
    book = QuotaBook()
    who = candidate(free(own_limits=(Limit(kind="requests/day", limit=50),), limits=()))
    granted = 0
    for number in range(200):
        meters = book.meters_of(who, NOON)
        if all(fits_at(meter, 1, NOON) <= NOON for meter in meters):
            granted += 1
            spend(book, who, number)
    assert granted == 50


@pytest.mark.parametrize(("seen", "is_cut", "counted"), [(40, True, 100), (160, True, 160), (40, False, 40)])
def test_a_reply_without_an_end_counts_no_less_than_was_set_aside_for_it(seen: int, is_cut: bool, counted: int) -> None:
    book, who = QuotaBook(), candidate(free(own_limits=(Limit(kind="tokens/day", limit=1000),)))
    spend(book, who, 1, tokens=100)
    book.settle(1, Amounts(seen), NOON + 1, is_cut=is_cut)
    assert left(book)["tokens/day", "user"] == 1000 - counted
