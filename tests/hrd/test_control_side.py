"""The control side of a daemon: who may open its socket, how many at once, and for how long `hr` is answered."""

import os
import stat
from functools import partial

import pytest
import trio
import trio.testing

from hrd.control_side import LOOK_S
from tests.hrd.house import WITHIN_S, House, groq
from tests.upstreams import Answer, Upstream

pytestmark = pytest.mark.usefixtures("virtual_time")


async def test_the_control_socket_is_given_to_a_group_and_taken_back(house: House) -> None:
    group = 4242 if os.geteuid() == 0 else os.getgroups()[0]
    path = house.home / "control.sock"
    async with house.open(PORT="0") as resident:
        own = path.stat().st_gid
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        house.write_dotenv(CONTROL_GROUP=str(group))
        await trio.sleep(WITHIN_S)
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, group)
        assert (await resident.control("GET", "/v1/version"))["pid"] == os.getpid()
        house.write_dotenv()
        await trio.sleep(WITHIN_S)
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o600, own)
    assert not path.exists()


async def test_settings_hold_for_who_connects_next(house: House) -> None:
    async with house.open() as resident:
        house.write_dotenv(MAX_CONTROL_CONNECTIONS="1", MAX_REQUEST_BYTES="1024")
        await trio.sleep(WITHIN_S)
        async with await trio.open_unix_socket(str(house.home / "control.sock")):
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(AssertionError, match="connections"):
                await resident.control("GET", "/v1/version")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(AssertionError, match="1024"):
            await resident.control("POST", "/v1/mode", b"x" * 2000)


async def test_hr_is_answered_while_the_last_requests_end(house: House) -> None:
    async with (
        Upstream(Answer("slow words", pieces=2, between_s=20.0)) as one,
        house.open(**groq(one)) as resident,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(partial(resident.chat, stream=True))
        await trio.sleep(1)
        assert (await resident.control("POST", "/v1/stop", b"{}"))["in_flight"] == 1
        await trio.sleep(1)
        status = await resident.control("GET", "/v1/status")
        assert (status["listening"], status["draining"], status["in_flight"]) == (False, True, 1)


async def test_a_socket_that_is_taken_away_is_there_again_soon(house: House) -> None:
    path = house.home / "control.sock"
    async with house.open() as resident:
        path.unlink()
        path.mkdir()
        await trio.sleep(12)
        path.rmdir()
        await trio.sleep(LOOK_S)
        assert (await resident.control("GET", "/v1/version"))["pid"] == os.getpid()
        path.unlink()
        await trio.sleep(LOOK_S)
        assert (await resident.control("GET", "/v1/version"))["pid"] == os.getpid()
    assert not path.exists()
