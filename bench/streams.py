"""Many streams at once: does every chunk arrive in time, and what does it cost?"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.children import CannotMeasure, built, running
from bench.figures import Figure
from bench.machine import cpu_s, resident_mb
from bench.router import CLIENT_KEY, Router, make_home, router

STREAMS = 1000
INTERVAL_MS = 100
RAMP_MS = 1000
DEADLINE_S = 90


@contextmanager
def stream_upstream(chunks: int, interval_ms: int = INTERVAL_MS) -> Iterator[int]:
    """The port of an upstream whose streams have so many chunks."""
    command = [str(built("stream_upstream")), "--chunks", str(chunks), "--interval-ms", str(interval_ms)]
    with running(command, reads=True) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline())


def stream_load(port: int, streams: int, chunks: int, ramp_ms: int = RAMP_MS) -> subprocess.Popen[str]:
    """The load generator, started; `outcome` waits for its report."""
    options = {"port": port, "connections": streams, "chunks": chunks, "ramp-ms": ramp_ms, "deadline-s": DEADLINE_S}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [str(built("stream_load")), "--key", CLIENT_KEY, *arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def outcome(child: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = child.communicate(timeout=DEADLINE_S + 10)
    if child.returncode:
        raise CannotMeasure(f"stream_load ended with {child.returncode}")
    report: dict[str, Any] = json.loads(said)
    return report


def measure_streams(home: Path, seconds: int) -> list[Figure]:
    chunks = seconds * 1000 // INTERVAL_MS
    with stream_upstream(chunks) as upstream:
        direct = outcome(stream_load(upstream, STREAMS, chunks))
        with router(make_home(home / "streams", upstream)) as routed:
            before_s = cpu_s(routed.pid)
            child = stream_load(routed.port, STREAMS, chunks)
            peak_mb = _peak_mb(routed, child)
            routed_report = outcome(child)
            spent_s = cpu_s(routed.pid) - before_s
    return [*_tools(direct), *_promises(routed_report, spent_s, peak_mb)]


def _peak_mb(routed: Router, child: subprocess.Popen[str]) -> float:
    """The most memory the router used while the load was on; looked at four times a second."""
    peak, deadline = 0.0, time.monotonic() + DEADLINE_S + 5
    while child.poll() is None and time.monotonic() < deadline:
        peak = max(peak, resident_mb(routed.pid))
        time.sleep(0.25)
    return peak


def _tools(report: dict[str, Any]) -> list[Figure]:
    return [Figure("tools_p99_ms", f"{STREAMS:,} streams without hrd: 99 % of chunks within", report["p99_ms"], "ms")]


def _promises(report: dict[str, Any], spent_s: float, peak_mb: float) -> list[Figure]:
    completed, chunks = report["completed"], max(1, report["chunks"])
    return [
        Figure("streams", f"of {STREAMS:,} streams complete", completed, "", at_least=STREAMS),
        Figure("stream_p50_ms", "half of their chunks within", report["p50_ms"], "ms"),
        Figure("stream_p99_ms", "99 % of their chunks within", report["p99_ms"], "ms", at_most=250),
        Figure("stream_max_ms", "all of their chunks within", report["max_ms"], "ms"),
        Figure("cpu_us_per_chunk", "hrd's CPU a chunk", spent_s / chunks * 1e6, "µs", at_most=80),
        Figure("streams_mb", f"memory with {STREAMS:,} streams open", peak_mb, "MB", at_most=120),
        Figure("load_turn_ms", "longest turn of the load generator itself", report["turn_max_ms"], "ms"),
    ]
