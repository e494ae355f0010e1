"""What happened to requests: the last ones, one as it ends, one in full. Never a word of their content."""

from hrd.admin.wire.route import Answer, Ask, Route


class LogsQuestion(Ask, frozen=True, kw_only=True):
    """The newest `n`, or those after a row (then oldest first). When followed: `n` older ones, then what happens."""

    n: int = 50
    after: int | None = None
    errors: bool = False
    provider: str = ""


class ExchangeUsage(Answer, frozen=True, kw_only=True):
    """Tokens of one reply; `source` is `known`, `estimated` or `none`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    source: str = "none"
    stated_microusd: int | None = None
    """What it cost, by the provider's own word."""


class ExchangeAttempt(Answer, frozen=True, kw_only=True):
    """One attempt; `outcome` is `ok` or what went wrong."""

    provider: str
    model: str
    credential: str
    outcome: str
    status: int | None = None
    message: str = ""
    ms: float = 0.0
    is_probe: bool = False
    """It asked in spite of what was known, to find out whether that still holds."""


class ExchangeReading(Answer, frozen=True, kw_only=True):
    """What was left for one candidate at that moment: its scarcest window. `kind` is empty when none is known."""

    candidate: str
    kind: str = ""
    left: int = 0
    limit: int | None = None
    resets_at: float | None = None
    is_known: bool = False
    """Said by the provider or set by the user; otherwise the catalogue's claim."""
    in_flight: int = 0


class ExchangePassedOver(Answer, frozen=True, kw_only=True):
    """A candidate that was not asked, and why."""

    candidate: str
    why: str
    until: float | None = None
    reading: ExchangeReading | None = None


class Exchange(Answer, frozen=True, kw_only=True):
    """One request from head to end, without a word of its content: the journal's entry, and the row it stands in."""

    request_id: str
    at: float
    endpoint: str
    client: str
    model_asked: str
    stream: bool
    outcome: str
    status: int
    row: int = 0
    client_name: str = ""
    provider: str = ""
    model: str = ""
    credential: str = ""
    usage: ExchangeUsage = ExchangeUsage()
    cost_microusd: int | None = 0
    """None: not known."""
    session: str = ""
    first_token_ms: float | None = None
    total_ms: float = 0.0
    waited_ms: float = 0.0
    attempts: tuple[ExchangeAttempt, ...] = ()
    order: tuple[str, ...] = ()
    readings: tuple[ExchangeReading, ...] = ()
    moved_from: str = ""
    """The candidate that the conversation belongs to, when it could not be asked or had little left."""
    passed_over: tuple[ExchangePassedOver, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()


class Logs(Answer, frozen=True, kw_only=True):
    """`hr logs --json`, oldest first. `last_row` is what the next question may say as `after`. `unwritten`: why what is newest
    is missing, while the database cannot be written."""

    exchanges: tuple[Exchange, ...]
    last_row: int = 0
    unwritten: str = ""


class WhyQuestion(Ask, frozen=True, kw_only=True):
    """One request by the id that its answer carried (x-request-id)."""

    request_id: str


class Why(Answer, frozen=True, kw_only=True):
    """`hr why --json`."""

    now: float
    exchange: Exchange


LOGS = Route("GET", "/v1/logs", LogsQuestion, Logs)
LOGS_FOLLOW = Route("GET", "/v1/logs/follow", LogsQuestion, Exchange, streams=True)
WHY = Route("GET", "/v1/why/{request_id}", WhyQuestion, Why)
