"""hr model: what is asked, what else there is, and the pair that answers embeddings."""

from pathlib import Path

import msgspec
import pytest
import trio

from hrd.admin.wire.models import (
    MODELS,
    MODELS_RESET,
    MODELS_SET,
    EmbeddingPair,
    ModelsChange,
    ModelsQuestion,
    ModelsReset,
)
from hrd.core.ask import Ask, Kind
from hrd.core.facts import Claim, Committed, Ended, Failed
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.journal import Usage
from hrd.core.remembered import Discovered
from hrd.core.tour import Tour
from hrd.pool import Pool, PoolRules
from tests.hrd.world import ANYBODY, NOON, World, demo


def answer_embeddings(world: World) -> None:
    claim = world.pool.claim(Tour(Ask(kind=Kind.EMBEDDINGS, model="")), ANYBODY, "req-e", world.now)
    assert isinstance(claim, Claim)
    world.apply(Committed(claim=claim, latency_ms=10.0))
    world.apply(Ended(claim=claim, outcome="ok", usage=Usage()))


async def test_all_that_can_be_asked_is_listed_with_what_is_asked_of_it(world: World) -> None:
    found = await world.ask(MODELS, ModelsQuestion())
    assert [(one.provider, one.source, [(row.name, row.place) for row in one.models]) for one in found.providers] == [
        ("groq", "catalogue", [("small", 1), ("large", 2)]),
        ("openrouter", "catalogue", [("nvidia/nemotron:free", 1)]),
    ]
    assert (found.now, found.embeddings) == (NOON, None)
    assert found.providers[0].embed_model == "embed-groq"
    small, large = found.providers[0].models
    assert (small.context, small.tools, small.vision) == (8192, True, None)
    assert (large.context, large.tools) == (None, None)
    assert found.providers[1].models[0].cost_class == "free"


async def test_one_provider_is_listed_with_everything_that_it_offers(world: World) -> None:
    world.discovered["groq"] = Discovered(provider="groq", models=("large", "whisper"), contexts={"whisper": 448}, at=NOON)
    world.changed()
    everybody = await world.ask(MODELS, ModelsQuestion())
    assert [one.discovered_at for one in everybody.providers] == [NOON, None]
    found = await world.ask(MODELS, ModelsQuestion(provider="groq"))
    assert found.providers[0].discovered_at == NOON
    assert [(row.name, row.place, row.context) for row in found.providers[0].models] == [
        ("small", 1, 8192),
        ("large", 2, None),
        ("huge:free", None, 131072),
        ("whisper", None, 448),
    ]


async def test_what_was_learned_is_listed(world: World) -> None:
    claim = world.claim("groq:large")
    failure = Failure(verdict=Verdict.CONTEXT_EXCEEDED, message="too long", ceiling_tokens=4096)
    world.apply(Failed(claim=claim, failure=failure))
    claim = world.claim("groq:large")
    world.apply(Ended(claim=claim, outcome="ok", usage=Usage(), used_tools=True, saw_images=True))
    large = (await world.ask(MODELS, ModelsQuestion(provider="groq"))).providers[0].models[1]
    assert (large.name, large.context, large.tools, large.vision) == ("large", 4096, True, True)


async def test_a_provider_without_a_key_can_be_looked_at(world: World) -> None:
    found = await world.ask(MODELS, ModelsQuestion(provider="github"))
    assert [(row.name, row.reason) for row in found.providers[0].models] == [("gpt", "no key")]


async def test_a_model_that_cannot_be_asked_says_why_and_until_when(world: World) -> None:
    limited = Failure(verdict=Verdict.RATE_LIMITED, message="slow down", until=NOON + 90, source=HintSource.HEADER)
    asked_of_one = world.claim("groq:small")
    world.apply(Failed(claim=asked_of_one, failure=limited))
    world.apply(Failed(claim=world.claim("groq:large"), failure=msgspec.structs.replace(limited, until=NOON + 30)))
    second = world.claim("groq:large")
    assert second.candidate.credential.fingerprint != asked_of_one.candidate.credential.fingerprint
    world.apply(Failed(claim=second, failure=msgspec.structs.replace(limited, until=NOON + 60)))
    found = (await world.ask(MODELS, ModelsQuestion(provider="groq"))).providers[0].models
    assert [(row.name, row.reason, row.until) for row in found] == [
        ("small", "1 of 2 keys: rate limit", NOON + 90),
        ("large", "rate limit", NOON + 30),
        ("huge:free", "", None),
    ]


async def test_models_of_a_provider_that_points_at_us_say_so(world: World) -> None:
    world.write(".env", world.read(".env") + "GROQ_BASE_URL=http://127.0.0.1:8319/v1\n")
    world.configuration.reload()
    world.changed()
    found = await world.ask(MODELS, ModelsQuestion(provider="groq"))
    assert {row.reason for row in found.providers[0].models} == {"its base URL is this router's own address"}


