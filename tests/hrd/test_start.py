"""What stands between the environment and a daemon that serves."""

import sys
from pathlib import Path

import pytest

from hrd.start import NotStartedError, how_to_end_and_start, hr_command, read_configuration

BESIDE = str(Path(sys.executable).with_name("hr"))


def test_hr_is_typed_by_its_name_where_the_shell_finds_ours() -> None:
    assert hr_command({"PATH": str(Path(sys.executable).parent)}) == "hr"


def test_hr_is_typed_in_full_where_the_shell_does_not_find_it() -> None:
    assert hr_command({"PATH": "/nowhere"}) == BESIDE


def test_another_programs_hr_is_not_ours(tmp_path: Path) -> None:
    other = tmp_path / "hr"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert hr_command({"PATH": str(tmp_path)}) == BESIDE


def test_a_folder_of_its_own_is_handed_to_hr_too(tmp_path: Path) -> None:
    environ = {"PATH": str(Path(sys.executable).parent), "HERMES_ROUTER_HOME": "/home/ada/my files"}
    assert hr_command(environ) == "HERMES_ROUTER_HOME='/home/ada/my files' hr"


def test_who_cannot_be_taken_over_is_ended_and_started_in_the_way_it_was_started() -> None:
    assert how_to_end_and_start({}) == "hr stop, then start it as before"
    assert how_to_end_and_start({"NOTIFY_SOCKET": "/run/systemd/notify"}) == "sudo systemctl restart hrd"
    assert how_to_end_and_start({"NOTIFY_SOCKET": "/run/user/1000/systemd/notify"}) == "systemctl --user restart hrd"


def test_a_home_that_is_no_absolute_path_is_refused_with_what_to_set() -> None:
    with pytest.raises(NotStartedError) as refused:
        read_configuration({"HERMES_ROUTER_HOME": "here"})
    assert refused.value.exit_code == 2
    [line] = refused.value.lines
    assert "HERMES_ROUTER_HOME is 'here': set it to an absolute path" in line


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=many\nKEEPALIVE_SECONDS=-1\n")
    (tmp_path / "auth.json").write_text("{")
    with pytest.raises(NotStartedError) as refused:
        read_configuration({"HERMES_ROUTER_HOME": str(tmp_path)})
    assert refused.value.exit_code == 2
    assert [line.split()[0].rstrip(":") for line in refused.value.lines] == [
        "PORT",
        "KEEPALIVE_SECONDS",
        f"{tmp_path}/auth.json",
    ]


def test_an_empty_folder_is_a_good_configuration(tmp_path: Path) -> None:
    configuration = read_configuration({"HERMES_ROUTER_HOME": str(tmp_path)})
    assert configuration.settings.port == 8319
    assert configuration.places.database == f"{tmp_path}/hrd.db"
