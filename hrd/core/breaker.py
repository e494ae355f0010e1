"""The circuit breakers, one for each endpoint (a base URL).

One model's failures open that model; failures of two models, or of connecting, open the endpoint. Open means a guessed block,
set by the pool, so that everything said of blocks holds for it: when it is over, one request goes first. What that one meets
decides: a success closes the breaker, a failure opens it again at once. What is counted are the last `window` attempts.
"""

from collections import deque
from collections.abc import Collection
from typing import Final

from hrd.core.providers import Candidate
from hrd.core.rules import PoolRules
from hrd.core.scopes import PLACES

BREAKER: Final = "breaker"
"""The reason of the block that one sets. It has a message if it was connecting that failed."""
MODELS_MAX = 256
"""Models remembered for each endpoint; the oldest is forgotten."""
ENDPOINTS_MAX = 1024
_MODEL, _ENDPOINT = PLACES["endpoint_model"], PLACES["endpoint"]


class _Counter:
    """The last outcomes of one model, or of connecting."""

    __slots__ = ("opened_at", "outcomes", "until")

    def __init__(self, window: int) -> None:
        self.outcomes: deque[bool] = deque(maxlen=window)
        self.opened_at = 0.0
        self.until = 0.0
        """While it is open; 0 when a success has closed it."""

    def succeeded(self, begun_at: float) -> None:
        self.outcomes.append(True)
        if self.until and begun_at > self.opened_at:
            self.until = 0.0

    def take_back(self) -> None:
        """The newest success was none after all."""
        for place in range(len(self.outcomes) - 1, -1, -1):
            if self.outcomes[place]:
                del self.outcomes[place]
                return

    def opens(self, rules: PoolRules, *, begun_at: float, now: float) -> bool:
        """Count a failure; whether it opens."""
        if self.until and begun_at <= self.opened_at:
            return False  # it was out when the breaker opened: the same story
        self.outcomes.append(False)
        errors, count = self.outcomes.count(False), len(self.outcomes)
        is_over = count >= min(rules.breaker_samples_min, rules.breaker_window) and errors >= rules.breaker_error_rate * count
        if not is_over and not self.until:
            return False
        self.outcomes.clear()
        self.opened_at, self.until = now, now + rules.breaker_cooldown_s
        return True


class Breaker:
    """One endpoint's."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._models: dict[str, _Counter] = {}
        """By the scope that opens."""
        self._connects: _Counter | None = None
        """None until the first failure to connect: most endpoints have none."""

    def succeeded(self, candidate: Candidate, *, begun_at: float) -> None:
        self._counter_of(candidate.scopes[_MODEL]).succeeded(begun_at)
        if self._connects is not None:
            self._connects.succeeded(begun_at)

    def broke_off(self, candidate: Candidate, rules: PoolRules, *, begun_at: float, now: float) -> str | None:
        """An attempt that had reached its commit point, and counted as a success, came to nothing."""
        self._counter_of(candidate.scopes[_MODEL]).take_back()
        return self.failed(candidate, rules, connecting=False, begun_at=begun_at, now=now)

    def failed(self, candidate: Candidate, rules: PoolRules, *, connecting: bool, begun_at: float, now: float) -> str | None:
        """Count a failure; the scope that opens by it, if one does."""
        endpoint, model = candidate.scopes[_ENDPOINT], candidate.scopes[_MODEL]
        if connecting:
            if self._connects is None:
                self._connects = _Counter(self._window)
            return endpoint if self._connects.opens(rules, begun_at=begun_at, now=now) else None
        if self._connects is not None:
            self._connects.succeeded(begun_at)
        if not self._counter_of(model).opens(rules, begun_at=begun_at, now=now):
            return None
        others_open = any(counter.until > now for other, counter in self._models.items() if other != model)
        return endpoint if others_open else model

    def _counter_of(self, model: str) -> _Counter:
        counter = self._models.get(model)
        if counter is None:
            if len(self._models) >= MODELS_MAX:
                del self._models[next(iter(self._models))]
            counter = self._models[model] = _Counter(self._window)
        return counter


class Breakers:
    """Every endpoint's, by base URL."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._by_url: dict[str, Breaker] = {}

    def of(self, base_url: str) -> Breaker:
        breaker = self._by_url.get(base_url)
        if breaker is None:
            if len(self._by_url) >= ENDPOINTS_MAX:
                del self._by_url[next(iter(self._by_url))]
            breaker = self._by_url[base_url] = Breaker(self._window)
        return breaker

    def look_back(self, window: int) -> None:
        """The setting changed: count anew."""
        if window != self._window:
            self._window = window
            self._by_url.clear()

    def forget(self, base_urls: Collection[str] | None) -> None:
        """Count these anew; None: all of them."""
        for url in list(self._by_url) if base_urls is None else base_urls:
            self._by_url.pop(url, None)
