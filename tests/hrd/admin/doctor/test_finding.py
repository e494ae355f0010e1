"""Findings say how much they matter."""

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import FindingState


def test_three_kinds() -> None:
    found = [fine("disk", "room"), odd("disk", "little room", "make some"), wrong("disk", "no room", "make some")]
    assert [one.state for one in found] == [FindingState.OK, FindingState.WARNING, FindingState.PROBLEM]
    assert [one.hint for one in found] == ["", "make some", "make some"]
