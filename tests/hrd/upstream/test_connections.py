"""Connections to providers: kept, reused newest first, looked at before use; and TLS with those who are who they say."""

import datetime
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing
import trustme
from trio.testing import MockClock

from hrd.http.wire import TlsWire, Wire, WireBroken
from hrd.upstream.connections import Connection, Connections, Dialer, Origin, origin_of
from hrd.upstream.trust import SystemTrust
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import serve_tls

HOST = "localhost"


class Server:
    """Listens, and keeps what it accepted."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = Origin(False, "127.0.0.1", self.listener.getsockname()[1])
        self.accepted: list[socket.socket] = []

    def accept(self) -> socket.socket:
        sock, _ = self.listener.accept()
        self.accepted.append(sock)
        return sock

    def close(self) -> None:
        for sock in (self.listener, *self.accepted):
            sock.close()


@pytest.fixture
def server() -> object:
    made = Server()
    yield made
    made.close()


async def used(pool: Connections, server: Server, *, close: bool = False) -> Connection:
    """A connection over which one reply has come."""
    connection = await pool.open(server.origin)
    server.accept()
    answer(connection, close=close)
    return connection


def answer(connection: Connection, *, close: bool = False) -> None:
    connection.reader.begin("POST")
    header = b"connection: close\r\n" if close else b""
    connection.reader.feed(b"HTTP/1.1 200 OK\r\n%bcontent-length: 0\r\n\r\n" % header)
    while connection.reader.next_event() is not None:
        pass


@pytest.mark.parametrize(
    ("url", "origin", "path", "host"),
    [
        ("https://api.example.com/v1", Origin(True, "api.example.com", 443), "/v1", "api.example.com"),
        ("https://api.example.com:8443/", Origin(True, "api.example.com", 8443), "", "api.example.com:8443"),
        ("http://localhost:11434/v1/", Origin(False, "localhost", 11434), "/v1", "localhost:11434"),
        ("http://[::1]:8080/v1", Origin(False, "::1", 8080), "/v1", "[::1]:8080"),
        ("http://127.0.0.1", Origin(False, "127.0.0.1", 80), "", "127.0.0.1"),
    ],
)
def test_an_origin_is_read_from_a_base_url(url: str, origin: Origin, path: str, host: str) -> None:
    assert origin_of(url) == (origin, path)
    assert origin.host_header == host


async def test_the_newest_idle_connection_is_taken_first(pooled: Pooled, server: Server) -> None:
    pool = pooled()
    first, second = await used(pool, server), await used(pool, server)
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take_idle(server.origin) is second
    assert pool.take_idle(server.origin) is first
    assert pool.take_idle(server.origin) is None
    assert pool.open_count == 2
    for connection in (first, second):
        pool.close(connection)
    assert pool.open_count == 0


async def test_connections_are_of_their_origin(pooled: Pooled, server: Server) -> None:
    pool = pooled()
    pool.give_back(await used(pool, server))
    assert pool.take_idle(Origin(True, server.origin.host, server.origin.port)) is None
    pool.drop_idle()


async def test_a_connection_that_was_idle_too_long_is_not_used(
    autojump_clock: MockClock, pooled: Pooled, server: Server
) -> None:
    pool = pooled(idle_s=50.0)
    pool.give_back(await used(pool, server))
    await trio.sleep(49.9)
    connection = pool.take_idle(server.origin)
    assert connection is not None
    pool.give_back(connection)
    await trio.sleep(50)
    assert pool.take_idle(server.origin) is None
    assert pool.open_count == 0


@pytest.mark.parametrize("what", ["closed", "spoke", "reset"])
async def test_a_stale_connection_is_noticed_before_a_request_is_spent_on_it(pooled: Pooled, server: Server, what: str) -> None:
    pool = pooled()
    pool.give_back(await used(pool, server))
    peer = server.accepted[0]
    if what == "spoke":
        peer.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    else:
        if what == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
    assert pool.take_idle(server.origin) is None
    assert pool.open_count == 0


async def test_a_good_connection_behind_a_stale_one_is_found(pooled: Pooled, server: Server) -> None:
    pool = pooled()
    good, stale = await used(pool, server), await used(pool, server)
    pool.give_back(good)
    pool.give_back(stale)
    server.accepted[1].close()
    assert pool.take_idle(server.origin) is good
    pool.close(good)


async def test_what_cannot_be_reused_is_closed(pooled: Pooled, server: Server) -> None:
    pool = pooled()
    pool.give_back(await used(pool, server, close=True))
    unfinished = await pool.open(server.origin)
    unfinished.reader.begin("POST")
    pool.give_back(unfinished)
    rung = await used(pool, server)
    rung.alarm.ring()
    pool.give_back(rung)
    assert (pool.open_count, pool.take_idle(server.origin)) == (0, None)


async def test_no_more_are_kept_than_there_is_room_for(pooled: Pooled, server: Server) -> None:
    """The one that was idle longest goes."""
    pool = pooled(idle_max=2)
    made = [await used(pool, server) for _ in range(3)]
    for connection in made:
        pool.give_back(connection)
    assert pool.open_count == 2
    assert [pool.take_idle(server.origin), pool.take_idle(server.origin)] == [made[2], made[1]]
    for connection in made[1:]:
        pool.close(connection)


async def test_at_the_limit_there_is_room_again_when_one_is_closed(pooled: Pooled, server: Server) -> None:
    pool = pooled(open_max=2)
    first, second = await used(pool, server), await used(pool, server)
    assert not pool.has_room(server.origin)
    assert pool.has_room(Origin(True, server.origin.host, server.origin.port)), "each origin has its own"
    pool.close(first)
    assert pool.has_room(server.origin)
    pool.limits = msgspec.structs.replace(pool.limits, open_max=1)
    assert not pool.has_room(server.origin), "a new limit holds at once"
    pool.close(second)


@pytest.mark.parametrize("gives_up", [False, True], ids=["fails", "is given up"])
async def test_a_connection_counts_from_the_attempt_to_make_it(
    autojump_clock: MockClock, pooled: Pooled, server: Server, gives_up: bool
) -> None:
    async def never(_: Origin) -> Wire:
        await trio.sleep(7)
        raise WireBroken("nobody there")

    pool = pooled(open_max=1, connect=never)

    async def make() -> None:
        with trio.move_on_after(3 if gives_up else 10):
            try:
                await pool.open(server.origin)
            except WireBroken:
                pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(make)
        await trio.sleep(1)
        assert not pool.has_room(server.origin)
        await pool.wait_for_change(server.origin)
        assert (trio.current_time(), pool.has_room(server.origin)) == (3.0 if gives_up else 7.0, True)


async def test_each_change_wakes_one_who_waits_the_first_first(pooled: Pooled, server: Server) -> None:
    pool = pooled(open_max=2)
    made = [await used(pool, server), await used(pool, server)]
    woken: list[int] = []

    async def wait(number: int) -> None:
        await pool.wait_for_change(server.origin)
        woken.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(wait, number)
            await trio.testing.wait_all_tasks_blocked()
        for change, so_far in ((pool.give_back, [0]), (pool.close, [0, 1])):
            change(made.pop())
            await trio.testing.wait_all_tasks_blocked()
            assert woken == so_far
        nursery.cancel_scope.cancel()


async def test_expired_connections_are_closed_now_and_then(autojump_clock: MockClock, pooled: Pooled, server: Server) -> None:
    pool = pooled(idle_s=50.0)
    early, late = await used(pool, server), await used(pool, server)
    pool.give_back(early)
    await trio.sleep(30)
    pool.give_back(late)
    await trio.sleep(25)
    pool.drop_expired()
    assert pool.open_count == 1
    assert pool.take_idle(server.origin) is late
    pool.give_back(late)
    pool.drop_idle()
    assert (pool.open_count, pool.take_idle(server.origin)) == (0, None)


async def test_an_idle_connection_has_no_alarm_left(autojump_clock: MockClock, pooled: Pooled, server: Server) -> None:
    pool = pooled()
    connection = await used(pool, server)
    connection.alarm.at = trio.current_time() + 5.0
    pool.give_back(connection)
    await trio.sleep(20)
    assert pool.take_idle(server.origin) is connection
    assert not connection.has_rung
    pool.close(connection)


async def test_an_alarm_closes_the_connection_under_who_waits(
    autojump_clock: MockClock, pooled: Pooled, server: Server
) -> None:
    pool = pooled()
    connection = await used(pool, server)
    connection.alarm.at = trio.current_time() + 5.0
    with pytest.raises(trio.ClosedResourceError):
        await connection.transport.receive_some(100)
    assert (trio.current_time(), connection.has_rung) == (5.0, True)
    pool.close(connection)


async def test_nobody_listens(pooled: Pooled, server: Server) -> None:
    pool = pooled()
    server.listener.close()
    with pytest.raises(WireBroken, match="refused") as raised:
        await pool.open(server.origin)
    assert raised.value.nothing_sent
    assert pool.open_count == 0


async def test_a_dialed_wire_holds_little_that_a_slow_client_has_not_taken(server: Server) -> None:
    wire = await Dialer(SystemTrust()).connect(server.origin)
    assert isinstance(wire, Wire)
    assert wire.raw_socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * 262_144
    wire.close()


# TLS ---------------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def tls_server(certificate: trustme.LeafCert) -> AsyncIterator[Origin]:
    """One that says hello to whoever trusts it."""
    async with trio.open_nursery() as nursery:
        yield Origin(True, "127.0.0.1", await serve_tls(nursery, certificate))
        nursery.cancel_scope.cancel()


async def test_tls_with_somebody_the_machine_trusts(authority: trustme.CA) -> None:
    async with tls_server(authority.issue_cert("127.0.0.1")) as origin:
        wire = await Dialer(SystemTrust()).connect(origin)
        assert isinstance(wire, TlsWire)
        assert await wire.receive_some(10) == b"hello"
        wire.close()


def expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1", not_after=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        (lambda authority: authority.issue_cert("other.example"), "not valid for '127.0.0.1'"),
        (expired, "certificate has expired"),
        (lambda _: trustme.CA().issue_cert("127.0.0.1"), "unable to get local issuer certificate"),
    ],
    ids=["wrong host", "expired", "untrusted"],
)
async def test_tls_with_somebody_else_is_refused(authority: trustme.CA, certificate: object, why: str) -> None:
    assert callable(certificate)
    async with tls_server(certificate(authority)) as origin:
        with pytest.raises(WireBroken, match=why) as raised:
            await Dialer(SystemTrust()).connect(origin)
        assert raised.value.nothing_sent


async def test_a_certificate_that_is_trusted_meanwhile_is_taken(authority: trustme.CA, tmp_path: Path) -> None:
    """Somebody adds an authority to the system's store while the daemon runs."""
    added = trustme.CA()
    dialer = Dialer(SystemTrust())
    async with tls_server(added.issue_cert("127.0.0.1")) as origin:
        with pytest.raises(WireBroken, match="issuer"):
            await dialer.connect(origin)
        added.cert_pem.write_to_path(str(tmp_path / "bundle.pem"), append=True)
        wire = await dialer.connect(origin)
        wire.close()


async def test_tls_with_somebody_who_speaks_none(authority: trustme.CA, server: Server) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_speak_plainly, server)
        with pytest.raises(WireBroken, match=r"TLS with 127\.0\.0\.1 failed"):
            await Dialer(SystemTrust()).connect(Origin(True, "127.0.0.1", server.origin.port))


async def _speak_plainly(server: Server) -> None:
    await trio.lowlevel.wait_readable(server.listener)
    server.accept().send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
