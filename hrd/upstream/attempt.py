"""One attempt: a request to one candidate, up to the commit point of its reply.

Whatever can go wrong before that comes back as a `Missed`, read from what the provider said; nothing is raised but
cancellation, which is the caller's. After the commit point an `OpenStream` yields the rest.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import trio

from hrd.core.facts import Claim
from hrd.core.failures import Failure, Verdict
from hrd.core.secrets import Secret
from hrd.dialects.contract import StreamReader
from hrd.dialects.passage import Prepared
from hrd.http.messages import ReplyBroken, ReplyHead
from hrd.http.wire import WireBroken
from hrd.upstream.connections import Connection, Connections
from hrd.upstream.incoming import RECEIVE_BYTES, next_event, reply_head, rest
from hrd.upstream.introductions import NOTHING, About
from hrd.upstream.judging import Judge, is_event_stream
from hrd.upstream.open_stream import OpenStream
from hrd.upstream.passes import Passes, show
from hrd.upstream.results import Answered, Missed
from hrd.upstream.sending import CouldNotConnectError, NoneCameFreeError, Sender

ERROR_BODY_S: Final = 2.0
"""How long the body of a refusal may take: its status says enough to move on."""
_TROUBLE = (WireBroken, ReplyBroken, trio.ClosedResourceError, CouldNotConnectError, NoneCameFreeError)


class Attempts:
    """Makes attempts over the connections to providers."""

    def __init__(
        self,
        *,
        connections: Connections,
        sender: Sender,
        judge: Judge,
        passes: Passes,
        error_bytes: int,
        scrub: Callable[[str], str],
    ) -> None:
        """*sender* sends over *connections*."""
        self._connections = connections
        self._sender = sender
        self._judge = judge
        self._passes = passes
        self.error_bytes = error_bytes
        """How much of a refusal's body is read. May be replaced: new attempts go by it."""
        self._scrub = scrub

    async def whole(
        self, claim: Claim, prepared: Prepared, *, within_s: float, about: About = NOTHING, secret: Secret | None = None
    ) -> Answered | Missed:
        """Ask for a whole reply; it must be complete within *within_s* seconds of sending. *about* goes into its head, and so
        does *secret*: without one, whatever the credential shows now."""
        credential = claim.candidate.credential
        if secret is None and credential.signs_in:
            ask = partial(self.whole, claim, prepared, about=about)
            return await show(self._passes, credential, within_s, ask, _failure_of, _missed_by)
        connection: Connection | None = None
        try:
            secret = secret or credential.secret
            connection = await self._sender.send(claim, prepared, within_s=within_s, about=about, secret=secret)
            reader, transport = connection.reader, connection.transport
            head = None
            while head is None:  # written out here: every reply's way, one frame less to resume
                if received := await transport.receive_some(RECEIVE_BYTES):
                    reader.feed(received)
                else:
                    reader.feed_eof()
                head = reader.next_event()
            assert isinstance(head, ReplyHead), "a reply begins with its head"
            if head.status != 200:
                return self._judge.refused(claim, head, await self._error_body(connection))
            data = reader.take_body()
            if data is None:
                data = await rest(connection)
            return self._judge.whole(claim, head, data, prepared)
        except _TROUBLE as trouble:
            return self._broken(trouble, f"no whole reply within {within_s:.0f} s")
        finally:
            if connection is not None:
                self._connections.give_back(connection)

    async def stream(
        self,
        claim: Claim,
        prepared: Prepared,
        reply: StreamReader,
        *,
        within_s: float,
        idle_s: float,
        begun: Callable[[], None],
        about: About = NOTHING,
        secret: Secret | None = None,
    ) -> OpenStream | Missed:
        """Ask for a stream; it must begin within *within_s* seconds of sending. If that is not yet its commit point, *begun* is
        called, and from there it may pause for *idle_s* seconds. The rest as in `whole`."""
        credential = claim.candidate.credential
        if secret is None and credential.signs_in:
            ask = partial(self.stream, claim, prepared, reply, idle_s=idle_s, begun=begun, about=about)
            return await show(self._passes, credential, within_s, ask, _failure_of, _missed_by)
        connection: Connection | None = None
        try:
            secret = secret or credential.secret
            connection = await self._sender.send(claim, prepared, within_s=within_s, about=about, secret=secret)
            head = await reply_head(connection)
            if head.status != 200:
                return self._judge.refused(claim, head, await self._error_body(connection))
            if not is_event_stream(head, is_typed=prepared.is_typed):
                return self._judge.odd(claim, head, await self._error_body(connection))
            opened = await self._until_commit(claim, connection, head, reply, idle_s, begun)
        except _TROUBLE as trouble:
            if reply.begun and isinstance(trouble, trio.ClosedResourceError):
                message = f"nothing came for {idle_s:.0f} s, in the middle of a tool call"
                return Missed(failure=Failure(verdict=Verdict.BROKEN, message=message, status=200))
            return self._broken(trouble, f"no first token within {within_s:.0f} s")
        else:
            if isinstance(opened, OpenStream):
                connection = None
            return opened
        finally:
            if connection is not None:
                self._connections.give_back(connection)

    def _broken(self, trouble: Exception, too_late: str) -> Missed:
        if isinstance(trouble, CouldNotConnectError):
            return Missed(failure=Failure(verdict=Verdict.CONNECT, message=self._scrub(str(trouble))))
        if isinstance(trouble, NoneCameFreeError):
            return Missed(failure=Failure(verdict=Verdict.NO_ROOM, message=str(trouble)))
        if isinstance(trouble, trio.ClosedResourceError):  # nobody but its alarm closes a connection under us
            return Missed(failure=Failure(verdict=Verdict.NO_FIRST_TOKEN, message=too_late))
        return Missed(failure=Failure(verdict=Verdict.BROKEN, message=self._scrub(str(trouble))))

    async def _error_body(self, connection: Connection) -> bytes:
        """What came of a refusal's body, soon and up to a limit; its head alone says enough to move on."""
        connection.alarm.at = min(connection.alarm.at, trio.current_time() + ERROR_BODY_S)
        parts: list[bytes] = []
        left = self.error_bytes
        try:
            while left > 0 and isinstance(event := await next_event(connection), bytes):
                parts.append(event[:left])
                left -= len(event)
        except (WireBroken, ReplyBroken, trio.ClosedResourceError):
            pass
        return b"".join(parts)

    async def _until_commit(
        self,
        claim: Claim,
        connection: Connection,
        head: ReplyHead,
        reply: StreamReader,
        idle_s: float,
        begun: Callable[[], None],
    ) -> OpenStream | Missed:
        observations = self._judge.observations(claim, head)
        first, is_read, begun_at = b"", False, 0.0
        while not reply.committed:
            if reply.begun:
                connection.alarm.at = trio.current_time() + idle_s
                if not begun_at:
                    begun_at = trio.current_time()
                    begun()
            event = await next_event(connection)
            if isinstance(event, bytes):
                first = reply.feed(event)
            else:
                is_read = True
                reply.end()
            observations = observations or self._judge.plan_said(reply.plan)
            missed = self._judge.begun(claim, head, reply, observations)
            if missed is not None:
                return missed
        begun_at = begun_at or trio.current_time()
        connections, scrub = self._connections, self._scrub
        opened = OpenStream(connections, connection, reply, first, observations, scrub, begun_at=begun_at, is_read=is_read)
        opened.account = self._judge.account(claim, head)
        return opened


def _failure_of(result: Answered | OpenStream | Missed) -> Failure | None:
    return result.failure if isinstance(result, Missed) else None


def _missed_by(failure: Failure) -> Missed:
    return Missed(failure=failure)
