"""What one reservation counts in one meter."""

from hrd.core.quota.window import Turn
from tests.hrd.core.quota.stage import counted, meter
from tests.hrd.stage import NOON


def test_it_remembers_what_had_been_settled_before_it() -> None:
    made = meter("tokens/day", 1000, Turn.FIXED)
    one, other = counted(made, [300, 200])
    made.settle(one, 250, NOON)
    (later,) = counted(made, [100])
    assert (one.mark, other.mark, later.mark) == (0, 0, 300)
    assert (one.used_after, other.used_after, later.used_after) == (300, 500, 550)


def test_it_knows_whether_there_was_room_for_it() -> None:
    made = meter("requests/day", 1, Turn.FIXED)
    assert [one.is_beyond for one in counted(made, [1, 0, 1])] == [False, False, True]
