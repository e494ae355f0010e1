"""A count: what one reservation counts in one meter."""

from typing import TYPE_CHECKING

from hrd.core.quota.slide import Entry

if TYPE_CHECKING:
    from hrd.core.quota.meter import Meter


class Count:
    """Made by `Meter.count`."""

    __slots__ = (
        "amount",
        "at",
        "entry",
        "epoch",
        "is_answered",
        "is_beyond",
        "is_excess",
        "is_test",
        "mark",
        "meter",
        "spare",
        "used_after",
    )

    def __init__(self, meter: "Meter", amount: int, spare: int, entry: Entry | None, at: float, *, is_beyond: bool) -> None:
        self.meter = meter
        self.at = at
        self.amount = amount
        self.spare = spare
        """So much more it may come to."""
        self.is_answered = False
        self.entry = entry
        self.epoch = meter.epoch
        self.mark = meter.settled_total
        """What had been settled before: whatever was reserved beyond it may not have been counted by the provider yet."""
        self.is_beyond = is_beyond
        """There was no room for it by a claim, or by a limit that is being tested."""
        self.is_test = False
        self.is_excess = False
        """It was taken all the same: more was counted than the provider did."""
        self.used_after = meter.used
