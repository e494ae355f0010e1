"""Whose word counts when several say when to come back."""

import pytest

from hrd.core.failures import HintSource
from hrd.upstream.readers.hints import end_of_period, find_hint
from hrd.upstream.readers.said import Said, said_in
from tests.hrd.upstream.recorded import NOW, TO_DECEMBER, TO_PACIFIC_MIDNIGHT, TO_UTC_MIDNIGHT

NOTHING = Said(status=429, message="")
EMPTY_WINDOWS = {
    b"x-ratelimit-remaining-requests": b"0",
    b"x-ratelimit-reset-requests": b"10s",
    b"x-ratelimit-remaining-tokens": b"0",
    b"x-ratelimit-reset-tokens": b"40s",
}


def _wait_s(headers: dict[bytes, bytes], said: Said, *, windows: bool = True) -> tuple[float, HintSource] | None:
    hint = find_hint("openai", headers, said, NOW, "UTC", windows=windows)
    return None if hint is None else (pytest.approx(hint[0] - NOW, abs=1e-3), hint[1])


def test_headers_before_body_and_milliseconds_before_seconds() -> None:
    said = said_in({"error": {"message": "try again in 9s"}}, 429)
    headers = {b"retry-after-ms": b"1500", b"retry-after": b"30", **EMPTY_WINDOWS}
    assert _wait_s(headers, said) == (1.5, HintSource.HEADER)
    del headers[b"retry-after-ms"]
    assert _wait_s(headers, said) == (30.0, HintSource.HEADER)
    del headers[b"retry-after"]
    assert _wait_s(headers, said) == (40.0, HintSource.HEADER)
    assert _wait_s({}, said) == (9.0, HintSource.BODY)
    assert _wait_s({}, NOTHING) is None


def test_an_unreadable_header_leaves_the_word_to_the_next() -> None:
    said = said_in({"error": {"message": "try again in 9s"}}, 429)
    assert _wait_s({b"retry-after-ms": b"soon", b"retry-after": b"-1"}, said) == (9.0, HintSource.BODY)


def test_windows_count_only_when_the_refusal_is_about_a_limit() -> None:
    assert _wait_s(EMPTY_WINDOWS, NOTHING, windows=False) is None


@pytest.mark.parametrize(
    ("body", "wait_s"),
    [
        ({"error": {"details": [{"retryDelay": "36.5s"}]}}, 36.5),
        ({"error": {"type": "usage_limit_reached", "resets_at": NOW + 90}}, 90.0),
        ({"error": {"resets_in_seconds": 12}}, 12.0),
        ({"error": {"metadata": {"headers": {"Retry-After": "7"}}}}, 7.0),
        ({"error": {"resets_at": None, "message": "Please wait 5 seconds"}}, 5.0),
    ],
)
def test_bodies_say_it_in_a_field_or_in_words(body: object, wait_s: float) -> None:
    assert _wait_s({}, said_in(body, 429)) == (wait_s, HintSource.BODY)


@pytest.mark.parametrize("clock_is_off_by_s", [-86_400, 3600, 10 * 365 * 86_400])
def test_a_span_is_right_whatever_our_clock_says(clock_is_off_by_s: int) -> None:
    said = said_in({"error": {"resets_at": NOW + 7200 - clock_is_off_by_s, "resets_in_seconds": 7200}}, 429)
    assert _wait_s({}, said) == (7200.0, HintSource.BODY)


def test_the_window_that_the_text_names_ends_by_the_providers_clock() -> None:
    daily = Said(status=429, message="", text="requests per day")
    assert end_of_period("", daily, NOW, "UTC") == (NOW + TO_UTC_MIDNIGHT, HintSource.BODY)
    assert end_of_period("", daily, NOW, "America/Los_Angeles") == (NOW + TO_PACIFIC_MIDNIGHT, HintSource.BODY)


def test_of_two_windows_the_shorter_is_believed() -> None:
    both = Said(status=429, message="", text="daily or monthly limit")
    assert end_of_period("", both, NOW, "UTC") == (NOW + TO_UTC_MIDNIGHT, HintSource.BODY)


def test_a_window_that_only_the_rule_knows_is_a_guess() -> None:
    assert end_of_period("month", NOTHING, NOW, "UTC") == (NOW + TO_DECEMBER, HintSource.GUESS)
    assert end_of_period("", NOTHING, NOW, "UTC") is None
