"""The circuit breaker of one endpoint (a base URL).

One model's failures open that model; failures of two models, or of connecting, open the endpoint. Open means a guessed block,
set by the pool, so that everything said of blocks holds for it. What is counted is the last `window` attempts of each model.
"""

from collections import deque

from hrd.core import scopes

MODELS_MAX = 256
"""Models remembered for each endpoint; the oldest is forgotten."""


class Breaker:
    """Counts outcomes; says which scope opens."""

    def __init__(self, base_url: str, *, window: int, samples_min: int, error_rate: float) -> None:
        self._base_url = base_url
        self._window = window
        self._samples_min = samples_min
        self._error_rate = error_rate
        self._models: dict[str, deque[bool]] = {}
        self._connects: deque[bool] = deque(maxlen=window)
        self._open_models: dict[str, float] = {}

    def succeeded(self, model: str) -> None:
        if self._connects:
            self._connects.clear()
        outcomes = self._models.get(model)
        if outcomes is not None:
            outcomes.append(True)
        self._open_models.pop(model, None)

    def failed(self, model: str, *, connecting: bool, open_s: float, now: float) -> str | None:
        """Count a failure; the scope that opens by it, if one does."""
        if connecting:
            self._connects.append(False)
            if len(self._connects) < self._samples_min:
                return None
            self._connects.clear()
            return scopes.endpoint(self._base_url)
        outcomes = self._outcomes_of(model)
        outcomes.append(False)
        errors = outcomes.count(False)
        if len(outcomes) < self._samples_min or errors < self._error_rate * len(outcomes):
            return None
        outcomes.clear()
        others = [other for other, until in self._open_models.items() if other != model and until > now]
        self._open_models[model] = now + open_s
        return scopes.endpoint(self._base_url) if others else scopes.endpoint_model(self._base_url, model)

    def _outcomes_of(self, model: str) -> deque[bool]:
        outcomes = self._models.get(model)
        if outcomes is None:
            if len(self._models) >= MODELS_MAX:
                forgotten = next(iter(self._models))
                del self._models[forgotten]
                self._open_models.pop(forgotten, None)
            outcomes = self._models[model] = deque(maxlen=self._window)
        return outcomes
