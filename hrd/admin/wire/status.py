"""What the router is doing: `GET /v1/status`, also the shape of the client endpoint of that name."""

import enum

import msgspec

from hrd.admin.wire.forecast import RunsOut
from hrd.admin.wire.route import Answer, Nothing, Route


class ProviderState(enum.StrEnum):
    """What a provider can do now."""

    READY = "ready"
    PARTLY = "partly"
    """Some of its credentials cannot be asked now."""
    BLOCKED = "blocked"
    OFF = "off"
    RETIRED = "retired"
    NO_KEY = "no key"


class CredentialState(enum.StrEnum):
    """What a credential is doing."""

    READY = "ready"
    BUSY = "busy"
    COOLING = "cooling"
    REJECTED = "rejected"
    NEEDS_LOGIN = "needs login"
    DEAD = "dead"
    NO_CREDIT = "no credit"
    PROBING = "probing"


class CredentialStatus(Answer, frozen=True, kw_only=True):
    """One key, account, or local model server. `account` is empty for an account of its own."""

    fingerprint: str
    state: str
    reason: str = ""
    until: float | None = None
    label: str = ""
    source: str = ""
    account: str = ""
    cost_class: str = msgspec.field(default="", name="class")
    in_flight: int = 0
    requests_today: int = 0
    errors_today: int = 0
    tokens_today: int = 0
    latency_ms: float | None = None


class ModelLearned(Answer, frozen=True, kw_only=True):
    """What is known of a model; None is not known."""

    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    context: int | None = None


class ProviderStatus(Answer, frozen=True, kw_only=True):
    """One provider. `reason` and `until` say why it is not ready, where that is about the provider as a whole. What it did
    today counts keys in that were taken out since."""

    name: str
    state: str
    mode: str
    reason: str = ""
    until: float | None = None
    cost_class: str = msgspec.field(default="", name="class")
    models: tuple[str, ...] = ()
    credentials: tuple[CredentialStatus, ...] = ()
    in_flight: int = 0
    requests_today: int = 0
    errors_today: int = 0
    tokens_today: int = 0
    latency_ms: float | None = None
    learned: dict[str, ModelLearned] = msgspec.field(default_factory=dict)


class StoreStatus(Answer, frozen=True, kw_only=True):
    """The database: `ok`, `degraded` (rows wait in memory) or `full` (new requests are refused)."""

    state: str
    message: str = ""
    rows_waiting: int = 0
    rows_max: int = 0
    path: str = ""
    bytes_on_disk: int = 0
    moved_aside: str = ""


class Finishing(Answer, frozen=True, kw_only=True):
    """A former process that finishes what it had when another took over. `until`: when it ends at the latest."""

    pid: int
    version: str
    in_flight: int
    until: float


class Status(Answer, frozen=True, kw_only=True):
    """`hr status --json`. `endpoint` is the base URL that clients are given."""

    version: str
    pid: int
    now: float
    uptime_s: float
    mode: str
    endpoint: str
    listening: bool
    providers: tuple[ProviderStatus, ...]
    store: StoreStatus
    draining: bool = False
    demo: bool = False
    in_flight: int = 0
    connections: int = 0
    finishing: tuple[Finishing, ...] = ()
    next_out: RunsOut | None = None
    """The next window that at its own pace is used up before it is full again."""
    warnings: tuple[str, ...] = ()


STATUS = Route("GET", "/v1/status", Nothing, Status)
