"""Reasons why a candidate cannot be asked, in words: the same for a client that is refused and for `hr why`."""

from typing import Final

_IN_WORDS: Final = {
    "rate limit": "it was asked too often (rate limit)",
    "quota": "its quota is used up",
    "credits": "its account has no credit",
    "rejected": "its key was rejected",
    "needs login": "its account has to sign in again",
    "dead": "its key is revoked",
    "gone": "the provider has ended its service",
    "model": "the model is not available to it",
    "errors": "it failed a moment ago",
    "unreachable": "it cannot be reached",
    "breaker": "its endpoint fails too often",
    "window": "too little of its quota is left for now",
    "your limit": "too little is left of a limit of your own",
    "reserve": "what is left is kept for requests that name it (RESERVE_FRACTION)",
    "at once": "as many of its requests are out as may be at once",
    "in flight": "as many of its requests are out as may be at once",
    "probing": "another request is finding out whether it works again",
    "already asked": "it was asked already",
}


def in_words(reason: str) -> str:
    """What is no short reason of ours is in words already."""
    return _IN_WORDS.get(reason, reason)
