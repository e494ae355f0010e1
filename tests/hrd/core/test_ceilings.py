"""Which ceiling a request meets, and when it may ask again."""

import pytest

from hrd.core.ceilings import (
    PRICE_UNKNOWN,
    SET_ASIDE,
    TOO_DEAR,
    Ceilings,
    ClientStanding,
    cost_is_set_aside,
    cost_is_spent,
    in_dollars,
    microusd_of,
    until_midnight_s,
    why_not,
    why_too_dear,
)
from hrd.core.refusals import RefusalKind

NOON = 1_795_003_200.0


def test_what_a_key_does_not_say_the_settings_do() -> None:
    own, default = Ceilings(rpm=5, tokens_day=7), Ceilings(rpm=10, requests_day=3, cost_day_microusd=1)
    assert own.or_else(default) == Ceilings(rpm=5, requests_day=3, tokens_day=7, cost_day_microusd=1)


def test_the_smallest_ceiling_of_costs_is_one_and_not_none() -> None:
    assert [microusd_of(dollars) for dollars in (0.0, 1e-9, 1e-6, 0.02, 2.0)] == [0, 1, 1, 20_000, 2_000_000]


def test_nothing_stands_against_a_key_without_ceilings() -> None:
    much = ClientStanding(at_once=10**6, in_minute=10**6, requests=10**9, tokens=10**12, cost_microusd=10**12)
    assert why_not(Ceilings(), much, 10**9, NOON) is None


@pytest.mark.parametrize(
    ("ceilings", "below", "at", "wait_s", "named"),
    [
        (Ceilings(concurrency=2), ClientStanding(at_once=1), ClientStanding(at_once=2), 1.0, "at once (2)"),
        (
            Ceilings(rpm=3),
            ClientStanding(in_minute=2, room_in_s=9.5),
            ClientStanding(in_minute=3, room_in_s=9.5),
            9.5,
            "PROXY_LIMIT_RPM",
        ),
        (Ceilings(requests_day=3), ClientStanding(requests=2), ClientStanding(requests=3), 43200.0, "PROXY_LIMIT_REQ_DAY"),
        (Ceilings(tokens_day=100), ClientStanding(tokens=90), ClientStanding(tokens=91), 43200.0, "PROXY_LIMIT_TOKENS_DAY"),
    ],
)
def test_a_ceiling_is_met_at_its_number_and_not_before(
    ceilings: Ceilings, below: ClientStanding, at: ClientStanding, wait_s: float, named: str
) -> None:
    assert why_not(ceilings, below, 10, NOON) is None
    refusal = why_not(ceilings, at, 10, NOON)
    assert refusal is not None
    assert (refusal.kind, refusal.retry_after_s) == (RefusalKind.RATE_LIMITED, wait_s)
    assert named in refusal.message
    assert "hr limit list" in refusal.guidance


def test_a_request_that_alone_is_over_the_ceiling_is_told_so() -> None:
    refusal = why_not(Ceilings(tokens_day=1000), ClientStanding(tokens=400), 5000, NOON)
    assert refusal is not None
    assert "600 are left, and this request alone has about 5,000" in refusal.message


def test_who_fits_once_what_is_under_way_has_ended_is_told_to_ask_again_soon() -> None:
    refusal = why_not(Ceilings(tokens_day=1000), ClientStanding(tokens=1000, tokens_aside=300), 300, NOON)
    assert refusal is not None
    assert (refusal.retry_after_s, "set aside" in refusal.message) == (1.0, True)
    refusal = why_not(Ceilings(tokens_day=1000), ClientStanding(tokens=1000, tokens_aside=300), 301, NOON)
    assert refusal is not None
    assert refusal.retry_after_s == 43200.0


def test_a_request_that_sends_what_is_left_to_the_last_token_is_let_in_and_then_nobody() -> None:
    assert why_not(Ceilings(tokens_day=100), ClientStanding(tokens=90), 10, NOON) is None
    refusal = why_not(Ceilings(tokens_day=100), ClientStanding(tokens=90), 11, NOON)
    assert refusal is not None
    assert "10 are left, and this request alone has about 11" in refusal.message
    assert why_not(Ceilings(tokens_day=100), ClientStanding(tokens=100), 0, NOON) is not None


def test_a_ceiling_that_was_lowered_below_what_was_spent_leaves_nothing() -> None:
    refusal = why_not(Ceilings(tokens_day=1000), ClientStanding(tokens=4000), 5, NOON)
    assert refusal is not None
    assert "0 are left" in refusal.message


@pytest.mark.parametrize(
    ("left", "sends", "why"),
    [(100, 0, ""), (0, 0, ""), (100, 100, ""), (100, 101, TOO_DEAR), (0, 1, TOO_DEAR), (100, None, PRICE_UNKNOWN)],
)
def test_who_can_be_paid_for(left: int, sends: int | None, why: str) -> None:
    assert why_too_dear(left, sends) == why


def test_what_is_set_aside_may_come_back() -> None:
    assert [why_too_dear(0, sends, 500) for sends in (0, 1, 500, 501, None)] == [
        "",
        SET_ASIDE,
        SET_ASIDE,
        TOO_DEAR,
        PRICE_UNKNOWN,
    ]
    refusal = cost_is_set_aside()
    assert (refusal.kind, refusal.retry_after_s) == (RefusalKind.RATE_LIMITED, 1.0)
    assert "PROXY_LIMIT_COST_DAY" in refusal.message


def test_a_spent_cost_ceiling_opens_at_midnight() -> None:
    refusal = cost_is_spent(0, 30, NOON + 3600)
    assert (refusal.kind, refusal.retry_after_s) == (RefusalKind.RATE_LIMITED, 39600.0)
    assert "PROXY_LIMIT_COST_DAY" in refusal.message
    assert "11.0 h" in refusal.message


def test_what_is_left_of_a_cost_ceiling_and_what_the_request_would_cost_are_told() -> None:
    assert cost_is_spent(6, 30, NOON).message == (
        "This client key has $0.000006 left of what it may cost a day (cost_per_day, PROXY_LIMIT_COST_DAY), and what this "
        "request sends would alone cost about $0.00003 at the least. It may ask again in 12.0 h."
    )
    assert "has spent what it may cost a day" in cost_is_spent(0, 30, NOON).message


def test_dollars_for_people() -> None:
    assert [in_dollars(one) for one in (0, 1, 30, 250_000, 1_500_000, 12_000_001)] == [
        "$0.00", "$0.000001", "$0.00003", "$0.25", "$1.50", "$12.000001",
    ]  # fmt: skip


def test_midnight_is_utcs() -> None:
    assert [until_midnight_s(at) for at in (NOON, NOON + 43199.5, NOON + 43200)] == [43200.0, 0.5, 86400.0]
