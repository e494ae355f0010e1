"""`kill -9` under load, twenty times: nothing that was spent is forgotten."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from tests.e2e.daemon import DAY_S, Router, wait_until
from tests.e2e.upstream_process import UpstreamProcess, upstream_process

pytestmark = pytest.mark.e2e

KILLS = 20
CLIENTS = 6
SEED_NAME = "KILL_SEED"
HELD, LOST = 0, 2


@dataclass
class Clients:
    """Everybody who asks, and what they got whole."""

    whole: int = 0
    streams: int = 0

    @property
    def completed(self) -> int:
        return self.whole + self.streams

    async def ask_until_it_dies(self, router: Router, *, stream: bool) -> None:
        body = {"model": "hermes-router", "messages": [{"role": "user", "content": "hello"}], "stream": stream}
        async with router.client(router.key) as client:
            try:
                while True:
                    self._take(await client.post("/v1/chat/completions", json=body), stream=stream)
            except httpx2.TransportError:
                return

    def _take(self, response: httpx2.Response, *, stream: bool) -> None:
        assert response.status_code == 200, response.text
        if stream:
            assert response.text.endswith("data: [DONE]\n\n"), response.text
            self.streams += 1
        else:
            assert response.json()["choices"][0]["message"]["content"]
            self.whole += 1


@dataclass(frozen=True)
class Ledger:
    """The ledger as another program reads it out of the database."""

    rows: int
    held: int
    lost: int

    @classmethod
    def of(cls, home: Path) -> Ledger:
        with closing(sqlite3.connect(f"file:{home}/hrd.db?mode=ro", uri=True)) as database:
            rows, held, lost = database.execute(
                "SELECT count(*), count(*) FILTER (WHERE state = ?), count(*) FILTER (WHERE state = ?) FROM ledger",
                (HELD, LOST),
            ).fetchone()
        return cls(rows, held, lost)


async def test_nothing_is_forgotten_over_twenty_kills(tmp_path: Path) -> None:
    seed = int(os.environ.get(SEED_NAME) or random.SystemRandom().randrange(1 << 32))
    print(f"{SEED_NAME}={seed}")  # noqa: T201 - shown when the test fails, to run the same moments again
    draw = random.Random(seed)
    clients, counters = Clients(), dict[str, int]()
    with ExitStack() as stack:
        good = stack.enter_context(upstream_process(tmp_path / "good", "--behave", "fine", "--behave", "slow"))
        bad = stack.enter_context(upstream_process(tmp_path / "bad", "--key", "none-that-we-have-1"))
        router = Router(tmp_path, _settings(good, bad))
        try:
            for kill in range(KILLS):
                await router.start()
                if kill == 0:
                    assert (await router.chat()).headers["x-hermes-attempts"] == "2"
                counters = await _nothing_lost(router, clients, [good, bad], counters)
                await _load_for(draw.uniform(0.02, 0.35), router, clients)
            await router.start()
            await _nothing_lost(router, clients, [good, bad], counters)
            assert bad.seen == 1, "the block of the rejected key was forgotten"
            assert Ledger.of(tmp_path).lost >= KILLS // 2, "it was never killed with a request on its way"
            assert await router.stop() == 0
        finally:
            if router.process is not None and router.process.poll() is None:
                router.kill()
    assert '"level": "error"' not in router.log


def _settings(good: UpstreamProcess, bad: UpstreamProcess) -> dict[str, str]:
    return {
        "ROTATION_MODE": "sequential",
        "GROQ_BASE_URL": bad.base_url,
        "GROQ_API_KEY": "gsk_test-not-a-key-1",
        "MISTRAL_BASE_URL": good.base_url,
        "MISTRAL_API_KEY": "test-not-a-key-2",
        "LOG_LEVEL": "WARNING",
    }


async def _load_for(seconds: float, router: Router, clients: Clients) -> None:
    """Until *seconds* after somebody had the whole of a reply, and of a stream, from this process."""
    whole, streams = clients.whole, clients.streams

    async def is_served() -> bool:
        return clients.whole > whole and clients.streams > streams

    async with trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(lambda stream: clients.ask_until_it_dies(router, stream=stream), number % 2 == 1)
        await wait_until(is_served)
        await trio.sleep(seconds)
        router.kill()


async def _nothing_lost(
    router: Router, clients: Clients, upstreams: list[UpstreamProcess], before: dict[str, int]
) -> dict[str, int]:
    """What was promised, after a restart; the counters as they stand now."""
    ledger = Ledger.of(router.home)
    assert ledger.rows >= sum(upstream.seen for upstream in upstreams)
    assert ledger.held == 0, "rows that a dead process held are still held"
    usage: dict[str, Any] = (await router.control("GET", "/v1/usage")).json()
    counters: dict[str, int] = usage["totals"]
    assert counters["requests"] >= clients.completed
    assert counters["output_tokens"] >= 3 * clients.completed
    assert all(counters[name] >= count for name, count in before.items()), (before, counters)
    limits = (await router.control("GET", "/v1/limits")).json()
    spent, charged = limits["clients"][0]["spent"], _charged(router.home)
    assert (spent["requests"], spent["tokens"]) == charged.get(int(limits["now"] // DAY_S), (0, 0))
    requests, tokens = map(sum, zip(*charged.values(), strict=True))
    assert requests == counters["requests"], "each request is charged to its client key once"
    assert tokens >= counters["input_tokens"] + counters["output_tokens"]
    row = await router.provider("groq")
    assert (row["state"], row["credentials"][0]["state"]) == ("blocked", "rejected")
    return counters


def _charged(home: Path) -> dict[int, tuple[int, int]]:
    """Day → the requests and tokens that are charged to the client key: midnight may come in between."""
    with closing(sqlite3.connect(f"file:{home}/hrd.db?mode=ro", uri=True)) as database:
        return {
            day: (requests, tokens)
            for day, requests, tokens in database.execute("SELECT day, requests, tokens FROM client_days")
        }