async def test_chosen_models_are_asked_by_the_next_request(world: World) -> None:
    done = await world.ask(MODELS_SET, ModelsChange(provider="groq", models=("large", "large", " small ")))
    assert (done.provider, done.models, done.source, done.warnings) == ("groq", ("large", "small"), ".env", ())
    assert "GROQ_MODEL=large,small" in world.read(".env")
    assert world.claim("groq").candidate.model == "large"
    found = await world.ask(MODELS, ModelsQuestion())
    assert found.providers[0].source == ".env"


async def test_a_mistyped_model_is_taken_with_a_question(world: World) -> None:
    done = await world.ask(MODELS_SET, ModelsChange(provider="groq", models=("hug:free",)))
    assert done.models == ("hug:free",)
    assert done.warnings == ("hug:free is not known of groq: did you mean huge:free?",)


async def test_a_choice_that_another_setting_excludes_is_told(world: World) -> None:
    world.write(".env", "GROQ_EXCLUDE_MODELS=LARGE\n")
    world.configuration.reload()
    world.changed()
    done = await world.ask(MODELS_SET, ModelsChange(provider="groq", models=("large", "small")))
    assert done.warnings == ("large is excluded by GROQ_EXCLUDE_MODELS",)
    found = await world.ask(MODELS, ModelsQuestion(provider="groq"))
    assert [row.name for row in found.providers[0].models] == ["small", "huge:free"]


async def test_a_choice_for_a_provider_without_a_key_waits_for_one(world: World) -> None:
    done = await world.ask(MODELS_SET, ModelsChange(provider="mistral", models=("mistral-small",)))
    assert done.warnings == ("mistral has no key yet: hr auth add mistral",)


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (ModelsChange(provider="groq", models=()), 400),
        (ModelsChange(provider="groq", models=(" ",)), 400),
        (ModelsChange(provider="groq", models=("a,b",)), 400),
        (ModelsChange(provider="groq", models=tuple(f"m{n}" for n in range(65))), 400),
        (ModelsChange(provider="groq", models=("two words",)), 409),
        (ModelsChange(provider="groq", models=("one\nPORT=1",)), 409),
        (ModelsChange(provider="nobody", models=("a",)), 404),
    ],
)
async def test_what_cannot_be_chosen_changes_nothing(world: World, ask: ModelsChange, status: int) -> None:
    before = world.read(".env")
    found, problem = await world.refused(MODELS_SET, ask)
    assert (found, bool(problem.message)) == (status, True)
    assert world.read(".env") == before
    assert world.pool.roster.providers["groq"].models == ("small", "large")


async def test_a_reset_goes_back_to_the_catalogue(world: World) -> None:
    before = world.read(".env")
    await world.ask(MODELS_SET, ModelsChange(provider="groq", models=("large",)))
    done = await world.ask(MODELS_RESET, ModelsReset(provider="groq"))
    assert (done.models, done.source) == (("small", "large"), "catalogue")
    assert world.read(".env") == before
    again = await world.ask(MODELS_RESET, ModelsReset(provider="groq"))
    assert again.models == ("small", "large"), "nothing to reset is no mistake"


async def test_a_choice_in_config_toml_is_named_as_its_source(world: World) -> None:
    world.write("config.toml", '[providers.groq]\nmodels = ["huge:free"]\n')
    world.configuration.reload()
    world.changed()
    assert (await world.ask(MODELS, ModelsQuestion())).providers[0].source == "config.toml"


async def test_the_embedding_pair_is_told_and_chosen_anew_after_a_reset(world: World) -> None:
    world.now += 60.0
    answer_embeddings(world)
    world.now += 60.0
    answer_embeddings(world)
    pair = EmbeddingPair(provider="groq", model="embed-groq", since=NOON + 60.0)
    assert (await world.ask(MODELS, ModelsQuestion())).embeddings == pair, "a second answer pins nothing anew"
    again = Pool(world.pool.roster, PoolRules(), world.store.load(world.now)).snapshot(world.now)
    assert (again.embedding_pin, again.embedding_pinned_at) == (("groq", "embed-groq"), NOON + 60.0)
    done = await world.ask(MODELS_RESET, ModelsReset(provider="embeddings"))
    assert (done.provider, done.models) == ("embeddings", ())
    assert (await world.ask(MODELS, ModelsQuestion())).embeddings is None
    assert world.disk.pin is not None
    assert world.disk.pin.provider == "", "a restart does not bring it back"


async def test_the_demos_models_are_built_in_and_its_names_are_known(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path)
    world.demo = demo()
    world.changed()
    await world.open(nursery)
    found = await world.ask(MODELS, ModelsQuestion(provider="demo_fine"))
    assert [(one.provider, one.source, one.models[0].name) for one in found.providers] == [
        ("demo_fine", "built in", "demo-fine")
    ]
    done = await world.ask(MODELS_SET, ModelsChange(provider="groq", models=("large",)))
    assert done.warnings == ("the demo runs: groq is asked once it has a key",)
    assert (await world.ask(MODELS, ModelsQuestion(provider="groq"))).providers == ()
