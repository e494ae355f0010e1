"""Ceilings of a client key in real processes: what was spent holds over `hr restart`, a restart and `kill -9`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
import trio

from tests.e2e.daemon import Router, answered, running, wait_for_a_day, wait_until
from tests.upstreams import Answer, Events, Late, Upstream
from tests.upstreams.behaviours import DONE, Usage

pytestmark = pytest.mark.e2e

WORD = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "word "}}]}
SETTINGS = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "LOG_LEVEL": "WARNING"}


@asynccontextmanager
async def router_of(home: Path, upstream: Upstream, **settings: str) -> AsyncIterator[Router]:
    async with running(home, **SETTINGS, GROQ_BASE_URL=upstream.base_url, **settings) as router:
        yield router


async def limits_of(router: Router) -> dict[str, Any]:
    """The first client key's row of `hr limit list`."""
    done = await router.hr("limit", "list", "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["clients"][0])


async def test_what_was_spent_today_holds_over_a_hand_over_a_restart_and_a_kill(tmp_path: Path) -> None:
    await wait_for_a_day()
    async with Upstream(Answer(usage=Usage(20, 5))) as upstream, router_of(tmp_path, upstream) as router:
        set_ = await router.hr("limit", "set", "first", "--req-day", "4", "--rpm", "100")
        assert set_.returncode == 0, set_.stderr
        answered(await router.chat())
        assert (await router.hr("restart")).returncode == 0
        answered(await router.chat())
        router.kill_successor()
        await router.wait_ended()
        await router.start()
        answered(await router.chat())
        router.kill()
        await router.start()
        answered(await router.chat())
        refused = await router.chat()
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert int(refused.headers["retry-after"]) > 0
        spent = (await limits_of(router))["spent"]
        assert (spent["requests"], spent["tokens"], spent["in_minute"]) == (4, 100, 4)
        assert len(upstream.asked) == 4


async def test_a_request_that_a_kill_cut_off_stays_charged(tmp_path: Path) -> None:
    await wait_for_a_day()
    async with Upstream(Late(Answer(), 60.0)) as upstream, router_of(tmp_path, upstream, PROXY_LIMIT_REQ_DAY="1") as router:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_ask_and_be_cut_off, router)

            async def is_asked() -> bool:
                return len(upstream.asked) == 1

            await wait_until(is_asked)
            router.kill()
        await router.start()
        spent = (await limits_of(router))["spent"]
        assert (spent["requests"], spent["at_once"]) == (1, 0)
        assert spent["tokens"] > 0
        assert (await router.chat()).status_code == 429
        usage = (await router.control("GET", "/v1/usage")).json()
        assert [row["client_name"] for row in usage["rows"] if row["provider"]] == ["first"]


async def _ask_and_be_cut_off(router: Router) -> None:
    with pytest.raises(httpx2.TransportError):
        await router.chat()


async def test_requests_that_the_former_process_finishes_count_among_those_at_once(tmp_path: Path) -> None:
    told = Event()
    slow = Events([WORD, told, WORD, DONE])
    async with Upstream([slow, Answer()]) as upstream, router_of(tmp_path, upstream) as router:
        assert (await router.hr("limit", "set", "first", "--concurrency", "1")).returncode == 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read_a_stream, router)

            async def is_asked() -> bool:
                return len(upstream.asked) == 1

            await wait_until(is_asked)
            assert (await router.hr("restart")).returncode == 0
            refused = await router.chat()
            told.set()
            assert refused.status_code == 429, refused.text
            assert "at once" in refused.json()["error"]["message"]
        answered(await router.chat())


async def _read_a_stream(router: Router) -> None:
    assert answered(await router.chat(stream=True)) == "word word "
