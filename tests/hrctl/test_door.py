"""Which socket, and what is said when there is none for us."""

import grp
import os
import pwd
import re
import socket
from pathlib import Path

import pytest

from hrctl.door import connect
from hrctl.problems import NotRunning, Trouble
from tests.hrctl.fake_daemon import FakeDaemon

NOBODY = 65534


def leave_stale_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


def test_the_first_socket_that_somebody_listens_on(daemon: FakeDaemon, folder: Path) -> None:
    leave_stale_socket(folder / "stale.sock")
    paths = [str(folder / "none.sock"), str(folder / "stale.sock"), str(daemon.path), str(folder / "later.sock")]
    with connect(paths, 1.0) as door:
        assert door.getpeername() == str(daemon.path)
        assert door.gettimeout() == 1.0


def test_no_socket_anywhere_names_every_place_and_how_to_start(folder: Path) -> None:
    with pytest.raises(NotRunning) as told:
        connect([str(folder / "a.sock"), "/nowhere/b.sock"], 1.0)
    assert told.value.message == f"hrd is not running (no control socket at {folder}/a.sock, /nowhere/b.sock)"
    assert re.fullmatch(r"start it: \S*hrd", told.value.hint)
    assert told.value.exit_code == 3


def test_a_socket_that_was_left_behind_is_named(folder: Path) -> None:
    leave_stale_socket(folder / "stale.sock")
    with pytest.raises(NotRunning, match=re.escape(f"nobody listens at {folder}/stale.sock")):
        connect([str(folder / "stale.sock")], 1.0)


def test_a_path_that_no_socket_can_have_is_an_error_of_its_own() -> None:
    with pytest.raises(Trouble, match="cannot be used as a control socket") as told:
        connect(["/tmp/" + "x" * 200], 1.0)
    assert told.value.exit_code == 1
    assert told.value.hint.startswith("set XDG_RUNTIME_DIR or HERMES_ROUTER_HOME to a folder with a shorter path")


def test_a_socket_of_another_kind_is_not_one_of_ours(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(folder / "other.sock"))
        with pytest.raises(Trouble, match="cannot be used as a control socket") as told:
            connect([str(folder / "other.sock")], 1.0)
    assert told.value.hint == "say where it is: hr --socket PATH …"


def test_a_listener_that_takes_nobody_is_not_waited_for(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(str(folder / "full.sock"))
        full.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(folder / "full.sock"))
            with pytest.raises(NotRunning, match="does not answer"):
                connect([str(folder / "full.sock")], 0.05)


class Hidden:
    """A socket of root's, and a try to open it as somebody else: permissions do not hold root back."""

    def __init__(self, folder: Path, mode: int) -> None:
        self.path = folder / "control.sock"
        leave_stale_socket(self.path)
        self.path.chmod(mode)
        folder.chmod(0o755)

    def refusal(self) -> Trouble:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(Trouble) as told:
                connect([str(self.path)], 1.0)
            return told.value
        finally:
            os.seteuid(0)
            os.setegid(0)


@pytest.fixture
def owner() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def group() -> str:
    return grp.getgrgid(os.getgid()).gr_name


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can make a socket that it may not open itself")


@needs_root
def test_a_socket_of_one_user_says_how_to_let_a_group_in(folder: Path, owner: str) -> None:
    refusal = Hidden(folder, 0o600).refusal()
    assert refusal.exit_code == 1
    assert refusal.message == f"you may not use {folder}/control.sock: it is for {owner} alone"
    assert refusal.hint == f"run hr as {owner}, or let a group in: CONTROL_GROUP=GROUP in hrd's .env"


@needs_root
def test_a_socket_of_a_group_names_the_group_to_join(folder: Path, owner: str, group: str) -> None:
    refusal = Hidden(folder, 0o660).refusal()
    assert refusal.exit_code == 1
    assert refusal.message == f"you may not use {folder}/control.sock: it is for {owner} and the group {group}"
    assert refusal.hint == f"join the group and log in again: sudo usermod -aG {group} {owner}"


@needs_root
def test_a_folder_that_hides_its_socket_names_its_own_group(folder: Path, owner: str, group: str) -> None:
    hidden = Hidden(folder, 0o660)
    folder.chmod(0o750)
    assert hidden.refusal().message == f"you may not use {folder}/control.sock: it is for {owner} and the group {group}"
