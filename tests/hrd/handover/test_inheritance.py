"""What a process that takes over is given, and what it refuses."""

import os
import socket
import sys

import pytest

from hrd.handover.channel import ChannelGone, channel_pair, receive_now, send_now
from hrd.handover.inheritance import Inheritance, NotOursError, refuse
from hrd.handover.messages import PROTOCOL, CannotStart, Go, Hello, Older, Prepared, Turn
from hrd.store.contract import Process

SCHEMA = 6
HELLO = Hello(
    protocol=PROTOCOL,
    schema=SCHEMA,
    version="0.0.9",
    process=Process(42, 1.5),
    host="127.0.0.1",
    port=0,
    is_activated=False,
)


def offered(hello: Hello, count: int = 4) -> tuple[socket.socket, socket.socket]:
    """Both ends of a channel on which *hello* was said, with so many descriptors."""
    ours, theirs = channel_pair()
    sockets = [socket.socket() for _ in range(count)]
    send_now(ours, hello, [sock.fileno() for sock in sockets])
    for sock in sockets:
        sock.close()
    return ours, theirs


def close(inheritance: Inheritance) -> None:
    for sock in (inheritance.control, *inheritance.listeners):
        sock.close()
    os.close(inheritance.lock)


def test_it_is_given_listeners_and_the_lock_then_the_ledger() -> None:
    ours, theirs = offered(HELLO, 5)
    with ours, theirs:
        inheritance = Inheritance(theirs, SCHEMA)
        assert (len(inheritance.listeners), inheritance.asked) == (2, ("127.0.0.1", 0))
        third, older = channel_pair()
        send_now(
            ours, Turn(next_reservation=1_000_007, older=(Older(process=Process(41, 0.5), version="0.0.8"),)), [older.fileno()]
        )
        before = os.dup(2)
        try:
            inheritance.prepared()
        finally:
            os.dup2(before, 2)
            os.close(before)
        assert isinstance(receive_now(ours).message, Prepared)
        assert inheritance.first_reservation == 1_000_007
        assert inheritance.living == {Process(41, 0.5), Process(42, 1.5)}
        inheritance.older[0][1].close()
        for sock in (third, older):
            sock.close()
        close(inheritance)


def test_the_supervisors_listeners_have_no_address_that_was_asked_for() -> None:
    ours, theirs = offered(Hello(**{name: getattr(HELLO, name) for name in HELLO.__struct_fields__} | {"is_activated": True}))
    with ours, theirs:
        inheritance = Inheritance(theirs, SCHEMA)
        assert inheritance.asked is None
        os.close(inheritance._stderr)
        close(inheritance)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"protocol": PROTOCOL + 1}, "another way of handing over"), ({"schema": SCHEMA + 1}, "another layout of the database")],
)
def test_versions_that_do_not_fit_are_refused_before_anything_is_given_up(change: dict[str, int], why: str) -> None:
    ours, theirs = offered(Hello(**{name: getattr(HELLO, name) for name in HELLO.__struct_fields__} | change))
    with ours, theirs, pytest.raises(NotOursError, match=why):
        Inheritance(theirs, SCHEMA)


def test_something_else_than_an_offer_is_refused() -> None:
    ours, theirs = channel_pair()
    with ours, theirs:
        send_now(ours, Go())
        with pytest.raises(NotOursError, match="nothing that this version knows"):
            Inheritance(theirs, SCHEMA)


def test_an_old_process_that_is_gone_is_noticed() -> None:
    ours, theirs = channel_pair()
    ours.close()
    with theirs, pytest.raises(ChannelGone):
        Inheritance(theirs, SCHEMA)


def test_why_it_does_not_come_to_it_is_said_if_anybody_hears() -> None:
    ours, theirs = channel_pair()
    with ours, theirs:
        refuse(theirs, ["HOST is wrong", "PORT too"])
        assert receive_now(ours).message == CannotStart(lines=("HOST is wrong", "PORT too"))
        ours.close()
        refuse(theirs, ["nobody hears"])
    sys.stderr.flush()
