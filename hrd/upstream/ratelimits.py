"""What the headers of a reply say about the windows its key draws on.

Runs on every reply, so a reply without such headers must cost next to nothing, and names are looked up in a table that
is made once. The spellings are those of the providers' own pages on rate limits and, for the rest, of the IETF draft
(draft-ietf-httpapi-ratelimit-headers) and its forerunners; what a bare `requests` counts over depends on who says it.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

import msgspec

from hrd.core.failures import Observation, WindowKind
from hrd.core.times import is_relative, parse_number, parse_reset
from hrd.upstream.plan_limits import read_plan_limits
from hrd.upstream.readers.anthropic import read_windows

COUNT_MAX: Final = 10**15
"""A larger limit or remainder is a mistake."""

_MARK: Final = b"ratelimit"
"""Every known name has it."""

_KINDS: Final = {tuple(kind.value.partition("/")[::2]): kind for kind in WindowKind}

_UNITS: Final = {
    "": "",
    "-request": "requests",
    "-requests": "requests",
    "-req": "requests",
    "-token": "tokens",
    "-tokens": "tokens",
}
_PERIODS: Final = {"": "", "-minute": "minute", "-hour": "hour", "-day": "day", "-month": "month"}
_FIELDS: Final = ("limit", "remaining", "reset")

_NAMES: Final = {
    f"{start}-{field}{unit}{period}".encode(): (
        field,
        _UNITS[unit] or ("tokens" if start.endswith("bysize") else "requests"),
        _PERIODS[period],
    )
    for start, field, unit, period in product(
        ("x-ratelimit", "ratelimit", "x-ratelimitbysize", "ratelimitbysize"), _FIELDS, _UNITS, _PERIODS
    )
}
"""Header name → which field of which window; Mistral's older gateway counts tokens "by size"."""

_PERIOD_MEANT: Final = {
    # console.groq.com/docs/rate-limits: requests are those of the day, tokens those of the minute.
    "groq": {"requests": "day", "tokens": "minute"},
    "openai": {"requests": "minute", "tokens": "minute"},
    "sambanova": {"requests": "minute"},
    "mistral": {"requests": "minute", "tokens": "minute"},
}
"""Reader → what is meant when no period is named."""

_LEADING_NUMBER: Final = re.compile(rb"\s*(\d{1,20}(?:\.\d{1,20})?)\s*(?:[,;]|$)")
"""A number, perhaps followed by the policy that older drafts append (`100, 100;w=60`)."""


class _Seen(msgspec.Struct):
    """One window while its headers are gathered."""

    limit: int | None = None
    left: int | None = None
    resets_at: float | None = None
    is_relative: bool = False


def read_limits(reader: str, headers: Mapping[bytes, bytes], now: float) -> list[Observation]:
    """One observation a window that *headers* (names in lower case) speak of; what makes no sense is left out."""
    if reader == "codex":
        return read_plan_limits(headers, now)
    if b" ".join(headers).find(_MARK) < 0:
        return []
    if reader == "anthropic":
        return read_windows(headers, now)
    windows: dict[tuple[str, str], _Seen] = {}
    for name, value in headers.items():
        parts = _NAMES.get(name)
        if parts is None:
            continue
        field, unit, period = parts
        key = (unit, period or _PERIOD_MEANT.get(reader, {}).get(unit, ""))
        _note(windows.setdefault(key, _Seen()), field, value, now)
    if reader == "openrouter":
        return _of_openrouter(windows, now)
    found = [
        Observation(kind=_KINDS[key], limit=seen.limit, left=seen.left, resets_at=seen.resets_at, is_relative=seen.is_relative)
        for key, seen in windows.items()
        if key in _KINDS and (seen.left is not None or seen.limit is not None)
    ]
    return found or list(_of_ietf(headers, now))


def _note(seen: _Seen, field: str, value: bytes, now: float) -> None:
    match field:
        case "limit":
            seen.limit = _count(value)
        case "remaining":
            seen.left = _count(value)
        case _:
            text = value.decode("latin-1")
            seen.resets_at, seen.is_relative = parse_reset(text, now), is_relative(text)


def _count(value: bytes) -> int | None:
    match = _LEADING_NUMBER.match(value)
    if match is None:
        return None
    count = float(match[1])
    return int(count) if count <= COUNT_MAX else None


OPENROUTER_MINUTE_MAX: Final = 20
"""Requests a minute to its free models (openrouter.ai/docs, limits); a larger limit is that of the day."""


def _of_openrouter(windows: Mapping[tuple[str, str], _Seen], now: float) -> list[Observation]:
    """OpenRouter sends one nameless window, with 429s of its own about its free models only."""
    seen = windows.get(("requests", ""))
    if seen is None or (seen.limit is None and seen.left is None):
        return []
    is_daily = (seen.limit or 0) > OPENROUTER_MINUTE_MAX or (seen.resets_at or 0.0) - now > 60
    kind = WindowKind.REQUESTS_DAY if is_daily else WindowKind.REQUESTS_MINUTE
    return [Observation(kind=kind, limit=seen.limit, left=seen.left, resets_at=seen.resets_at, scope="free")]


_ITEM: Final = re.compile(r'\s*"?([\w./:\-]{0,80})"?\s*((?:;\s*[\w\-]{1,20}\s*=\s*"?[\w.\-]{1,40}"?\s*){1,8})(?:,|$)')
_PARAMETER: Final = re.compile(r';\s*([\w\-]{1,20})\s*=\s*"?([\w.\-]{1,40})"?')
_PERIOD_OF_S: Final = {60: "minute", 3600: "hour", 86400: "day"}
_IETF_CHARS_MAX: Final = 1000


def _of_ietf(headers: Mapping[bytes, bytes], now: float) -> Iterator[Observation]:
    """`RateLimit: "name";r=0;t=30` with `RateLimit-Policy: "name";q=100;w=60`."""
    policies = dict(_items(headers.get(b"ratelimit-policy", b"")))
    for name, said in _items(headers.get(b"ratelimit", b"")):
        policy = policies.get(name, {})
        if said.get("qu", policy.get("qu", "requests")) != "requests":
            continue
        left = _count(said.get("r", "").encode())
        if left is None:
            continue
        window_s = parse_number(policy.get("w", ""))
        period = _PERIOD_OF_S.get(int(window_s), "") if window_s is not None else ""
        yield Observation(
            kind=_KINDS["requests", period],
            limit=_count(policy.get("q", "").encode()),
            left=left,
            resets_at=parse_reset(said.get("t", ""), now),
            is_relative=is_relative(said.get("t", "")),
        )


def _items(value: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    for match in _ITEM.finditer(value[:_IETF_CHARS_MAX].decode("latin-1")):
        yield match[1], dict(_PARAMETER.findall(match[2]))
