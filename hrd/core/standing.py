"""Standing: what is known of each candidate at this moment, for ranking it: requests out, latency, share of its quota left."""

from hrd.core.providers import Candidate, CostClass

CANDIDATES_MAX = 20_000
UNKNOWN_SHARE = 0.5
LOCAL_SHARE = 1.0
SMOOTHING = 0.2
"""The weight of the newest latency."""


class Standing:
    """One candidate's."""

    __slots__ = ("credential", "in_flight", "latency_ms", "share", "unknown_share", "used_at")

    def __init__(self, credential: str, unknown_share: float) -> None:
        self.credential = credential
        self.unknown_share = unknown_share
        """What its share counts as while nothing is known of its windows."""
        self.share = unknown_share
        self.in_flight = 0
        self.latency_ms = 0.0
        """Smoothed; 0 is not known yet."""
        self.used_at = 0.0


class StandingBook:
    """All of them, by the candidates' keys, so that a change of configuration forgets nothing."""

    def __init__(self) -> None:
        self._by_key: dict[str, Standing] = {}

    def of(self, candidate: Candidate) -> Standing:
        standing = self._by_key.get(candidate.key)
        if standing is None:
            if len(self._by_key) >= CANDIDATES_MAX:
                self._by_key = {key: kept for key, kept in self._by_key.items() if kept.in_flight}
            share = LOCAL_SHARE if candidate.cost_class is CostClass.LOCAL else UNKNOWN_SHARE
            standing = self._by_key[candidate.key] = Standing(candidate.credential.fingerprint, share)
        return standing

    def of_unknown_share(self, candidate: Candidate) -> Standing:
        """The same, when nothing is known of any window, whatever was known before."""
        standing = self._by_key.get(candidate.key) or self.of(candidate)
        standing.share = standing.unknown_share
        return standing

    def begin(self, candidate: Candidate, now: float) -> None:
        standing = self._by_key.get(candidate.key) or self.of(candidate)
        standing.in_flight += 1
        standing.used_at = now

    def answered(self, candidate: Candidate, latency_ms: float) -> None:
        standing = self._by_key.get(candidate.key) or self.of(candidate)
        before = standing.latency_ms
        standing.latency_ms = (1 - SMOOTHING) * before + SMOOTHING * latency_ms if before else latency_ms

    def end(self, candidate: Candidate) -> None:
        standing = self._by_key.get(candidate.key) or self.of(candidate)
        standing.in_flight -= 1

    def in_flight(self) -> dict[str, int]:
        """Credential → requests out now."""
        found: dict[str, int] = {}
        for standing in self._by_key.values():
            found[standing.credential] = found.get(standing.credential, 0) + standing.in_flight
        return found

    def latency_ms(self) -> dict[str, float]:
        """Credential → the smallest of its candidates' latencies."""
        found: dict[str, float] = {}
        for standing in self._by_key.values():
            if standing.latency_ms:
                found[standing.credential] = min(standing.latency_ms, found.get(standing.credential, standing.latency_ms))
        return found
