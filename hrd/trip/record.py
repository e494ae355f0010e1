"""The last step of the line: what became of each attempt and of the request, to the pool and on disk.

Everything that was claimed is settled here, exactly once, however the request ends.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
import trio

from hrd.core.access import Caller
from hrd.core.ask import FINISHED_WITH_TOOLS
from hrd.core.draft import MODEL_ASKED_CHARS_MAX
from hrd.core.facts import BlamedLater, Claim, Committed, Ended, Failed, RunsOn
from hrd.core.failures import Failure, Verdict
from hrd.core.journal import GIVEN_UP, SERVED, AttemptNote, Entry, Outcome, Usage, UsageSource
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.remembered import Row
from hrd.dialects.contract import Request
from hrd.downstream import call as call_
from hrd.downstream.call import Call
from hrd.pool import Pool
from hrd.store.contract import Store
from hrd.trip.gate import Turned
from hrd.trip.trip import Trip
from hrd.upstream.open_stream import OpenStream
from hrd.upstream.results import Answered, Missed

MAY_HAVE_WORKED = frozenset({Verdict.NO_FIRST_TOKEN, Verdict.BROKEN, Verdict.BAD_CALL})


class Recorder:
    """Tells the pool what happened, and the store."""

    def __init__(self, *, pool: Pool, store: Store, now: Callable[[], float], finished: Callable[[Entry], None]) -> None:
        self._pool = pool
        self._store = store
        self._now = now
        self._finished = finished
        self.under_way = 0
        """Requests on their trip."""

    async def commit(self, rows: Sequence[Row]) -> None:
        """On disk. With others under way a transaction is shared, which costs a turn of the loop; who is alone would wait for
        nobody."""
        if self.under_way > 1:
            await self._store.commit(rows)
        else:
            self._store.commit_nowait(rows)

    def note_refused(self, call: Call, endpoint: str, caller: Caller, turned: Turned) -> None:
        """A request that nobody was asked for."""
        refusal, ask, notes = turned.refusal, turned.ask, turned.notes
        entry = Entry(
            request_id=call.request_id,
            at=self._now(),
            endpoint=endpoint,
            client=caller.fingerprint,
            model_asked=ask.model[:MODEL_ASKED_CHARS_MAX] if ask is not None else "",
            stream=ask is not None and ask.stream,
            session=ask.session if ask is not None else "",
            outcome=Outcome.REFUSED,
            status=refusal.http_status,
            reason=refusal.message,
            notes=notes,
        )
        self._finished(entry)
        self._store.commit_nowait([entry])

    def begin(self, trip: Trip, claim: Claim) -> list[Row]:
        """Somebody is about to be asked: what has to be on disk before."""
        ask, tab = trip.request.ask, trip.tab
        output_tokens = max(0, claim.reservation.tokens - ask.input_tokens)
        cost = trip.terms.prices.estimate(claim.candidate, ask.input_tokens, output_tokens)
        tab.ask(cost, claim.reservation.tokens)
        trip.claim, trip.held_tokens = claim, claim.reservation.tokens
        reservation = claim.reservation
        if cost != 0:
            reservation = msgspec.structs.replace(reservation, cost_microusd=cost)
        rows, trip.rows = [*trip.rows, reservation, *tab.take_charges()], []
        return rows

    def note(self, trip: Trip, claim: Claim, result: Answered | OpenStream | Missed, ms: float) -> None:
        """Tell pool, tour and draft what became of the attempt."""
        candidate, now = claim.candidate, self._now()
        if isinstance(result, Missed):
            failure = result.failure
            self._note_attempt(trip, claim, failure.verdict.value, status=failure.status, message=failure.message, ms=ms)
            trip.claim = None
            usage = _spent_in_vain(trip.request, result)
            fact = Failed(claim=claim, failure=failure, observations=result.observations, usage=usage)
            self._spend(trip, candidate, usage)
            trip.rows += self._pool.apply(fact, now)
            trip.empty = trip.empty or result.empty
            trip.tour.failed(candidate, failure)
            return
        self._note_attempt(trip, claim, SERVED, status=200, ms=ms)
        self.blame_the_empty(trip, now)
        trip.draft.candidate = candidate
        trip.draft.first_token_ms = (now - trip.draft.at) * 1000.0
        committed = Committed(claim=claim, latency_ms=ms, observations=result.observations, account=result.account)
        trip.rows += self._pool.apply(committed, now)

    def look_at(self, trip: Trip, usage: Usage) -> None:
        """A reply that still runs has come to *usage* so far: what of it was not set aside counts from now on, also after a
        crash. Waits for nothing."""
        claim, tokens = trip.claim, usage.input_tokens + usage.output_tokens
        if claim is None:
            return
        cost = trip.terms.prices.cost(claim.candidate, usage)
        trip.tab.raise_to(tokens, cost)
        rows: list[Row] = [*trip.tab.take_charges()]
        if tokens > trip.held_tokens:
            trip.held_tokens = tokens
            rows += self._pool.apply(RunsOn(claim=claim, usage=usage, cost_microusd=cost), self._now())
        if rows:
            self._store.commit_nowait(rows)

    def give_back(self, trip: Trip, refusal: Refusal) -> None:
        """The request could not be put into the candidate's words: nobody was asked, and nothing was spent."""
        self.end(trip, Outcome.REFUSED, refusal.http_status, Usage())

    def _note_attempt(
        self, trip: Trip, claim: Claim, outcome: str, *, status: int | None = None, message: str = "", ms: float | None = None
    ) -> None:
        candidate = claim.candidate
        trip.tour.note(
            AttemptNote(
                provider=candidate.provider.name,
                model=candidate.model,
                credential=candidate.credential.fingerprint,
                outcome=outcome,
                status=status,
                message=message,
                ms=ms if ms is not None else (self._now() - claim.begun_at) * 1000.0,
                is_probe=claim.is_probe,
            )
        )

    def blame_the_empty(self, trip: Trip, now: float) -> None:
        for candidate, failure in trip.tour.failures:
            if failure.verdict is Verdict.EMPTY:
                trip.rows += self._pool.apply(BlamedLater(candidate=candidate, failure=failure), now)

    def end(
        self,
        trip: Trip,
        outcome: Outcome,
        status: int,
        usage: Usage,
        *,
        is_broken: bool = False,
        finish_reason: str = "",
    ) -> None:
        """The claim is over: settle it with what it came to."""
        claim, trip.claim = trip.claim, None
        draft, ask = trip.draft, trip.request.ask
        draft.outcome, draft.status, draft.usage = outcome, status, usage
        if claim is not None:
            self._spend(trip, claim.candidate, usage)
            is_ok = outcome is Outcome.OK
            fact = Ended(
                claim=claim,
                outcome=SERVED if is_ok else outcome.value,
                usage=usage,
                is_broken=is_broken,
                used_tools=ask.tools and finish_reason in FINISHED_WITH_TOOLS,
                saw_images=ask.images and is_ok,
            )
            trip.rows += self._pool.apply(fact, self._now())

    def _spend(self, trip: Trip, candidate: Candidate, usage: Usage) -> None:
        """An attempt came to *usage*."""
        cost = trip.terms.prices.cost(candidate, usage)
        trip.tab.settle(usage.input_tokens + usage.output_tokens, cost)
        trip.draft.add_cost(cost)

    def record(self, trip: Trip) -> Awaitable[None]:
        """On disk before the client has the whole answer."""
        rows, trip.rows = [*trip.rows, *self._last_rows(trip)], []
        return self.commit(rows)

    def _last_rows(self, trip: Trip) -> list[Row]:
        trip.recorded = True
        entry = trip.draft.entry((trio.current_time() - trip.started) * 1000.0)
        self._finished(entry)
        trip.tab.close()
        return [*trip.tab.take_charges(), entry]

    def settle(self, trip: Trip) -> None:
        """The request ended before it was recorded: nothing of it is forgotten. Waits for nothing, so that it works while
        cancelled."""
        call, draft = trip.call, trip.draft
        match call.cancel_reason:
            case call_.CLIENT_GONE:
                outcome, status = Outcome.CLIENT_GONE, 499
            case call_.STOPPING:
                outcome, status = Outcome.STOPPED, 503
            case call_.TOO_LATE if trip.is_committed:
                outcome, status = Outcome.INTERRUPTED, 200
            case call_.TOO_LATE:
                outcome, status = Outcome.REFUSED, 504
                self._blame_the_silent(trip)
            case _:
                outcome, status = Outcome.CRASHED, 500
        draft.reason = draft.reason or call.cancel_reason or outcome.value
        usage = draft.usage
        if trip.claim is not None and not trip.is_committed:
            usage = Usage(input_tokens=trip.request.ask.input_tokens, source=UsageSource.ESTIMATED)
            draft.candidate = trip.claim.candidate
            self._note_attempt(trip, trip.claim, GIVEN_UP, message=draft.reason)
        self.end(trip, outcome, status, usage)
        rows, trip.rows = [*trip.rows, *self._last_rows(trip)], []
        self._store.commit_nowait(rows)

    def _blame_the_silent(self, trip: Trip) -> None:
        """The deadline passed while somebody was asked: theirs is the fault if they had the time that everybody has."""
        claim, now = trip.claim, self._now()
        if claim is None or now - claim.begun_at < trip.patience_s(claim.candidate):
            return
        trip.claim = None
        message = f"nothing came for {now - claim.begun_at:.0f} s, until the request's deadline (DEADLINE_SECONDS)"
        missed = Missed(failure=Failure(verdict=Verdict.NO_FIRST_TOKEN, message=message))
        self._note_attempt(trip, claim, missed.failure.verdict.value, message=message)
        usage = _spent_in_vain(trip.request, missed)
        self._spend(trip, claim.candidate, usage)
        trip.rows += self._pool.apply(Failed(claim=claim, failure=missed.failure, usage=usage), now)


def _spent_in_vain(request: Request, missed: Missed) -> Usage:
    """What an attempt cost that came to nothing. An empty reply says so itself; who did not answer in time, or not to the end,
    will have read the request all the same."""
    if missed.empty is not None:
        return missed.empty.usage
    if missed.failure.verdict in MAY_HAVE_WORKED:
        return Usage(input_tokens=request.ask.input_tokens, source=UsageSource.ESTIMATED)
    return Usage()
