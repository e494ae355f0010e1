"""One attempt: a request to one candidate, up to the commit point of its reply.

Whatever can go wrong before that comes back as a `Missed`, read from what the provider said; nothing is raised but
cancellation, which is the caller's. After the commit point an `OpenStream` yields the rest.
"""

from collections.abc import Callable
from functools import partial

import msgspec
import trio

from hrd.core.facts import Claim
from hrd.core.failures import Failure, Observation, Verdict
from hrd.core.secrets import Secret
from hrd.dialects.contract import Ending, StreamReader, WholeReply
from hrd.dialects.passage import Prepared
from hrd.http.alarms import NEVER
from hrd.http.messages import END_OF_MESSAGE, ReplyBroken, ReplyHead
from hrd.http.wire import WireBroken
from hrd.upstream.connections import Connection, Connections, Origin
from hrd.upstream.failures import read_error_object, read_failure
from hrd.upstream.heads import Heads
from hrd.upstream.introductions import NOTHING, About
from hrd.upstream.passes import Passes, show
from hrd.upstream.plan_limits import read_plan_said
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.details import account_in_head

RECEIVE_BYTES = 65_536
ERROR_BODY_S = 2.0
"""How long the body of a refusal may take: its status says enough to move on."""
END_S = 0.05
"""How long the end of a message whose terminator event was read may take; after that the connection is not kept."""


class AttemptLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one attempt."""

    connect_s: float
    error_bytes: int
    wait_s: float
    """For a connection that comes free, when nobody else can be asked (MAX_WAIT_SECONDS)."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt failed before its commit point."""

    failure: Failure
    observations: tuple[Observation, ...] = ()
    empty: WholeReply | None = None
    """An empty reply: it is the answer if everybody's is empty."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A whole reply, well-formed and with content."""

    reply: WholeReply
    observations: tuple[Observation, ...]
    account: str = ""
    """Whose key it was, if the reply says so."""


