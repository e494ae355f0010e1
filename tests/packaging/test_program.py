"""`make install` below DESTDIR, for a machine and for a user: installed, upgraded, left alone when it fails, uninstalled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPT = "opt/hermes-router"

pytestmark = pytest.mark.e2e


def make(root: Path, target: str, wheels: Path, *more: str, umask: int = 0o077) -> subprocess.CompletedProcess[str]:
    """As somebody types it whose new files nobody else may read."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("LC_")}
    environ = kept | {"HOME": "/home/you", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        "make",
        "--no-print-directory",
        "-C",
        str(ROOT),
        target,
        f"DESTDIR={root}",
        f"WHEELS={wheels}",
        f"PYTHON={sys.executable}",
        *more,
    ]
    return subprocess.run(command, env=environ, capture_output=True, text=True, umask=umask)


def test_a_machine_is_installed_upgraded_and_cleared_again(tmp_path: Path, wheels: Path) -> None:
    done = make(tmp_path, "install", wheels)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "The machine's service is installed (14 files)"), done.stderr
    program = tmp_path / OPT
    assert (program / "bin/hr").read_text().startswith("#!/opt/hermes-router/bin/python")
    assert sorted(path.name for path in (program / "bin").iterdir() if not path.name.startswith("python")) == ["hr", "hrd"]
    assert str(tmp_path) not in "".join(path.read_text() for path in [program / "pyvenv.cfg", *program.glob("bin/hr*")])
    assert str((tmp_path / "usr/local/bin/hrd").readlink()) == "/opt/hermes-router/bin/hrd"
    assert _unreadable(tmp_path) == []
    assert list(program.rglob("tzdata/zoneinfo/America/Los_Angeles")), "for machines without /usr/share/zoneinfo"
    bytecode = next(program.rglob("hrd/__pycache__/pool.*.pyc")).read_bytes()
    assert b"/opt/hermes-router/lib" in bytecode
    assert str(tmp_path).encode() not in bytecode

    (program / "left-by-an-older-version").touch()
    assert make(tmp_path, "install", wheels).returncode == 0
    assert not (program / "left-by-an-older-version").exists()

    (tmp_path / "var/lib/hermes-router").mkdir(parents=True)
    done = make(tmp_path, "uninstall", wheels)
    assert done.stdout.splitlines()[-1] == "Your settings and keys stay in /var/lib/hermes-router", done.stderr
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
    assert not program.exists()

    again = make(tmp_path, "uninstall", wheels)
    assert (again.returncode, f"nothing is installed in {program}" in again.stderr) == (2, True)


def test_a_user_is_installed_and_cleared_again(tmp_path: Path, wheels: Path) -> None:
    done = make(tmp_path, "install-user", wheels)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Your service is installed (12 files)"), done.stderr
    home = tmp_path / "home/you"
    unit = (home / ".local/share/systemd/user/hrd.service").read_text()
    assert "\nExecStart=/home/you/.local/share/hermes-router/bin/hrd\n" in unit
    assert str((home / ".local/bin/hr").readlink()) == "/home/you/.local/share/hermes-router/bin/hr"
    settings = home / ".config/hermes-router"
    settings.mkdir(parents=True)
    assert make(tmp_path, "uninstall-user", wheels, "PURGE=1").returncode == 0
    assert not settings.exists()
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_an_upgrade_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    program = tmp_path / OPT / "bin/hrd"
    program.parent.mkdir(parents=True)
    program.write_text("the old one")
    (tmp_path / "no-wheels").mkdir()
    done = make(tmp_path, "install", tmp_path / "no-wheels")
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert program.read_text() == "the old one"
    assert [path.name for path in (tmp_path / "opt").iterdir()] == ["hermes-router"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_somebody_who_is_not_root_hears_what_to_type(wheels: Path) -> None:
    done = make(Path(), "install", wheels)
    assert "sudo make install (for you alone: make install-user)" in done.stderr


def _unreadable(root: Path) -> list[Path]:
    wanted = {path: 0o755 if path.is_dir() else 0o644 for path in root.rglob("*") if not path.is_symlink()}
    return [path for path, mode in wanted.items() if path.stat().st_mode & mode != mode]
