"""Uninstalling stops and removes what is ours, and keeps what is the user's."""

from pathlib import Path

import pytest

from hrctl.installation.contents import MARK, Piece
from hrctl.installation.layout import Layout, system_layout
from hrctl.installation.leaving import uninstall
from hrctl.installation.machine import Ran
from hrctl.installation.placing import place
from hrctl.problems import Trouble
from tests.hrctl.installation.fake_machine import FakeMachine


def installed(root: Path) -> tuple[Layout, list[Piece]]:
    """A service, with settings in a folder of the test."""
    data = (f"{root}/etc/hermes-router", f"{root}/var/lib/hermes-router")
    layout = system_layout(f"{root}/usr", "/opt/hermes-router")._replace(data=data)
    pieces = [Piece(f"{layout.units}/{name}", MARK) for name in ("hrd.service", "hrd.socket")]
    place(pieces, "")
    for folder in data:
        Path(folder).mkdir(parents=True)
        Path(folder, "kept").touch()
    return layout, pieces


def test_the_service_is_stopped_and_settings_and_keys_stay(tmp_path: Path) -> None:
    layout, pieces = installed(tmp_path)
    machine = FakeMachine()
    outcome = uninstall(layout, pieces, machine, root="", purge=False)
    assert machine.told == [
        "systemctl --no-pager disable --now hrd.socket hrd.service",
        "systemctl --no-pager daemon-reload",
    ]
    assert outcome.files == [piece.path for piece in pieces]
    assert outcome.notes == [
        f"Your settings and keys stay in {tmp_path}/etc/hermes-router and {tmp_path}/var/lib/hermes-router"
    ]
    assert all(Path(folder, "kept").exists() for folder in layout.data)


def test_if_asked_everything_goes(tmp_path: Path) -> None:
    layout, pieces = installed(tmp_path)
    machine = FakeMachine()
    outcome = uninstall(layout, pieces, machine, root="", purge=True)
    assert machine.told[-4:] == [
        "getent passwd hermes-router",
        "userdel hermes-router",
        "getent group hermes-router",
        "groupdel hermes-router",
    ]
    assert outcome.files[-2:] == list(layout.data)
    assert outcome.notes == []
    assert not any(Path(folder).exists() for folder in layout.data)


def test_an_account_that_is_gone_is_not_removed_again(tmp_path: Path) -> None:
    layout, pieces = installed(tmp_path)
    machine = FakeMachine(answers={"getent": Ran(2, "", "")})
    uninstall(layout, pieces, machine, root="", purge=True)
    assert not [command for command in machine.told if command.startswith(("userdel", "groupdel"))]


def test_where_nothing_is_installed_nothing_happens(tmp_path: Path) -> None:
    machine = FakeMachine()
    layout = system_layout(f"{tmp_path}/usr", "/opt/hermes-router")._replace(data=())
    outcome = uninstall(layout, [Piece(f"{layout.units}/hrd.service", MARK)], machine, root="", purge=False)
    assert (outcome.files, outcome.notes) == ([], [])
    assert machine.told == ["systemctl --no-pager daemon-reload"]


def test_below_a_root_only_files_go(tmp_path: Path) -> None:
    machine = FakeMachine()
    layout = system_layout("/usr", "/opt/hermes-router")
    place([Piece("/usr/x", MARK)], str(tmp_path))
    (tmp_path / "etc/hermes-router").mkdir(parents=True)
    outcome = uninstall(layout, [Piece("/usr/x", MARK)], machine, root=str(tmp_path), purge=True)
    assert outcome.files == ["/usr/x", "/etc/hermes-router"]
    assert machine.told == []


def test_without_a_systemd_the_links_are_removed_all_the_same(tmp_path: Path) -> None:
    layout, pieces = installed(tmp_path)
    machine = FakeMachine(systemd=False)
    uninstall(layout, pieces, machine, root="", purge=False)
    assert machine.told == ["systemctl --no-pager disable hrd.socket hrd.service"]


def test_a_service_that_does_not_stop_is_not_removed(tmp_path: Path) -> None:
    layout, pieces = installed(tmp_path)
    machine = FakeMachine(answers={"systemctl --no-pager disable": Ran(1, "", "Job canceled.")})
    with pytest.raises(Trouble, match=r"Job canceled\."):
        uninstall(layout, pieces, machine, root="", purge=True)
    assert all(Path(piece.path).exists() for piece in pieces)
