"""Whose limits a candidate has: what the catalogue claims, what the user sets."""

from hrd.core.failures import Observation, WindowKind
from hrd.core.providers import CostClass
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Turn
from tests.hrd.core.quota.stage import free, left, spend
from tests.hrd.stage import NOON, candidate, key, provider


def test_claims_of_a_free_tier_are_counted_and_not_known() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    windows = {window.kind: window for window in book.windows(NOON)}
    assert {kind: (one.left, one.is_known, one.source) for kind, one in windows.items()} == {
        "requests/day": (49, False, "catalogue"),
        "requests/minute": (19, False, "catalogue"),
    }
    assert windows["requests/day"].scope == "free:alpha/alpha-a1"
    assert (windows["requests/day"].turn, windows["requests/minute"].turn) == (Turn.FIXED, Turn.SLIDING)


def test_claims_say_nothing_of_what_is_paid_for_or_of_other_models() -> None:
    book = QuotaBook()
    book.meters_of(candidate(free(), credential=key("alpha", "a1", cost_class=CostClass.PAID)), NOON)
    one_model = free(limits=(Limit(kind="requests/day", limit=9, models=("other",)),))
    book.meters_of(candidate(one_model), NOON)
    assert left(book) == {}


def test_a_ceiling_of_ones_own_stands_beside_the_providers_word() -> None:
    book, who = QuotaBook(), candidate(free(own_limits=(Limit(kind="requests/day", limit=5),)))
    spend(book, who, 1)
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=900, resets_at=NOON + 3600),)
    book.observe(who, seen, book.counts_of(1), NOON)
    assert left(book)["requests/day", "user"] == 4
    assert left(book)["requests/day", "provider"] == 900


def test_of_several_ceilings_for_the_same_the_lowest_holds_whatever_their_order() -> None:
    ceilings = (
        Limit(kind="requests/day", limit=5),
        Limit(kind="requests/day", limit=3, models=("m1",)),
        Limit(kind="requests/day", limit=9),
    )
    for own in (ceilings, ceilings[::-1]):
        book, who = QuotaBook(), candidate(provider("alpha", quota_scope="account_model", own_limits=own))
        spend(book, who, 1)
        assert left(book)["requests/day", "user"] == 2


def test_a_limit_that_was_changed_is_shown_before_anybody_asks_again() -> None:
    book, before = QuotaBook(), candidate(free(own_limits=(Limit(kind="requests/day", limit=5),), limits=()))
    spend(book, before, 1)
    book.limits_changed()
    after = candidate(free(own_limits=(Limit(kind="requests/day", limit=7),), limits=()))
    assert [(one.owner, one.limit, one.left, one.source) for one in book.foreseen([after], NOON)] == [
        ("user", 7, 6, "settings")
    ]
    book.meters_of(after, NOON)
    assert book.foreseen([after], NOON) == []
    assert left(book)["requests/day", "user"] == 6


def test_limits_that_are_taken_back_leave_the_counts() -> None:
    book = QuotaBook()
    spend(book, candidate(free()), 1)
    book.limits_changed()
    book.meters_of(candidate(free(limits=(Limit(kind="requests/day", limit=1000, scope="free"),))), NOON)
    assert left(book)["requests/day", "provider"] == 999


def test_what_nobody_has_used_yet_is_foreseen_and_counts_as_itself_once_it_is_used() -> None:
    who = candidate(free(own_limits=(Limit(kind="tokens/day", limit=500),)))
    book = QuotaBook()
    assert {(one.kind, one.owner, one.left, one.is_known, one.source) for one in book.foreseen([who, who], NOON)} == {
        ("requests/day", "provider", 50, False, "catalogue"),
        ("requests/minute", "provider", 20, False, "catalogue"),
        ("tokens/day", "user", 500, True, "settings"),
    }
    assert book.windows(NOON) == [], "looking changes nothing"
    spend(book, who, 1)
    assert book.foreseen([who], NOON) == []
