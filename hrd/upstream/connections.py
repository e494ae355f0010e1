"""Connections to providers: kept alive, reused newest first, and looked at before a request is spent on one.

One pool for each origin. A connection that went stale while it was idle is noticed by a look at its socket; what cannot be
noticed (a close that crosses our request) is a failed attempt, because a request that may have left is not sent again.
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

RECEIVE_BUFFER_BYTES = 262_144
"""What the kernel may hold of a reply that a slow client has not taken."""

ORIGINS_MAX = 256
Transport = Wire | TlsWire


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port of a base URL."""

    is_tls: bool
    host: str
    port: int

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


class Connections:
    """All connections to providers. `connect` is the seam: how a transport comes to be."""

    def __init__(self, *, limits: HttpLimits, idle_s: float, idle_max: int, connect: Connect, alarms: Alarms) -> None:
        self._limits = limits
        self._idle_s = idle_s
        self._idle_max = idle_max
        self._connect = connect
        self._alarms = alarms
        self._idle: dict[Origin, deque[Connection]] = {}
        self.open_count = 0

    def take_idle(self, origin: Origin) -> Connection | None:
        """The connection that was used last, if it is still good."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            idle_s = trio.current_time() - connection.idle_since
            if idle_s < self._idle_s and not connection.transport.stale():
                return connection
            self.close(connection)
        return None

    async def open(self, origin: Origin) -> Connection:
        """A new connection. Raises `WireBroken` when the other side cannot be reached or its certificate is not good."""
        transport = await self._connect(origin)
        self.open_count += 1
        connection = Connection(origin, transport, ReplyReader(self._limits))
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
        if len(idle) > self._idle_max:
            self.close(idle.popleft())

    def close(self, connection: Connection) -> None:
        self.open_count -= 1
        self._alarms.unwatch(connection.alarm)
        connection.transport.close()

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
            while idle and now - idle[0].idle_since >= self._idle_s:
                self.close(idle.popleft())
            if not idle:
                del self._idle[origin]


class Dialer:
    """Connects over TCP, and TLS with the certificates that *trust* trusts."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    async def connect(self, origin: Origin) -> Transport:
        wire = await connect_tcp(origin.host, origin.port, receive_buffer_bytes=RECEIVE_BUFFER_BYTES)
        if not origin.is_tls:
            return wire
        try:
            return await start_tls(wire, self._trust(), origin.host)
        except WireBroken as broken:
            if isinstance(broken.__cause__, ssl.SSLCertVerificationError):
                self._trust.look_again()
            raise
