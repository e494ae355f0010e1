"""What connections share: the budget of bytes held."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.downstream.context import BufferBudget


def test_budget_is_taken_whole_or_not_at_all() -> None:
    budget = BufferBudget(100)
    assert budget.take(60)
    assert not budget.take(41)
    assert budget.held == 60
    assert budget.take(40)
    budget.give_back(60)
    assert (budget.held, budget.take(61), budget.take(60)) == (40, False, True)


@given(st.lists(st.integers(0, 120), max_size=30))
def test_budget_is_never_exceeded_and_comes_back_whole(sizes: list[int]) -> None:
    budget = BufferBudget(200)
    taken = [size for size in sizes if budget.take(size) and budget.held <= 200]
    assert budget.held == sum(taken)
    for size in taken:
        budget.give_back(size)
    assert budget.held == 0
