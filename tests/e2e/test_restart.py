"""`hr restart` under load: nobody notices, nothing is lost, and a successor that fails changes nothing.

`python -m bench.run --only restarts` tells the same story at full size, and by the clock.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx2
import pytest
import trio

from tests.e2e.daemon import Router, answered, running, wait_for_a_day, wait_until
from tests.e2e.ledger import EACH_ONCE, read_ledger
from tests.e2e.load import Load
from tests.e2e.restarts import (
    SMALL,
    WAYS_TO_FAIL,
    Parent,
    at_work_in,
    by_hand,
    children_of,
    command_of,
    counts_of,
    is_there,
    is_under_way,
    load_on,
    nobody_finishes,
    other_program,
    refused,
    restarted,
    restarts_under_load,
    under_a_supervisor,
    words_kept,
)
from tests.upstreams import Answer, Asked, Behave, Late, Status, Upstream, hangs

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]

SETTINGS = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "LOG_LEVEL": "WARNING"}
STREAM = Answer(text="word " * 15, pieces=15, between_s=0.1)
WHOLE = Answer(text="hello")
HEALTH = b"GET /health HTTP/1.1\r\nhost: router.example\r\n\r\n"


@pytest.mark.parametrize("parent", [by_hand, under_a_supervisor])
async def test_nobody_notices_restarts_nor_such_as_fail(tmp_path: Path, parent: Parent) -> None:
    outcome = await restarts_under_load(tmp_path, parent, SMALL)
    assert outcome.load.failures == []
    assert outcome.ledger == EACH_ONCE
    assert outcome.counts == dict.fromkeys(outcome.counts, outcome.load.completed)
    assert outcome.load.streams >= SMALL.streams
    assert len(set(outcome.pids)) == SMALL.restarts + 1
    assert len(outcome.refused) == len(WAYS_TO_FAIL)
    assert outcome.left == []


@asynccontextmanager
async def loaded(home: Path, streams: int) -> AsyncIterator[tuple[Router, Load]]:
    """A daemon under load; in the end nobody has failed, and the ledger has everything once."""
    async with Upstream(_answer) as upstream, running(home, **SETTINGS, GROQ_BASE_URL=upstream.base_url) as router:
        load = load_on(router)
        async with trio.open_nursery() as nursery:
            for _ in range(SMALL.kept_alive):
                nursery.start_soon(load.keep_asking, SMALL.pause_s)
            for _ in range(streams):
                nursery.start_soon(load.read_streams)
            await wait_until(lambda: is_under_way(load, upstream, streams))
            yield router, load
            load.stopping = True
        assert load.failures == []
        await wait_until(lambda: nobody_finishes(router))
        assert read_ledger(router.home / "hrd.db", load.ids) == EACH_ONCE
        counts = await counts_of(router, upstream)
        assert counts == dict.fromkeys(counts, load.completed)


def _answer(asked: Asked) -> Answer:
    return STREAM if asked.json.get("stream") else WHOLE


async def test_a_connection_outlives_restarts_while_nobody_asks_anything(tmp_path: Path) -> None:
    async with Upstream(WHOLE) as upstream, running(tmp_path, **SETTINGS, GROQ_BASE_URL=upstream.base_url) as router:
        client = await trio.open_tcp_stream("127.0.0.1", httpx2.URL(router.endpoint).port or 0)
        async with client:
            for _ in range(3):
                await restarted(router)
                await client.send_all(HEALTH)
                assert (await client.receive_some()).startswith(b"HTTP/1.1 200 OK")


async def test_a_head_that_is_only_half_there_at_a_restart_is_waited_for(tmp_path: Path) -> None:
    async with Upstream(WHOLE) as upstream, running(tmp_path, **SETTINGS, GROQ_BASE_URL=upstream.base_url) as router:
        client = await trio.open_tcp_stream("127.0.0.1", httpx2.URL(router.endpoint).port or 0)
        async with client:
            await client.send_all(HEALTH + HEALTH[:20])  # whose answer says that all of it was read
            assert (await client.receive_some()).startswith(b"HTTP/1.1 200 OK")
            await restarted(router)
            await client.send_all(HEALTH[20:])
            assert (await client.receive_some()).startswith(b"HTTP/1.1 200 OK")
        await wait_until(lambda: nobody_finishes(router))


async def test_hr_restart_says_who_took_over_and_what_is_still_finishing(tmp_path: Path) -> None:
    async with Upstream(hangs()) as upstream:
        settings = SETTINGS | {"GROQ_BASE_URL": upstream.base_url, "STOP_SECONDS": "0.2"}
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:
            nursery.start_soon(router.chat)
            nursery.start_soon(router.chat)
            await wait_until(lambda: _was_asked(upstream, 2))
            done = await router.hr("restart")
            lines = done.stdout.decode().splitlines()
            status = await router.status()
            assert done.returncode == 0, done.stderr
            assert lines[0] == f"hrd {status['version']} (pid {status['pid']}) has taken over from pid {router.pid}"
            assert lines[1] == "2 requests finishing there, for 15 min at most (see: hr status)"
            shown = (await router.hr("status")).stdout.decode()
            assert f"former hrd {status['version']}, pid {router.pid}: finishes 2 requests" in shown
            assert await router.stop() == 0


async def test_a_bad_restart_is_exit_one_and_says_why(tmp_path: Path) -> None:
    async with running(tmp_path, **SETTINGS) as router:
        router.write_dotenv("HOST=not an address\n")
        done = await router.hr("restart")
        assert done.returncode == 1
        assert done.stderr.decode().startswith("hr: not restarted, and nothing was interrupted: HOST")
        router.write_dotenv("")


FLOOD = """
import sys, time
for _ in range(1000):
    sys.stderr.write("y" * 100_000)
    time.sleep(0.002)
