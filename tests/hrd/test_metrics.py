"""Metrics: exchanges are counted, and the counters are bounded."""

from hrd.metrics import SERIES_MAX, Metrics
from tests.hrd.test_exposition import GAUGES, entry


def test_the_number_of_series_is_bounded() -> None:
    metrics = Metrics(lambda: GAUGES)
    for number in range(SERIES_MAX + 5):
        metrics.finished(entry(f"p{number}"))
    metrics.finished(entry("p0"))
    assert len(metrics.by_series) == len(metrics.attempts) == SERIES_MAX
    assert metrics.by_series["p0", "/chat/completions", "ok"].requests == 2
