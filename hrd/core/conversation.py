"""The hub of requests: what a client asks of a model, in no dialect's words.

Every client dialect decodes to a `Conversation`, every provider dialect encodes from it. What a decision or a translation needs
is named; what is only carried (JSON schemas, a model's arguments) keeps its spelling. Texts, ids and names are as the client
wrote them: what a target's alphabet or length refuses is mapped while encoding, never here.

| part | stands in turns of |
|---|---|
| Text | everybody |
| Image, Document, Audio | user; tool results |
| Thinking, ToolCall, Refused | assistant |
| ToolResult | tool, and nothing else does |
| Foreign | anybody: a part that only one dialect knows |
"""

import enum

import msgspec

ABSENT = msgspec.Raw(b"")
"""A carried member that the client did not send."""


class Role(enum.StrEnum):
    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Vendor(enum.StrEnum):
    """Who made something that only its maker can read again."""

    NOBODY = ""
    ANTHROPIC = "anthropic"
    """Signatures of thinking blocks, redacted thinking."""
    OPENAI = "openai"
    """Encrypted reasoning of Responses and Codex."""
    GEMINI = "gemini"
    """Thought signatures on tool calls."""
    OPENROUTER = "openrouter"
    """`reasoning_details` of a vendor that we do not tell apart."""


class Text(msgspec.Struct, frozen=True, gc=False):
    text: str
    cache_control: msgspec.Raw = ABSENT
    """Anthropic's mark of a prefix to be cached, as spelled."""


class Image(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """By `url` (http or https), by `data`, or by the `file_id` of one vendor."""

    url: str = ""
    media_type: str = ""
    data: str = ""
    """Base64."""
    file_id: str = ""
    detail: str = ""
    cache_control: msgspec.Raw = ABSENT


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """By `url`, by `data`, as plain `text`, or by `file_id`."""

    url: str = ""
    media_type: str = ""
    data: str = ""
    """Base64."""
    text: str = ""
    file_id: str = ""
    title: str = ""
    """File name or title."""
    cache_control: msgspec.Raw = ABSENT


class Audio(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    data: str
    """Base64."""
    format: str


class Thinking(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Reasoning of an earlier turn. Only *vendor* can read `signature`; without one the text alone was kept."""

    text: str = ""
    signature: str = ""
    """Anthropic: a thinking block's signature, or the data of redacted thinking. OpenAI: encrypted_content."""
    vendor: Vendor = Vendor.NOBODY
    is_redacted: bool = False
    details: msgspec.Raw = ABSENT
    """OpenRouter's `reasoning_details`, as spelled."""


class CallKind(enum.Enum):
    FUNCTION = "function"
    CUSTOM = "custom"
    """Freeform: its input is text, not JSON."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A model's call of one of the client's tools."""

    id: str
    name: str
    arguments: str
    """A JSON object as text; of a custom tool its input."""
    kind: CallKind = CallKind.FUNCTION
    namespace: str = ""
    signature: str = ""
    """Gemini's thought signature."""
    cache_control: msgspec.Raw = ABSENT


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    call_id: str
    content: "tuple[Text | Image | Document, ...]" = ()
    is_error: bool = False
    name: str = ""
    kind: CallKind = CallKind.FUNCTION
    cache_control: msgspec.Raw = ABSENT


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The model's own refusal in an earlier turn."""

    text: str


class Foreign(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part that only *dialect* knows (server-side tools, a vendor's files …), as spelled. Where a request without it would
    ask something else, that is a need (see `core.needs`)."""

    dialect: str
    type: str
    raw: msgspec.Raw


Part = Text | Image | Document | Audio | Thinking | ToolCall | ToolResult | Refused | Foreign


class Turn(msgspec.Struct, frozen=True, gc=False):
    role: Role
    parts: tuple[Part, ...]
    name: str = ""


class Tool(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of the client's own tools."""

    name: str
    description: str = ""
    schema: msgspec.Raw = ABSENT
    """JSON schema of its arguments, as spelled."""
    strict: bool | None = None
    kind: CallKind = CallKind.FUNCTION
    format: msgspec.Raw = ABSENT
    """A custom tool's grammar, as spelled."""
    namespace: str = ""
    """The group that it stands in (Responses' `namespace` tools); calls name both."""
    cache_control: msgspec.Raw = ABSENT


class ProviderTool(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A tool that the provider runs itself (web search …), as *dialect* spells it."""

    dialect: str
    type: str
    raw: msgspec.Raw


class Choosing(enum.Enum):
    """Whether the model is to call tools."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    ONE = "one"


class ToolChoice(msgspec.Struct, frozen=True, gc=False):
    mode: Choosing
    name: str = ""
    """Which one, with ONE."""
    allowed: tuple[str, ...] = ()
    """With AUTO and REQUIRED: only these, if there are any."""


class FormatKind(enum.Enum):
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"


class OutputFormat(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What form the reply must have."""

    kind: FormatKind
    name: str = ""
    description: str = ""
    schema: msgspec.Raw = ABSENT
    """Of `JSON_SCHEMA`, which always has one."""
    strict: bool | None = None


def format_by(schema: msgspec.Raw, *, name: str = "", description: str = "", strict: bool | None = None) -> OutputFormat:
    """The form that *schema* describes; without one (none, or null) any object will do."""
    if bytes(schema) in (b"", b"null"):
        return OutputFormat(kind=FormatKind.JSON_OBJECT)
    return OutputFormat(kind=FormatKind.JSON_SCHEMA, name=name, description=description, schema=schema, strict=strict)


class Reasoning(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How much the model is to think. Nothing set: the target's own default."""

    effort: str = ""
    """none, minimal, low, medium, high, xhigh or max."""
    budget_tokens: int | None = None
    is_adaptive: bool = False
    is_off: bool = False
    """Switched off outright, which effort `none` means too."""
    summary: str = ""
    """Responses: auto, concise or detailed."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: msgspec.Raw = ABSENT
    logprobs: bool = False
    top_logprobs: int | None = None
    n: int = 1


class Conversation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request."""

    turns: tuple[Turn, ...]
    """System and developer turns stand where the client put them."""
    tools: tuple[Tool, ...] = ()
    provider_tools: tuple[ProviderTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_calls: bool | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    format: OutputFormat | None = None
    reasoning: Reasoning = Reasoning()
    verbosity: str = ""
    service_tier: str = ""
    prompt_cache_key: str = ""
    cache_control: msgspec.Raw = ABSENT
    """Anthropic's mark for the whole request, as spelled."""
    extras: dict[str, msgspec.Raw] = {}
    """Members that no dialect but the client's own, or no translation, knows: they are left out, and named in `hr why`."""
