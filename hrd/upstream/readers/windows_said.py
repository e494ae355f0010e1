"""What a refusal's text says about the window that was full: its limit, what was used of it, when it turns.

Sentences are those of the providers' references and of recorded bodies (tests/hrd/upstream/recorded.py). A sentence that names
a window and no number still says that nothing is left of it.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.times import next_boundary
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.generic import PERIODS
from hrd.upstream.readers.said import Said

LIMIT_MAX: Final = 10**12

_KINDS: Final = {kind.value: kind for kind in WindowKind}
_USED: Final = re.compile(
    r"\bon (tokens|requests) per (second|minute|hour|day)\b[^:]{0,20}: limit ([\d,]*\d)(?!\w|\.\d)"
    r"(?:, used ([\d,]*\d)(?!\w|\.\d))?"
)
"""OpenAI and Groq: `on tokens per day (TPD): Limit 200000, Used 199000, Requested 4351`."""
_NUMBER: Final = re.compile(
    r"\b([\d,]{1,15}) (?:api calls|calls|requests?|req)(?: ?/ ?| per | a |/)(second|minute|min|hour|day|week|month)\b"
)
"""Cohere: `limited to 1000 API calls / month`; others: `100 requests per day`."""
_PER_SECONDS: Final = re.compile(r"\brate limit of ([\d,]{1,15}) per (\d{1,8})s exceeded\b")
"""GitHub Models: `Rate limit of 50 per 86400s exceeded`."""
_SPANS: Final = {1: "second", 60: "minute", 3600: "hour", 86400: "day", 604800: "week"}
_UNITS: Final = {"min": "minute"}
_MINUTE: Final = ("per minute", "per-min", "per min", "/ minute", "/minute", "perminute", "byminute", "(rpm)")
_AT_ONCE: Final = ("concurren",)
_BUDGETS: Final = {span: phrases for span, phrases in PERIODS if f"credit/{span}" in _KINDS}
"""OpenRouter's budget of a key: `Key limit exceeded (monthly limit)`, or `(total limit)`."""


def windows_said(reader: str, said: Said, now: float, *, until: float | None, zone: str, scope: str) -> tuple[Observation, ...]:
    """One observation a window that the text speaks of. *until*: when to come back, as far as it is known."""
    told = _Told(reader, said, now, until, zone, scope)
    for read in (_of_metadata, _of_gemini, _of_codes, _of_numbers, _of_words):
        found = tuple(read(told))
        if found:
            return found
    return ()


class _Told(NamedTuple):
    reader: str
    said: Said
    now: float
    until: float | None
    zone: str
    scope: str


_Reading = Iterator[Observation]


def _of_metadata(told: _Told) -> _Reading:
    """OpenRouter repeats its headers in the body."""
    repeated = {
        name.encode("utf-8", "replace"): value.encode("utf-8", "replace")
        for name, value in told.said.fields.items()
        if "ratelimit" in name
    }
    yield from read_limits(told.reader, repeated, told.now) if repeated else ()


def _of_gemini(told: _Told) -> _Reading:
    """google.rpc.QuotaFailure: `quotaId` names the window, `quotaValue` the limit."""
    quota, value = told.said.fields.get("quotaid", "").lower(), told.said.fields.get("quotavalue", "")
    span = next((span for span in ("minute", "day", "hour") if f"per{span}" in quota), "")
    if not span or not (value.isascii() and value.isdigit() and len(value) <= 12) or int(value) == 0:
        return
    what = "input tokens" if "inputtoken" in quota else "tokens" if "token" in quota else "requests"
    kind = _KINDS.get(f"{what}/{span}")
    if kind is not None:
        resets_at = next_boundary("day", told.now, told.zone) if span == "day" else told.until
        left = 0 if what == "requests" else None
        yield _seen(kind, int(value), left, resets_at, told.scope or "account_model")


def _of_codes(told: _Told) -> _Reading:
    """Z.ai says which by number (docs.z.ai, API codes)."""
    if told.reader == "zai" and "1302" in told.said.codes:
        yield _seen(WindowKind.AT_ONCE, None, 0, None, told.scope)
    elif told.reader == "zai" and "1304" in told.said.codes:
        yield _seen(WindowKind.REQUESTS_DAY, None, 0, told.until, told.scope)


def _of_numbers(told: _Told) -> _Reading:
    if match := _USED.search(told.said.text):
        kind, limit = _KINDS.get(f"{match[1]}/{match[2]}"), _count(match[3])
        if kind is not None and limit:
            used = _count(match[4]) if match[4] else limit
            yield _seen(kind, limit, max(0, limit - used), told.until, told.scope)
    elif match := _NUMBER.search(told.said.text):
        kind, limit = _KINDS.get(f"requests/{_UNITS.get(match[2], match[2])}"), _count(match[1])
        if kind is not None and limit:
            yield _seen(kind, limit, 0, told.until, told.scope)
    elif match := _PER_SECONDS.search(told.said.text):
        kind, limit = _KINDS.get(f"requests/{_SPANS.get(int(match[2]), '')}"), _count(match[1])
        if kind is not None and limit:
            yield _seen(kind, limit, 0, told.until, told.scope)


def _of_words(told: _Told) -> _Reading:
    """A window is named, and no number."""
    if any(word in told.said.text for word in _AT_ONCE):
        yield _seen(WindowKind.AT_ONCE, None, 0, None, told.scope)
        return
    kind = _money_in(told.said.text)
    if kind is not None:
        yield _seen(kind, None, 0, told.until, told.scope)
    if kind is not None or "credit" in told.said.text:
        return
    what = "tokens" if "token" in told.said.message.lower() else "requests"
    spans = (("minute", _MINUTE), *PERIODS)
    span = next((span for span, phrases in spans if any(phrase in told.said.text for phrase in phrases)), "")
    kind = _KINDS.get(f"{what}/{span}")
    if kind is not None:
        yield _seen(kind, None, 0, told.until, told.scope)


def _money_in(text: str) -> WindowKind | None:
    """What money is used up, where that is said."""
    if "key limit exceeded" in text:
        return next(
            (_KINDS[f"credit/{span}"] for span in _BUDGETS if any(word in text for word in _BUDGETS[span])), WindowKind.CREDIT
        )
    return WindowKind.CREDIT_MONTH if "monthly included credits" in text else None


def _seen(kind: WindowKind, limit: int | None, left: int | None, resets_at: float | None, scope: str) -> Observation:
    return Observation(kind=kind, limit=limit, left=left, resets_at=resets_at, scope=scope, source=HintSource.BODY)


def _count(text: str) -> int:
    number = int(text.replace(",", "") or 0)
    return number if number <= LIMIT_MAX else 0
