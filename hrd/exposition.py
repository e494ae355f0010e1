"""The exposition: metrics in the text that Prometheus scrapes. Loaded when it first asks: what it takes would be a part in
fifteen of the daemon's start."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from hrd.metrics import Counts, Metrics


def exposed(metrics: Metrics) -> tuple[bytes, bytes]:
    """The content type, and the text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(metrics))
    return CONTENT_TYPE_LATEST.encode(), generate_latest(registry)


class _Told(Collector):
    def __init__(self, counted: Metrics) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        counted, labels = self._counted, ["provider", "endpoint", "outcome"]
        requests = CounterMetricFamily("hermes_router_requests", "Finished requests.", labels=labels)
        tokens = CounterMetricFamily("hermes_router_tokens", "Tokens.", labels=["provider", "direction"])
        seconds = CounterMetricFamily("hermes_router_request_seconds", "Time spent on finished requests.", labels=labels)
        cost = CounterMetricFamily("hermes_router_cost_usd", "What is known of the cost, US dollars.", labels=["provider"])
        unpriced = CounterMetricFamily("hermes_router_unpriced_requests", "Requests of unknown cost.", labels=["provider"])
        by_provider: dict[str, Counts] = {}
        for key, counts in counted.by_series.items():
            requests.add_metric(key, counts.requests)
            seconds.add_metric(key, counts.ms / 1000.0)
            spent = by_provider.setdefault(key[0], Counts())
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
        for series, count in counted.attempts.items():
            attempts.add_metric(series, count)
        gauges = counted.gauges()
        yield from (requests, seconds, tokens, cost, unpriced, attempts)
        for name, text, value in (
            ("uptime_seconds", "Time since start.", gauges.uptime_s),
            ("in_flight", "Requests being served.", gauges.in_flight),
            ("connections", "Client connections.", gauges.connections),
            ("blocks", "Blocks in force.", gauges.blocks),
            ("store_rows_waiting", "Rows that wait for the database.", gauges.rows_waiting),
        ):
            yield GaugeMetricFamily(f"hermes_router_{name}", text, value=value)
