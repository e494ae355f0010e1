"""The doors: where clients connect, and who may open the control socket."""

import socket
from pathlib import Path

import pytest

from hrd.admin.doctor.doors import control_socket, daemon_at_rest, port_at_rest, port_in_use
from hrd.admin.wire.doctor import FindingState
from hrd.store.lock import Lock, take_lock


def test_listening_where_the_settings_say() -> None:
    (found,) = port_in_use(("127.0.0.1", 8319), [("127.0.0.1", 8319)])
    assert (found.state, found.message) == (FindingState.OK, "clients are served at http://127.0.0.1:8319/v1")
    assert len(list(port_in_use(("127.0.0.1", 0), [("127.0.0.1", 40_000)]))) == 1, "any port was asked for"


@pytest.mark.parametrize("wanted", [("127.0.0.1", 8320), ("127.0.0.2", 8319)])
def test_listening_elsewhere_is_odd(wanted: tuple[str, int]) -> None:
    found = list(port_in_use(wanted, [("127.0.0.1", 8319)]))
    assert [one.state for one in found] == [FindingState.OK, FindingState.WARNING]
    assert f"http://{wanted[0]}:{wanted[1]}" in found[1].message
    assert "systemctl edit hrd.socket" in found[1].hint
    assert "hr status" in found[1].hint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_being_open_to_other_machines_is_odd(host: str) -> None:
    found = list(port_in_use((host, 8319), [(host, 8319)]))
    assert [one.state for one in found] == [FindingState.OK, FindingState.WARNING]
    assert "other machines can connect" in found[1].message


def test_a_port_that_is_free_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (found,) = port_at_rest(("127.0.0.1", port))
        assert found.state == FindingState.PROBLEM
        assert "another program listens there" in found.message
        assert found.hint == f"see who has it: ss -ltnp 'sport = :{port}'"
    for _ in range(2):
        (found,) = port_at_rest(("127.0.0.1", port))
        assert (found.state, found.message) == (FindingState.OK, f"127.0.0.1 port {port} is free")


def test_an_address_that_this_machine_has_not() -> None:
    (found,) = port_at_rest(("192.0.2.7", 8319))
    assert "this machine has no such address" in found.message


def test_the_control_socket_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    assert control_socket(str(path)).state == FindingState.PROBLEM
    path.touch()
    for mode, state in ((0o600, "ok"), (0o660, "ok"), (0o666, "problem"), (0o661, "problem")):
        path.chmod(mode)
        assert control_socket(str(path)).state == state, f"{mode:o}"


def test_a_daemon_that_nobody_can_ask_is_found_by_its_lock(tmp_path: Path) -> None:
    lock_path, path = tmp_path / "hrd.lock", tmp_path / "control.sock"
    assert list(daemon_at_rest(lock_path, str(path))) == []
    lock = take_lock(lock_path, 4711)
    assert isinstance(lock, Lock)
    (gone,) = daemon_at_rest(lock_path, str(path))
    assert gone.state == FindingState.PROBLEM
    assert gone.message == f"hrd runs (pid 4711), and cannot be asked: its control socket is gone, {path}"
    assert gone.hint == "end it (what runs is finished first): kill 4711; then start it again"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        (silent,) = daemon_at_rest(lock_path, str(path))
        assert "nobody answers at its control socket" in silent.message
        door.listen(1)
        (answers,) = daemon_at_rest(lock_path, str(path))
        assert (answers.state, answers.hint) == (FindingState.WARNING, "it says more itself: hr doctor")
    lock_path.write_text("")
    (nameless,) = daemon_at_rest(lock_path, str(path))
    assert "its pid is not known" in nameless.message
    assert nameless.hint == "end it; then start it again"
    lock.release()
    assert list(daemon_at_rest(lock_path, str(path))) == []
