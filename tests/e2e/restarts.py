"""Restarts under load, told once: at any size, with any parent, good ones and such as are made to fail, and what came of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import trio

from tests.e2e.daemon import Router, running, wait_until
from tests.e2e.ledger import Ledger, read_ledger
from tests.e2e.load import Load
from tests.e2e.supervised import supervised
from tests.upstreams import Answer, Asked, Upstream, free_port

PIECE_S = 0.1
SETTLES_S = 0.5
"""So long after the answer a restart may still be felt: connections are passed on."""
SETTINGS = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "LOG_LEVEL": "WARNING", "REQUEST_LOG_SIZE": "1000000"}
HANG_S = 2
"""How long a new process may take, when it never becomes ready: a busy machine needs more for a good one."""


@dataclass(frozen=True, kw_only=True)
class Size:
    restarts: int
    gap_s: float
    kept_alive: int
    streams: int
    stream_s: float
    pause_s: float = 0.002
    """Between a client's reply and its next request."""


SMALL = Size(restarts=5, gap_s=0.05, kept_alive=8, streams=6, stream_s=1.5)
FULL = Size(restarts=10, gap_s=3.0, kept_alive=32, streams=16, stream_s=60.0, pause_s=0.1)


@dataclass(kw_only=True)
class Outcome:
    load: Load
    pids: list[int]
    refused: dict[str, str] = field(default_factory=dict)
    """Why, by the way in which the new process was made to fail."""
    restarts: list[tuple[float, float]] = field(default_factory=list)
    """From when to when one could be felt."""
    ledger: Ledger = field(default_factory=Ledger)
    counts: dict[str, int] = field(default_factory=dict)
    """How many requests there were, as each sees it."""
    one_mb: float = 0.0
    two_mb: float = 0.0

    @property
    def left(self) -> list[int]:
        """Former daemons that are still there; the first stays as a waiter if it was started by hand."""
        return [pid for pid in self.pids[:-1] if b"handover/waiter.py" not in command_of(pid) and is_there(pid)]

    def p99_ms(self, *, in_restarts: bool) -> float:
        return self.load.p99_ms(
            lambda began, ended: in_restarts == any(began < end and ended > start for start, end in self.restarts)
        )


# who starts it ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def by_hand(home: Path, **environment: str) -> AsyncIterator[Router]:
    async with running(home, **environment) as router:
        yield router


@asynccontextmanager
async def under_a_supervisor(home: Path, **environment: str) -> AsyncIterator[Router]:
    async with supervised(home, **environment) as world:
        yield world.router


Parent = Callable[..., AbstractAsyncContextManager[Router]]


# what makes a new process fail --------------------------------------------------------------------------------------------


@contextmanager
def bad_settings(router: Router) -> Iterator[str]:
    good = router.dotenv
    router.write_dotenv("HOST=not an address\n")
    yield "HOST"
    router.write_dotenv(good)


@contextmanager
def port_in_use(router: Router) -> Iterator[str]:
    good = router.dotenv
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        router.write_dotenv(f"PORT={port}\n")
        yield f"cannot listen on 127.0.0.1 port {port}: another program listens there"
        _set_at_once(router, good)  # before the port is free: the old one would move there


@contextmanager
def crash_at_import(router: Router) -> Iterator[str]:
    with other_program(router, "raise RuntimeError('broken by an update')"):
        yield "RuntimeError: broken by an update"


@contextmanager
def hang(router: Router) -> Iterator[str]:
    good = router.dotenv
    _set_at_once(router, f"{good}HANDOVER_SECONDS={HANG_S}\n")
    with other_program(router, "import time; time.sleep(60)"):
        yield f"not ready within {HANG_S} s (HANDOVER_SECONDS)"
    _set_at_once(router, good)


@contextmanager
def early_end(router: Router) -> Iterator[str]:
    with other_program(router, "raise SystemExit(0)"):
        yield "ended before it was ready"


def _set_at_once(router: Router, dotenv: str) -> None:
    router.write_dotenv(dotenv)
    os.kill(int((router.home / "hrd.lock").read_text()), signal.SIGHUP)


@contextmanager
def other_program(router: Router, program: str) -> Iterator[None]:
    """`python -m` looks into the folder it is started in first."""
    package = router.home / "hrd"
    package.mkdir()
    (package / "__init__.py").write_text(program)
    yield
    shutil.rmtree(package)


WAYS_TO_FAIL = (bad_settings, port_in_use, crash_at_import, hang, early_end)


# the story ----------------------------------------------------------------------------------------------------------------


