"""Units: found in their folders, asked of systemctl, their socket compared with the settings."""

from pathlib import Path

import pytest

from hrctl.units import ask_systemctl, is_held_for_us, starting_command, unit_findings, unit_folders
from hrd.admin.wire.doctor import Diagnosis, FindingState

DIAGNOSIS = Diagnosis(now=0.0, version="0.1.0", running=True, findings=(), host="127.0.0.1", port=8319)


def installed(folder: Path, listen: str = "") -> list[tuple[str, list[str]]]:
    (folder / "hrd.service").touch()
    if listen:
        (folder / "hrd.socket").write_text(f"[Socket]\nListenStream={listen}\n")
    return [("--user", [str(folder / "none")]), ("--system", [str(folder / "none"), str(folder)])]


def test_none_is_fine(tmp_path: Path) -> None:
    (found,) = unit_findings([("--user", [str(tmp_path)])], DIAGNOSIS, lambda *_: "active")
    assert (found.state, found.message) == (FindingState.OK, "no systemd unit is installed: hrd is started by hand")


@pytest.mark.parametrize(
    ("said", "state", "message"),
    [
        ("active", "ok", "is active"),
        ("", "ok", "is installed; systemd does not run here"),
        ("inactive", "warning", "is installed, and not started"),
        ("failed", "problem", "has failed"),
    ],
)
def test_how_it_does(tmp_path: Path, said: str, state: str, message: str) -> None:
    asked = []

    def ask(whose: str, unit: str) -> str:
        asked.append((whose, unit))
        return said

    (found,) = unit_findings(installed(tmp_path), DIAGNOSIS, ask)
    assert (found.state, found.message) == (state, f"{tmp_path}/hrd.service {message}")
    assert asked == [("--system", "hrd.service"), ("--system", "hrd.socket")]


@pytest.mark.parametrize(
    ("listen", "is_told"),
    [("127.0.0.1:8319", False), ("127.0.0.1:8320", True), ("0.0.0.0:8319", True), ("8319", True), ("/run/x.sock", False)],
)
def test_a_socket_that_listens_elsewhere_is_told(tmp_path: Path, listen: str, is_told: bool) -> None:
    found = list(unit_findings(installed(tmp_path, listen), DIAGNOSIS, lambda *_: "active"))
    assert [one.state for one in found[1:]] == ([FindingState.WARNING] if is_told else [])
    if is_told:
        assert "the settings say 127.0.0.1:8319: the unit wins" in found[1].message


@pytest.mark.parametrize(
    ("beside", "shown"),
    [
        ({"override.conf": "ListenStream=\nListenStream=127.0.0.1:8320\n"}, "127.0.0.1:8320"),
        ({"override.conf": "ListenStream = 127.0.0.1:8319\n"}, ""),
        ({"a.conf": "ListenStream=\n", "b.conf": "ListenStream=8321\n"}, "*:8321"),
        ({"b.conf": "ListenStream=\n", "a.conf": "ListenStream=8321\n"}, ""),
        ({"override.conf.bak": "ListenStream=\nListenStream=8321\n"}, ""),
    ],
)
def test_what_systemctl_edit_has_written_counts(tmp_path: Path, beside: dict[str, str], shown: str) -> None:
    folders = installed(tmp_path, "127.0.0.1:8319")
    (tmp_path / "hrd.socket.d").mkdir()
    for name, text in beside.items():
        (tmp_path / "hrd.socket.d" / name).write_text(f"[Socket]\n{text}")
    found = list(unit_findings(folders, DIAGNOSIS, lambda *_: "active"))[1:]
    assert [one.message.partition(",")[0] for one in found] == ([f"hrd.socket listens at {shown}"] if shown else [])


def test_the_earlier_folder_counts_of_two_files_of_one_name(tmp_path: Path) -> None:
    folders = installed(tmp_path, "127.0.0.1:8319")
    for folder, port in (("none", 8322), (".", 8321)):
        (tmp_path / folder / "hrd.socket.d").mkdir(parents=True)
        (tmp_path / folder / "hrd.socket.d" / "port.conf").write_text(f"[Socket]\nListenStream=\nListenStream=[::1]:{port}\n")
    (folders[1][1])[0] = str(tmp_path / "none")
    assert "listens at [::1]:8322," in list(unit_findings(folders, DIAGNOSIS, lambda *_: "active"))[1].message


def test_a_socket_that_is_switched_off_decides_nothing(tmp_path: Path) -> None:
    folders = installed(tmp_path, "127.0.0.1:8320")
    assert len(list(unit_findings(folders, DIAGNOSIS, lambda _, unit: "inactive" if unit == "hrd.socket" else "active"))) == 1


@pytest.mark.parametrize(
    ("listen", "said", "is_held"),
    [("127.0.0.1:8319", "active", True), ("127.0.0.1:8319", "inactive", False), ("127.0.0.1:8320", "active", False)],
)
def test_a_port_may_be_held_for_a_daemon_that_does_not_run(tmp_path: Path, listen: str, said: str, is_held: bool) -> None:
    assert is_held_for_us(installed(tmp_path, listen), ("127.0.0.1", 8319), lambda *_: said) == is_held


@pytest.mark.parametrize(
    ("whose", "said", "command"),
    [
        ("--user", "inactive", "systemctl --user start hrd"),
        ("--system", "failed", "sudo systemctl start hrd"),
        ("--system", "", ""),
    ],
)
def test_how_a_service_is_started(tmp_path: Path, whose: str, said: str, command: str) -> None:
    (tmp_path / "hrd.service").touch()
    assert starting_command([(whose, [str(tmp_path)])], lambda *_: said) == command
    assert starting_command([(whose, [str(tmp_path / "none")])], lambda *_: said) == ""


def test_where_units_are_looked_for() -> None:
    (user, users), (system, systems) = unit_folders({}, "/home/me")
    assert (user, users[:2]) == ("--user", ("/home/me/.config/systemd/user", "/home/me/.local/share/systemd/user"))
    assert (system, systems[0]) == ("--system", "/etc/systemd/system")
    environ = {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"}
    assert unit_folders(environ, "/home/me")[0][1][:2] == ("/c/systemd/user", "/d/systemd/user")


def test_a_unit_that_is_not_there_is_not_active() -> None:
    assert ask_systemctl("--system", "hrd-that-nobody-has.service") in ("", "inactive")