class OpenStream:
    """A stream past its commit point. `first` is what goes out of it first. Ends with `close`, which is synchronous."""

    def __init__(
        self,
        connections: Connections,
        connection: Connection,
        reply: StreamReader,
        first: bytes,
        observations: tuple[Observation, ...],
        scrub: Callable[[str], str],
        *,
        begun_at: float,
        is_read: bool,
    ) -> None:
        """*is_read*: the end of the message has come already."""
        self._scrub = scrub
        self.reply = reply
        self.begun_at = begun_at
        """By trio's clock: when it began. A call that is sent on whole begins long before its commit point."""
        self.first = first
        self.observations = observations
        self.account = ""
        """Whose key it was, if the reply says so."""
        self.broken_by = ""
        """Why the stream ended too early; empty while it is well."""
        self._connections = connections
        self._connection: Connection | None = connection
        self._is_read = is_read
        connection.alarm.at = NEVER  # the attempt's own time is over; from here a slow client is nobody's fault

    async def next(self, within_s: float) -> bytes | None:
        """The next bytes for the client; None when the stream is over. See `reply.finished` and `broken_by` then."""
        connection = self._connection
        if connection is None or self.broken_by or self.reply.finished:
            return None
        connection.alarm.at = trio.current_time() + within_s
        try:
            event = await _next_event(connection)
        except (WireBroken, ReplyBroken, trio.ClosedResourceError) as broken:
            self.broken_by = f"nothing came for {within_s:.0f} s" if connection.has_rung else self._scrub(str(broken))
            return None
        connection.alarm.at = NEVER
        if isinstance(event, bytes):
            data = self.reply.feed(event)
            self._look_for_trouble()
            return data
        self._is_read = True
        if self.reply.end() is not Ending.COMPLETE:
            self.broken_by = "the provider ended the stream in the middle"
        return None

    def _look_for_trouble(self) -> None:
        if self.reply.error is not None:
            self.broken_by = self._scrub(error_text(self.reply.error))
        elif self.reply.broken:
            self.broken_by = self._scrub(self.reply.broken)

    async def settle_connection(self) -> None:
        """The reply's terminator was read; take the end of the message too, so that the connection can be kept."""
        connection = self._connection
        if connection is not None and not self._is_read:
            with trio.move_on_after(END_S):
                try:
                    while isinstance(await _next_event(connection), bytes):
                        pass
                except (WireBroken, ReplyBroken, trio.ClosedResourceError):
                    pass
        self.close()

    def close(self) -> None:
        """Keep the connection if its reply was read to the end, else cancel what the provider still does."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._connections.give_back(connection)


class Attempts:
    """Makes attempts over the connections to providers."""

    def __init__(
        self,
        *,
        connections: Connections,
        heads: Heads,
        passes: Passes,
        limits: AttemptLimits,
        scrub: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._heads = heads
        self._passes = passes
        self.limits = limits
        """May be replaced: new attempts go by it."""
        self._scrub = scrub
        self._now = now

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
            connection = await self._sent(claim, prepared, within_s, about, secret or credential.secret)
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
                return await self._refused(claim, connection, head)
            data = reader.take_body()
            if data is None:
                data = await _rest(connection)
            return self._judge_whole(claim, head, data, prepared)
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
            connection = await self._sent(claim, prepared, within_s, about, secret or credential.secret)
            head = await _reply_head(connection)
            if head.status != 200:
                return await self._refused(claim, connection, head)
            if not _is_event_stream(head, is_typed=prepared.is_typed):
                return self._odd(claim, head, await self._error_body(connection))
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

    async def _sent(self, claim: Claim, prepared: Prepared, within_s: float, about: About, secret: Secret) -> Connection:
        """A connection over which the request has gone out. A request that never left is sent over a new one."""
        origin, head = self._heads.head_for(
            claim.candidate, prepared.path, len(prepared.body), secret, stream=prepared.as_stream, about=about
        )
        data = head + prepared.body
        connection = self._connections.take_idle(origin)
        if connection is not None:
            try:
                return await self._send(connection, data, within_s)
            except WireBroken as broken:
                if not broken.nothing_sent:
                    raise
        return await self._send(await self._connect(origin, is_last=claim.is_last), data, within_s)

    async def _send(self, connection: Connection, data: bytes, within_s: float) -> Connection:
        is_sent = False
        try:
            connection.reader.begin("POST")
            connection.alarm.at = trio.current_time() + within_s
            await connection.transport.send_all(data)
            is_sent = True
        finally:
            if not is_sent:
                self._connections.close(connection)
        return connection

    async def _connect(self, origin: Origin, *, is_last: bool) -> Connection:
        if not self._connections.has_room(origin):
            connection = await self._come_free(origin, self.limits.wait_s if is_last else self.limits.connect_s)
            if connection is not None:
                return connection
        with trio.move_on_after(self.limits.connect_s):
            try:
                return await self._connections.open(origin)
            except WireBroken as broken:
                raise CouldNotConnectError(str(broken)) from None
        limit = f"within {self.limits.connect_s:.0f} s"
        raise CouldNotConnectError(f"could not connect to {origin.host} port {origin.port} {limit}")

    async def _come_free(self, origin: Origin, within_s: float) -> Connection | None:
        """As many connections are open as may be: the first that is given back, or None when a new one may be opened."""
        with trio.move_on_after(within_s):
            while not self._connections.has_room(origin):
                await self._connections.wait_for_change(origin)
                connection = self._connections.take_idle(origin)
                if connection is not None:
                    return connection
            return None
        limit = self._connections.limits.open_max
        raise NoneCameFreeError(f"all {limit} connections to {origin.host} are busy (MAX_UPSTREAM_CONNECTIONS)")

    async def _refused(self, claim: Claim, connection: Connection, head: ReplyHead) -> Missed:
        """Anything but 200: what the provider says about it, if it says so soon and briefly."""
        return self._missed(claim, head, await self._error_body(connection))

    async def _error_body(self, connection: Connection) -> bytes:
        """What came of a refusal's body, soon and up to a limit; its head alone says enough to move on."""
        connection.alarm.at = min(connection.alarm.at, trio.current_time() + ERROR_BODY_S)
        parts: list[bytes] = []
        left = self.limits.error_bytes
        try:
            while left > 0 and isinstance(event := await _next_event(connection), bytes):
                parts.append(event[:left])
                left -= len(event)
        except (WireBroken, ReplyBroken, trio.ClosedResourceError):
            pass
        return b"".join(parts)

    def _missed(self, claim: Claim, head: ReplyHead, body: bytes) -> Missed:
        now = self._now()
        provider = claim.candidate.provider
        failure = read_failure(
            provider.reader, head.status, head.headers.last_values(), body, now, zone=provider.reset_zone, scrub=self._scrub
        )
        return Missed(failure=failure, observations=self._observations(claim, head))

    def _observations(self, claim: Claim, head: ReplyHead) -> tuple[Observation, ...]:
        return tuple(read_limits(claim.candidate.provider.reader, head.headers.last_values(), self._now()))

    def _account(self, claim: Claim, head: ReplyHead) -> str:
        """The account that the reply names, where nobody has said so before."""
        candidate = claim.candidate
        if candidate.credential.account or candidate.credential.signs_in:
            return ""
        name = account_in_head(candidate.provider.reader, head.headers.last_values())
        return name if not name or self._scrub(name) == name else ""

    def _judge_whole(self, claim: Claim, head: ReplyHead, data: bytes, prepared: Prepared) -> Answered | Missed:
        observations = self._observations(claim, head)
        if prepared.as_stream:
            if not _is_event_stream(head, is_typed=prepared.is_typed):
                return self._odd(claim, head, data)
        elif not _is_json(head, data):
            return Missed(failure=self._wrong_type(head), observations=observations)
        reply = prepared.read_whole(data)
        observations = observations or tuple(read_plan_said(reply.plan, self._now()))
        if reply.error is not None:
            return Missed(failure=self._said_in_200(claim, head, reply.error), observations=observations)
        if reply.broken:
            failure = Failure(verdict=Verdict.BROKEN, message=self._scrub(reply.broken), status=200)
            return Missed(failure=failure, observations=observations)
        if reply.empty:
            failure = Failure(verdict=Verdict.EMPTY, message="the reply was empty", status=200)
            return Missed(failure=failure, observations=observations, empty=reply)
        return Answered(reply=reply, observations=observations, account=self._account(claim, head))

    def _odd(self, claim: Claim, head: ReplyHead, body: bytes) -> Missed:
        """A 200 that is no stream: an error object, if it is one, and else not what was asked for."""
        observations = self._observations(claim, head)
        try:
            said = msgspec.json.decode(body, type=dict[str, object])
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, and none of msgspec's
            said = {}
        if said.get("error"):
            return Missed(failure=self._said_in_200(claim, head, said), observations=observations)
        return Missed(failure=self._wrong_type(head), observations=observations)

    async def _until_commit(
        self,
        claim: Claim,
        connection: Connection,
        head: ReplyHead,
        reply: StreamReader,
        idle_s: float,
        begun: Callable[[], None],
    ) -> OpenStream | Missed:
        observations = self._observations(claim, head)
        first, is_read, begun_at = b"", False, 0.0
        while not reply.committed:
            if reply.begun:
                connection.alarm.at = trio.current_time() + idle_s
                if not begun_at:
                    begun_at = trio.current_time()
                    begun()
            event = await _next_event(connection)
            if isinstance(event, bytes):
                first = reply.feed(event)
            else:
                is_read = True
                reply.end()
            observations = observations or tuple(read_plan_said(reply.plan, self._now()))
            # What shares its read with an error has not gone out yet, so somebody else may still answer.
            if reply.error is not None:
                return Missed(failure=self._said_in_200(claim, head, reply.error), observations=observations)
            if reply.broken:
                failure = Failure(verdict=Verdict.BROKEN, message=self._scrub(reply.broken), status=200)
                return Missed(failure=failure, observations=observations)
            if reply.finished and not reply.committed:
                failure = Failure(verdict=Verdict.EMPTY, message="the reply was empty", status=200)
                return Missed(failure=failure, observations=observations, empty=_as_whole(reply))
        begun_at = begun_at or trio.current_time()
        connections, scrub = self._connections, self._scrub
        opened = OpenStream(connections, connection, reply, first, observations, scrub, begun_at=begun_at, is_read=is_read)
        opened.account = self._account(claim, head)
        return opened

    def _said_in_200(self, claim: Claim, head: ReplyHead, error: dict[str, object]) -> Failure:
        provider = claim.candidate.provider
        return read_error_object(
            provider.reader, error, head.headers.last_values(), self._now(), zone=provider.reset_zone, scrub=self._scrub
        )

    def _wrong_type(self, head: ReplyHead) -> Failure:
        said = (head.headers.get(b"content-type") or b"nothing").decode("latin-1")[:80]
        message = f"the content type of the reply is {said}, which was not asked for"
        return Failure(verdict=Verdict.WRONG_TYPE, message=self._scrub(message), status=head.status)


