"""The channel between an old and a new process: one packet a message, descriptors beside it (unix(7), SOCK_SEQPACKET).

Sending never waits: what the socket does not take at once goes out in order as soon as it does, by `pump`. The other side's end
is `ChannelGone`, once everything that it said has been received.
"""

import os
import socket
from array import array
from collections import deque
from collections.abc import Sequence

import msgspec
import trio

from hrd.handover import messages

PACKET_BYTES_MAX = 131_072
DESCRIPTORS_MAX = 64
"""Of one packet; the kernel takes up to 253."""
DESCRIPTORS_BYTES = socket.CMSG_LEN(DESCRIPTORS_MAX * array("i").itemsize)
WAITING_MAX = 100_000
"""A reader that leaves so much lying does not read any more."""


class ChannelGone(Exception):  # noqa: N818 - says what happened
    """The other process is gone, or does not talk to us any more."""


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """Ours and the other's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Packet(msgspec.Struct, frozen=True):
    """A message, and the descriptors that came with it. They are the receiver's now."""

    message: messages.AnyMessage
    descriptors: list[int]


def send_now(sock: socket.socket, message: messages.Message, descriptors: Sequence[int] = ()) -> None:
    """For a socket that waits: outside of trio."""
    try:
        socket.send_fds(sock, [messages.encode(message)], list(descriptors))
    except OSError as error:
        raise ChannelGone(str(error)) from None


def receive_now(sock: socket.socket) -> Packet:
    """The next packet that there is; BlockingIOError if there is none and the socket does not wait."""
    try:
        data, beside = _receive(sock)
    except BlockingIOError:
        raise
    except OSError as error:
        raise ChannelGone(str(error)) from None
    if not data:
        raise ChannelGone("the other process is gone")
    found = [descriptor for _, _, given in beside for descriptor in _descriptors(given)]
    try:
        return Packet(messages.decode(data), found)
    except msgspec.MsgspecError as error:
        for descriptor in found:
            os.close(descriptor)
        raise ChannelGone(f"the other process speaks another language: {error}") from None


def _receive(sock: socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    """Who closes without having read all of ours resets the connection, which is told once and first: what it said before that
    is still there."""
    try:
        return sock.recvmsg(PACKET_BYTES_MAX, DESCRIPTORS_BYTES, socket.MSG_CMSG_CLOEXEC)[:2]
    except ConnectionResetError:
        return sock.recvmsg(PACKET_BYTES_MAX, DESCRIPTORS_BYTES, socket.MSG_CMSG_CLOEXEC)[:2]


def _descriptors(given: bytes) -> list[int]:
    found = array("i")
    found.frombytes(given[: len(given) - len(given) % found.itemsize])
    return list(found)


class Channel:
    """One end of it, for trio. `pump` must run while anything is sent."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        self._something = trio.Event()
        self.is_gone = False

    def fileno(self) -> int:
        return self._sock.fileno()

    def send(self, message: messages.Message, descriptors: Sequence[int] = ()) -> None:
        """Say it, now or soon. *descriptors* stay the caller's."""
        self._put(messages.encode(message), [os.dup(descriptor) for descriptor in descriptors])

    def give(self, message: messages.Message, connection: socket.socket) -> None:
        """The same, and *connection* is the other side's from now on."""
        self._put(messages.encode(message), [connection.detach()])

    def _put(self, data: bytes, descriptors: list[int]) -> None:
        """*descriptors* are closed here once they are with the other side, or can never be."""
        if self.is_gone or len(self._waiting) >= WAITING_MAX or (not self._waiting and self._try(data, descriptors)):
            _close(descriptors)
            return
        self._waiting.append((data, descriptors))
        self._something.set()

    def _try(self, data: bytes, descriptors: list[int]) -> bool:
        """Whether it needs no more trying: it was sent, or nobody is there."""
        try:
            socket.send_fds(self._sock, [data], descriptors)
        except BlockingIOError:
            return False
        except OSError:
            self.is_gone = True
        return True

    async def pump(self) -> None:
        """Sends what could not be sent at once. Runs until cancelled."""
        while True:
            if not self._waiting:
                self._something = trio.Event()
                await self._something.wait()
            await trio.lowlevel.wait_writable(self._sock)
            data, descriptors = self._waiting[0]
            if self._try(data, descriptors):
                self._waiting.popleft()
                _close(descriptors)

    async def wait_sent(self) -> None:
        """Everything that was said is out, or nobody is there to hear it. To be bounded by the caller."""
        while self._waiting and not self.is_gone:  # noqa: ASYNC110 - at the end only, so that sending pays nothing for it
            await trio.sleep(0.01)

    async def receive(self) -> Packet:
        """The next packet. Raises `ChannelGone`."""
        while True:
            await trio.lowlevel.wait_readable(self._sock)
            try:
                return receive_now(self._sock)
            except BlockingIOError:
                continue
            except ChannelGone:
                self.is_gone = True
                raise

    def close(self) -> None:
        self.is_gone = True
        for _, descriptors in self._waiting:
            _close(descriptors)
        self._waiting.clear()
        if self._sock.fileno() >= 0:
            trio.lowlevel.notify_closing(self._sock)
            self._sock.close()

    def detach(self) -> socket.socket:
        """Somebody else speaks on it from now on."""
        trio.lowlevel.notify_closing(self._sock)
        self.is_gone = True
        return socket.socket(fileno=self._sock.detach())


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
