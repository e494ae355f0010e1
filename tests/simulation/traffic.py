"""Who asks for what, and when: Poisson arrivals with bursts, drawn from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from tests.simulation.providers import Asked
from tests.simulation.tiers import CLOSE_CLIENT, OPEN_CLIENT, OPEN_SHARE
from tests.simulation.windows import DAY_S

BURSTS_A_DAY = 24
BURST_S = 240.0
BURST_SHARE = 0.3
"""Of all requests those that come in bursts: an agent at work."""
INPUT_MEDIAN, INPUT_SPREAD, INPUT_MAX = 450, 0.5, 20_000
OUTPUT_MEDIAN, OUTPUT_SPREAD, OUTPUT_MAX = 180, 0.5, 2000
LONG_SHARE, LONG_FACTOR = 0.02, 12
"""A few requests are giants."""
TOKENS_A_S = 60.0


def arrivals(draw: random.Random, begin: float, days: float, a_day: float) -> list[Asked]:
    """All requests of *days* days from *begin* on, *a_day* of them on average."""
    end = begin + days * DAY_S
    moments = list(_poisson(draw, begin, end, a_day * (1 - BURST_SHARE) / DAY_S))
    in_burst = a_day * BURST_SHARE / BURSTS_A_DAY / BURST_S
    for start in _poisson(draw, begin, end, BURSTS_A_DAY / DAY_S):
        moments += _poisson(draw, start, min(end, start + BURST_S), in_burst)
    moments.sort()
    return [_request(draw, number, at) for number, at in enumerate(moments, 1)]


def _poisson(draw: random.Random, begin: float, end: float, rate: float) -> Iterator[float]:
    at = begin + draw.expovariate(rate)
    while at < end:
        yield at
        at += draw.expovariate(rate)


def _request(draw: random.Random, number: int, at: float) -> Asked:
    size = draw.lognormvariate(0, INPUT_SPREAD) * INPUT_MEDIAN
    if draw.random() < LONG_SHARE:
        size *= LONG_FACTOR
    tokens = min(INPUT_MAX, max(20, int(size)))
    output = min(OUTPUT_MAX, max(5, int(draw.lognormvariate(0, OUTPUT_SPREAD) * OUTPUT_MEDIAN)))
    first_s = draw.uniform(0.3, 1.5)
    return Asked(
        number=number,
        at=at,
        caller=OPEN_CLIENT if draw.random() < OPEN_SHARE else CLOSE_CLIENT,
        input_tokens=tokens,
        output_tokens=output,
        estimate=max(1, int(tokens * draw.uniform(0.85, 1.15))),
        first_s=first_s,
        duration_s=first_s + output / TOKENS_A_S,
    )


def mean_tokens() -> float:
    """What a request comes to on average."""
    long = 1 - LONG_SHARE + LONG_SHARE * LONG_FACTOR
    return INPUT_MEDIAN * math.exp(INPUT_SPREAD**2 / 2) * long + OUTPUT_MEDIAN * math.exp(OUTPUT_SPREAD**2 / 2)


def mean_price(price: tuple[float, float]) -> float:
    """What it costs on average, in micro-dollars."""
    long = 1 - LONG_SHARE + LONG_SHARE * LONG_FACTOR
    read = INPUT_MEDIAN * math.exp(INPUT_SPREAD**2 / 2) * long
    return read * price[0] + OUTPUT_MEDIAN * math.exp(OUTPUT_SPREAD**2 / 2) * price[1]
