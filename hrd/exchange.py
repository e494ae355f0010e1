"""THE LINE: one request from head to journal entry, in visible steps.

    authenticate → decode → claim → attempt → translate → relay → record

One task and one cancel scope for each request. Client gone, deadline passed and daemon stopping all arrive as cancellation, and
the request settles in a `finally`. This module knows no provider and no dialect by name.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec
import trio

from hrd.core.access import Caller, Doorkeeper
from hrd.core.ask import FINISHED_WITH_TOOLS
from hrd.core.draft import Draft
from hrd.core.facts import BlamedLater, Claim, Committed, Ended, Failed
from hrd.core.failures import Failure, Verdict
from hrd.core.journal import GIVEN_UP, SERVED, AttemptNote, Entry, Outcome, Usage, UsageSource
from hrd.core.output import output_limit
from hrd.core.providers import Candidate
from hrd.core.refusals import (
    KEY_AS_MODEL,
    LOOP,
    ROUTER_CANNOT_RECORD,
    STOPPING,
    WRONG_KEY,
    Refusal,
    RefusalKind,
    cut_off,
    too_late,
    too_many_wait,
    too_many_wrong_keys,
)
from hrd.core.remembered import Row
from hrd.core.secrets import Lookout
from hrd.core.strangers import Strangers
from hrd.core.tour import Tour
from hrd.dialects.contract import Dialect, Request, WholeReply
from hrd.downstream import call as call_
from hrd.downstream.call import CLIENT_GONE, JSON, Call, ClientGone
from hrd.downstream.context import Header
from hrd.downstream.heartbeat import Heartbeat
from hrd.http.encode import header_lines
from hrd.http.wire import WireBroken
from hrd.pool import Pool, Wait
from hrd.store.contract import Store
from hrd.upstream.attempt import Answered, Attempts, Missed, OpenStream
from hrd.upstream.introductions import About

LINES_CACHED_MAX = 4096
AFTER_S = 1.0
"""The last candidate may take all that is left of the deadline: it is the deadline that ends it then."""


MAY_HAVE_WORKED = frozenset({Verdict.NO_FIRST_TOKEN, Verdict.BROKEN})

OWN_BASE = "/v1"
"""Under it clients ask for what providers take under their base URLs."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every request of one settings generation."""

    doorkeeper: Doorkeeper
    strangers: Strangers
    auth_failures_max: int
    instance_id: bytes
    reply_s: float
    slow_first_token_s: float
    deadline_s: float
    stream_s: float
    idle_s: float
    event_bytes_max: int
    waiting_max: int
    reasoning_reserve_tokens: int
    secrets: Lookout = msgspec.field(default_factory=Lookout)
    """They must not be taken for a model: it would be asked for, logged and stored."""


class Successor(Protocol):
    """What is asked of the process that took over from this one."""

    async def permits(self, claim: Claim, tour: Tour) -> bool:
        """Whether *claim* may be acted on. If not it is taken back, and the pool knows why."""


class Trip:
    """One request on its way."""

    __slots__ = (
        "call",
        "caller",
        "claim",
        "dialect",
        "draft",
        "empty",
        "path",
        "recorded",
        "request",
        "rows",
        "started",
        "terms",
        "tour",
    )

    def __init__(
        self, call: Call, dialect: Dialect, path: str, caller: Caller, request: Request, terms: Terms, at: float
    ) -> None:
        self.call = call
        self.dialect = dialect
        self.path = path
        self.caller = caller
        self.request = request
        self.terms = terms
        self.tour = Tour(request.ask)
        self.draft = Draft(
            request_id=call.request_id, at=at, endpoint=OWN_BASE + path, client=caller.fingerprint, tour=self.tour
        )
        self.claim: Claim | None = None
        """The reservation that is still to be settled."""
        self.rows: list[Row] = []
        """To be stored with the next commit."""
        self.recorded = False
        self.started = trio.current_time()
        self.empty: WholeReply | None = None
        """The first empty reply: the client's, if nobody has another."""

    @property
    def is_committed(self) -> bool:
        """Whether some attempt reached its commit point."""
        return self.draft.first_token_ms is not None

    def headers(self) -> list[Header]:
        """What every answer carries."""
        candidate = self.draft.candidate
        return [*self.own_headers(), *(_headers_of(candidate) if candidate is not None else ())]

    def own_headers(self) -> list[Header]:
        """Those of them that are this request's alone."""
        return [(b"x-request-id", self.call.request_id.encode()), (b"x-hermes-attempts", b"%d" % len(self.tour.notes))]


