"""A pool in which everybody fails in a way of his own, but for one: everything that can be served is served."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import Router, answered, running
from tests.upstreams import CLOSE, Answer, Asked, Cut, Ends, Events, Status, Upstream, error_in_stream, hangs
from tests.upstreams.behaviours import Behave, Behaviour

pytestmark = pytest.mark.e2e

ROLE = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
WORD = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "half "}}]}
LIMITED = Status.json(429, {"error": {"message": "Too many requests"}})
FAILS = Status.json(500, {"error": {"message": "Internal error"}})
REJECTED = Status.json(401, {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
NO_MONEY = Status.json(402, {"error": {"message": "Insufficient balance", "code": "insufficient_balance"}})
OVERLOADED = {"code": 503, "message": "Provider disconnected unexpectedly"}
LookUp = Callable[[Asked], Behaviour | None]
FIRST_GUESS_S = 5.0
"""How long a first guessed block holds (429 without a hint, server errors)."""


@asynccontextmanager
async def pool(
    home: Path,
    behaviours: Mapping[str, Behave],
    *,
    keys: int = 1,
    look_ups: Mapping[str, LookUp] | None = None,
    **environment: str,
) -> AsyncIterator[tuple[Router, dict[str, Upstream]]]:
    """Providers of one class, asked in the order in which they are given, each with its own emulator and *keys* keys."""
    async with AsyncExitStack() as stack:
        made = {name: Upstream(behave, look_ups=(look_ups or {}).get(name)) for name, behave in behaviours.items()}
        upstreams = {name: await stack.enter_async_context(upstream) for name, upstream in made.items()}
        rows = "".join(f'[providers.{name}]\ncost_class = "free"\ndiscover = false\n' for name in behaviours)
        (home / "config.toml").write_text(rows)
        for name, upstream in upstreams.items():
            environment[f"{name.upper()}_BASE_URL"] = upstream.base_url
            environment[f"{name.upper()}_MODEL"] = "test-model"
            environment[f"{name.upper()}_API_KEYS"] = ",".join(key_of(name, number) for number in range(1, keys + 1))
        router = await stack.enter_async_context(running(home, **{"ROTATION_MODE": "sequential"} | environment))
        yield router, upstreams


def key_of(provider: str, number: int) -> str:
    return f"{provider}-test-not-a-key-{number}"


def asked(upstreams: Mapping[str, Upstream]) -> dict[str, int]:
    return {name: len(upstream.asked) for name, upstream in upstreams.items()}


def asked_too_soon(upstreams: Mapping[str, Upstream], known: Mapping[str, int]) -> list[str]:
    """Who was asked again, beyond the times *known*, while his first guessed block held: on a slow machine too, as a request is
    noted before it fails, and the block begins when it has."""
    return [
        name
        for name, count in known.items()
        for again in upstreams[name].asked[count:]
        if again.at - upstreams[name].asked[0].at < FIRST_GUESS_S
    ]


# everybody fails but one -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_whatever_one_provider_can_serve_is_served(tmp_path: Path, stream: bool) -> None:
    behaviours: dict[str, Behave] = {
        "groq": LIMITED,
        "mistral": FAILS,
        "cerebras": hangs(),
        "naga": Ends(CLOSE),
        "openai": error_in_stream(OVERLOADED),
        "cohere": Events([ROLE], CLOSE) if stream else Cut(Answer(), 100),
        "kimi": Answer("good"),
    }
    async with pool(tmp_path, behaviours, FIRST_TOKEN_SECONDS="0.3", REPLY_SECONDS="0.3") as (router, upstreams):
        first = await router.chat(stream=stream)
        assert answered(first) == "good"
        assert first.headers["x-hermes-provider"] == "kimi"
        assert first.headers["x-hermes-attempts"] == "7"
        assert asked(upstreams) == dict.fromkeys(behaviours, 1)

        answers = [first] + [await router.chat(stream=stream) for _ in range(20)]
        assert [answered(answer) for answer in answers] == ["good"] * 21
        assert asked_too_soon(upstreams, dict.fromkeys(behaviours.keys() - {"kimi"}, 1)) == []
        assert sum(int(answer.headers["x-hermes-attempts"]) for answer in answers) == sum(asked(upstreams).values())

        why = (await router.control("GET", f"/v1/why?id={first.headers['x-request-id']}")).json()
    assert json.dumps(why).count("test-not-a-key") == 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_requests_at_once_are_all_served_too(tmp_path: Path, stream: bool) -> None:
    behaviours: dict[str, Behave] = {"groq": LIMITED, "mistral": FAILS, "naga": Ends(CLOSE), "kimi": Answer("good")}
    texts: list[str] = []
    async with pool(tmp_path, behaviours) as (router, upstreams):

        async def ask() -> None:
            texts.append(answered(await router.chat(stream=stream)))

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(ask)
        in_the_burst = asked(upstreams)
        texts += [answered(await router.chat(stream=stream)) for _ in range(20)]
    assert texts == ["good"] * 40
    assert asked(upstreams)["kimi"] == 40
    assert asked_too_soon(upstreams, {name: in_the_burst[name] for name in behaviours if name != "kimi"}) == []


async def test_a_provider_that_recovers_is_asked_again_and_its_block_is_gone(tmp_path: Path) -> None:
    soon = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "1")])
    async with pool(tmp_path, {"groq": [soon, Answer("first again")], "kimi": Answer("second")}) as (router, upstreams):
        texts = [answered(await router.chat()) for _ in range(3)]
        with trio.fail_after(5):
            while texts[-1] == "second":
                texts.append(answered(await router.chat()))
                await trio.sleep(0.05)
        row = await router.provider("groq")
    assert texts[-1] == "first again"
    assert set(texts[:-1]) == {"second"}
    assert asked(upstreams)["groq"] == 2
    assert row["state"] == "ready"


# a stream that breaks behind its commit point ----------------------------------------------------------------------------


async def test_half_an_answer_ends_with_an_error_and_the_breaker_ends_that(tmp_path: Path) -> None:
    behaviours: dict[str, Behave] = {"cohere": Events([WORD, 0.05], CLOSE), "kimi": Answer("good")}
    async with pool(tmp_path, behaviours, BREAKER_MIN_SAMPLES="4") as (router, upstreams):
        responses = [await router.chat(stream=True) for _ in range(24)]
        usage = (await router.control("GET", "/v1/usage")).json()

    broken = asked(upstreams)["cohere"]
    assert 1 <= broken <= 4
    for response in responses[:broken]:
        assert response.status_code == 200
        last = response.text.strip().splitlines()[-1]
        assert json.loads(last.removeprefix("data: "))["error"]["code"] == "stream_interrupted"
        assert "half " in response.text
        assert "[DONE]" not in response.text
    assert [answered(response) for response in responses[broken:]] == ["good"] * (24 - broken)
    assert (usage["totals"]["requests"], usage["totals"]["errors"]) == (24, broken)


# which keys, and when ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [LIMITED, REJECTED, NO_MONEY], ids=["429", "401", "402"])
async def test_every_key_of_a_provider_is_asked_before_it_is_left(tmp_path: Path, refusal: Status) -> None:
    behaviours: dict[str, Behave] = {
        "naga": lambda one: Answer("third key") if one.key == key_of("naga", 3) else refusal,
        "kimi": Answer("good"),
    }
    async with pool(tmp_path, behaviours, keys=3) as (router, upstreams):
        texts = [answered(await router.chat()) for _ in range(5)]
        row = await router.provider("naga")
    assert texts == ["third key"] * 5
    assert [one.key for one in upstreams["naga"].asked] == [key_of("naga", n) for n in (1, 2, 3, 3, 3, 3, 3)]
    assert asked(upstreams)["kimi"] == 0
    assert [key["state"] == "ready" for key in row["credentials"]] == [False, False, True]


@pytest.mark.parametrize("failure", [FAILS, Ends(CLOSE), hangs()], ids=["500", "closes", "hangs"])
async def test_other_keys_of_a_broken_endpoint_come_last(tmp_path: Path, failure: Behave) -> None:
    limited_once: list[Behaviour] = [LIMITED]
    behaviours: dict[str, Behave] = {
        "naga": failure,
        "groq": lambda one: LIMITED,
        "kimi": lambda one: limited_once.pop() if limited_once else Answer("good"),
    }
    async with pool(tmp_path, behaviours, keys=2, REPLY_SECONDS="0.3") as (router, upstreams):
        response = await router.chat()
    assert answered(response) == "good"
    assert [one.key for one in upstreams["naga"].asked] == [key_of("naga", 1)]
    assert [one.key for one in upstreams["groq"].asked] == [key_of("groq", 1), key_of("groq", 2)]
    assert [one.key for one in upstreams["kimi"].asked] == [key_of("kimi", 1), key_of("kimi", 2)]


async def test_the_other_key_of_a_broken_endpoint_is_still_asked_when_nobody_else_is_left(tmp_path: Path) -> None:
    behaviours: dict[str, Behave] = {
        "naga": lambda one: FAILS if one.key == key_of("naga", 1) else Answer("second key"),
        "kimi": FAILS,
    }
    async with pool(tmp_path, behaviours, keys=2) as (router, upstreams):
        response = await router.chat()
    assert answered(response) == "second key"
    assert [one.key for one in upstreams["naga"].asked] == [key_of("naga", 1), key_of("naga", 2)]
    assert asked(upstreams)["kimi"] <= 2


# waiting for the only one ------------------------------------------------------------------------------------------------


async def test_a_stream_waits_for_the_only_candidate_with_signs_of_life(tmp_path: Path) -> None:
    soon = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "1")])
    async with pool(tmp_path, {"groq": [soon, Answer("at last")]}, KEEPALIVE_SECONDS="0.2") as (router, upstreams):
        response = await router.chat(stream=True)
    assert answered(response) == "at last"
    lines = response.text.splitlines()
    assert lines.count(": keep-alive") >= 3
    told = next(line for line in lines if "x-hermes-provider=groq" in line)
    assert told.startswith(": ")
    assert "x-hermes-attempts=2" in told
    assert asked(upstreams) == {"groq": 2}


async def test_when_all_fail_the_error_names_each_attempt_and_the_earliest_moment(tmp_path: Path) -> None:
    late = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "100")])
    later = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "400")])
    async with pool(tmp_path, {"groq": later, "kimi": late}, MAX_WAIT_SECONDS="0") as (router, upstreams):
        first = await router.chat()
        second = await router.chat(stream=True)
    assert first.status_code == second.status_code == 429
    assert 95 <= int(first.headers["retry-after"]) <= 100
    error = first.json()["error"]
    assert [(one["provider"], one["status"]) for one in error["attempts"]] == [("groq", 429), ("kimi", 429)]
    assert error["message"].splitlines()[-1].startswith("See what is left with: hr quota")
    assert asked(upstreams) == {"groq": 1, "kimi": 1}
