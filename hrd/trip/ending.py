"""How requests end that were not served: refused, cut short by their provider, or cancelled."""

from collections.abc import Callable

from hrd.core.journal import Outcome
from hrd.core.refusals import STOPPING, Refusal, RefusalKind, cut_off, too_late
from hrd.dialects.contract import WholeReply
from hrd.downstream import call as call_
from hrd.downstream.call import CLIENT_GONE, JSON
from hrd.pool import Pool
from hrd.trip.door import refuse
from hrd.trip.record import Recorder
from hrd.trip.trip import Trip, as_comment
from hrd.upstream.open_stream import OpenStream


class Endings:
    """Tells the client in its dialect's own words, after it is written down. Never a silent end."""

    def __init__(self, *, pool: Pool, recorder: Recorder, now: Callable[[], float]) -> None:
        self._pool = pool
        self._recorder = recorder
        self._now = now

    async def refuse(self, trip: Trip, refusal: Refusal) -> Refusal | None:
        """Nobody serves. If every reply was empty, emptiness is the answer, and no refusal."""
        call, draft = trip.call, trip.draft
        if trip.empty is not None and trip.tour.is_all_empty():
            draft.candidate, draft.usage = trip.tour.failures[0][0], trip.empty.usage
            draft.outcome, draft.status, draft.reason = Outcome.OK, 200, "every reply was empty"
            await self._recorder.record(trip)
            await self._answer_empty(trip, trip.empty)
            return None
        now = self._now()
        self._recorder.blame_the_empty(trip, now)
        draft.outcome, draft.status, draft.reason = Outcome.REFUSED, refusal.http_status, refusal.message
        draft.passed_over = self._pool.passed_over(trip.tour, trip.caller, now, is_refused=True)
        await self._recorder.record(trip)
        if call.begun:
            await call.finish(trip.error_event(refusal))
        else:
            await refuse(call, trip.dialect, refusal, trip.headers())
        return refusal

    async def _answer_empty(self, trip: Trip, empty: WholeReply) -> None:
        call = trip.call
        if not trip.request.ask.stream:
            await call.reply(200, [JSON, *trip.headers()], empty.body)
        elif call.begun:
            await call.finish(trip.dialect.comment(as_comment(trip.headers())) + empty.body)
        else:
            call.begin_stream(trip.headers())
            await call.finish(empty.body)

    async def interrupt(self, trip: Trip, opened: OpenStream) -> None:
        """The stream broke after its commit point."""
        message = f"The provider's stream broke off: {opened.broken_by}"
        trip.tour.broke_off(opened.broken_by)
        refusal = Refusal(kind=RefusalKind.INTERRUPTED, message=message, attempts=tuple(trip.tour.notes))
        trip.draft.reason = message
        self._recorder.end(trip, Outcome.INTERRUPTED, 200, opened.reply.usage(), is_broken=True)
        await self._recorder.record(trip)
        await trip.call.finish(opened.reply.last + trip.error_event(refusal, begun=True))

    async def say_goodbye(self, trip: Trip) -> None:
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
            await call.finish(trip.error_event(refusal, begun=trip.is_committed))
