"""Every scenario runs on virtual time. `world` is one with default settings; `open_world` makes another."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.scenarios.world import World, open_world


def run_on_virtual_time(main: Any, *, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """trio.run with a clock that jumps to the next deadline whenever everybody waits."""
    return trio.run(main, clock=clock or MockClock(autojump_threshold=0), instruments=instruments)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fixture could give the clock only to tests that name it beside the world."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.trio(run=run_on_virtual_time))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as made:
        yield made
