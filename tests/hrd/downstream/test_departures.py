"""Departures: told once when a watched peer leaves, however it leaves."""

import socket
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from hrd.downstream.departures import Departures


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


@pytest.fixture
def departures(nursery: trio.Nursery) -> Departures:
    made = Departures()
    nursery.start_soon(made.run)
    return made


async def test_closing_is_leaving_and_told_once(departures: Departures, pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    left: list[str] = []
    departures.watch(near.fileno(), lambda: left.append("far"))
    far.send(b"a request")
    await trio.testing.wait_all_tasks_blocked()
    assert left == []
    far.close()
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert left == ["far"]
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert left == ["far"]


async def test_closing_one_direction_is_leaving_too(departures: Departures, pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    left = trio.Event()
    departures.watch(near.fileno(), left.set)
    far.shutdown(socket.SHUT_WR)
    with trio.fail_after(1):
        await left.wait()


async def test_a_peer_that_left_before_it_was_watched_is_told(
    departures: Departures, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    far.close()
    left = trio.Event()
    departures.watch(near.fileno(), left.set)
    with trio.fail_after(1):
        await left.wait()


async def test_who_is_watched_no_more_is_not_told(departures: Departures, pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    left: list[str] = []
    departures.watch(near.fileno(), lambda: left.append("far"))
    departures.unwatch(near.fileno())
    departures.unwatch(near.fileno())
    far.close()
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert left == []


async def test_many_leave_at_once(departures: Departures) -> None:
    pairs = [socket.socketpair() for _ in range(300)]
    left: set[int] = set()
    for number, (near, _) in enumerate(pairs):
        departures.watch(near.fileno(), lambda number=number: left.add(number))  # type: ignore[misc]
    for _, far in pairs:
        far.close()
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert left == set(range(300))
    for near, _ in pairs:
        departures.unwatch(near.fileno())
        near.close()


async def test_after_the_end_watching_is_harmless(pair: tuple[socket.socket, socket.socket]) -> None:
    """Connections may outlive the task: on the way down they are cancelled together."""
    departures = Departures()
    near, far = pair
    departures.watch(near.fileno(), lambda: None)
    with trio.CancelScope() as scope:
        scope.cancel()
        await departures.run()
    departures.unwatch(near.fileno())
    departures.watch(far.fileno(), lambda: None)