async def restarts_under_load(home: Path, parent: Parent, size: Size) -> Outcome:
    """*size.restarts* good ones, then one for each way to fail, all under the load of *size*."""
    stream = Answer(text="word " * round(size.stream_s / PIECE_S), pieces=round(size.stream_s / PIECE_S), between_s=PIECE_S)

    def answer(asked: Asked) -> Answer:
        return stream if asked.json.get("stream") else Answer(text="hello")

    dotenv = home / ".env"
    dotenv.touch(0o600)
    dotenv.write_text(f"PORT={free_port()}\n")
    async with Upstream(answer) as upstream, parent(home, PORT="", GROQ_BASE_URL=upstream.base_url, **SETTINGS) as router:
        load = load_on(router)
        outcome = Outcome(load=load, pids=[(await router.status())["pid"]])
        async with trio.open_nursery() as nursery:
            for _ in range(size.kept_alive):
                nursery.start_soon(load.keep_asking, size.pause_s)
            for _ in range(size.streams):
                nursery.start_soon(load.read_streams)
            await wait_until(lambda: is_under_way(load, upstream, size.streams))
            await trio.sleep(size.gap_s)
            for _ in range(size.restarts):
                await _restart(router, outcome)
                await trio.sleep(size.gap_s)
            for way in WAYS_TO_FAIL:
                await _fail(router, way, outcome)
            load.stopping = True
        await wait_until(lambda: nobody_finishes(router))
        outcome.ledger = read_ledger(home / "hrd.db", load.ids)
        outcome.counts = await counts_of(router, upstream)
    return outcome


async def _restart(router: Router, outcome: Outcome) -> None:
    old = outcome.pids[-1]
    outcome.one_mb = max(outcome.one_mb, resident_mb(old))
    began = trio.current_time()
    new = await restarted(router)
    outcome.two_mb = max(outcome.two_mb, resident_mb(old) + resident_mb(new))
    outcome.restarts.append((began, trio.current_time() + SETTLES_S))
    outcome.pids.append(new)


async def _fail(router: Router, way: Callable[[Router], AbstractContextManager[str]], outcome: Outcome) -> None:
    began = trio.current_time()
    with way(router) as why:
        await router.status()  # once it has answered it has taken the signal that some ways begin with
        said = await refused(router)
        assert why in said, said
    outcome.refused[way.__name__] = said
    outcome.restarts.append((began, trio.current_time() + SETTLES_S))
    before = outcome.load.whole
    await wait_until(lambda: has_more(outcome.load, before))
    status = await router.status()
    assert (status["pid"], status["draining"]) == (outcome.pids[-1], False)


# its steps ----------------------------------------------------------------------------------------------------------------


def load_on(router: Router) -> Load:
    url = urlsplit(router.endpoint)
    assert url.hostname is not None
    assert url.port is not None
    return Load(url.hostname, url.port, router.key)


async def is_under_way(load: Load, upstream: Upstream, streams: int) -> bool:
    return load.whole > 0 and len(upstream.asked) - load.whole >= streams


async def has_more(load: Load, before: int) -> bool:
    return load.whole > before + 10


async def restarted(router: Router) -> int:
    """The new daemon's pid."""
    answer = await router.control("POST", "/v1/restart", {})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["pid"])


async def refused(router: Router) -> str:
    """Why there was no restart."""
    answer = await router.control("POST", "/v1/restart", {})
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"]["message"])


async def nobody_finishes(router: Router) -> bool:
    return not (await router.status())["finishing"]


async def counts_of(router: Router, *upstreams: Upstream) -> dict[str, int]:
    """How many requests there were: for `hr usage`, for the daemons of the day, for who was asked."""
    status = await router.status()
    usage = (await router.control("GET", "/v1/usage")).json()
    totals, today = usage["totals"], datetime.fromtimestamp(status["now"], UTC).date().isoformat()
    (groq,) = (row for row in status["providers"] if row["name"] == "groq")
    return {
        "asked": sum(len(upstream.asked) for upstream in upstreams),
        "usage": totals["requests"] - totals["errors"],
        "today": groq["requests_today"] + sum(row["requests"] for row in usage["rows"] if row["day"] < today),
    }


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def at_work_in(home: Path) -> list[int]:
    """Processes that were started there."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and (process / "cwd").readlink() == home:
                found.append(int(process.name))
    return found


def words_kept(pid: int) -> int:
    """How many bytes of what a new process wrote are kept in memory by *pid*."""
    kept = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if "hrd-successor" in str(descriptor.readlink()):
                kept += descriptor.stat().st_blocks * 512
    return kept


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def resident_mb(pid: int) -> float:
    """VmRSS, in megabytes (10⁶ bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:"))
