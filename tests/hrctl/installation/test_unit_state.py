"""What systemd says of units, read."""

from hrctl.installation.machine import Ran
from hrctl.installation.unit_state import UnitState, unit_states
from tests.hrctl.installation.fake_machine import FakeMachine

SYSTEM = """MainPID=304
StatusText=serving on http://127.0.0.1:8319 = fine
Id=hrd.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/usr/lib/systemd/system/hrd.service
UnitFileState=enabled
NeedDaemonReload=no

Id=hrd.socket
LoadState=loaded
ActiveState=inactive
SubState=dead
FragmentPath=/usr/lib/systemd/system/hrd.socket
UnitFileState=disabled
NeedDaemonReload=yes
"""
NOTHING = "MainPID=0\nId=hrd.service\nLoadState=not-found\n\nId=hrd.socket\nLoadState=not-found\n"


def test_units_of_the_machine_are_read_and_those_that_are_not_there_left_out() -> None:
    machine = FakeMachine(
        answers={"systemctl --no-pager show": Ran(0, SYSTEM, ""), "systemctl --user --no-pager show": Ran(0, NOTHING, "")}
    )
    daemon, port = unit_states(machine)
    assert daemon == UnitState(
        scope="system",
        name="hrd.service",
        enabled=True,
        active=True,
        state="active (running)",
        pid=304,
        says="serving on http://127.0.0.1:8319 = fine",
        file="/usr/lib/systemd/system/hrd.service",
        is_outdated=False,
    )
    assert (port.name, port.enabled, port.active, port.pid, port.is_outdated) == ("hrd.socket", False, False, None, True)


def test_a_systemd_that_cannot_be_asked_has_no_units() -> None:
    assert unit_states(FakeMachine(systemd=False)) == []
    assert unit_states(FakeMachine(answers={"systemctl": Ran(1, "", "Failed to connect to bus")})) == []
