"""The line: requests that wait for somebody who can serve them, in the order in which their turn comes.

Who is more urgent comes first, then who came first. Several that wait for the same moment are let through a little apart.
Nobody who comes later takes what those before them are waiting for, unless there is enough for all.
"""

from collections.abc import Callable

from hrd.core import failover
from hrd.core.ask import Priority
from hrd.core.providers import Candidate

APART_S = 0.05
"""Between two that wait for the same moment."""


class Place:
    """One request's place."""

    __slots__ = ("number", "priority", "quota", "until", "wake")

    def __init__(self, priority: Priority, number: int) -> None:
        self.priority = priority
        self.number = number
        self.quota = ""
        """Whose quota it waits for (a scope)."""
        self.until = 0.0
        self.wake: Callable[[], None] = _ignore
        """Called when it may be worth looking before `until`."""

    def comes_before(self, other: "Place") -> bool:
        return (-self.priority, self.number) < (-other.priority, other.number)


class Line:
    """Everybody who waits; owned by the pool."""

    def __init__(self) -> None:
        self._number = 0
        self._waiting: dict[str, list[Place]] = {}

    def __len__(self) -> int:
        return sum(len(places) for places in self._waiting.values())

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def place(self, priority: Priority) -> Place:
        """A new place, at the end of its priority."""
        self._number += 1
        return Place(priority, self._number)

    def before(self, place: Place | None, priority: Priority, candidate: Candidate) -> int:
        """How many come before *place* (before somebody new of *priority*, if None) and wait for what *candidate* has left."""
        places = self._waiting.get(quota_of(candidate))
        if not places:
            return 0
        if place is None:
            return sum(other.priority >= priority for other in places)
        return sum(other is not place and other.comes_before(place) for other in places)

    def wait(self, place: Place, candidate: Candidate, at: float) -> float:
        """Let *place* wait for *candidate*, who will be free *at*; when its own turn is."""
        self.leave(place)
        place.quota = quota_of(candidate)
        places = self._waiting.setdefault(place.quota, [])
        place.until = at + APART_S * sum(other.comes_before(place) for other in places)
        places.append(place)
        return place.until

    def served(self, place: Place, candidate: Candidate) -> None:
        """It got *candidate*."""
        if place.quota == quota_of(candidate):
            self.leave(place)
        else:
            self.give_up(place)

    def give_up(self, place: Place) -> None:
        """It leaves what it waited for to those behind it: their turn is sooner than they thought."""
        self.leave(place)
        for other in list(self._waiting.get(place.quota, ())):
            if place.comes_before(other):
                other.wake()

    def leave(self, place: Place) -> None:
        """It waits no longer."""
        places = self._waiting.get(place.quota)
        if places is not None and place in places:
            places.remove(place)
            if not places:
                del self._waiting[place.quota]

    def call(self, candidate: Candidate) -> None:
        """Something of what *candidate* has left came free: the first who waits for it looks."""
        places = self._waiting.get(quota_of(candidate))
        if places:
            min(places, key=lambda place: (-place.priority, place.number)).wake()

    def call_all(self) -> None:
        """Much may have changed."""
        for places in list(self._waiting.values()):
            for place in list(places):
                place.wake()


def quota_of(candidate: Candidate) -> str:
    """What candidates share of whom the same requests wait."""
    return failover.scope_of(candidate, "quota")


def _ignore() -> None:
    pass
