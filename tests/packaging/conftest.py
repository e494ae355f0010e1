"""What is built of this checkout, once for all tests of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from hrd import __version__
from tests.packaging.wheels import collect

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def wheels(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that an installation needs."""
    folder = tmp_path_factory.mktemp("wheels")
    collect("hrd", folder)
    name = f"hrd-{__version__}-py3-none-any.whl"
    (folder / name).symlink_to(dist / name)
    return folder