class Exchange:
    """Serves requests of any dialect over the pool."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: Store,
        attempts: Attempts,
        heartbeat: Heartbeat,
        terms: Callable[[], Terms],
        now: Callable[[], float],
        finished: Callable[[Entry], None],
    ) -> None:
        self._pool = pool
        self._store = store
        self._attempts = attempts
        self._heartbeat = heartbeat
        self._terms = terms
        self._now = now
        self._finished = finished
        self._lines: dict[tuple[str, str, bool], bytes] = {}
        self._waiting = 0
        """Requests that wait for a candidate."""
        self.successor: Successor | None = None
        """The process that has taken over: it is asked before anybody else is."""

    async def serve(self, call: Call, dialect: Dialect, path: str) -> None:
        """One request, whatever becomes of it. *path* is where providers of the dialect take it, under their base URL."""
        terms = self._terms()
        caller = authenticate(call, terms)
        request = caller if isinstance(caller, Refusal) else dialect.decode(await call.body())
        if not isinstance(request, Refusal):
            request = self._why_not(request, terms) or request
        if isinstance(caller, Refusal) or isinstance(request, Refusal):
            assert isinstance(request, Refusal), "a refused caller's request is that refusal"
            if isinstance(caller, Caller):  # strangers do not write our journal
                self._note_refused(call, path, caller, request)
            await refuse(call, dialect, request)
            return
        trip = Trip(call, dialect, path, caller, request, terms, self._now())
        call.end_by(trip.started + terms.deadline_s)
        call.goodbye = partial(self._say_goodbye, trip)
        try:
            await (self._stream(trip) if request.ask.stream else self._whole(trip))
        except (WireBroken, ClientGone):
            call.cancel_reason = call.cancel_reason or CLIENT_GONE
            raise
        finally:
            self._settle(trip)

    def _why_not(self, request: Request, terms: Terms) -> Refusal | None:
        """Why a good request of somebody who may ask is not begun."""
        if terms.secrets.sees_one(request.ask.model):
            return KEY_AS_MODEL
        return ROUTER_CANNOT_RECORD if self._store.is_full else None

    def _note_refused(self, call: Call, path: str, caller: Caller, refusal: Refusal) -> None:
        """A request that nobody was asked for."""
        entry = Entry(
            request_id=call.request_id,
            at=self._now(),
            endpoint=OWN_BASE + path,
            client=caller.fingerprint,
            model_asked="",
            stream=False,
            outcome=Outcome.REFUSED,
            status=refusal.http_status,
            reason=refusal.message,
        )
        self._finished(entry)
        self._store.commit_nowait([entry])

    # the way to a reply --------------------------------------------------------------------------------------------------

    async def _open(self, trip: Trip) -> Answered | OpenStream | Refusal:
        """Claim and attempt until somebody answers, nobody can, or the deadline passes."""
        tour, draft = trip.tour, trip.draft
        while True:
            now = self._now()
            claim = self._pool.claim(tour, trip.caller, trip.call.request_id, now, draft.waited_s)
            match claim:
                case Refusal():
                    return claim
                case Wait():
                    if self._waiting >= trip.terms.waiting_max:
                        return too_many_wait(claim.until - now, tuple(tour.notes))
                    await self._wait(trip, claim.until - now)
                    continue
            if not draft.order:
                draft.order = claim.order
                if claim.is_choosy:
                    draft.passed_over = self._pool.passed_over(tour, trip.caller, now)
            if self.successor is not None and not await self.successor.permits(claim, tour):
                continue
            trip.claim = claim
            rows, trip.rows = [*trip.rows, claim.reservation], []
            await self._store.commit(rows)
            began = trio.current_time()
            result = await self._attempt(trip, claim)
            self._note(trip, claim, result, (trio.current_time() - began) * 1000.0)
            if not isinstance(result, Missed):
                return result

    async def _wait(self, trip: Trip, seconds: float) -> None:
        """Nobody can be asked now; then everybody may be asked again."""
        if trip.rows:  # what is known by now must not wait with us
            rows, trip.rows = trip.rows, []
            self._store.commit_nowait(rows)
        self._waiting += 1
        try:
            await trio.sleep(seconds)
        finally:
            self._waiting -= 1
        trip.draft.waited_s += seconds
        trip.tour.waited()

    async def _attempt(self, trip: Trip, claim: Claim) -> Answered | OpenStream | Missed:
        candidate, request, terms = claim.candidate, trip.request, trip.terms
        limit, notes = output_limit(
            request.ask.max_tokens,
            candidate,
            affordable=claim.max_tokens,
            reserve_tokens=terms.reasoning_reserve_tokens,
        )
        quirks = candidate.provider.quirks
        encoded = trip.dialect.encode(
            request,
            candidate.provider,
            candidate.model,
            drop=claim.drop,
            max_tokens=limit,
            ask_usage=quirks.stream_usage and "stream_options" not in claim.drop,
        )
        trip.draft.notes = (*encoded.notes, *notes)
        if claim.is_last:
            within_s = trip.started + terms.deadline_s - trio.current_time() + AFTER_S
        else:
            within_s = self._patience_s(trip, candidate)
        about = About(client=trip.call.head.headers)
        reader = trip.dialect.reply_stream(request, quirks, terms.event_bytes_max) if request.ask.stream else None
        if reader is not None:
            return await self._attempts.stream(claim, trip.path, encoded.body, reader, within_s=within_s, about=about)
        return await self._attempts.whole(
            claim,
            trip.path,
            encoded.body,
            lambda body: trip.dialect.read_whole(request, body, quirks),
            within_s=within_s,
            about=about,
        )

    def _patience_s(self, trip: Trip, candidate: Candidate) -> float:
        """How long an attempt may take while others could still be asked."""
        if not trip.request.ask.stream:
            return trip.terms.reply_s
        if candidate.facts.reasoning:
            return max(candidate.provider.first_token_s, trip.terms.slow_first_token_s)
        return candidate.provider.first_token_s

    def _note(self, trip: Trip, claim: Claim, result: Answered | OpenStream | Missed, ms: float) -> None:
        """Tell pool, tour and draft what became of the attempt."""
        candidate, now = claim.candidate, self._now()
        if isinstance(result, Missed):
            failure = result.failure
            self._note_attempt(trip, claim, failure.verdict.value, status=failure.status, message=failure.message, ms=ms)
            trip.claim = None
            usage = _spent_in_vain(trip.request, result)
            fact = Failed(claim=claim, failure=failure, observations=result.observations, usage=usage)
            trip.rows += self._pool.apply(fact, now)
            trip.empty = trip.empty or result.empty
            trip.tour.failed(candidate, failure)
            return
        self._note_attempt(trip, claim, SERVED, status=200, ms=ms)
        self._blame_the_empty(trip, now)
        trip.draft.candidate = candidate
        trip.draft.first_token_ms = (now - trip.draft.at) * 1000.0
        trip.rows += self._pool.apply(Committed(claim=claim, latency_ms=ms, observations=result.observations), now)

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
            )
        )

    def _blame_the_empty(self, trip: Trip, now: float) -> None:
        for candidate, failure in trip.tour.failures:
            if failure.verdict is Verdict.EMPTY:
                trip.rows += self._pool.apply(BlamedLater(candidate=candidate, failure=failure), now)

    # whole replies -------------------------------------------------------------------------------------------------------

    async def _whole(self, trip: Trip) -> None:
        opened = await self._open(trip)
        if isinstance(opened, Refusal):
            await self._refuse(trip, opened)
            return
        assert isinstance(opened, Answered), "a whole reply was asked for"
        reply = opened.reply
        if not trip.call.hold_reply(len(reply.body)):
            self._end(trip, Outcome.REFUSED, ROUTER_CANNOT_RECORD.http_status, reply.usage, finish_reason=reply.finish_reason)
            await self._refuse(trip, ROUTER_CANNOT_RECORD)
            return
        self._end(trip, Outcome.OK, 200, reply.usage, finish_reason=reply.finish_reason)
        await self._record(trip)
        assert trip.draft.candidate is not None, "somebody answered"
        await trip.call.reply(200, trip.own_headers(), reply.body, self._lines_of(trip.draft.candidate))

    def _lines_of(self, candidate: Candidate) -> bytes:
        """The header lines that all whole replies of *candidate* have in common."""
        key = (candidate.provider.name, candidate.model, candidate.provider.demo)
        lines = self._lines.get(key)
        if lines is None:
            if len(self._lines) >= LINES_CACHED_MAX:
                self._lines.clear()
            lines = self._lines[key] = header_lines([JSON, *_headers_of(candidate)])
        return lines

    # streams -------------------------------------------------------------------------------------------------------------

    async def _stream(self, trip: Trip) -> None:
        call = trip.call
        with self._heartbeat.waiting(lambda: self._beat(trip)):
            opened = await self._open(trip)
        if isinstance(opened, Refusal):
            await self._refuse(trip, opened)
            return
        assert isinstance(opened, OpenStream), "a stream was asked for"
        try:
            first = opened.first
            if call.begun:
                first = trip.dialect.comment(_as_comment(trip.headers())) + first
            else:
                call.begin_stream(trip.headers())
            await self._relay(trip, opened, first)
        finally:
            if trip.claim is not None:
                trip.draft.usage = opened.reply.usage()
            opened.close()

    def _beat(self, trip: Trip) -> None:
        """The client has waited long enough for a sign of life."""
        if not trip.call.begun:
            trip.call.begin_stream([(b"x-request-id", trip.call.request_id.encode())])
        trip.call.send_nowait(trip.dialect.comment("keep-alive"))

    async def _relay(self, trip: Trip, opened: OpenStream, data: bytes) -> None:
        """Pass the stream on, at the client's pace, to its terminator; that waits for the settlement."""
        call, terms, reply = trip.call, trip.terms, opened.reply
        call.end_by(trio.current_time() + terms.stream_s)
        received: bytes | None = data
        while received is not None:
            if received:
                await call.send(received)
            received = await opened.next(terms.idle_s)
        if opened.broken_by:
            await self._interrupt(trip, opened)
            return
        self._end(trip, Outcome.OK, 200, reply.usage(), finish_reason=reply.finish_reason)
        await self._record(trip)
        await call.finish(reply.last)
        await opened.settle_connection()

    async def _interrupt(self, trip: Trip, opened: OpenStream) -> None:
        """The stream broke after its commit point: say so in the dialect's own words; never a silent end."""
        message = f"The provider's stream broke off: {opened.broken_by}"
        trip.tour.broke_off(opened.broken_by)
        refusal = Refusal(kind=RefusalKind.INTERRUPTED, message=message, attempts=tuple(trip.tour.notes))
        trip.draft.reason = message
        self._end(trip, Outcome.INTERRUPTED, 200, opened.reply.usage(), is_broken=True)
        await self._record(trip)
        await trip.call.finish(trip.dialect.error_event(refusal))

    # the end -------------------------------------------------------------------------------------------------------------

    async def _refuse(self, trip: Trip, refusal: Refusal) -> None:
        """Nobody serves. If every reply was empty, emptiness is the answer."""
        call, draft = trip.call, trip.draft
        if trip.empty is not None and trip.tour.is_all_empty():
            draft.candidate, draft.usage = trip.tour.failures[0][0], trip.empty.usage
            draft.outcome, draft.status, draft.reason = Outcome.OK, 200, "every reply was empty"
            await self._record(trip)
            await self._answer_empty(trip, trip.empty)
            return
        now = self._now()
        self._blame_the_empty(trip, now)
        draft.outcome, draft.status, draft.reason = Outcome.REFUSED, refusal.http_status, refusal.message
        draft.passed_over = self._pool.passed_over(trip.tour, trip.caller, now)
        await self._record(trip)
        if call.begun:
            await call.finish(trip.dialect.error_event(refusal))
        else:
            await refuse(call, trip.dialect, refusal, trip.headers())

    async def _answer_empty(self, trip: Trip, empty: WholeReply) -> None:
        call = trip.call
        if not trip.request.ask.stream:
            await call.reply(200, [JSON, *trip.headers()], empty.body)
        elif call.begun:
            await call.finish(trip.dialect.comment(_as_comment(trip.headers())) + empty.body)
        else:
            call.begin_stream(trip.headers())
            await call.finish(empty.body)

    def _end(
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
            fact = Ended(
                claim=claim,
                outcome=outcome.value,
                usage=usage,
                is_broken=is_broken,
                used_tools=ask.tools and finish_reason in FINISHED_WITH_TOOLS,
                saw_images=ask.images and outcome is Outcome.OK,
            )
            trip.rows += self._pool.apply(fact, self._now())

    async def _record(self, trip: Trip) -> None:
        """On disk before the client has the whole answer."""
        rows, trip.rows = [*trip.rows, self._entry(trip)], []
        await self._store.commit(rows)

    def _entry(self, trip: Trip) -> Entry:
        trip.recorded = True
        entry = trip.draft.entry(self._now())
        self._finished(entry)
        return entry

    def _settle(self, trip: Trip) -> None:
        """However the request ended, nothing of it is forgotten. Waits for nothing, so that it works while cancelled."""
        if trip.recorded:
            return
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
        self._end(trip, outcome, status, usage)
        rows, trip.rows = [*trip.rows, self._entry(trip)], []
        self._store.commit_nowait(rows)

    def _blame_the_silent(self, trip: Trip) -> None:
        """The deadline passed while somebody was asked: theirs is the fault if they had the time that everybody has."""
        claim, now = trip.claim, self._now()
        if claim is None or now - claim.begun_at < self._patience_s(trip, claim.candidate):
            return
        trip.claim = None
        message = f"nothing came for {now - claim.begun_at:.0f} s, until the request's deadline (DEADLINE_SECONDS)"
        missed = Missed(failure=Failure(verdict=Verdict.NO_FIRST_TOKEN, message=message))
        self._note_attempt(trip, claim, missed.failure.verdict.value, message=message)
        usage = _spent_in_vain(trip.request, missed)
        trip.rows += self._pool.apply(Failed(claim=claim, failure=missed.failure, usage=usage), now)

    async def _say_goodbye(self, trip: Trip) -> None:
        """The request was cancelled from outside; its client, if it is still there, hears why."""
        call = trip.call
        if call.cancel_reason == CLIENT_GONE:
            return
        if call.cancel_reason == call_.STOPPING:
            refusal = STOPPING
        elif trip.is_committed:
            refusal = cut_off(trip.terms.stream_s, tuple(trip.tour.notes))
        else:
            refusal = too_late(trip.terms.deadline_s, tuple(trip.tour.notes))
        call.keep_alive = False
        if not call.begun:
            await refuse(call, trip.dialect, refusal, trip.headers())
        elif trip.request.ask.stream:
            await call.finish(trip.dialect.error_event(refusal))


def authenticate(call: Call, terms: Terms) -> Caller | Refusal:
    """Who is calling; or why they may not."""
    headers = call.head.headers
    api_key = headers.get(b"x-api-key") or headers.get(b"api-key")
    caller = terms.doorkeeper.caller_of(headers.get(b"authorization"), api_key)
    if caller is None:
        wait_s = terms.strangers.refused(call.peer.address, terms.auth_failures_max, trio.current_time())
        return too_many_wrong_keys(wait_s) if wait_s else WRONG_KEY
    hops = headers.get(b"x-hermes-hop")
    if hops is not None and terms.instance_id in hops:
        return LOOP
    return caller


async def refuse(call: Call, dialect: Dialect, refusal: Refusal, headers: list[Header] | None = None) -> None:
    """Say no in the dialect's shape."""
    status, said, body = dialect.error_reply(refusal)
    if headers is None:
        headers = [(b"x-request-id", call.request_id.encode())]
    await call.reply(status, [*said, *headers], body)


def _spent_in_vain(request: Request, missed: Missed) -> Usage:
    """What an attempt cost that came to nothing. An empty reply says so itself; who did not answer in time, or not to the end,
    will have read the request all the same."""
    if missed.empty is not None:
        return missed.empty.usage
    if missed.failure.verdict in MAY_HAVE_WORKED:
        return Usage(input_tokens=request.ask.input_tokens, source=UsageSource.ESTIMATED)
    return Usage()


def _headers_of(candidate: Candidate) -> list[Header]:
    """What an answer says of who gave it."""
    provider = candidate.provider
    rows = [(b"x-hermes-provider", provider.name.encode()), (b"x-hermes-model", candidate.model.encode("ascii", "replace"))]
    if provider.demo:
        rows.append((b"x-hermes-demo", b"1"))
    return rows


def _as_comment(headers: list[Header]) -> str:
    """The x-hermes-* values of an answer whose head went out early."""
    return " ".join(f"{name.decode()}={value.decode()}" for name, value in headers if name.startswith(b"x-hermes-"))
