"""Blocks: a scope is not to be asked until …. A hypothesis, not a sentence.

A block is computed at read time: one whose `until` has passed blocks nobody, but it is remembered, because its `step` says
how far up the ladder the next failure lands, and because the first request after it is a probe: while that one is out, the
others still pass the scope over. A success begun after the block was set clears it.
"""

import math

import msgspec

from hrd.core.failures import HintSource

LADDER_S = (5.0, 15.0, 60.0)
"""Guesses for a 429 without a hint and for server errors; the last step repeats."""
ONLY_CANDIDATE_S = 10.0
"""A guessed block holds no longer than this when nothing else could serve."""
IMPATIENT_REASONS = frozenset({"rate limit", "errors", "unreachable", "breaker"})
"""Guessed reasons that pass by themselves; waiting ten seconds mends no key and no bill."""
REMEMBERED_S = 3600.0
"""How long an expired block keeps its step."""
NO_STEP = -1
"""The step of a block before any guess."""
FOREVER = 32503680000.0
"""The year 3000: until somebody changes something by hand."""
PROBED_OVER_S = 3600.0
"""A longer block whose end is only a provider's word or our guess is looked at before."""
PROBES_A_DAY = 8
DAY_S = 86400.0
AHEAD_S = 1.0
"""A clock that is put right by less is left to it."""


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One scope and reason. Times are Unix seconds."""

    scope: str
    reason: str
    source: HintSource
    set_at: float
    until: float
    next_probe: float | None = None
    """When one request may ask all the same; None: not before it is over."""
    probe_s: float = 0.0
    """How long before that."""
    probed_at: tuple[float, ...] = ()
    """The probes of the last day."""
    step: int = NO_STEP
    """How far up the guesses it came."""
    message: str = ""


def is_in_force(block: Block, now: float) -> bool:
    return block.until > now


def next_block(
    previous: Block | None,
    *,
    scope: str,
    reason: str,
    guesses_s: tuple[float, ...],
    until: float | None,
    source: HintSource,
    message: str,
    now: float,
    probe_s: float = 0.0,
) -> Block:
    """The block that a failure sets, given the one of the same scope and reason that was there before.

    A hint is taken as said (a moment in the past means now) and keeps the ladder where it is. Without one the guesses are
    climbed, a step a failure; failures of requests that were already out when the block was set do not climb. A shorter block
    never replaces a longer one, but for what a provider says against our guess. *probe_s*: when it is first probed; 0: it is
    not."""
    if until is None:
        step, source = _step_after(previous, now), HintSource.GUESS
        until = now + guesses_s[min(step, len(guesses_s) - 1)]
    else:
        step, until = _step_of(previous, now), max(now, until)
    if previous is not None and holds_on(previous, until, source):
        return previous
    block = Block(scope=scope, reason=reason, source=source, set_at=now, until=until, step=step, message=message)
    return _to_be_probed(block, previous, now, probe_s)


def holds_on(block: Block, until: float, source: HintSource) -> bool:
    """Whether *block* is not to be replaced by one until *until*: no shorter one takes its place, but for what a provider says
    against our guess."""
    is_corrected = block.source is HintSource.GUESS and source is not HintSource.GUESS
    return block.until > until and not is_corrected


def _to_be_probed(block: Block, previous: Block | None, now: float, probe_s: float) -> Block:
    """What was planned for the block before holds for the one that takes its place."""
    if not probe_s or block.until >= FOREVER or block.until - now <= PROBED_OVER_S:
        return block
    if previous is not None and is_in_force(previous, now) and previous.next_probe is not None:
        return msgspec.structs.replace(
            block, next_probe=previous.next_probe, probe_s=previous.probe_s, probed_at=previous.probed_at
        )
    probed_at = previous.probed_at if previous is not None else ()
    return msgspec.structs.replace(block, next_probe=now + probe_s, probe_s=probe_s, probed_at=probed_at)


def probed(block: Block, now: float, *, first_s: float, longest_s: float) -> Block:
    """A probe met the same: the next one is twice as far off, and no more than so many a day."""
    probe_s = min(max(block.probe_s * 2, first_s), longest_s)
    probed_at = (*(at for at in block.probed_at if 0 <= now - at < DAY_S), now)[-PROBES_A_DAY:]
    next_probe = now + probe_s
    if len(probed_at) >= PROBES_A_DAY:
        next_probe = max(next_probe, probed_at[0] + DAY_S)
    return msgspec.structs.replace(block, next_probe=next_probe, probe_s=probe_s, probed_at=probed_at)


def brought_back(block: Block, now: float) -> Block:
    """*block* by a clock that has been set back since: what it had to run when it was set, or last probed, it has to run from
    *now* on. Else a key would wait for the year that a machine was started in by mistake."""
    newest = max(block.set_at, *block.probed_at, -math.inf)
    if newest - now <= AHEAD_S:
        return block
    set_back_s = max(0.0, block.set_at - now)
    return msgspec.structs.replace(
        block,
        set_at=block.set_at - set_back_s,
        until=block.until if block.until >= FOREVER else block.until - set_back_s,
        next_probe=block.next_probe - (newest - now) if block.next_probe is not None else None,
        probed_at=tuple(at - (newest - now) for at in block.probed_at),
    )


def _step_of(previous: Block | None, now: float) -> int:
    """Where on the ladder the last guess was; before the first."""
    return previous.step if previous is not None and now - previous.until < REMEMBERED_S else NO_STEP


def _step_after(previous: Block | None, now: float) -> int:
    step = _step_of(previous, now)
    return max(0, step) if previous is not None and is_in_force(previous, now) else step + 1


def patient_until(block: Block) -> float:
    """When a request that nobody else can serve may ask all the same: a hint is kept to, a guess for ten seconds."""
    if block.source is HintSource.GUESS and block.reason in IMPATIENT_REASONS:
        return min(block.until, block.set_at + ONLY_CANDIDATE_S)
    return block.until
