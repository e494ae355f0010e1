"""Wires over real sockets on the loopback: what arrives, what breaks, and who is kept waiting."""

import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
import trustme
import truststore

from hrd.http.wire import OPERATIONS_PER_TURN, TlsWire, Transport, Wire, WireBroken, connect_tcp, start_tls

NAME = "api.example"


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    return near, far


@pytest.fixture
def pair() -> Iterator[tuple[Wire, socket.socket]]:
    near, far = tcp_pair()
    wire = Wire(near)
    yield wire, far
    near.close()
    far.close()


def reset(sock: socket.socket) -> None:
    """Close so that the peer gets a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def test_bytes_go_both_ways(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    await wire.send_all(b"hello")
    assert far.recv(10) == b"hello"
    far.sendall(b"world")
    assert await wire.receive_some(3) == b"wor"
    assert await wire.receive_some(3) == b"ld"


async def test_receiving_waits_for_bytes_and_for_the_end(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    got: list[bytes] = []

    async def receive() -> None:
        got.extend([await wire.receive_some(10), await wire.receive_some(10)])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        far.sendall(b"late")
        await trio.testing.wait_all_tasks_blocked(0.005)
        far.shutdown(socket.SHUT_WR)
    assert got == [b"late", b""]


async def test_more_than_the_kernel_takes_is_sent_as_it_is_read(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    reader = Wire(far)
    data = bytes(range(256)) * 16384  # 4 MiB
    got = bytearray()

    async def read() -> None:
        while len(got) < len(data):
            got.extend(await reader.receive_some(65536))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wire.send_all, data)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(read)
    assert got == data


async def test_reader_that_does_not_read_costs_less_than_a_mebibyte(pair: tuple[Wire, socket.socket]) -> None:
    """In the kernel, both directions' buffers of one stream through us together."""
    wire, _far = pair
    near, other = tcp_pair()
    upstream = Wire(near)
    with other:
        sent = wire.raw_socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        received = upstream.raw_socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        upstream.close()
    assert sent + received <= 512 * 1024


async def test_small_pieces_are_not_held_back(pair: tuple[Wire, socket.socket]) -> None:
    wire, _far = pair
    assert wire.raw_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_unix_sockets_are_wires_too() -> None:
    near, far = socket.socketpair()
    wire = Wire(near, send_buffer_bytes=None, receive_buffer_bytes=None)
    with far:
        await wire.send_all(b"hello")
        assert far.recv(10) == b"hello"
        assert wire.fileno() == near.fileno()
        await wire.aclose()
        assert far.recv(10) == b""
    assert wire.fileno() == -1


