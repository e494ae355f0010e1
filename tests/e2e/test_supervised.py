"""Under a supervisor that speaks sd_notify: readiness, signs of life, socket activation, and whose the main process is."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.daemon import answered, wait_until
from tests.e2e.restarts import is_there, restarted
from tests.e2e.supervised import Supervised, supervised
from tests.upstreams import Answer, Upstream, free_port

pytestmark = pytest.mark.e2e

SETTINGS = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "LOG_LEVEL": "WARNING"}


@asynccontextmanager
async def served(home: Path, **more: str) -> AsyncIterator[tuple[Supervised, Upstream]]:
    async with (
        Upstream(Answer(text="hello")) as upstream,
        supervised(home, GROQ_BASE_URL=upstream.base_url, **SETTINGS, **more) as world,
    ):
        yield world, upstream


async def test_it_says_ready_with_a_line_worth_reading_and_gives_signs_of_life(tmp_path: Path) -> None:
    async with served(tmp_path) as (world, _):
        pid = (await world.router.status())["pid"]
        assert world.said("READY") == [(pid, "1")]
        assert world.said("STATUS")[0] == (pid, f"{world.router.endpoint}, 1 providers, 0 requests in flight")
        assert "Try it" not in world.router.log
        await wait_until(lambda: _has(world, "WATCHDOG", 3))
        assert await world.router.stop() == 0
        assert world.said("STOPPING") == [(pid, "1")]


async def _has(world: Supervised, name: str, count: int) -> bool:
    return len(world.said(name)) >= count


async def test_the_successor_is_the_supervisors_and_the_old_one_goes(tmp_path: Path) -> None:
    async with served(tmp_path) as (world, _):
        first = (await world.router.status())["pid"]
        second = await restarted(world.router)
        third = await restarted(world.router)
        await wait_until(lambda: _are_gone(first, second))
        await wait_until(lambda: _has(world, "READY", 3))
        assert world.said("READY") == [(first, "1"), (second, "1"), (third, "1")]
        assert world.said("RELOADING") == [(first, "1"), (second, "1")]
        assert world.said("MAINPID") == [(first, str(second)), (second, str(third))]
        order = [(one["pid"], name) for one in world.notified() for name in one if name in ("RELOADING", "MAINPID", "READY")]
        assert order[1:4] == [(first, "RELOADING"), (first, "MAINPID"), (second, "READY")]
        signs = len(world.said("WATCHDOG"))
        await wait_until(lambda: _has(world, "WATCHDOG", signs + 2))
        assert world.said("WATCHDOG")[-1] == (third, "1")
        assert parent_of(third) == world.router.pid
        assert answered(await world.router.chat()) == "hello"
        assert await world.router.stop() == 0
        await wait_until(lambda: _are_gone(third))


async def _are_gone(*pids: int) -> bool:
    return not any(is_there(pid) for pid in pids)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_successor_that_fails_says_nothing_and_the_old_one_is_ready_again(tmp_path: Path) -> None:
    async with served(tmp_path) as (world, _):
        pid = (await world.router.status())["pid"]
        world.router.write_dotenv("HOST=not an address\n")
        assert (await world.router.control("POST", "/v1/restart", {})).status_code == 409
        await wait_until(lambda: _has(world, "READY", 2))
        assert {one["pid"] for one in world.notified()} == {pid}
        assert world.said("MAINPID") == []
        world.router.write_dotenv("")
        assert await world.router.stop() == 0


async def test_the_supervisors_socket_wins_over_host_and_port_and_goes_along(tmp_path: Path) -> None:
    port = free_port()
    async with served(tmp_path, LISTEN_ON=str(port), PORT="1") as (world, _):
        assert world.router.endpoint == f"http://127.0.0.1:{port}"
        (warning,) = (await world.router.status())["warnings"]
        assert f"the supervisor's socket listens on 127.0.0.1 port {port}: HOST and PORT are not used" in warning
        await restarted(world.router)
        assert (await world.router.status())["endpoint"] == f"http://127.0.0.1:{port}"
        assert answered(await world.router.chat()) == "hello"
        assert await world.router.stop() == 0
        with socket.socket() as later, pytest.raises(ConnectionRefusedError):
            later.connect(("127.0.0.1", port))  # the supervisor itself has ended with its main process


async def test_the_main_process_that_dies_is_the_supervisors_to_see(tmp_path: Path) -> None:
    async with served(tmp_path) as (world, _):
        pid = await restarted(world.router)
        await wait_until(lambda: _has(world, "READY", 2))
        os.kill(pid, signal.SIGKILL)
        assert await world.router.wait_ended() == signal.SIGKILL
