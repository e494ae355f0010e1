"""The conclusion of a tour that nobody could serve: one refusal with the dominant reason, each attempt, the earliest moment."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from hrd.core.ceilings import PRICE_UNKNOWN, SET_ASIDE, TOO_DEAR, cost_is_set_aside, cost_is_spent
from hrd.core.failover import UNREACHABLE
from hrd.core.failures import Failure, Verdict
from hrd.core.journal import PassedOver
from hrd.core.reasons import in_words
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.tour import Tour

POLICIES_NAMED_MAX = 2
UNCONNECTED_CHARS_MAX = 200
TAKES: Final = "takes "
PASSING = frozenset(
    {
        "rate limit",
        "quota",
        "errors",
        "unreachable",
        "breaker",
        "window",
        "your limit",
        "reserve",
        "at once",
        "in flight",
        "probing",
    }
)
"""Reasons that pass without anybody's doing."""
PASSING_IF_SAID = frozenset({"model", "credits"})
"""Reasons that do so when the provider named the moment; our guess only says when to look again."""


class Hindered(msgspec.Struct, frozen=True, kw_only=True):
    """An allowed candidate that cannot be asked now: why, and when it may be."""

    reason: str
    provider: str
    until: float
    is_said: bool = False
    """The moment is the provider's word."""
    unconnected: str = ""
    """Why it cannot be reached, if that is the reason."""

    @property
    def passes(self) -> bool:
        """Whether time alone helps."""
        return self.reason in PASSING or (self.is_said and self.reason in PASSING_IF_SAID)


def conclude(tour: Tour, passed: Sequence[PassedOver], *, hindered: Sequence[Hindered], now: float) -> Refusal:
    """*passed*: everybody that the name selects, and why not; *hindered*: those of them who are only blocked."""
    if tour.for_client is not None:
        return _for_client(tour.for_client, tour)
    if not hindered:
        return _nobody_fits(passed, tour, now)
    dominant = Counter(one.reason for one in hindered).most_common(1)[0][0]
    named = [one for one in hindered if one.reason == dominant]
    provider = named[0].provider
    said = _unreachable(named) if dominant == UNREACHABLE else in_words(dominant)
    message = f"{_who(len(hindered), len(passed))} {said}.{_policies(passed)}"
    moments = [one.until for one in hindered if one.passes]
    if not moments:
        return Refusal(
            kind=RefusalKind.UNAVAILABLE, message=message, guidance=_guidance(dominant, provider), attempts=tuple(tour.notes)
        )
    wait_s = max(1.0, min(moments) - now)
    return Refusal(
        kind=RefusalKind.RATE_LIMITED,
        message=f"{message} {'It' if len(hindered) == 1 else 'The first'} may work again in {describe_s(wait_s)}.",
        guidance=_guidance(dominant, provider),
        retry_after_s=wait_s,
        attempts=tuple(tour.notes),
    )


def _who(hindered: int, selected: int) -> str:
    reason = "The most common reason:" if hindered > 1 else "The reason:"
    if hindered < selected:
        return f"{hindered} of {selected} candidates cannot be asked now, the others cannot serve this request. {reason}"
    return (
        f"None of the {hindered} candidates can be asked now. {reason}"
        if hindered > 1
        else "The only candidate cannot be asked now:"
    )


def _unreachable(named: Sequence[Hindered]) -> str:
    """Who, and why: a client shows no more than the message, and a dead address is the user's to mend."""
    first = next((one for one in named if one.unconnected), named[0])
    because = f" ({first.unconnected[:UNCONNECTED_CHARS_MAX]})" if first.unconnected else ""
    if any(one.provider != first.provider for one in named):
        return f"they cannot be reached, {first.provider} for one{because}"
    return f"{first.provider} cannot be reached{because}"


def _policies(passed: Sequence[PassedOver]) -> str:
    """Who could serve, if a policy did not say no: it is the user's to change."""
    whys = Counter(item.why for item in passed if _is_policy(item.why))
    return "".join(f" For {count} of them, {why}." for why, count in whys.most_common(POLICIES_NAMED_MAX))


def _is_policy(why: str) -> bool:
    return "client key" in why or "COST_POLICY" in why or "X-Hermes-" in why


def _for_client(failure: Failure, tour: Tour) -> Refusal:
    attempts = tuple(tour.notes)
    if failure.verdict is Verdict.CONTEXT_EXCEEDED:
        return Refusal(
            kind=RefusalKind.CONTEXT_EXCEEDED,
            message=f"The request exceeds the maximum context length of every candidate: {failure.message}",
            attempts=attempts,
        )
    if failure.verdict is Verdict.TOO_LARGE:
        return Refusal(
            kind=RefusalKind.TOO_LARGE,
            message=f"The request is too large for every candidate: {failure.message}",
            attempts=attempts,
        )
    status = failure.status if failure.status is not None and 400 <= failure.status < 500 else 400
    return Refusal(
        kind=RefusalKind.SAID_UPSTREAM,
        message=failure.message or "The provider refused the request.",
        status=status,
        body=failure.body,
        attempts=attempts,
    )


