"""A snapshot: the pool as it stands, for those who show it."""

from functools import cached_property

import msgspec

from hrd.core.blocks import Block
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.quota.book import QuotaBook
from hrd.core.remembered import DayCounts
from hrd.core.roster import Roster
from hrd.core.rules import PoolRules
from hrd.core.selections import Selections


class PoolSnapshot(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The pool as it stands, for `hr status` and its like; to be read at once. What has to be gathered is, once it is wanted:
    every two seconds somebody looks who wants none of it."""

    roster: Roster
    selections: Selections
    rules: PoolRules
    blocks: tuple[Block, ...]
    book: QuotaBook
    learning: Learning
    embedding_pin: tuple[str, str] | None
    embedding_pinned_at: float
    lanes: Lanes
    today: dict[tuple[str, str], DayCounts]
    probing: frozenset[str]

    @cached_property
    def today_by_provider(self) -> dict[str, DayCounts]:
        """Provider → what all of its keys did today, those included that were taken out since."""
        sums: dict[str, DayCounts] = {}
        for (provider, _), one in self.today.items():
            sums.setdefault(provider, DayCounts(provider=provider, credential="")).add(one)
        return sums

    @cached_property
    def in_flight(self) -> dict[str, int]:
        """Credential → requests out now."""
        return self.lanes.in_flight()

    @cached_property
    def latency_ms(self) -> dict[str, float]:
        """Credential → smoothed time to the commit point."""
        return self.lanes.latency_ms()
