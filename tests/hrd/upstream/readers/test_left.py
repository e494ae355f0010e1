"""Answers to free questions about what a key has left."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.upstream.readers.left import read_left
from tests.hrd.stage import NOON

MIDNIGHT = NOON + 43_200.0
MONDAY = NOON + 43_200.0 + 4 * 86_400.0
DECEMBER = 1_796_083_200.0


def told(reader: str, question: str, **data: object) -> tuple[Observation, ...]:
    return read_left(reader, question, msgspec.json.encode({"data": data}), NOON, "UTC")


def key(**data: object) -> tuple[Observation, ...]:
    return told("openrouter", "key", **data)


def free_of_day(limit: int, left: int | None) -> Observation:
    return Observation(
        kind=WindowKind.REQUESTS_DAY, limit=limit, left=left, resets_at=MIDNIGHT, scope="free", source=HintSource.LOOKUP
    )


def budget(kind: WindowKind, limit: int, left: int, resets_at: float | None) -> Observation:
    return Observation(kind=kind, limit=limit, left=left, resets_at=resets_at, scope="paid_key", source=HintSource.LOOKUP)


def test_the_free_requests_of_the_day_as_they_are_counted_there() -> None:
    day = {"limit": 1000, "remaining": 870, "used": 130}
    assert key(label="k", usage=0.5, limit=None, is_free_tier=False, free_model_daily_requests=day) == (free_of_day(1000, 870),)
    assert key(free_model_daily_requests={"limit": 50, "used": 60}) == (free_of_day(50, 0),)


def test_without_a_count_who_never_paid_has_fifty_and_nothing_is_known_of_the_others() -> None:
    assert key(is_free_tier=True) == (free_of_day(50, None),)
    assert key(is_free_tier=False) == ()


@pytest.mark.parametrize(
    ("reset", "kind", "resets_at"),
    [
        (None, WindowKind.CREDIT, None),
        ("daily", WindowKind.CREDIT_DAY, MIDNIGHT),
        ("weekly", WindowKind.CREDIT_WEEK, MONDAY),
        ("monthly", WindowKind.CREDIT_MONTH, DECEMBER),
    ],
)
def test_a_keys_own_budget(reset: str | None, kind: WindowKind, resets_at: float | None) -> None:
    assert key(limit=2.5, limit_remaining=0.25, limit_reset=reset) == (budget(kind, 2_500_000, 250_000, resets_at),)


def test_a_budget_that_was_overdrawn_has_nothing_left() -> None:
    assert key(limit=5, limit_remaining=-0.02) == (budget(WindowKind.CREDIT, 5_000_000, 0, None),)


def test_credits_tell_the_balance_and_how_many_free_requests_there_are() -> None:
    balance = Observation(kind=WindowKind.CREDIT, left=7_500_000, scope="paid", source=HintSource.LOOKUP)
    assert told("openrouter", "credits", total_credits=10, total_usage=2.5) == (free_of_day(1000, None), balance)
    empty = msgspec.structs.replace(balance, left=0)
    assert told("openrouter", "credits", total_credits=5, total_usage=5.25) == (free_of_day(50, None), empty)


def test_moonshots_balance() -> None:
    (seen,) = told("kimi", "users/me/balance", available_balance=49.58894, voucher_balance=46.58893, cash_balance=3.00001)
    assert (seen.kind, seen.left, seen.scope) == (WindowKind.CREDIT, 49_588_940, "paid")


@pytest.mark.parametrize(
    ("question", "body"),
    [
        ("key", b""),
        ("key", b"<html>"),
        ("key", b"\xff"),
        ("key", b"[" * 100_000),
        ("key", b"[]"),
        ("key", b'{"data": []}'),
        ("key", b'{"data": {"free_model_daily_requests": {"limit": -1, "remaining": 5}}}'),
        ("key", b'{"data": {"free_model_daily_requests": {"limit": true, "remaining": 5}}}'),
        ("key", b'{"data": {"limit": 1e300, "limit_remaining": 5}}'),
        ("credits", b'{"data": {"total_credits": "10", "total_usage": 0}}'),
        ("rate_limit", b'{"data": {"is_free_tier": true}}'),
    ],
)
def test_what_makes_no_sense_says_nothing(question: str, body: bytes) -> None:
    assert read_left("openrouter", question, body, NOON, "UTC") == ()


@given(
    st.dictionaries(
        st.sampled_from(["limit", "limit_remaining", "free_model_daily_requests", "is_free_tier"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(max_size=5),
            st.dictionaries(st.sampled_from(["limit", "remaining", "used"]), st.integers()),
        ),
    )
)
def test_nothing_that_is_said_breaks_it(data: dict[str, object]) -> None:
    for seen in key(**data):
        assert seen.left is None or seen.left >= 0
