"""What the router knows about providers: who they are, what they take, whose quota a key draws on.

A `Provider` is data: the catalogue's row with the user's overrides laid over it. A `Credential` is a key, an account
or, for local, nothing. A `Candidate` is the three things an attempt needs: provider, model, credential. Candidates are
made once a configuration generation and compared by identity.
"""

import enum

import msgspec

from hrd.core.price import Price
from hrd.core.quota.limit import Limit
from hrd.core.secrets import Secret


class CostClass(enum.IntEnum):
    """What a reply costs, in the order in which classes are asked."""

    LOCAL = 0
    FREE = 1
    SUBSCRIPTION = 2
    PAID = 3


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this provider's requests differ from OpenAI's chat completions; applied by `dialects.quirks`."""

    token_field: str = "max_tokens"  # noqa: S105 (tokens of text)
    """The name under which the output limit is sent: `max_tokens` or `max_completion_tokens`."""
    rename: dict[str, str] = {}
    drop: tuple[str, ...] = ()
    drop_unless: dict[str, tuple[str, ...]] = {}
    """Field → beginnings of models for which alone it is sent."""
    drop_for: dict[str, tuple[str, ...]] = {}
    """Field → beginnings of models for which it is not sent, unless `reasoning_effort` is `none`."""
    forward: tuple[str, ...] = ()
    """Fields kept from providers by default (private to a client, or another provider's own) that this one takes."""
    clamp: dict[str, tuple[float, float]] = {}
    tool_choice: dict[str, str] = {}
    """Renames of string tool choices; an empty value drops the field."""
    none_without_tools: bool = False
    """Tool choice `none` is refused: the tools are left out with it instead."""
    developer_role: bool = False
    """Takes role `developer`; otherwise it is sent as `system`."""
    drop_message_fields: tuple[str, ...] = ()
    drop_function_fields: tuple[str, ...] = ()
    function_parameters: bool = False
    """A function without `parameters` is refused: it is sent with none that have a name."""
    keep_reasoning: bool = False
    """Wants `reasoning_content` and its like back on assistant messages; otherwise they are left out."""
    reasoning_placeholder: str = ""
    """With `keep_reasoning`: sent as `reasoning_content` of an assistant message with tool calls that carries none."""
    tool_ids: str = ""
    """A regular expression that tool-call ids must match; others are mapped deterministically."""
    efforts: tuple[str, ...] = ("low", "medium", "high")
    """Values that `reasoning_effort` may have; what else is asked for goes as the nearest."""
    openai_words: bool = False
    """Takes what most of OpenAI's likes refuse: freeform tools, choices among allowed tools, functions of old."""
    documents: bool = False
    """Takes documents as parts of type `file`."""
    document_urls: bool = False
    """Takes documents as parts of type `document_url`, by their address, too."""
    thought_signatures: bool = False
    """Wants back the `thought_signature` that came with a tool call; to others none is sent."""
    signature_stand_ins: dict[str, str] = {}
    """Model prefix → what is sent as `thought_signature` where the first call of a message has none: models that insist on one
    take this of calls that others made."""
    bridge_tool_to_user: bool = False
    """A user message right after a tool message is refused: a short assistant message goes between."""
    system_first: bool = False
    """A system message behind those of others, or with nothing behind it, is refused: it is sent as the user's."""
    marks_prefix: bool = False
    """A last message of the assistant has to say that the reply goes on from it (`prefix`)."""
    stream_usage: bool = True
    """Takes `stream_options.include_usage`."""
    rewrite_reply: tuple[str, ...] = ()
    """Reply quirks, each rewritten event by event: `tool_index`, `list_content`, `finish_reason`, `done`, `choices`."""


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one model at one provider; None is not known."""

    context: int | None = None
    max_output: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    cost_class: str | None = None


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the catalogue, with the user's settings laid over it."""

    name: str
    dialect: str = "openai_chat"
    """The wire format it speaks: `openai_chat`, `openai_responses`, `anthropic_messages` or `codex`."""
    base_url: str
    models: tuple[str, ...] = ()
    embed_model: str = ""
    embed_takes_tokens: bool = False
    """Embeddings may be given as arrays of token ids."""
    cost_class: str = "paid"
    """What its replies cost an account without a payment method, unless the model or the credential says otherwise."""
    class_by_suffix: dict[str, str] = {}
    """How a model's name ends → what such a model costs (`:free` → `free`)."""
    retired: str = ""
    """Why nobody is asked any more; empty while the service lives."""
    keyless: bool = False
    signs_in: bool = False
    """It takes no keys: its accounts sign in."""
    keys_at: str = ""
    """Where a user gets a key."""
    reader: str = "generic"
    """Which reader of failures and rate-limit headers fits."""
    quota_scope: str = "credential"
    """Whose the long windows are: `account`, `account_model` (one model with every key of the account), `credential` or
    `candidate`."""
    limits: tuple[Limit, ...] = ()
    """What its free tier has, as somebody claims."""
    own_limits: tuple[Limit, ...] = ()
    """What the user says that it has."""
    reset_zone: str = "UTC"
    """Time zone in which days and months of its windows turn."""
    skip_tokens_over: int = 0
    max_output_tokens: int = 0
    first_token_s: float = 60.0
    context: int | None = None
    body_bytes_max: int = 0
    user_agent: str = ""
    headers: dict[str, str] = {}
    exclude_models: tuple[str, ...] = ()
    discover: bool = True
    """`GET {base}/models` may be read in the background."""
    look_ups: tuple[str, ...] = ()
    """Free questions about what a key has left: paths behind the base URL (see `upstream.readers.left`)."""
    strip_model_prefix: str = ""
    """A prefix of its model list that its requests do not carry."""
    models_facts: dict[str, ModelFacts] = {}
    model_defaults: ModelFacts = ModelFacts()
    """Facts of every model that has none of its own."""
    quirks: Quirks = Quirks()
    states_cost: bool = False
    """Its replies say what they cost (`usage.cost`, US dollars), its list of models what a token does (`pricing`)."""
    notes: tuple[str, ...] = ()
    """What a user should know of it; stands in docs/providers.md."""
    demo: bool = False

    def class_of(self, model: str) -> str:
        """What *model* costs here: its own class, else the one its name ends on, else the provider's."""
        facts = self.models_facts.get(model)
        if facts is not None and facts.cost_class is not None:
            return facts.cost_class
        for suffix, cost_class in self.class_by_suffix.items():
            if model.endswith(suffix):
                return cost_class
        return self.cost_class

    def place_of(self, model: str) -> int:
        """Among its own; behind them, if it is none of these."""
        return self.models.index(model) if model in self.models else len(self.models)

    @property
    def first_class(self) -> str:
        """What the model costs that is asked first: that is what users see of a provider some of whose models are free."""
        return self.class_of(self.models[0]) if self.models else self.cost_class


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the pool sees it. The secret is revealed in one place, where the request head is written."""

    provider: str
    fingerprint: str
    secret: Secret
    source: str
    """Where it stands: `auth.json`, `.env`, `environment` or `built in`."""
    account: str = ""
    """The account it draws on; empty is an account of its own."""
    account_id: str = ""
    """What the provider itself calls an account that signed in; empty for a key."""
    signs_in: bool = False
    """An account, whose secret is another one from time to time; `secret` is the one that it had."""
    label: str = ""
    cost_class: CostClass | None = None
    """What `hr auth add --class` said, if anything."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Somebody who may be asked: compared by identity, named by `key` where it must outlive a configuration."""

    provider: Provider
    model: str
    credential: Credential
    cost_class: CostClass
    key: str
    scopes: tuple[str, ...]
    """Every scope that can block it, narrowest first (see `core.scopes`)."""
    facts: ModelFacts
    credit_price: Price | None = None
    """By which its replies take from a credit; None: they take nothing, or nobody knows."""
    place: int
    """Its place in the stored order: by provider, then credential, then model."""
    pair: tuple[str, str] = ("", "")
    """Its provider's name and its model: asked for several times by each request, so it is made once."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "pair", (self.provider.name, self.model))
