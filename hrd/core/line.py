"""The line: requests that wait for somebody who can serve them, in the order in which their turn comes.

Who is more urgent comes first, then who came first. Several that wait for the same moment are let through a little apart.
Nobody who comes later takes what those before them are waiting for, unless there is enough for all. Nor what would do for them
as well, while they wait for somebody else: the two change places then, so that nobody waits for longer than somebody had to.
"""

from collections.abc import Callable

from hrd.core import failover
from hrd.core.ask import Priority
from hrd.core.providers import Candidate

APART_S = 0.05
"""Between two that wait for the same moment."""


class Place:
    """One request's place."""

    __slots__ = ("candidate", "is_any_moment", "may_take", "not_before", "number", "priority", "quota", "until", "wake")

    def __init__(self, priority: Priority, number: int) -> None:
        self.priority = priority
        self.number = number
        self.candidate: Candidate | None = None
        """Whom it waits for,"""
        self.quota = ""
        """and whose quota that is (a scope)."""
        self.may_take: Callable[[Candidate, float], bool] = _nobody
        """Whether somebody else would do at that moment."""
        self.until = 0.0
        self.is_any_moment = False
        """What it waits for may come free before that, whenever something ends that is out."""
        self.not_before = 0.0
        """When its turn is, of those who were called together."""
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
        return len(self._before(place, priority, candidate))

    def may_give_up(self, place: Place | None, priority: Priority, candidate: Candidate) -> bool:
        """Whether one of these waits for what may come free at any moment, or not in time; it leaves what it would take."""
        return any(other.is_any_moment for other in self._before(place, priority, candidate))

    def _before(self, place: Place | None, priority: Priority, candidate: Candidate) -> list[Place]:
        places = self._waiting.get(quota_of(candidate), ())
        if place is None:
            return [other for other in places if other.priority >= priority]
        return [other for other in places if other is not place and other.comes_before(place)]

    def wait(self, place: Place, candidate: Candidate, at: float) -> float:
        """Let *place* wait for *candidate*, who will be free *at*; when its own turn is."""
        self.leave(place)
        place.candidate, place.quota = candidate, quota_of(candidate)
        places = self._waiting.setdefault(place.quota, [])
        place.until = at + APART_S * sum(other.comes_before(place) for other in places)
        places.append(place)
        return place.until

    def first_elsewhere(self, place: Place | None, priority: Priority, candidate: Candidate, now: float) -> Place | None:
        """The first of those who come before *place* (before somebody new of *priority*, if None) and wait for somebody else,
        though *candidate* would do."""
        here = quota_of(candidate)
        for first in sorted((min(places, key=_order) for quota, places in self._waiting.items() if quota != here), key=_order):
            is_before = first.priority >= priority if place is None else first is not place and first.comes_before(place)
            if not is_before:
                return None
            if first.may_take(candidate, now):
                return first
        return None

    def served(self, place: Place, candidate: Candidate, now: float) -> None:
        """It got *candidate*. If something came free for it, more may have: each that ends calls the first alone."""
        if place.quota == quota_of(candidate):
            self.leave(place)
            if place.is_any_moment and now < place.until:
                self.call(candidate)
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
            min(places, key=_order).wake()

    def call_all(self, now: float) -> None:
        """Much may have changed: everybody looks, those who wait for the same a little apart."""
        for places in list(self._waiting.values()):
            for step, place in enumerate(sorted(places, key=_order)):
                place.not_before = min(place.until, now + step * APART_S)
                place.wake()


def quota_of(candidate: Candidate) -> str:
    """What candidates share of whom the same requests wait."""
    return failover.scope_of(candidate, "quota")


def _order(place: Place) -> tuple[int, int]:
    return -place.priority, place.number


def _ignore() -> None:
    pass


def _nobody(_candidate: Candidate, _now: float) -> bool:
    return False
