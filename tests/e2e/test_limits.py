"""Limits over a real daemon: whatever the style in which they are announced, nobody is refused once they are known, not even
after a `kill -9`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio

from tests.e2e.daemon import answered
from tests.e2e.test_pool import pool
from tests.simulation import styles, wording
from tests.simulation.metered import Metered
from tests.simulation.providers import Account
from tests.simulation.styles import told, with_retry_after, without_hint
from tests.simulation.windows import Bucket, Fixed, Unit, every
from tests.upstreams import Answer

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
        known_at = start + SPAN_S
        refused = {name: [at - start for at, _ in one.refused if at > known_at] for name, one in metered.items()}
        assert refused == {name: [] for name in metered}
        assert [name for name in ANNOUNCING if metered[name].refused] == []
        assert all(len(one.served) >= LIMIT for one in metered.values())

        router.kill()
        await router.start()
        began = time.time()
        for _ in range(len(ACCOUNTS) * LIMIT + 3):
            assert answered(await router.chat())
        assert {name: [at for at, _ in one.refused if at >= began] for name, one in metered.items()} == {
            name: [] for name in metered
        }
