"""Reservations of a process that died: nobody knows what they came to, so each counts as spent in full.

A request that died with its daemon has no journal entry; it gets one here, so that `hr why` can say what became of it and the
usage totals hold what it may have cost.
"""

from collections.abc import Iterable

from hrd.core.journal import AttemptNote, Entry, Outcome, Usage, UsageSource
from hrd.core.ledger import Reservation

REASON = "the daemon died while this request was running; what was reserved for it counts as spent"


def entries_of(lost: Iterable[Reservation]) -> list[Entry]:
    """One entry a request, in the order in which they were reserved."""
    by_request: dict[str, list[Reservation]] = {}
    for reservation in lost:
        by_request.setdefault(reservation.request_id, []).append(reservation)
    return [_entry(request_id, attempts) for request_id, attempts in by_request.items()]


def _entry(request_id: str, attempts: list[Reservation]) -> Entry:
    last = attempts[-1]
    return Entry(
        request_id=request_id,
        at=attempts[0].at,
        endpoint="",
        client=last.client,
        model_asked="",
        stream=False,
        outcome=Outcome.CRASHED,
        status=0,
        provider=last.provider,
        model=last.model,
        credential=last.credential,
        cost_microusd=_cost_of(attempts),
        usage=Usage(input_tokens=sum(attempt.tokens for attempt in attempts), source=UsageSource.ESTIMATED),
        attempts=tuple(
            AttemptNote(provider=attempt.provider, model=attempt.model, credential=attempt.credential, outcome="lost")
            for attempt in attempts
        ),
        reason=REASON,
    )


def _cost_of(attempts: list[Reservation]) -> int | None:
    costs = [attempt.cost_microusd for attempt in attempts]
    return None if None in costs else sum(cost for cost in costs if cost is not None)
