"""A slide: what leaves a sliding window, and when."""

import math
from bisect import insort
from collections import deque
from collections.abc import Iterable

import msgspec

GRAINS = 64
"""About so many moments of a span are remembered; closer ones count as one, the later."""


class Entry(msgspec.Struct, eq=False, gc=False):
    """What leaves at one moment."""

    leaves_at: float
    amount: int


class Slide:
    """Entries, in the order in which they leave."""

    __slots__ = ("entries",)

    def __init__(self, spans: Iterable[tuple[float, int]] = ()) -> None:
        self.entries = deque(Entry(leaves_at, amount) for leaves_at, amount in spans)

    def enter(self, amount: int, leaves_at: float, span_s: float) -> Entry:
        """*amount* leaves then, and not before what entered before it."""
        entries = self.entries
        if entries:
            last = entries[-1]
            if leaves_at < last.leaves_at:
                leaves_at = last.leaves_at
            if len(entries) >= GRAINS and leaves_at - last.leaves_at < span_s / GRAINS:
                last.leaves_at = leaves_at
                last.amount += amount
                return last
        entry = Entry(leaves_at, amount)
        entries.append(entry)
        return entry

    def put(self, amount: int, leaves_at: float) -> None:
        """In its place by when it leaves. Thousands may come when a process starts, nearly all of them at one end."""
        entry = Entry(leaves_at, amount)
        if not self.entries or leaves_at >= self.entries[-1].leaves_at:
            self.entries.append(entry)
        elif leaves_at <= self.entries[0].leaves_at:
            self.entries.appendleft(entry)
        else:
            insort(self.entries, entry, key=lambda other: other.leaves_at)

    def first(self) -> Entry | None:
        """What leaves first. What was given back is nothing that could."""
        while self.entries and not self.entries[0].amount:
            self.entries.popleft()
        return self.entries[0] if self.entries else None

    def leave(self, now: float) -> int:
        """Drop what has left by *now*: how much that is."""
        entries, gone = self.entries, 0
        while entries and entries[0].leaves_at <= now:
            entry = entries.popleft()
            gone += entry.amount
            entry.amount = 0
        return gone

    def leave_before(self, moment: float) -> int:
        """The same of what leaves before *moment*."""
        return self.leave(math.nextafter(moment, -math.inf))

    def stay_until(self, latest: float) -> None:
        """Nothing stays longer."""
        for entry in self.entries:
            entry.leaves_at = min(entry.leaves_at, latest)

    def take(self, amount: int) -> None:
        """So much less was counted, of what leaves first."""
        while amount and self.entries:
            first = self.entries[0]
            taken = min(amount, first.amount)
            first.amount -= taken
            amount -= taken
            if not first.amount:
                self.entries.popleft()

    def frees_at(self, amount: int) -> float | None:
        """When so much has left; None if there is not so much."""
        for entry in self.entries:
            amount -= entry.amount
            if amount <= 0:
                return entry.leaves_at
        return None

    def join(self, other: "Slide") -> None:
        """What leaves *other* leaves this one."""
        self.entries = deque(sorted((*self.entries, *other.entries), key=lambda entry: entry.leaves_at))

    def spans(self) -> tuple[tuple[float, int], ...]:
        """As a window's row has them."""
        return tuple([(entry.leaves_at, entry.amount) for entry in self.entries if entry.amount])
