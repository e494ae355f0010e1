"""`make` on a machine that lacks something says what, and what to type; on one that lacks nothing it does nothing twice."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = (
    *("run", "test", "check", "format", "docs", "bench", "simulate", "fuzz"),
    *("install", "install-user", "uninstall", "uninstall-user", "dist", "wheels", "deb", "trial", "clean"),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what make looks at, and nothing else."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name not in ("MFLAGS", "PYTHON")
    }
    return subprocess.run(["make", *arguments], cwd=checkout, env=environ, capture_output=True, text=True, timeout=60)


def fake_python(folder: Path, script: str) -> Path:
    """A Python that answers the question in its second argument as *script* says, and otherwise as this one."""
    fake = folder / "fake-python"
    fake.write_text(f'#!/bin/sh\ncase "$2" in\n{script}\nesac\nexec {sys.executable} "$@"\n')
    fake.chmod(0o755)
    return fake


def test_help_tells_of_every_target(checkout: Path) -> None:
    told = make(checkout).stdout
    assert told == make(checkout, "help").stdout
    assert re.findall(r"^  make ([\w-]+) +\S", told, re.MULTILINE) == ["help", *TARGETS]


@pytest.mark.parametrize("target", ["run", "test"])
def test_an_old_python_is_refused(checkout: Path, target: str) -> None:
    old = fake_python(checkout, "*version_info*) exit 1;;\n*platform*) echo 3.9.2; exit;;")
    done = make(checkout, target, f"PYTHON={old}")
    assert done.returncode == 2
    assert f"hermes-router needs Python 3.11 or newer, and {old} is 3.9.2: name a newer one with: make PYTHON=" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_missing_venv_module_is_named_with_the_package(checkout: Path) -> None:
    bare = fake_python(checkout, "*ensurepip*) exit 1;;")
    done = make(checkout, "run", f"PYTHON={bare}")
    assert done.returncode == 2
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"Install it with: sudo apt install python{version}-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_missing_python_is_named(checkout: Path) -> None:
    done = make(checkout, "run", "PYTHON=/nowhere/python")
    assert done.returncode == 2
    assert "/nowhere/python is missing: install Python 3.11 or newer" in done.stderr


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    here = subprocess.run(
        ["sh", "-c", "pwd | cksum | cut -d ' ' -f 1"], cwd=checkout, capture_output=True, text=True
    ).stdout.strip()
    assert "pip" in make(checkout, "--dry-run", "run").stdout
    (checkout / f".venv/.installed-{here}").touch()
    assert "pip" not in make(checkout, "--dry-run", "run").stdout
    assert "pip" in make(checkout, "--dry-run", "test").stdout


def test_arguments_of_the_daemon_are_passed_on(checkout: Path) -> None:
    assert make(checkout, "--dry-run", "run").stdout.splitlines()[-1].endswith("-m hrd --demo")
    assert (
        make(checkout, "--dry-run", "run", "HRD_ARGS=--check-config").stdout.splitlines()[-1].endswith("-m hrd --check-config")
    )


def test_the_gate_runs_the_two_commands_that_everybody_types() -> None:
    gate = (ROOT / ".ci/run").read_text()
    assert gate.startswith("#!/usr/bin/env bash\n")
    assert gate.endswith("\nmake check\nmake test\n")
    assert os.access(ROOT / ".ci/run", os.X_OK)
