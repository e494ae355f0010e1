"""The channel: packets in order with their descriptors, whoever is slow, and an end that is heard."""

import os
import socket

import pytest
import trio

from hrd.handover.channel import Channel, ChannelGone, channel_pair, receive_now, send_now
from hrd.handover.messages import Begun, Farewell, Given, Go, Loaded, Progress


async def test_messages_come_in_order_with_their_descriptors() -> None:
    ours, theirs = map(Channel, channel_pair())
    reading, writing = os.pipe()
    ours.send(Begun(pid=7), [writing])
    ours.send(Go())
    os.close(writing)
    first = await theirs.receive()
    assert first.message == Begun(pid=7)
    os.write(first.descriptors[0], b"the same pipe")
    assert os.read(reading, 100) == b"the same pipe"
    assert not os.get_inheritable(first.descriptors[0])
    assert (await theirs.receive()).message == Go()
    for descriptor in (reading, *first.descriptors):
        os.close(descriptor)
    ours.close()
    theirs.close()


async def test_what_the_kernel_does_not_take_waits_and_keeps_its_order(nursery: trio.Nursery) -> None:
    ours, theirs = map(Channel, channel_pair())
    nursery.start_soon(ours.pump)
    for number in range(5000):
        ours.send(Progress(in_flight=number, seconds_max=0.0))
    left, right = socket.socketpair()
    ours.give(Given(), right)
    with trio.fail_after(5):
        found = [(await theirs.receive()).message for _ in range(5000)]
        packet = await theirs.receive()
        await ours.wait_sent()
    assert [message.in_flight for message in found if isinstance(message, Progress)] == list(range(5000))
    assert packet.message == Given()
    assert right.fileno() == -1
    with socket.socket(fileno=packet.descriptors[0]) as given, left:
        given.sendall(b"still connected")
        assert left.recv(100) == b"still connected"
    ours.close()
    theirs.close()


async def test_all_that_was_said_is_heard_before_the_end() -> None:
    ours, theirs = map(Channel, channel_pair())
    ours.send(Farewell())
    ours.close()
    assert (await theirs.receive()).message == Farewell()
    with pytest.raises(ChannelGone):
        await theirs.receive()
    assert theirs.is_gone
    theirs.close()


async def test_all_that_was_said_is_heard_of_one_who_ended_without_having_heard_us_out() -> None:
    """The kernel tells of the unread words as a reset, and before what is still to be read."""
    ours, theirs = map(Channel, channel_pair())
    ours.send(Loaded())
    ours.send(Farewell())
    theirs.send(Go())
    ours.close()
    assert [(await theirs.receive()).message for _ in range(2)] == [Loaded(), Farewell()]
    with pytest.raises(ChannelGone):
        await theirs.receive()
    theirs.close()


async def test_speaking_to_nobody_does_no_harm_and_closes_what_was_given() -> None:
    ours, theirs = map(Channel, channel_pair())
    theirs.close()
    ours.send(Go())
    assert ours.is_gone
    left, right = socket.socketpair()
    ours.give(Given(), right)
    assert (right.fileno(), left.recv(1)) == (-1, b"")
    left.close()
    ours.close()


async def test_another_language_is_the_end() -> None:
    ours, theirs = channel_pair()
    reading, writing = os.pipe()
    socket.send_fds(ours, [b"\xc1"], [reading])
    channel = Channel(theirs)
    with pytest.raises(ChannelGone, match="another language"):
        await channel.receive()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"the descriptor that came along was closed")
    os.close(writing)
    ours.close()
    channel.close()


def test_outside_of_trio_it_waits() -> None:
    ours, theirs = channel_pair()
    with ours, theirs:
        send_now(ours, Loaded())
        assert receive_now(theirs).message == Loaded()
        ours.close()
        with pytest.raises(ChannelGone):
            receive_now(theirs)
        with pytest.raises(ChannelGone):
            send_now(theirs, Loaded())


async def test_somebody_else_may_speak_on_it() -> None:
    ours, theirs = map(Channel, channel_pair())
    sock = ours.detach()
    ours.send(Go())
    send_now(sock, Loaded())
    assert (await theirs.receive()).message == Loaded()
    sock.close()
    theirs.close()
