"""`hr mode`: how credentials are spent, for all providers and for each."""

from collections.abc import Callable

from hrd.admin.denied import Denied, misused, unchanged
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.mode import ModeChange, Modes, ProviderMode
from hrd.configuration.live import Configuration
from hrd.settings import Settings

VARIABLE = "ROTATION_MODE"
SPELLINGS = {"parallel": "parallel", "round-robin": "parallel", "sequential": "sequential"}
DEFAULT = "default"


def modes_of(settings: Settings) -> Modes:
    """The mode, and the providers for which another was said."""
    said = {name: own.rotation_mode for name, own in settings.providers.items() if own.rotation_mode}
    return Modes(
        mode=settings.rotation_mode,
        source=settings.source_of(VARIABLE),
        providers=tuple(
            ProviderMode(provider=name, mode=mode, source=settings.source_of(_variable(name))) for name, mode in said.items()
        ),
    )


async def change_mode(ask: ModeChange, configuration: Configuration, changed: Callable[[], None]) -> Modes | Denied:
    """Write it into `.env`; new requests go by it."""
    provider = provider_meant(ask.provider) if ask.provider else ""
    if isinstance(provider, Denied):
        return provider
    word = ask.mode.strip().lower()
    if word == DEFAULT and not provider:
        return misused("default is for one provider: to be like the rest again", "hr mode default --provider PROVIDER")
    if word != DEFAULT and word not in SPELLINGS:
        return misused(
            f"{ask.mode[:40]!r} is not a mode",
            "there are parallel (also round-robin), sequential and, with --provider, default",
        )
    problem = await configuration.set_variable(_variable(provider), SPELLINGS.get(word))
    if problem is not None:
        return unchanged(problem)
    changed()
    return modes_of(configuration.settings)


def _variable(provider: str) -> str:
    return f"{provider.upper()}_{VARIABLE}" if provider else VARIABLE
