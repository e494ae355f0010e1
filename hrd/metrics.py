"""Metrics: counters of finished exchanges, kept as plain numbers and told to Prometheus when it asks."""

from collections.abc import Callable, Iterable

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from hrd.core.journal import Entry

SERIES_MAX = 2000
CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()


class _Counts:
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


class Metrics(Collector):
    """Counts by provider and outcome; the number of series is bounded."""

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self._gauges = gauges
        self._by_series: dict[tuple[str, str, str], _Counts] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def finished(self, entry: Entry) -> None:
        """Count one exchange."""
        key = (entry.provider, entry.endpoint, entry.outcome)
        counts = self._by_series.get(key)
        if counts is None:
            if len(self._by_series) >= SERIES_MAX:
                return
            counts = self._by_series[key] = _Counts()
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
            if series in self._attempts or len(self._attempts) < SERIES_MAX:
                self._attempts[series] = self._attempts.get(series, 0) + 1

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        labels = ["provider", "endpoint", "outcome"]
        requests = CounterMetricFamily("hermes_router_requests", "Finished requests.", labels=labels)
        tokens = CounterMetricFamily("hermes_router_tokens", "Tokens.", labels=["provider", "direction"])
        seconds = CounterMetricFamily("hermes_router_request_seconds", "Time spent on finished requests.", labels=labels)
        cost = CounterMetricFamily("hermes_router_cost_usd", "What is known of the cost, US dollars.", labels=["provider"])
        unpriced = CounterMetricFamily("hermes_router_unpriced_requests", "Requests of unknown cost.", labels=["provider"])
        by_provider: dict[str, _Counts] = {}
        for key, counts in self._by_series.items():
            requests.add_metric(key, counts.requests)
            seconds.add_metric(key, counts.ms / 1000.0)
            spent = by_provider.setdefault(key[0], _Counts())
            spent.input_tokens += counts.input_tokens
            spent.output_tokens += counts.output_tokens
            spent.cost_microusd += counts.cost_microusd
            spent.unpriced += counts.unpriced
        for provider, spent in by_provider.items():
            tokens.add_metric([provider, "input"], spent.input_tokens)
            tokens.add_metric([provider, "output"], spent.output_tokens)
            cost.add_metric([provider], spent.cost_microusd / 1e6)
            unpriced.add_metric([provider], spent.unpriced)
        attempts = CounterMetricFamily("hermes_router_attempts", "Attempts by outcome.", labels=["provider", "outcome"])
        for series, count in self._attempts.items():
            attempts.add_metric(series, count)
        gauges = self._gauges()
        yield from (requests, seconds, tokens, cost, unpriced, attempts)
        for name, text, value in (
            ("uptime_seconds", "Time since start.", gauges.uptime_s),
            ("in_flight", "Requests being served.", gauges.in_flight),
            ("connections", "Client connections.", gauges.connections),
            ("blocks", "Blocks in force.", gauges.blocks),
            ("store_rows_waiting", "Rows that wait for the database.", gauges.rows_waiting),
        ):
            yield GaugeMetricFamily(f"hermes_router_{name}", text, value=value)
