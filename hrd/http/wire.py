"""Bytes over sockets, with trio, as thinly as it goes.

Sending tries the system call first and waits only when that would block; receiving waits first, because what is asked for has
mostly not come yet, and goes on without waiting while its buffer comes back full. So that such a connection cannot keep
everybody else waiting, every OPERATIONS_PER_TURN-th call in a row that did not wait is a checkpoint first, before anything is
taken from or given to the socket.

Every failure is WireBroken (or trio.ClosedResourceError, for a wire that we closed ourselves); no OSError passes.
"""

import os
import select
import socket
import ssl
from typing import Final, Protocol

import trio

OPERATIONS_PER_TURN: Final = 16
BUFFER_BYTES: Final = 128 * 1024
"""What the kernel is asked to hold for one direction of one connection; Linux doubles it for its own bookkeeping. A reader that
does not read costs its own send buffer and its upstream's receive buffer: half a MiB."""


class WireBroken(trio.BrokenResourceError):
    """The connection failed. *nothing_sent*: not one byte of what was to be sent had left when it did."""

    def __init__(self, message: str, *, nothing_sent: bool = False) -> None:
        super().__init__(message)
        self.nothing_sent = nothing_sent


class Transport(Protocol):
    """What a pump needs: Wire, TlsWire and trio's own streams have it. Broken is trio.BrokenResourceError in all of them."""

    async def receive_some(self, max_bytes: int, /) -> bytes | bytearray: ...

    async def send_all(self, data: bytes, /) -> None: ...

    async def aclose(self) -> None: ...


class Wire:
    """A connected stream socket (TCP or Unix)."""

    __slots__ = ("_has_more", "_operations", "_poll", "_sock")

    def __init__(
        self,
        sock: socket.socket,
        *,
        send_buffer_bytes: int | None = BUFFER_BYTES,
        receive_buffer_bytes: int | None = BUFFER_BYTES,
    ) -> None:
        """Takes *sock* over. A buffer size of None leaves it to the kernel."""
        self._sock = sock
        self._operations = 0
        self._has_more = False
        self._poll: select.poll | None = None
        try:
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if send_buffer_bytes is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
            if receive_buffer_bytes is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        except OSError as error:  # some systems refuse options on a connection that is already gone
            sock.close()
            raise WireBroken(f"the connection failed: {_words(error)}", nothing_sent=True) from error

    @property
    def raw_socket(self) -> socket.socket:
        """The socket itself, for questions (peer name, credentials); not for reading or writing."""
        return self._sock

    def fileno(self) -> int:
        return self._sock.fileno()

    async def receive_some(self, max_bytes: int, /) -> bytes:
        """Between 1 and *max_bytes* bytes as soon as there are any; b"" when the peer has said its last.

        Asked for before anything can have come (a reply right after its request, the next request right after its reply), so
        it waits first; only after a read that filled its buffer is there likely more at once."""
        while True:
            if self._has_more and self._operations < OPERATIONS_PER_TURN:
                self._operations += 1
            elif self._sock.fileno() < 0:
                raise trio.ClosedResourceError("this wire was closed")
            else:
                self._operations = 0
                await trio.lowlevel.wait_readable(self._sock)
            try:
                data = self._sock.recv(max_bytes)
            except BlockingIOError:
                self._has_more = False
                continue
            except OSError as error:
                raise _translated(self._sock, error) from error
            self._has_more = len(data) == max_bytes
            return data

    async def send_all(self, data: bytes, /) -> None:
        """Hand *data* to the kernel. After WireBroken or cancellation part of it may have left."""
        if self._operations >= OPERATIONS_PER_TURN:
            await self._give_way()
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise _translated(self._sock, error, nothing_sent=True) from error
        self._operations += 1
        if sent < len(data):
            await self._send_rest(memoryview(data), sent)

    def send_nowait(self, data: bytes) -> int:
        """Hand the kernel what it takes of *data* at once, and say how much that was. A failure shows at the next call."""
        try:
            return self._sock.send(data)
        except OSError:
            return 0

    def send_eof(self) -> None:
        """Say that nothing more comes; reading goes on."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stale(self) -> bool:
        """Whether an idle connection is of no further use: the peer closed it, it failed, or the peer spoke unasked.

        Asked before every request, and mostly not so: a question whose usual answer is no exception."""
        if self._poll is None:
            if self._sock.fileno() < 0:
                return True
            self._poll = select.poll()
            self._poll.register(self._sock, select.POLLIN)
        return bool(self._poll.poll(0))

    def close(self) -> None:
        """At once, without waiting; whoever waits on the wire gets trio.ClosedResourceError."""
        _close(self._sock)

    async def aclose(self) -> None:
        self.close()
        await trio.lowlevel.checkpoint()

    def detach(self) -> socket.socket:
        """Give the socket away; the wire is closed, the connection is not."""
        trio.lowlevel.notify_closing(self._sock)
        return socket.socket(fileno=self._sock.detach())

    async def _give_way(self) -> None:
        self._operations = 0
        await trio.lowlevel.checkpoint()

    async def _send_rest(self, data: memoryview, sent: int) -> None:
        while sent < len(data):
            self._operations = 0
            await trio.lowlevel.wait_writable(self._sock)
            try:
                sent += self._sock.send(data[sent:])
            except BlockingIOError:
                continue
            except OSError as error:
                raise _translated(self._sock, error, nothing_sent=sent == 0) from error


class TlsWire:
    """The same over TLS; OpenSSL reads and writes the socket itself. Made by start_tls()."""

    __slots__ = ("_operations", "_sock")

    def __init__(self, sock: ssl.SSLSocket) -> None:
        """Takes *sock* over, whose handshake is done."""
        self._sock = sock
        self._operations = 0

    @property
    def raw_socket(self) -> ssl.SSLSocket:
        """The socket itself, for questions (peer name, certificate); not for reading or writing."""
        return self._sock

    def fileno(self) -> int:
        return self._sock.fileno()

    async def receive_some(self, max_bytes: int, /) -> bytes:
        """Between 1 and *max_bytes* bytes as soon as there are any; b"" when the peer has said its last.

        A close without TLS's own goodbye counts as one: providers do it, and each message tells its end itself.
        """
        if self._operations >= OPERATIONS_PER_TURN:
            await self._give_way()
        while True:
            try:
                data = self._sock.recv(max_bytes)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                await self._wait(want)
            except OSError as error:
                raise _translated(self._sock, error) from error
            else:
                self._operations += 1
                return data

    async def send_all(self, data: bytes, /) -> None:
        """Hand *data* to the kernel. After WireBroken or cancellation part of it may have left."""
        if self._operations >= OPERATIONS_PER_TURN:
            await self._give_way()
        sent = 0
        rest = memoryview(data)
        while sent < len(data):
            try:
                sent += self._sock.send(rest[sent:])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                await self._wait(want)
            except OSError as error:
                # Part of a first record may have left; without its end nobody can read it.
                raise _translated(self._sock, error, nothing_sent=sent == 0) from error
        self._operations += 1

    def stale(self) -> bool:
        """Whether an idle connection is of no further use. Session tickets, which come late, are taken in by asking."""
        try:
            self._sock.recv(1)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """At once, without waiting and without TLS's goodbye; who waits on the wire gets trio.ClosedResourceError."""
        _close(self._sock)

    async def aclose(self) -> None:
        """Say goodbye if the socket takes it at once, then close."""
        try:
            self._sock.unwrap()
        except (OSError, ValueError):
            pass
        self.close()
        await trio.lowlevel.checkpoint()

    async def _give_way(self) -> None:
        self._operations = 0
        await trio.lowlevel.checkpoint()

    async def _wait(self, want: ssl.SSLError) -> None:
        self._operations = 0
        await _wait_for(self._sock, want)


