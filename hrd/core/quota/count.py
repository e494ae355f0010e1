"""A count: what one reservation counts in one meter."""

from typing import TYPE_CHECKING

import msgspec

from hrd.core.quota.slide import Entry

if TYPE_CHECKING:
    from hrd.core.quota.meter import Meter


class Count(msgspec.Struct, eq=False, gc=False):
    """Made by `Meter.count`."""

    meter: "Meter"
    at: float
    amount: int
    spare: int
    """So much more it may come to."""
    loose: int
    """And so much less."""
    entry: Entry | None
    epoch: int
    mark: int
    """What had been settled before: whatever was reserved beyond it may not have been counted by the provider yet."""
    used_after: int
    is_beyond: bool
    """There was no room for it by a claim, or by a limit that is being tested."""
    is_answered: bool = False
    is_test: bool = False
    is_excess: bool = False
    """It was taken all the same: more was counted than the provider did."""
