"""Every scenario runs on virtual time. `world` is one with default settings; `open_world` makes another."""

from collections.abc import AsyncIterator

import pytest

from tests.scenarios.world import World, open_world


@pytest.fixture(autouse=True)
def on_virtual_time(virtual_time: None) -> None:
    """For all tests of this folder."""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as made:
        yield made
