"""Amounts: what one request takes, of whatever a window counts."""

import msgspec

from hrd.core.providers import Candidate
from hrd.core.quota.kinds import AT_ONCE, CREDIT, INPUT, OUTPUT, REQUESTS, TOKENS, Measure


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """What one request takes."""

    input_tokens: int = 0
    output_tokens: int = 0
    credit: int = 0

    def of(self, measure: Measure) -> int:
        if measure is REQUESTS or measure is AT_ONCE:
            return 1
        if measure is TOKENS:
            return self.input_tokens + self.output_tokens
        if measure is INPUT:
            return self.input_tokens
        if measure is OUTPUT:
            return self.output_tokens
        return self.credit if measure is CREDIT else 0

    def loose_of(self, measure: Measure) -> int:
        """How much less of it the reply may come to: what was sent is spent."""
        if measure is TOKENS or measure is OUTPUT:
            return self.output_tokens
        return self.credit if measure is CREDIT else 0


def amounts_of(candidate: Candidate, input_tokens: int, output_tokens: int) -> Amounts:
    """What a request to *candidate* is expected to take."""
    price = candidate.credit_price
    return Amounts(input_tokens, output_tokens, price.counted(input_tokens, output_tokens) if price is not None else 0)
