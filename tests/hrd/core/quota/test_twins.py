"""Two names of one window."""

from typing import Any

import pytest

from hrd.core.failures import Observation, WindowKind
from hrd.core.quota.evidence import believe
from hrd.core.quota.meter import Meter
from hrd.core.quota.twins import join
from hrd.core.quota.window import Turn
from tests.hrd.core.quota.stage import counted, meter
from tests.hrd.stage import NOON


def test_two_names_of_one_window_become_one_count() -> None:
    one, other = meter(limit=9, source="catalogue"), meter(limit=9, source="catalogue")
    counted(one, [1, 1])
    counted(other, [1], NOON + 5)
    join(one, other, NOON + 5)
    assert (one.used, one.pending) == (3, 3)
    one.turn(NOON + 61)
    assert one.used == 1


def test_what_the_provider_said_of_a_window_has_both_names_in_it_already() -> None:
    one, other = (
        meter(limit=9, source="catalogue", turn=Turn.FIXED),
        meter(limit=9, source="body", turn=Turn.FIXED, used=7, limit_at=NOON),
    )
    one.used = 4
    join(one, other, NOON)
    assert (one.used, one.source) == (7, "body")


def test_what_was_said_long_ago_under_the_old_name_has_come_back_since() -> None:
    """A row that was left behind: it looks fuller than what is known, as of then."""
    known = meter("tokens/day", 86_400, Turn.REFILL, source="body", used=50_000, limit_at=NOON - 9, begun_at=NOON)
    old = meter("tokens/day", 86_400, Turn.REFILL, source="body", used=70_000, limit_at=NOON - 30_000, begun_at=NOON - 30_000)
    join(known, old, NOON)
    assert known.used == 50_000


def said(used: int, at: float, **facts: Any) -> Meter:
    """A day of which the provider said so then."""
    return meter("requests/day", 50, Turn.FIXED, source="header", used=used, limit_at=at, **facts)


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_the_newest_word_counts_and_what_the_other_name_has_counted_since_its_own(is_newest_first: bool) -> None:
    newest, older = said(20, NOON - 60), said(15, NOON - 600)
    counted(older, [1] * 4)
    one, other = (newest, older) if is_newest_first else (older, newest)
    join(one, other, NOON)
    assert (one.used, one.unsaid, one.doubt, one.limit_at) == (24, 4, 4, NOON - 60)


def test_an_older_word_that_said_more_is_not_believed_any_longer() -> None:
    newest, older = said(20, NOON - 60), said(30, NOON - 600)
    join(older, newest, NOON)
    assert (older.used, older.limit_at) == (20, NOON - 60)


def test_what_a_name_without_a_word_has_out_is_added_to_what_was_said_of_the_other() -> None:
    told, own = said(20, NOON - 60), meter("requests/day", 50, Turn.FIXED, source="catalogue", used=9)
    counted(own, [1, 1])
    join(told, own, NOON)
    assert (told.used, told.pending) == (22, 2)


def test_of_a_sliding_window_what_came_after_the_word_is_known_to_the_second() -> None:
    told, own = meter(limit=50, source="header", limit_at=NOON + 5), meter(limit=50, source="catalogue")
    told.set_used(20, NOON + 5)
    for at in (0, 4, 6, 8):
        counted(own, [1], NOON + at)
    join(told, own, NOON + 10)
    assert told.used == 22


def test_what_came_back_since_a_word_was_in_the_word() -> None:
    word = Observation(kind=WindowKind.TOKENS_DAY, limit=86_400, left=16_400)
    made = meter("tokens/day", 86_400, Turn.REFILL, source="header")
    believe(made, word, NOON, source="header")
    counted(made, [500])
    made.turn(NOON + 1000)
    assert (made.used, made.unsaid) == (69_500, 500)
    assert Meter(made.row(1, NOON + 1000)).unsaid == 500
