"""The model list: every name that a client may ask for, as OpenAI's `GET /v1/models` tells it. Pure.

The router's own name comes first, then the providers' names, then the models that are asked, those that answer embeddings,
and what else the providers offer. `context_length` is there when it is known, for the clients that look for it.
Reference: https://platform.openai.com/docs/api-reference/models
"""

from collections.abc import Iterable

import msgspec

from hrd.admin.capabilities import capabilities_of
from hrd.admin.models import offers_of
from hrd.core.access import POLICY_CLASS, Caller, is_here
from hrd.core.providers import CostClass, Provider
from hrd.core.roster import COST_CLASSES
from hrd.core.snapshot import PoolSnapshot

OWNER = "hermes-router"


class ListedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One name."""

    id: str
    object: str
    created: int
    owned_by: str
    context_length: int | msgspec.UnsetType = msgspec.UNSET


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer."""

    object: str
    data: tuple[ListedModel, ...]


def model_list(snapshot: PoolSnapshot, caller: Caller, created: int) -> ModelList:
    """What *caller* may ask for. *created* stands for the moments that providers do not tell."""
    roster = snapshot.roster
    owners: dict[str, tuple[str, int | None]] = {}
    names: list[tuple[str, int | None]] = []
    others: list[tuple[str, str]] = []
    for name in roster.enabled:
        provider = roster.providers[name]
        asked = [model for model in _asked(provider) if _permits(snapshot, caller, provider, model)]
        contexts = {model: capabilities_of(snapshot, name, model).context for model in asked}
        if asked:
            names.append((name, _largest(contexts.values())))
        for model, context in contexts.items():
            owners.setdefault(model, (name, context))
        others += [(name, model) for model in (provider.embed_model, *offers_of(roster, name)) if model]
    for name, model in others:
        if model not in owners and _permits(snapshot, caller, roster.providers[name], model):
            owners[model] = (name, capabilities_of(snapshot, name, model).context)
    own = (roster.own_name, _largest(context for _, context in names))
    named = [_listed(own[0], OWNER, own[1], created), *(_listed(name, name, context, created) for name, context in names)]
    taken = {one.id for one in named}
    models = [_listed(model, owner, context, created) for model, (owner, context) in owners.items() if model not in taken]
    return ModelList(object="list", data=(*named, *models))


def find_model(snapshot: PoolSnapshot, caller: Caller, wanted: str, created: int) -> ListedModel | None:
    """The entry of one name; also of `provider:model` and `provider/model`, where that provider offers the model."""
    for one in model_list(snapshot, caller, created).data:
        if one.id == wanted:
            return one
    roster = snapshot.roster
    for separator in ":/":
        name, _, model = wanted.partition(separator)
        if name in roster.enabled and model and model in (roster.providers[name].embed_model, *offers_of(roster, name)):
            if not _permits(snapshot, caller, roster.providers[name], model):
                return None
            return _listed(wanted, name, capabilities_of(snapshot, name, model).context, created)
    return None


def _asked(provider: Provider) -> list[str]:
    return [model for model in provider.models if model.lower() not in provider.exclude_models]


def _permits(snapshot: PoolSnapshot, caller: Caller, provider: Provider, model: str) -> bool:
    """Whether any credential of *provider* may serve *model* to *caller*."""
    if caller.allowed_providers and provider.name not in caller.allowed_providers:
        return False
    usual = COST_CLASSES[provider.class_of(model)]
    said = (one.cost_class for one in snapshot.roster.credentials[provider.name])
    cheapest = min(usual if cost_class is None else cost_class for cost_class in said)
    if caller.local_only:
        return cheapest is CostClass.LOCAL and is_here(provider.base_url)
    return cheapest <= POLICY_CLASS.get(caller.cost_policy or snapshot.rules.cost_policy, CostClass.PAID)


def _largest(contexts: Iterable[int | None]) -> int | None:
    return max((context for context in contexts if context is not None), default=None)


def _listed(name: str, owner: str, context: int | None, created: int) -> ListedModel:
    length = msgspec.UNSET if context is None else context
    return ListedModel(id=name, object="model", created=created, owned_by=owner, context_length=length)
