"""Assembling: catalogue, settings and credentials become a roster and a doorkeeper. Pure."""

from collections.abc import Collection, Mapping

import msgspec

from hrd.core.access import Caller, Doorkeeper
from hrd.core.ask import PRIORITIES, Priority
from hrd.core.catalogue import read_catalogue
from hrd.core.ceilings import Ceilings, microusd_of
from hrd.core.price import Price
from hrd.core.prices import Prices
from hrd.core.providers import Credential, ModelFacts, Provider
from hrd.core.remembered import Discovered
from hrd.core.roster import Roster, who_lists
from hrd.credentials import AuthFile, ProxyKey, stored_order
from hrd.credentials.accounts import CODEX
from hrd.settings import Forced, Settings
from hrd.settings.model import name_part
from hrd.settings.urls import leads_to_us

SLOW_FIRST_TOKEN_S = 60.0
"""A provider whose catalogue row allows more than this is slow; `SLOW_FIRST_TOKEN_SECONDS` is its limit."""


class Assembled(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of everything that requests are served by."""

    roster: Roster
    doorkeeper: Doorkeeper
    forwarded: dict[str, dict[str, str]]
    """Provider → headers that the settings add (attribution)."""
    prices: Prices


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo providers, while they run."""

    providers: tuple[Provider, ...]
    credentials: dict[str, tuple[Credential, ...]]


def catalogue_problems(catalogue_text: str, overrides: Mapping[str, Mapping[str, object]]) -> list[str]:
    """What is wrong with `[providers.<name>]` in config.toml, a line each."""
    return read_catalogue(catalogue_text, overrides)[1]


def assemble(
    *,
    catalogue_text: str,
    settings: Settings,
    auth: AuthFile,
    discovered: Mapping[str, Discovered],
    accounts: Mapping[str, str],
    listening_on: Collection[tuple[str, int]],
    demo: Demo | None,
    generation: int,
    price_table: Mapping[str, Mapping[str, Price]] | None = None,
    user_prices: Mapping[str, Price] | None = None,
) -> Assembled:
    """*accounts*: credential → account as its provider named it. *demo* counts only while there is no credential at all."""
    rows, _ = read_catalogue(catalogue_text, settings.provider_overrides)
    stored = stored_order(auth, settings)
    credentials = {name: tuple(_with_account(c, accounts) for c in group) for name, group in stored.credentials.items()}
    order = list(dict.fromkeys([name for name in settings.provider_overrides if name in rows] + list(rows)))
    lists = {name: found.models for name, found in discovered.items()}
    providers = {name: lay_over(rows[name], settings, lists.get(name, ())) for name in order}
    told_below = [f", {fingerprint}: " for fingerprint in stored.turned_away]
    of_settings = [line for line in settings.warnings if not any(key in line for key in told_below)]
    warnings = [*of_settings, *auth.warnings, *stored.warnings]
    is_demo = demo is not None and not credentials
    if is_demo and demo is not None:
        providers = {provider.name: provider for provider in demo.providers}
        credentials = demo.credentials
    off = why_off(providers, credentials, settings, listening_on, warnings)
    listed = {name: found.prices for name, found in discovered.items()}
    prices = Prices(price_table, by_user=user_prices, listed=listed)
    roster = Roster(
        generation=generation,
        own_name=settings.router_model_id,
        providers=providers,
        credentials=credentials,
        modes={name: mode for name in providers if (mode := settings.provider(name).rotation_mode)},
        mode=settings.rotation_mode,
        off=off,
        embed_fallback=settings.embed_fallback,
        listed=who_lists(providers, lists),
        contexts={(name, model): context for name, found in discovered.items() for model, context in found.contexts.items()},
        warnings=tuple(dict.fromkeys(warnings)),
        demo=is_demo,
        prices=prices,
    )
    return Assembled(
        roster=roster,
        doorkeeper=doorkeeper_of(settings, auth),
        forwarded=_attribution(settings),
        prices=prices,
    )


def lay_over(row: Provider, settings: Settings, discovered: Collection[str] = ()) -> Provider:
    """A catalogue row with the simple settings of its provider laid over it. *discovered*: the models that it lists itself."""
    said = settings.provider(row.name)
    models = said.models if said.models is not None else row.models
    spoken_of = [model for model in discovered if name_part(model) in said.forced_by_model]
    facts = {
        model: force(row.models_facts.get(model, row.model_defaults), said.forced_for(model))
        for model in (*models, *row.models_facts, *spoken_of)
    }
    is_slow = row.first_token_s > SLOW_FIRST_TOKEN_S
    return msgspec.structs.replace(
        row,
        base_url=said.base_url or row.base_url,
        limits=() if said.base_url else row.limits,  # claims are of the address that the catalogue has
        headers={**_headers(row.name, settings), **row.headers},
        models=models,
        embed_model=row.embed_model if said.embed_model is None else said.embed_model,
        exclude_models=tuple(dict.fromkeys((*said.exclude_models, *(model.lower() for model in row.exclude_models)))),
        skip_tokens_over=row.skip_tokens_over if said.skip_tokens_over is None else said.skip_tokens_over,
        max_output_tokens=row.max_output_tokens if said.max_output_tokens is None else said.max_output_tokens,
        first_token_s=settings.first_token_seconds_of(row.name, slow=is_slow),
        models_facts=facts,
        model_defaults=force(row.model_defaults, said.forced),
    )


def _headers(provider: str, settings: Settings) -> dict[str, str]:
    """What the settings say to a provider beside the catalogue, where `[providers.<name>.headers]` does not."""
    if provider == CODEX:
        return {"originator": settings.codex_originator, "version": settings.codex_version}
    return {}


def force(facts: ModelFacts, forced: Forced) -> ModelFacts:
    """What the user says of a model wins over what the catalogue says."""
    return msgspec.structs.replace(
        facts,
        tools=facts.tools if forced.tools is None else forced.tools,
        vision=facts.vision if forced.vision is None else forced.vision,
        reasoning=facts.reasoning if forced.reasoning is None else forced.reasoning,
    )


def why_off(
    providers: Mapping[str, Provider],
    credentials: Mapping[str, tuple[Credential, ...]],
    settings: Settings,
    listening_on: Collection[tuple[str, int]],
    warnings: list[str],
) -> dict[str, str]:
    """Providers with a credential that are not asked all the same, and why; *warnings* gets what a user must mend."""
    off: dict[str, str] = {}
    for name in credentials:
        provider = providers[name]
        if provider.retired:
            off[name] = provider.retired
            warnings.append(f"{name} is not asked: {provider.retired}")
        elif leads_to_us(provider.base_url, listening_on):
            off[name] = "its base URL is this router's own address"
            written, place, remedy = address_of(name, settings)
            said = f"{written} points at this router itself, and stands in {place}"
            warnings.append(f"{name} is not asked: {said}. To ask it, {remedy}")
    return off


def address_of(provider: str, settings: Settings) -> tuple[str, str, str]:
    """What sets the base URL of *provider*, where it stands, and how it is taken out of there."""
    name = f"{provider.upper()}_BASE_URL"
    source = settings.source_of(name)
    if source == "environment":
        return name, "the environment that hrd was started in", f"unset {name} there, then stop hrd and start it again"
    if source == "default":
        return f"[providers.{provider}] base_url", "config.toml", "take it out of there"
    return name, source, "take it out of there"


def doorkeeper_of(settings: Settings, auth: AuthFile) -> Doorkeeper:
    """Everybody who may ask: keys of auth.json with their own ceilings, keys of the settings with those of all."""
    callers: dict[bytes, Caller] = {}
    default = default_ceilings(settings)
    for secret in settings.proxy_api_keys:
        callers[secret.reveal().encode()] = Caller(fingerprint=secret.fingerprint, ceilings=default)
    for key in auth.proxy_keys:
        callers[key.secret.reveal().encode()] = Caller(
            fingerprint=key.secret.fingerprint,
            name=key.name,
            allowed_providers=key.allowed_providers,
            local_only=key.local_only,
            cost_policy=key.cost_policy,
            ceilings=ceilings_of(key).or_else(default),
            priority_max=PRIORITIES.get(key.priority_max, Priority.HIGH),
        )
    return Doorkeeper(callers.items())


def default_ceilings(settings: Settings) -> Ceilings:
    """PROXY_LIMIT_…: of every client key that has none of its own."""
    return Ceilings(
        rpm=settings.proxy_limit_rpm,
        requests_day=settings.proxy_limit_req_day,
        tokens_day=settings.proxy_limit_tokens_day,
        cost_day_microusd=microusd_of(settings.proxy_limit_cost_day),
    )


def ceilings_of(key: ProxyKey) -> Ceilings:
    """The key's own."""
    return Ceilings(
        rpm=key.rpm,
        requests_day=key.req_per_day,
        tokens_day=key.tokens_per_day,
        cost_day_microusd=microusd_of(key.cost_per_day),
        concurrency=key.concurrency,
    )


def _with_account(credential: Credential, accounts: Mapping[str, str]) -> Credential:
    """What the user said of a credential's account wins over what its provider named."""
    named = accounts.get(credential.fingerprint, "")
    return credential if credential.account or not named else msgspec.structs.replace(credential, account=named)


def _attribution(settings: Settings) -> dict[str, dict[str, str]]:
    """OpenRouter's attribution headers (https://openrouter.ai/docs/app-attribution)."""
    headers = {}
    if settings.openrouter_site_url:
        headers["HTTP-Referer"] = settings.openrouter_site_url
    if settings.openrouter_app_name:
        headers["X-Title"] = settings.openrouter_app_name
    return {"openrouter": headers} if headers else {}
