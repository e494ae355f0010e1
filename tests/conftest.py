"""Virtual time for everybody who asks for it, and what holds for all tests.

pytest-trio's `autojump_clock` works only for tests that name it themselves; `virtual_time` may also be named by fixtures, or by
one fixture for a whole module.
"""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, settings
from trio.testing import MockClock

# How long an example takes says how busy the machine is; the tables of characters that the first one wants take seconds.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

TESTS = Path(__file__).parent
COVERED = frozenset({"hrd", "hrctl", "scenarios"})
"""Whose lines count as covered: those that a test of their own runs, not whatever a long story comes by. To follow each line
doubles the time that a test takes."""
LONG = ("packaging", "simulation", "e2e")
"""They begin first, so that none of them is alone at the end."""


def run_on_virtual_time(main: Any, *, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """trio.run with a clock that jumps to the next deadline whenever everybody waits."""
    return trio.run(main, clock=clock or MockClock(autojump_threshold=0), instruments=instruments)


def pytest_configure() -> None:
    """Shells start what runs in the background with Ctrl-C ignored, and what the tests start would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(folder) if (folder := _folder(item)) in LONG else len(LONG))
    for item in items:
        if _folder(item) not in COVERED:
            item.add_marker(pytest.mark.no_cover)
        if "virtual_time" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.trio(run=run_on_virtual_time))


def _folder(item: pytest.Item) -> str:
    """Which of the folders here *item* is in."""
    return item.path.relative_to(TESTS).parts[0]


@pytest.fixture
def virtual_time() -> None:
    """The test's clock jumps to the next deadline whenever everybody waits (see the hook above)."""