_OF_SIZE: Final = (RefusalKind.CONTEXT_EXCEEDED, RefusalKind.TOO_LARGE)


def _nobody_fits(passed: Sequence[PassedOver], tour: Tour, now: float) -> Refusal:
    """Nobody is blocked, but nobody may be asked: all failed without a block, the request does not fit, or a policy says no."""
    whys = Counter(item.why for item in passed if item.why)
    if tour.notes or not whys:
        return _all_failed(passed, tour)
    if SET_ASIDE in whys:
        return cost_is_set_aside()
    if TOO_DEAR in whys:
        return cost_is_spent(*tour.cost_short, now)
    why = _telling(whys)
    others = "" if _is_policy(why) else _policies(passed)
    message = f"No candidate fits this request: {_of_whom(why, passed)}.{others}"
    return Refusal(kind=_kind_of(why), message=message, guidance=_hint(why))


def _of_whom(why: str, passed: Sequence[PassedOver]) -> str:
    """*why* as a sentence: what a model does not take says of which it is true."""
    if not why.startswith(TAKES):
        return why
    models = list(dict.fromkeys(item.candidate.partition("#")[0] for item in passed if item.why == why))
    if len(models) == 1:
        return f"{models[0]} {why}"
    others = "1 other" if len(models) == 2 else f"{len(models) - 1} others"
    return f"{models[0]} and {others} take {why.removeprefix(TAKES)}"


def _all_failed(passed: Sequence[PassedOver], tour: Tour) -> Refusal:
    outcomes = Counter(note.outcome for note in tour.notes).most_common(1)
    dominant = outcomes[0][0] if outcomes else ""
    mostly = f"; mostly: {dominant}" if dominant else ""
    return Refusal(
        kind=RefusalKind.UNAVAILABLE,
        message=f"Every candidate that may serve this request was asked and failed{mostly}.{_policies(passed)}",
        guidance=_ASK_FOR_LESS if dominant == Verdict.AFFORDABLE.value else "See what each said with: hr why REQUEST_ID",
        attempts=tuple(tour.notes),
    )


_ASK_FOR_LESS: Final = "Ask for a shorter reply (max_tokens), or top up the account. See what each said with: hr why REQUEST_ID"


def _telling(whys: Counter[str]) -> str:
    """The most common reason; but too large for whom it may go to says more of a request than whom it may not go to."""
    of_size = Counter({why: count for why, count in whys.items() if _kind_of(why) in _OF_SIZE})
    return (of_size or whys).most_common(1)[0][0]


def _kind_of(why: str) -> RefusalKind:
    """In whose power it is to change *why* (the words are `routing.why_unfit`'s and `access.why_forbidden`'s)."""
    if "its context" in why:
        return RefusalKind.CONTEXT_EXCEEDED
    if "over its limit" in why:
        return RefusalKind.TOO_LARGE
    if _is_policy(why):
        return RefusalKind.FORBIDDEN
    return RefusalKind.UNAVAILABLE


def _hint(why: str) -> str:
    if why == PRICE_UNKNOWN:
        return "Say what it costs in MODEL_PRICES_FILE, or change the ceiling with: hr limit set"
    if "X-Hermes-" in why:
        return "The request's own head asks for that: leave it out, or see who there is with: hr status"
    if "client key" in why:
        return "See what it may do with: hr key list"
    if "COST_POLICY" in why:
        where = "Change COST_POLICY where it is set (environment, .env or config.toml)"
        return f"{where}, or make a key that may spend more: hr key create NAME --cost-policy paid-ok"
    return "See what each model takes with: hr model list"


def _guidance(reason: str, provider: str) -> str:
    match reason:
        case "rejected" | "dead":
            return f"See where the key stands with: hr auth list. Replace it with: hr auth add {provider}"
        case "needs login":
            return f"Its account has to sign in again: hr auth login {provider}"
        case "credits":
            return f"Top up the account, then: hr reset {provider}. Or add another key: hr auth add {provider}"
        case "model":
            return f"See the models with: hr model list {provider}"
        case "your limit":
            return f"That is a limit of your own: see it with hr quota, change it in config.toml under [providers.{provider}]"
        case "reserve":
            return f"RESERVE_FRACTION keeps what is left for requests that name whom they want, such as the model {provider}"
        case "at once" | "in flight":
            return "There is room when one of them ends: ask again soon. See what is under way with: hr status"
        case "unreachable":
            return "See whether its address, its server or the network is to blame with: hr doctor"
        case "gone":
            return f"{provider} has ended its service; add another provider with: hr auth add PROVIDER"
        case _:
            return f"See what is left with: hr quota. Ask again at once with: hr reset {provider}"


def describe_s(seconds: float) -> str:
    """A duration for people: `45 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
