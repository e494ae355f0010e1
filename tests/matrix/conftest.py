"""One daemon for all tests of the matrix that one process runs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.matrix.house import KEY, House, opened


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def client(house: House) -> Iterator[httpx2.Client]:
    """Of no library, with what each dialect wants in its head; what failed is nothing to the next test."""
    head = {"authorization": f"Bearer {KEY}", "anthropic-version": "2023-06-01"}
    with httpx2.Client(base_url=house.router.endpoint, headers=head, trust_env=False, timeout=20) as made:
        yield made
    house.forget_failures()
