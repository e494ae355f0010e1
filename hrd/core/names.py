"""Model names: what a client's `model` means in this pool.

| written | meaning |
|---|---|
| the router's own name, or nothing | you choose |
| a provider | that provider, any of its models |
| `provider:rest`, `provider/rest` | that provider, that model, when it is enabled |
| `openrouter/auto`, `/free`, `/pareto-code` | whole ids of OpenRouter's |
| `openai/gpt-4o` without a credential of openai's | whoever lists that whole id, and OpenRouter |
| a model somebody lists | whoever lists it |
| anything else | you choose, for chat; unknown, for embeddings |

Text before a `:` counts only if it is a provider, so `llama3.1:8b` and `x:free` stay whole.
"""

from collections.abc import Collection, Mapping

import msgspec

OPENROUTER = "openrouter"
OPENROUTER_IDS = frozenset({"openrouter/auto", "openrouter/free", "openrouter/pareto-code"})
NAME_LENGTH_MAX = 512


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a name asks for. Both empty: the router chooses."""

    provider: str = ""
    model: str = ""
    listed_by: tuple[str, ...] = ()
    """Providers that list the model, when no provider was named."""


class UnknownName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that this pool cannot honour, and what to do about it."""

    message: str
    guidance: str


def read_name(
    name: str,
    *,
    own_name: str,
    known: Collection[str],
    enabled: Collection[str],
    listed: Mapping[str, tuple[str, ...]],
) -> Wanted | UnknownName:
    """Read a chat model name. *known* are all providers, *enabled* those that can be asked, *listed* who lists which id."""
    if not name or name == own_name or len(name) > NAME_LENGTH_MAX:
        return Wanted()
    if name in known:
        return Wanted(provider=name) if name in enabled else _not_enabled(name)
    if name in OPENROUTER_IDS:
        return Wanted(provider=OPENROUTER, model=name) if OPENROUTER in enabled else _not_enabled(OPENROUTER)
    colon, slash = name.find(":"), name.find("/")
    if colon > 0 and (slash < 0 or colon < slash) and (provider := name[:colon]) in known and colon + 1 < len(name):
        return Wanted(provider=provider, model=name[colon + 1 :]) if provider in enabled else _not_enabled(provider)
    if slash > 0 and (provider := name[:slash]) in known and slash + 1 < len(name):
        if provider in enabled:
            return Wanted(provider=provider, model=name[slash + 1 :])
        if OPENROUTER in enabled:
            others = (other for other in listed.get(name, ()) if other in enabled and other != OPENROUTER)
            return Wanted(model=name, listed_by=(*others, OPENROUTER))
    providers = tuple(provider for provider in listed.get(name, ()) if provider in enabled)
    if providers:
        return Wanted(model=name, listed_by=providers)
    return Wanted()


def _not_enabled(provider: str) -> UnknownName:
    return UnknownName(
        message=f"The model name asks for {provider}, which has no credential here.",
        guidance=f"Add one with: hr auth add {provider}",
    )
