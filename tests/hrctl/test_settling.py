"""Having hrd start by itself: where it can, where it cannot, and in the place of one that was started by hand."""

from pathlib import Path

import pytest

from hrctl.client import Client
from hrctl.installation.machine import Ran
from hrctl.problems import Trouble
from hrctl.settling import Settling
from hrd.admin.wire.daemon import STOP, VERSION, Stopping, Version
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.installation.fake_machine import NOT_ACTIVE, FakeMachine

ROOT, SOMEBODY = 0, 1000
SHOWN = "Id=hrd.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=42\n"
FAILS = NOT_ACTIVE | {"systemctl --user --no-pager start": Ran(1, "", "Job for hrd.service failed")}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("machine", "environ", "uid", "why_not"),
    [
        (FakeMachine(), {}, SOMEBODY, ""),
        (FakeMachine(systemd=False), {}, SOMEBODY, "no systemd of this user runs here"),
        (FakeMachine(systemd=False), {}, ROOT, "no systemd of this machine runs here"),
        (
            FakeMachine(),
            {"HERMES_ROUTER_HOME": "/srv/hermes"},
            SOMEBODY,
            "a service has folders of its own, and HERMES_ROUTER_HOME is set",
        ),
    ],
)
def test_why_there_can_be_no_service(machine: FakeMachine, environ: dict[str, str], uid: int, why_not: str) -> None:
    assert Settling(machine, environ, uid).why_not == why_not


def test_whose_service_it_is_and_when_it_starts() -> None:
    somebodys, roots = (Settling(FakeMachine(), {}, uid) for uid in (SOMEBODY, ROOT))
    assert (somebodys.scope, somebodys.begins) == ("user", "when you log in")
    assert (roots.scope, roots.begins) == ("system", "at boot")


def test_a_daemon_is_a_service_if_systemd_says_so() -> None:
    settling = Settling(FakeMachine(answers={"systemctl --no-pager show": Ran(0, SHOWN, "")}), {}, SOMEBODY)
    assert settling.is_settled(42)
    assert not settling.is_settled(43)


def test_a_service_is_installed_and_started(home: Path) -> None:
    machine = FakeMachine(answers=NOT_ACTIVE)
    outcome = Settling(machine, {}, SOMEBODY).settle()
    assert (home / ".local/share/systemd/user/hrd.service").exists()
    assert outcome.is_running
    assert machine.told[-2:] == [
        "systemctl --user --no-pager enable hrd.service hrd.socket",
        "systemctl --user --no-pager start hrd.service hrd.socket",
    ]


def test_a_daemon_by_hand_gives_way_and_comes_back_if_the_service_fails(home: Path, daemon: FakeDaemon, folder: Path) -> None:
    daemon.answers(STOP, Stopping(pid=41, in_flight=0, seconds_max=1.0))
    daemon.answers(VERSION, Version(version="0.1.0", pid=42))
    client, again = Client([str(folder / "control.sock")]), list[str]()
    assert Settling(FakeMachine(answers=NOT_ACTIVE), {}, SOMEBODY).settle_instead(client, lambda: again.append("started")).files
    assert again == []
    with pytest.raises(Trouble, match=r"Job for hrd\.service failed"):
        Settling(FakeMachine(answers=FAILS), {}, SOMEBODY).settle_instead(client, lambda: again.append("started"))
    assert again == ["started"]
    assert [one.target for one in daemon.asked if one.method == "POST"] == ["/v1/stop", "/v1/stop"]
