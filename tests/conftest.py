"""Virtual time for everybody who asks for it.

pytest-trio's `autojump_clock` works only for tests that name it themselves; `virtual_time` may also be named by fixtures, or by
one fixture for a whole module.
"""

from collections.abc import Sequence
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, settings
from trio.testing import MockClock

# How long an example takes says how busy the machine is; the tables of characters that the first one wants take seconds.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def run_on_virtual_time(main: Any, *, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """trio.run with a clock that jumps to the next deadline whenever everybody waits."""
    return trio.run(main, clock=clock or MockClock(autojump_threshold=0), instruments=instruments)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "virtual_time" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.trio(run=run_on_virtual_time))


@pytest.fixture
def virtual_time() -> None:
    """The test's clock jumps to the next deadline whenever everybody waits (see the hook above)."""
