"""When the disk is the trouble: damaged, full, or the log cannot be written. The daemon serves on and says so."""

from __future__ import annotations

import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import MESSAGES, Router, answered, facts_of, running, wait_until
from tests.upstreams import Answer, Upstream

pytestmark = pytest.mark.e2e

FILE_LIMIT_BYTES = 300 * 1024
GROQ = {"GROQ_API_KEY": "gsk_test-not-a-key-1"}


@pytest.mark.parametrize("damage", ["not a database", "cut in the middle", "overwritten in the middle"])
async def test_a_damaged_database_is_moved_aside_and_a_fresh_one_serves(tmp_path: Path, damage: str) -> None:
    database = tmp_path / "hrd.db"
    async with Upstream(Answer("fine")) as upstream, running(tmp_path, GROQ_BASE_URL=upstream.base_url, **GROQ) as router:
        for _ in range(10):
            await router.chat()
        assert await router.stop() == 0
        damaged = _damage(database, damage)
        await router.start()
        assert answered(await router.chat()) == "fine"
        status = await router.status()
        totals = (await router.control("GET", "/v1/usage")).json()["totals"]
        shown = (await router.hr("status")).stdout.decode()
    aside = status["store"]["moved_aside"].partition(" (")[0]
    assert _content(aside) == damaged
    assert aside in shown
    assert status["store"]["state"] == "ok"
    assert totals["requests"] == 1
    assert "Traceback" not in router.log


def _content(path: str) -> bytes:
    return Path(path).read_bytes()


