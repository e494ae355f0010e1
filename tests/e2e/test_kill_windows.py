"""`kill -9` at every moment of a request's life, and of a hand-over: no window counts less than the provider has seen."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import pytest
import trio

from tests.e2e.daemon import BIN, Router, answered, wait_until
from tests.e2e.restarts import is_there, restarted
from tests.upstreams import Answer, Asked, Upstream, Usage, hangs
from tests.upstreams.behaviours import Behaviour

pytestmark = pytest.mark.e2e

LIMIT = 1000
TOKENS = 1_000_000
MINUTE_S = 60.0
OWN = f"""[providers.groq]
discover = false
limits = [
    {{ kind = "requests/minute", limit = {LIMIT} }},
    {{ kind = "requests/day", limit = {LIMIT} }},
    {{ kind = "tokens/day", limit = {TOKENS} }},
]
"""
SEED_NAME = "KILL_SEED"
KILLS = 12
SPENT = Usage(70, 30)
WHOLE = Answer(text="hello", usage=SPENT)
SLOW = Answer(text="word " * 40, pieces=40, between_s=0.05, usage=SPENT)


def behave(asked: Asked) -> Behaviour:
    said = asked.json["messages"][0]["content"]
    return hangs() if said == "stay" else SLOW if said == "slow" else WHOLE


@asynccontextmanager
async def router_over(home: Path, **settings: str) -> AsyncIterator[tuple[Router, Upstream]]:
    """A daemon that asks one provider, whose windows are the user's own."""
    (home / "config.toml").write_text(OWN)
    async with Upstream(behave) as upstream:
        environment = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "GROQ_BASE_URL": upstream.base_url, "LOG_LEVEL": "WARNING"}
        router = Router(home, environment | settings)
        try:
            await router.start()
            yield router, upstream
        finally:
            if router.process is not None and router.process.poll() is None:
                router.kill()
            router.kill_successor()


async def used(router: Router) -> dict[str, int]:
    """What `hr quota --json` says that was used of each window."""
    ran = await router.hr("quota", "--json")
    assert ran.returncode == 0, ran.stderr
    (scope,) = [one for one in json.loads(ran.stdout)["scopes"] if one["scope"].startswith("accountmodel:groq/")]
    return {window["kind"]: window["limit"] - window["left"] for window in scope["windows"]}


async def nothing_is_counted_less(router: Router, upstream: Upstream) -> dict[str, int]:
    counted, seen = await used(router), len(upstream.asked)
    if all(trio.current_time() - one.at < MINUTE_S for one in upstream.asked):  # else it has turned meanwhile
        assert counted["requests/minute"] >= seen, counted
    assert counted["requests/day"] >= seen, counted
    return counted


async def _asks(router: Router, said: str) -> None:
    with suppress(httpx2.TransportError):
        await router.chat(said, stream=said == "slow")


async def when_reserved(router: Router, upstream: Upstream, nursery: trio.Nursery) -> None:
    """One is out, and the only connection with it; the other is reserved, and has not left."""
    nursery.start_soon(_asks, router, "stay")
    await wait_until(lambda: _has_seen(upstream, 1))
    nursery.start_soon(_asks, router, "stay")
    await wait_until(lambda: _has_reserved(router, 2))


async def when_sent(router: Router, upstream: Upstream, nursery: trio.Nursery) -> None:
    """The provider has it, and has said nothing."""
    nursery.start_soon(_asks, router, "stay")
    await wait_until(lambda: _has_seen(upstream, 1))


async def when_answering(router: Router, upstream: Upstream, nursery: trio.Nursery) -> None:
    """Its stream is past the commit point."""
    nursery.start_soon(_asks, router, "slow")
    await wait_until(lambda: _has_seen(upstream, 1))
    await trio.sleep(0.3)


async def when_settled(router: Router, upstream: Upstream, nursery: trio.Nursery) -> None:
    """The client has its answer; the windows were not stored since."""
    assert answered(await router.chat()) == "hello"


async def _has_seen(upstream: Upstream, count: int) -> bool:
    return len(upstream.asked) >= count


async def _has_reserved(router: Router, count: int) -> bool:
    return (await used(router))["requests/day"] >= count


