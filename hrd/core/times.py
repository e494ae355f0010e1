"""How providers write moments and spans of time, and when days and months turn.

Everything that says "come back later" ends here as a Unix time between now and 32 days from now. A moment in the past
means now; what cannot be read, or is negative or not a number, is None and somebody else guesses. Sources: RFC 9110
(Retry-After, HTTP-date), RFC 3339, Go's time.Duration.String, google.protobuf.Duration, and the providers' own texts.
"""

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

WAIT_MAX_S: Final = 32 * 86400.0
"""Nobody's window is longer than a month; a longer hint is a misreading or a mistake."""

EPOCH_MS_ABOVE: Final = 1e12
EPOCH_S_ABOVE: Final = 1e9
"""A bare number: above these it is a moment, below a span. 1e9 seconds is 2001, and 31 years as a span."""

_AMOUNT = r"\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}"
_UNIT_S: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_SHORT_UNIT = r"ns|us|µs|ms|s|m|h|d|w"
_LONG_UNIT = r"milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?"

_NUMBER = re.compile(rf"(?:{_AMOUNT})", re.ASCII)
_DURATION_PART = re.compile(rf"({_AMOUNT})({_SHORT_UNIT})", re.ASCII)
_DURATION = re.compile(rf"(?:(?:{_AMOUNT})(?:{_SHORT_UNIT})){{1,8}}", re.ASCII)

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,12})? ?([Zz]|UTC|GMT|[+-]\d\d:?\d\d)?", re.ASCII)
_HTTP_DATE = re.compile(r"[A-Za-z]{3,9}, (\d\d)[ -]([A-Za-z]{3})[ -](\d{4}|\d\d) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
_ASCTIME = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})", re.ASCII)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_SPAN_PART = re.compile(rf"({_AMOUNT})\s?({_LONG_UNIT}|{_SHORT_UNIT})(?![a-z])", re.ASCII | re.IGNORECASE)
_SPAN = rf"(?:(?:{_AMOUNT})\s?(?:{_LONG_UNIT}|{_SHORT_UNIT})(?![a-z])(?:,? (?:and )?)?){{1,6}}"
_WAIT = re.compile(
    r"\b(?:try again|retry(?:[-_ ]?after)?|wait|resets?|available(?: again)?)"
    rf"(?: (?:again|after|in|for|at|least|about|another|is))*:? ({_SPAN})",
    re.ASCII | re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\b(?:again|resets?|until|available|after|retry|regain access)(?: (?:at|on|after|until|is))*:? "
    r"(\d{4}-\d\d-\d\d(?:[T ]| at )\d\d:\d\d(?::\d\d)?(?:\.\d{1,12})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?![A-Za-z]))?)",
    re.ASCII | re.IGNORECASE,
)


def within_reach(until: float, now: float) -> float | None:
    """*until*, no earlier than now and no later than 32 days on; None if it is not a number."""
    return min(max(until, now), now + WAIT_MAX_S) if math.isfinite(until) else None


def parse_number(text: str) -> float | None:
    """A plain decimal number, not negative."""
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def parse_duration(text: str) -> float | None:
    """Seconds of `2m59.56s`, `12ms`, `1h30m0s`, `20.223571498s`, `0s`."""
    text = text.strip()
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(amount) * _UNIT_S[unit] for amount, unit in _DURATION_PART.findall(text))


def parse_retry_after(text: str, now: float) -> float | None:
    """The moment that a `Retry-After` means: seconds, fractions of them, a date, or (against the RFC) a duration."""
    return parse_reset(text, now)


def parse_retry_after_ms(text: str, now: float) -> float | None:
    """The moment that a `retry-after-ms` means."""
    ms = parse_number(text)
    return None if ms is None else within_reach(now + ms / 1000.0, now)


def parse_reset(text: str, now: float, zone: str = "UTC") -> float | None:
    """The moment that a reset value means, in whichever form; *zone* is for a date and time that names none."""
    text = text.strip()
    number = parse_number(text)
    if number is not None:
        return within_reach(_moment_of_number(number, now), now)
    span = parse_duration(text)
    if span is not None:
        return within_reach(now + span, now)
    moment = parse_moment(text, zone)
    return None if moment is None else within_reach(moment, now)


def is_relative(text: str) -> bool:
    """Whether a reset value says how long it is until then, and not when that is: it is read later than it was written."""
    number = parse_number(text.strip())
    return number <= EPOCH_S_ABOVE if number is not None else parse_duration(text.strip()) is not None


def _moment_of_number(number: float, now: float) -> float:
    if number > EPOCH_MS_ABOVE:
        return number / 1000.0
    return number if number > EPOCH_S_ABOVE else now + number


def parse_moment(text: str, zone: str = "UTC") -> float | None:
    """The Unix time of an RFC 3339 or HTTP date, as far as calendars go."""
    text = text.strip()
    try:
        if match := _RFC3339.fullmatch(text):
            day, hours, seconds, fraction, offset = match.groups()
            moment = datetime.fromisoformat(f"{day}T{hours}{seconds or ''}")
            return moment.replace(tzinfo=_offset(offset) or ZoneInfo(zone)).timestamp() + float(fraction or 0)
        if match := _HTTP_DATE.fullmatch(text):
            mday, month, year, *clock = match.groups()
        elif match := _ASCTIME.fullmatch(text):
            month, mday, *clock, year = match.groups()
        else:
            return None
        years = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
        hour, minute, second = map(int, clock)
        return datetime(
            years, _MONTHS.index(month.lower()) + 1, int(mday), hour, minute, min(second, 59), tzinfo=UTC
        ).timestamp()
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def find_moment(text: str, now: float, zone: str = "UTC") -> float | None:
    """The moment that a sentence speaks of: `try again in 6m0s`, `wait 52220 seconds`, `reset at 2026-11-20 23:00`."""
    if match := _WAIT.search(text):
        parts = _SPAN_PART.findall(match[1])
        return within_reach(now + sum(float(amount) * _seconds_in(unit.lower()) for amount, unit in parts), now)
    if match := _UNTIL.search(text):
        moment = parse_moment(match[1].replace(" at ", " "), zone)
        return None if moment is None else within_reach(moment, now)
    return None


def _seconds_in(unit: str) -> float:
    return _UNIT_S["ms"] if unit.startswith("milli") else _UNIT_S.get(unit) or _UNIT_S[unit[0]]


def next_boundary(period: str, now: float, zone: str = "UTC") -> float:
    """When the minute, hour, day, week (Monday) or month that *now* is in ends, by the clocks of *zone*."""
    if period in ("minute", "hour"):
        length_s = 60.0 if period == "minute" else 3600.0
        return (now // length_s + 1) * length_s
    here = datetime.fromtimestamp(now, ZoneInfo(zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    match period:
        case "day":
            return (midnight + timedelta(days=1)).timestamp()
        case "week":
            return (midnight + timedelta(days=7 - here.weekday())).timestamp()
        case "month":
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()
        case _:
            raise ValueError(f"no such period: {period}")


def is_zone(name: str) -> bool:
    """Whether this machine knows the time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones an OSError
        return False
    return True
