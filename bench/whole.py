"""Whole replies: throughput beside nginx, what the router adds to one request, and memory over many."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import nginx
from bench.children import CannotMeasure
from bench.figures import Figure
from bench.machine import resident_mb
from bench.router import Router, make_home, router
from bench.wrk import load

CONNECTIONS = 32
RUNS_MAX = 200


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    seconds: int
    requests: int
    """After how many the memory is looked at, and again after as many more."""


def measure_whole(home: Path, effort: Effort) -> list[Figure]:
    with nginx.static_upstream(home) as upstream, nginx.proxy(home, upstream) as proxy:
        with router(make_home(home / "whole", upstream)) as routed:
            load(routed.port, CONNECTIONS, 1)  # connections open, files read, caches warm
            figures = [
                *_throughput(proxy, routed, effort),
                *_added(upstream, proxy, routed, effort),
                *_memory(routed, effort),
            ]
        with router(make_home(home / "info", upstream, "INFO")) as chatty:
            logged = load(chatty.port, CONNECTIONS, effort.seconds)
    return [*figures, Figure("info_per_s", "the same with LOG_LEVEL=INFO, to a file", logged.per_second, "requests/s")]


def _throughput(proxy: int, routed: Router, effort: Effort) -> list[Figure]:
    theirs, ours = [], []
    for _ in range(effort.rounds):
        theirs.append(load(proxy, CONNECTIONS, effort.seconds).per_second)
        ours.append(load(routed.port, CONNECTIONS, effort.seconds).per_second)
    ratio = median(ours) / median(theirs)
    return [
        Figure("nginx_per_s", f"nginx proxy_pass, {CONNECTIONS} connections", median(theirs), "requests/s"),
        Figure("whole_per_s", f"hrd, {CONNECTIONS} connections", median(ours), "requests/s"),
        Figure("ratio", "hrd's share of nginx's in the same run", ratio, "", at_least=0.25),
    ]


def _added(upstream: int, proxy: int, routed: Router, effort: Effort) -> list[Figure]:
    ports = {"direct": upstream, "proxied": proxy, "routed": routed.port}
    medians: dict[str, list[int]] = {name: [] for name in ports}
    for _ in range(effort.rounds):
        for name, port in ports.items():
            medians[name].append(load(port, 1, max(1, effort.seconds // 2)).p50_us)
    direct = median(medians["direct"])
    return [
        Figure("direct_us", "one connection, asking the upstream: median", direct, "µs"),
        Figure("nginx_us", "added by nginx", median(medians["proxied"]) - direct, "µs"),
        Figure("added_us", "added by hrd", median(medians["routed"]) - direct, "µs", at_most=150),
    ]


def _memory(routed: Router, effort: Effort) -> list[Figure]:
    first = _resident_after(routed, effort)
    second = _resident_after(routed, effort)
    count = f"{effort.requests:,}"
    return [
        Figure("rss_first", f"memory after {count} requests", first, "MB", at_most=60),
        Figure("rss_growth", f"growth over the next {count}", second - first, "MB", at_most=1),
    ]


def _resident_after(routed: Router, effort: Effort) -> float:
    served = 0
    for _ in range(RUNS_MAX):
        served += load(routed.port, CONNECTIONS, effort.seconds).requests
        if served >= effort.requests:
            return resident_mb(routed.pid)
    raise CannotMeasure(f"only {served} requests in {RUNS_MAX * effort.seconds} s")
