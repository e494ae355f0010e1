"""Windows as providers really keep them: what is used, what still fits, and when.

Every window answers the same four questions. `free_at` is the earliest moment at which so much fits if nobody takes any more.
Seconds are Unix time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Protocol

DAY_S = 86_400.0
MINUTE_S = 60.0
NEVER = math.inf


class Unit(Enum):
    """What is counted."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    MICROUSD = "microusd"


class Window(Protocol):
    """One limit of one account."""

    name: str
    unit: Unit
    limit: float
    period_s: float
    """How long until it has turned: what is known about it holds from then on."""
    foreign: float
    """What others than us have used of it in this turn."""
    was: float
    """What the limit was before it shrank; 0 if it never did."""

    def used(self, now: float) -> float: ...

    def room(self, amount: float, now: float) -> bool: ...

    def take(self, amount: float, now: float, lasts_s: float) -> None: ...

    def free_at(self, amount: float, now: float) -> float: ...

    def turn(self, now: float) -> float:
        """Which turn this is; another number each turn."""
        ...


Boundary = Callable[[float], float]
"""When the turn ends that a moment is in."""


def every(seconds: float, offset_s: float = 0.0) -> Boundary:
    """Turns of one length; *offset_s*: how far the provider's clocks are ahead of UTC."""
    return lambda now: ((now + offset_s) // seconds + 1) * seconds - offset_s


def monthly(offset_s: float = 0.0) -> Boundary:
    """The first of the month."""
    zone = timezone(timedelta(seconds=offset_s)) if offset_s else UTC

    def end(now: float) -> float:
        here = datetime.fromtimestamp(now, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (here + timedelta(days=32)).replace(day=1).timestamp()

    return end


class Fixed:
    """So much a turn; all of it is there again when the next one begins."""

    __slots__ = ("_boundary", "_used", "ends", "foreign", "limit", "name", "period_s", "unit", "was")

    def __init__(self, name: str, unit: Unit, limit: float, boundary: Boundary, period_s: float) -> None:
        self.name, self.unit, self.limit, self.period_s = name, unit, limit, period_s
        self.was = self.foreign = self._used = self.ends = 0.0
        self._boundary = boundary

    def _turn_over(self, now: float) -> None:
        if now >= self.ends:
            self._used = self.foreign = 0.0
            self.ends = self._boundary(now)

    def used(self, now: float) -> float:
        self._turn_over(now)
        return self._used

    def room(self, amount: float, now: float) -> bool:
        return self.used(now) + amount <= self.limit

    def take(self, amount: float, now: float, lasts_s: float) -> None:
        self._turn_over(now)
        self._used += amount

    def free_at(self, amount: float, now: float) -> float:
        if self.room(amount, now):
            return now
        return self.ends if amount <= self.limit else NEVER

    def turn(self, now: float) -> float:
        return self._boundary(now)


class Credit(Fixed):
    """Spent until it is gone: whoever comes while anything is left is served."""

    __slots__ = ()

    def room(self, amount: float, now: float) -> bool:
        return self.used(now) < self.limit


class Sliding:
    """So much in any stretch of so many seconds."""

    __slots__ = ("_sum", "_taken", "foreign", "limit", "name", "period_s", "unit", "was")

    def __init__(self, name: str, unit: Unit, limit: float, period_s: float) -> None:
        self.name, self.unit, self.limit, self.period_s = name, unit, limit, period_s
        self.was = self.foreign = self._sum = 0.0
        self._taken: deque[tuple[float, float]] = deque()

    def used(self, now: float) -> float:
        taken = self._taken
        while taken and taken[0][0] + self.period_s <= now:
            self._sum -= taken.popleft()[1]
        return self._sum

    def room(self, amount: float, now: float) -> bool:
        return self.used(now) + amount <= self.limit

    def take(self, amount: float, now: float, lasts_s: float) -> None:
        self._taken.append((now, amount))
        self._sum += amount

    def free_at(self, amount: float, now: float) -> float:
        left = self.limit - self.used(now) - amount
        if left >= 0:
            return now
        for at, freed in self._taken:
            left += freed
            if left >= 0:
                return at + self.period_s
        return NEVER

    def turn(self, now: float) -> float:
        return now // self.period_s


class Bucket:
    """So much at most, refilled all the time: what Groq and OpenAI count by. *period_s*: from empty to full."""

    __slots__ = ("_at", "_used", "foreign", "limit", "name", "period_s", "unit", "was")

    def __init__(self, name: str, unit: Unit, limit: float, period_s: float) -> None:
        self.name, self.unit, self.limit, self.period_s = name, unit, limit, period_s
        self.was = self.foreign = self._used = self._at = 0.0

    def used(self, now: float) -> float:
        refilled = (now - self._at) * self.limit / self.period_s
        self._used, self._at = max(0.0, self._used - refilled), now
        return self._used

    def room(self, amount: float, now: float) -> bool:
        return self.used(now) + amount <= self.limit + 1e-6

    def take(self, amount: float, now: float, lasts_s: float) -> None:
        self._used = self.used(now) + amount

    def free_at(self, amount: float, now: float) -> float:
        if amount > self.limit:
            return NEVER
        return now + max(0.0, self.used(now) + amount - self.limit) * self.period_s / self.limit

    def full_at(self, now: float) -> float:
        """When it is full again."""
        return now + self.used(now) * self.period_s / self.limit

    def turn(self, now: float) -> float:
        return now // self.period_s


class InFlight:
    """So many at a time."""

    __slots__ = ("_ends", "foreign", "limit", "name", "period_s", "unit", "was")

    def __init__(self, name: str, limit: float) -> None:
        self.name, self.unit, self.limit, self.period_s = name, Unit.REQUESTS, limit, MINUTE_S
        self.was = self.foreign = 0.0
        self._ends: list[float] = []

    def used(self, now: float) -> float:
        self._ends = [end for end in self._ends if end > now]
        return len(self._ends)

    def room(self, amount: float, now: float) -> bool:
        return self.used(now) + amount <= self.limit

    def take(self, amount: float, now: float, lasts_s: float) -> None:
        self._ends.append(now + lasts_s)

    def leave(self, ends: float) -> None:
        """The one that would have lasted until *ends* was cut off."""
        if ends in self._ends:
            self._ends.remove(ends)

    def free_at(self, amount: float, now: float) -> float:
        return now if self.room(amount, now) else sorted(self._ends)[-int(self.limit)]

    def turn(self, now: float) -> float:
        return now // self.period_s
