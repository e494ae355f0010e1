"""Departures: who has left while their request is being served.

Every client socket is registered once, when its connection begins, for the one event that the peer has closed its side
(EPOLLRDHUP, edge-triggered). One task waits for all of them, so that watching costs a request nothing.
"""

import select
from collections.abc import Callable

import trio

EVENTS_AT_ONCE = 256


class Departures:
    """Calls back, once, when the peer of a watched socket has left."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._on_leaving: dict[int, Callable[[], None]] = {}

    def watch(self, fileno: int, on_leaving: Callable[[], None]) -> None:
        if self._epoll.closed:  # we stop: nobody would tell
            return
        self._on_leaving[fileno] = on_leaving
        self._epoll.register(fileno, select.EPOLLRDHUP | select.EPOLLET)

    def unwatch(self, fileno: int) -> None:
        """Must be called before the socket is closed."""
        if self._on_leaving.pop(fileno, None) is not None:
            self._epoll.unregister(fileno)

    async def run(self) -> None:
        """Runs as long as the daemon."""
        try:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                for fileno, _ in self._epoll.poll(0, EVENTS_AT_ONCE):
                    on_leaving = self._on_leaving.get(fileno)
                    if on_leaving is not None:
                        on_leaving()
        finally:
            self._on_leaving.clear()
            self._epoll.close()
