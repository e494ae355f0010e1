"""The world of these tests: two groq keys of which one has a name, and an openrouter key in `.env`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from hrd.core.secrets import fingerprint
from tests.hrd.world import World

GROQ_1 = fingerprint("groq", "gsk_test-not-a-key-1")
GROQ_2 = fingerprint("groq", "gsk_test-not-a-key-2")
OPENROUTER = fingerprint("openrouter", "sk-or-test-not-a-key-3")
LAPTOP = fingerprint("client", "sk-router-test-not-a-key-4")
SCRIPT = fingerprint("client", "script-test-not-a-key-5")

AUTH = {
    "providers": {"groq": ["gsk_test-not-a-key-1", "gsk_test-not-a-key-2"]},
    "credential_info": {GROQ_1: {"label": "work", "account": "me", "added_at": 1_795_000_000}},
    "proxy_keys": {"sk-router-test-not-a-key-4": {"name": "laptop", "rpm": 10}},
}
DOTENV = """# mine
OPENROUTER_API_KEY=sk-or-test-not-a-key-3
PROXY_API_KEYS=script-test-not-a-key-5
"""


@pytest.fixture
async def world(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[World]:
    world = World(tmp_path, dotenv=DOTENV, auth=AUTH)
    await world.open(nursery)
    yield world
    assert not world.crashes
