"""One daemon for all tests of the matrix that one process runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.matrix.house import House, opened


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house")) as made:
        yield made
