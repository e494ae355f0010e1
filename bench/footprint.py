"""What the router costs when nobody asks anything: starting, being looked at, sitting there."""

import time
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.machine import cpu_s, resident_mb
from bench.router import make_home, router, status_s
from tests.upstreams import free_port

STARTS = 5
LOOKS = 10
SETTLE_S = 3


def measure_footprint(home: Path, idle_s: int) -> list[Figure]:
    place = make_home(home / "footprint", free_port())  # nobody listens there: nothing is asked of it
    with router(place) as first:
        first_s = first.ready_s
    again_s = []
    for _ in range(STARTS):
        with router(place) as again:
            again_s.append(again.ready_s)
    with router(place) as idle:
        looks = [status_s(place) for _ in range(LOOKS)]
        time.sleep(SETTLE_S)
        before_s, began = cpu_s(idle.pid), time.monotonic()
        time.sleep(idle_s)
        share = (cpu_s(idle.pid) - before_s) / (time.monotonic() - began)
        memory_mb = resident_mb(idle.pid)
    return [
        Figure("first_start_s", "first start, from nothing to ready", first_s, "s", at_most=0.6),
        Figure("start_s", "start to ready", median(again_s), "s", at_most=0.6),
        Figure("status_ms", "hr status as a whole process", median(looks) * 1000, "ms", at_most=150),
        Figure("idle_percent", "idle daemon", share * 100, "% of a core", at_most=0.1),
        Figure("idle_mb", "its memory", memory_mb, "MB"),
    ]
