"""Sending: a request goes out to its provider, over a connection that was kept or a new one."""

import msgspec
import trio

from hrd.core.facts import Claim
from hrd.core.secrets import Secret
from hrd.dialects.passage import Prepared
from hrd.http.wire import WireBroken
from hrd.upstream.connections import Connection, Connections, Origin
from hrd.upstream.heads import Heads
from hrd.upstream.introductions import About


class CouldNotConnectError(Exception):
    """No connection: the request has not left."""


class NoneCameFreeError(Exception):
    """No connection, for want of room on our own side."""


class SendLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the way to a provider."""

    connect_s: float
    wait_s: float
    """For a connection that comes free, when nobody else can be asked (MAX_WAIT_SECONDS)."""


class Sender:
    """Sends requests over the connections to providers. Raises `CouldNotConnectError` or `NoneCameFreeError` for what never
    left; `WireBroken`, or `trio.ClosedResourceError` when the alarm rang, for what may have."""

    def __init__(self, *, connections: Connections, heads: Heads, limits: SendLimits) -> None:
        self._connections = connections
        self._heads = heads
        self.limits = limits
        """May be replaced: new requests go by it."""

    async def send(self, claim: Claim, prepared: Prepared, *, within_s: float, about: About, secret: Secret) -> Connection:
        """The connection over which the request has gone out; its alarm rings *within_s* seconds after. A request that never
        left is sent over a new one."""
        origin, head = self._heads.head_for(
            claim.candidate, prepared.path, len(prepared.body), secret, stream=prepared.as_stream, about=about
        )
        data = head + prepared.body
        connection = self._connections.take_idle(origin)
        if connection is not None:
            try:
                return await self._send_over(connection, data, within_s)
            except WireBroken as broken:
                if not broken.nothing_sent:
                    raise
        return await self._send_over(await self._connect(origin, is_last=claim.is_last), data, within_s)

    async def _send_over(self, connection: Connection, data: bytes, within_s: float) -> Connection:
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
