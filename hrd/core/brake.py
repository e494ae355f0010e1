"""The brake on retry loops: a request that is refused again and again is answered from its last refusal for a while.

A client that sends the same body every second, whatever it is told, spends what others could use and heats what is already
empty. After so many refusals within so many seconds the router stops asking for it, and says so: for a while, but no longer
than until the moment that the refusal named itself.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from hrd.core.refusals import Refusal

NOTE = "refused from memory: the same client had the same body refused again and again (retry brake)"


class BrakeRules(msgspec.Struct, frozen=True, kw_only=True):
    """When it is put on, and for how long. No refusals: never."""

    refusals: int = 5
    within_s: float = 60.0
    hold_s: float = 10.0
    bodies_max: int = 1000


class _Trail:
    """What one client's one body met."""

    __slots__ = ("held_until", "refusal", "refused_at")

    def __init__(self) -> None:
        self.refused_at: deque[float] = deque()
        self.held_until = 0.0
        self.refusal: Refusal | None = None


class Brake:
    """Remembers digests, never bodies; the oldest are forgotten first. `now` is any clock that does not jump."""

    def __init__(self) -> None:
        self._trails: dict[tuple[str, bytes], _Trail] = {}
        self._clients: dict[str, int] = {}
        """How many of them are each client's: whose requests were never refused, is not looked at."""

    def held(self, client: str, parts: Iterable[bytes], now: float) -> Refusal | None:
        """The refusal to answer with; None if the request may go on. Its Retry-After is what is left of it."""
        if client not in self._clients:
            return None
        trail = self._trails.get((client, _digest(parts)))
        if trail is None or trail.refusal is None or now >= trail.held_until:
            return None
        said = trail.refusal.retry_after_s
        if said is None:
            return trail.refusal
        return msgspec.structs.replace(trail.refusal, retry_after_s=said - (now - trail.refused_at[-1]))

    def refused(self, client: str, parts: Iterable[bytes], refusal: Refusal, rules: BrakeRules, now: float) -> None:
        """The request was refused."""
        if not rules.refusals:
            return
        key = (client, _digest(parts))
        trail = self._trails.pop(key, None)
        if trail is None:
            trail = _Trail()
            self._clients[client] = self._clients.get(client, 0) + 1
        self._trails[key] = trail
        trail.refused_at.append(now)
        while now - trail.refused_at[0] >= rules.within_s:
            trail.refused_at.popleft()
        if len(trail.refused_at) >= rules.refusals:
            trail.held_until, trail.refusal = now + _hold_s(refusal, rules), msgspec.structs.replace(refusal, attempts=())
        while len(trail.refused_at) > rules.refusals:
            trail.refused_at.popleft()
        while len(self._trails) > rules.bodies_max:
            self._drop(next(iter(self._trails)))

    def served(self, client: str, parts: Iterable[bytes]) -> None:
        """The request was answered: what was before does not count."""
        if client in self._clients:
            key = (client, _digest(parts))
            if key in self._trails:
                self._drop(key)

    def release(self) -> None:
        """Somebody has changed what refusals came of: each is asked for anew."""
        self._trails.clear()
        self._clients.clear()

    def _drop(self, key: tuple[str, bytes]) -> None:
        del self._trails[key]
        self._clients[key[0]] -= 1
        if not self._clients[key[0]]:
            del self._clients[key[0]]


def _hold_s(refusal: Refusal, rules: BrakeRules) -> float:
    """Who comes back when it was told to goes round in no circle."""
    return rules.hold_s if refusal.retry_after_s is None else min(rules.hold_s, refusal.retry_after_s)


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
