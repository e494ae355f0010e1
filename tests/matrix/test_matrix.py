"""The matrix: every client dialect over every provider dialect, whole and streamed, in every way that replies come."""

from __future__ import annotations

import pytest

from tests.matrix.cells import KINDS, Cell, cells
from tests.matrix.house import House

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("client", "provider", "kind", "how"), cells(), ids=str)
def test_it_holds(house: House, client: str, provider: str, kind: str, how: str) -> None:
    row = KINDS[kind]
    try:
        row.holds(Cell(house, client, provider, how == "stream"))
    finally:
        if row.leaves_blocks:
            house.forget_failures()
