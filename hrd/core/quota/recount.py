"""The recount: what the ledger has and the rows of windows have not, so that nothing is counted less for a crash.

Of what a process that is no more spent only the tokens are known, which of a credit count at the dearest.
"""

from collections.abc import Callable, Iterable, Sequence

from hrd.core.ledger import Spent
from hrd.core.price import Price
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.kinds import HOUR_S, OF_TOKENS, Measure
from hrd.core.quota.meter import Meter
from hrd.core.quota.meters import Meters
from hrd.core.quota.window import Window

SPENT_S = HOUR_S
"""How far back the ledger is looked through for what windows that were never stored have counted."""


class Recount:
    """Counts rows of the ledger in meters. *price_at*: by which whoever has these scopes takes from a credit."""

    def __init__(
        self, meters: Meters, rows: Sequence[Spent], now: float, price_at: Callable[[Sequence[str]], Price | None]
    ) -> None:
        """*rows*: the ledger's newest."""
        self._meters = meters
        self._price_at = price_at
        self._rows = [row for row in rows if row.at > now - SPENT_S]
        self._read_at = now
        """For a while: a meter that is made anew may have counted before the process began."""
        self._by_scope: dict[str, list[Spent]] | None = None

    # at the start --------------------------------------------------------------------------------------------------------

    def count_all(self, rows: Iterable[Spent], true_name: Callable[[str], str], now: float) -> None:
        """Those of *rows* that the windows do not have, each by its own word. *true_name*: of a scope."""
        stored: dict[str, list[Window] | None] = {}
        for row in rows:
            for named in row.scopes:
                scope = self._scope_of(named, stored, true_name)
                windows = stored.get(scope)
                for meter, window in zip(self._meters.at(scope), windows, strict=True) if windows else ():
                    self._count_row(meter, window, row, now)

    def _scope_of(self, named: str, stored: dict[str, list[Window] | None], true_name: Callable[[str], str]) -> str:
        """As it was stored: as somebody called it, or as it is called. Puts its windows among those *stored*."""
        for scope in (named, true_name(named)):
            if scope not in stored:
                stored[scope] = self._meters.asleep_at(scope)
            if stored[scope] is not None:
                return scope
        return named

    def _count_row(self, meter: Meter, window: Window, row: Spent, now: float) -> None:
        if row.id > window.through or row.at > window.seen_at:
            self._count(meter, row, now)
        elif row.settled_at is not None and row.settled_at > window.seen_at:
            self.count_more(meter, row.scopes, row.tokens - row.reserved, row.at, now)

    def _count(self, meter: Meter, row: Spent, now: float) -> None:
        amount = self.at_most(row.scopes, row.tokens).of(meter.measure) if meter.measure is not Measure.AT_ONCE else 0
        if amount:
            meter.count_again(amount, row.at, now, is_sure=row.is_served)
            self._meters.touch(meter)

    # later ---------------------------------------------------------------------------------------------------------------

    def count_before(self, meter: Meter, now: float) -> None:
        """What *meter*, which was just made, would have counted had it been there."""
        for row in self._at(meter.scope):
            self._count(meter, row, now)

    def _at(self, scope: str) -> Sequence[Spent]:
        """The ledger's newest rows that count at *scope*."""
        if not self._rows:
            return ()
        if self._by_scope is None:
            self._by_scope = {}
            for row in self._rows:
                for other in row.scopes:
                    self._by_scope.setdefault(other, []).append(row)
        return self._by_scope.get(scope, ())

    def at_most(self, scopes: Sequence[str], tokens: int) -> Amounts:
        """What a request takes of which only the tokens are known."""
        price = self._price_at(scopes)
        return Amounts(tokens, 0, price.at_most(tokens) if price is not None and tokens else 0)

    def count_more(self, meter: Meter, scopes: Sequence[str], tokens: int, at: float, now: float) -> None:
        """It came to so many tokens more than was reserved. What came to less was reserved at its price, not at the dearest."""
        if meter.measure is Measure.CREDIT:
            price = self._price_at(scopes)
            more = price.at_most(tokens) if price is not None and tokens > 0 else 0
        else:
            more = tokens if meter.measure in OF_TOKENS else 0
        if more:
            meter.count_again(more, at, now)
            self._meters.touch(meter)

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """There is nobody at these scopes any more."""
        self._rows = [row for row in self._rows if not any(map(is_meant, row.scopes))]
        self._by_scope = None

    def forget_old(self, now: float) -> None:
        if abs(now - self._read_at) > SPENT_S:
            self._rows, self._by_scope = [], None
