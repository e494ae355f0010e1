"""Facts: what the pool and the line tell each other.

`Pool.claim` gives a `Claim` or a `Wait`; `Pool.apply` takes a fact, changes the pool's state and returns the rows to store.
"""

import msgspec

from hrd.core.failures import Failure, Observation
from hrd.core.journal import Reading, Usage
from hrd.core.ledger import Reservation
from hrd.core.providers import Candidate
from hrd.core.roster import Roster
from hrd.core.tour import Tour


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate to ask, with its reservation. Every claim ends in exactly one of `Failed` or `Ended`."""

    candidate: Candidate
    reservation: Reservation
    begun_at: float
    drop: frozenset[str]
    """Request fields to leave out: learned, or objected to a moment ago."""
    max_tokens: int | None
    is_last: bool
    """Nobody else is left to ask now."""
    order: tuple[str, ...]
    is_choosy: bool
    """Some of those that the name selects were passed over."""
    may_pin: bool = False
    """Embeddings for the router's own name: its answer pins the pair that gave it."""
    is_probe: bool = False
    """It asks in spite of a block, or beyond a limit that was only learned, to find out whether that still holds."""
    moved_from: str = ""
    """The key of the candidate that the conversation belongs to, when it could not be asked or had little left."""
    readings: tuple[Reading, ...] = ()
    """What was left for those in `order`, at that moment."""


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody can serve now, but somebody may at *until*, which is not yet; then claim again."""

    until: float


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt reached its commit point."""

    claim: Claim
    latency_ms: float
    observations: tuple[Observation, ...] = ()
    account: str = ""
    """The account that the provider named, if any."""


class RunsOn(msgspec.Struct, frozen=True, kw_only=True):
    """A committed attempt has come to *usage* already, more than was reserved for it, and is not over."""

    claim: Claim
    usage: Usage
    cost_microusd: int | None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A committed attempt is over, or one was given up through no fault of the candidate's."""

    claim: Claim
    outcome: str
    usage: Usage
    is_broken: bool = False
    """The stream broke after the commit point."""
    used_tools: bool = False
    saw_images: bool = False
    """A good answer that needed them."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt failed before its commit point."""

    claim: Claim
    failure: Failure
    observations: tuple[Observation, ...] = ()
    usage: Usage = Usage()
    """What it cost all the same."""


class BlamedLater(msgspec.Struct, frozen=True, kw_only=True):
    """An empty reply turned out to be the candidate's fault: somebody else could serve the request."""

    candidate: Candidate
    failure: Failure


class RosterChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Settings or credentials changed."""

    roster: Roster


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """`hr reset`: lift the blocks of a provider, of a credential, or (both empty) all of them."""

    provider: str = ""
    credential: str = ""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """An account signed in, or its login was renewed: what stood against it because it could not show one is over."""

    credential: str


class EmbeddingsUnpinned(msgspec.Struct, frozen=True, kw_only=True):
    """`hr model reset embeddings`."""


class ReasoningSeen(msgspec.Struct, frozen=True, kw_only=True):
    """`hr doctor --probe`: whether a model thought before it answered."""

    provider: str
    model: str
    reasoning: bool


class LeftLine(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits does not wait any longer, although nobody has served it."""

    tour: Tour


class LookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A free question was answered: what a credential has left."""

    candidate: Candidate
    observations: tuple[Observation, ...]
    begun_at: float


Fact = (
    Committed
    | RunsOn
    | Ended
    | Failed
    | BlamedLater
    | RosterChanged
    | Reset
    | SignedIn
    | EmbeddingsUnpinned
    | ReasoningSeen
    | LeftLine
    | LookedUp
)
