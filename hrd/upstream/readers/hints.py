"""When to come back, as the provider said it: headers first, then the body."""

from collections.abc import Mapping
from typing import Final

from hrd.core.failures import HintSource
from hrd.core.times import find_moment, next_boundary, parse_reset, parse_retry_after, parse_retry_after_ms
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.generic import PERIODS
from hrd.upstream.readers.said import Said

Hint = tuple[float, HintSource]

_RESET_FIELDS: Final = ("retrydelay", "resets_in_seconds", "retry_after", "retry-after", "resets_at", "reset_at")
"""Names under which bodies give a span or a moment: google.rpc.RetryInfo, ChatGPT's limits, OpenRouter's metadata. A span comes
first: it is right whatever our clock says."""


def find_hint(reader: str, headers: Mapping[bytes, bytes], said: Said, now: float, zone: str, *, windows: bool) -> Hint | None:
    """When to come back and who said so. *windows*: the refusal is about a limit, so a window that is empty counts."""
    moment = _in_headers(reader, headers, now, windows)
    if moment is not None:
        return moment, HintSource.HEADER
    moment = _in_body(reader, said, now, zone, windows)
    return None if moment is None else (moment, HintSource.BODY)


def _in_headers(reader: str, headers: Mapping[bytes, bytes], now: float, windows: bool) -> float | None:
    if value := headers.get(b"retry-after-ms"):
        moment = parse_retry_after_ms(value.decode("latin-1"), now)
        if moment is not None:
            return moment
    if value := headers.get(b"retry-after"):
        moment = parse_retry_after(value.decode("latin-1"), now)
        if moment is not None:
            return moment
    return _end_of_empty_window(reader, headers, now) if windows else None


def _in_body(reader: str, said: Said, now: float, zone: str, windows: bool) -> float | None:
    for name in _RESET_FIELDS:
        moment = parse_reset(said.fields.get(name, ""), now, zone)
        if moment is not None:
            return moment
    if windows:
        repeated = {
            name.encode("utf-8", "replace"): value.encode("utf-8", "replace")
            for name, value in said.fields.items()
            if "ratelimit" in name
        }
        moment = _end_of_empty_window(reader, repeated, now)
        if moment is not None:
            return moment
    return find_moment(said.message, now, zone)


def _end_of_empty_window(reader: str, headers: Mapping[bytes, bytes], now: float) -> float | None:
    """The latest reset among the windows with nothing left: before it no request can pass them all."""
    empty = [seen for seen in read_limits(reader, headers, now) if seen.left == 0 or (seen.used_percent or 0.0) >= 100.0]
    return max((seen.resets_at for seen in empty if seen.resets_at is not None), default=None)


def end_of_period(period: str, said: Said, now: float, zone: str) -> Hint | None:
    """When the window turns that the text names, else the one that *period* names."""
    for name, phrases in PERIODS:
        if any(phrase in said.text for phrase in phrases):
            return next_boundary(name, now, zone), HintSource.BODY
    return (next_boundary(period, now, zone), HintSource.GUESS) if period else None
