"""Homes: a conversation stays with the candidate that has its prompt cached, without anybody remembering who that is.

Rendezvous hashing (Thaler and Ravishankar, 1998): each candidate draws a number from the conversation's name and its own, and
the largest wins. When the winner cannot serve, only its own conversations move, each to its second, and they come back by
themselves.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from hrd.core.lane import Lane
from hrd.core.routing import PARALLEL

SHARE_MIN = 0.2
"""A conversation does not take the last of what somebody has."""
_MIX = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def name_of(affinity: str) -> int:
    """The conversation as a number."""
    return int.from_bytes(hashlib.blake2b(affinity.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def home_of(conversation: int, lanes: Iterable[Lane]) -> Lane | None:
    """Whose it is; None if there is nobody."""
    return max(lanes, key=lambda lane: _draw(conversation, lane.number), default=None)


def at_home(
    affinity: str,
    lanes: Sequence[Lane],
    ranked: Sequence[Lane],
    *,
    mode: str,
    mode_of: Callable[[str], str],
    tier_of: Callable[[Lane], float],
) -> tuple[Lane, str]:
    """Where the conversation belongs, or whom of *ranked* it moves to, and from whom of *lanes* (a key). In `sequential` the
    first is everybody's: of all, or of a provider that is drained so."""
    best = tier_of(ranked[0])
    provider = ranked[0].provider
    if mode != PARALLEL:
        if mode_of(provider) != PARALLEL:
            return ranked[0], ""
        lanes = [lane for lane in lanes if lane.provider == provider]
        ranked = [lane for lane in ranked if lane.provider == provider]
    conversation = name_of(affinity)
    home = home_of(conversation, _of_tier(lanes, best, tier_of))
    rich = [lane for lane in _of_tier(ranked, best, tier_of) if lane.worth.share > SHARE_MIN]
    if home is not None and home in rich:
        return home if mode_of(home.provider) == PARALLEL else _first_of(home, ranked), ""
    chosen = home_of(conversation, rich) or ranked[0]
    if mode_of(chosen.provider) != PARALLEL:
        return _first_of(chosen, ranked), ""
    return chosen, home.candidate.key if home is not None and home is not chosen else ""


def _first_of(chosen: Lane, ranked: Sequence[Lane]) -> Lane:
    """Who of its provider's is next to be drained."""
    return next(lane for lane in ranked if lane.provider == chosen.provider)


def _of_tier(lanes: Sequence[Lane], tier: float, tier_of: Callable[[Lane], float]) -> list[Lane]:
    return [lane for lane in lanes if (tier_of(lane) if lane.tier is None else lane.tier) == tier]


def _draw(conversation: int, number: int) -> int:
    mixed = ((conversation ^ number) * _MIX) & _MASK
    return ((mixed ^ (mixed >> 29)) * _MIX) & _MASK
