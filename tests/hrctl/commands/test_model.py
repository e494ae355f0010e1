"""`hr model`."""

import msgspec
import pytest

from hrd.admin.wire.models import (
    MODELS,
    MODELS_RESET,
    MODELS_SET,
    EmbeddingPair,
    ModelRow,
    Models,
    ModelsChange,
    ModelsChanged,
    ModelsReset,
    ProviderModels,
)
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

FOUND = Models(
    now=10.0,
    providers=(
        ProviderModels(
            provider="groq",
            source=".env",
            models=(
                ModelRow(name="llama-3.3-70b", place=1, cost_class="free", context=131_072, tools=True, vision=False),
                ModelRow(name="qwen-3", cost_class="free", reasoning=True),
            ),
        ),
    ),
    embeddings=EmbeddingPair(provider="gemini", model="gemini-embedding-001", since=0.0),
)


def test_the_list(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODELS, FOUND)
    assert hr("model", "list", "groq").out.splitlines() == [
        "PROVIDER  #  MODEL          CLASS  CONTEXT  CAN               CHOSEN IN",
        "groq      1  llama-3.3-70b  free      131k  tools, no images  .env",
        "groq         qwen-3         free            reasoning",
        "",
        "Embeddings: gemini/gemini-embedding-001, since 1970-01-01 00:00:00",
    ]
    assert daemon.asked[0].target == "/v1/models?provider=groq"


def test_what_cannot_be_asked_says_why_and_until_when(daemon: FakeDaemon, hr: Hr) -> None:
    rows = (
        ModelRow(name="small", place=1, reason="quota", until=3610.0),
        ModelRow(name="large", place=2, reason="1 of 2 keys: rate limit", until=15.0),
        ModelRow(name="huge"),
    )
    found = Models(now=10.0, providers=(ProviderModels(provider="groq", source=".env", models=rows, discovered_at=0.0),))
    daemon.answers(MODELS, found)
    assert hr("model", "list", "groq").out.splitlines() == [
        "PROVIDER  #  MODEL  CHOSEN IN  NOTE",
        "groq      1  small  .env       quota used up, for 60 min",
        "groq      2  large  .env       1 of 2 keys: rate limit, for 5.0 s",
        "groq         huge",
        "",
        "Its own list was read: 1970-01-01 00:00:00",
    ]


def test_an_empty_list_says_what_to_do(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODELS, Models(now=1.0, providers=()))
    assert hr("model", "list").out == "No provider can be asked yet: add a key with hr auth add PROVIDER\n"


def test_the_list_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODELS, FOUND)
    assert msgspec.json.decode(hr("model", "list", "--json").out, type=Models) == FOUND


@pytest.mark.parametrize("models", [("a", "b/c:free"), ("a,b/c:free",), ("a, ", " b/c:free")])
def test_models_are_chosen_one_by_one_or_as_a_list(daemon: FakeDaemon, hr: Hr, models: tuple[str, ...]) -> None:
    daemon.answers(
        MODELS_SET, ModelsChanged(provider="groq", models=("a", "b/c:free"), source=".env", warnings=("groq does not list a",))
    )
    assert hr("model", "set", "groq", *models).out == "groq is asked for a, b/c:free (.env)\nwarning: groq does not list a\n"
    asked = msgspec.json.decode(daemon.asked[0].body, type=ModelsChange)
    assert asked == ModelsChange(provider="groq", models=("a", "b/c:free"))


def test_choosing_nothing_is_misuse(daemon: FakeDaemon, hr: Hr) -> None:
    assert [hr("model", "set", "groq").code, hr("model", "set", "groq", ",").code] == [2, 2]
    assert daemon.asked == []


def test_back_to_the_catalogue(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODELS_RESET, ModelsChanged(provider="groq", models=("llama",), source="catalogue"))
    assert hr("model", "reset", "groq").out == "groq is asked for llama (catalogue)\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=ModelsReset) == ModelsReset(provider="groq")


def test_embeddings_are_chosen_anew(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODELS_RESET, ModelsChanged(provider="embeddings"))
    assert hr("model", "reset", "embeddings").out == "embeddings: chosen anew at the next use\n"


def test_an_unknown_provider_is_refused_by_the_daemon(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(MODELS_SET, 404, "there is no provider grok", "did you mean groq?")
    assert hr("model", "set", "grok", "x").code == 1
