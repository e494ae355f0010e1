"""The machine: versions, a clock that can be wrong, a disk that can be full."""

import shutil
from pathlib import Path

import pytest

from hrd.admin.doctor import machine
from hrd.admin.wire.doctor import FindingState

NOON = 1_795_003_200.0


def test_the_program_says_what_it_is_made_of() -> None:
    message = machine.program().message
    assert message.startswith("hrd ")
    assert all(part in message for part in ("Python 3.", "SQLite 3.", "OpenSSL"))


def test_a_clock_that_somebody_keeps() -> None:
    found = machine.clock(NOON, NOON - 1, is_kept=True)
    assert (found.state, found.message) == (FindingState.OK, "2026-11-18 12:00 UTC, kept right")


def test_a_clock_that_nobody_keeps_is_odd() -> None:
    found = machine.clock(NOON, NOON - 1, is_kept=False)
    assert (found.state, found.hint) == (FindingState.WARNING, "have it kept right: sudo timedatectl set-ntp true")


@pytest.mark.parametrize(("now", "state"), [(0.0, "problem"), (NOON - 86_401, "problem"), (NOON - 86_400, "ok")])
def test_a_clock_before_the_program_was_there_is_wrong(now: float, state: str) -> None:
    """A day is allowed: a file may come from another time zone's mistake."""
    found = machine.clock(now, NOON, is_kept=True)
    assert found.state == state


def test_the_kernel_can_be_asked_and_the_program_was_installed_before_now() -> None:
    assert machine.is_clock_kept() in (True, False)
    assert machine.installed_at() > 1_600_000_000


@pytest.mark.parametrize(
    ("free", "state"), [(63 << 20, "problem"), (64 << 20, "warning"), ((1 << 30) - 1, "warning"), (1 << 30, "ok")]
)
def test_a_disk_with_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 40, 0, free))
    assert machine.disk(str(tmp_path)).state == state


def test_a_folder_that_is_still_to_be_made_is_looked_for_where_it_will_be(tmp_path: Path) -> None:
    assert machine.disk(str(tmp_path / "not" / "yet")).message.endswith(f"free for {tmp_path}/not/yet")
