"""The day book: what each credential did on this UTC day, in attempts. One belongs to the day on which it began."""

from collections.abc import Iterable

from hrd.core.journal import Usage
from hrd.core.providers import Candidate
from hrd.core.remembered import DayCounts

DAY_S = 86400
CREDENTIALS_MAX = 10_000
Counts = dict[tuple[str, str], DayCounts]
"""By provider and credential."""


class DayBook:
    """Begins anew at midnight. A clock that jumped over midnight and back finds what it left."""

    def __init__(self, today: Iterable[DayCounts], at: float) -> None:
        """*today*: what a store remembered at *at* of that day."""
        self._day = int(at // DAY_S)
        self._counts: Counts = {(counts.provider, counts.credential): counts for counts in today}
        self._left: tuple[int, Counts] = (self._day, {})
        """The day that it left last, and its counts."""

    def turn(self, now: float) -> None:
        """Begin a new day if one has begun."""
        day = int(now // DAY_S)
        if day != self._day:
            left, counts = self._left
            self._left = self._day, self._counts
            self._day, self._counts = day, counts if left == day else {}

    def count(self, candidate: Candidate, usage: Usage, *, is_error: bool, begun_at: float, now: float) -> None:
        """One attempt is over."""
        counts = self._of((candidate.provider.name, candidate.credential.fingerprint), begun_at, now)
        if counts is not None:
            counts.requests += 1
            counts.errors += is_error
            counts.input_tokens += usage.input_tokens
            counts.output_tokens += usage.output_tokens

    def add(self, counts: DayCounts, begun_at: float, now: float) -> None:
        """What somebody else counted."""
        known = self._of((counts.provider, counts.credential), begun_at, now)
        if known is not None:
            known.add(counts)

    def today(self, now: float) -> Counts:
        self.turn(now)
        return dict(self._counts)

    def _of(self, key: tuple[str, str], begun_at: float, now: float) -> DayCounts | None:
        """That day's; None if it is over and done with, or full."""
        self.turn(now)
        begun_on = int(begun_at // DAY_S)
        left, before = self._left
        if begun_on != self._day and begun_on != left:
            return None
        day = self._counts if begun_on == self._day else before
        if key not in day and len(day) < CREDENTIALS_MAX:
            day[key] = DayCounts(provider=key[0], credential=key[1])
        return day.get(key)
