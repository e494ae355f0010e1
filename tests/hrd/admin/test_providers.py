"""Whom a key can be added for."""

from pathlib import Path

import trio

from hrd.admin.wire.doctor import PROVIDERS
from tests.hrd.world import NOTHING, World, demo


async def test_those_that_can_be_asked_with_whether_they_have_a_key(world: World) -> None:
    found = await world.ask(PROVIDERS, NOTHING)
    assert [(one.name, one.cost_class, one.has_key, one.keyless) for one in found.providers] == [
        ("groq", "free", True, False),
        ("openrouter", "paid", True, False),
        ("mistral", "free", False, False),
        ("anthropic", "paid", False, False),
        ("openai", "paid", False, False),
        ("local", "local", False, True),
    ]
    assert found.providers[0].models == ("small", "large")
    assert "codex" in world.pool.roster.providers, "whose accounts sign in"


async def test_the_demos_are_not_among_them(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path)
    world.demo = demo()
    world.changed()
    await world.open(nursery)
    assert "demo_fine" not in {one.name for one in (await world.ask(PROVIDERS, NOTHING)).providers}
