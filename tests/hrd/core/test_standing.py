"""Standing: requests out, smoothed latency, and what a share counts as while nothing is known."""

import pytest

from hrd.core.standing import CANDIDATES_MAX, UNKNOWN_SHARE, StandingBook
from tests.hrd.stage import candidate, key, provider

ALPHA = provider("alpha", "m1", "m2")
A1, A1_M2 = candidate(ALPHA, "m1"), candidate(ALPHA, "m2")
A2 = candidate(ALPHA, "m1", key("alpha", "a2"))


def test_requests_out_are_counted_by_credential() -> None:
    book = StandingBook()
    for one in (A1, A1_M2, A2):
        book.begin(one, 5.0)
    book.end(A2)
    assert book.in_flight() == {"alpha-a1": 2, "alpha-a2": 0}
    assert book.of(A1).used_at == 5.0


def test_latency_is_smoothed_and_a_credential_has_its_best_models() -> None:
    book = StandingBook()
    assert book.latency_ms() == {}
    book.answered(A1, 100.0)
    assert book.of(A1).latency_ms == 100.0
    book.answered(A1, 200.0)
    assert book.of(A1).latency_ms == pytest.approx(120.0)
    book.answered(A1_M2, 90.0)
    book.begin(A2, 1.0)
    assert book.latency_ms() == {"alpha-a1": 90.0}


def test_an_unknown_share_is_a_half_and_locals_is_one() -> None:
    book = StandingBook()
    assert book.of(A1).share == 0.5
    assert book.of(candidate(provider("here", cost_class="local"))).unknown_share == 1.0


def test_a_new_configuration_forgets_nothing() -> None:
    book = StandingBook()
    book.begin(A1, 1.0)
    book.end(candidate(provider("alpha", "m1", "m2")))  # another object of the same key
    assert book.in_flight() == {"alpha-a1": 0}


def test_candidates_are_bounded_but_nobody_who_is_out_is_forgotten() -> None:
    book = StandingBook()
    book.begin(A1, 1.0)
    one = candidate(provider("other", "x"))
    for number in range(CANDIDATES_MAX):
        book._by_key[f"k{number}"] = book.of(one)
    book.of(A2)
    assert book.of(A1).in_flight == 1
    assert len(book._by_key) == 2
    book.end(A1)
    assert book.of(A1).in_flight == 0


def test_a_share_that_was_known_once_is_not_believed_when_no_window_is() -> None:
    book = StandingBook()
    book.of(A1).share = 0.01
    assert book.of_unknown_share(A1).share == UNKNOWN_SHARE
    assert book.of_unknown_share(A2).share == UNKNOWN_SHARE
