"""What one journal entry adds to the usage totals. Both stores count with this.

Two different things are counted under one key. *Requests* are the clients': one an entry, under whoever answered it. *Attempts*
are the providers': one each time a credential was asked, so that a key that fails while another saves the request still shows
its failures. A model is named only where it served: names that clients make up must not grow a table that is kept.
"""

import datetime
from typing import Final

import msgspec

from hrd.core.journal import GIVEN_UP, Entry, Outcome

HOUR_S = 3600
DAY_HOURS = 24


UsageKey = tuple[int, str, str, str, str]
"""What totals are kept by: hour (from the Unix epoch), provider, credential, model, client."""


class Counts(msgspec.Struct):
    """The counters of one key."""

    requests: int = 0
    errors: int = 0
    attempts: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_microusd: int = 0
    unpriced: int = 0
    """Requests whose cost is not known; it is not in `cost_microusd`."""

    def add(self, other: "Counts") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.attempts += other.attempts
        self.failed += other.failed
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cost_microusd += other.cost_microusd
        self.unpriced += other.unpriced


_OK: Final = Outcome.OK  # found ten times sooner so, see core.quota.kinds
_INTERRUPTED: Final = Outcome.INTERRUPTED
_CLIENT_GONE: Final = Outcome.CLIENT_GONE
_NOT_FAILED = frozenset({"ok", GIVEN_UP})
Totals = dict[UsageKey, Counts]
SessionTotals = dict[tuple[int, str, str], Counts]
"""By day (from the Unix epoch), session and client."""


def is_error(entry: Entry) -> bool:
    """A client that went away is nobody's error."""
    return entry.outcome is not _OK and entry.outcome is not _CLIENT_GONE


def count(entry: Entry, totals: Totals) -> None:
    """Add *entry* to *totals*."""
    hour, client = int(entry.at // HOUR_S), entry.client
    outcome = entry.outcome
    served = outcome is _OK or outcome is _INTERRUPTED or entry.first_token_ms is not None
    provider, credential, model = entry.provider, entry.credential, entry.model if served else ""
    counts = _of(totals, (hour, provider, credential, model, client))
    _count_request(entry, counts)
    counts.attempts += served and not entry.attempts
    for note in entry.attempts:
        answered = served and note.provider == provider and note.credential == credential and note.model == model
        tried = counts if answered else _of(totals, (hour, note.provider, note.credential, "", client))
        tried.attempts += 1
        tried.failed += note.outcome not in _NOT_FAILED


def count_session(entry: Entry, totals: SessionTotals) -> None:
    """Add *entry* to the totals of the session that its client named."""
    counts = totals.setdefault((day_of(entry.at), entry.session, entry.client), Counts())
    _count_request(entry, counts)
    counts.attempts += len(entry.attempts)
    counts.failed += sum(note.outcome not in _NOT_FAILED for note in entry.attempts)


def _count_request(entry: Entry, counts: Counts) -> None:
    usage, cost = entry.usage, entry.cost_microusd
    counts.requests += 1
    counts.errors += is_error(entry)
    counts.input_tokens += usage.input_tokens
    counts.output_tokens += usage.output_tokens
    if cost is None:
        counts.unpriced += 1
    else:
        counts.cost_microusd += cost


def _of(totals: Totals, key: UsageKey) -> Counts:
    counts = totals.get(key)
    if counts is None:
        counts = totals[key] = Counts()
    return counts


def day_of(at: float) -> int:
    """Days since the Unix epoch, UTC."""
    return int(at // (HOUR_S * DAY_HOURS))


def day_named(day: int) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def day_numbered(name: str) -> int:
    """The day of `YYYY-MM-DD`; ValueError for anything else. An empty name is the beginning."""
    return (datetime.date.fromisoformat(name) - datetime.date(1970, 1, 1)).days if name else 0
