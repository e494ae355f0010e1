"""What a window counts, and over what: the words for it, and the numbers behind the words.

A window's kind is written `<measure>/<span>`: `requests/minute`, `tokens/day`, `plan/5 hours`; a balance and requests in flight
have no span.
"""

import enum
from typing import Final

from hrd.core.failures import WindowKind

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0
SPANS_S: Final = {
    "second": 1.0,
    "minute": MINUTE_S,
    "hour": HOUR_S,
    "day": DAY_S,
    "week": 7 * DAY_S,
    "month": 31 * DAY_S,
}
CALENDAR: Final = frozenset({"minute", "hour", "day", "week", "month"})
"""Spans that `times.next_boundary` knows the ends of."""


class Measure(enum.Enum):
    """What is counted."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    INPUT = "input tokens"
    OUTPUT = "output tokens"
    PLAN = "plan"
    """Hundredths of a per cent of a subscription's allowance."""
    CREDIT = "credit"
    AT_ONCE = "at once"


REQUESTS: Final = Measure.REQUESTS
TOKENS: Final = Measure.TOKENS
INPUT: Final = Measure.INPUT
OUTPUT: Final = Measure.OUTPUT
PLAN: Final = Measure.PLAN
CREDIT: Final = Measure.CREDIT
AT_ONCE: Final = Measure.AT_ONCE
"""The same as names of the module: Python 3.11 takes ten times as long to find one in an enumeration, and every window is asked
what it counts several times for each request."""

OF_TOKENS: Final = frozenset({Measure.TOKENS, Measure.INPUT, Measure.OUTPUT})
SIZED: Final = OF_TOKENS | {Measure.CREDIT}
"""What a request comes to of these is not known before its end."""
PLAN_WHOLE: Final = 10_000
_MEASURES: Final = {measure.value: measure for measure in Measure}
KINDS: Final = tuple(kind.value for kind in WindowKind)
"""Those that a setting or a catalogue may name."""


def named(kind: WindowKind, window_s: float | None) -> str:
    """The window's kind in words, from what was said of it."""
    measure, slash, _ = kind.value.partition("/")
    if slash or kind in (WindowKind.CREDIT, WindowKind.AT_ONCE) or window_s is None or not 1.0 <= window_s <= 400 * DAY_S:
        return kind.value
    return f"{measure}/{_span_named(window_s)}"


def _span_named(seconds: float) -> str:
    for name, length_s in SPANS_S.items():
        if seconds == length_s:
            return name
    if 28 * DAY_S <= seconds <= 31 * DAY_S:
        return "month"
    for unit, length_s in (("day", DAY_S), ("hour", HOUR_S), ("minute", MINUTE_S)):
        if seconds % length_s == 0:
            return f"{seconds / length_s:.0f} {unit}s"
    return f"{seconds:.0f} seconds"


def measure_of(kind: str) -> Measure:
    """What a window of this *kind* counts; what a newer version calls it counts as requests."""
    return _MEASURES.get(kind.partition("/")[0], Measure.REQUESTS)


def span_of(kind: str) -> str:
    return kind.partition("/")[2]


def span_s(kind: str) -> float | None:
    """The length of its span; None if it has none, or none is known."""
    span = span_of(kind)
    if span in SPANS_S:
        return SPANS_S[span]
    number, _, unit = span.partition(" ")
    length_s = SPANS_S.get(unit.removesuffix("s"))
    return int(number) * length_s if length_s is not None and number.isdecimal() and len(number) < 9 else None
