"""Virtual time: what happens next, and when. Events at one moment come in the order in which they were set."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Do = Callable[[Any], None]


class Clock:
    """A heap of what is to happen. `now` moves with it."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Do, Any]] = []
        self._number = 0

    def at(self, moment: float, do: Do, what: Any = None) -> None:
        self._number += 1
        heapq.heappush(self._heap, (moment, self._number, do, what))

    def run(self) -> None:
        """Until nothing is left to happen."""
        heap = self._heap
        while heap:
            moment, _, do, what = heapq.heappop(heap)
            if moment > self.now:
                self.now = moment
            do(what)
