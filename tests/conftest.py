"""Virtual time for everybody who asks for it, and what holds for all tests.

pytest-trio's `autojump_clock` works only for tests that name it themselves; `virtual_time` may also be named by fixtures, or by
one fixture for a whole module.
"""

import gc
import importlib
import os
import pkgutil
import signal
from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import coverage
import pytest
import trio
from hypothesis import HealthCheck, is_hypothesis_test, settings
from trio.testing import MockClock

# How long an example takes says how busy the machine is; the tables of characters that the first one wants take seconds.
settings.register_profile("fresh", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time, so that what fails is what was changed. `make fuzz` draws fresh ones.
settings.register_profile("same", settings.get_profile("fresh"), derandomize=True)
settings.load_profile("same")

TESTS = Path(__file__).parent
OURS = ("hrd", "hrctl")
OF_A_TERMINAL = ("COLUMNS", "LINES", "LANG", "LANGUAGE", "NO_COLOR")
COVERED = frozenset({*OURS, "scenarios"})
MEASURING = pytest.StashKey[coverage.Coverage | None]()
LONG = ("packaging", "simulation", "e2e")
"""They begin first, so that none of them is alone at the end."""


def run_on_virtual_time(main: Any, *, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """trio.run with a clock that jumps to the next deadline whenever everybody waits."""
    return trio.run(main, clock=clock or MockClock(autojump_threshold=0), instruments=instruments)


def pytest_configure() -> None:
    """What the tests start inherits no language and no width of whoever runs them, nor that Ctrl-C is ignored, as shells do
    with what they start in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name in OF_A_TERMINAL or name.startswith("LC_")]:
        del os.environ[name]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Count what loading our own modules covers. From then on lines are followed within tests alone: to follow what pytest does
    around ten thousand of them costs more than many of them do."""
    measuring = session.config.stash[MEASURING] = coverage.Coverage.current()
    if measuring is not None:
        for package in OURS:
            for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
                importlib.import_module(module.name)
    # In a process of pytest-xdist a second one lies under it, whose lines nobody asks for: pytest-cov starts one when it reads
    # the command line, before it knows that this process hands no tests out. It would go on whenever the other stops.
    while (started := coverage.Coverage.current()) is not None:
        started.stop()
    # What is collected stays until the end: nobody need look through it again and again for what is not used any more.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = _dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for item in items:
        if "virtual_time" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.trio(run=run_on_virtual_time))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    measuring = pyfuncitem.config.stash[MEASURING]
    if measuring is None or not _counts(pyfuncitem):
        return (yield)
    measuring.start()
    try:
        return (yield)
    finally:
        measuring.stop()


def _dealt(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """*items* so that each process begins with its share of the long ones: it is given one stretch of all."""
    long = sorted((item for item in items if _folder(item) in LONG), key=lambda item: LONG.index(_folder(item)))
    others = iter([item for item in items if _folder(item) not in LONG])
    dealt: list[pytest.Item] = []
    for place in range(processes):
        share = long[place::processes]
        stretch = (len(items) - len(dealt)) // (processes - place)
        dealt += [*share, *islice(others, max(0, stretch - len(share)))]
    return [*dealt, *others]


def _counts(item: pytest.Function) -> bool:
    """Whether the lines that *item* runs count as covered: those that a test of their own runs, not whatever a long story or a
    property comes by. To follow each line doubles the time that a test takes."""
    is_long = is_hypothesis_test(item.obj) or item.get_closest_marker("uncounted") is not None
    return _folder(item) in COVERED and not is_long


def _folder(item: pytest.Item) -> str:
    """Which of the folders here *item* is in."""
    return item.path.relative_to(TESTS).parts[0]


@pytest.fixture
def virtual_time() -> None:
    """The test's clock jumps to the next deadline whenever everybody waits (see the hook above)."""
