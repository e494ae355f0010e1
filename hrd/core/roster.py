"""The roster: every candidate of one configuration generation, and how names find them. Immutable; a change makes a new one."""

from collections.abc import Iterable, Mapping

import msgspec

from hrd.core import names, scopes
from hrd.core.ask import Kind
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts, Provider
from hrd.core.refusals import Refusal, RefusalKind

CANDIDATES_CACHED_MAX = 512
COST_CLASSES = {member.name.lower(): member for member in CostClass}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Who may serve a name."""

    candidates: tuple[Candidate, ...]
    is_pinned: bool
    """A provider or a model was named."""


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """One generation. `providers` are all that are known, in their order; `credentials` those of each, in stored order."""

    generation: int
    own_name: str
    providers: dict[str, Provider]
    credentials: dict[str, tuple[Credential, ...]]
    modes: dict[str, str]
    mode: str
    off: dict[str, str] = {}
    """Providers that are not asked although they have a credential, and why."""
    embed_fallback: tuple[tuple[str, str], ...] = ()
    listed: dict[str, tuple[str, ...]] = {}
    contexts: dict[tuple[str, str], int] = {}
    warnings: tuple[str, ...] = ()
    demo: bool = False

    @property
    def enabled(self) -> list[str]:
        """Providers that can be asked."""
        return [
            name
            for name, provider in self.providers.items()
            if self.credentials.get(name) and name not in self.off and not provider.retired
        ]

    def mode_of(self, provider: str) -> str:
        return self.modes.get(provider, self.mode)

    def select_chat(self, name: str) -> Selection | Refusal:
        """Who may serve a chat request for *name*."""
        enabled = self.enabled
        wanted = names.read_name(name, own_name=self.own_name, known=self.providers, enabled=enabled, listed=self.listed)
        if isinstance(wanted, names.UnknownName):
            return Refusal(kind=RefusalKind.MODEL_NOT_FOUND, message=wanted.message, guidance=wanted.guidance)
        if wanted.provider:
            models = (wanted.model,) if wanted.model else self.providers[wanted.provider].models
            return self._selected([(wanted.provider, models)], pinned=True)
        if wanted.model:
            return self._selected([(provider, (wanted.model,)) for provider in wanted.listed_by], pinned=True)
        return self._selected([(provider, self.providers[provider].models) for provider in enabled], pinned=False)

    def select_embeddings(self, name: str, pin: tuple[str, str] | None) -> Selection | Refusal:
        """Who may answer embeddings for *name*: that model and no other. The router's own name means the pinned pair."""
        enabled = self.enabled
        offers = [(provider, self.providers[provider].embed_model) for provider in enabled]
        offers = [(provider, model) for provider, model in offers if model]
        if not name or name == self.own_name:
            if pin is not None:
                offers = [pin, *self.embed_fallback] if pin[0] in self.providers else list(self.embed_fallback)
            chosen = [(provider, (model,)) for provider, model in offers if provider in enabled]
            return self._selected(chosen, pinned=False, kind=Kind.EMBEDDINGS)
        for provider in enabled:
            for separator in ":/":
                if name.startswith(provider + separator) and name not in names.OPENROUTER_IDS:
                    rest = name[len(provider) + 1 :]
                    return self._selected([(provider, (rest,))], pinned=True, kind=Kind.EMBEDDINGS)
        named = [(provider, (model,)) for provider, model in offers if name in (provider, model)]
        if not named:
            return Refusal(
                kind=RefusalKind.MODEL_NOT_FOUND,
                message=f"No provider here offers the embedding model {name[:120]!r}; another model's vectors would not fit yours.",
                guidance="See what there is with: hr model list",
            )
        return self._selected(named, pinned=True, kind=Kind.EMBEDDINGS)

    def _selected(self, offers: Iterable[tuple[str, tuple[str, ...]]], *, pinned: bool, kind: Kind = Kind.CHAT) -> Selection:
        candidates: list[Candidate] = []
        for name, models in offers:
            provider = self.providers[name]
            for model in models:
                if model.lower() in provider.exclude_models:
                    continue
                candidates.extend(
                    self._candidate(provider, model, credential, place=len(candidates) + place, kind=kind)
                    for place, credential in enumerate(self.credentials.get(name, ()))
                )
        return Selection(candidates=tuple(candidates), is_pinned=pinned)

    def _candidate(self, provider: Provider, model: str, credential: Credential, *, place: int, kind: Kind) -> Candidate:
        account = credential.account or credential.fingerprint
        facts = self._facts_of(provider, model)
        cost_class = _cost_class(provider, credential, model)
        name = provider.name
        return Candidate(
            provider=provider,
            model=model,
            credential=credential,
            cost_class=cost_class,
            key=f"{name}/{model}#{credential.fingerprint}" + ("" if kind is Kind.CHAT else "@embeddings"),
            scopes=(
                scopes.candidate(credential.fingerprint, model),
                scopes.credential(credential.fingerprint),
                scopes.account(name, account),
                scopes.account_model(name, account, model),
                scopes.account_part(name, account, cost_class),
                scopes.model(name, model),
                scopes.endpoint_model(provider.base_url, model),
                scopes.endpoint(provider.base_url),
                scopes.provider(name),
            ),
            facts=facts,
            place=place,
        )

    def _facts_of(self, provider: Provider, model: str) -> ModelFacts:
        facts = provider.models_facts.get(model, provider.model_defaults)
        context = self.contexts.get((provider.name, model))
        return msgspec.structs.replace(facts, context=context) if context and facts.context is None else facts


def _cost_class(provider: Provider, credential: Credential, model: str) -> CostClass:
    """What the user said of the credential, else what is known of the model."""
    if credential.cost_class is not None:
        return credential.cost_class
    return COST_CLASSES[provider.class_of(model)]


def who_lists(providers: Mapping[str, Provider], discovered: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Model id → providers that have it in their settings, catalogue row or discovered list, in the providers' order."""
    listed: dict[str, list[str]] = {}
    for name, provider in providers.items():
        for model in dict.fromkeys((*provider.models, *provider.models_facts, *discovered.get(name, ()))):
            listed.setdefault(model, []).append(name)
    return {model: tuple(names_) for model, names_ in listed.items()}
