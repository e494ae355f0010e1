"""What a probe saw of a model is kept, and shown with the rest."""

import pytest

from hrd.admin.wire.doctor import REASONING, ReasoningFound
from hrd.admin.wire.models import MODELS, ModelsQuestion
from tests.hrd.world import World


@pytest.mark.parametrize("reasoning", [True, False])
async def test_it_is_noted_and_stored(world: World, reasoning: bool) -> None:
    noted = await world.ask(REASONING, ReasoningFound(provider="groq", model="large", reasoning=reasoning))
    assert (noted.provider, noted.model, noted.reasoning) == ("groq", "large", reasoning)
    large = (await world.ask(MODELS, ModelsQuestion(provider="groq"))).providers[0].models[1]
    assert (large.name, large.reasoning) == ("large", reasoning)
    kept = world.store.load(world.now).learned
    assert [(row.provider, row.model, row.what, row.value) for row in kept] == [("groq", "large", "reasoning", reasoning)]


async def test_what_the_settings_say_wins(world: World) -> None:
    world.write(".env", "GROQ_REASONING=1\n")
    world.configuration.reload()
    world.changed()
    noted = await world.ask(REASONING, ReasoningFound(provider="groq", model="large", reasoning=False))
    assert noted.reasoning is True


@pytest.mark.parametrize(("provider", "model"), [("groq", "nobodys"), ("nobody", "large"), ("groq", "")])
async def test_of_a_model_that_is_not_there_nothing_is_noted(world: World, provider: str, model: str) -> None:
    status, problem = await world.refused(REASONING, ReasoningFound(provider=provider, model=model, reasoning=True))
    assert (status, bool(problem.hint)) == (404, True)
