"""What the heads of the ChatGPT subscription's backend say of a plan's windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.upstream.plan_limits import read_plan_limits, read_plan_said
from hrd.upstream.ratelimits import read_limits

NOW = 1_790_000_000.0


def head(**said: object) -> dict[bytes, bytes]:
    return {f"x-codex-{name.replace('_', '-')}".encode(): str(value).encode() for name, value in said.items()}


def plan(used: float, minutes: float | None, resets_in_s: float | None) -> Observation:
    return Observation(
        kind=WindowKind.PLAN,
        used_percent=used,
        window_s=None if minutes is None else minutes * 60,
        resets_at=None if resets_in_s is None else NOW + resets_in_s,
    )


def test_windows_are_told_apart_by_their_minutes_not_their_place() -> None:
    headers = head(
        primary_used_percent=100,
        primary_window_minutes=10080,
        primary_reset_at=int(NOW) + 5000,
        secondary_used_percent="12.5",
        secondary_window_minutes=300,
        secondary_reset_after_seconds=60,
        plan_type="plus",
    )
    assert read_plan_limits(headers, NOW) == [plan(100.0, 10080, 5000.0), plan(12.5, 300, 60.0)]
    assert read_limits("codex", headers, NOW) == read_plan_limits(headers, NOW)


def test_a_plan_may_have_one_window() -> None:
    assert read_plan_limits(head(primary_used_percent=3, primary_window_minutes=43200), NOW) == [plan(3.0, 43200, None)]


@pytest.mark.parametrize("moment", [int(NOW) + 60, "2026-09-21T14:14:20Z"])
def test_the_moment_counts_before_the_span_in_whichever_form(moment: object) -> None:
    headers = head(primary_used_percent=3, primary_reset_at=moment, primary_reset_after_seconds=5)
    assert read_plan_limits(headers, NOW) == [plan(3.0, None, 60.0)]


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ({"primary_window_minutes": 300}, []),
        ({"primary_used_percent": "many"}, []),
        ({"primary_used_percent": "-3"}, []),
        ({"primary_used_percent": 250}, [plan(100.0, None, None)]),
        ({"primary_used_percent": 3, "primary_window_minutes": 0}, [plan(3.0, None, None)]),
        ({"primary_used_percent": 3, "primary_window_minutes": 1e9, "primary_reset_at": "soon"}, [plan(3.0, None, None)]),
        ({"spark_primary_used_percent": 100, "spark_limit_name": "GPT-5-Spark"}, []),
    ],
)
def test_what_makes_no_sense_is_left_out(said: dict[str, object], seen: list[Observation]) -> None:
    assert read_plan_limits(head(**said), NOW) == seen


@given(
    st.dictionaries(
        st.sampled_from(["used-percent", "window-minutes", "reset-at", "reset-after-seconds"]), st.binary(max_size=8)
    )
)
def test_any_head_is_read(said: dict[str, bytes]) -> None:
    read_plan_limits({f"x-codex-primary-{name}".encode(): value for name, value in said.items()}, NOW)


def test_a_stream_says_the_same_under_the_same_names() -> None:
    said = (
        b'{"allowed":true,"limit_reached":false,"primary":{"used_percent":7,"window_minutes":300,"reset_after_seconds":60},'
        b'"secondary":{"used_percent":29.5,"window_minutes":10080,"reset_at":1790005000}}'
    )
    assert read_plan_said(said, NOW) == [plan(7.0, 300, 60.0), plan(29.5, 10080, 5000.0)]


@pytest.mark.parametrize(
    "said", [b"", b"null", b"[]", b"{", b'{"primary":null,"secondary":[]}', b'{"primary":{"used_percent":null}}']
)
def test_what_a_stream_does_not_say_is_not_seen(said: bytes) -> None:
    assert read_plan_said(said, NOW) == []
