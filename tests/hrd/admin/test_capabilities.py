"""What is known of a model: forced, learned, or not."""

from hrd.admin.capabilities import capabilities_of, known_models
from hrd.admin.wire.status import ModelLearned
from hrd.core.facts import Ended, Failed
from hrd.core.failures import Failure, Verdict
from hrd.core.journal import Usage
from hrd.core.remembered import Discovered
from tests.hrd.world import NOON, World


def of(world: World, model: str) -> ModelLearned:
    return capabilities_of(world.pool.snapshot(world.now), "groq", model)


async def test_what_the_catalogue_says_is_known_and_nothing_else(world: World) -> None:
    assert of(world, "small") == ModelLearned(tools=True, context=8192)
    assert of(world, "large") == of(world, "never heard of") == ModelLearned()
    assert known_models(world.pool.snapshot(world.now), "groq") == {"small": ModelLearned(tools=True, context=8192)}


async def test_a_good_answer_teaches_and_a_setting_overrules_it(world: World) -> None:
    claim = world.claim("groq:large")
    world.apply(Ended(claim=claim, outcome="ok", usage=Usage(), used_tools=True, saw_images=True))
    assert of(world, "large") == ModelLearned(tools=True, vision=True)
    world.write(".env", "GROQ_LARGE_SUPPORTS_TOOLS=0\nGROQ_REASONING=1\n")
    world.configuration.reload()
    world.changed()
    assert of(world, "large") == ModelLearned(tools=False, vision=True, reasoning=True)


async def test_a_context_that_a_refusal_named_wins(world: World) -> None:
    failure = Failure(verdict=Verdict.CONTEXT_EXCEEDED, message="too long", ceiling_tokens=6000)
    world.apply(Failed(claim=world.claim("groq:small"), failure=failure))
    assert of(world, "small").context == 6000


async def test_a_list_of_the_providers_own_tells_contexts(world: World) -> None:
    world.discovered["groq"] = Discovered(provider="groq", models=("large",), contexts={"large": 32768, "small": 1}, at=NOON)
    world.changed()
    assert (of(world, "large").context, of(world, "small").context) == (32768, 8192), "the catalogue counts before a list"


async def test_what_the_pool_goes_by_and_what_is_told_are_the_same(world: World) -> None:
    world.discovered["groq"] = Discovered(provider="groq", models=("large",), contexts={"large": 32768}, at=NOON)
    world.changed()
    failure = Failure(verdict=Verdict.CONTEXT_EXCEEDED, message="too long", ceiling_tokens=6000)
    world.apply(Failed(claim=world.claim("groq:small"), failure=failure))
    for model in ("small", "large", "huge:free"):
        candidate = world.claim(f"groq:{model}").candidate
        snapshot = world.pool.snapshot(world.now)
        told = capabilities_of(snapshot, "groq", model)
        assert (told.tools, told.vision, told.context) == snapshot.learning.facts_of(candidate)
