"""Rate-limit headers as providers send them, and what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.core.times import WAIT_MAX_S
from hrd.upstream.ratelimits import COUNT_MAX, read_limits
from tests.hrd.upstream.recorded import NOW

SIX = {
    b"date": b"Fri, 20 Nov 2026 20:00:00 GMT",
    b"x-ratelimit-limit-requests": b"1000",
    b"x-ratelimit-limit-tokens": b"8000",
    b"x-ratelimit-remaining-requests": b"999",
    b"x-ratelimit-remaining-tokens": b"7920",
    b"x-ratelimit-reset-requests": b"1m26.4s",
    b"x-ratelimit-reset-tokens": b"600ms",
}


def _window(kind: str, limit: int | None, left: int | None, wait_s: float | None, scope: str = "") -> Observation:
    resets_at = None if wait_s is None else NOW + wait_s
    return Observation(kind=WindowKind(kind), limit=limit, left=left, resets_at=resets_at, scope=scope)


@pytest.mark.parametrize(
    ("reader", "headers", "windows"),
    [
        ("openai", SIX, [_window("requests/minute", 1000, 999, 86.4), _window("tokens/minute", 8000, 7920, 0.6)]),
        ("groq", SIX, [_window("requests/day", 1000, 999, 86.4), _window("tokens/minute", 8000, 7920, 0.6)]),
        ("generic", SIX, [_window("requests", 1000, 999, 86.4), _window("tokens", 8000, 7920, 0.6)]),
        (
            "cerebras",
            {
                b"x-ratelimit-limit-requests-day": b"14400",
                b"x-ratelimit-remaining-requests-day": b"14399",
                b"x-ratelimit-reset-requests-day": b"33011.5",
                b"x-ratelimit-limit-tokens-minute": b"60000",
                b"x-ratelimit-remaining-tokens-minute": b"59000",
                b"x-ratelimit-reset-tokens-minute": b"11.5",
            },
            [_window("requests/day", 14400, 14399, 33011.5), _window("tokens/minute", 60000, 59000, 11.5)],
        ),
        (
            "sambanova",
            {
                b"x-ratelimit-limit-requests": b"20",
                b"x-ratelimit-remaining-requests": b"19",
                b"x-ratelimit-reset-requests": str(int(NOW) + 60).encode(),
                b"x-ratelimit-limit-requests-day": b"20",
                b"x-ratelimit-remaining-requests-day": b"0",
                b"x-ratelimit-reset-requests-day": str(int(NOW) + 14400).encode(),
            },
            [_window("requests/minute", 20, 19, 60.0), _window("requests/day", 20, 0, 14400.0)],
        ),
        (
            "mistral",
            {
                b"x-ratelimit-limit-req-minute": b"60",
                b"x-ratelimit-remaining-req-minute": b"59",
                b"x-ratelimit-limit-tokens-minute": b"500000",
                b"x-ratelimit-remaining-tokens-minute": b"499000",
                b"x-ratelimit-tokens-query-cost": b"1000",
                b"x-ratelimit-limit-tokens-month": b"1000000000",
                b"x-ratelimit-remaining-tokens-month": b"999999000",
            },
            [
                _window("requests/minute", 60, 59, None),
                _window("tokens/minute", 500000, 499000, None),
                _window("tokens/month", 1000000000, 999999000, None),
            ],
        ),
        (
            "mistral",
            {
                b"x-ratelimitbysize-limit-minute": b"500000",
                b"x-ratelimitbysize-remaining-minute": b"499900",
                b"x-ratelimitbysize-limit-month": b"1000000000",
                b"x-ratelimitbysize-remaining-month": b"999999900",
                b"ratelimitbysize-query-cost": b"100",
            },
            [_window("tokens/minute", 500000, 499900, None), _window("tokens/month", 1000000000, 999999900, None)],
        ),
        (
            "mistral",
            {b"ratelimitbysize-limit": b"500000", b"ratelimitbysize-remaining": b"0", b"ratelimitbysize-reset": b"40"},
            [_window("tokens/minute", 500000, 0, 40.0)],
        ),
        (
            "openrouter",
            {
                b"x-ratelimit-limit": b"50",
                b"x-ratelimit-remaining": b"0",
                b"x-ratelimit-reset": str(int(NOW * 1000) + 14_400_000).encode(),
            },
            [_window("requests/day", 50, 0, 14400.0, "free")],
        ),
        (
            "openrouter",
            {
                b"x-ratelimit-limit": b"20",
                b"x-ratelimit-remaining": b"0",
                b"x-ratelimit-reset": str(int(NOW * 1000) + 30_000).encode(),
            },
            [_window("requests/minute", 20, 0, 30.0, "free")],
        ),
        ("openrouter", {b"x-ratelimit-reset": b"1795219200000"}, []),
        (
            "kimi",
            {b"x-ratelimit-limit": b"100", b"x-ratelimit-remaining": b"1", b"x-ratelimit-reset": b"5"},
            [_window("requests", 100, 1, 5.0)],
        ),
        (
            "generic",
            {
                b"ratelimit": b'"burst";r=0;t=30, "daily";r=5;t=100, "bytes";r=7;t=1',
                b"ratelimit-policy": b'"burst";q=100;w=60, "daily";q=10;w=86400, "bytes";q=9;qu="content-bytes";w=60',
            },
            [_window("requests/minute", 100, 0, 30.0), _window("requests/day", 10, 5, 100.0)],
        ),
        ("generic", {b"ratelimit": b'"default";r=50;t=30'}, [_window("requests", None, 50, 30.0)]),
        (
            "generic",
            {b"ratelimit-limit": b"100, 100;w=60", b"ratelimit-remaining": b"99", b"ratelimit-reset": b"50"},
            [_window("requests", 100, 99, 50.0)],
        ),
    ],
)
def test_what_the_headers_say(reader: str, headers: dict[bytes, bytes], windows: list[Observation]) -> None:
    found = read_limits(reader, headers, NOW)
    assert [(seen.kind, seen.limit, seen.left, seen.scope) for seen in found] == [
        (seen.kind, seen.limit, seen.left, seen.scope) for seen in windows
    ]
    for seen, wanted in zip(found, windows, strict=True):
        assert seen.resets_at == (None if wanted.resets_at is None else pytest.approx(wanted.resets_at, abs=1e-3))


@pytest.mark.parametrize("value", [b"-1", b"nan", b"inf", b"", b"many", b"1e9", b"9" * 30, b"9" * 16, b"\xff"])
def test_what_makes_no_sense_is_left_out(value: bytes) -> None:
    assert read_limits("openai", {b"x-ratelimit-remaining-requests": value}, NOW) == []
    (seen,) = read_limits("openai", {**SIX, b"x-ratelimit-limit-requests": value}, NOW)[:1]
    assert (seen.limit, seen.left) == (None, 999)


@pytest.mark.parametrize("value", [b"-1", b"nan", b"inf", b"", b"soon", b"\xff"])
def test_a_reset_that_makes_no_sense_is_not_said(value: bytes) -> None:
    (seen,) = read_limits("openai", {**SIX, b"x-ratelimit-reset-requests": value}, NOW)[:1]
    assert (seen.left, seen.resets_at) == (999, None)


@pytest.mark.parametrize(
    "headers", [{}, {b"x-request-id": b"1"}, {b"x-ratelimit-type": b"UserByModelByDay"}, {b"x-ratelimit-limit-second": b"1"}]
)
def test_other_headers_say_nothing(headers: dict[bytes, bytes]) -> None:
    assert read_limits("generic", headers, NOW) == []


@given(
    st.sampled_from(["openai", "groq", "mistral", "openrouter", "generic"]),
    st.dictionaries(
        st.sampled_from([*SIX, b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"ratelimit"])
        | st.binary(max_size=20),
        st.binary(max_size=30) | st.integers().map(lambda n: str(n).encode()) | st.floats().map(lambda x: str(x).encode()),
    ),
)
def test_any_headers_are_read_within_bounds(reader: str, headers: dict[bytes, bytes]) -> None:
    for seen in read_limits(reader, headers, NOW):
        assert all(count is None or 0 <= count <= COUNT_MAX for count in (seen.limit, seen.left))
        assert seen.resets_at is None or NOW <= seen.resets_at <= NOW + WAIT_MAX_S
