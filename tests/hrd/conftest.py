"""A house for the daemon as a whole and for each of its sides."""

from pathlib import Path

import pytest

from tests.hrd.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
