"""hr mode: one word in `.env`, in force for the next request."""

from pathlib import Path

import pytest
import trio

from hrd.admin.wire.mode import MODE, MODE_CHANGE, ModeChange
from tests.hrd.admin.conftest import AUTH, GROQ_1
from tests.hrd.world import NOTHING, World


async def test_at_first_keys_are_spread_by_default(world: World) -> None:
    found = await world.ask(MODE, NOTHING)
    assert (found.mode, found.source, found.providers) == ("parallel", "default", ())


async def test_sequential_holds_for_the_next_request(world: World) -> None:
    assert {world.claim("groq:small").candidate.credential.fingerprint for _ in range(2)} != {GROQ_1}
    found = await world.ask(MODE_CHANGE, ModeChange(mode="sequential"))
    assert (found.mode, found.source) == ("sequential", ".env")
    assert {world.claim("groq:small").candidate.credential.fingerprint for _ in range(3)} == {GROQ_1}
    assert world.read(".env").startswith("# mine\nOPENROUTER_API_KEY=sk-or-test-not-a-key-3\n"), "the rest stays as it was"


async def test_one_provider_differs_until_it_is_like_the_rest_again(world: World) -> None:
    before = world.read(".env")
    found = await world.ask(MODE_CHANGE, ModeChange(mode="sequential", provider="Groq"))
    assert [(one.provider, one.mode, one.source) for one in found.providers] == [("groq", "sequential", ".env")]
    assert (found.mode, world.pool.roster.mode_of("groq")) == ("parallel", "sequential")
    found = await world.ask(MODE_CHANGE, ModeChange(mode="default", provider="groq"))
    assert (found.providers, world.pool.roster.mode_of("groq")) == ((), "parallel")
    assert world.read(".env") == before


async def test_round_robin_is_another_word_for_parallel(world: World) -> None:
    await world.ask(MODE_CHANGE, ModeChange(mode="sequential"))
    found = await world.ask(MODE_CHANGE, ModeChange(mode="Round-Robin"))
    assert found.mode == "parallel"
    assert "ROTATION_MODE=parallel" in world.read(".env")


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (ModeChange(mode="default"), 400, "default is for one provider: to be like the rest again"),
        (ModeChange(mode="random"), 400, "'random' is not a mode"),
        (ModeChange(mode=""), 400, "'' is not a mode"),
        (ModeChange(mode="parallel", provider="grok"), 404, "there is no provider 'grok'"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(world: World, ask: ModeChange, status: int, said: str) -> None:
    before = world.read(".env")
    found, problem = await world.refused(MODE_CHANGE, ask)
    assert (found, problem.message, bool(problem.hint)) == (status, said, True)
    assert world.read(".env") == before


async def test_what_the_process_environment_says_cannot_be_changed_here(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path, auth=AUTH, environ={"ROTATION_MODE": "sequential"})
    await world.open(nursery)
    status, problem = await world.refused(MODE_CHANGE, ModeChange(mode="parallel"))
    assert (status, problem.message) == (
        409,
        "ROTATION_MODE is set in the daemon's process environment, which counts before .env",
    )
    assert not (tmp_path / ".env").exists()
    found = await world.ask(MODE, NOTHING)
    assert (found.mode, found.source) == ("sequential", "environment")
    await world.ask(MODE_CHANGE, ModeChange(mode="parallel", provider="groq"))
    assert world.pool.roster.mode_of("groq") == "parallel"


async def test_a_broken_dotenv_is_left_as_it_is(world: World) -> None:
    world.write(".env", "PORT=many\n")
    status, problem = await world.refused(MODE_CHANGE, ModeChange(mode="sequential"))
    assert (status, "PORT" in problem.message) == (409, True)
    assert world.read(".env") == "PORT=many\n"
    assert world.pool.roster.mode == "parallel"