Moment = Callable[[Router, Upstream, trio.Nursery], Awaitable[None]]
MOMENTS: dict[Moment, tuple[int, int, int]] = {
    when_reserved: (1, 2, 1),
    when_sent: (1, 1, 1),
    when_answering: (1, 1, 1),
    when_settled: (1, 1, SPENT.prompt + SPENT.completion),
}
"""Each with what the provider has seen, what is counted of requests, and of tokens at least."""


@pytest.mark.parametrize("moment", MOMENTS)
async def test_whenever_it_is_killed_what_was_sent_stays_counted(tmp_path: Path, moment: Moment) -> None:
    seen, requests, tokens = MOMENTS[moment]
    async with router_over(tmp_path, MAX_UPSTREAM_CONNECTIONS="1") as (router, upstream):
        async with trio.open_nursery() as nursery:
            await moment(router, upstream, nursery)
            before = await used(router)
            router.kill()
        for _ in range(2):  # however often it starts
            await router.start()
            counted = await nothing_is_counted_less(router, upstream)
            assert (len(upstream.asked), counted["requests/day"], counted["requests/minute"]) == (seen, requests, requests)
            assert counted["tokens/day"] >= max(tokens, before["tokens/day"])
            router.kill()


async def test_over_kills_at_any_moment_under_load_no_window_counts_less_than_was_seen(tmp_path: Path) -> None:
    seed = int(os.environ.get(SEED_NAME) or random.SystemRandom().randrange(1 << 32))
    print(f"{SEED_NAME}={seed}")  # noqa: T201 - shown when the test fails, to run the same moments again
    draw = random.Random(seed)
    async with router_over(tmp_path) as (router, upstream):
        for _ in range(KILLS):
            async with trio.open_nursery() as nursery:
                for number in range(4):
                    nursery.start_soon(_keeps_asking, router, "slow" if number == 3 else "hello")
                await trio.sleep(draw.uniform(0.02, 0.6))
                router.kill()
            await router.start()
            await nothing_is_counted_less(router, upstream)
        counted = await used(router)
        assert counted["requests/day"] <= len(upstream.asked) + 4 * KILLS, "what was never sent is counted once at most"


async def _keeps_asking(router: Router, said: str) -> None:
    with suppress(httpx2.TransportError):
        while True:
            await router.chat(said, stream=said == "slow")


@pytest.mark.parametrize("who", ["old", "new"])
async def test_a_hand_over_in_which_one_is_killed_counts_no_less(tmp_path: Path, who: str) -> None:
    """Both have requests out; the one is killed, then the other, and the next one knows of all."""
    async with router_over(tmp_path) as (router, upstream), trio.open_nursery() as nursery:
        nursery.start_soon(_asks, router, "stay")
        await wait_until(lambda: _has_seen(upstream, 1))
        first = router.pid
        second = await restarted(router)
        nursery.start_soon(_asks, router, "stay")
        await wait_until(lambda: _has_seen(upstream, 2))
        assert answered(await router.chat()) == "hello"
        one, other = (first, second) if who == "old" else (second, first)
        os.kill(one, signal.SIGKILL)
        if who == "old":
            await nothing_is_counted_less(router, upstream)
        with suppress(ProcessLookupError):
            os.kill(other, signal.SIGKILL)
        await router.wait_ended()
        await wait_until(lambda: _is_gone(second))
        nursery.cancel_scope.cancel()
        await router.start()
        counted = await nothing_is_counted_less(router, upstream)
        assert counted["requests/day"] == 3


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.4, 0.8])
async def test_a_kill_in_the_middle_of_a_hand_over_counts_no_less(tmp_path: Path, after_s: float) -> None:
    """Whichever of the two is at work then."""
    async with router_over(tmp_path) as (router, upstream), trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(_keeps_asking, router, "hello")
        await wait_until(lambda: _has_seen(upstream, 20))
        async with trio.open_nursery() as both:
            both.start_soon(_restarts, router)
            await trio.sleep(after_s)
            router.kill_successor()
            with suppress(ProcessLookupError):
                os.kill(router.pid, signal.SIGKILL)
        await router.wait_ended()
        nursery.cancel_scope.cancel()
        router.kill_successor()
        await router.start()
        await nothing_is_counted_less(router, upstream)


async def _restarts(router: Router) -> None:
    command = [str(BIN / "hr"), "restart"]
    await trio.run_process(
        command, env=router.environment, cwd=router.home, check=False, capture_stdout=True, capture_stderr=True
    )


async def _is_gone(pid: int) -> bool:
    return not is_there(pid)
