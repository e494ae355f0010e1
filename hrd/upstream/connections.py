"""Connections to providers: kept alive, reused newest first, and looked at before a request is spent on one.

One pool for each origin, of which so many may be open at once. A connection that went stale while it was idle is noticed by a
look at its socket; what cannot be noticed (a close that crosses our request) is a failed attempt, because a request that may
have left is not sent again.
"""

import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import trio

from hrd.http.alarms import NEVER, Alarm, Alarms
from hrd.http.client import ReplyReader
from hrd.http.limits import HttpLimits
from hrd.http.wire import TlsWire, Wire, WireBroken, connect_tcp, start_tls
from hrd.settings.proxies import Proxy
from hrd.upstream.tunnel import open_tunnel

RECEIVE_BUFFER_BYTES = 262_144
"""What the kernel may hold of a reply that a slow client has not taken."""

ORIGINS_MAX = 256
Transport = Wire | TlsWire


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port of a base URL, and the proxy by way of which it is asked."""

    is_tls: bool
    host: str
    port: int
    via: Proxy | None = None

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def origin_of(base_url: str) -> tuple[Origin, str]:
    """The origin of *base_url*, and its path without a trailing slash."""
    parts = urlsplit(base_url)
    is_tls = parts.scheme == "https"
    origin = Origin(is_tls, parts.hostname or "", parts.port or (443 if is_tls else 80))
    return origin, parts.path.rstrip("/")


class Connection:
    """One connection with its parser and its alarm, which closes it under whoever waits for it."""

    __slots__ = ("alarm", "has_rung", "idle_since", "origin", "reader", "transport")

    def __init__(self, origin: Origin, transport: Transport, reader: ReplyReader) -> None:
        self.origin = origin
        self.transport = transport
        self.reader = reader
        self.idle_since = 0.0
        self.alarm = Alarm(self._ring)
        self.has_rung = False

    def _ring(self) -> None:
        self.has_rung = True
        self.transport.close()


Connect = Callable[[Origin], Awaitable[Transport]]


class Trust(Protocol):
    """Where the context for TLS comes from: `SystemTrust`, or a test's own."""

    def __call__(self) -> ssl.SSLContext:
        """The context to connect with."""

    def look_again(self) -> None:
        """A certificate was not trusted; what is trusted may have changed meanwhile."""


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the connections to one origin, and of what comes over each."""

    open_max: int
    idle_max: int
    idle_s: float
    http: HttpLimits


class Connections:
    """All connections to providers. `connect` is the seam: how a transport comes to be."""

    def __init__(self, *, limits: ConnectionLimits, connect: Connect, alarms: Alarms) -> None:
        self.limits = limits
        """May be replaced: what happens from then on goes by it."""
        self._connect = connect
        self._alarms = alarms
        self._idle: dict[Origin, deque[Connection]] = {}
        self._open: dict[Origin, int] = {}
        """Connections, those that are just being made included."""
        self._waiting: dict[Origin, trio.lowlevel.ParkingLot] = {}

    @property
    def open_count(self) -> int:
        return sum(self._open.values())

    def take_idle(self, origin: Origin) -> Connection | None:
        """The connection that was used last, if it is still good."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            idle_s = trio.current_time() - connection.idle_since
            if idle_s < self.limits.idle_s and not connection.transport.stale():
                return connection
            self.close(connection)
        return None

    def has_room(self, origin: Origin) -> bool:
        """Whether one more may be opened."""
        return self._open.get(origin, 0) < self.limits.open_max

    async def wait_for_change(self, origin: Origin) -> None:
        """Wait until a connection is given back or closed; then look again, somebody else may have been faster."""
        lot = self._waiting.setdefault(origin, trio.lowlevel.ParkingLot())
        try:
            await lot.park()
        finally:
            if not lot and self._waiting.get(origin) is lot:
                del self._waiting[origin]

    async def open(self, origin: Origin) -> Connection:
        """A new connection. Raises `WireBroken` when the other side cannot be reached or its certificate is not good."""
        self._open[origin] = self._open.get(origin, 0) + 1
        transport: Transport | None = None
        try:
            transport = await self._connect(origin)
        finally:
            if transport is None:
                self._one_less(origin)
        connection = Connection(origin, transport, ReplyReader(self.limits.http))
        self._alarms.watch(connection.alarm)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep *connection* for the next request, if its reply is whole and there is room."""
        if not connection.reader.reusable or connection.has_rung:
            self.close(connection)
            return
        connection.alarm.at = NEVER
        idle = self._idle.get(connection.origin)
        if idle is None:
            if len(self._idle) >= ORIGINS_MAX:
                self.drop_idle()
            idle = self._idle[connection.origin] = deque()
        connection.idle_since = trio.current_time()
        idle.append(connection)
        if len(idle) > self.limits.idle_max:
            self.close(idle.popleft())
        elif self._waiting:
            self._wake(connection.origin)

    def close(self, connection: Connection) -> None:
        self._alarms.unwatch(connection.alarm)
        connection.transport.close()
        self._one_less(connection.origin)

    def _one_less(self, origin: Origin) -> None:
        self._open[origin] -= 1
        if not self._open[origin]:
            del self._open[origin]
        if self._waiting:
            self._wake(origin)

    def _wake(self, origin: Origin) -> None:
        """Whoever has waited longest for a connection to *origin* may look again."""
        lot = self._waiting.get(origin)
        if lot is not None:
            lot.unpark()

    def drop_idle(self) -> None:
        """Close what is idle: the machine slept, or we stop."""
        for idle in self._idle.values():
            while idle:
                self.close(idle.pop())
        self._idle.clear()

    def drop_expired(self) -> None:
        """Close what has been idle for too long; the daemon calls it now and then."""
        now = trio.current_time()
        for origin, idle in list(self._idle.items()):
            while idle and now - idle[0].idle_since >= self.limits.idle_s:
                self.close(idle.popleft())
            if not idle:
                del self._idle[origin]


class Dialer:
    """Connects over TCP, by way of the origin's proxy, and TLS with the certificates that *trust* trusts."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    async def connect(self, origin: Origin) -> Transport:
        via = origin.via
        host, port = (origin.host, origin.port) if via is None else (via.host, via.port)
        wire = await connect_tcp(host, port, receive_buffer_bytes=RECEIVE_BUFFER_BYTES)
        if not origin.is_tls:
            return wire
        if via is not None:
            await open_tunnel(wire, via, origin.host, origin.port)
        try:
            return await start_tls(wire, self._trust(), origin.host)
        except WireBroken as broken:
            if isinstance(broken.__cause__, ssl.SSLCertVerificationError):
                self._trust.look_again()
            raise
