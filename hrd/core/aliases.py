"""The names of the providers, and the other names that people give them."""

from typing import Final

from hrd.core.nearest import nearest

PROVIDERS: Final = (
    "gemini",
    "openrouter",
    "sambanova",
    "github_models",
    "cerebras",
    "groq",
    "mistral",
    "cohere",
    "zai",
    "naga",
    "nvidia",
    "huggingface",
    "kimi",
    "openai",
    "anthropic",
    "codex",
    "local",
)

ALIASES: Final = {
    "google": "gemini",
    "or": "openrouter",
    "samba": "sambanova",
    "github": "github_models",
    "glm": "zai",
    "z_ai": "zai",
    "nim": "nvidia",
    "moonshot": "kimi",
    "gpt": "openai",
    "claude": "anthropic",
    "chatgpt": "codex",
    "ollama": "local",
    "hf": "huggingface",
}


def provider_named(text: str) -> str | None:
    """The provider that *text* names, by its name or an alias, in any spelling of case and separators."""
    word = _plain(text)
    if word in PROVIDERS:
        return word
    return ALIASES.get(word)


def provider_suggested(text: str) -> str | None:
    """For a name that names no provider: the one that was probably meant."""
    meant = nearest(_plain(text), (*PROVIDERS, *ALIASES))
    return None if meant is None else ALIASES.get(meant, meant)


def _plain(text: str) -> str:
    word = text.strip().lower()
    for separator in "-. ":
        word = word.replace(separator, "_")
    return word
