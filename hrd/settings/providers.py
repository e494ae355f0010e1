"""The settings that every provider has: `<PROVIDER>_MODEL` and its like, and `<PROVIDER>_<MODEL>_…` for one model."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hrd.core.aliases import PROVIDERS
from hrd.settings.kinds import BaseUrl, Kind, Rejected
from hrd.settings.model import Forced, ProviderSettings
from hrd.settings.names import BASE_URL_SUFFIXES, CAPABILITIES, PROVIDER_NAMES, ProviderName
from hrd.settings.problems import Problem, Source, shown

Variables = Mapping[str, tuple[str, Source]]

_BY_SUFFIX: Final = {entry.suffix: entry for entry in PROVIDER_NAMES}
_LONGEST_FIRST: Final = sorted(CAPABILITIES, key=lambda entry: -len(entry.suffix))
_SOURCES: Final[tuple[Source, ...]] = ("environment", ".env", "config.toml", "default")
_MODEL_PART = re.compile(r"[A-Z0-9_]+")


class Place(msgspec.Struct, frozen=True):
    """What a variable's name says it sets."""

    provider: str
    entry: ProviderName
    model: str | None = None


def place_of(name: str) -> Place | None:
    """What the variable *name* sets of which provider; None when it sets nothing of any."""
    provider = next((known for known in PROVIDERS if name.startswith(f"{known.upper()}_")), None)
    if provider is None:
        return None
    rest = name[len(provider) :]
    if rest in _BY_SUFFIX:
        return Place(provider, _BY_SUFFIX[rest])
    for entry in _LONGEST_FIRST:
        model = rest.removesuffix(entry.suffix)[1:]
        if rest.endswith(entry.suffix) and _MODEL_PART.fullmatch(model):
            return Place(provider, entry, model)
    return None


def provider_setting_names() -> tuple[str, ...]:
    """The names a typing mistake is compared with."""
    return tuple(provider.upper() + entry.suffix for provider in PROVIDERS for entry in PROVIDER_NAMES)


def read_providers(variables: Variables, problems: list[Problem], warnings: list[str]) -> dict[str, ProviderSettings]:
    """What is set of each provider; what is wrong is added to *problems* and *warnings*."""
    fields: dict[str, dict[str, Any]] = {}
    forced: dict[tuple[str, str | None], dict[str, Any]] = {}
    for name in sorted(variables, key=lambda name: _counts_last_first(name, variables)):
        place = place_of(name)
        if place is None:
            continue
        text, source = variables[name]
        kind = _kind(place)
        value = _empty(place) if text == "" else kind.parse(text)
        if isinstance(value, Rejected):
            _refuse(Problem(name, shown(text), kind.accepted, source), place, problems, warnings)
        elif place.entry in CAPABILITIES:
            forced.setdefault((place.provider, place.model), {})[place.entry.field] = value
        else:
            fields.setdefault(place.provider, {})[place.entry.field] = value
    return {
        provider: _settings_of(provider, fields.get(provider, {}), forced)
        for provider in PROVIDERS
        if provider in fields or any(owner == provider for owner, _ in forced)
    }


def _counts_last_first(name: str, variables: Variables) -> tuple[int, bool, str]:
    """A key that puts what counts more later, so that it replaces what counts less."""
    return -_SOURCES.index(variables[name][1]), not name.endswith("_SUPPORTS_REASONING"), name


def _kind(place: Place) -> Kind:
    if place.entry.field == "base_url":
        return BaseUrl(BASE_URL_SUFFIXES.get(place.provider, ""))
    return place.entry.kind


def _empty(place: Place) -> object:
    return () if place.entry.field == "exclude_models" else ""


def _refuse(problem: Problem, place: Place, problems: list[Problem], warnings: list[str]) -> None:
    """Another program's variable may look like one of ours for a model: that must not keep the daemon from starting."""
    if place.model is not None and problem.source == "environment":
        warnings.append(f"not used: {problem}")
    else:
        problems.append(problem)


def _settings_of(
    provider: str, fields: dict[str, Any], forced: dict[tuple[str, str | None], dict[str, Any]]
) -> ProviderSettings:
    if "exclude_models" in fields:
        fields["exclude_models"] = tuple(model.lower() for model in fields["exclude_models"])
    by_model = {model: Forced(**said) for (owner, model), said in forced.items() if owner == provider and model}
    return ProviderSettings(**fields, forced=Forced(**forced.get((provider, None), {})), forced_by_model=by_model)
