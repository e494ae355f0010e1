"""Two names of one window."""

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