raise SystemExit("the last of many words")
"""


async def test_a_new_process_that_talks_without_end_takes_no_memory(tmp_path: Path) -> None:
    async with running(tmp_path, **SETTINGS) as router, trio.open_nursery() as nursery:
        said: list[str] = []

        async def ask() -> None:
            with other_program(router, FLOOD):
                said.append(await refused(router))
            nursery.cancel_scope.cancel()

        nursery.start_soon(ask)
        most = 0
        while True:
            most = max(most, words_kept(router.pid))
            await trio.sleep(0.05)
    assert said[0].endswith("yyy" + "the last of many words")
    assert len(said[0]) < 500
    assert 0 < most < 50_000_000


async def test_a_restart_that_fails_while_nobody_takes_its_words_changes_nothing(tmp_path: Path) -> None:
    """A log on a disk that is full."""
    router = Router(tmp_path, SETTINGS)
    full = os.open("/dev/full", os.O_WRONLY)
    await router.start(log_to=full)
    os.close(full)
    with other_program(router, 'raise SystemExit("the last of its words")'):
        assert (await refused(router)).endswith("the last of its words")
    assert (await router.status())["pid"] == router.pid
    assert await router.stop() == 0


def open_files(pid: int) -> set[int]:
    return {int(descriptor.name) for descriptor in Path(f"/proc/{pid}/fd").iterdir()}


async def test_without_a_file_left_to_open_nobody_takes_over_and_the_old_process_serves_on(tmp_path: Path) -> None:
    transport = httpx2.AsyncHTTPTransport(uds=str(tmp_path / "control.sock"), verify=False)
    async with (
        running(tmp_path, **SETTINGS) as router,
        httpx2.AsyncClient(transport=transport, base_url="http://hrd", timeout=30.0, trust_env=False) as control,
    ):
        assert (await control.get("/v1/status")).status_code == 200
        taken = open_files(router.pid)
        soft, hard = resource.prlimit(router.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(router.pid, resource.RLIMIT_NOFILE, (min(set(range(soft)) - taken), hard))
        answer = await control.post("/v1/restart")
        resource.prlimit(router.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert answer.status_code == 409
        assert "Too many open files" in answer.text
        assert (await router.status())["pid"] == router.pid


# other versions -----------------------------------------------------------------------------------------------------------


def another_version(router: Router, file: str, before: str, after: str) -> None:
    """An update in which one line is another. `python -m` looks into the folder it is started in first."""
    there = router.home / "hrd"
    if not there.exists():
        shutil.copytree(ROOT / "hrd", there)  # with what is compiled of it: to do that anew takes seconds
    text = (there / file).read_text()
    assert re.search(before, text, re.MULTILINE), f"{file} is another now"
    (there / file).write_text(re.sub(before, after, text, flags=re.MULTILINE))


async def test_another_version_takes_over_unless_it_speaks_or_stores_otherwise(tmp_path: Path) -> None:
    async with loaded(tmp_path, streams=1) as (router, _):
        another_version(router, "__init__.py", r"^__version__ = .*$", '__version__ = "9.9.9"')
        pid = await restarted(router)
        assert (await router.status())["version"] == "9.9.9"
        another_version(router, "handover/messages.py", r"^PROTOCOL: Final = (\d+)$", r"PROTOCOL: Final = 9\1")
        assert "have another way of handing over: this once it has to end before the new one starts" in await refused(router)
        another_version(router, "handover/messages.py", r"^PROTOCOL: Final = 9(\d+)$", r"PROTOCOL: Final = \1")
        another_version(router, "store/opening.py", r"^VERSION = (\d+)$", r"VERSION = 9\1")
        said = (await router.hr("restart")).stderr.decode().splitlines()
        assert "have another layout of the database" in said[0]
        assert said[1] == "    hr stop, then start it as before"
        assert (await router.status())["pid"] == pid
        shutil.rmtree(router.home / "hrd")


# the first process, once it is only a parent ------------------------------------------------------------------------------


async def test_a_change_that_comes_while_the_new_process_starts_holds_when_it_serves(tmp_path: Path) -> None:
    """It has read the files by then, and looks at them again only now and then."""
    async with running(tmp_path, WATCH_SECONDS="3600", **SETTINGS) as router, trio.open_nursery() as nursery:
        slow = 'Path("has-read").touch()\n    time.sleep(1)\n    notify = Notify('
        another_version(router, "start.py", r"notify = Notify\(", slow)
        before = (await router.status())["mode"]
        nursery.start_soon(restarted, router)
        await wait_until(lambda: trio.Path(tmp_path / "has-read").exists())
        other = "sequential" if before == "parallel" else "parallel"
        router.write_dotenv(f"ROTATION_MODE={other}\n")
        await wait_until(lambda: is_another(router))
        assert (await router.status())["mode"] == other


async def is_another(router: Router) -> bool:
    return bool((await router.status())["pid"] != router.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_go_to_the_daemon_of_the_day_and_its_end_is_ours(tmp_path: Path, number: int) -> None:
    async with running(tmp_path, **SETTINGS) as router:
        between = await restarted(router)
        pid = await restarted(router)
        await wait_until(lambda: _is_waiter(router.pid))
        await wait_until(lambda: _is_gone(between))
        router.signal(number)
        assert await router.wait_ended() == 0
        assert not is_there(pid)
        assert not router.socket_path.exists()


async def test_who_stops_a_former_process_stops_the_daemon(tmp_path: Path) -> None:
    async with Upstream(hangs()) as upstream:
        settings = SETTINGS | {"GROQ_BASE_URL": upstream.base_url, "STOP_SECONDS": "0.2"}
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:
            nursery.start_soon(router.chat)
            await wait_until(lambda: _was_asked(upstream, 1))
            pid = await restarted(router)
            router.signal(signal.SIGINT)
            assert await router.wait_ended() == 0
            assert not is_there(pid)


async def test_a_daemon_of_the_day_that_is_killed_ends_the_waiter_as_shells_say(tmp_path: Path) -> None:
    async with running(tmp_path, **SETTINGS) as router:
        pid = await restarted(router)
        await wait_until(lambda: _is_waiter(router.pid))
        os.kill(pid, signal.SIGKILL)
        assert await router.wait_ended() == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("begins", ["while another starts", "once it has taken over"])
async def test_no_moment_of_a_hand_over_is_one_at_which_a_signal_kills(tmp_path: Path, number: int, begins: str) -> None:
    """One every few milliseconds, through the end of the first daemon, its becoming a waiter, and the end of the second."""
    async with running(tmp_path, **SETTINGS) as router, trio.open_nursery() as nursery:
        assert router.process is not None
        if begins == "while another starts":
            nursery.start_soon(_restart_or_not, router)
            await wait_until(lambda: _has_child(router.pid))
        else:
            await restarted(router)
        with trio.fail_after(30):
            while router.process.poll() is None:
                router.signal(number)
                await trio.sleep(0.002)
        assert router.process.returncode == 0
        await wait_until(lambda: _is_deserted(router.home))


@pytest.mark.parametrize("order", ["signal first", "word first"])
async def test_a_signal_in_the_moment_of_handing_over_is_not_forgotten(tmp_path: Path, order: str) -> None:
    """The new process says its last word before it is let go, and has the old one told to stop in the same moment."""
    lines = ["        os.kill(self.hello.process.pid, 15)", "        channel.send(Ready())"]
    async with running(tmp_path, **SETTINGS) as router:
        both = "\n".join(lines if order == "signal first" else reversed(lines))
        another_version(router, "handover/inheritance.py", r"^ +channel\.send\(Ready\(\)\)$", both)
        await _restart_or_not(router)
        assert await router.wait_ended() == 0
        await wait_until(lambda: _is_deserted(router.home))


async def _restart_or_not(router: Router) -> None:
    with suppress(AssertionError, httpx2.TransportError):
        await restarted(router)


async def _has_child(pid: int) -> bool:
    return children_of(pid) != []


async def _is_deserted(home: Path) -> bool:
    return at_work_in(home) == []


async def test_a_hang_up_means_the_daemon_of_the_day_while_the_first_still_finishes_something(tmp_path: Path) -> None:
    async with Upstream(hangs()) as upstream:
        settings = SETTINGS | {"GROQ_BASE_URL": upstream.base_url, "STOP_SECONDS": "0.2", "WATCH_SECONDS": "3600"}
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:
            nursery.start_soon(router.chat)
            await wait_until(lambda: _was_asked(upstream, 1))
            await restarted(router)
            router.write_dotenv("ROUTER_MODEL_ID=another\n")
            router.signal(signal.SIGHUP)
            await wait_until(lambda: _offers(router, "another"))
            assert not await _is_waiter(router.pid)
            assert await router.stop() == 0


async def _offers(router: Router, model: str) -> bool:
    async with router.client(router.key) as client:
        return any(one["id"] == model for one in (await client.get("/v1/models")).json()["data"])


async def _is_gone(pid: int) -> bool:
    return not is_there(pid)


async def _is_waiter(pid: int) -> bool:
    return b"handover/waiter.py" in command_of(pid)


# ends in the middle -------------------------------------------------------------------------------------------------------


async def test_stopping_stops_the_former_ones_too(tmp_path: Path) -> None:
    async with Upstream(hangs()) as upstream:
        settings = SETTINGS | {"GROQ_BASE_URL": upstream.base_url, "STOP_SECONDS": "0.3"}
        answers: list[httpx2.Response] = []
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:

            async def ask() -> None:
                answers.append(await router.chat())

            nursery.start_soon(ask)
            await wait_until(lambda: _was_asked(upstream, 1))
            old, new = router.pid, await restarted(router)
            assert (await router.status())["finishing"][0]["pid"] == old
            done = await router.hr("stop")
            assert done.stdout.decode().splitlines()[0].endswith("1 request may take up to 300 ms")
            assert await router.wait_ended() == 0
            assert not is_there(new)
        assert answers[0].json()["error"]["code"] == "router_stopping"


async def _was_asked(upstream: Upstream, count: int) -> bool:
    return len(upstream.asked) >= count


async def test_what_a_killed_former_process_held_counts_as_spent(tmp_path: Path) -> None:
    async with Upstream(_hang_for_one) as upstream:
        settings = SETTINGS | {"GROQ_BASE_URL": upstream.base_url}
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(httpx2.TransportError):
                    await router.chat("stay")

            nursery.start_soon(ask)
            await wait_until(lambda: _was_asked(upstream, 1))
            first = router.pid
            second = await restarted(router)
            assert answered(await router.chat()) == "hello"
            assert _states(router) == [HELD, SETTLED]
            os.kill(first, signal.SIGKILL)
            await wait_until(lambda: nobody_finishes(router))
            assert _states(router) == [LOST, SETTLED]
            assert answered(await router.chat()) == "hello"
            exchanges = (await router.control("GET", "/v1/logs")).json()["exchanges"]
            assert [one["outcome"] for one in exchanges] == ["ok", "crashed", "ok"]
            await router.wait_ended()
            os.kill(second, signal.SIGTERM)
            await wait_until(lambda: _is_gone(second))


HELD, SETTLED, LOST = 0, 1, 2


def _hang_for_one(asked: Asked) -> Behave:
    return hangs() if asked.json["messages"][0]["content"] == "stay" else WHOLE


def _states(router: Router) -> list[int]:
    with closing(sqlite3.connect(f"file:{router.home}/hrd.db?mode=ro", uri=True)) as database:
        return [state for (state,) in database.execute("SELECT state FROM ledger ORDER BY id")]


async def _is_gone(pid: int) -> bool:
    return not is_there(pid)


async def test_a_former_process_finishes_what_it_has_when_its_successor_dies(tmp_path: Path) -> None:
    async with loaded(tmp_path, streams=1) as (router, load):
        load.stopping = True
        pid = await restarted(router)
        os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: _has_streamed(load))
        assert load.failures == [] or all(one.startswith("whole") for one in load.failures)
        load.failures.clear()
        assert await router.wait_ended() == 128 + signal.SIGKILL
        await router.start()


async def _has_streamed(load: Load) -> bool:
    return load.streams == 1


async def test_a_request_that_fails_over_after_the_hand_over_is_counted_by_both(tmp_path: Path) -> None:
    """The old process's first candidate answers 429 only after the hand-over; the new one knows of its block at once."""
    await wait_for_a_day()
    bad = Late(Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "600")]), 1.6)
    async with Upstream(bad) as limited, Upstream(WHOLE) as good:
        settings = SETTINGS | {
            "GROQ_BASE_URL": limited.base_url,
            "MISTRAL_BASE_URL": good.base_url,
            "MISTRAL_API_KEY": "test-not-a-key-2",
            "ROTATION_MODE": "sequential",
        }
        answers: list[httpx2.Response] = []
        async with running(tmp_path, **settings) as router, trio.open_nursery() as nursery:

            async def ask() -> None:
                answers.append(await router.chat())

            nursery.start_soon(ask)
            await wait_until(lambda: _was_asked(limited, 1))
            await restarted(router)
            await wait_until(lambda: _was_asked(good, 1))
            assert (await router.provider("groq"))["state"] == "blocked"
            await wait_until(lambda: nobody_finishes(router))
            assert answered(answers[0]) == "hello"
            assert answered(await router.chat()) == "hello"
            assert (len(limited.asked), len(good.asked)) == (1, 2)
            today = {name: (await router.provider(name))["requests_today"] for name in ("groq", "mistral")}
            assert today == {"groq": 1, "mistral": 2}
            with closing(sqlite3.connect(f"file:{router.home}/hrd.db?mode=ro", uri=True)) as database:
                rows = database.execute("SELECT provider, state FROM ledger ORDER BY at").fetchall()
            assert rows == [("groq", SETTLED), ("mistral", SETTLED), ("mistral", SETTLED)]
