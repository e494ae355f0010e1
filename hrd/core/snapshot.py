"""A snapshot: the pool as it stands, for those who show it."""

import msgspec

from hrd.core.blocks import Block
from hrd.core.learned import Learning
from hrd.core.quota.book import QuotaBook
from hrd.core.remembered import DayCounts
from hrd.core.roster import Roster
from hrd.core.rules import PoolRules
from hrd.core.selections import Selections


class PoolSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The pool as it stands, for `hr status` and its like; to be read at once."""

    roster: Roster
    selections: Selections
    rules: PoolRules
    blocks: tuple[Block, ...]
    book: QuotaBook
    learning: Learning
    embedding_pin: tuple[str, str] | None
    embedding_pinned_at: float
    in_flight: dict[str, int]
    """Credential → requests out now."""
    latency_ms: dict[str, float]
    """Credential → smoothed time to the commit point."""
    today: dict[tuple[str, str], DayCounts]
    probing: frozenset[str]
