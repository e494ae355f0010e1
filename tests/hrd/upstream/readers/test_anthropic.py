"""Anthropic's rate-limit headers; its refusals are among the recorded ones."""

import pytest

from hrd.core.failures import Observation, Verdict, WindowKind
from hrd.upstream.failures import read_error_object
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.anthropic import read_windows
from tests.hrd.upstream.recorded import NOW

OF_KEYS = {
    b"anthropic-ratelimit-requests-limit": b"50",
    b"anthropic-ratelimit-requests-remaining": b"49",
    b"anthropic-ratelimit-requests-reset": b"2026-11-20T20:00:01Z",
    b"anthropic-ratelimit-tokens-limit": b"60000",
    b"anthropic-ratelimit-tokens-remaining": b"59000",
    b"anthropic-ratelimit-tokens-reset": b"2026-11-20T20:00:02Z",
    b"anthropic-ratelimit-input-tokens-limit": b"50000",
    b"anthropic-ratelimit-input-tokens-remaining": b"49000",
    b"anthropic-ratelimit-input-tokens-reset": b"2026-11-20T20:00:03Z",
    b"anthropic-ratelimit-output-tokens-limit": b"10000",
    b"anthropic-ratelimit-output-tokens-remaining": b"10000",
    b"anthropic-ratelimit-output-tokens-reset": b"2026-11-20T20:00:00Z",
    b"anthropic-priority-input-tokens-limit": b"1",
}


def test_the_windows_of_a_key() -> None:
    assert read_limits("anthropic", OF_KEYS, NOW) == [
        Observation(kind=WindowKind.REQUESTS_MINUTE, limit=50, left=49, resets_at=NOW + 1),
        Observation(kind=WindowKind.TOKENS_MINUTE, limit=60000, left=59000, resets_at=NOW + 2),
        Observation(kind=WindowKind.INPUT_TOKENS_MINUTE, limit=50000, left=49000, resets_at=NOW + 3),
        Observation(kind=WindowKind.OUTPUT_TOKENS_MINUTE, limit=10000, left=10000, resets_at=NOW),
    ]


def test_the_windows_of_a_subscription() -> None:
    headers = {
        b"anthropic-ratelimit-unified-status": b"allowed_warning",
        b"anthropic-ratelimit-unified-reset": b"1795000000",
        b"anthropic-ratelimit-unified-representative-claim": b"five_hour",
        b"anthropic-ratelimit-unified-overage-status": b"rejected",
        b"anthropic-ratelimit-unified-5h-status": b"allowed_warning",
        b"anthropic-ratelimit-unified-5h-reset": str(int(NOW) + 100).encode(),
        b"anthropic-ratelimit-unified-5h-utilization": b"0.82",
        b"anthropic-ratelimit-unified-7d-status": b"rejected",
        b"anthropic-ratelimit-unified-7d-reset": str(int(NOW) + 200).encode(),
        b"anthropic-ratelimit-unified-7d_oi-status": b"allowed",
        b"anthropic-ratelimit-unified-7d_oi-utilization": b"37.5",
    }
    five_hours, week, of_one_model = read_windows(headers, NOW)
    assert five_hours == Observation(
        kind=WindowKind.PLAN, used_percent=82.0, resets_at=NOW + 100, window_s=18000.0, scope="account"
    )
    assert (week.used_percent, week.window_s, week.resets_at, week.scope) == (100.0, 604800.0, NOW + 200, "account")
    assert (of_one_model.used_percent, of_one_model.scope, of_one_model.resets_at) == (37.5, "account_model", None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b"application/json"},
        {b"anthropic-ratelimit-requests-reset": b"2026-11-20T20:00:01Z"},
        {b"anthropic-ratelimit-requests-limit": b"many", b"anthropic-ratelimit-requests-remaining": b"-1"},
        {b"anthropic-ratelimit-requests-limit": b"9" * 30},
        {b"anthropic-ratelimit-unified-status": b"allowed"},
        {b"anthropic-ratelimit-unified-": b"x", b"anthropic-ratelimit-unified-1y-status": b"allowed"},
        {b"x-ratelimit-limit-requests": b"50"},
    ],
)
def test_what_makes_no_sense_is_left_out(headers: dict[bytes, bytes]) -> None:
    assert read_limits("anthropic", headers, NOW) == []


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("overloaded_error", Verdict.OVERLOADED),
        ("rate_limit_error", Verdict.RATE_LIMITED),
        ("api_error", Verdict.SERVER_ERROR),
        ("timeout_error", Verdict.SERVER_ERROR),
        ("request_too_large", Verdict.TOO_LARGE),
        ("invalid_request_error", Verdict.BAD_REQUEST),
        ("authentication_error", Verdict.REJECTED),
        ("billing_error", Verdict.NO_CREDIT),
        ("not_found_error", Verdict.MODEL_UNAVAILABLE),
    ],
)
def test_an_error_within_a_stream_is_known_by_its_type(kind: str, verdict: Verdict) -> None:
    said = {"type": kind, "message": "no"}
    assert read_error_object("anthropic", said, {}, NOW, scrub=str).verdict is verdict
