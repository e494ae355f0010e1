"""A window as it is kept and shown: one scope, one kind, one owner, and how far it is."""

import enum
from typing import Final, NamedTuple

import msgspec

from hrd.core.failures import HintSource

PROVIDER: Final = "provider"
USER: Final = "user"
"""Whose limit it is: a ceiling of the user's stands beside the provider's own."""

SETTINGS: Final = "settings"
CATALOGUE: Final = "catalogue"
REFUSALS: Final = "refusals"
"""Sources of a limit besides those of `HintSource`: the count at which the provider refused."""
USE: Final = "use"
"""A claim was exceeded without harm: what the limit is, is not known any more."""
LOOKUP: Final = HintSource.LOOKUP.value
SAID_BY_PROVIDER: Final = frozenset({"header", "body", LOOKUP})
NOBODY: Final = ""
"""It only counts, so that a refusal can teach something."""


class Turn(enum.Enum):
    """How a span ends."""

    SLIDING = "sliding"
    """Any stretch of its length holds no more than the limit."""
    FIXED = "fixed"
    """By the calendar of the provider's zone."""
    FIRST_USE = "first use"
    """A length after the first request in it."""
    SAID = "as said"
    """When the provider said so; then from first use."""
    REFILL = "refilling"
    """A little at a time."""
    NEVER = "never"
    """A balance."""
    IN_FLIGHT = "in flight"
    """With each request that ends."""


SLIDING: Final = Turn.SLIDING
FIXED: Final = Turn.FIXED
FIRST_USE: Final = Turn.FIRST_USE
SAID: Final = Turn.SAID
REFILL: Final = Turn.REFILL
NEVER: Final = Turn.NEVER
IN_FLIGHT: Final = Turn.IN_FLIGHT
"""The same as names of the module: see `kinds.REQUESTS`."""


class Window(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One window as it stands. `used` has reservations in it."""

    scope: str
    kind: str
    owner: str = PROVIDER
    turn: Turn = Turn.SAID
    zone: str = "UTC"
    """In which its days turn."""
    limit: int | None = None
    is_implied: bool = False
    """Only what is left was said: `limit` is that and what had been used by then, and holds for this span alone."""
    used: int = 0
    source: str = "header"
    """Who says what the limit is: `header`, `body`, `look-up`, `settings`, `catalogue`, `refusals`, `use`."""
    is_known: bool = True
    """It refuses. Otherwise it is the catalogue's claim, or nobody's."""
    limit_at: float = 0.0
    """When that was said."""
    begun_at: float = 0.0
    """REFILL: up to when what came back is counted."""
    ends_at: float | None = None
    """When it is full again."""
    is_relative: bool = False
    """That was said as so long from then, and read a little later."""
    carried: int = 0
    """So much was reserved when it may have ended already."""
    spans: tuple[tuple[float, int], ...] = ()
    """SLIDING: what leaves it when."""
    through: int = 0
    """The last reservation that is counted in it."""
    seen_at: float = 0.0
    """As of when all this is."""
    test_at: float = 0.0
    test_s: float = 0.0
    """REFUSALS: when it is next looked whether the limit still holds, and how long before that."""
    tests: tuple[float, ...] = ()
    """When it was looked at within the last day."""
    doubt: int = 0
    """So much of what is used no reply has confirmed."""
    unsaid: int = 0
    """So much of it was counted after its provider's last word."""

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def resets_at(self) -> float | None:
        """When all of it is there again, as far as is known."""
        if self.turn is Turn.SLIDING:
            return self.spans[-1][0] if self.spans else None
        return self.ends_at


class Asleep(NamedTuple):
    """A window as it is stored: there may be a hundred thousand, and most are never asked for."""

    scope: str
    through: int
    seen_at: float
    body: bytes


_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Window).decode


def put_to_sleep(window: Window) -> Asleep:
    return Asleep(window.scope, window.through, window.seen_at, _encode(window))


def wake(stored: Asleep | Window) -> Window | None:
    """None for what only another version can read."""
    if isinstance(stored, Window):
        return stored
    try:
        return _decode(stored.body)
    except msgspec.MsgspecError:
        return None
