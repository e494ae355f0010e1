"""Ceilings: how much the holder of a client key may ask for. What has been asked for stands in `core.client_book`.

| ceiling | counts | from | until |
|---|---|---|---|
| requests at once | a request | it is admitted | it has ended, however |
| requests a minute | a request that was admitted | it is admitted | 60 s later |
| requests a day | the same, if somebody was asked for it | it is admitted | the UTC day ends |
| tokens a day | what is expected of whoever is asked, then what all attempts came to | it is admitted | the UTC day ends |
| cost a day | the same in money, of whoever is asked | it is asked | the UTC day ends |

A request is let in while what it sends fits into what is left; what is expected of its reply is set aside as far as it fits. So
a small request is not turned away for a long reply that it may never get, requests at once cannot spend the same remainder, and
one reply that turns out longer than what was left is finished, and counts. A request belongs to the day on which it began.

What is set aside may come back when a request ends: who would fit then is told to ask again soon, and not tomorrow.

The cost ceiling turns no request away that somebody can serve for no more than is left: it passes over those who cannot.
"""

from math import ceil

import msgspec

from hrd.core.refusals import Refusal, RefusalKind

DAY_S = 86400
AGAIN_S = 1.0
"""When one of those under way may have ended."""
GUIDANCE = "See what each key may do and has done with: hr limit list"
TOO_DEAR = "it costs more than is left today for this client key"
SET_ASIDE = "what it costs is set aside for what this client key has under way"
PRICE_UNKNOWN = "its price is not known, and this client key has a cost ceiling"


def microusd_of(dollars: float) -> int:
    """A ceiling in dollars: the smallest is one, and not none."""
    return max(1, round(dollars * 1e6)) if dollars > 0 else 0


def in_dollars(microusd: int) -> str:
    """For people: `$0.000006`, `$1.50`."""
    whole, _, parts = f"{microusd / 1e6:.6f}".partition(".")
    return f"${whole}.{parts.rstrip('0'):0<2}"


class Ceilings(msgspec.Struct, frozen=True, kw_only=True):
    """0 is none."""

    rpm: int = 0
    requests_day: int = 0
    tokens_day: int = 0
    cost_day_microusd: int = 0
    concurrency: int = 0

    def or_else(self, default: "Ceilings") -> "Ceilings":
        """These, and the *default*'s where these say nothing."""
        return Ceilings(**{name: getattr(self, name) or getattr(default, name) for name in self.__struct_fields__})


class ClientStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where one client key stands: requests under way and of the last minute, and its UTC day."""

    at_once: int = 0
    in_minute: int = 0
    room_in_s: float = 0.0
    """Until one of the last minute's requests no longer counts."""
    requests: int = 0
    tokens: int = 0
    cost_microusd: int = 0
    tokens_aside: int = 0
    """So many of them are set aside for what is under way."""


def why_not(ceilings: Ceilings, standing: ClientStanding, sends: int, now: float) -> Refusal | None:
    """The ceiling that a request of *sends* tokens meets; None if it may begin."""
    if ceilings.concurrency and standing.at_once >= ceilings.concurrency:
        what = f"has {_many(standing.at_once)} under way, as many as it may have at once ({ceilings.concurrency})"
        return _refused(what, AGAIN_S)
    if ceilings.rpm and standing.in_minute >= ceilings.rpm:
        return _refused(f"may make {_many(ceilings.rpm)} a minute (rpm, PROXY_LIMIT_RPM), and has", standing.room_in_s)
    if ceilings.requests_day and standing.requests >= ceilings.requests_day:
        what = f"may make {_many(ceilings.requests_day)} a day (req_per_day, PROXY_LIMIT_REQ_DAY), and has"
        return _refused(what, until_midnight_s(now))
    needed = max(1, sends)
    if ceilings.tokens_day and standing.tokens + needed > ceilings.tokens_day:
        return _no_tokens_left(ceilings.tokens_day, standing, needed, now)
    return None


def _no_tokens_left(tokens_day: int, standing: ClientStanding, sends: int, now: float) -> Refusal:
    what = f"may spend {tokens_day:,} tokens a day (tokens_per_day, PROXY_LIMIT_TOKENS_DAY)"
    if standing.tokens - standing.tokens_aside + sends <= tokens_day:
        return _refused(f"{what}; what is left is set aside for requests that it has under way", AGAIN_S)
    left = max(0, tokens_day - standing.tokens)
    return _refused(f"{what}; {left:,} are left, and this request alone has about {sends:,}", until_midnight_s(now))


def why_too_dear(left_microusd: int, sends_microusd: int | None, aside_microusd: int = 0) -> str:
    """Why a candidate cannot be paid for that asks *sends_microusd* for reading the request alone (None is not known); empty if
    it can. *aside_microusd*: so much beyond what is left is set aside for what is under way."""
    if sends_microusd is None:
        return PRICE_UNKNOWN
    if sends_microusd <= left_microusd:
        return ""
    return SET_ASIDE if sends_microusd <= left_microusd + aside_microusd else TOO_DEAR


def cost_is_spent(left_microusd: int, sends_microusd: int, now: float) -> Refusal:
    """Nobody can serve for *left_microusd*, which is left of the cost ceiling; *sends_microusd*: the least that anybody asks
    for reading the request."""
    if left_microusd <= 0:
        return _refused(f"has spent what {_COST}", until_midnight_s(now))
    needs = f"what this request sends would alone cost about {in_dollars(sends_microusd)} at the least"
    return _refused(f"has {in_dollars(left_microusd)} left of what {_COST}, and {needs}", until_midnight_s(now))


def cost_is_set_aside() -> Refusal:
    """Somebody may be able to, once what is under way has ended."""
    return _refused(f"has set aside, for requests under way, what is left of what {_COST}", AGAIN_S)


_COST = "it may cost a day (cost_per_day, PROXY_LIMIT_COST_DAY)"


def until_midnight_s(now: float) -> float:
    """UTC's."""
    return DAY_S - now % DAY_S


def _refused(what: str, wait_s: float) -> Refusal:
    return Refusal(
        kind=RefusalKind.RATE_LIMITED,
        message=f"This client key {what}. It may ask again in {_words(wait_s)}.",
        guidance=GUIDANCE,
        retry_after_s=max(1.0, wait_s),
    )


def _words(seconds: float) -> str:
    return f"{ceil(seconds)} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _many(requests: int) -> str:
    return f"{requests:,} request" if requests == 1 else f"{requests:,} requests"
