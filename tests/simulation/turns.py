"""What routers of this kind commonly do: everybody in turn, and whoever refused rests for its Retry-After, or a minute.

Nothing is counted, nothing is waited for, and a new process knows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulation.clock import Clock
from tests.simulation.providers import Asked, Key, Reply
from tests.simulation.tiers import may_use
from tests.simulation.verdicts import Judge
from tests.simulation.windows import NEVER

REST_S = 60.0


class Turns:
    """Round-robin with cooldowns."""

    def __init__(self, clock: Clock, judge: Judge, keys: Sequence[Key]) -> None:
        self._clock = clock
        self._judge = judge
        self._keys = keys
        self._rests: dict[str, float] = {}
        self._next = 0

    def flush(self, _: object) -> None:
        """Nothing is remembered."""

    def stop(self, _: object) -> None:
        self._rests.clear()

    def crash(self, _: object) -> None:
        self._rests.clear()

    def ask(self, asked: Asked) -> None:
        self._try((asked, set()))

    def _try(self, what: tuple[Asked, set[str]]) -> None:
        asked, tried = what
        now = self._clock.now
        for step in range(len(self._keys)):
            key = self._keys[(self._next + step) % len(self._keys)]
            if key.text in tried or self._rests.get(key.text, 0.0) > now or not may_use(asked.caller, key.provider):
                continue
            self._next += step + 1
            tried.add(key.text)
            reply = self._judge.sent(key, asked, now)
            if reply.refused is None:
                self._clock.at(now + asked.duration_s, self._served, (key, asked))
            else:
                self._clock.at(now + reply.after_s, self._refused, (asked, tried, key, reply))
            return
        self._judge.failed(asked, now)

    def _served(self, what: tuple[Key, Asked]) -> None:
        self._judge.served(*what)

    def _refused(self, what: tuple[Asked, set[str], Key, Reply]) -> None:
        asked, tried, key, reply = what
        rest_s = float(reply.headers.get(b"retry-after", REST_S))
        self._rests[key.text] = NEVER if reply.status == 401 else self._clock.now + rest_s
        self._try((asked, tried))
