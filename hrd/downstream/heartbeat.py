"""The heartbeat: comments to streaming clients that wait for their commit point, so that they do not give up.

One task for all of them, asleep while nobody waits; sending a comment never waits for a client.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio


class Heartbeat:
    """Beats for everybody who waits, every *every_s* seconds."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
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
            due_first = min((due for due, _ in self._waiting.values()), default=0.0)
            await trio.sleep_until(due_first)
            now = trio.current_time()
            for number, (due, beat) in list(self._waiting.items()):
                if due <= now and number in self._waiting:
                    self._waiting[number] = (now + self.every_s, beat)
                    beat()
