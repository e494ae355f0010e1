"""Providers are found by any of the names that people give them."""

import pytest

from hrd.core.aliases import ALIASES, PROVIDERS, provider_named, provider_suggested


def test_there_are_seventeen_and_each_is_its_own_name() -> None:
    assert len(set(PROVIDERS)) == 17
    assert [provider_named(name) for name in PROVIDERS] == list(PROVIDERS)
    assert set(ALIASES.values()) <= set(PROVIDERS)
    assert not set(ALIASES) & set(PROVIDERS)


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("google", "gemini"),
        ("or", "openrouter"),
        ("samba", "sambanova"),
        ("github", "github_models"),
        ("GitHub Models", "github_models"),
        ("github-models", "github_models"),
        ("glm", "zai"),
        ("z.ai", "zai"),
        ("Z.AI", "zai"),
        ("nim", "nvidia"),
        ("moonshot", "kimi"),
        ("gpt", "openai"),
        ("claude", "anthropic"),
        ("chatgpt", "codex"),
        ("ollama", "local"),
        ("hf", "huggingface"),
        (" Groq\n", "groq"),
    ],
)
def test_an_alias_names_its_provider(text: str, provider: str) -> None:
    assert provider_named(text) == provider


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("opnai", "openai"), ("mistrel", "mistral"), ("olama", "local"), ("claud", "anthropic"), ("grok", "groq"), ("bard", None)],
)
def test_a_mistyped_name_names_nobody_and_suggests(text: str, suggestion: str | None) -> None:
    assert provider_named(text) is None
    assert provider_suggested(text) == suggestion
