"""Limits over a real daemon: whatever the style in which they are announced, nobody is refused once they are known, not even
after a `kill -9`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import Router, answered, wait_until
from tests.e2e.test_pool import pool
from tests.simulation import styles, wording
from tests.simulation.metered import Metered
from tests.simulation.providers import Account
from tests.simulation.styles import told, with_retry_after, without_hint
from tests.simulation.windows import Bucket, Fixed, Unit, every
from tests.upstreams import Answer, Asked, Status
from tests.upstreams.behaviours import Behave

pytestmark = pytest.mark.e2e

SPAN_S = 3.0
ANNOUNCING = ("cerebras", "openai", "naga")
LIMIT = 3
WINDOWS = 3


def fixed() -> list[Fixed]:
    return [Fixed("minute", Unit.REQUESTS, LIMIT, every(SPAN_S), SPAN_S)]


ACCOUNTS = {
    "cerebras": Account("cerebras", "1", fixed(), told(styles.cerebras), without_hint(told(styles.cerebras))),
    "openai": Account(
        "openai",
        "1",
        [Bucket("minute", Unit.REQUESTS, LIMIT, SPAN_S)],
        told(styles.openai),
        with_retry_after(told(styles.openai)),
    ),
    "naga": Account("naga", "1", fixed(), told(styles.ietf), with_retry_after(told(styles.ietf))),
    "mistral": Account("mistral", "1", fixed(), wording.says_nothing, with_retry_after(wording.says_nothing)),
}
"""Three announce, one in floats, one in durations, one by the IETF's draft; the last enforces and announces nothing."""


async def test_nobody_is_refused_after_the_first_window(tmp_path: Path) -> None:
    metered = {name: Metered(account, time.time) for name, account in ACCOUNTS.items()}
    async with pool(tmp_path, {**metered, "kimi": Answer("good")}) as (router, _):
        start = every(SPAN_S)(time.time())
        for number in range(WINDOWS):
            await trio.sleep(max(0.0, start + number * SPAN_S + 0.1 - time.time()))
            for _ in range(len(ACCOUNTS) * LIMIT + 3):
                assert (await router.chat()).status_code == 200
        assert [name for name in ANNOUNCING if metered[name].refused] == []
        assert all(len(one.served) >= LIMIT for one in metered.values())

        router.kill()
        await router.start()
        for _ in range(len(ACCOUNTS) * LIMIT + 3):
            assert answered(await router.chat())
    refused = [at for at, _ in metered["mistral"].refused]
    assert [at - refused[0] for at in refused if at > every(SPAN_S)(refused[0])] == [], "it was refused once, and knows since"


async def test_a_day_that_was_refused_is_looked_up_for_free_and_the_key_asked_again(tmp_path: Path) -> None:
    """OpenRouter said that the day is used up; somebody has bought credits since, which its `GET /key` tells."""
    day = {"limit": 1000, "remaining": 950}

    def look_up(asked: Asked) -> Status | None:
        if asked.path != "/v1/key":
            return Status.json(404, {}) if asked.path == "/v1/credits" else None
        return Status.json(200, {"data": {"label": "test", "free_model_daily_requests": day}})

    refused = Status.json(429, {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day"}})
    behaviours: dict[str, Behave] = {"openrouter": [refused, Answer("good")], "kimi": Answer("other")}
    async with pool(tmp_path, behaviours, look_ups={"openrouter": look_up}, LOOKUP_SECONDS="1") as (router, upstreams):
        openrouter = upstreams["openrouter"]
        assert answered(await router.chat()) == "other"
        assert (await router.provider("openrouter"))["state"] == "blocked"
        for _ in range(200):
            if answered(await router.chat()) == "good":
                break
            await trio.sleep(0.1)
        scopes = {scope["scope"]: scope for scope in (await router.control("GET", "/v1/quota")).json()["scopes"]}
        (row,) = [scope for name, scope in scopes.items() if name.startswith("free:openrouter/")]
        (window,) = [window for window in row["windows"] if window["kind"] == "requests/day"]
        assert (window["limit"], window["source"], window["standing"]) == (1000, "look-up", "known")
        assert row["blocks"] == []
        assert len([asked for asked in openrouter.seen if asked.path == "/v1/credits"]) == 1  # 404 is remembered
        assert len(openrouter.asked) == 2


async def test_keys_whose_replies_name_one_account_share_its_quota_until_somebody_says_otherwise(tmp_path: Path) -> None:
    headers = [("openai-organization", "org-test")]
    begun = time.time()  # a day of its own: an end within the hour would be a limit of the key's and the model's
    day = Fixed("day", Unit.REQUESTS, 6, every(86_400.0, -begun), 86_400.0)
    metered = Metered(Account("openai", "1", [day], wording.says_nothing, with_retry_after(wording.says_nothing)), time.time)

    def behave(asked: Asked) -> Answer | Status:
        said = metered(asked)
        return replace(said, headers=[*said.headers, *headers])

    async with pool(tmp_path, {"openai": behave, "kimi": Answer("other")}, keys=2, ROTATION_MODE="parallel") as (router, _):
        for number in range(4):
            assert answered(await router.chat(f"hello {number}", model="openai"))
        await wait_until(lambda: _are_named(router, "org-test"))
        said = [(await router.chat(f"hello {number}", model="openai")).status_code for number in range(4, 9)]
        assert said == [200, 200, 429, 429, 429]
        assert len(metered.refused) == 1, "the other key is not asked for what its account has used up"
        key = (await _credentials(router))[0]["fingerprint"]
        ran = await router.hr("auth", "group", key, "--alone")
        assert ran.stdout.decode() == f"{key} is an account of its own\n"
        first, second = await _credentials(router)
        assert (first["account"], first["account_by"], second["account"]) == (key, "you", "org-test")
        router.kill()
        await router.start()
        assert [one["account"] for one in await _credentials(router)] == [key, "org-test"]


async def _credentials(router: Router) -> list[dict[str, str]]:
    return list((await router.control("GET", "/v1/auth?provider=openai")).json()["credentials"])


async def _are_named(router: Router, account: str) -> bool:
    return [(one["account"], one["account_by"]) for one in await _credentials(router)] == [(account, "provider")] * 2
