"""Blocks: a scope is not to be asked until …. A hypothesis, not a sentence.

A block is computed at read time: one whose `until` has passed blocks nobody, but it is remembered, because its `step` says
how far up the ladder the next failure lands, and because the first request after it is a probe: while that one is out, the
others still pass the scope over. A success begun after the block was set clears it.
"""

import msgspec

from hrd.core.failures import HintSource

LADDER_S = (5.0, 15.0, 60.0)
"""Guesses for a 429 without a hint and for server errors; the last step repeats."""
ONLY_CANDIDATE_S = 10.0
"""A guessed block holds no longer than this when nothing else could serve."""
REMEMBERED_S = 3600.0
"""How long an expired block keeps its step."""
FOREVER = 32503680000.0
"""The year 3000: until somebody changes something by hand."""


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One scope and reason. Times are Unix seconds."""

    scope: str
    reason: str
    source: HintSource
    set_at: float
    until: float
    next_probe: float | None = None
    step: int = 0
    message: str = ""
