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


class HintSource(enum.Enum):
    """Where a block's end comes from."""

    HEADER = "header"
    BODY = "body"
    GUESS = "guess"


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
    """AFFORDABLE: the max_tokens that the balance still pays."""
    ceiling_tokens: int = 0
    """CONTEXT_EXCEEDED, TOO_LARGE: the provider's limit, if it said one."""
    account: str = ""
    """The account the provider named (`org_…`), if any."""
    body: bytes = b""
    """What it answered, for the client of a refusal that is the client's own doing."""


class WindowKind(enum.Enum):
    """What a window counts, over what."""

    REQUESTS_MINUTE = "requests/minute"
    REQUESTS_HOUR = "requests/hour"
    REQUESTS_DAY = "requests/day"
    REQUESTS_MONTH = "requests/month"
    TOKENS_MINUTE = "tokens/minute"
    TOKENS_HOUR = "tokens/hour"
    TOKENS_DAY = "tokens/day"
    TOKENS_MONTH = "tokens/month"
    REQUESTS = "requests"
    TOKENS = "tokens"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply's headers said about one window. None is not said."""

    kind: WindowKind
    limit: int | None = None
    left: int | None = None
    resets_at: float | None = None
    scope: str = ""
    """As in `Failure.scope`; empty is the provider's `quota_scope`."""