def _damage(database: Path, how: str) -> bytes:
    data = bytearray(database.read_bytes())
    if how == "not a database":
        data[:] = b"this is no database\n" * 500
    elif how == "cut in the middle":
        del data[len(data) // 2 :]
    else:
        data[4096 : len(data) - 4096] = b"\xa5" * (len(data) - 8192)
    database.write_bytes(data)
    return bytes(data)


async def test_nobody_takes_over_who_cannot_read_what_is_remembered(tmp_path: Path) -> None:
    """Damaged while it is open: the process that runs has in memory what a new one would begin without. Where it does not look
    itself: it would find the damage, now or a second later, and mend it."""
    async with Upstream(Answer("fine")) as upstream, running(tmp_path, GROQ_BASE_URL=upstream.base_url, **GROQ) as router:
        assert answered(await router.chat()) == "fine"
        _scribble(tmp_path / "hrd.db", "embedding_pin")
        refused = await router.hr("restart")
        assert refused.returncode == 1
        assert "hrd.db cannot be read: database disk image is malformed" in refused.stderr.decode()
        assert "hr stop, then start it as before" in refused.stderr.decode()
        assert (await router.status())["pid"] == router.pid
        assert answered(await router.chat()) == "fine"


def _scribble(database: Path, table: str) -> None:
    """Damage the first page of *table*."""
    with closing(sqlite3.connect(database)) as connection:
        # While the daemon is at it, it is refused at once; and what is still in the log hides the damage.
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            time.sleep(0.01)
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    with database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as router:
        pass
    with closing(sqlite3.connect(tmp_path / "hrd.db")) as database:
        database.execute("PRAGMA user_version = 9999")
    before = (tmp_path / "hrd.db").read_bytes()
    router.spawn()
    assert await router.wait_ended() == 1
    assert "written by a newer hrd" in router.log
    assert "Traceback" not in router.log
    assert (tmp_path / "hrd.db").read_bytes() == before


async def test_a_full_disk_stops_nobody_and_is_written_up_when_there_is_room(tmp_path: Path) -> None:
    """Full, as far as the daemon can tell: no file of its may grow beyond a limit (RLIMIT_FSIZE), which is then lifted."""
    asked = 0
    async with Upstream(Answer("fine")) as upstream:
        router = Router(tmp_path, {"GROQ_BASE_URL": upstream.base_url, "LOG_LEVEL": "WARNING", **GROQ})
        with at_end_killed(router):
            await router.start(under=["prlimit", f"--fsize={FILE_LIMIT_BYTES}:unlimited"])
            async with router.client(router.key) as client:
                body = {"model": "hermes-router", "messages": MESSAGES}

                async def is_ill() -> bool:
                    nonlocal asked
                    for _ in range(20):
                        assert answered(await client.post("/v1/chat/completions", json=body)) == "fine"
                        asked += 1
                    return bool((await router.status())["store"]["state"] != "ok")

                await wait_until(is_ill, 20)
                for _ in range(50):
                    assert answered(await client.post("/v1/chat/completions", json=body)) == "fine"
                    asked += 1
                store = (await router.status())["store"]
                assert store["state"] == "degraded"
                assert store["rows_waiting"] >= 50
                shown = (await router.hr("status")).stdout.decode()
                assert "database degraded" in shown
                assert "hrd.db" in shown
                for command in ("stop", "restart"):
                    done = await router.hr(command)
                    assert done.returncode == 1
                    assert b"hrd.db cannot be written: " in done.stderr
                assert (await router.control("GET", "/v1/usage")).status_code in (200, 503)

                resource.prlimit(router.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

                async def is_well() -> bool:
                    return bool((await router.status())["store"]["state"] == "ok")

                await wait_until(is_well)
            totals = (await router.control("GET", "/v1/usage")).json()["totals"]
            assert (totals["requests"], totals["output_tokens"]) == (asked, 3 * asked)
            assert await router.stop() == 0
    with closing(sqlite3.connect(tmp_path / "hrd.db")) as database:
        assert database.execute("SELECT count(*) FROM ledger WHERE state = 1").fetchone()[0] == asked
    assert '"level": "error"' not in router.log


async def test_who_stops_while_the_disk_is_full_says_what_is_lost(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        router = Router(tmp_path, {"GROQ_BASE_URL": upstream.base_url, "LOG_LEVEL": "ERROR", **GROQ})
        with at_end_killed(router):
            await router.start(under=["prlimit", f"--fsize={FILE_LIMIT_BYTES}:unlimited"])

            async def is_ill() -> bool:
                assert answered(await router.chat()) == "fine"
                return bool((await router.status())["store"]["rows_waiting"] > 0)

            await wait_until(is_ill, 20)
            assert await router.stop() == 0
            (lost,) = facts_of(router.log, "rows that could not be written are lost")
            assert lost["rows"] > 0
            assert "hrd.db" in lost["reason"]


async def test_when_the_buffer_is_full_too_new_requests_are_refused_until_there_is_room(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "LOG_LEVEL": "WARNING", "WRITE_BUFFER_ROWS": "100", **GROQ}
        router = Router(tmp_path, environment)
        with at_end_killed(router):
            await router.start(under=["prlimit", f"--fsize={FILE_LIMIT_BYTES}:unlimited"])

            async def is_refused() -> bool:
                response = await router.chat()
                assert response.status_code in (200, 503)
                return response.status_code == 503

            await wait_until(is_refused, 20)
            asked = len(upstream.asked)
            refused = await router.chat(stream=True)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "router_overloaded"
            assert len(upstream.asked) == asked, "a router that cannot record must not route"
            assert (await router.status())["store"]["state"] == "full"
            resource.prlimit(router.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

            async def is_served() -> bool:
                return (await router.chat()).status_code == 200

            await wait_until(is_served)
            totals = (await router.control("GET", "/v1/usage")).json()["totals"]
            assert totals["requests"] >= asked
            assert await router.stop() == 0


@contextmanager
def at_end_killed(router: Router) -> Iterator[None]:
    try:
        yield
    finally:
        if router.process is not None and router.process.poll() is None:
            router.kill()


# the log -----------------------------------------------------------------------------------------------------------------


async def test_a_log_that_nobody_reads_any_more_stops_nobody(tmp_path: Path) -> None:
    """`hrd 2>&1 | head -1`: the pipe is broken, the requests are not."""
    read_end, write_end = os.pipe()
    async with logging_to(tmp_path, write_end) as router:
        os.close(read_end)
        for stream in (False, True):
            assert answered(await router.chat(stream=stream)) == "fine"


async def test_a_log_on_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    async with logging_to(tmp_path, os.open("/dev/full", os.O_WRONLY)) as router:
        for stream in (False, True):
            assert answered(await router.chat(stream=stream)) == "fine"


async def test_a_log_that_nobody_takes_is_waited_for_by_nobody(tmp_path: Path) -> None:
    """A pipe that is full and never read, a terminal that is held: what writes to it would wait for ever."""
    read_end, write_end = os.pipe()
    async with logging_to(tmp_path, write_end) as router, router.client(router.key) as client:
        for _ in range(300):
            with trio.fail_after(10):
                response = await client.post("/v1/chat/completions", json={"model": "hermes-router", "messages": MESSAGES})
            assert answered(response) == "fine"
        os.read(read_end, 1 << 20)
        assert answered(await router.chat()) == "fine"
        assert b'"lines lost"' in os.read(read_end, 1 << 20)
    os.close(read_end)


@asynccontextmanager
async def logging_to(home: Path, descriptor: int) -> AsyncIterator[Router]:
    """A daemon that writes its log to *descriptor*, which is closed here. It must end well."""
    async with Upstream(Answer("fine")) as upstream:
        router = Router(home, {"GROQ_BASE_URL": upstream.base_url, "LOG_LEVEL": "DEBUG", **GROQ})
        with at_end_killed(router):
            try:
                router.spawn(log_to=descriptor)
            finally:
                os.close(descriptor)
            await router.wait_ready()
            yield router
            assert await router.stop() == 0
