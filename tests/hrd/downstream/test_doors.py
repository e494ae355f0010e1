"""Doors: how they move when the settings say so, and what happens when they cannot."""

import errno
import grp
import os
import shutil
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from hrd.downstream.call import Call
from hrd.downstream.context import BufferBudget, Context, Patience
from hrd.downstream.departures import Departures
from hrd.downstream.doors import Address, CannotListen, ClientDoor, ControlDoor, endpoint_url, gid_of, try_to_move, why_not
from hrd.downstream.listeners import Connections
from hrd.downstream.peers import tcp_peer
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from tests.upstreams import free_port

LOCAL = "127.0.0.1"


class Moving:
    """A door that is kept, and what was heard of it."""

    def __init__(self, wanted: Address, of: Callable[[], Connections]) -> None:
        self.wanted = wanted
        self.moves = 0
        self.stays: list[str] = []
        self._heard = trio.Event()
        self.door = ClientDoor(of, lambda: self.wanted)
        self.door.bind()

    @property
    def port(self) -> int:
        return self.door.listening_on[0][1]

    async def go_to(self, host: str, port: int) -> None:
        """Say so, and wait until something came of it."""
        self.wanted, self._heard = (host, port), trio.Event()
        self.door.look_again()
        with trio.fail_after(5):
            await self._heard.wait()

    def moved(self) -> None:
        self.moves += 1
        self._heard.set()

    def stayed(self, why: str) -> None:
        self.stays.append(why)
        self._heard.set()


def connections() -> Connections:
    async def greet(call: Call) -> None:
        await call.reply(200, [], b"hello")

    context = Context(
        dispatch=lambda _: greet,
        limits=HttpLimits(),
        patience=Patience(idle_s=5.0, header_s=5.0, body_s=5.0, write_s=5.0),
        budget=BufferBudget(1 << 20),
        alarms=Alarms(),
        departures=Departures(),
        calls={},
        next_request_id=lambda: "req-1",
        date=lambda: (b"date", b"now"),
        is_stopping=lambda: False,
        crashed=lambda _call, _crash: None,
        cors=lambda _: (),
    )
    return Connections(context, connections_max=lambda: 10, peer_of=lambda _, address: tcp_peer(address))


@asynccontextmanager
async def kept(host: str, port: int, of: Callable[[], Connections] = connections) -> AsyncIterator[Moving]:
    moving = Moving((host, port), of)
    async with trio.open_nursery() as served:
        served.start_soon(lambda: moving.door.keep(served, moved=moving.moved, stayed=moving.stayed))
        yield moving
        served.cancel_scope.cancel()


async def greeted_at(host: str, port: int) -> bool:
    try:
        stream = await trio.open_tcp_stream(host, port)
    except OSError:
        return False
    return await is_greeted(stream)


