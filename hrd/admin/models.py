"""`hr model`: which models of a provider are asked, what else it offers, and the pair that answers embeddings."""

from collections.abc import Callable, Mapping

from hrd.admin.capabilities import capabilities_of
from hrd.admin.denied import Denied, misused, unchanged
from hrd.admin.provider_names import provider_meant
from hrd.admin.standing import Hindrance, Hindrances, candidates_of
from hrd.admin.status import why_off
from hrd.admin.wire.models import (
    EmbeddingPair,
    ModelRow,
    Models,
    ModelsChange,
    ModelsChanged,
    ModelsQuestion,
    ModelsReset,
    ProviderModels,
)
from hrd.configuration.live import Configuration
from hrd.core.facts import EmbeddingsUnpinned
from hrd.core.nearest import nearest
from hrd.core.remembered import Discovered
from hrd.core.roster import Roster
from hrd.core.snapshot import PoolSnapshot
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.store.contract import Store

EMBEDDINGS = "embeddings"
MODELS_MAX = 64


def list_models(
    ask: ModelsQuestion, snapshot: PoolSnapshot, settings: Settings, discovered: Mapping[str, Discovered], now: float
) -> Models | Denied:
    """What is asked of every provider that can be asked; of one provider also what else it offers.

    *discovered*: the lists that providers gave."""
    roster = snapshot.roster
    if ask.provider:
        meant = provider_meant(ask.provider, roster.providers)
        if isinstance(meant, Denied):
            return meant
        names = [meant] if meant in roster.providers else []
    else:
        names = roster.enabled
    hindrances = Hindrances(snapshot, now)
    return Models(
        now=now,
        providers=tuple(
            _provider(name, snapshot, settings, hindrances, discovered.get(name), with_offers=bool(ask.provider))
            for name in names
        ),
        embeddings=_pair(snapshot),
    )


def _pair(snapshot: PoolSnapshot) -> EmbeddingPair | None:
    pin = snapshot.embedding_pin
    return EmbeddingPair(provider=pin[0], model=pin[1], since=snapshot.embedding_pinned_at) if pin is not None else None


def _provider(
    name: str,
    snapshot: PoolSnapshot,
    settings: Settings,
    hindrances: Hindrances,
    discovered: Discovered | None,
    *,
    with_offers: bool,
) -> ProviderModels:
    provider = snapshot.roster.providers[name]
    asked = [model for model in provider.models if model.lower() not in provider.exclude_models]
    offered = [model for model in offers_of(snapshot.roster, name) if model not in asked] if with_offers else []
    places = {model: place for place, model in enumerate(asked, 1)}
    off = why_off(snapshot, provider)

    def hindrance_of(model: str) -> Hindrance:
        return Hindrance(off[1] or off[0]) if off else hindrances.of_model(candidates_of(snapshot, name, model))

    return ProviderModels(
        provider=name,
        source="built in" if provider.demo else source_of(name, settings),
        models=tuple(_row(name, model, places.get(model), snapshot, hindrance_of(model)) for model in (*asked, *offered)),
        embed_model=provider.embed_model,
        discovered_at=discovered.at if discovered is not None else None,
    )


def offers_of(roster: Roster, provider: str) -> list[str]:
    """Every model that settings, catalogue or the provider's own list know of it, but those that are excluded."""
    excluded = roster.providers[provider].exclude_models
    return [model for model, names in roster.listed.items() if provider in names and model.lower() not in excluded]


def _row(provider: str, model: str, place: int | None, snapshot: PoolSnapshot, hindrance: Hindrance) -> ModelRow:
    known = capabilities_of(snapshot, provider, model)
    return ModelRow(
        name=model,
        place=place,
        cost_class=snapshot.roster.providers[provider].class_of(model),
        context=known.context,
        tools=known.tools,
        vision=known.vision,
        reasoning=known.reasoning,
        reason=hindrance.reason,
        until=hindrance.until,
    )


def source_of(provider: str, settings: Settings) -> str:
    """Where the choice of a provider's models comes from."""
    source = settings.source_of(_variable(provider))
    if source != "default":
        return source
    return "config.toml" if "models" in settings.provider_overrides.get(provider, {}) else "catalogue"


async def set_models(
    ask: ModelsChange, configuration: Configuration, pool: Pool, changed: Callable[[], None]
) -> ModelsChanged | Denied:
    """Write them into `.env`; new requests go by them."""
    provider = provider_meant(ask.provider)
    if isinstance(provider, Denied):
        return provider
    models = tuple(dict.fromkeys(model.strip() for model in ask.models if model.strip()))
    if not models:
        return misused("no model was named, nothing has changed", f"see what there is: hr model list {provider}")
    if len(models) > MODELS_MAX or any("," in model for model in models):
        return misused(f"name at most {MODELS_MAX} models, each by itself", f"see what there is: hr model list {provider}")
    return await _changed(provider, ",".join(models), configuration, pool, changed)


async def reset_models(
    ask: ModelsReset,
    configuration: Configuration,
    pool: Pool,
    store: Store,
    changed: Callable[[], None],
    now: float,
) -> ModelsChanged | Denied:
    """A provider back to what it was without the variable; or the embedding pair to be chosen anew."""
    if ask.provider.strip().lower() == EMBEDDINGS:
        store.commit_nowait(pool.apply(EmbeddingsUnpinned(), now))
        return ModelsChanged(provider=EMBEDDINGS)
    provider = provider_meant(ask.provider)
    if isinstance(provider, Denied):
        return provider
    return await _changed(provider, None, configuration, pool, changed)


async def _changed(
    provider: str, value: str | None, configuration: Configuration, pool: Pool, changed: Callable[[], None]
) -> ModelsChanged | Denied:
    known = offers_of(pool.roster, provider) if provider in pool.roster.providers else []
    problem = await configuration.set_variable(_variable(provider), value)
    if problem is not None:
        return unchanged(problem)
    changed()
    roster = pool.roster
    models = roster.providers[provider].models if provider in roster.providers else ()
    return ModelsChanged(
        provider=provider,
        models=models,
        source=source_of(provider, configuration.settings),
        warnings=tuple(_warnings(provider, models, roster, known)),
    )


def _warnings(provider: str, models: tuple[str, ...], roster: Roster, known: list[str]) -> list[str]:
    """What a typing mistake or another setting would make of the choice; *known* were its models before."""
    if provider not in roster.providers:
        return [f"the demo runs: {provider} is asked once it has a key"]
    row = roster.providers[provider]
    warnings = [] if roster.credentials.get(provider) else [f"{provider} has no key yet: hr auth add {provider}"]
    warnings += [
        f"{model} is excluded by {provider.upper()}_EXCLUDE_MODELS" for model in models if model.lower() in row.exclude_models
    ]
    for model in models:
        meant = nearest(model, known) if model not in known else None
        if meant is not None:
            warnings.append(f"{model} is not known of {provider}: did you mean {meant}?")
    return warnings


def _variable(provider: str) -> str:
    return f"{provider.upper()}_MODEL"
