"""Metrics: counters of finished exchanges, kept as plain numbers. `hrd.exposition` tells them to Prometheus when it asks."""

from collections.abc import Callable

import msgspec

from hrd.core.journal import Entry

SERIES_MAX = 2000


class Counts:
    """What exchanges came to."""

    __slots__ = ("cost_microusd", "input_tokens", "ms", "output_tokens", "requests", "unpriced")

    def __init__(self) -> None:
        self.requests = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_microusd = 0
        self.unpriced = 0
        self.ms = 0.0


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted elsewhere and read when asked."""

    uptime_s: float
    in_flight: int
    connections: int
    blocks: int
    rows_waiting: int


class Metrics:
    """Counts by provider and outcome; the number of series is bounded."""

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self.gauges = gauges
        self.by_series: dict[tuple[str, str, str], Counts] = {}
        """By provider, endpoint and outcome."""
        self.attempts: dict[tuple[str, str], int] = {}
        """By provider and outcome."""

    def finished(self, entry: Entry) -> None:
        """Count one exchange."""
        key = (entry.provider, entry.endpoint, entry.outcome)
        counts = self.by_series.get(key)
        if counts is None:
            if len(self.by_series) >= SERIES_MAX:
                return
            counts = self.by_series[key] = Counts()
        usage, cost = entry.usage, entry.cost_microusd
        counts.requests += 1
        counts.input_tokens += usage.input_tokens
        counts.output_tokens += usage.output_tokens
        if cost is None:
            counts.unpriced += 1
        else:
            counts.cost_microusd += cost
        counts.ms += entry.total_ms
        for attempt in entry.attempts:
            series = (attempt.provider, attempt.outcome)
            if series in self.attempts or len(self.attempts) < SERIES_MAX:
                self.attempts[series] = self.attempts.get(series, 0) + 1
