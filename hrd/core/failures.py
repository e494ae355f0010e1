"""How an attempt can fail: the vocabulary of the readers in `upstream` and of the table in `core.failover`."""

import enum

import msgspec


class Verdict(enum.Enum):
    """What a failed attempt means. The value is the word shown to people."""

    RATE_LIMITED = "rate limited"
    QUOTA_EXHAUSTED = "quota exhausted"
    NO_CREDIT = "no credit"
    NO_CREDIT_ALL = "no credit, free models included"
    AFFORDABLE = "can afford a smaller reply"
    REJECTED = "key rejected"
    REVOKED = "key revoked"
    NEEDS_LOGIN = "needs login"
    """An account's login is over: nothing but signing in again helps."""
    NOT_RENEWED = "login not renewed"
    """An account's login ran out, and could not be renewed for now."""
    MODEL_UNAVAILABLE = "model unavailable"
    MODEL_GONE = "model unavailable for every key"
    CONTEXT_EXCEEDED = "context too long"
    TOO_LARGE = "request too large"
    BAD_PARAM = "parameter not taken"
    CONTENT_POLICY = "content policy"
    PROVIDER_GONE = "provider gone"
    BAD_REQUEST = "bad request"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server error"
    CONNECT = "could not connect"
    NO_ROOM = "no connection came free"
    """Our own bound on connections to one provider; nobody is to blame."""
    NO_FIRST_TOKEN = "no answer in time"  # noqa: S105 (a token of text)
    BROKEN = "connection broken"
    WRONG_TYPE = "not the promised content type"
    EMPTY = "empty reply"
    BAD_CALL = "a tool call that cannot be read"
    """The model's slip: another try may go well, and the key has nothing to do with it."""


BAD_CALL_CODE = "invalid_tool_arguments"
"""Of the error that readers of replies make of a call whose arguments are no JSON object."""
REPLAYED_REASONING = "replayed reasoning"
"""Stands for a field in `Failure.param`: sealed reasoning of earlier turns, which whoever is asked now cannot open. It is left
out of this request; nothing is learned from it, for the next conversation may be their own."""
BROKEN_HISTORY = "calls without their results"
"""Stands for a field in `Failure.param`: tool calls and results that do not belong together, or turns of nothing. Who is asked
once more gets this request's history repaired (`core.history`)."""
ODD_NAMES = "names of tools or calls"
"""Stands for a field in `Failure.param`: names, or ids, with letters that are not taken, or too long. Who is asked once more
gets others for them, and the client its own back."""
UNSIGNED_CALLS = "calls without their signatures"
"""Stands for a field in `Failure.param`: calls that came without the thought signature that the model demands, since the client
does not keep it or another model made them. Who is asked once more gets what stands for one."""
UNTAKEN_EFFORT = "this reasoning effort"
"""Stands for a field in `Failure.param`: the value, for the model takes others."""
UNTAKEN_STRICTNESS = "strict tools"
"""Stands for a field in `Failure.param`: that calls keep to their schemas, which are too much, or too many, to be held to."""
A_BETA = "anthropic-beta "
"""Before the name of a beta in `Failure.param`: one that a client's head asks for, and whoever is asked does not know."""
OF_THE_REQUEST = frozenset({REPLAYED_REASONING, BROKEN_HISTORY, ODD_NAMES, UNSIGNED_CALLS, UNTAKEN_EFFORT, UNTAKEN_STRICTNESS})
"""What was wrong with one request, and says nothing of the model."""


class HintSource(enum.Enum):
    """Where a block's end, or what is known of a window, comes from."""

    HEADER = "header"
    BODY = "body"
    LOOKUP = "look-up"
    """A free question that was asked for it."""
    GUESS = "guess"


class WindowKind(enum.Enum):
    """What a window counts, over what."""

    REQUESTS_SECOND = "requests/second"
    REQUESTS_MINUTE = "requests/minute"
    REQUESTS_HOUR = "requests/hour"
    REQUESTS_DAY = "requests/day"
    REQUESTS_WEEK = "requests/week"
    REQUESTS_MONTH = "requests/month"
    TOKENS_MINUTE = "tokens/minute"
    TOKENS_HOUR = "tokens/hour"
    TOKENS_DAY = "tokens/day"
    TOKENS_WEEK = "tokens/week"
    TOKENS_MONTH = "tokens/month"
    INPUT_TOKENS_MINUTE = "input tokens/minute"
    INPUT_TOKENS_DAY = "input tokens/day"
    OUTPUT_TOKENS_MINUTE = "output tokens/minute"
    OUTPUT_TOKENS_DAY = "output tokens/day"
    REQUESTS = "requests"
    """Over a span that was not said."""
    TOKENS = "tokens"
    PLAN = "plan"
    """A subscription's allowance, of which only the share used is ever said; `window_s` is its length."""
    CREDIT = "credit"
    """A balance, in millionths of a dollar."""
    CREDIT_DAY = "credit/day"
    CREDIT_WEEK = "credit/week"
    CREDIT_MONTH = "credit/month"
    AT_ONCE = "at once"
    """Requests in flight."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply said about one window, in its headers or its body. None is not said."""

    kind: WindowKind
    limit: int | None = None
    left: int | None = None
    resets_at: float | None = None
    """When it is full again, Unix seconds."""
    is_relative: bool = False
    """That was said as so long from then: the true moment is a little sooner."""
    scope: str = ""
    """As in `Failure.scope`; empty is the provider's `quota_scope`."""
    used_percent: float | None = None
    """Instead of `limit` and `left`, where only this is said: 0 to 100."""
    window_s: float | None = None
    """The window's length, where it is said and the kind does not say it."""
    source: HintSource = HintSource.HEADER


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt, read. `message` and `body` are scrubbed of secrets before they come here."""

    verdict: Verdict
    message: str
    status: int | None = None
    """The upstream's HTTP status; None when there was none."""
    until: float | None = None
    """When the provider says to come back (Unix seconds)."""
    source: HintSource = HintSource.GUESS
    scope: str = ""
    """The kind of scope it speaks of when that is not the table's: `account`, `account_model`, `credential`, `candidate`,
    `model`, `free`, `paid`."""
    param: str = ""
    """BAD_PARAM: the top-level field that is not taken. MODEL_UNAVAILABLE: `tools` or `images`, if only that is missing."""
    affordable_tokens: int = 0
    """AFFORDABLE: the max_tokens that the balance still pays, or the most that the model writes."""
    ceiling_tokens: int = 0
    """CONTEXT_EXCEEDED, TOO_LARGE: the provider's limit, if it said one."""
    account: str = ""
    """The account the provider named (`org_…`), if any."""
    body: bytes = b""
    """What it answered, for the client of a refusal that is the client's own doing."""
    seen: tuple[Observation, ...] = ()
    """What its text says about windows: limits, what is used, when they turn."""
