"""Windows: what a scope has left, by its provider's word and what was reserved since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.core.windows import QuotaBook, Window
from tests.hrd.stage import candidate, key, provider

NOW = 1_000_000.0
ALPHA = provider("alpha", quota_scope="account")
ONE = candidate(ALPHA, credential=key("alpha", "a1", account="org_x"))
SIBLING = candidate(ALPHA, credential=key("alpha", "a2", account="org_x"))
STRANGER = candidate(ALPHA, credential=key("alpha", "a3"))
REQUESTS, TOKENS = WindowKind.REQUESTS_MINUTE, WindowKind.TOKENS_MINUTE


def seen(
    kind: WindowKind, left: int | None, *, limit: int | None = 100, ends_s: float | None = 60, scope: str = ""
) -> Observation:
    return Observation(kind=kind, limit=limit, left=left, resets_at=None if ends_s is None else NOW + ends_s, scope=scope)


def book(*observations: Observation) -> QuotaBook:
    made = QuotaBook([])
    made.observe(ONE, observations, NOW)
    return made


def left(quota: QuotaBook, now: float = NOW) -> dict[WindowKind, int]:
    return {window.kind: window.left for window in quota.windows(now)}


def test_nothing_known_is_no_hindrance() -> None:
    quota = QuotaBook([])
    assert not quota.touches(ONE.scopes)
    assert quota.refills_at(ONE.scopes, NOW, 10**6) == 0.0
    assert quota.share_of(ONE.scopes, NOW) is None
    quota.reserve(ONE.scopes, 100, NOW)
    assert quota.windows(NOW) == []


def test_a_window_is_shared_by_all_keys_of_its_scope() -> None:
    quota = book(seen(REQUESTS, 0))
    assert quota.refills_at(SIBLING.scopes, NOW) == NOW + 60
    assert quota.refills_at(STRANGER.scopes, NOW) == 0.0
    narrow = book(seen(REQUESTS, 0, scope="credential"))
    assert narrow.refills_at(SIBLING.scopes, NOW) == 0.0


def test_reservations_are_taken_from_it_and_corrected_by_what_was_spent() -> None:
    quota = book(seen(REQUESTS, 10), seen(TOKENS, 1000))
    quota.reserve(SIBLING.scopes, 600, NOW + 1)
    assert left(quota) == {REQUESTS: 9, TOKENS: 400}
    quota.settle(SIBLING.scopes, reserved_at=NOW + 1, reserved_tokens=600, spent_tokens=150, now=NOW + 2)
    assert left(quota) == {REQUESTS: 9, TOKENS: 850}


def test_a_window_seen_since_the_reservation_has_it_counted_already() -> None:
    quota = book(seen(TOKENS, 1000))
    quota.reserve(ONE.scopes, 600, NOW + 1)
    quota.observe(ONE, [seen(TOKENS, 840)], NOW + 2)
    quota.settle(ONE.scopes, reserved_at=NOW + 1, reserved_tokens=600, spent_tokens=150, now=NOW + 3)
    assert left(quota) == {TOKENS: 840}


@pytest.mark.parametrize(
    ("observation", "tokens", "is_empty"),
    [
        (seen(REQUESTS, 0), 1, True),
        (seen(REQUESTS, 1), 10**6, False),
        (seen(TOKENS, 0), 1, True),
        (seen(TOKENS, 50), 51, True),
        (seen(TOKENS, 50), 50, False),
        (seen(TOKENS, 50, limit=100), 101, False),  # more than it ever holds: let the provider say
        (seen(TOKENS, 50, limit=None), 51, True),
    ],
)
def test_who_is_known_to_be_empty_is_not_asked(observation: Observation, tokens: int, is_empty: bool) -> None:
    assert book(observation).refills_at(ONE.scopes, NOW, tokens) == (NOW + 60 if is_empty else 0.0)


def test_the_last_of_several_empty_windows_counts() -> None:
    quota = book(seen(REQUESTS, 0, ends_s=20), seen(TOKENS, 0, ends_s=50), seen(WindowKind.REQUESTS_DAY, 5, ends_s=9000))
    assert quota.refills_at(ONE.scopes, NOW) == NOW + 50
    assert quota.refills_at(ONE.scopes, NOW + 20) == NOW + 50
    assert quota.refills_at(ONE.scopes, NOW + 50) == 0.0


def test_a_window_that_has_ended_counts_for_nothing() -> None:
    quota = book(seen(REQUESTS, 0))
    assert quota.share_of(ONE.scopes, NOW + 59) == 0.0
    assert quota.share_of(ONE.scopes, NOW + 60) is None
    quota.reserve(ONE.scopes, 1, NOW + 61)
    assert quota.windows(NOW + 61) == []


@pytest.mark.parametrize(
    ("kind", "lasts_s"),
    [
        (WindowKind.REQUESTS_MINUTE, 60),
        (WindowKind.TOKENS_HOUR, 3600),
        (WindowKind.TOKENS_DAY, 86_400),
        (WindowKind.REQUESTS_MONTH, 31 * 86_400),
        (WindowKind.REQUESTS, 60),
    ],
)
def test_without_a_reset_a_window_lasts_its_period(kind: WindowKind, lasts_s: float) -> None:
    assert book(seen(kind, 0, ends_s=None)).refills_at(ONE.scopes, NOW) == NOW + lasts_s


def test_the_share_left_is_the_smallest_of_all_windows() -> None:
    quota = book(seen(REQUESTS, 80), seen(TOKENS, 250, limit=1000), seen(WindowKind.REQUESTS_DAY, 5, limit=None))
    assert quota.share_of(ONE.scopes, NOW) == 0.25
    quota.reserve(ONE.scopes, 9000, NOW)
    assert quota.share_of(ONE.scopes, NOW) == 0.0
    assert book(seen(REQUESTS, 300, limit=100)).share_of(ONE.scopes, NOW) == 1.0


def test_what_says_nothing_of_what_is_left_is_no_window() -> None:
    assert book(seen(REQUESTS, None)).windows(NOW) == []


def test_only_what_changed_is_saved_and_once() -> None:
    quota = QuotaBook([Window(scope="s", kind=REQUESTS, limit=9, left=3, resets_at=NOW + 60, source="header", seen_at=NOW)])
    assert quota.take_unsaved() == []
    quota.observe(ONE, [seen(REQUESTS, 7)], NOW)
    quota.reserve(ONE.scopes, 1, NOW)
    assert [(row.scope, row.left) for row in quota.take_unsaved()] == [("account:alpha/org_x", 6)]
    assert quota.take_unsaved() == []
    assert len(quota.windows(NOW)) == 2


def test_what_is_meant_is_forgotten() -> None:
    quota = book(seen(REQUESTS, 0))
    quota.forget(lambda scope: scope == "account:alpha/org_x")
    assert not quota.touches(ONE.scopes)


@given(st.lists(st.tuples(st.sampled_from(["reserve", "settle", "observe"]), st.integers(0, 500)), max_size=40))
def test_a_share_is_a_share_and_what_is_shown_is_never_negative(steps: list[tuple[str, int]]) -> None:
    quota = book(seen(TOKENS, 1000, limit=1000), seen(REQUESTS, 20))
    for what, amount in steps:
        if what == "reserve":
            quota.reserve(ONE.scopes, amount, NOW)
        elif what == "settle":
            quota.settle(ONE.scopes, reserved_at=NOW, reserved_tokens=amount, spent_tokens=amount // 2, now=NOW)
        else:
            quota.observe(ONE, [seen(TOKENS, amount, limit=1000)], NOW)
        share = quota.share_of(ONE.scopes, NOW)
        assert share is not None
        assert 0.0 <= share <= 1.0
        assert all(window.left >= 0 for window in quota.windows(NOW))
