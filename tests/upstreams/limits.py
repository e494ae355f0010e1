"""Limits that an emulated provider really enforces: so many requests a window, told in headers or kept to itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from tests.upstreams.behaviours import Status


class Told(Enum):
    """In whose headers the limits are told."""

    GROQ = "requests a day, with durations (Groq)"
    CEREBRAS = "-day headers with float seconds (Cerebras)"
    RETRY_AFTER = "Retry-After on a 429 and nothing else"
    NOTHING = "nothing at all"


@dataclass
class Limits:
    """Requests a minute and a day, in windows that begin with their first request. Refusals are not counted.

    Counted for each key, or for all of them together (`shared`), as where several keys belong to one account.
    """

    per_minute: int | None = None
    per_day: int | None = None
    told: Told = Told.RETRY_AFTER
    shared: bool = False
    _used: dict[tuple[str, str], _Window] = field(default_factory=dict, repr=False)
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How often each key was refused."""

    def admit(self, key: str | None, now: float) -> tuple[Status | None, Sequence[tuple[str, str]]]:
        """Count one request: the refusal if a window is full, and the headers that the reply shall carry."""
        whose = "" if self.shared else key or ""
        windows = [
            self._window(whose, name, limit, seconds, now)
            for name, limit, seconds in (("minute", self.per_minute, 60), ("day", self.per_day, 86400))
            if limit is not None
        ]
        full = [window for window in windows if window.used >= window.limit]
        if not full:
            for window in windows:
                window.used += 1
        headers = [pair for window in windows for pair in self._headers(window, now)]
        if not full:
            return None, headers
        self.refused[key or ""] += 1
        last = max(full, key=lambda window: window.ends)
        return _refusal(last, self.told, now), headers

    def _window(self, whose: str, name: str, limit: int, seconds: int, now: float) -> _Window:
        window = self._used.get((whose, name))
        if window is None or now >= window.ends:
            window = self._used[whose, name] = _Window(name, limit, now + seconds)
        return window

    def _headers(self, window: _Window, now: float) -> Sequence[tuple[str, str]]:
        left, in_s = str(window.limit - window.used), window.ends - now
        if self.told is Told.GROQ and window.name == "day":
            suffix, reset = "requests", f"{int(in_s // 60)}m{in_s % 60:.3f}s"
        elif self.told is Told.CEREBRAS:
            suffix, reset = f"requests-{window.name}", repr(in_s)
        else:
            return ()
        return (
            (f"x-ratelimit-limit-{suffix}", str(window.limit)),
            (f"x-ratelimit-remaining-{suffix}", left),
            (f"x-ratelimit-reset-{suffix}", reset),
        )


@dataclass
class _Window:
    name: str
    limit: int
    ends: float
    used: int = 0


def _refusal(window: _Window, told: Told, now: float) -> Status:
    word = {"minute": "minute (RPM)", "day": "day (RPD)"}[window.name]
    message = f"Rate limit reached on requests per {word}: Limit {window.limit}, Used {window.used}, Requested 1."
    if told is Told.NOTHING:
        message = "Too many requests"
    error = {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    tells = told in (Told.GROQ, Told.RETRY_AFTER)
    retry_after = [("retry-after", str(max(1, math.ceil(window.ends - now))))] if tells else []
    return Status.json(429, {"error": error}, retry_after)
