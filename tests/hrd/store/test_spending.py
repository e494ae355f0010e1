"""Windows less what was spent since they were seen."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import WindowKind
from hrd.store.spending import Spent, less_spent
from tests.hrd.store.samples import NOON, window


def test_requests_count_one_and_tokens_as_many_as_they_are() -> None:
    windows = [window("a", left=10), window("a", WindowKind.TOKENS_DAY, left=5000), window("b", left=10)]
    spent = [Spent(NOON + 1, ("a",), 700), Spent(NOON + 2, ("a", "b"), 40)]
    assert [kept.left for kept in less_spent(windows, spent, NOON + 3)] == [8, 4260, 9]


def test_what_the_header_already_knew_and_ended_windows_are_left_alone() -> None:
    windows = (window("a", left=10), window("b", left=10, resets_at=NOON + 5))
    assert less_spent(windows, [Spent(NOON, ("a", "b"), 1), Spent(NOON + 1, ("b",), 1)], NOON + 5) == windows


@given(st.lists(st.tuples(st.floats(NOON - 10, NOON + 10), st.integers(0, 1000)), max_size=30))
def test_every_later_row_is_subtracted_exactly_once(rows: list[tuple[float, int]]) -> None:
    spent = [Spent(at, ("a", "unknown"), tokens) for at, tokens in rows]
    (kept,) = less_spent([window("a", WindowKind.TOKENS_DAY, left=0)], spent, NOON + 20)
    assert -kept.left == sum(tokens for at, tokens in rows if at > NOON)