async def is_greeted(stream: trio.SocketStream) -> bool:
    async with stream:
        await stream.send_all(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        said = b""
        while data := await stream.receive_some():
            said += data
    return said.endswith(b"hello")


async def test_it_listens_where_the_settings_say_and_knows_the_port_that_came_of_0() -> None:
    async with kept(LOCAL, 0) as moving:
        assert moving.port > 0
        assert moving.door.listening_on == [(LOCAL, moving.port), (LOCAL, moving.port)]
        assert await greeted_at(LOCAL, moving.port)


@pytest.mark.parametrize("other", [LOCAL, "127.0.0.2"], ids=["another port", "another host"])
async def test_who_has_connected_when_it_moves_is_served(other: str) -> None:
    """They wait in the kernel's queue, of which closing the socket would make a reset."""
    one = connections()
    one.pause()
    async with kept(LOCAL, 0, lambda: one) as moving:
        streams = [await trio.open_tcp_stream(LOCAL, moving.port) for _ in range(3)]
        await moving.go_to(other, free_port() if other == LOCAL else moving.port)
        assert moving.moves == 1
        assert [await is_greeted(stream) for stream in streams] == [True] * 3


async def test_another_port_is_taken_before_the_old_one_is_let_go() -> None:
    async with kept(LOCAL, 0) as moving:
        first, second = moving.port, free_port()
        await moving.go_to(LOCAL, second)
        assert (moving.moves, moving.stays, moving.port) == (1, [], second)
        assert await greeted_at(LOCAL, second)
        assert not await greeted_at(LOCAL, first)


async def test_a_port_that_is_taken_leaves_it_where_it_is_until_it_is_free() -> None:
    with socket.socket() as somebody:
        somebody.bind((LOCAL, 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        async with kept(LOCAL, 0) as moving:
            first = moving.port
            await moving.go_to(LOCAL, taken)
            assert moving.stays == [moving.door.trouble]
            assert f"cannot listen on {LOCAL} port {taken}: another program" in moving.door.trouble
            assert moving.port == first
            assert await greeted_at(LOCAL, first)
            somebody.close()
            await moving.go_to(LOCAL, taken)
            assert (moving.moves, moving.door.trouble, moving.port) == (1, "", taken)


async def test_a_setting_that_is_taken_back_is_no_trouble_any_more() -> None:
    port = free_port()
    async with kept(LOCAL, port) as moving:
        await moving.go_to("192.0.2.1", free_port())
        assert "no such address" in moving.door.trouble
        moving.wanted = (LOCAL, port)
        moving.door.look_again()
        with trio.fail_after(5):
            while moving.door.trouble:  # noqa: ASYNC110 - nobody is told that nothing happened
                await trio.sleep(0.01)
        assert moving.moves == 0
        assert await greeted_at(LOCAL, port)


async def test_another_host_with_the_same_port_is_not_in_its_own_way() -> None:
    async with kept(LOCAL, free_port()) as moving:
        port = moving.port
        await moving.go_to("0.0.0.0", port)
        assert (moving.moves, moving.stays) == (1, [])
        assert await greeted_at("127.0.0.2", port)


async def test_a_host_that_is_not_to_be_had_leaves_it_on_its_port() -> None:
    async with kept(LOCAL, free_port()) as moving:
        port = moving.port
        await moving.go_to("192.0.2.1", port)
        assert (moving.moves, len(moving.stays), moving.port) == (0, 1, port)
        assert moving.door.listening_on == [(LOCAL, port), (LOCAL, port)]
        assert await greeted_at(LOCAL, port)


def test_at_start_an_address_that_is_taken_is_an_error() -> None:
    with socket.socket() as somebody:
        somebody.bind((LOCAL, 0))
        somebody.listen()
        door = ClientDoor(connections, lambda: (LOCAL, somebody.getsockname()[1]))
        with pytest.raises(CannotListen, match="PORT=8320 hrd"):
            door.bind()


def test_who_takes_over_the_listeners_must_be_able_to_have_the_address_of_its_settings() -> None:
    with socket.create_server((LOCAL, 0)) as ours, socket.create_server((LOCAL, 0)) as somebody:
        port, taken = ours.getsockname()[1], somebody.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {taken}: another program listens there"):
            try_to_move([ours], (LOCAL, port), (LOCAL, taken))
        try_to_move([ours], (LOCAL, port), (LOCAL, port))
        try_to_move([ours], (LOCAL, 0), (LOCAL, 0))
        try_to_move([ours], (LOCAL, port), ("127.0.0.2", port))
        free = free_port()
        try_to_move([ours], (LOCAL, port), (LOCAL, free))
        socket.create_server((LOCAL, free)).close()


def test_the_control_socket_is_opened_to_a_group_and_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    group: list[int | None] = [None]
    door = ControlDoor(str(path), lambda: group[0])
    door.bind()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    group[0] = os.getgid()
    assert door.look_again() == ""
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, os.getgid())
    group[0] = None
    assert door.look_again() == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    group[0] = os.getgid()
    assert "stays as it is" in door.look_again()
    door.close()


def test_the_control_socket_goes_with_its_door(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    door = ControlDoor(str(path), lambda: None)
    door.bind()
    with pytest.raises(CannotListen, match=r"control\.sock"):
        ControlDoor(str(path), lambda: None).bind()
    door.close()
    assert not path.exists()


def test_a_control_socket_whose_file_is_taken_away_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "run" / "control.sock"
    door = ControlDoor(str(path), lambda: None)
    first = door.bind()
    assert not door.is_gone
    shutil.rmtree(path.parent)
    assert door.is_gone
    tmp_path.chmod(0o500)
    if os.geteuid() != 0:
        with pytest.raises(CannotListen, match="Permission denied"):
            door.make_again()
        assert door.sock is first
    tmp_path.chmod(0o700)
    door.make_again()
    assert (door.is_gone, door.sock is first, stat.S_IMODE(path.stat().st_mode)) == (False, False, 0o600)
    door.close()
    assert not path.exists()


def test_anothers_control_socket_is_neither_taken_nor_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    door, another = (ControlDoor(str(path), lambda: None) for _ in range(2))
    door.bind()
    path.unlink()
    another.bind()
    assert door.is_gone
    with pytest.raises(CannotListen, match="another daemon answers"):
        door.make_again()
    door.close()
    assert path.exists()
    another.close()


def test_a_door_that_was_taken_over_is_known_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    before, door = (ControlDoor(str(path), lambda: None) for _ in range(2))
    door.adopt(before.bind().dup())
    assert not door.is_gone
    before.leave()
    door.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8319"),
        ("0.0.0.0", "http://127.0.0.1:8319"),
        ("::", "http://[::1]:8319"),
        ("::1", "http://[::1]:8319"),
        ("box", "http://box:8319"),
    ],
)
def test_the_url_that_clients_are_given(host: str, url: str) -> None:
    assert endpoint_url(host, 8319) == url


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "in use"), "another program listens there"),
        (OSError(errno.EADDRNOTAVAIL, "not available"), "no such address"),
        (OSError(errno.EACCES, "denied"), "for root alone"),
        (OSError(errno.ENOBUFS, "no buffers"), "no buffers"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "no such host"),
        (UnicodeError("label too long"), "label too long"),
    ],
)
def test_why_not_says_what_to_set_instead(error: OSError | UnicodeError, words: str) -> None:
    said = why_not("box", 80, error)
    assert said.startswith("cannot listen on box port 80: ")
    assert words in said


# the group ------------------------------------------------------------------------------------------------------------------


def test_a_group_is_found_by_its_name_or_number() -> None:
    own = grp.getgrgid(os.getegid())
    assert gid_of(own.gr_name) == own.gr_gid
    assert gid_of("4242") == 4242
    assert (gid_of(None), gid_of(""), gid_of("no-such-group")) == (None, None, None)
