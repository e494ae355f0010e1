"""Why something is not asked now, in the few words that a column has. `hr why` has whole sentences for the same."""

from typing import Final

from hrctl.words import coming, sentence

_SHORT: Final = {
    "at once": "as many at once as may be",
    "breaker": "endpoint fails",
    "credits": "no credit",
    "dead": "key revoked",
    "errors": "failed just now",
    "gone": "service ended",
    "in flight": "as many at once as may be",
    "model": "model not available",
    "probing": "being tried again",
    "quota": "quota used up",
    "rejected": "key rejected",
    "unreachable": "cannot be reached",
    "window": "quota used up",
    "your limit": "your own limit used up",
}
"""The rest says it already."""
_AHEAD: Final = ": "
"""After how many of something it is so: `1 of 2 keys: rate limit`."""


def in_short(reason: str) -> str:
    many, ahead, which = reason.rpartition(_AHEAD)
    return f"{many}{ahead}{_SHORT.get(which, which)}"


def hindered(reason: str, until: float | None, now: float) -> str:
    """Why, and for how long: `quota used up, for 6 h`."""
    ends = coming(until, now)
    held = f"for {ends.removeprefix('in ')}" if ends.startswith("in ") else ends
    return sentence(in_short(reason), held)
