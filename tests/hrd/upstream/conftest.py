"""Connections to providers that are closed when their test is over."""

from collections.abc import Callable, Iterator

import pytest
import trio

from hrd.upstream.connections import Connections
from tests.hrd.upstream.parts import connections

Pooled = Callable[..., Connections]


@pytest.fixture
def pooled(nursery: trio.Nursery) -> Iterator[Pooled]:
    made: list[Connections] = []

    def make(**tuned: object) -> Connections:
        made.append(connections(nursery, **tuned))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for pool in made:
        pool.drop_idle()
