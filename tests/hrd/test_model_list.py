"""The model list: names in their order, for each caller what the key may ask for."""

from pathlib import Path

import pytest

from hrd.core.access import Caller
from hrd.core.remembered import Discovered
from hrd.model_list import find_model, model_list
from tests.hrd.world import NOON, World

DOTENV = "GROQ_API_KEY=gsk_test-not-a-key-1\nOPENROUTER_API_KEY=sk-or-test-not-a-key-2\nLOCAL_MODEL=llama3.1\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, dotenv=DOTENV)
    world.discovered["openrouter"] = Discovered(
        provider="openrouter", models=("paid/one", "small"), contexts={"paid/one": 200_000}, at=NOON
    )
    world.changed()
    return world


def ids(world: World, **key: object) -> list[str]:
    caller = Caller(fingerprint="client-1", **key)  # type: ignore[arg-type]
    return [one.id for one in model_list(world.pool.snapshot(NOON), caller, 1).data]


def test_the_routers_own_name_comes_first_then_providers_then_models(world: World) -> None:
    assert ids(world) == [
        "hermes-router",
        "groq",
        "openrouter",
        "local",
        "small",
        "large",
        "nvidia/nemotron:free",
        "llama3.1",
        "embed-groq",
        "huge:free",
        "paid/one",
    ]


def test_every_name_says_whose_it_is_and_how_much_it_takes(world: World) -> None:
    found = {one.id: one for one in model_list(world.pool.snapshot(NOON), Caller(fingerprint="client-1"), 7).data}
    assert {one.object for one in found.values()} == {"model"}
    assert {one.created for one in found.values()} == {7}
    told = {name: (one.owned_by, one.context_length or None) for name, one in found.items()}
    assert told["hermes-router"] == ("hermes-router", 8192), "the largest of those that are asked by themselves"
    assert told["groq"] == ("groq", 8192)
    assert told["small"] == ("groq", 8192), "the first that lists it owns it"
    assert told["paid/one"] == ("openrouter", 200_000)
    assert told["llama3.1"] == ("local", None)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ({"allowed_providers": ("local",)}, ["hermes-router", "local", "llama3.1"]),
        ({"local_only": True}, ["hermes-router", "local", "llama3.1"]),
        (
            {"allowed_providers": ("openrouter",), "cost_policy": "free-only"},
            ["hermes-router", "openrouter", "nvidia/nemotron:free"],
        ),
        ({"allowed_providers": ("mistral",)}, ["hermes-router"]),
    ],
)
def test_a_key_sees_what_it_may_ask_for(world: World, key: dict[str, object], names: list[str]) -> None:
    assert ids(world, **key) == names


def test_the_policy_of_the_settings_holds_for_keys_without_their_own(world: World) -> None:
    world.write(".env", DOTENV + "COST_POLICY=free-only\n")
    world.configuration.reload()
    world.changed()
    assert "paid/one" not in ids(world)
    assert "paid/one" in ids(world, cost_policy="paid-ok")


def test_excluded_models_are_not_listed(world: World) -> None:
    world.write(".env", DOTENV + "GROQ_EXCLUDE_MODELS=LARGE\n")
    world.configuration.reload()
    world.changed()
    assert "large" not in ids(world)


def test_without_a_key_only_the_routers_name_is_left(tmp_path: Path) -> None:
    assert ids(World(tmp_path)) == ["hermes-router"]


@pytest.mark.parametrize(
    ("wanted", "owner"),
    [
        ("hermes-router", "hermes-router"),
        ("groq", "groq"),
        ("nvidia/nemotron:free", "openrouter"),
        ("groq/large", "groq"),
        ("groq:huge:free", "groq"),
        ("openrouter/small", "openrouter"),
        ("groq/embed-groq", "groq"),
    ],
)
def test_a_name_is_found_as_listed_and_with_its_provider_before_it(world: World, wanted: str, owner: str) -> None:
    found = find_model(world.pool.snapshot(NOON), Caller(fingerprint="client-1"), wanted, 1)
    assert found is not None
    assert (found.id, found.owned_by) == (wanted, owner)


@pytest.mark.parametrize("wanted", ["", "gpt-99", "groq/", "groq/gpt-99", "mistral/mistral-small", "LARGE", "groq:"])
def test_a_name_that_nobody_has_is_not_found(world: World, wanted: str) -> None:
    assert find_model(world.pool.snapshot(NOON), Caller(fingerprint="client-1"), wanted, 1) is None


def test_a_name_that_the_key_may_not_use_is_not_found(world: World) -> None:
    caller = Caller(fingerprint="client-1", local_only=True)
    assert find_model(world.pool.snapshot(NOON), caller, "groq/large", 1) is None