class CouldNotConnectError(Exception):
    """No connection: the request has not left."""


class NoneCameFreeError(Exception):
    """No connection, for want of room on our own side."""


_TROUBLE = (WireBroken, ReplyBroken, trio.ClosedResourceError, CouldNotConnectError, NoneCameFreeError)


def _failure_of(result: Answered | OpenStream | Missed) -> Failure | None:
    return result.failure if isinstance(result, Missed) else None


def _missed_by(failure: Failure) -> Missed:
    return Missed(failure=failure)


def error_text(error: dict[str, object]) -> str:
    """The message of an error object, for people."""
    inner = error.get("error", error)
    message = inner.get("message") if isinstance(inner, dict) else inner
    return str(message)[:600] if message else "the provider reported an error in the stream"


def _as_whole(reply: StreamReader) -> WholeReply:
    """An empty stream, to be kept until it is known whether everybody's reply is."""
    return WholeReply(body=reply.last, usage=reply.usage(), empty=True, finish_reason=reply.finish_reason)


def _is_event_stream(head: ReplyHead, *, is_typed: bool) -> bool:
    """The promised type; who does not name types is believed when it names none."""
    content_type = head.headers.get(b"content-type")
    if content_type is None:
        return not is_typed
    return content_type[:17].lower() == b"text/event-stream"


def _is_json(head: ReplyHead, data: bytes) -> bool:
    """The promised type; a provider that forgot to name the type is believed if it looks like JSON."""
    content_type = head.headers.get(b"content-type")
    if content_type is None:
        return data[:1] in (b"{", b"[")
    return b"json" in content_type.lower()


async def _next_event(connection: Connection) -> object:
    """The next event of the reply, after the head: bytes or the end of the message."""
    reader, transport = connection.reader, connection.transport
    while (event := reader.next_event()) is None:
        data = await transport.receive_some(RECEIVE_BYTES)
        if data:
            reader.feed(data)
        else:
            reader.feed_eof()
    return event


async def _reply_head(connection: Connection) -> ReplyHead:
    head = await _next_event(connection)
    assert isinstance(head, ReplyHead), "a reply begins with its head"
    return head


async def _rest(connection: Connection) -> bytes:
    """The whole body that follows."""
    first = await _next_event(connection)
    if first is END_OF_MESSAGE:
        return b""
    parts = [first]
    while (event := await _next_event(connection)) is not END_OF_MESSAGE:
        parts.append(event)
    return b"".join(part for part in parts if isinstance(part, bytes))
