"""The client endpoint, as hr asks it."""

import socket
import threading

import pytest

from hrctl.client import Client
from hrctl.endpoint import Endpoint, open_endpoint
from hrctl.problems import NotRunning, Trouble
from hrd.admin.wire.keys import KEYS, Keys
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import said, serving
from tests.hrctl.routed import KEY, route


def test_the_key_without_limits_is_the_one_to_try_with(daemon: FakeDaemon) -> None:
    with serving() as server:
        route(daemon, server)
        server.says(200, said())
        told = open_endpoint(Client([str(daemon.path)])).chat({"model": "m"})
        assert (told.status, told.request_id) == (200, "req-1")
        assert b"Hello." in told.body
        assert (server.keys, server.asked) == ([f"Bearer {KEY}"], [{"model": "m"}])


def test_without_a_client_key_there_is_nothing_to_ask_with(daemon: FakeDaemon) -> None:
    with serving() as server:
        route(daemon, server)
        daemon.answers(KEYS, Keys(keys=()))
        with pytest.raises(Trouble) as told:
            open_endpoint(Client([str(daemon.path)]))
    assert told.value.hint == "make one: hr key create mine"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotRunning, match=f"127.0.0.1:{port} does not answer"):
        Endpoint(f"http://127.0.0.1:{port}", KEY).chat({})


def test_somebody_else_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            door, _ = server.accept()
            with door:
                door.recv(65_536)
                door.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(Trouble, match="not as hrd would"):
            Endpoint(f"http://127.0.0.1:{server.getsockname()[1]}", KEY, wait_s=5.0).chat({})
        thread.join()
