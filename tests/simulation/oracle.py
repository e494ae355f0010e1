"""Somebody who knows everything: what each account really has left, who is down and for how long.

Of those who would take a request it spends what lapses first, so that nothing lapses that somebody could have used. If nobody
takes it now, it waits for whoever is free first, as long as a request may wait.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulation.clock import Clock
from tests.simulation.providers import Account, Asked, Key
from tests.simulation.tiers import may_use
from tests.simulation.verdicts import MAX_WAIT_S, Judge
from tests.simulation.windows import Bucket, Fixed


class Oracle:
    """See the module's docstring."""

    def __init__(self, clock: Clock, judge: Judge, keys: Sequence[Key]) -> None:
        self._clock = clock
        self._judge = judge
        self._keys = list({id(key.account): key for key in reversed(keys)}.values())
        """One of each account: which, makes no difference but for a revoked one, which has an account of its own."""

    def flush(self, _: object) -> None:
        """It forgets nothing."""

    stop = crash = flush

    def ask(self, asked: Asked) -> None:
        now = self._clock.now
        best: Key | None = None
        best_lapse = soonest = asked.at + MAX_WAIT_S
        for key in self._keys:
            if not may_use(asked.caller, key.provider):
                continue
            free = key.free_at(asked, now)
            if free <= now:
                lapse = lapses_at(key.account, now)
                if best is None or lapse < best_lapse:
                    best, best_lapse = key, lapse
            elif free < soonest:
                soonest = free
        if best is not None:
            reply = self._judge.sent(best, asked, now)
            assert reply.refused is None, "it knows"
            self._clock.at(now + asked.duration_s, self._served, (best, asked))
        elif soonest < asked.at + MAX_WAIT_S:
            self._judge.tally.waited += now == asked.at
            self._clock.at(soonest + 0.001, self.ask, asked)
        else:
            self._judge.failed(asked, now)

    def _served(self, what: tuple[Key, Asked]) -> None:
        self._judge.served(*what)


def lapses_at(account: Account, now: float) -> float:
    """When what *account* has left begins to be lost: the end of its longest window, or when its slowest bucket is full."""
    longest = max(account.windows, key=lambda window: window.period_s)
    match longest:
        case Fixed():
            return longest.turn(now)
        case Bucket():
            return longest.full_at(now)
        case _:  # nothing longer than a minute: it lapses all the time
            return 0.0
