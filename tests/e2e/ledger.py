"""The ledger against what clients were told, request by request: what is missing, there twice, or was waited for by nobody."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SETTLED = 1


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Compared by request ids. In each, what the journal has of it is beside the id."""

    lost: Mapping[str, str] = field(default_factory=dict)
    """A client has the whole reply, and no settled row or no entry in the journal tells of it."""
    doubled: Mapping[str, str] = field(default_factory=dict)
    """More rows than there were attempts, or more entries than one."""
    unsettled: Mapping[str, str] = field(default_factory=dict)
    """Held, or taken for lost, though all is over."""
    unanswered: Mapping[str, str] = field(default_factory=dict)
    """Rows of requests whose reply no client has whole: it left, or was refused. They are right, and no client counts them."""
    asked_again: Mapping[str, str] = field(default_factory=dict)
    """More than one attempt, each with its row."""

    @property
    def wrong(self) -> int:
        return len(self.lost) + len(self.doubled) + len(self.unsettled)


EACH_ONCE = Ledger()
"""One request, one attempt, one row, and a client that has the reply."""


def read_ledger(database: Path, answered: Iterable[str]) -> Ledger:
    """*answered*: the ids of the requests whose reply a client has whole. The journal must still have all entries."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT request_id, state FROM ledger").fetchall()
        journal = connection.execute("SELECT request_id, entry FROM journal").fetchall()
    return compare(answered, rows, [(request_id, json.loads(entry)) for request_id, entry in journal])


def compare(
    answered: Iterable[str], rows: Sequence[tuple[str, int]], journal: Sequence[tuple[str, Mapping[str, Any]]]
) -> Ledger:
    told = set(answered)
    states: dict[str, list[int]] = {}
    for request_id, state in rows:
        states.setdefault(request_id, []).append(state)
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for request_id, entry in journal:
        entries.setdefault(request_id, []).append(entry)

    def those(which: Iterable[str]) -> dict[str, str]:
        return {one: _words(states.get(one, []), entries.get(one, [])) for one in sorted(which)}

    attempts = {one: sum(len(entry.get("attempts", ())) for entry in entries.get(one, [])) for one in states}
    return Ledger(
        lost=those(one for one in told if SETTLED not in states.get(one, []) or one not in entries),
        doubled=those(
            one
            for one in {*states, *entries}
            if len(entries.get(one, [])) > 1 or len(states.get(one, [])) > max(1, attempts.get(one, 0))
        ),
        unsettled=those(one for one, found in states.items() if set(found) != {SETTLED}),
        unanswered=those({*states, *entries} - told),
        asked_again=those(one for one, found in states.items() if len(found) > 1 and attempts[one] == len(found)),
    )


def _words(states: Sequence[int], entries: Sequence[Mapping[str, Any]]) -> str:
    told = "; ".join(
        " ".join([entry["outcome"], *(f"{note['outcome']}: {note.get('message', '')}" for note in entry.get("attempts", ()))])
        for entry in entries
    )
    return f"rows in states {list(states)}; journal: {told or 'nothing'}"
