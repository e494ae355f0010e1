"""A month (or a part of one) from its beginning to its figures: one strategy, one load, one seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bench.collector import as_in_the_daemon
from tests.simulation import tiers, traffic, troubles
from tests.simulation.bound import Spent, offline_bound
from tests.simulation.clock import Clock
from tests.simulation.oracle import Oracle
from tests.simulation.ours import Ours
from tests.simulation.providers import Asked, Key
from tests.simulation.troubles import Foreign, Shrink
from tests.simulation.turns import Turns
from tests.simulation.verdicts import Judge, Tally

BEGIN = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
"""So that the first of a month is in the middle."""
DAYS = 30
LOADS = (0.6, 0.95, 1.3)


class Strategy(Protocol):
    def ask(self, asked: Asked) -> None: ...

    def flush(self, _: object) -> None: ...

    def stop(self, _: object) -> None: ...

    def crash(self, _: object) -> None: ...


Make = Callable[[Clock, Judge, Sequence[Key]], Strategy]
OURS, ROUND_ROBIN, ORACLE = "ours", "round-robin", "oracle"
STRATEGIES: dict[str, Make] = {OURS: Ours, ROUND_ROBIN: Turns, ORACLE: Oracle}


@dataclass
class Month:
    """What came of it."""

    strategy: str
    load: float
    days: int
    tally: Tally
    seconds: float
    """Of one core."""
    bound: int
    """What nobody can serve more than; for the oracle alone."""


def run(strategy: str, load: float, seed: int, days: int = DAYS, *, begin: float = BEGIN) -> Month:
    """One month. The same arguments make the same month."""
    draw = random.Random(f"{seed} {load}")
    keys = tiers.pool()
    planted = troubles.plant(draw, keys, begin, days)
    a_day = load * tiers.capacity_a_day(traffic.mean_tokens(), traffic.mean_price((0.05, 0.25)))
    asked = traffic.arrivals(draw, begin, days, a_day)
    clock = Clock(begin)
    judge = Judge(clock, keys)
    foreign: Counter[tuple[int, float]] = Counter()
    with as_in_the_daemon():
        began = time.process_time()
        made = STRATEGIES[strategy](clock, judge, keys)
        judge.tally.asked = len(asked)
        _set(clock, made, asked, planted, foreign)
        clock.run()
        seconds = time.process_time() - began
    spent = Spent(asked, begin, days, planted.shrinks, judge.tally.served_at, foreign)
    return Month(strategy, load, days, judge.tally, seconds, offline_bound(keys, spent) if strategy == ORACLE else 0)


def _set(
    clock: Clock, made: Strategy, asked: Sequence[Asked], planted: troubles.Troubles, foreign: Counter[tuple[int, float]]
) -> None:
    def spend(one: Foreign) -> None:
        if one.account.spend_elsewhere(one.asked, clock.now):
            longest = max(one.account.windows, key=lambda window: window.period_s)
            foreign[id(one.account), longest.turn(clock.now)] += 1

    for one in asked:
        clock.at(one.at, made.ask, one)
    for other in planted.foreign:
        clock.at(other.at, spend, other)
    for shrink in planted.shrinks:
        clock.at(shrink.at, _shrink, shrink)
    for moments, die in ((planted.stops, made.stop), (planted.crashes, made.crash)):
        for moment in moments:
            clock.at(moment - 1.0, made.flush)
            clock.at(moment, die)


def _shrink(shrink: Shrink) -> None:
    for window in shrink.account.windows:
        if window.name == shrink.window:
            window.was, window.limit = window.limit, shrink.limit
