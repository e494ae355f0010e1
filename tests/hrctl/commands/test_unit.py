"""`hr service`: what it puts where, what it refuses, and what it says of a service."""

import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from hrctl.commands.unit import PACKAGED, absent, drawn
from hrctl.installation.unit_state import UnitState
from hrctl.render import Paper
from tests.hrctl.conftest import Hr

STATE = UnitState(
    scope="system",
    name="hrd.service",
    enabled=True,
    active=True,
    state="active (running)",
    pid=304,
    says="serving on http://127.0.0.1:8319",
    file="/usr/lib/systemd/system/hrd.service",
    is_outdated=False,
)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without systemctl, and a home folder without anything."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_package_is_filled_below_its_root(hr: Hr, tmp_path: Path) -> None:
    ran = hr("service", "install", "--system", "--root", str(tmp_path), "--prefix", "/usr", "--json")
    done = json.loads(ran.out)
    assert (ran.code, done["scope"], done["running"], done["notes"]) == (0, "system", False, [])
    assert len(done["files"]) == 14
    assert {"/usr/bin/hr", "/usr/bin/hrd", "/usr/share/man/man8/hrd.8", "/usr/lib/systemd/system/hrd.socket"} <= set(
        done["files"]
    )
    assert all(os.path.lexists(f"{tmp_path}{path}") for path in done["files"])
    assert (tmp_path / "usr/bin/hr").readlink() == Path(sys.prefix, "bin/hr")


def test_a_program_below_the_root_is_known_by_its_later_place(hr: Hr, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(Path(sys.prefix).parent)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setattr(sys, "prefix", f"{root}/opt/hermes-router")
    ran = hr("service", "uninstall", "--system", "--root", root, "--json")
    assert json.loads(ran.out)["files"] == []


def test_what_was_installed_is_removed_again(hr: Hr, tmp_path: Path) -> None:
    hr("service", "install", "--system", "--root", str(tmp_path))
    (tmp_path / "etc/hermes-router").mkdir(parents=True)
    ran = hr("service", "uninstall", "--system", "--root", str(tmp_path))
    assert (ran.code, ran.out) == (
        0,
        "The machine's service is removed (14 files)\nYour settings and keys stay in /etc/hermes-router\n",
    )
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_what_is_to_be_forgotten_is_asked_for_first(hr: Hr, tmp_path: Path) -> None:
    kept = tmp_path / "var/lib/hermes-router/auth.json"
    kept.parent.mkdir(parents=True)
    kept.touch()
    command = ("service", "uninstall", "--system", "--root", str(tmp_path), "--purge")
    refused = hr(*command, stdin="n\n")
    assert (refused.code, kept.exists()) == (130, True)
    assert "Remove /etc/hermes-router and /var/lib/hermes-router with all keys in it? [y/N]" in refused.out
    assert hr(*command, "--yes").code == 0
    assert not kept.parent.exists()


def test_a_user_who_shares_the_program_gets_the_service_alone(hr: Hr, bare: Path) -> None:
    ran = hr("service", "install", "--user", "--root", str(bare / "root"))
    assert ran.out == "Your service is installed (2 files)\n"
    units = bare / f"root{bare}/home/.local/share/systemd/user"
    assert sorted(path.name for path in units.iterdir()) == ["hrd.service", "hrd.socket"]
    assert f"\nExecStart={sys.prefix}/bin/hrd\n" in (units / "hrd.service").read_text()


def test_a_user_with_the_program_at_home_gets_its_commands_too(hr: Hr, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(sys.prefix).parent
    monkeypatch.setenv("HOME", str(home))
    ran = hr("service", "install", "--user", "--root", str(bare))
    assert ran.out == "Your service is installed (12 files)\n"
    assert Path(f"{bare}{home}/.local/bin/hrd").readlink() == Path(sys.prefix, "bin/hrd")


def test_without_a_systemd_of_the_user_the_files_are_there_and_nothing_runs(hr: Hr, bare: Path) -> None:
    ran = hr("service", "install", "--user")
    assert ran.code == 0
    assert "no systemd of this user runs here: start the daemon by hand with " in ran.out
    assert (bare / "home/.local/share/systemd/user/hrd.service").exists()
    assert hr("service", "uninstall", "--user").out == "Your service is removed (2 files)\n"


def test_a_relative_root_is_misuse(hr: Hr) -> None:
    ran = hr("service", "install", "--system", "--root", "stage")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "hr: --root stage is not an absolute path")


@pytest.mark.skipif(os.geteuid() == 0 or Path(PACKAGED).exists(), reason="root may, and a package has")
@pytest.mark.parametrize("what", ["install", "uninstall"])
def test_only_root_may_change_the_machine(hr: Hr, what: str) -> None:
    ran = hr("service", what, "--system")
    assert (ran.code, "only root may change the machine's services" in ran.err) == (1, True)


@pytest.mark.skipif(os.geteuid() != 0 or Path(PACKAGED).exists(), reason="wants root, and no package installed")
def test_a_program_that_the_service_could_not_see_is_refused(hr: Hr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/root/venv")
    ran = hr("service", "install", "--system")
    assert ran.code == 1
    assert "a system service sees nothing of /root" in ran.err
    assert "sudo make install" in ran.err


def test_without_systemd_there_is_no_service(hr: Hr, bare: Path) -> None:
    ran = hr("service", "status")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "hr: systemd does not run here, so no service can")
    assert "start the daemon by hand: " in ran.err
    assert json.loads(hr("service", "status", "--json").out) == {"units": []}


def test_units_are_shown_in_a_line_each() -> None:
    port = msgspec.structs.replace(STATE, scope="user", name="hrd.socket", enabled=False, pid=None, is_outdated=True)
    assert drawn([STATE, port], Paper()).splitlines() == [
        "unit         of           at boot  state             pid  says",
        "hrd.service  the machine  yes      active (running)  304  serving on http://127.0.0.1:8319",
        "hrd.socket   you          no       active (running)       its file has changed: systemctl daemon-reload",
    ]


def test_a_service_that_does_not_run_is_started_by_its_own_systemd() -> None:
    assert absent([], has_systemd=True).hint == "install it: hr service install"
    assert absent([STATE], has_systemd=True).hint == "start it: systemctl start hrd.socket hrd.service"
    users = absent([msgspec.structs.replace(STATE, scope="user")], has_systemd=True)
    assert users.hint.startswith("start it: systemctl --user start ")
