"""Installing tells the machine what it has to know, in order, and says what is left to do."""

from pathlib import Path

import pytest

from hrctl.installation.arriving import install
from hrctl.installation.contents import MARK, Piece
from hrctl.installation.layout import Layout, system_layout, user_layout
from hrctl.installation.machine import Ran
from hrctl.problems import Trouble
from tests.hrctl.installation.fake_machine import NOT_ACTIVE, FakeMachine


def a_system(root: Path) -> tuple[Layout, list[Piece]]:
    layout = system_layout(f"{root}/usr/local", "/opt/hermes-router")
    return layout, [Piece(f"{layout.units}/hrd.service", MARK)]


def test_the_machine_gets_an_account_folders_and_a_running_service(tmp_path: Path) -> None:
    layout, pieces = a_system(tmp_path)
    machine = FakeMachine(answers=NOT_ACTIVE)
    outcome = install(layout, pieces, machine, root="", start=True)
    assert machine.told == [
        f"systemd-sysusers {tmp_path}/usr/local/lib/sysusers.d/hermes-router.conf",
        f"systemd-tmpfiles --create {tmp_path}/usr/local/lib/tmpfiles.d/hermes-router.conf",
        "systemctl --no-pager daemon-reload",
        "systemctl --no-pager is-active --quiet hrd.service",
        "systemctl --no-pager enable hrd.service hrd.socket",
        "systemctl --no-pager start hrd.service hrd.socket",
    ]
    assert outcome.is_running
    assert outcome.notes == ["Let somebody else than root use hr: usermod -aG hermes-router NAME, and log in again"]


def test_a_service_that_runs_is_left_running(tmp_path: Path) -> None:
    layout, pieces = a_system(tmp_path)
    machine = FakeMachine()
    outcome = install(layout, pieces, machine, root="", start=True)
    assert not [command for command in machine.told if " start " in command or "restart" in command]
    assert outcome.is_running
    assert outcome.notes[0].endswith("hr restart")


def test_one_that_is_not_to_start_is_not_enabled_either(tmp_path: Path) -> None:
    layout, pieces = a_system(tmp_path)
    machine = FakeMachine(answers=NOT_ACTIVE)
    outcome = install(layout, pieces, machine, root="", start=False)
    assert not [command for command in machine.told if "enable" in command]
    assert not outcome.is_running
    assert outcome.notes[0] == "Start it, now and at every boot: systemctl enable --now hrd.service hrd.socket"


def test_for_another_machine_nothing_is_run(tmp_path: Path) -> None:
    machine = FakeMachine()
    outcome = install(
        system_layout("/usr", "/opt/hermes-router"), [Piece("/usr/x", MARK)], machine, root=str(tmp_path), start=True
    )
    assert (outcome.files, outcome.is_running, machine.told) == (["/usr/x"], False, [])
    assert (tmp_path / "usr/x").exists()


def test_without_systemd_the_service_starts_with_the_next_boot(tmp_path: Path) -> None:
    layout, pieces = a_system(tmp_path)
    machine = FakeMachine(systemd=False)
    outcome = install(layout, pieces, machine, root="", start=True)
    assert machine.told[-1] == "systemctl --no-pager enable hrd.service hrd.socket"
    assert outcome.notes == ["systemd does not run here: the service starts with the next boot"]
    assert not outcome.is_running


def test_where_there_is_no_systemd_at_all_the_daemon_is_started_by_hand(tmp_path: Path) -> None:
    layout, pieces = a_system(tmp_path)
    outcome = install(layout, pieces, FakeMachine(systemd=False, lacks=["systemctl"]), root="", start=True)
    assert outcome.notes == ["no systemd of this system runs here: start the daemon by hand with /opt/hermes-router/bin/hrd"]


def test_a_user_needs_no_account_and_hears_of_lingering(tmp_path: Path) -> None:
    layout = user_layout(str(tmp_path), {}, "/opt/hermes-router")
    machine = FakeMachine(answers=NOT_ACTIVE)
    outcome = install(layout, [Piece(f"{layout.units}/hrd.service", MARK)], machine, root="", start=True)
    assert machine.told[0] == "systemctl --user --no-pager daemon-reload"
    assert outcome.notes == ["Have it run while you are not logged in: loginctl enable-linger"]


@pytest.mark.parametrize(
    ("fails", "hint"),
    [
        ("systemd-sysusers", "it comes with systemd: apt install systemd"),
        ("systemd-tmpfiles", ""),
        ("systemctl --no-pager daemon-reload", ""),
        ("systemctl --no-pager start", "see why: journalctl -u hrd -n 30"),
    ],
)
def test_what_fails_ends_the_installation_in_its_own_words(tmp_path: Path, fails: str, hint: str) -> None:
    layout, pieces = a_system(tmp_path)
    machine = FakeMachine(answers={fails: Ran(1, "", "it does not work\n"), **NOT_ACTIVE})
    with pytest.raises(Trouble, match="it does not work") as caught:
        install(layout, pieces, machine, root="", start=True)
    assert caught.value.hint == hint
    assert machine.told[-1].startswith(fails)
