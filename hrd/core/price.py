"""A price: what tokens of one model cost, in whole millionths of a US dollar."""

import msgspec

MILLION = 1_000_000


class Price(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Millionths of a dollar for a million tokens."""

    input: int
    output: int
    cached: int | None = None
    """Of input that the provider had kept; None is the same as `input`."""
    cache_write: int | None = None
    """Of input that it keeps from now on; None is the same as `input`."""
    request: int = 0
    """Millionths of a dollar for each request, whatever its size."""

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, written_tokens: int = 0) -> int:
        """Rounded up: many small replies must not add up to nothing."""
        return self.request - (-self._parts(input_tokens, output_tokens, cached_tokens, written_tokens) // MILLION)

    def counted(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, written_tokens: int = 0) -> int:
        """The same as it adds up to a provider's own count of what was spent: to the nearest, which a thousand replies come to,
        where rounded up they come to half a thousand more; but not to nothing."""
        parts = self._parts(input_tokens, output_tokens, cached_tokens, written_tokens)
        return self.request + (max(1, (parts + MILLION // 2) // MILLION) if parts else 0)

    def _parts(self, input_tokens: int, output_tokens: int, cached_tokens: int, written_tokens: int) -> int:
        """Millionths of a millionth of a dollar."""
        cached = min(cached_tokens, input_tokens)
        written = min(written_tokens, input_tokens - cached)
        kept = self.input if self.cached is None else self.cached
        keeping = self.input if self.cache_write is None else self.cache_write
        return (input_tokens - cached - written) * self.input + cached * kept + written * keeping + output_tokens * self.output

    @property
    def dearest(self) -> int:
        """What a million tokens cost at most, whichever they are."""
        return max(self.input, self.output, self.cached or 0, self.cache_write or 0)

    def at_most(self, tokens: int) -> int:
        """What a request of so many tokens cost at most."""
        return self.request - (-tokens * self.dearest // MILLION)
