"""The wheel and the sdist hold the same program, of the same version, and nothing that does not belong in them."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from hrd import __version__

WHEEL = f"hrd-{__version__}-py3-none-any.whl"


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.e2e
def test_the_version_comes_from_one_place(dist: Path) -> None:
    assert sorted(path.name for path in dist.iterdir()) == [WHEEL, f"hrd-{__version__}.tar.gz"]


@pytest.mark.e2e
def test_the_wheel_holds_both_programs_their_data_and_the_units(dist: Path) -> None:
    names = members(dist / WHEEL)
    assert {
        "hrd/__main__.py",
        "hrd/core/catalogue.toml",
        "hrctl/__main__.py",
        "hrctl/installation/systemd/system/hrd.service",
        "hrctl/installation/systemd/user/hrd.socket",
        "hrctl/installation/systemd/sysusers.conf",
    } <= names.keys()
    assert {name.partition("/")[0] for name in names} == {"hrd", "hrctl", f"hrd-{__version__}.dist-info"}


@pytest.mark.e2e
def test_the_sdist_makes_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    with tarfile.open(dist / f"hrd-{__version__}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / f"hrd-{__version__}"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    assert members(tmp_path / WHEEL) == members(dist / WHEEL)
    assert not list(source.rglob("*.pyc"))
