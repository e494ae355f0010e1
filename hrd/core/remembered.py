"""What outlives a process: the rows a store keeps besides ledger and journal, and what a new process starts from."""

from typing import NamedTuple

import msgspec

from hrd.core.blocks import Block
from hrd.core.journal import Entry
from hrd.core.ledger import Raised, Reservation, Settlement, Spent
from hrd.core.price import Price
from hrd.core.quota.window import Asleep, Window


class BlockLifted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A success, an expiry long past, or `hr reset`."""

    scope: str
    reason: str


class WindowForgotten(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nothing is known of a window any more, or it goes by another scope."""

    scope: str
    kind: str
    owner: str


class Learned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing found out about a model: `tools`, `vision`, `reasoning`, `context`, `output` (tokens), or `drop:<field>`."""

    provider: str
    model: str
    what: str
    value: int
    at: float
    expires_at: float


class EmbeddingPin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The pair that answers embeddings for the router's own name; empty strings unpin."""

    provider: str
    model: str
    at: float


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's model list as last read."""

    provider: str
    models: tuple[str, ...]
    contexts: dict[str, int]
    at: float
    prices: dict[str, Price] = {}
    """Of the models whose price it states."""


class AccountNamed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The provider itself said which account a credential draws on."""

    credential: str
    account: str


class Charge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """To be added to one client key's UTC day. Less than nothing, when a request came to less than was set aside for it."""

    client: str
    day: int
    """Days since the Unix epoch."""
    requests: int = 0
    tokens: int = 0
    cost_microusd: int = 0


Row = (
    Reservation
    | Raised
    | Settlement
    | Entry
    | Block
    | BlockLifted
    | Window
    | WindowForgotten
    | Learned
    | EmbeddingPin
    | Discovered
    | AccountNamed
    | Charge
)


class DayCounts(msgspec.Struct, kw_only=True):
    """One credential's UTC day so far."""

    provider: str
    credential: str
    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, more: "DayCounts") -> None:
        self.requests += more.requests
        self.errors += more.errors
        self.input_tokens += more.input_tokens
        self.output_tokens += more.output_tokens


class AskedAt(NamedTuple):
    """A client key's request was first sent to somebody then."""

    client: str
    at: float


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What a new process starts from."""

    at: float = 0.0
    """When this was read."""
    read_at: float = 0.0
    """When, if other processes still write."""
    next_reservation: int = 1
    blocks: tuple[Block, ...] = ()
    windows: tuple[Asleep, ...] = ()
    spent: tuple[Spent, ...] = ()
    """The rows of the ledger that came or were settled after windows were last stored: they are not in their counts."""
    learned: tuple[Learned, ...] = ()
    embedding_pin: EmbeddingPin | None = None
    discovered: tuple[Discovered, ...] = ()
    accounts: tuple[AccountNamed, ...] = ()
    today: tuple[DayCounts, ...] = ()
    charged: tuple[Charge, ...] = ()
    """What client keys have spent this UTC day, the one before it, and later by a clock that was ahead: the oldest first."""
    asked_lately: tuple[AskedAt, ...] = ()
    """Requests that were sent within the last minute, one each."""
    held: tuple[Reservation, ...] = ()
    """Those of living processes that still finish what they began."""
    held_by: dict[int, tuple[int, float]] = {}
    """Number → whose that is (pid, start)."""
    told_through: dict[tuple[int, float], int] = {}
    """Process (pid, start) that has handed over → the number of its last write that is in here: what it tells of that and of
    earlier ones is known already."""
    lost: int = 0
    """Reservations of a dead process, now counted as spent."""
