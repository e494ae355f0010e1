"""What tokens cost at a price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.price import Price

CHEAP = Price(input=100_000, output=500_000, cached=10_000)
DEAR = Price(input=3_000_000, output=15_000_000)
counts = st.integers(0, 10**9)


def test_a_reply_costs_its_tokens_and_is_rounded_up() -> None:
    assert CHEAP.cost(1_000_000, 1_000_000) == 600_000
    assert CHEAP.cost(10, 2) == 2
    assert CHEAP.cost(11, 2) == 3
    assert CHEAP.cost(0, 0) == 0
    assert Price(input=0, output=0, request=7).cost(5, 5) == 7


def test_kept_input_costs_what_is_said_of_it() -> None:
    assert CHEAP.cost(1_000_000, 0, 400_000) == 64_000
    assert DEAR.cost(1_000_000, 0, 400_000) == 3_000_000, "nothing is said of it: it costs what all input does"
    assert CHEAP.cost(100, 0, 1_000_000_000) == 1, "no more was kept than was sent"


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_many_parts_never_cost_less_than_the_whole(given: int, produced: int, more: int) -> None:
    assert DEAR.cost(given, produced) + DEAR.cost(more, 0) >= DEAR.cost(given + more, produced)


def test_input_that_is_kept_from_now_on_costs_what_is_said_of_it() -> None:
    kept = Price(input=1_000_000, output=0, cached=100_000, cache_write=1_250_000)
    assert kept.cost(1_000_000, 0, 200_000, 400_000) == 400_000 + 20_000 + 500_000
    assert DEAR.cost(1_000_000, 0, 0, 400_000) == 3_000_000
    assert kept.cost(100, 0, 60, 1_000_000_000) == 6 + 50, "no more was kept than was sent"


@given(counts, counts, counts, counts)
def test_no_request_of_so_many_tokens_costs_more_than_at_most(given: int, produced: int, cached: int, written: int) -> None:
    price = Price(input=3, output=15, cached=1, cache_write=20, request=7)
    assert price.cost(given, produced, cached, written) <= price.at_most(given + produced)


def test_a_count_of_what_was_spent_is_rounded_to_the_nearest_and_not_to_nothing() -> None:
    odd = Price(input=50_000, output=250_000)
    assert [odd.counted(given, 0) for given in (0, 1, 29, 30, 49, 50)] == [0, 1, 1, 2, 2, 3]
    assert sum(odd.counted(given, given) for given in range(1, 1001)) == pytest.approx(0.3 * 500_500, rel=0.001)
    assert sum(odd.cost(given, given) for given in range(1, 1001)) > 150_500
    assert Price(input=0, output=0, request=7).counted(5, 5) == 7