async def test_busy_wire_gives_way_after_its_turn(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    far.sendall(b"x" * 100)
    await wire.receive_some(1)  # waits, and comes back full: there is likely more at once
    assert await calls_in_a_turn(lambda: wire.receive_some(1)) == OPERATIONS_PER_TURN
    assert await calls_in_a_turn(lambda: wire.send_all(b"y")) == OPERATIONS_PER_TURN


async def calls_in_a_turn(call: Callable[[], Awaitable[object]]) -> int:
    """How often *call* comes back at once, before it lets others go first."""
    calls = 0
    with trio.CancelScope() as scope:  # a cancelled call fails exactly when it is a checkpoint
        scope.cancel()
        while True:
            await call()
            calls += 1
    return calls


async def test_turn_is_given_before_anything_is_taken(pair: tuple[Wire, socket.socket]) -> None:
    """A cancelled call has received nothing and sent nothing, so nothing is lost with it."""
    wire, far = pair
    far.sendall(b"x" * (1 + OPERATIONS_PER_TURN) + b"z")
    for _ in range(1 + OPERATIONS_PER_TURN):
        await wire.receive_some(1)
    with trio.CancelScope() as scope:
        scope.cancel()
        await wire.receive_some(1)
    assert scope.cancelled_caught
    assert await wire.receive_some(1) == b"z"


async def test_sending_without_waiting_says_how_much_went(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    assert wire.send_nowait(b": hello\n\n") == 9
    assert far.recv(100) == b": hello\n\n"
    data = b"x" * 1_000_000
    went = 0
    while sent := wire.send_nowait(data):
        went += sent
    assert 0 < went < 10_000_000, "a reader that does not read is full some time"
    reset(far)
    assert wire.send_nowait(data) == 0, "a failure shows at the next call"


async def test_saying_the_last_leaves_reading_open(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    wire.send_eof()
    assert far.recv(1) == b""
    far.sendall(b"hello")
    assert await wire.receive_some(10) == b"hello"
    wire.close()
    wire.send_eof()


async def test_idle_wire_is_fresh_until_the_peer_speaks_closes_or_resets() -> None:
    def nothing(_sock: socket.socket) -> None:
        """The peer stays silent."""

    ends: list[tuple[Callable[[socket.socket], object], bool]] = [
        (nothing, False),
        (lambda far: far.sendall(b"HTTP/1.1 408 Request Timeout\r\n"), True),
        (lambda far: far.shutdown(socket.SHUT_WR), True),
        (lambda far: far.close(), True),
        (reset, True),
    ]
    for end, stale in ends:
        near, far = tcp_pair()
        wire = Wire(near)
        end(far)
        assert wire.stale() is stale
        wire.close()
        assert wire.stale()
        far.close()


async def test_peer_that_reset_breaks_the_wire(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    reset(far)
    with pytest.raises(WireBroken, match="reset") as broken:
        await wire.receive_some(1)
    assert not broken.value.nothing_sent


async def test_send_that_fails_at_once_says_that_nothing_was_sent(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    reset(far)
    with pytest.raises(WireBroken) as broken:
        await wire.send_all(b"hello")
    assert broken.value.nothing_sent


async def test_send_that_fails_half_way_says_that_something_may_have_left(pair: tuple[Wire, socket.socket]) -> None:
    wire, far = pair
    broken: list[WireBroken] = []

    async def send() -> None:
        with pytest.raises(WireBroken) as info:
            await wire.send_all(b"x" * 8_000_000)
        broken.append(info.value)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked()
        reset(far)
    assert not broken[0].nothing_sent


async def test_broken_wire_is_what_pumps_over_trio_streams_expect() -> None:
    assert issubclass(WireBroken, trio.BrokenResourceError)


async def test_wire_that_we_closed_says_so(pair: tuple[Wire, socket.socket]) -> None:
    wire, _far = pair
    wire.close()
    wire.close()
    with pytest.raises(trio.ClosedResourceError):
        await wire.receive_some(1)
    with pytest.raises(trio.ClosedResourceError):
        await wire.send_all(b"x")


async def test_closing_wakes_who_waits(pair: tuple[Wire, socket.socket]) -> None:
    wire, _far = pair

    async def receive() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await wire.receive_some(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        wire.close()


async def test_socket_that_takes_no_options_is_a_broken_wire() -> None:
    near, far = tcp_pair()
    far.close()
    near.close()
    with pytest.raises(WireBroken, match="the connection failed") as broken:
        Wire(near)
    assert broken.value.nothing_sent


async def test_every_transport_will_do() -> None:
    async def echo(transport: Transport) -> None:
        await transport.send_all(bytes(await transport.receive_some(10)))
        await transport.aclose()

    near, far = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(echo, far)
        await near.send_all(b"hello")
        assert await near.receive_some(10) == b"hello"

    ours, theirs = tcp_pair()
    theirs.sendall(b"hello")
    await echo(Wire(ours))
    assert theirs.recv(10) == b"hello"
    theirs.close()


async def test_connecting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = await connect_tcp("localhost", listener.getsockname()[1])
        far, _ = listener.accept()
        with far:
            far.sendall(b"hello")
            assert await wire.receive_some(10) == b"hello"
            wire.close()


async def test_refused_connection_says_where_and_why_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WireBroken) as broken:
        await connect_tcp("127.0.0.1", port)
    assert broken.value.nothing_sent
    assert str(broken.value) == f"could not connect to 127.0.0.1 port {port}: Connection refused"


class Resolver(trio.abc.HostnameResolver):
    """Knows one name."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses

    async def getaddrinfo(  # type: ignore[override]  # IPv4 is all that it answers
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - trio's name for it
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]:
        if host != NAME.encode() or not isinstance(port, int):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in self.addresses]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        raise NotImplementedError


async def test_next_address_is_tried_when_the_first_refuses() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver(["127.0.0.9", "127.0.0.1"]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = await connect_tcp(NAME, listener.getsockname()[1])
        assert wire.raw_socket.getpeername() == listener.getsockname()
        wire.close()


async def test_all_addresses_refusing_is_one_reason() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver(["127.0.0.9", "127.0.0.8"]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WireBroken) as broken:
        await connect_tcp(NAME, port)
    assert str(broken.value).endswith(": Connection refused")


@pytest.mark.parametrize(("name", "reason"), [("nowhere.example", "Name or service not known"), ("a" * 64, "too long")])
async def test_name_that_nobody_has_is_a_broken_wire(name: str, reason: str) -> None:
    trio.socket.set_custom_hostname_resolver(Resolver([]))
    with pytest.raises(WireBroken, match=f"could not connect to {name} port 443: .*{reason}"):
        await connect_tcp(name, 443)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


TlsPair = tuple[TlsWire, trio.SSLStream[trio.SocketStream]]


@pytest.fixture
async def tls_pair(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> AsyncIterator[TlsPair]:
    async with open_tls_pair(server_context, client_context) as pair:
        yield pair


@asynccontextmanager
async def open_tls_pair(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> AsyncIterator[TlsPair]:
    near, far_sock = tcp_pair()
    far = trio.SSLStream(trio.SocketStream(trio.socket.from_stdlib_socket(far_sock)), server_context, server_side=True)
    wires: list[TlsWire] = []

    async def start() -> None:
        wires.append(await start_tls(Wire(near), client_context, NAME))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(start)
        await far.do_handshake()
    yield wires[0], far
    wires[0].close()
    await trio.aclose_forcefully(far)


async def test_tls_carries_bytes_both_ways(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    await wire.send_all(b"hello")
    assert await far.receive_some(10) == b"hello"
    await far.send_all(b"world")
    assert await wire.receive_some(3) == b"wor"
    assert await wire.receive_some(10) == b"ld"


async def test_tls_carries_much_in_both_directions_at_once(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    data = bytes(range(256)) * 4096  # 1 MiB
    got: dict[str, bytearray] = {"near": bytearray(), "far": bytearray()}

    async def read(name: str, transport: Transport) -> None:
        while len(got[name]) < len(data):
            got[name].extend(await transport.receive_some(65536))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, "near", wire)
        nursery.start_soon(read, "far", far)
        nursery.start_soon(wire.send_all, data)
        nursery.start_soon(far.send_all, data)
    assert got == {"near": data, "far": data}


async def test_tls_session_tickets_do_not_make_an_idle_wire_stale(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    assert wire.raw_socket.version() == "TLSv1.3"
    assert not wire.stale()
    await far.send_all(b"unasked")
    assert wire.stale()


async def test_tls_peer_that_closed_makes_an_idle_wire_stale(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    far.transport_stream.socket.close()
    assert wire.stale()
    assert await wire.receive_some(10) == b"", "the end without a goodbye is an end all the same"


async def test_tls_goodbye_is_an_end(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    async with trio.open_nursery() as nursery:
        nursery.start_soon(far.aclose)
        assert await wire.receive_some(10) == b""
        await wire.aclose()
    assert wire.fileno() == -1


async def test_tls_says_goodbye(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    await wire.aclose()
    assert await far.receive_some(10) == b""


async def test_tls_that_breaks_says_whether_anything_left(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    reset(socket.socket(fileno=far.transport_stream.socket.detach()))
    with pytest.raises(WireBroken) as broken:
        await wire.send_all(b"hello")
    assert broken.value.nothing_sent


async def test_tls_record_that_nobody_can_read_breaks_the_wire(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    await far.transport_stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(WireBroken) as broken:
        await wire.receive_some(1)
    assert not broken.value.nothing_sent


async def test_tls_that_we_closed_says_so(tls_pair: TlsPair) -> None:
    wire, _far = tls_pair
    wire.close()
    wire.close()
    with pytest.raises(trio.ClosedResourceError):
        await wire.receive_some(1)
    with pytest.raises(trio.ClosedResourceError):
        await wire.send_all(b"x")


async def test_busy_tls_wire_gives_way_after_its_turn(tls_pair: TlsPair) -> None:
    wire, far = tls_pair
    await far.send_all(b"x" * 100)
    assert await wire.receive_some(1) == b"x"
    assert await calls_in_a_turn(lambda: wire.receive_some(1)) == OPERATIONS_PER_TURN - 1
    assert await calls_in_a_turn(lambda: wire.send_all(b"y")) == OPERATIONS_PER_TURN


async def test_context_of_the_system_trust_store_will_do(server_context: ssl.SSLContext, authority: trustme.CA) -> None:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    async with open_tls_pair(server_context, context) as (wire, far):
        await far.send_all(b"hello")
        assert await wire.receive_some(10) == b"hello"
    await tls_is_refused(server_context, context, "other.example", "other.example.*certificate")


async def test_certificate_of_another_name_is_refused(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    await tls_is_refused(server_context, client_context, "other.example", "other.example.*certificate")


async def test_certificate_of_an_unknown_authority_is_refused(server_context: ssl.SSLContext) -> None:
    await tls_is_refused(server_context, ssl.create_default_context(), NAME, "certificate")


async def tls_is_refused(server: ssl.SSLContext, client: ssl.SSLContext, name: str, message: str) -> None:
    near, far_sock = tcp_pair()
    far = trio.SSLStream(trio.SocketStream(trio.socket.from_stdlib_socket(far_sock)), server, server_side=True)

    async def serve() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await far.do_handshake()
        await trio.aclose_forcefully(far)

    wire = Wire(near)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        with pytest.raises(WireBroken, match=message) as broken:
            await start_tls(wire, client, name)
    assert broken.value.nothing_sent
    assert isinstance(broken.value.__cause__, ssl.SSLCertVerificationError)
    assert wire.fileno() == -1


async def test_peer_that_speaks_no_tls_is_refused(client_context: ssl.SSLContext) -> None:
    near, far = tcp_pair()
    with far:
        far.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(WireBroken, match="TLS with"):
            await start_tls(Wire(near), client_context, NAME)


async def test_peer_that_closes_inside_the_handshake_is_refused(client_context: ssl.SSLContext) -> None:
    near, far = tcp_pair()
    wire = Wire(near)
    far.shutdown(socket.SHUT_WR)
    with far, pytest.raises(WireBroken, match="TLS with"):
        await start_tls(wire, client_context, NAME)


async def test_cancelled_handshake_leaves_no_socket_behind(client_context: ssl.SSLContext) -> None:
    near, far = tcp_pair()
    wire = Wire(near)
    with trio.move_on_after(0.02) as scope:
        await start_tls(wire, client_context, NAME)
    assert scope.cancelled_caught
    with far:
        assert far.recv(5)[:1] == b"\x16"
        while far.recv(65536):
            """The client hello, then the end."""


async def test_name_that_is_no_name_is_refused(client_context: ssl.SSLContext) -> None:
    near, far = tcp_pair()
    with far, pytest.raises(WireBroken, match="TLS with"):
        await start_tls(Wire(near), client_context, "")
