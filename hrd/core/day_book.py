"""The day book: what each credential did on this UTC day, in attempts."""

from collections.abc import Iterable

from hrd.core.journal import Usage
from hrd.core.providers import Candidate
from hrd.core.remembered import DayCounts

DAY_S = 86400
CREDENTIALS_MAX = 10_000


class DayBook:
    """Counts by provider and credential; begins anew at midnight. A clock that jumped over midnight and back finds what it
    left."""

    def __init__(self, today: Iterable[DayCounts], at: float) -> None:
        """*today*: what a store remembered at *at* of that day."""
        self._counts = {(counts.provider, counts.credential): counts for counts in today}
        self._day = int(at // DAY_S)
        self._left: tuple[int, dict[tuple[str, str], DayCounts]] = (self._day, {})
        """The day before it, and its counts."""

    def turn(self, now: float) -> None:
        """Begin a new day if one has begun."""
        day = int(now // DAY_S)
        if day != self._day:
            left, counts = self._left
            self._left = self._day, self._counts
            self._day, self._counts = day, counts if left == day else {}

    def count(self, candidate: Candidate, usage: Usage, *, is_error: bool, now: float) -> None:
        """One attempt is over."""
        if now // DAY_S != self._day:
            self.turn(now)
        key = (candidate.provider.name, candidate.credential.fingerprint)
        counts = self._counts.get(key)
        if counts is None:
            if len(self._counts) >= CREDENTIALS_MAX:
                return
            counts = self._counts[key] = DayCounts(provider=key[0], credential=key[1])
        counts.requests += 1
        counts.errors += is_error
        counts.input_tokens += usage.input_tokens
        counts.output_tokens += usage.output_tokens

    def add(self, counts: DayCounts, now: float) -> None:
        """What somebody else counted."""
        self.turn(now)
        key = (counts.provider, counts.credential)
        known = self._counts.get(key)
        if known is None:
            if len(self._counts) >= CREDENTIALS_MAX:
                return
            known = self._counts[key] = DayCounts(provider=key[0], credential=key[1])
        known.requests += counts.requests
        known.errors += counts.errors
        known.input_tokens += counts.input_tokens
        known.output_tokens += counts.output_tokens

    def today(self, now: float) -> dict[tuple[str, str], DayCounts]:
        self.turn(now)
        return dict(self._counts)
