"""What one journal entry adds to the usage totals. Both stores count with this.

Two different things are counted under one key. *Requests* are the clients': one an entry, under whoever answered it. *Attempts*
are the providers': one each time a credential was asked, so that a key that fails while another saves the request still shows
its failures. A model is named only where it served: names that clients make up must not grow a table that is kept.
"""

import datetime
from operator import add
from typing import NamedTuple

from hrd.core.journal import GIVEN_UP, Entry, Outcome

HOUR_S = 3600
DAY_HOURS = 24
_SERVED = frozenset({Outcome.OK, Outcome.INTERRUPTED})
_NO_ERROR = frozenset({Outcome.OK, Outcome.CLIENT_GONE})


class UsageKey(NamedTuple):
    """What totals are kept by. `hour` counts from the Unix epoch."""

    hour: int
    provider: str
    credential: str
    model: str
    client: str


class Counts(NamedTuple):
    """The counters of one key."""

    requests: int = 0
    errors: int = 0
    attempts: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_microusd: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*map(add, self, other))


ATTEMPT = Counts(attempts=1)
FAILED_ATTEMPT = Counts(attempts=1, failed=1)
_NOT_FAILED = frozenset({"ok", GIVEN_UP})
Totals = dict[UsageKey, Counts]


def is_error(entry: Entry) -> bool:
    """A client that went away is nobody's error."""
    return entry.outcome not in _NO_ERROR


def count(entry: Entry, totals: Totals) -> None:
    """Add *entry* to *totals*."""
    hour = int(entry.at // HOUR_S)
    served = entry.outcome in _SERVED or entry.first_token_ms is not None
    key = UsageKey(hour, entry.provider, entry.credential, entry.model if served else "", entry.client)
    usage = entry.usage
    asked = served and not entry.attempts
    _add(
        totals,
        key,
        Counts(1, is_error(entry), asked, 0, usage.input_tokens, usage.output_tokens, entry.cost_microusd),
    )
    for note in entry.attempts:
        answered = served and (note.provider, note.credential, note.model) == (key.provider, key.credential, key.model)
        where = key if answered else UsageKey(hour, note.provider, note.credential, "", entry.client)
        _add(totals, where, ATTEMPT if note.outcome in _NOT_FAILED else FAILED_ATTEMPT)


def _add(totals: Totals, key: UsageKey, counts: Counts) -> None:
    before = totals.get(key)
    totals[key] = counts if before is None else before.plus(counts)


def day_of(at: float) -> int:
    """Days since the Unix epoch, UTC."""
    return int(at // (HOUR_S * DAY_HOURS))


def day_named(day: int) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def day_numbered(name: str) -> int:
    """The day of `YYYY-MM-DD`; ValueError for anything else. An empty name is the beginning."""
    return (datetime.date.fromisoformat(name) - datetime.date(1970, 1, 1)).days if name else 0
