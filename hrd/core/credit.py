"""Credit: what replies take from balances, and at which price."""

from collections.abc import Sequence
from typing import Final

from hrd.core.journal import Usage
from hrd.core.price import Price
from hrd.core.providers import Candidate, CostClass
from hrd.core.reach import candidates_of
from hrd.core.roster import Roster

_PAID: Final = CostClass.PAID  # found ten times sooner so, see core.quota.kinds


class CreditPrices:
    """Of whoever one roster has."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._known: dict[Sequence[str], Price | None] = {}

    def change(self, roster: Roster) -> None:
        self._roster = roster
        self._known.clear()

    def at(self, found: Sequence[str]) -> Price | None:
        """By which whoever has these scopes takes from a credit."""
        if found not in self._known:
            self._known[found] = next((one.credit_price for one in candidates_of(found, self._roster)), None)
        return self._known[found]


def credit_spent(candidate: Candidate, usage: Usage) -> int:
    """What a reply took from a credit, by its provider's own word or by its price."""
    price = candidate.credit_price
    if usage.stated_microusd is not None and candidate.provider.states_cost and candidate.cost_class is _PAID:
        return usage.stated_microusd
    if price is None or not (usage.input_tokens or usage.output_tokens):
        return 0
    return price.counted(usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens)
