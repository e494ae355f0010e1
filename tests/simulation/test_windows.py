"""The windows of the model: what fits when, whatever was taken before."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.month import BEGIN
from tests.simulation.windows import DAY_S, NEVER, Bucket, Credit, Fixed, InFlight, Sliding, Unit, Window, every, monthly

MAKES: dict[str, Callable[[], Window]] = {
    "fixed": lambda: Fixed("day", Unit.TOKENS, 100, every(DAY_S), DAY_S),
    "sliding": lambda: Sliding("minute", Unit.TOKENS, 100, 60),
    "bucket": lambda: Bucket("minute", Unit.TOKENS, 100, 60),
    "in flight": lambda: InFlight("in flight", 3),
}


@pytest.mark.parametrize("kind", MAKES)
@given(steps=st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(1, 60)), max_size=40))
def test_what_fits_is_taken_and_what_does_not_fits_when_it_was_said(kind: str, steps: list[tuple[float, int]]) -> None:
    window, now = MAKES[kind](), BEGIN
    for pause_s, tokens in steps:
        now += pause_s
        amount = 1 if kind == "in flight" else tokens
        free = window.free_at(amount, now)
        assert window.room(amount, now) == (free <= now)
        if free > now:
            assert not window.room(amount, now + (free - now) * 0.9)
            now = free + 1e-6
            assert window.room(amount, now)
        window.take(amount, now, lasts_s=10.0)
        assert window.used(now) <= window.limit + 1e-3


def test_what_never_fits_is_never_free() -> None:
    for kind in ("fixed", "sliding", "bucket"):
        assert MAKES[kind]().free_at(101, BEGIN) == NEVER


def test_groq_says_when_its_bucket_is_full_and_refuses_until_there_is_enough() -> None:
    """The figures are of console.groq.com's own examples: 129 of 1,000 requests used is 3h5m45.6s until full."""
    day = Bucket("requests per day (RPD)", Unit.REQUESTS, 1000, DAY_S)
    for _ in range(129):
        day.take(1, BEGIN, 1.0)
    assert day.full_at(BEGIN) - BEGIN == pytest.approx(3 * 3600 + 5 * 60 + 45.6)
    tokens = Bucket("tokens per day (TPD)", Unit.TOKENS, 200_000, DAY_S)
    tokens.take(199_336, BEGIN, 1.0)
    assert tokens.free_at(1205, BEGIN) - BEGIN == pytest.approx(233.712)


def test_days_turn_by_the_providers_clocks_and_months_on_the_first() -> None:
    assert every(DAY_S)(BEGIN) == BEGIN + DAY_S
    assert every(DAY_S, -8 * 3600)(BEGIN) == BEGIN + 8 * 3600
    assert every(DAY_S, 8 * 3600)(BEGIN) == BEGIN + 16 * 3600
    assert monthly()(BEGIN) == BEGIN + 15 * DAY_S
    assert monthly()(BEGIN + 15 * DAY_S) == BEGIN + 46 * DAY_S


def test_a_credit_is_spent_until_it_is_gone() -> None:
    credit = Credit("credit", Unit.MICROUSD, 100, monthly(), DAY_S)
    credit.take(99, BEGIN, 1.0)
    assert credit.room(50, BEGIN)
    credit.take(50, BEGIN, 1.0)
    assert not credit.room(1, BEGIN)
    assert credit.free_at(1, BEGIN) == BEGIN + 15 * DAY_S


def test_who_is_cut_off_is_no_longer_in_flight() -> None:
    one = InFlight("in flight", 1)
    one.take(1, BEGIN, 30.0)
    assert one.free_at(1, BEGIN) == BEGIN + 30
    one.leave(BEGIN + 30)
    assert one.room(1, BEGIN)
