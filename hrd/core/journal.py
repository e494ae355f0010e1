"""The journal entry: what happened to one request, without a word of its content.

Built up as the exchange travels the line, written once, at its end. The same value is the log line, the row behind
`hr logs` and `hr why`, and the source of the usage totals.
"""

import enum

import msgspec


class Outcome(enum.StrEnum):
    """How an exchange ended."""

    OK = "ok"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    CLIENT_GONE = "client gone"
    STOPPED = "stopped"
    CRASHED = "crashed"


class UsageSource(enum.Enum):
    """How far token counts can be trusted."""

    KNOWN = "known"
    ESTIMATED = "estimated"
    NONE = "none"


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Tokens of one reply."""

    input_tokens: int = 0
    """Cached ones included."""
    output_tokens: int = 0
    cached_tokens: int = 0
    """Read from the provider's cache."""
    cache_write_tokens: int = 0
    """Written to it; some charge for that."""
    reasoning_tokens: int = 0
    source: UsageSource = UsageSource.NONE
    stated_microusd: int | None = None
    """What it cost, by the provider's own word."""


SERVED = "ok"
"""The outcome of an attempt that came to its commit point and, as far as it was seen, to its end."""

BROKE_OFF = "broke off"
"""The outcome of an attempt that came to its commit point, and not to its end."""

GIVEN_UP = "given up"
"""The outcome of an attempt that ended before its commit point through no fault of the candidate's."""


class AttemptNote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attempt, for people."""

    provider: str
    model: str
    credential: str
    outcome: str
    """SERVED, BROKE_OFF, a `Verdict`'s words, or GIVEN_UP."""
    status: int | None = None
    message: str = ""
    ms: float = 0.0
    is_probe: bool = False
    """It asked in spite of what was known, to find out whether that still holds."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What was left for one candidate at that moment: its scarcest window. `kind` is empty when none is known."""

    candidate: str
    kind: str = ""
    """As in `WindowKind`."""
    left: int = 0
    limit: int | None = None
    resets_at: float | None = None
    is_known: bool = False
    """Said by the provider or set by the user; otherwise the catalogue's claim, which never refuses."""
    in_flight: int = 0


class PassedOver(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A candidate that was not asked, and why."""

    candidate: str
    why: str
    until: float | None = None
    reading: Reading | None = None
    """What was left for it, if anything is known."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange, finished. Times are Unix seconds, durations milliseconds. Stored without what is as it mostly is."""

    request_id: str
    at: float
    endpoint: str
    client: str
    """Fingerprint of the client's key."""
    model_asked: str
    stream: bool
    outcome: Outcome
    status: int
    provider: str = ""
    model: str = ""
    credential: str = ""
    usage: Usage = Usage()
    cost_microusd: int | None = 0
    """Of all attempts together; None is not known."""
    session: str = ""
    """The client's label for what it belongs to."""
    first_token_ms: float | None = None
    total_ms: float = 0.0
    waited_ms: float = 0.0
    attempts: tuple[AttemptNote, ...] = ()
    order: tuple[str, ...] = ()
    """The candidates as they were ranked, named by their keys (bounded)."""
    readings: tuple[Reading, ...] = ()
    """What was left for those in `order` (bounded)."""
    moved_from: str = ""
    """The candidate that the conversation belongs to, when it could not be asked or had little left."""
    passed_over: tuple[PassedOver, ...] = ()
    reason: str = ""
    """For anything but OK: what the client was told, scrubbed."""
    notes: tuple[str, ...] = ()
    """What was changed on the way: fields dropped, limits clamped."""
