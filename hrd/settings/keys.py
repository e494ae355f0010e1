"""Keys in the process environment and in `.env`: which variables hold them, in which order they count.

For each provider a singular name, its plural as a comma list, and the singular with a number: `GROQ_API_KEY`,
`GROQ_API_KEYS`, `GROQ_API_KEY_2` … They count in this order, the numbered ones by their number; one key counts once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hrd.core.key_shapes import key_warning, unusable
from hrd.core.secrets import CLIENT, Secret
from hrd.settings.model import EnvironmentKey, Settings
from hrd.settings.names import KEYS_NAME
from hrd.settings.problems import Source

KEY_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "gemini": ("GEMINI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "github_models": ("GITHUB_MODELS_TOKEN",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "cohere": ("COHERE_API_KEY",),
    "zai": ("GLM_API_KEY",),
    "naga": ("NAGA_API_KEY",),
    "nvidia": ("NVIDIA_API_KEY",),
    "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    "kimi": ("KIMI_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "local": ("LOCAL_API_KEY",),
}
"""The singular names. codex has none: its accounts sign in."""

OTHERS_NAMES: Final = {
    "GOOGLE_API_KEY": "GEMINI_API_KEY",
    "ZAI_API_KEY": "GLM_API_KEY",
    "MOONSHOT_API_KEY": "KIMI_API_KEY",
    "CO_API_KEY": "COHERE_API_KEY",
    "GITHUB_TOKEN": "GITHUB_MODELS_TOKEN",
    "ANTHROPIC_AUTH_TOKEN": "ANTHROPIC_API_KEY",
}
"""Names that other programs use for such keys. They are not taken: a key is spent only where its owner said so."""

SINGULAR: Final = {name: provider for provider, names in KEY_NAMES.items() for name in names}
_NUMBERED = re.compile(r"(.+)_([0-9]{1,4})")

Variables = Mapping[str, tuple[str, Source]]
"""Values with where they came from, by name; the source that counts first has won already."""


def key_provider(name: str) -> str | None:
    """The provider whose key or keys the variable *name* holds."""
    order = _order(name)
    return None if order is None else SINGULAR[order[0]]


def read_keys(variables: Variables) -> tuple[dict[str, tuple[EnvironmentKey, ...]], list[str]]:
    """The keys of every provider in stored order, and what is odd about them."""
    held: dict[str, dict[Secret, EnvironmentKey]] = {}
    warnings: list[str] = []
    places = [(order, name) for name in variables if (order := _order(name)) is not None]
    names = list(SINGULAR)
    providers = list(KEY_NAMES)
    for order, name in sorted(places, key=lambda p: (providers.index(SINGULAR[p[0][0]]), p[0][1:], names.index(p[0][0]))):
        provider = SINGULAR[order[0]]
        value, source = variables[name]
        for text in _items(value):
            if reason := unusable(text):
                warnings.append(f"{name} ({source}) {reason}: it is not used")
                continue
            secret = Secret(text, provider)
            if odd := key_warning(provider, text):
                warnings.append(f"{name} ({source}), {secret.fingerprint}: {odd}")
            held.setdefault(provider, {}).setdefault(secret, EnvironmentKey(provider, secret, name, source))
    return {provider: tuple(keys.values()) for provider, keys in held.items()}, warnings


def read_client_keys(variables: Variables) -> tuple[tuple[Secret, ...], list[str]]:
    """The keys of PROXY_API_KEYS, and what is odd about them."""
    value, source = variables.get(KEYS_NAME, ("", "default"))
    secrets: list[Secret] = []
    warnings: list[str] = []
    for text in _items(value):
        if reason := unusable(text):
            warnings.append(f"{KEYS_NAME} ({source}) {reason}: it is not used")
            continue
        secrets.append(Secret(text, CLIENT))
        if len(text) < 16:
            warnings.append(f"{KEYS_NAME} ({source}), {secrets[-1].fingerprint}: a key this short can be guessed")
    return tuple(dict.fromkeys(secrets)), warnings


def exposure_warning(settings: Settings, dotenv_path: str, mode: int) -> str | None:
    """What to type when a `.env` of this file *mode* lets others on the machine read the keys in it."""
    if not mode & 0o044:
        return None
    here = [key for keys in settings.keys.values() for key in keys if key.source == ".env"]
    if not here and settings.source_of(KEYS_NAME) != ".env":
        return None
    return f"others on this machine can read the keys in {dotenv_path}: chmod 600 {dotenv_path}"


def _order(name: str) -> tuple[str, int, int] | None:
    """The singular name behind *name*, the rank of its form, and its number; None if it holds no keys."""
    if name in SINGULAR:
        return name, 0, 0
    if name.removesuffix("S") in SINGULAR:
        return name.removesuffix("S"), 1, 0
    numbered = _NUMBERED.fullmatch(name)
    if numbered and numbered[1] in SINGULAR:
        return numbered[1], 2, int(numbered[2])
    return None


def _items(value: str) -> Iterator[str]:
    for part in value.split(","):
        if part.strip():
            yield part.strip()


def key_names(prefixes: Iterable[str] = tuple(SINGULAR)) -> tuple[str, ...]:
    """The names a typing mistake is compared with: singular and plural."""
    return tuple(form for name in prefixes for form in (name, name + "S"))
