"""The settings that every provider has, and those of one model."""

import pytest

from hrd.core.aliases import PROVIDERS
from hrd.settings import Forced, Problems, ProviderSettings, Settings, read_settings
from hrd.settings.names import PROVIDER_NAMES
from hrd.settings.providers import place_of, provider_setting_names


def read(environ: dict[str, str], dotenv: str | None = None) -> Settings:
    settings = read_settings(environ, dotenv, None)
    assert isinstance(settings, Settings)
    return settings


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("GROQ_MODEL", ("groq", "models", None)),
        ("ZAI_MODEL", ("zai", "models", None)),
        ("GITHUB_MODELS_MODEL", ("github_models", "models", None)),
        ("KIMI_BASE_URL", ("kimi", "base_url", None)),
        ("LOCAL_EMBED_MODEL", ("local", "embed_model", None)),
        ("CODEX_MODEL", ("codex", "models", None)),
        ("GROQ_REASONING", ("groq", "reasoning", None)),
        ("GROQ_SUPPORTS_REASONING", ("groq", "reasoning", None)),
        ("GROQ_GPT_OSS_20B_REASONING", ("groq", "reasoning", "GPT_OSS_20B")),
        ("GROQ_GPT_OSS_20B_SUPPORTS_REASONING", ("groq", "reasoning", "GPT_OSS_20B")),
        ("OPENAI_GPT_4O_SUPPORTS_VISION", ("openai", "vision", "GPT_4O")),
        ("OPENROUTER_X_SUPPORTS_TOOLS", ("openrouter", "tools", "X")),
    ],
)
def test_a_name_says_what_it_sets(name: str, place: tuple[str, str, str | None]) -> None:
    found = place_of(name)
    assert found is not None
    assert (found.provider, found.entry.field, found.model) == place


@pytest.mark.parametrize(
    "name",
    [
        "GROQ",
        "GROQ_",
        "_MODEL",
        "MODEL",
        "GROQ_MODELS",
        "GROQX_MODEL",
        "OPENROUTER_SITE_URL",
        "GROQ_API_KEY",
        "GROQ_é_REASONING",
    ],
)
def test_other_names_set_nothing_of_a_provider(name: str) -> None:
    assert place_of(name) is None


def test_every_provider_takes_every_setting() -> None:
    assert len(provider_setting_names()) == len(PROVIDERS) * len(PROVIDER_NAMES) == 204
    assert all(place_of(name) is not None for name in provider_setting_names())


def test_all_of_one_provider() -> None:
    settings = read(
        {
            "MISTRAL_BASE_URL": "http://127.0.0.1:9/v1/",
            "MISTRAL_MODEL": "a, b,a",
            "MISTRAL_EMBED_MODEL": "e",
            "MISTRAL_EXCLUDE_MODELS": "C",
            "MISTRAL_SUPPORTS_TOOLS": "1",
            "MISTRAL_SUPPORTS_VISION": "0",
            "MISTRAL_REASONING": "1",
            "MISTRAL_B_SUPPORTS_VISION": "1",
            "MISTRAL_SKIP_TOKENS_OVER": "0",
            "MISTRAL_MAX_OUTPUT_TOKENS": "8192",
            "MISTRAL_ROTATION_MODE": "sequential",
            "MISTRAL_FIRST_TOKEN_SECONDS": "12.5",
        }
    )
    assert settings.providers == {
        "mistral": ProviderSettings(
            base_url="http://127.0.0.1:9/v1",
            models=("a", "b"),
            embed_model="e",
            exclude_models=("c",),
            skip_tokens_over=0,
            max_output_tokens=8192,
            rotation_mode="sequential",
            first_token_seconds=12.5,
            forced=Forced(tools=True, vision=False, reasoning=True),
            forced_by_model={"B": Forced(vision=True)},
        )
    }


@pytest.mark.parametrize("url", ["https://h", "https://h/", "https://h/v1", "https://h/v1/"])
def test_anthropics_base_url_is_taken_with_or_without_v1(url: str) -> None:
    assert read({"ANTHROPIC_BASE_URL": url}).provider("anthropic").base_url == "https://h/v1"


def test_an_empty_value_switches_off_where_that_means_something_and_else_sets_nothing() -> None:
    settings = read(
        {"MISTRAL_EMBED_MODEL": " ", "MISTRAL_MODEL": "", "GROQ_EXCLUDE_MODELS": ""}, "MISTRAL_MODEL=m\nGROQ_EXCLUDE_MODELS=x"
    )
    assert settings.provider("mistral") == ProviderSettings(embed_model="", models=("m",))
    assert settings.provider("groq").exclude_models == ()
    assert settings.source_of("MISTRAL_MODEL") == ".env"


@pytest.mark.parametrize(
    ("environ", "dotenv", "reasoning"),
    [
        ({"GROQ_REASONING": "1", "GROQ_SUPPORTS_REASONING": "0"}, None, True),
        ({"GROQ_SUPPORTS_REASONING": "0"}, "GROQ_REASONING=1", False),  # a source that counts before counts before
        ({}, "GROQ_SUPPORTS_REASONING=0", False),
    ],
)
def test_the_two_names_for_reasoning(environ: dict[str, str], dotenv: str | None, reasoning: bool) -> None:
    assert read(environ, dotenv).provider("groq").forced.reasoning is reasoning


def test_another_programs_variable_that_looks_like_a_models_does_not_stop_us() -> None:
    settings = read({"OPENAI_ENABLE_REASONING": "sometimes"})
    assert settings.warnings == ("not used: OPENAI_ENABLE_REASONING = sometimes (environment): 1 or 0",)
    assert settings.providers == {}
    assert isinstance(read_settings({}, "OPENAI_ENABLE_REASONING=sometimes", None), Problems)


def test_keys_sent_in_clear_over_a_network_are_a_warning() -> None:
    settings = read(
        {"GROQ_BASE_URL": "http://10.1.1.1/v1", "MISTRAL_BASE_URL": "http://localhost/v1", "LOCAL_BASE_URL": "http://box/v1"}
    )
    assert settings.warnings == ("GROQ_BASE_URL is not https: keys and requests can be read on their way",)
