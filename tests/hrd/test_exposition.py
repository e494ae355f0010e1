"""What a scrape sees after a few exchanges."""

import subprocess
import sys

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hrd.core.journal import AttemptNote, Entry, Outcome, Usage
from hrd.exposition import exposed
from hrd.metrics import Gauges, Metrics

LABELS = ("provider", "endpoint", "outcome", "direction")
GAUGES = Gauges(uptime_s=12.5, in_flight=3, connections=7, blocks=2, rows_waiting=1)


def entry(
    provider: str = "groq", outcome: Outcome = Outcome.OK, *, attempts: tuple[str, ...] = ("ok",), ms: float = 250.0
) -> Entry:
    return Entry(
        request_id="req-1",
        at=1_000_000.0,
        endpoint="/chat/completions",
        client="client-1",
        model_asked="m",
        stream=False,
        outcome=outcome,
        status=200,
        provider=provider,
        usage=Usage(input_tokens=10, output_tokens=4),
        total_ms=ms,
        attempts=tuple(AttemptNote(provider=provider, model="m", credential="c", outcome=said) for said in attempts),
    )


def scraped(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(exposed(metrics)[1].decode())
    samples = [sample for family in families for sample in family.samples]
    return {(one.name, *(one.labels[label] for label in LABELS if label in one.labels)): one.value for one in samples}


def test_what_is_counted_elsewhere_is_read_when_asked() -> None:
    found = scraped(Metrics(lambda: GAUGES))
    assert {name[0].removeprefix("hermes_router_"): value for name, value in found.items()} == {
        "uptime_seconds": 12.5,
        "in_flight": 3.0,
        "connections": 7.0,
        "blocks": 2.0,
        "store_rows_waiting": 1.0,
    }


def test_exchanges_add_up_by_provider_endpoint_and_outcome() -> None:
    metrics = Metrics(lambda: GAUGES)
    metrics.finished(entry())
    metrics.finished(entry(attempts=("rate limited", "ok"), ms=750.0))
    metrics.finished(entry("", Outcome.REFUSED, attempts=()))
    found = scraped(metrics)
    ok, refused = ("groq", "/chat/completions", "ok"), ("", "/chat/completions", "refused")
    assert found["hermes_router_requests_total", *ok] == 2
    assert found["hermes_router_requests_total", *refused] == 1
    assert found["hermes_router_request_seconds_total", *ok] == pytest.approx(1.0)
    assert found["hermes_router_tokens_total", "groq", "input"] == 20
    assert found["hermes_router_tokens_total", "groq", "output"] == 8
    assert found["hermes_router_attempts_total", "groq", "ok"] == 2
    assert found["hermes_router_attempts_total", "groq", "rate limited"] == 1


def test_what_is_known_of_the_cost_adds_up_and_what_is_not_is_counted_apart() -> None:
    metrics = Metrics(lambda: GAUGES)
    for cost in (1_500_000, None, 250_000):
        metrics.finished(msgspec.structs.replace(entry(), cost_microusd=cost))
    found = scraped(metrics)
    assert found["hermes_router_cost_usd_total", "groq"] == pytest.approx(1.75)
    assert found["hermes_router_unpriced_requests_total", "groq"] == 1


def test_prometheus_is_not_loaded_before_it_asks() -> None:
    look = "import sys, hrd.start; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look]).returncode == 0
