"""Room: how much fits of what a request takes, by all windows of one candidate together."""

from typing import Final

from hrd.core.price import MILLION, Price
from hrd.core.quota.kinds import AT_ONCE, CREDIT, INPUT, OUTPUT, REQUESTS, TOKENS
from hrd.core.quota.meter import Meter

NO_LIMIT: Final = 2**60


class Room:
    """How much fits."""

    __slots__ = ("credit", "input", "least", "output", "price", "requests", "tokens")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing limits it."""
        self.requests = self.tokens = self.input = self.output = self.credit = self.least = NO_LIMIT
        self.price: Price | None = None
        """`least`: of all kinds of tokens, and of credit at its dearest; who needs no more in all need not look at each."""

    def takes(self, input_tokens: int, output_tokens: int) -> bool:
        return (
            self.requests >= 1
            and input_tokens + output_tokens <= self.tokens
            and input_tokens <= self.input
            and output_tokens <= self.output
            and (self.price is None or self.price.cost(input_tokens, output_tokens) <= self.credit)
        )

    def narrow(self, meter: Meter, room: int, price: Price | None) -> None:
        """*price*: by which it takes from a credit."""
        measure = meter.measure
        if measure is REQUESTS or measure is AT_ONCE:
            if room < self.requests:
                self.requests = room
            return
        if meter.used <= 0 and room > 0:
            return  # untouched: it takes whatever comes
        if measure is CREDIT and price is not None and price.dearest:
            self.price, self.credit = price, min(self.credit, room)
            room = max(0, room - price.request) * MILLION // price.dearest
        elif measure is TOKENS:
            self.tokens = min(self.tokens, room)
        elif measure is INPUT:
            self.input = min(self.input, room)
        elif measure is OUTPUT:
            self.output = min(self.output, room)
        else:
            self.requests = min(self.requests, room)
            return
        self.least = min(self.least, room)
