"""The words for what a window counts."""

import pytest

from hrd.core.failures import WindowKind
from hrd.core.quota.kinds import KINDS, Measure, measure_of, named, span_s


@pytest.mark.parametrize(
    ("kind", "window_s", "name"),
    [
        (WindowKind.REQUESTS_DAY, None, "requests/day"),
        (WindowKind.REQUESTS_DAY, 60.0, "requests/day"),  # it says so itself
        (WindowKind.PLAN, 18_000.0, "plan/5 hours"),
        (WindowKind.PLAN, 604_800.0, "plan/week"),
        (WindowKind.PLAN, 30 * 86_400.0, "plan/month"),
        (WindowKind.PLAN, 90.0, "plan/90 seconds"),
        (WindowKind.PLAN, None, "plan"),
        (WindowKind.REQUESTS, 60.0, "requests/minute"),
        (WindowKind.TOKENS, float("inf"), "tokens"),
        (WindowKind.TOKENS, -5.0, "tokens"),
        (WindowKind.CREDIT, 60.0, "credit"),
        (WindowKind.AT_ONCE, None, "at once"),
    ],
)
def test_a_window_is_named_by_what_was_said_of_it(kind: WindowKind, window_s: float | None, name: str) -> None:
    assert named(kind, window_s) == name


def test_a_name_says_what_is_counted_and_how_long() -> None:
    assert (measure_of("input tokens/minute"), span_s("input tokens/minute")) == (Measure.INPUT, 60.0)
    assert (measure_of("plan/5 hours"), span_s("plan/5 hours")) == (Measure.PLAN, 18_000.0)
    assert (measure_of("at once"), span_s("at once")) == (Measure.AT_ONCE, None)
    assert (measure_of("wishes/century"), span_s("wishes/century")) == (Measure.REQUESTS, None)


def test_every_kind_that_may_be_named_counts_something() -> None:
    assert all(measure_of(kind).value == kind.partition("/")[0] for kind in KINDS)
