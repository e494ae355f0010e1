"""Listeners: what can be bound, whose socket file is replaced, and who is let in."""

import errno
import os
import resource
import socket
import stat
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from hrd.downstream.listeners import FULL_REPLY, SocketInUseError, listen_tcp, listen_unix
from tests.scenarios.client import Client, chat_bytes
from tests.scenarios.world import World, open_world


def test_every_address_of_a_host_is_bound() -> None:
    bound = listen_tcp("127.0.0.1", 0)
    assert [sock.getsockname()[0] for sock in bound] == ["127.0.0.1"]
    assert not bound[0].getblocking()
    for sock in bound:
        sock.close()


def test_an_address_that_is_taken_is_said_and_nothing_stays_open() -> None:
    (taken,) = listen_tcp("127.0.0.1", 0)
    before = open_files()
    with taken, pytest.raises(OSError, match="in use") as raised:
        listen_tcp("127.0.0.1", taken.getsockname()[1])
    assert raised.value.errno == errno.EADDRINUSE
    assert open_files() == before - 1


def test_a_unix_socket_has_its_mode_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "made" / "control.sock"
    before = os.umask(0o022)
    try:
        with listen_unix(str(path), 0o600, None):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_unix_socket_for_a_group(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with listen_unix(str(path), 0o660, os.getgid()):
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, os.getgid())


def test_a_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    listen_unix(str(path), 0o600, None).close()
    assert path.is_socket()
    with listen_unix(str(path), 0o600, None), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_socket_that_is_served_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with listen_unix(str(path), 0o600, None):
        inode = path.stat().st_ino
        with pytest.raises(SocketInUseError, match="another daemon answers"):
            listen_unix(str(path), 0o600, None)
        assert path.stat().st_ino == inode


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="is not a socket"):
        listen_unix(str(path), 0o600, None)
    assert path.read_text() == "mine"


def test_the_reply_to_those_beyond_the_limit_is_whole() -> None:
    head, _, body = FULL_REPLY.partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head


async def test_connections_are_counted_while_they_are_open() -> None:
    async with open_world() as world:
        clients = [await world.client() for _ in range(3)]
        await _until_open(world, 3)
        await clients[0].leave()
        await _until_open(world, 2)
        world.clients.close_idle()
        await _until_open(world, 0)
        assert await clients[1].is_closed()


async def test_a_flood_beyond_the_limit_is_closed_without_a_word(mock_clock: MockClock) -> None:
    """Telling costs something; more than a few at once just see the connection close. Time stands still: none goes."""
    async with open_world(connections_max=0) as world:
        clients = [await world.client() for _ in range(80)]
        said = [bytes(await client.stream.receive_some(4096)) for client in clients]
        assert {FULL_REPLY, b""} == set(said)
        assert said.count(FULL_REPLY) == 64


async def test_a_process_without_room_for_another_socket_takes_it_later(autojump_clock: MockClock) -> None:
    async with open_world() as world:
        idle = await world.client()
        await _until_open(world, 1)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        sock = socket.socket()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free(), hard))
        try:
            sock.connect(idle.stream.socket.getpeername())
            await trio.sleep(1)
            assert len(world.clients.open) == 1
            await idle.send(chat_bytes(b"{"))
            assert (await idle.reply()).status == 400, "who is connected is served on"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        sock.setblocking(False)
        waiting = Client(trio.SocketStream(trio.socket.from_stdlib_socket(sock)))
        assert (await waiting.ask(b"{")).status == 400
        await waiting.leave()


async def _until_open(world: World, count: int) -> None:
    with trio.fail_after(1):
        while len(world.clients.open) != count:  # noqa: ASYNC110 - nobody tells the test
            await trio.sleep(0.001)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def lowest_free() -> int:
    """The number that the next file descriptor would have."""
    number = os.dup(0)
    os.close(number)
    return number
