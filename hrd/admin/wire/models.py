"""Which models of a provider are asked, in which order; and the pair that answers embeddings."""

import msgspec

from hrd.admin.wire.route import Answer, Ask, Route


class ModelsQuestion(Ask, frozen=True, kw_only=True):
    """All providers that could be asked, or one by name or alias, with everything that it offers."""

    provider: str = ""


class ModelRow(Answer, frozen=True, kw_only=True):
    """A model of a provider. `place` is its place in the order in which it is asked, None when it is only offered. `reason` and
    `until` say why it, or how many of its keys, cannot be asked now."""

    name: str
    place: int | None = None
    cost_class: str = msgspec.field(default="", name="class")
    context: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    reason: str = ""
    until: float | None = None


class ProviderModels(Answer, frozen=True, kw_only=True):
    """`source` says where the choice comes from: `catalogue`, `.env`, `environment`, `config.toml`. `discovered_at` is when the
    provider's own list was read."""

    provider: str
    source: str
    models: tuple[ModelRow, ...]
    embed_model: str = ""
    discovered_at: float | None = None


class EmbeddingPair(Answer, frozen=True, kw_only=True):
    """The pair that answers embeddings for the router's own name."""

    provider: str
    model: str
    since: float


class Models(Answer, frozen=True, kw_only=True):
    """`hr model list --json`."""

    now: float
    providers: tuple[ProviderModels, ...]
    embeddings: EmbeddingPair | None = None


class ModelsChange(Ask, frozen=True, kw_only=True):
    """The provider's models from now on, preferred first."""

    provider: str
    models: tuple[str, ...]


class ModelsReset(Ask, frozen=True, kw_only=True):
    """A provider back to the catalogue's choice; `embeddings`: the pair is chosen anew at the next use."""

    provider: str


class ModelsChanged(Answer, frozen=True, kw_only=True):
    """What is so now. `models` is empty for `embeddings`."""

    provider: str
    models: tuple[str, ...] = ()
    source: str = ""
    warnings: tuple[str, ...] = ()


MODELS = Route("GET", "/v1/models", ModelsQuestion, Models)
MODELS_SET = Route("POST", "/v1/models/set", ModelsChange, ModelsChanged)
MODELS_RESET = Route("POST", "/v1/models/reset", ModelsReset, ModelsChanged)
