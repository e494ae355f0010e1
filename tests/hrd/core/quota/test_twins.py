"""Two names of one window."""

from hrd.core.quota.twins import join
from hrd.core.quota.window import Turn
from tests.hrd.core.quota.stage import counted, meter
from tests.hrd.stage import NOON


def test_two_names_of_one_window_become_one_count() -> None:
    one, other = meter(limit=9, source="catalogue"), meter(limit=9, source="catalogue")
    counted(one, [1, 1])
    counted(other, [1], NOON + 5)
    join(one, other)
    assert (one.used, one.pending) == (3, 3)
    one.turn(NOON + 61)
    assert one.used == 1


def test_what_the_provider_said_of_a_window_has_both_names_in_it_already() -> None:
    one, other = meter(limit=9, source="catalogue", turn=Turn.FIXED), meter(limit=9, source="body", turn=Turn.FIXED, used=7)
    one.used = 4
    join(one, other)
    assert (one.used, one.source) == (7, "body")
