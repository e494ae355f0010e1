"""Alarms: the deadlines of connections, kept by one task for all of them.

A cancel scope costs more than anything else a small request does; a connection has one for its whole life, and what changes
from phase to phase is a number. So setting a deadline is an assignment, and one task looks at all the numbers now and then: at
the moment the first of them is due, and at least every LOOK_S, because numbers change while it sleeps.
"""

from collections.abc import Callable
from typing import Final

import trio

LOOK_S: Final = 0.5
"""A deadline shorter than this may be noticed that much late; a longer one is kept to the moment."""
NEVER: Final = float("inf")


class Alarm:
    """Rings once when the clock reaches `at`; set it to NEVER to turn it off."""

    __slots__ = ("at", "ring")

    def __init__(self, ring: Callable[[], None]) -> None:
        self.at = NEVER
        self.ring = ring


class Alarms:
    """Every alarm that is watched. Times are trio's clock."""

    def __init__(self) -> None:
        self._watched: dict[int, Alarm] = {}
        self._something = trio.Event()

    def watch(self, alarm: Alarm) -> None:
        self._watched[id(alarm)] = alarm
        if len(self._watched) == 1:
            self._something.set()

    def unwatch(self, alarm: Alarm) -> None:
        self._watched.pop(id(alarm), None)

    def __len__(self) -> int:
        return len(self._watched)

    async def run(self) -> None:
        """Runs as long as the daemon; asleep while nothing is watched."""
        while True:
            if not self._watched:
                self._something = trio.Event()
                await self._something.wait()
            now = trio.current_time()
            first = now + LOOK_S
            for alarm in list(self._watched.values()):
                if alarm.at <= now:
                    alarm.at = NEVER
                    alarm.ring()
                elif alarm.at < first:
                    first = alarm.at
            await trio.sleep_until(first)
