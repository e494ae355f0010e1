"""The roster: every candidate of one configuration generation, and how names find them. Immutable; a change makes a new one."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from hrd.core import names, scopes
from hrd.core.ask import Ask, Kind
from hrd.core.prices import Prices
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts, Provider
from hrd.core.quota.kinds import Measure, measure_of
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.routing import UNLIMITED, is_one_group, tokens_fit

EMBEDDINGS_MARK = "@embeddings"
"""Embeddings are another service than chat, even of the same model: what one refuses says nothing of the other."""
COST_CLASSES = {member.name.lower(): member for member in CostClass}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Who may serve a name."""

    candidates: tuple[Candidate, ...]
    is_pinned: bool
    """A provider or a model was named."""
    leading: tuple[str, str] | None = None
    """The provider and model that come before all others, whatever their standing."""
    tokens_fit: int = 0
    """A request of so many tokens is too long for none of them, as far as settings and catalogue say."""
    body_fit: int = 0
    """The same in bytes."""
    are_able: bool = False
    """Nobody is known by settings or catalogue to take no tools or no images."""
    is_one_group: bool = False
    """Only the credentials differ: most people have one or two providers, and this is every request's way."""

    def takes(self, ask: Ask) -> bool:
        """Whether settings and catalogue alone let everybody here be asked this. If not, each has to be looked at."""
        if ask.token_ids or ask.input_tokens > self.tokens_fit or ask.body_bytes > self.body_fit:
            return False
        return self.are_able or not (ask.tools or ask.images)


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
    prices: Prices = Prices()

    @property
    def enabled(self) -> list[str]:
        """Providers that can be asked."""
        return [
            name
            for name, provider in self.providers.items()
            if self.credentials.get(name) and name not in self.off and not provider.retired
        ]

    @property
    def fingerprints(self) -> frozenset[str]:
        """Every credential, asked or not."""
        return frozenset(credential.fingerprint for group in self.credentials.values() for credential in group)

    def mode_of(self, provider: str) -> str:
        return self.modes.get(provider, self.mode)

    def select_chat(self, name: str) -> Selection | Refusal:
        """Who may serve a chat request for *name*."""
        enabled = self.enabled
        wanted = names.read_name(name, own_name=self.own_name, known=self.providers, enabled=enabled, listed=self.listed)
        if isinstance(wanted, names.UnknownName):
            return Refusal(kind=RefusalKind.MODEL_NOT_FOUND, message=wanted.message, guidance=wanted.guidance)
        if not enabled:
            return self._nobody()
        if wanted.provider:
            models = (wanted.model,) if wanted.model else self.providers[wanted.provider].models
            return self._selected([(wanted.provider, models)], pinned=True)
        if wanted.model:
            return self._selected([(provider, (wanted.model,)) for provider in wanted.listed_by], pinned=True)
        return self._selected([(provider, self.providers[provider].models) for provider in enabled], pinned=False)

    def select_embeddings(self, name: str, pin: tuple[str, str] | None) -> Selection | Refusal:
        """Who may answer embeddings for *name*: that model and no other. The router's own name means the pinned pair, and
        before there is one, anybody's."""
        enabled = self.enabled
        offers = {provider: model for provider in enabled if (model := self.providers[provider].embed_model)}
        if not enabled:
            return self._nobody()
        if not name or name == self.own_name:
            return self._own_embeddings(offers, pin)
        if name in offers:
            return self._selected([(name, (offers[name],))], pinned=True, kind=Kind.EMBEDDINGS)
        listed = {name: tuple(dict.fromkeys((*(p for p in offers if offers[p] == name), *self.listed.get(name, ()))))}
        wanted = names.read_name(name, own_name=self.own_name, known=self.providers, enabled=enabled, listed=listed)
        if isinstance(wanted, names.UnknownName):
            return Refusal(kind=RefusalKind.MODEL_NOT_FOUND, message=wanted.message, guidance=wanted.guidance)
        if wanted.provider and not wanted.model:
            return _without_embeddings(wanted.provider, offers)
        if not wanted.model:
            return Refusal(
                kind=RefusalKind.MODEL_NOT_FOUND,
                message=f"No provider here offers the embedding model {name[:120]!r}; another's vectors would not fit.",
                guidance="See what there is with: hr model list",
            )
        providers = (wanted.provider,) if wanted.provider else wanted.listed_by
        return self._selected([(provider, (wanted.model,)) for provider in providers], pinned=True, kind=Kind.EMBEDDINGS)

    def _own_embeddings(self, offers: Mapping[str, str], pin: tuple[str, str] | None) -> Selection | Refusal:
        enabled = self.enabled
        pairs = list(offers.items()) if pin is None else [pin, *self.embed_fallback]
        chosen = [(provider, (model,)) for provider, model in dict.fromkeys(pairs) if provider in enabled]
        if not chosen:
            pinned = f" The model that your vectors are of, {pin[1]} at {pin[0]}, is not asked now." if pin else ""
            return Refusal(
                kind=RefusalKind.UNAVAILABLE,
                message=f"No provider that can be asked has an embedding model.{pinned}",
                guidance="See where they stand with: hr status. To choose another model: hr model reset embeddings",
            )
        selection = self._selected(chosen, pinned=False, kind=Kind.EMBEDDINGS)
        if pin is None or isinstance(selection, Refusal):
            return selection
        return msgspec.structs.replace(selection, leading=pin)

    def _nobody(self) -> Refusal:
        """There is nobody to ask, whatever the name."""
        asleep = [name for name, keys in self.credentials.items() if keys]
        if asleep:
            return Refusal(
                kind=RefusalKind.NO_PROVIDER,
                message=f"Nobody can be asked: {', '.join(asleep)} has a credential, but is switched off or retired.",
                guidance="See why with: hr status",
            )
        return Refusal(
            kind=RefusalKind.NO_PROVIDER,
            message="No provider has a credential yet, so there is nobody to ask.",
            guidance="Add one with: hr auth add PROVIDER (for example: hr auth add groq)",
        )

    def _selected(
        self, offers: Iterable[tuple[str, tuple[str, ...]]], *, pinned: bool, kind: Kind = Kind.CHAT
    ) -> Selection | Refusal:
        candidates: list[Candidate] = []
        first_places, first = self._first_places(), 0
        for name, models in offers:
            provider = self.providers[name]
            keys, width = self.credentials.get(name, ()), len(provider.models) + 1
            first = max(first, first_places[name])
            candidates.extend(
                self._candidate(
                    provider, model, credential, place=first + key_place * width + provider.place_of(model), kind=kind
                )
                for model in models
                if model.lower() not in provider.exclude_models
                for key_place, credential in enumerate(keys)
            )
            first += len(keys) * width
        if not candidates:
            return Refusal(
                kind=RefusalKind.MODEL_NOT_FOUND,
                message="Every model that this name could mean is excluded (_EXCLUDE_MODELS), or none is set.",
                guidance="See the models with: hr model list",
            )
        return Selection(
            candidates=tuple(candidates),
            is_pinned=pinned,
            tokens_fit=min(tokens_fit(candidate) for candidate in candidates),
            body_fit=min(candidate.provider.body_bytes_max or UNLIMITED for candidate in candidates),
            are_able=not any(False in (candidate.facts.tools, candidate.facts.vision) for candidate in candidates),
            is_one_group=is_one_group(candidates),
        )

    def _first_places(self) -> dict[str, int]:
        """Where each provider's begin: whoever is asked for under several names has one place under all of them."""
        first, places = 0, dict[str, int]()
        for name, provider in self.providers.items():
            places[name] = first
            first += len(self.credentials.get(name, ())) * (len(provider.models) + 1)
        return places

    def _candidate(self, provider: Provider, model: str, credential: Credential, *, place: int, kind: Kind) -> Candidate:
        account = credential.account or credential.fingerprint
        facts = self._facts_of(provider, model)
        cost_class = _cost_class(provider, credential, model)
        name = provider.name
        mark = "" if kind is Kind.CHAT else EMBEDDINGS_MARK
        return Candidate(
            provider=provider,
            model=model,
            credential=credential,
            cost_class=cost_class,
            key=f"{name}/{model}#{credential.fingerprint}{mark}",
            scopes=scopes.of(
                provider_name=name,
                base_url=provider.base_url,
                fingerprint=credential.fingerprint,
                owner=account,
                model_name=model + mark,
                cost_class=cost_class,
            ),
            facts=facts,
            credit_price=self.prices.price_of(name, model) if draws_on_credit(provider, cost_class) else None,
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


def draws_on_credit(provider: Provider, cost_class: CostClass) -> bool:
    """Whether replies take from a balance: what is paid for does, and where a limit is one of credit."""
    return cost_class is CostClass.PAID or any(
        measure_of(limit.kind) is Measure.CREDIT for limit in (*provider.limits, *provider.own_limits)
    )


def who_lists(providers: Mapping[str, Provider], discovered: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Model id → providers that have it in their settings, catalogue row or discovered list, in the providers' order."""
    listed: dict[str, list[str]] = {}
    for name, provider in providers.items():
        for model in dict.fromkeys((*provider.models, *provider.models_facts, *discovered.get(name, ()))):
            listed.setdefault(model, []).append(name)
    return {model: tuple(names_) for model, names_ in listed.items()}


def _without_embeddings(provider: str, offers: Collection[str]) -> Refusal:
    """The name is that of *provider*, of which no embedding model is known; *offers*: those of whom one is."""
    others = f" Or name who has one: {', '.join(offers)}." if offers else ""
    return Refusal(
        kind=RefusalKind.MODEL_NOT_FOUND,
        message=f"{provider} is a provider of which no embedding model is known here.",
        guidance=f"Name one of its models as {provider}:MODEL, or set embed_model under [providers.{provider}] in config.toml "
        f"({provider.upper()}_EMBED_MODEL in .env, for a provider of the catalogue).{others}",
    )