async def connect_tcp(
    host: str,
    port: int,
    *,
    send_buffer_bytes: int | None = None,
    receive_buffer_bytes: int | None = BUFFER_BYTES,
) -> Wire:
    """A connection to the first address of *host* that takes one (RFC 8305); WireBroken says why none did."""
    try:
        stream = await trio.open_tcp_stream(host, port)
    except (OSError, UnicodeError) as error:  # the latter for a name that cannot be one
        raise WireBroken(_reasons(f"could not connect to {host} port {port}", error), nothing_sent=True) from error
    sock = socket.socket(fileno=stream.socket.detach())
    return Wire(sock, send_buffer_bytes=send_buffer_bytes, receive_buffer_bytes=receive_buffer_bytes)


async def start_tls(wire: Wire, ssl_context: ssl.SSLContext, server_hostname: str) -> TlsWire:
    """TLS over *wire*, which is used up whatever happens. The cause of WireBroken is OpenSSL's own error."""
    raw = wire.detach()
    raw.setblocking(False)
    try:
        sock = ssl_context.wrap_socket(raw, server_hostname=server_hostname, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:
        raw.close()
        raise WireBroken(f"TLS with {server_hostname} failed: {error}", nothing_sent=True) from error
    done = False
    try:
        while True:
            try:
                sock.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                await _wait_for(sock, want)
            else:
                break
        done = True
    except (OSError, ValueError) as error:
        raise WireBroken(f"TLS with {server_hostname} failed: {error}", nothing_sent=True) from error
    finally:
        if not done:
            _close(sock)
    return TlsWire(sock)


async def _wait_for(sock: ssl.SSLSocket, want: ssl.SSLError) -> None:
    if isinstance(want, ssl.SSLWantWriteError):
        await trio.lowlevel.wait_writable(sock)
    else:
        await trio.lowlevel.wait_readable(sock)


def _close(sock: socket.socket) -> None:
    if sock.fileno() != -1:
        trio.lowlevel.notify_closing(sock)
        sock.close()


def _translated(sock: socket.socket, error: OSError, *, nothing_sent: bool = False) -> trio.ClosedResourceError | WireBroken:
    if sock.fileno() == -1:
        return trio.ClosedResourceError("this wire was closed")
    return WireBroken(f"the connection failed: {_words(error)}", nothing_sent=nothing_sent)


def _reasons(what: str, error: OSError | UnicodeError) -> str:
    """*what* happened and the distinct reasons, which trio hangs on the error as a group, one for each address."""
    group = error.__cause__
    causes = [_words(one) for one in group.exceptions] if isinstance(group, ExceptionGroup) else [_words(error)]
    return f"{what}: {'; '.join(dict.fromkeys(causes))}"


def _words(error: Exception) -> str:
    """The system's own words: in those of trio the address stands a second time."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, (ssl.SSLError, socket.gaierror)):
        return os.strerror(error.errno)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
