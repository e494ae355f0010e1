"""The start of a process that takes over: what it is given, and what it says on the way. See `hrd.handover.messages`."""

import os
import socket
from collections.abc import Iterable

from hrd import __version__
from hrd.handover.channel import Channel, ChannelGone, receive_now, send_now
from hrd.handover.messages import PROTOCOL, AnyMessage, CannotStart, Go, Hello, Loaded, Older, Prepared, Ready, Turn
from hrd.store.contract import Process

BEFORE_LISTENERS = 3
"""Standard error, the lock, the control listener."""


NOTHING_KNOWN = "the running hrd offers nothing that this version knows"


class NotOursError(Exception):
    """What is offered cannot be taken over, however often it is tried. The message says why."""


class Inheritance:
    """Everything from the old process, as it comes. Synchronous until trio runs."""

    def __init__(self, channel: socket.socket, schema: int) -> None:
        """Waits for what is offered. Raises `NotOursError`, `ChannelGone`."""
        self._channel = channel
        packet = receive_now(channel)
        hello = packet.message
        why_not = _why_not(hello, schema) if len(packet.descriptors) > BEFORE_LISTENERS else NOTHING_KNOWN
        if why_not or not isinstance(hello, Hello):
            for descriptor in packet.descriptors:
                os.close(descriptor)
            raise NotOursError(why_not)
        self.hello = hello
        self._stderr, self.lock, control, *listeners = packet.descriptors
        self.control = socket.socket(fileno=control)
        self.listeners = [socket.socket(fileno=listener) for listener in listeners]
        self.older: list[tuple[Older, socket.socket]] = []
        """Who still finishes what it had: the one that hands over, and those before it."""
        self.first_reservation = 0

    @property
    def living(self) -> frozenset[Process]:
        return frozenset(older.process for older, _ in self.older)

    @property
    def asked(self) -> tuple[str, int] | None:
        """The address that the listeners were bound for; None: by the supervisor."""
        return None if self.hello.is_activated else (self.hello.host, self.hello.port)

    def prepared(self) -> None:
        """All is there but the ledger: say so, and wait for it. What is written from now on goes where the old one writes."""
        send_now(self._channel, Prepared(version=__version__))
        packet = receive_now(self._channel)
        if not isinstance(packet.message, Turn):
            raise ChannelGone("the running hrd changed its mind")
        turn = packet.message
        self.first_reservation = turn.next_reservation
        self.older = [
            *zip(turn.older, (socket.socket(fileno=one) for one in packet.descriptors), strict=True),
            (Older(process=self.hello.process, version=self.hello.version), self._channel),
        ]
        os.dup2(self._stderr, 2)
        os.close(self._stderr)

    def loaded(self) -> None:
        send_now(self._channel, Loaded())

    def close(self) -> None:
        """It does not come to taking over. The lock is closed by whoever holds it."""
        for sock in (self.control, *self.listeners, *(channel for _, channel in self.older)):
            sock.close()
        if not self.older:
            os.close(self._stderr)

    async def take(self) -> bool:
        """Everything is built: wait until it is ours, and say whether it came to that."""
        channel = Channel(self._channel)
        channel.send(Ready())
        try:
            while not isinstance((await channel.receive()).message, Go):
                pass
        except ChannelGone:
            return False
        self._channel = channel.detach()
        self.older[-1] = (self.older[-1][0], self._channel)
        return True


def refuse(channel: socket.socket, lines: Iterable[str], hint: str = "") -> None:
    """It will not come to that, and this is why."""
    try:
        send_now(channel, CannotStart(lines=tuple(lines), hint=hint))
    except ChannelGone:
        pass


def _why_not(hello: AnyMessage, schema: int) -> str:
    """Empty if this version can take over."""
    if not isinstance(hello, Hello):
        return NOTHING_KNOWN
    if hello.protocol != PROTOCOL:
        return _other("another way of handing over", hello.version)
    return _other("another layout of the database", hello.version) if hello.schema != schema else ""


def _other(what: str, version: str) -> str:
    both = f"hrd {version}, which runs, and {__version__}, which is installed, have {what}"
    return f"{both}: this once it has to end before the new one starts"
