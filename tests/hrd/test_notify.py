"""What a supervisor hears and hands over: real datagrams, real descriptors."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrd.notify import LISTEN_FDS_START, Notify, take_listeners, watchdog_s


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as heard:
        heard.bind(str(tmp_path / "notify"))
        yield heard


def test_each_word_is_one_datagram(supervisor: socket.socket) -> None:
    notify = Notify({"NOTIFY_SOCKET": supervisor.getsockname()}, 42)
    notify.reloading("another\nprocess")
    notify.ready("http://127.0.0.1:8319")
    notify.status("3 requests")
    notify.alive()
    notify.main_pid(43)
    notify.stopping("")
    assert [supervisor.recv(1000) for _ in range(6)] == [
        b"RELOADING=1\nSTATUS=another process",
        b"READY=1\nSTATUS=http://127.0.0.1:8319",
        b"STATUS=3 requests",
        b"WATCHDOG=1",
        b"MAINPID=43",
        b"STOPPING=1\nSTATUS=",
    ]


def test_an_abstract_socket_is_written_with_an_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as heard:
        name = f"hrd-test-{os.getpid()}"
        heard.bind(f"\0{name}")
        Notify({"NOTIFY_SOCKET": f"@{name}"}, 42).alive()
        assert heard.recv(100) == b"WATCHDOG=1"


def test_without_a_supervisor_and_with_a_deaf_one_nothing_happens(tmp_path: Path) -> None:
    assert not Notify({}, 42).is_supervised
    Notify({}, 42).alive()
    Notify({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, 42).alive()


@pytest.mark.parametrize(
    ("environ", "is_successor", "every_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, False, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"}, False, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "41"}, False, 0.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "41"}, True, 15.0),
        ({"WATCHDOG_USEC": "soon"}, False, 0.0),
        ({}, False, 0.0),
    ],
)
def test_signs_of_life_come_twice_as_often_as_asked(environ: dict[str, str], is_successor: bool, every_s: float) -> None:
    assert watchdog_s(environ, 42, is_successor=is_successor) == every_s


def test_listeners_are_for_the_process_that_is_named() -> None:
    assert take_listeners({"LISTEN_FDS": "1", "LISTEN_PID": "41"}, 42) == []
    assert take_listeners({"LISTEN_PID": "42"}, 42) == []


def test_what_is_handed_over_is_taken_in_a_process_of_its_own() -> None:
    """Descriptor 3 belongs to pytest here, so a child looks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if not pid:
            os.dup2(listener.fileno(), LISTEN_FDS_START)
            (found,) = take_listeners({"LISTEN_FDS": "1", "LISTEN_PID": "42"}, 42)
            is_good = found.getsockname() == listener.getsockname() and not found.getblocking() and not found.get_inheritable()
            os._exit(0 if is_good else 1)
        assert os.waitpid(pid, 0)[1] == 0


def test_a_socket_that_is_not_tcp_is_refused() -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        pid = os.fork()
        if not pid:
            os.dup2(unix.fileno(), LISTEN_FDS_START)
            try:
                take_listeners({"LISTEN_FDS": "1", "LISTEN_PID": "42"}, 42)
            except OSError as error:
                os._exit(0 if "not TCP" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(pid, 0)[1] == 0
