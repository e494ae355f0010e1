"""The ledger's rows: what one attempt holds, and what it came to."""

import enum
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class State(enum.Enum):
    """A row is held from before the request is sent, then settled; held by a dead process it is lost, and counts as spent."""

    HELD = "held"
    SETTLED = "settled"
    LOST = "lost"


class Reservation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Set aside before sending."""

    id: int
    at: float
    request_id: str
    provider: str
    model: str
    credential: str
    scopes: tuple[str, ...]
    tokens: int
    """Estimate: input and output together."""
    client: str = ""
    """Fingerprint of the key for which it is."""
    cost_microusd: int | None = 0
    """Estimate of the same; None is not known."""


class Raised(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So much is set aside by now: a reply that still runs has come to more than was reserved for it."""

    id: int
    tokens: int
    cost_microusd: int | None


class Settlement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a reservation came to."""

    id: int
    at: float
    tokens: int
    outcome: str


STORED_WITHIN_S = 10.0
"""Windows that changed are stored together every two seconds, but those of which a provider told something at once, and alone:
whatever is older than this before the newest of them is in all of them."""


class Spent(NamedTuple):
    """One row of the ledger, as a process that starts counts it: held and lost ones count in full."""

    id: int
    at: float
    scopes: Sequence[str]
    reserved: int
    tokens: int
    settled_at: float | None
    is_served: bool = False
    """Its provider answered. Whether it counts what it did not answer, nobody knows."""
