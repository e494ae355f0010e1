"""Folders: those of the daemon, for nobody else."""

import os
from pathlib import Path

import pytest

from hrd.admin.doctor.folders import permissions
from hrd.admin.places import Places
from hrd.admin.wire.doctor import FindingState


def places_in(folder: Path) -> Places:
    return Places(config=str(folder), state=str(folder), runtime=str(folder))


def test_a_folder_of_our_own_is_fine(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (found,) = permissions(places_in(tmp_path))
    assert (found.state, found.message) == (FindingState.OK, f"{tmp_path} can be used, and by nobody else")


def test_one_that_others_may_look_into_is_not_said_to_be_ours_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (found,) = permissions(places_in(tmp_path))
    assert (found.state, found.message) == (FindingState.OK, f"{tmp_path} can be used, and nobody else can write there")


@pytest.mark.parametrize(("mode", "may"), [(0o640, "read"), (0o604, "read"), (0o666, "change"), (0o620, "change")])
def test_a_database_that_is_open_to_others(tmp_path: Path, mode: int, may: str) -> None:
    tmp_path.chmod(0o700)
    database = tmp_path / "hrd.db"
    database.touch(0o600)
    assert [one.state for one in permissions(places_in(tmp_path))] == [FindingState.OK]
    database.chmod(mode)
    (found,) = permissions(places_in(tmp_path))
    assert (found.message, found.hint) == (
        f"{database} has mode {mode:04o}: others may {may} what was spent",
        f"chmod 600 {database}*",
    )


def test_one_that_is_still_to_be_made_is_fine(tmp_path: Path) -> None:
    (found,) = permissions(places_in(tmp_path / "new" / "er"))
    assert found.state == FindingState.OK


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o702])
def test_one_that_others_write_to_is_not(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    (found,) = permissions(places_in(tmp_path))
    assert (found.state, found.hint) == (FindingState.PROBLEM, f"chmod go-w {tmp_path}")


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (found,) = permissions(places_in(path))
    assert (found.state, found.message) == (FindingState.PROBLEM, f"{path} is no folder")


def test_a_folder_in_the_place_of_a_parent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (found,) = permissions(places_in(tmp_path / "file" / "folder"))
    assert found.state == FindingState.PROBLEM
    assert "cannot be looked at" in found.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_what_is_not_ours_to_write_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert [one.state for one in permissions(places_in(tmp_path))] == [FindingState.PROBLEM]
        assert [one.state for one in permissions(places_in(tmp_path / "new"))] == [FindingState.PROBLEM]
    finally:
        tmp_path.chmod(0o700)
