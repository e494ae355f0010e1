"""What replies and refusals say, held against what is counted."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.core.quota.count import Count
from hrd.core.quota.evidence import begin_test, believe, is_firm, learn, may_test, may_test_from, sensible
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import fits_at, resets_at
from hrd.core.quota.window import CATALOGUE, REFUSALS, SETTINGS, Turn, Window

NOON = 1_795_003_200.0
DAY = 86_400.0


def meter(limit: int | None = 50, turn: Turn = Turn.FIXED, kind: str = "requests/day", **facts: Any) -> Meter:
    facts.setdefault("source", CATALOGUE)
    facts.setdefault("is_known", False)
    return Meter(Window(scope="s", kind=kind, limit=limit, turn=turn, **facts))


def said(limit: int | None = None, left: int | None = None, resets_s: float | None = None, **facts: Any) -> Observation:
    resets_at = None if resets_s is None else NOON + resets_s
    return Observation(kind=WindowKind.REQUESTS_DAY, limit=limit, left=left, resets_at=resets_at, **facts)


def owed(left: int) -> Observation:
    return Observation(kind=WindowKind.CREDIT, left=left)


def hear(made: Meter, seen: Observation, now: float = NOON, count: Count | None = None) -> None:
    believe(made, seen, now, source="header", count=count)


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        (said(100, 40), (100, 40)),
        (said(100, 400), (100, 100)),
        (said(100, -3), (100, None)),
        (said(None, -1), None),
        (owed(-3), (None, 0)),
        (said(-100, 40), (None, 40)),
        (said(10**18, 40), (None, 40)),
        (said(None, 10**18), None),
        (said(0, 0), None),
        (said(0, 7), (None, 7)),
        (said(), None),
        (said(used_percent=37.5), (10_000, 6250)),
        (said(used_percent=170.0), (10_000, 0)),
        (said(used_percent=-1.0), (10_000, 10_000)),
        (said(used_percent=math.nan), None),
        (said(used_percent=math.inf), None),
    ],
)
def test_absurd_values_are_harmless(seen: Observation, meant: tuple[int | None, int | None] | None) -> None:
    assert sensible(seen) == meant


def test_a_word_replaces_a_claim() -> None:
    made = meter(50, used=3)
    hear(made, said(1000, 990, 12 * 3600))
    assert (made.limit, made.used, made.is_known, made.source) == (1000, 10, True, "header")


def test_less_is_believed_at_once() -> None:
    made = meter(used=3)
    hear(made, said(50, 20))
    assert made.used == 30


def test_more_is_believed_when_it_is_said_again_a_settled_moment_later() -> None:
    made = meter(used=30, is_known=True, source="header")
    hear(made, said(50, 45))
    hear(made, said(50, 45), NOON + 0.5)
    assert made.used == 30
    hear(made, said(50, 45), NOON + 1.5)
    assert made.used == 5


def test_more_is_not_believed_while_what_is_in_flight_may_explain_it() -> None:
    made = meter(is_known=True, source="header")
    counts = [made.count(1, NOON) for _ in range(10)]
    for place, count in enumerate(counts, 1):  # each reply knows of those before it
        now = NOON + place * 2
        made.settle(count, 1, now)
        hear(made, said(50, 50 - place), now, count)
        assert made.used == 10


def test_foreign_spend_shows_while_ours_is_in_flight() -> None:
    made = meter(is_known=True, source="header")
    counts = [made.count(1, NOON) for _ in range(10)]
    for place, count in enumerate(counts, 1):
        made.settle(count, 1, NOON + place)
        hear(made, said(50, 45 - place), NOON + place, count)
    assert made.used == 15


def test_a_refusal_without_a_number_teaches_the_count_at_which_it_came() -> None:
    made = meter(50, used=40)
    hear(made, said(None, 0))
    assert (made.limit, made.source, made.is_known, is_firm(made)) == (40, REFUSALS, True, True)


def test_a_refusal_that_does_not_say_which_window_is_a_guess_until_it_is_met_again() -> None:
    made = meter(None, Turn.SLIDING, "requests/minute")
    for _ in range(5):
        made.count(1, NOON)
    learn(made, NOON, is_guess=True)
    assert (made.limit, is_firm(made)) == (5, False)
    learn(made, NOON, is_guess=True)
    assert is_firm(made)


def test_a_clock_that_was_set_back_keeps_nobody_from_looking_whether_a_limit_still_holds() -> None:
    """Learned, and looked at once, by a clock that was years ahead."""
    ahead = NOON + 11 * 365 * DAY
    made = meter(None, Turn.SLIDING, "requests/minute")
    made.count(5, ahead)
    learn(made, ahead)
    begin_test(made, ahead + 900)
    made.is_testing = False
    made.turn(NOON)
    assert not may_test(made, NOON + 30 * DAY)
    assert made.bring_back(NOON)
    assert (made.limit, made.limit_at, list(made.tests)) == (5, NOON, [NOON])
    assert [may_test(made, NOON + later_s) for later_s in (-1.0, 0.0)] == [False, True]
    assert not made.bring_back(NOON)


def test_a_refusal_teaches_nothing_where_nothing_was_used() -> None:
    made = meter(50)
    hear(made, said(None, 0))
    assert (made.limit, made.source, made.used) == (50, CATALOGUE, 50)


def test_only_what_is_left_was_said() -> None:
    made = meter(None, used=4)
    hear(made, said(None, 6, 600))
    assert (made.limit, made.is_implied, fits_at(made, 7, NOON)) == (10, True, NOON + 600)
    made.turn(NOON + 601)
    assert made.limit is None


def test_a_learned_limit_that_is_the_claimed_one_is_not_doubted() -> None:
    made = meter(50, used=50)
    learn(made, NOON)
    assert not may_test(made, NOON + 9 * DAY)


@given(
    kind=st.sampled_from(["requests/day", "tokens/day", "tokens/minute"]),
    source=st.sampled_from(["header", "body", REFUSALS, CATALOGUE, SETTINGS]),
    test_s=st.floats(-100, 100_000),
    limit_s=st.floats(-100_000, 0),
    tests=st.lists(st.floats(-100_000, 0), max_size=8),
    later_s=st.floats(0, 200_000),
)
def test_what_nobody_may_go_beyond_stays_so_until_the_moment_that_is_named(
    kind: str, source: str, test_s: float, limit_s: float, tests: list[float], later_s: float
) -> None:
    made = meter(50, Turn.SAID, kind, source=source, used=50, ends_at=NOON + 5 * DAY, test_at=NOON + test_s)
    made.limit_at = NOON + limit_s
    made.tests.extend(NOON + at for at in sorted(tests))
    if not may_test(made, NOON) and NOON + later_s < may_test_from(made, NOON):
        assert not may_test(made, NOON + later_s)


def test_a_window_that_refills_is_known_by_its_resets() -> None:
    made = meter(14_400, Turn.SAID)
    for used in (1, 30, 60):
        now = NOON + used / 100
        hear(made, Observation(kind=WindowKind.REQUESTS_DAY, limit=14_400, left=14_400 - used, resets_at=now + used * 6.0), now)
    assert made.turns is Turn.REFILL
    assert resets_at(made, NOON + 1) == pytest.approx(NOON + 1 + 360, abs=7)


def test_a_fixed_window_is_not_taken_for_one_that_refills() -> None:
    made = meter(60, Turn.SAID, "requests/minute")
    for used in range(28, 34):
        now = NOON + used
        hear(made, Observation(kind=WindowKind.REQUESTS_MINUTE, limit=60, left=60 - used, resets_at=NOON + 60), now)
    assert made.turns is Turn.SAID


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-5, 10**17),
            st.none() | st.integers(-5, 10**17),
            st.none() | st.floats(-1e12, 1e12),
            st.floats(-DAY, DAY),
        ),
        max_size=12,
    ),
    st.sampled_from([Turn.SLIDING, Turn.FIXED, Turn.SAID, Turn.FIRST_USE, Turn.NEVER]),
)
def test_whatever_is_said_the_window_is_open_again_within_a_month(
    words: list[tuple[int | None, int | None, float | None, float]], turn: Turn
) -> None:
    made = meter(20, turn)
    for limit, left, resets_s, offset in words:
        hear(made, said(limit, left, resets_s), NOON + offset)
        assert made.used >= 0
        assert made.limit is None or made.limit >= 0
    made.turn(NOON)
    if turn is not Turn.NEVER:
        assert fits_at(made, 1, NOON) <= NOON + 33 * DAY


@given(
    st.lists(
        st.one_of(
            st.tuples(st.none() | st.integers(-5, 40), st.none() | st.integers(-5, 40), st.none() | st.floats(-1e12, 1e12)),
            st.integers(0, 60),
        ),
        max_size=12,
    ),
    st.lists(st.floats(0, 3 * DAY), min_size=12, max_size=12),
    st.sampled_from([Turn.SLIDING, Turn.FIXED, Turn.SAID, Turn.FIRST_USE]),
    st.sampled_from(["requests/day", "requests", "tokens", "tokens/month", "requests/minute"]),
)
def test_whatever_was_said_and_spent_who_waits_for_long_enough_is_let_in(
    history: list[tuple[int | None, int | None, float | None] | int], pauses: list[float], turn: Turn, kind: str
) -> None:
    """That it is open within a month was always said; whether it is, when the month is over, is another matter."""
    made, now, out = meter(None, turn, kind, source=""), NOON, list[Count]()
    for step, pause_s in zip(history, pauses, strict=False):
        now += pause_s
        if isinstance(step, int):
            out.append(made.count(step, now))
        else:
            limit, left, resets_s = step
            resets_at = None if resets_s is None else NOON + resets_s
            hear(made, Observation(kind=WindowKind.REQUESTS_DAY, limit=limit, left=left, resets_at=resets_at), now)
    for count in out:
        made.settle(count, count.amount, now)
    now += 33 * DAY
    assert fits_at(made, 1, now) <= now


def test_a_refused_test_leaves_no_doubt() -> None:
    made = meter(1)
    made.settle(made.count(1, NOON), 1, NOON)
    begin_test(made, NOON + 60)
    test = made.count(1, NOON + 60)
    test.is_test = True
    made.settle(test, 0, NOON + 61, is_counted=False)
    assert (made.used, made.doubt, may_test(made, NOON + 9000)) == (1, 0, False)


def test_a_ceiling_of_the_users_is_never_tested() -> None:
    made = meter(1)
    made.source = SETTINGS
    made.settle(made.count(1, NOON), 1, NOON)
    assert (made.doubt, may_test(made, NOON + 9000)) == (1, False)


def test_a_count_of_tokens_is_not_tested_while_something_is_in_flight() -> None:
    made = meter(1000, kind="tokens/day", used=900)
    made.put_in_doubt(300, NOON)
    out = made.count(100, NOON)
    made.answered(out, NOON)
    assert not may_test(made, NOON + 60)
    made.settle(out, 100, NOON + 60)
    assert may_test(made, NOON + 60)


def test_money_was_gone_before_the_last_that_was_served_at_the_latest() -> None:
    """It is spent until it is gone: what is learned must not have the last one's overshoot in it."""
    made = meter(None, kind="credit/month", used=99_950)
    count = made.count(70, NOON)
    made.answered(count, NOON)
    made.settle(count, 90, NOON + 1)
    refused = made.count(70, NOON + 2)
    made.settle(refused, 0, NOON + 2, is_counted=False)
    hear(made, said(None, 0), NOON + 2)
    assert (made.limit, made.used, made.source) == (99_950, 100_040, REFUSALS)


def test_what_was_looked_at_eight_times_today_was_so_for_the_next_process_too() -> None:
    made = meter(1, used=1)
    learn(made, NOON)
    for hour in range(8):
        begin_test(made, NOON + hour * 3600)
        made.is_testing = False
    again = Meter(made.row(1, NOON + 8 * 3600))
    again.test_at = NOON
    assert not may_test(again, NOON + 9 * 3600)
    assert may_test(again, NOON + DAY + 1)
