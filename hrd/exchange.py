"""THE LINE: one request from head to journal entry, in visible steps.

    authenticate → decode → claim → attempt → translate → relay → record

One task and one cancel scope for each request. Client gone, deadline passed and daemon stopping all arrive as cancellation, and
the request settles in a `finally`. This module knows no provider and no dialect by name.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

import trio

from hrd.core.access import Caller
from hrd.core.facts import Claim, LeftLine
from hrd.core.journal import Entry, Outcome
from hrd.core.output import output_limit
from hrd.core.providers import Candidate
from hrd.core.refusals import (
    KEY_AS_MODEL,
    ROUTER_CANNOT_RECORD,
    Refusal,
    rejected_as,
    too_many_wait,
)
from hrd.core.tour import Tour
from hrd.dialects.contract import Dialect, Opening, Stamp, Target
from hrd.dialects.passage import Prepared
from hrd.downstream.call import CLIENT_GONE, JSON, Call, ClientGone
from hrd.downstream.heartbeat import Heartbeat, Silence
from hrd.http.encode import header_lines
from hrd.http.messages import RequestRejected
from hrd.http.wire import WireBroken
from hrd.pool import Pool, Wait
from hrd.store.contract import Store
from hrd.trip.door import authenticate, id_headers, refuse
from hrd.trip.ending import Endings
from hrd.trip.gate import Entered, Gate, Turned
from hrd.trip.record import Recorder
from hrd.trip.terms import Terms
from hrd.trip.trip import Trip, as_comment, headers_of
from hrd.upstream.attempt import Attempts
from hrd.upstream.introductions import About
from hrd.upstream.open_stream import OpenStream
from hrd.upstream.results import Answered, Missed

LINES_CACHED_MAX = 4096
AFTER_S = 1.0
"""The last candidate may take all that is left of the deadline: it is the deadline that ends it then."""


class Successor(Protocol):
    """What is asked of the process that took over from this one."""

    async def permits(self, claim: Claim, tour: Tour) -> bool:
        """Whether *claim* may be acted on. If not it is taken back, and the pool knows why."""


class Exchange:
    """Serves requests of any dialect over the pool."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: Store,
        attempts: Attempts,
        targets: Mapping[str, Target],
        gate: Gate,
        heartbeat: Heartbeat,
        terms: Callable[[], Terms],
        now: Callable[[], float],
        finished: Callable[[Entry], None],
    ) -> None:
        """*targets*: the providers' wire formats, by name."""
        self._pool = pool
        self._store = store
        self._attempts = attempts
        self._targets = targets
        self._heartbeat = heartbeat
        self._terms = terms
        self._now = now
        self._recorder = Recorder(pool=pool, store=store, now=now, finished=finished)
        self._endings = Endings(pool=pool, recorder=self._recorder, now=now)
        self._gate = gate
        self._lines: dict[tuple[str, str, bool], bytes] = {}
        self._waiting = 0
        """Requests that wait for a candidate."""
        self.successor: Successor | None = None
        """The process that has taken over: it is asked before anybody else is."""

    async def serve(self, call: Call, opening: Opening) -> None:
        """One request, whatever becomes of it."""
        terms = self._terms()
        caller = authenticate(call, terms)
        client = caller.fingerprint if isinstance(caller, Caller) else ""
        stamp = Stamp(id=call.request_id, model="", at=int(self._now()))
        dialect = opening(client, stamp)
        if isinstance(caller, Refusal):  # strangers do not write our journal
            await refuse(call, dialect, caller)
            return
        entered = await self._enter(call, dialect, caller, terms)
        if isinstance(entered, Turned):
            self._recorder.note_refused(call, dialect.ENDPOINT, caller, entered)
            await refuse(call, dialect, entered.refusal)
            return
        trip = Trip(call, dialect, self._targets, caller, entered, terms, stamp, self._now())
        call.end_by(trip.started + terms.deadline_s)
        call.goodbye = partial(self._endings.say_goodbye, trip)
        self._recorder.under_way += 1
        try:
            refusal = await (self._stream(trip) if trip.request.ask.stream else self._whole(trip))
            self._gate.leave(caller, trip.digestible, refusal, terms)
        except (WireBroken, ClientGone):
            call.cancel_reason = call.cancel_reason or CLIENT_GONE
            raise
        finally:
            self._recorder.under_way -= 1
            if not trip.recorded:
                self._recorder.settle(trip)

    async def _enter(self, call: Call, dialect: Dialect, caller: Caller, terms: Terms) -> Entered | Turned:
        """The request of somebody who may ask, or why it is not begun."""
        try:
            body = await call.body()
        except RequestRejected as rejected:
            return Turned(rejected_as(rejected.status, rejected.message))
        request = dialect.decode(body)
        if isinstance(request, Refusal):
            return Turned(request)
        if terms.secrets.sees_one(request.ask.model):
            return Turned(KEY_AS_MODEL)
        if self._store.is_full:
            return Turned(ROUTER_CANNOT_RECORD, request.ask)
        return self._gate.enter(call, dialect.ENDPOINT, caller, request, body)

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
                        self._pool.apply(LeftLine(tour=tour), now)
                        return too_many_wait(claim.until - now, tuple(tour.notes))
                    await self._wait(trip, claim.until - now)
                    continue
            if not draft.order:
                draft.order, draft.readings, draft.moved_from = claim.order, claim.readings, claim.moved_from
                if claim.is_choosy:
                    draft.passed_over = self._pool.passed_over(tour, trip.caller, now)
            if self.successor is not None and not await self.successor.permits(claim, tour):
                continue
            await self._recorder.commit(self._recorder.begin(trip, claim))
            prepared = self._prepare(trip, claim)
            if isinstance(prepared, Refusal):
                self._recorder.give_back(trip, prepared)
                return prepared
            began = trio.current_time()
            result = await self._attempt(trip, claim, prepared, began)
            ended = result.begun_at if isinstance(result, OpenStream) else trio.current_time()
            self._recorder.note(trip, claim, result, (ended - began) * 1000.0)
            if not isinstance(result, Missed):
                return result
            trip.call.end_by(trip.started + trip.terms.deadline_s)  # what had begun had longer

    async def _wait(self, trip: Trip, seconds: float) -> None:
        """Nobody can be asked now; then everybody may be asked again."""
        if trip.rows:  # what is known by now must not wait with us
            rows, trip.rows = trip.rows, []
            self._store.commit_nowait(rows)
        began, called = trio.current_time(), trio.Event()
        if trip.tour.place is not None:
            trip.tour.place.wake = called.set
        self._waiting += 1
        try:
            with trio.move_on_after(seconds):
                await called.wait()
        except trio.Cancelled:
            self._pool.apply(LeftLine(tour=trip.tour), self._now())
            raise
        finally:
            self._waiting -= 1
        trip.draft.waited_s += trio.current_time() - began
        trip.tour.waited()

    def _prepare(self, trip: Trip, claim: Claim) -> Prepared | Refusal:
        candidate = claim.candidate
        limit, notes = output_limit(
            trip.request.ask.max_tokens,
            candidate,
            affordable=claim.max_tokens,
            reserve_tokens=trip.terms.reasoning_reserve_tokens,
        )
        prepared = trip.passage.prepare(candidate, stamp=trip.stamp, drop=claim.drop, max_tokens=limit)
        if isinstance(prepared, Prepared):
            trip.draft.notes = (*prepared.notes, *notes) if prepared.is_limited else prepared.notes
        return prepared

    def _attempt(
        self, trip: Trip, claim: Claim, prepared: Prepared, began: float
    ) -> Awaitable[Answered | Missed] | Awaitable[OpenStream | Missed]:
        ask, terms = trip.request.ask, trip.terms
        within_s = trip.started + terms.deadline_s - began + AFTER_S if claim.is_last else trip.patience_s(claim.candidate)
        about = About(client=trip.call.head.headers, affinity=ask.affinity, without=claim.drop)
        reader = prepared.reply_stream() if ask.stream else None
        if reader is None:
            return self._attempts.whole(claim, prepared, within_s=within_s, about=about)
        begun, idle_s = partial(self._begun, trip), terms.idle_s
        return self._attempts.stream(claim, prepared, reader, within_s=within_s, idle_s=idle_s, begun=begun, about=about)

    def _begun(self, trip: Trip) -> None:
        """A call is on its way that will be sent on whole: it may take as long as any stream."""
        trip.call.end_by(trio.current_time() + trip.terms.stream_s)

    # whole replies -------------------------------------------------------------------------------------------------------

    async def _whole(self, trip: Trip) -> Refusal | None:
        """What the client was refused with, if it was."""
        opened = await self._open(trip)
        if isinstance(opened, Refusal):
            return await self._endings.refuse(trip, opened)
        assert isinstance(opened, Answered), "a whole reply was asked for"
        reply = opened.reply
        if not trip.call.hold_reply(len(reply.body)):
            self._recorder.end(
                trip, Outcome.REFUSED, ROUTER_CANNOT_RECORD.http_status, reply.usage, finish_reason=reply.finish_reason
            )
            return await self._endings.refuse(trip, ROUTER_CANNOT_RECORD)
        self._recorder.end(trip, Outcome.OK, 200, reply.usage, finish_reason=reply.finish_reason)
        await self._recorder.record(trip)
        assert trip.draft.candidate is not None, "somebody answered"
        await trip.call.reply(200, trip.own_headers(), reply.body, self._lines_of(trip.draft.candidate))
        return None

    def _lines_of(self, candidate: Candidate) -> bytes:
        """The header lines that all whole replies of *candidate* have in common."""
        key = (candidate.provider.name, candidate.model, candidate.provider.demo)
        lines = self._lines.get(key)
        if lines is None:
            if len(self._lines) >= LINES_CACHED_MAX:
                self._lines.clear()
            lines = self._lines[key] = header_lines([JSON, *headers_of(candidate)])
        return lines

    # streams -------------------------------------------------------------------------------------------------------------

    async def _stream(self, trip: Trip) -> Refusal | None:
        """What the client was refused with, if it was."""
        call = trip.call
        with self._heartbeat.waiting(lambda: self._beat(trip)):
            opened = await self._open(trip)
        if isinstance(opened, Refusal):
            return await self._endings.refuse(trip, opened)
        assert isinstance(opened, OpenStream), "a stream was asked for"
        try:
            first = opened.first
            if call.begun:
                first = trip.dialect.comment(as_comment(trip.headers())) + first
            else:
                call.begin_stream(trip.headers())
            await self._relay(trip, opened, first)
        finally:
            if trip.claim is not None:
                trip.draft.usage = opened.reply.usage()
            opened.close()
        return None

    def _beat(self, trip: Trip) -> None:
        """The client has waited long enough for a sign of life."""
        if not trip.call.begun:
            trip.call.begin_stream(id_headers(trip.call, trip.dialect.ID_HEADERS))
        trip.call.send_nowait(trip.dialect.comment("keep-alive"))

    def _look_at(self, trip: Trip, opened: OpenStream, silence: Silence) -> None:
        """Once in a while: a silent stream is kept awake, and one that says much is counted before it is over."""
        if silence.lasts():
            trip.call.send_nowait(trip.dialect.keep_alive())
        self._recorder.look_at(trip, opened.reply.usage())

    async def _relay(self, trip: Trip, opened: OpenStream, data: bytes) -> None:
        """Pass the stream on, at the client's pace, to its terminator; that waits for the settlement.

        A provider may be silent in the middle, or its reply come for long without anything of it going out (a tool's
        arguments, which are sent on whole): then the client is kept awake. What it comes to beyond what was set aside for it
        counts while it runs: others would spend it a second time."""
        call, terms, reply = trip.call, trip.terms, opened.reply
        call.end_by(trio.current_time() + terms.stream_s)
        received: bytes | None = data
        silence = Silence()
        with self._heartbeat.waiting(lambda: self._look_at(trip, opened, silence)):
            while received is not None:
                if received:
                    silence.pieces += 1
                    await call.send(received)
                silence.is_open = True
                received = await opened.next(terms.idle_s)
                silence.is_open = False
        if opened.broken_by:
            await self._endings.interrupt(trip, opened)
            return
        self._recorder.end(trip, Outcome.OK, 200, reply.usage(), finish_reason=reply.finish_reason)
        await self._recorder.record(trip)
        await call.finish(reply.last)
        await opened.settle_connection()
