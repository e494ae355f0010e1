"""How the daemon ends: what runs is finished, or told why it is not."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import trio

from tests.e2e.daemon import Router, running, wait_until
from tests.upstreams import Answer, Upstream, hangs

pytestmark = pytest.mark.e2e

SHORT = Answer(text="word " * 40, pieces=40, between_s=0.02)
ENDLESS = Answer(text="word " * 4000, pieces=4000, between_s=0.02)
BODY = {"model": "hermes-router", "messages": [{"role": "user", "content": "hello"}], "stream": True}


class OneStream:
    """A client that reads a stream as it comes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.began = trio.Event()
        self.ended = trio.Event()
        self.status = 0

    async def read(self, router: Router) -> None:
        async with router.client(router.key) as client, client.stream("POST", "/v1/chat/completions", json=BODY) as response:
            self.status = response.status_code
            async for line in response.aiter_lines():
                self.lines.append(line)
                self.began.set()
        self.ended.set()

    @property
    def last(self) -> str:
        return [line for line in self.lines if line][-1]


@asynccontextmanager
async def streaming(home: Path, answer: Answer, **environment: str) -> AsyncIterator[tuple[Router, OneStream, Upstream]]:
    """A daemon with a stream under way."""
    async with Upstream(answer) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1", **environment}
        async with running(home, **environment) as router, trio.open_nursery() as nursery:
            stream = OneStream()
            nursery.start_soon(stream.read, router)
            await stream.began.wait()
            yield router, stream, upstream


async def test_sigterm_lets_a_running_stream_finish_and_takes_nothing_new(tmp_path: Path) -> None:
    async with streaming(tmp_path, SHORT) as (router, stream, _):
        router.signal(signal.SIGTERM)
        await wait_until(lambda: _is_refusing(router))
        assert (await router.status())["draining"] is True
        await stream.ended.wait()
        assert await router.wait_ended() == 0
        assert stream.last == "data: [DONE]"
        text = "".join(_content(line) for line in stream.lines if line.startswith("data: {"))
        assert text == "word " * 40
    assert not router.socket_path.exists()


def _content(line: str) -> str:
    choices = json.loads(line.removeprefix("data: "))["choices"]
    return str(choices[0]["delta"].get("content") or "") if choices else ""


async def _is_refusing(router: Router) -> bool:
    try:
        async with router.client() as client:
            await client.get("/health")
    except httpx2.ConnectError:
        return True
    except httpx2.TransportError:  # one that was not accepted yet when the listener closed
        return False
    return False


async def test_what_does_not_finish_within_stop_seconds_hears_why(tmp_path: Path) -> None:
    async with streaming(tmp_path, ENDLESS, STOP_SECONDS="0.3") as (router, stream, upstream):
        router.signal(signal.SIGTERM)
        began = trio.current_time()
        await stream.ended.wait()
        assert 0.25 <= trio.current_time() - began < 2
        assert await router.wait_ended() == 0
        error = json.loads(stream.last.removeprefix("data: "))["error"]
        assert error["code"] == "router_stopping"
        assert "data: [DONE]" not in stream.lines
        await wait_until(lambda: _has_left(upstream), 1)
        await router.start()
        exchanges = (await router.control("GET", "/v1/logs")).json()["exchanges"]
        assert [(one["outcome"], one["status"]) for one in exchanges] == [("stopped", 503)]
        totals = (await router.control("GET", "/v1/usage")).json()["totals"]
        assert totals["output_tokens"] > 0


async def _has_left(upstream: Upstream) -> bool:
    return upstream.asked[0].left_at is not None


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_at_once(tmp_path: Path, second: int) -> None:
    async with streaming(tmp_path, ENDLESS) as (router, stream, _):
        router.signal(signal.SIGTERM)
        await wait_until(lambda: _is_refusing(router))
        began = trio.current_time()
        router.signal(second)
        assert await router.wait_ended() == 0
        assert trio.current_time() - began < 2
        await stream.ended.wait()
        assert json.loads(stream.last.removeprefix("data: "))["error"]["code"] == "router_stopping"


async def test_a_whole_request_that_waits_is_told_too(tmp_path: Path) -> None:
    async with Upstream(hangs()) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1", "STOP_SECONDS": "0.2"}
        answers: list[httpx2.Response] = []

        async with running(tmp_path, **environment) as router, trio.open_nursery() as nursery:

            async def ask() -> None:
                answers.append(await router.chat())

            nursery.start_soon(ask)
            await wait_until(lambda: _was_asked(upstream))
            router.signal(signal.SIGTERM)
    assert answers[0].status_code == 503
    assert answers[0].json()["error"]["code"] == "router_stopping"
    assert answers[0].headers["retry-after"] == "5"


async def _was_asked(upstream: Upstream) -> bool:
    return bool(upstream.asked)


async def test_hr_stop_waits_for_the_end_and_now_does_not_wait_for_streams(tmp_path: Path) -> None:
    async with streaming(tmp_path, SHORT) as (router, stream, _):
        done = await router.hr("stop")
        assert await router.wait_ended() == 0
        assert done.returncode == 0
        assert done.stdout.decode().splitlines()[-1] == f"hrd (pid {router.pid}) has ended"
        assert stream.last == "data: [DONE]"
    async with streaming(tmp_path, ENDLESS) as (router, stream, _):
        done = await router.hr("stop", "--now")
        assert done.returncode == 0
        assert await router.wait_ended() == 0
        await stream.ended.wait()
        assert "router_stopping" in stream.last


async def test_an_idle_daemon_ends_at_once_whoever_asks(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        async with running(tmp_path) as router, router.client() as idle:
            assert (await idle.get("/health")).status_code == 200
            began = trio.current_time()
            router.signal(number)
            assert await router.wait_ended() == 0
            assert trio.current_time() - began < 1.5


@pytest.mark.parametrize("is_killed", [False, True])
async def test_what_a_provider_said_a_moment_before_the_end_is_known_to_the_next_daemon(
    tmp_path: Path, is_killed: bool
) -> None:
    said = [
        (f"x-ratelimit-{what}-requests", value) for what, value in (("limit", "1000"), ("remaining", "7"), ("reset", "5h0m0s"))
    ]
    async with Upstream(Answer(headers=said)) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1"}
        async with running(tmp_path, **environment) as router:
            assert (await router.chat()).status_code == 200
            if is_killed:
                router.kill()
            else:
                assert await router.stop() == 0
        async with running(tmp_path, **environment) as router:
            ran = await router.hr("quota", "--json")
    windows = [window for scope in json.loads(ran.stdout)["scopes"] for window in scope["windows"]]
    assert [(window["kind"], window["left"], window["source"]) for window in windows] == [("requests/day", 7, "header")]
