"""Whole replies: throughput beside nginx, what the router adds to one request, and memory over many."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import nginx
from bench.children import CannotMeasure
from bench.figures import Figure
from bench.floor import floor
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
        with router(make_home(home / "whole", upstream)) as routed, floor(home, upstream) as bare:
            ports = {"direct": upstream, "nginx": proxy, "floor": bare, "hrd": routed.port}
            for port in ports.values():
                load(port, CONNECTIONS, 1)  # connections open, files read, caches warm
            figures = [*_throughput(ports, effort), *_added(ports, effort), *_memory(routed, effort)]
        with router(make_home(home / "info", upstream, "INFO")) as chatty:
            logged = load(chatty.port, CONNECTIONS, effort.seconds)
    return [*figures, Figure("info_per_s", "the same with LOG_LEVEL=INFO, to a file", logged.per_second, "requests/s")]


def _throughput(ports: dict[str, int], effort: Effort) -> list[Figure]:
    rates: dict[str, list[float]] = {name: [] for name in ("nginx", "floor", "hrd")}
    for _ in range(effort.rounds):
        for name, found in rates.items():
            found.append(load(ports[name], CONNECTIONS, effort.seconds).per_second)
    theirs, bare, ours = (median(found) for found in rates.values())
    return [
        Figure("nginx_per_s", f"nginx proxy_pass, {CONNECTIONS} connections", theirs, "requests/s"),
        Figure("floor_per_s", "a bare proxy on trio and httptools (bench/floor.py)", bare, "requests/s"),
        Figure("whole_per_s", f"hrd, {CONNECTIONS} connections", ours, "requests/s"),
        Figure("floor_ratio", "hrd's share of the bare proxy's", ours / bare, ""),
        Figure("ratio", "hrd's share of nginx's in the same run", ours / theirs, "", at_least=0.25),
    ]


def _added(ports: dict[str, int], effort: Effort) -> list[Figure]:
    medians: dict[str, list[int]] = {name: [] for name in ports}
    for _ in range(effort.rounds):
        for name, port in ports.items():
            medians[name].append(load(port, 1, max(1, effort.seconds // 2)).p50_us)
    direct = median(medians["direct"])
    return [
        Figure("direct_us", "one connection, asking the upstream: median", direct, "µs"),
        Figure("nginx_us", "added by nginx", median(medians["nginx"]) - direct, "µs"),
        Figure("floor_us", "added by the bare proxy", median(medians["floor"]) - direct, "µs"),
        Figure("added_us", "added by hrd", median(medians["hrd"]) - direct, "µs", at_most=150),
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
