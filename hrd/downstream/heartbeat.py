"""The heartbeat: comments to streaming clients that wait, for a commit point or within a reply, so that they do not give up.

One task for all of them, asleep while nobody waits; sending a comment never waits for a client.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

BEATS_AT_ONCE = 32
"""After so many everybody else has a turn: thousands may have begun to wait at one moment."""


class Heartbeat:
    """Beats for everybody who waits, every *every_s* seconds."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
        """By when they are due: each new one is due last."""
        self._somebody = trio.Event()
        self._number = 0

    @contextmanager
    def waiting(self, beat: Callable[[], None]) -> Iterator[None]:
        """Call *beat* every now and then until the block is left."""
        self._number += 1
        number = self._number
        self._waiting[number] = (trio.current_time() + self.every_s, beat)
        self._somebody.set()
        try:
            yield
        finally:
            self._waiting.pop(number, None)

    async def run(self) -> None:
        """Runs as long as the daemon."""
        while True:
            if not self._waiting:
                self._somebody = trio.Event()
                await self._somebody.wait()
            due_first = next(iter(self._waiting.values()))[0] if self._waiting else 0.0
            await trio.sleep_until(due_first)
            now, beats = trio.current_time(), 0
            while self._waiting:
                number, (due, beat) = next(iter(self._waiting.items()))
                if due > now:
                    break
                del self._waiting[number]
                self._waiting[number] = (now + self.every_s, beat)
                beat()
                beats += 1
                if beats % BEATS_AT_ONCE == 0:
                    await trio.lowlevel.checkpoint()


class Silence:
    """A stream as its heartbeat sees it: to be asked once a beat, and told of all that is sent."""

    __slots__ = ("_seen", "is_open", "pieces")

    def __init__(self) -> None:
        self.pieces = 0
        """What was sent so far."""
        self.is_open = False
        """Nothing is just being sent, so something may be."""
        self._seen = -1

    def lasts(self) -> bool:
        """Whether nothing was sent since the beat before, and something may be now."""
        lasts = self.is_open and self.pieces == self._seen
        self._seen = self.pieces
        return lasts
