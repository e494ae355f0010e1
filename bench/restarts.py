"""Restarts under load, by hand and under a supervisor: is anything cut, lost or late?"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import trio

from bench.children import CannotMeasure
from bench.figures import Figure
from tests.e2e.restarts import FULL, SMALL, Outcome, Parent, by_hand, restarts_under_load, under_a_supervisor

SECTION = "Restarts under load"
EXPLAINED = """Ten restarts, three seconds apart, then five with a new process that is made to fail: bad settings, a port in
use, a crash at import, a hang, an early end. All of it under 32 kept-alive clients, each of which asks again a tenth of a
second after its answer, and 16 streams of a minute, from one Python process (`tests/e2e/restarts.py`), once with a daemon that
was started by hand and once under a supervisor.
"""
LATER_MS = 250.0
MEMORY_MB = 60.0


def measure_restarts(home: Path, *, is_quick: bool) -> list[Figure]:
    parents: dict[str, Parent] = {"by hand": by_hand, "supervised": under_a_supervisor}
    figures = []
    for name, parent in parents.items():
        place = home / f"restarts {name}"
        place.mkdir()
        try:
            outcome = trio.run(partial(restarts_under_load, place, parent, SMALL if is_quick else FULL))
        except* (AssertionError, OSError, trio.TooSlowError) as errors:
            raise CannotMeasure(f"restarts {name}: {errors.exceptions[0]!r}") from errors
        figures += _figures(name, outcome)
    return figures


def _figures(name: str, outcome: Outcome) -> list[Figure]:
    load = outcome.load
    calm_ms, restart_ms = outcome.p99_ms(in_restarts=False), outcome.p99_ms(in_restarts=True)
    cut = [failure for failure in load.failures if failure.startswith("stream")]
    figures = [
        Figure("refused", "new processes that failed, the old one serving on", len(outcome.refused), "", at_least=5),
        Figure("whole", f"whole replies over {len(outcome.restarts)} restarts", load.whole, ""),
        Figure("failed", "failed requests", len(load.failures) - len(cut), "", at_most=0),
        Figure("streams", "streams", load.streams, ""),
        Figure("cut", "cut streams", len(cut), "", at_most=0),
        Figure("rows", "lost or doubled ledger rows", outcome.ledger.wrong, "", at_most=0),
        Figure("left", "former processes left over", len(outcome.left), "", at_most=0),
        Figure("calm", "99 % of whole replies without a restart within", calm_ms, "ms"),
        Figure("late", "99 % of those that met one within", restart_ms, "ms", at_most=calm_ms + LATER_MS),
        Figure("one", "memory of one process", outcome.one_mb, "MB", at_most=MEMORY_MB),
        Figure("two", "memory of two during a hand-over", outcome.two_mb, "MB", at_most=2 * MEMORY_MB),
    ]
    return [replace(figure, key=f"{name} {figure.key}", what=f"{name}: {figure.what}") for figure in figures]
