"""The forecast: paces, ends, and whose free tier would help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.forecast import HORIZON_S, Pace, Supply, helps, look_out, next_to_run_out, runs_out
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Turn, Window
from tests.hrd.stage import NOON, provider

HOUR, DAY = 3600.0, 86400.0
PACE = Pace(requests=120, tokens=120_000, elapsed_s=12 * HOUR)
"""Ten an hour, of a thousand tokens each."""


def window(
    used: int = 0,
    limit: int | None = 100,
    *,
    scope: str = "a",
    kind: str = "requests/day",
    turn: Turn = Turn.FIXED,
    ends_at: float | None = NOON + 12 * HOUR,
    begun_at: float = NOON - 12 * HOUR,
    spans: tuple[tuple[float, int], ...] = (),
) -> Window:
    return Window(scope=scope, kind=kind, turn=turn, used=used, limit=limit, begun_at=begun_at, ends_at=ends_at, spans=spans)


# what runs out -----------------------------------------------------------------------------------------------------------


def test_a_window_runs_out_at_the_pace_that_it_had_since_it_began() -> None:
    out = runs_out(window(used=75), NOON)
    assert out is not None
    assert out.at == NOON + 4 * HOUR


@pytest.mark.parametrize(
    "lasting",
    [
        window(used=50),
        window(used=0),
        window(used=100),
        window(used=75, limit=None),
        window(used=75, kind="requests/minute"),
        window(used=75, kind="at once", turn=Turn.IN_FLIGHT, ends_at=None),
        window(used=75, turn=Turn.REFILL, ends_at=None),
        window(used=99, turn=Turn.SAID, ends_at=NOON + DAY - 60),
        window(used=75, kind="credit", turn=Turn.NEVER, ends_at=None, begun_at=0.0),
    ],
)
def test_what_lasts_is_used_up_or_says_nothing_of_its_pace_does_not_run_out(lasting: Window) -> None:
    assert runs_out(lasting, NOON) is None


def test_a_sliding_day_runs_out_only_if_its_pace_is_more_than_it_bears() -> None:
    begun = NOON - 2 * HOUR
    fast = window(used=50, turn=Turn.SLIDING, ends_at=None, spans=((begun + DAY, 50),))
    slow = window(used=8, turn=Turn.SLIDING, ends_at=None, spans=((begun + DAY, 8),))
    out = runs_out(fast, NOON)
    assert out is not None
    assert out.at == NOON + 2 * HOUR
    assert runs_out(slow, NOON) is None
    assert runs_out(window(used=50, turn=Turn.SLIDING, ends_at=None), NOON) is None


def test_a_balance_runs_out_whatever_the_day() -> None:
    balance = window(used=2_000_000, limit=5_000_000, kind="credit", turn=Turn.NEVER, ends_at=None, begun_at=NOON - 2 * DAY)
    out = runs_out(balance, NOON)
    assert out is not None
    assert out.at == NOON + 3 * DAY


def test_the_first_to_run_out_comes_first() -> None:
    found = next_to_run_out([window(used=60, scope="later"), window(used=90, scope="soon"), window(used=1)], NOON)
    assert [out.window.scope for out in found] == ["soon", "later"]


# how long the pool lasts -------------------------------------------------------------------------------------------------


def test_the_pool_is_empty_when_the_last_of_it_is_used_up() -> None:
    supplies = [Supply("p/a", ("a",)), Supply("p/b", ("b",))]
    outlook = look_out(supplies, [window(used=80), window(used=70, scope="b")], PACE, NOON)
    assert (outlook.left, outlook.empty_at, outlook.unlimited) == (50, NOON + 5 * HOUR, ())


def test_candidates_that_share_a_window_count_it_once_and_the_scarcest_counts() -> None:
    supplies = [Supply("p/a", ("own-1", "account")), Supply("p/b", ("own-2", "account")), Supply("p/c", ("own-3", "account"))]
    windows = [
        window(used=60, scope="account"),
        window(used=0, scope="own-1", limit=1000),
        window(used=90, scope="own-3"),
    ]
    assert look_out(supplies, windows, PACE, NOON).left == 40 + 10


def test_tokens_are_reckoned_in_requests_of_todays_size() -> None:
    outlook = look_out([Supply("p/a", ("a",))], [window(used=70_000, limit=100_000, kind="tokens/day")], PACE, NOON)
    assert (outlook.left, outlook.empty_at) == (30, NOON + 3 * HOUR)


def test_whoever_has_no_limit_that_is_known_keeps_the_pool_alive() -> None:
    supplies = [Supply("p/a", ("a",)), Supply("p/b", ("b",)), Supply("p/b", ("c",))]
    short = window(used=5, scope="b", kind="requests/minute")
    outlook = look_out(supplies, [window(used=80), short], PACE, NOON)
    assert (outlook.left, outlook.empty_at, outlook.unlimited) == (20, None, ("p/b",))


def test_a_plan_is_not_reckoned_in_requests_but_one_that_is_used_up_serves_nobody() -> None:
    supplies = [Supply("codex/m", ("plan",)), Supply("p/a", ("a",))]
    plan = window(used=9_000, limit=10_000, scope="plan", kind="plan/week")
    assert look_out(supplies, [window(used=80), plan], PACE, NOON).unlimited == ("codex/m",)
    gone = window(used=10_000, limit=10_000, scope="plan", kind="plan/week")
    outlook = look_out(supplies, [window(used=80), gone], PACE, NOON)
    assert (outlook.unlimited, outlook.left, outlook.empty_at) == ((), 20, NOON + 2 * HOUR)


def test_what_resets_in_time_keeps_the_pool_alive() -> None:
    supplies = [Supply("p/a", ("a",))]
    assert look_out(supplies, [window(used=50, limit=1000)], PACE, NOON).empty_at is None
    soon = window(used=90, limit=100, ends_at=NOON + HOUR / 2)
    outlook = look_out(supplies, [soon], PACE, NOON)
    assert outlook.empty_at == NOON + HOUR / 2 + 10 * HOUR, "a hundred fresh ones at ten an hour"


def test_an_empty_pool_is_empty_now_and_a_pool_that_nobody_asks_never() -> None:
    supplies = [Supply("p/a", ("a",))]
    assert look_out(supplies, [window(used=100)], PACE, NOON).empty_at == NOON
    idle = Pace(requests=0, tokens=0, elapsed_s=12 * HOUR)
    assert look_out(supplies, [window(used=99)], idle, NOON).empty_at is None
    assert look_out(supplies, [window(used=100)], idle, NOON).empty_at == NOON


def test_a_young_day_is_no_rush() -> None:
    assert Pace(requests=10, tokens=0, elapsed_s=30.0).an_hour == 10.0
    assert Pace(requests=0, tokens=0, elapsed_s=30.0).tokens_each == 1500


@given(
    st.lists(st.tuples(st.integers(0, 500), st.floats(1.0, 40 * DAY)), min_size=1, max_size=5),
    st.integers(0, 5000),
)
def test_whatever_is_left_the_end_is_between_now_and_a_month(rows: list[tuple[int, float]], requests: int) -> None:
    windows = [window(used=used, limit=300, scope=str(place), ends_at=NOON + ends) for place, (used, ends) in enumerate(rows)]
    supplies = [Supply("p", (one.scope,)) for one in windows]
    outlook = look_out(supplies, windows, Pace(requests=requests, tokens=0, elapsed_s=12 * HOUR), NOON)
    assert outlook.empty_at is None or NOON <= outlook.empty_at <= NOON + 3 * HORIZON_S
    assert outlook.left == sum(max(0, 300 - used) for used, _ in rows)


# who would help ----------------------------------------------------------------------------------------------------------


def test_the_largest_free_tier_of_a_day_helps_most() -> None:
    def free(name: str, *limits: Limit, **facts: object) -> None:
        providers[name] = provider(name, "m1", cost_class="free", limits=limits, **facts)

    providers = {}
    free("daily", Limit(kind="requests/day", limit=50), Limit(kind="requests/minute", limit=20))
    free("monthly", Limit(kind="requests/month", limit=1000))
    free("tokens", Limit(kind="tokens/day", limit=200_000), Limit(kind="requests/day", limit=1000))
    free("slow", Limit(kind="requests/hour", limit=2), Limit(kind="requests/day", limit=1000))
    free("speed alone", Limit(kind="requests/second", limit=1))
    free("another model", Limit(kind="requests/day", limit=9999, models=("m2",)))
    free("gone", Limit(kind="requests/day", limit=9999), retired="over")
    free("nothing is claimed")
    providers["paid"] = provider("paid", "m1", cost_class="paid", limits=(Limit(kind="requests/day", limit=9999),))
    found = helps(providers, providers, PACE)
    assert [(one.provider, one.requests_a_day, one.claim) for one in found] == [
        ("tokens", 200, "200,000 tokens/day"),
        ("daily", 50, "50 requests/day"),
        ("slow", 48, "2 requests/hour"),
        ("monthly", 33, "1,000 requests/month"),
    ]
    assert helps(providers, ["daily"], PACE)[0].provider == "daily"
