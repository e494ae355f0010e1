"""The conclusion of a tour that nobody could serve: one refusal with the dominant reason, every attempt, the earliest moment."""

from collections import Counter
from collections.abc import Sequence

from hrd.core.failures import Failure, Verdict
from hrd.core.journal import PassedOver
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.tour import Tour

TIME_HELPS = frozenset({"rate limit", "quota", "errors", "breaker", "model", "window", "probing"})
"""Reasons of blocks that pass without anybody's doing; a rejected key or an empty purse does not."""


def conclude(tour: Tour, passed: Sequence[PassedOver], *, reasons: Sequence[tuple[str, str, float]], now: float) -> Refusal:
    """*reasons*: (reason, provider, until) of each allowed candidate that is blocked."""
    if tour.for_client is not None:
        return _for_client(tour.for_client, tour)
    attempts = tuple(tour.notes)
    if not passed and not attempts and not reasons:
        return Refusal(
            kind=RefusalKind.NO_PROVIDER,
            message="No provider has a credential yet, so there is nobody to ask.",
            guidance="Add one with: hr auth add PROVIDER (for example: hr auth add groq)",
        )
    if not reasons:
        return _nobody_fits(passed, tour)
    dominant, provider = Counter((reason, provider) for reason, provider, _ in reasons).most_common(1)[0][0]
    dominant = Counter(reason for reason, _, _ in reasons).most_common(1)[0][0]
    moments = [until for reason, _, until in reasons if reason in TIME_HELPS]
    count = len(reasons)
    what = f"All {count} candidates are blocked" if count > 1 else "The only candidate is blocked"
    message = f"{what}; mostly: {dominant}."
    guidance = _guidance(dominant, provider)
    if not moments:
        return Refusal(kind=RefusalKind.UNAVAILABLE, message=message, guidance=guidance, attempts=attempts)
    wait_s = max(1.0, min(moments) - now)
    return Refusal(
        kind=RefusalKind.RATE_LIMITED,
        message=f"{message} The first may work again in {describe_s(wait_s)}.",
        guidance=guidance,
        retry_after_s=wait_s,
        attempts=attempts,
    )


def _for_client(failure: Failure, tour: Tour) -> Refusal:
    attempts = tuple(tour.notes)
    if failure.verdict is Verdict.CONTEXT_EXCEEDED:
        return Refusal(
            kind=RefusalKind.CONTEXT_EXCEEDED,
            message=f"The request is longer than the context of every candidate (maximum context length exceeded): {failure.message}",
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


def _nobody_fits(passed: Sequence[PassedOver], tour: Tour) -> Refusal:
    """Nobody is blocked, but nobody may be asked: the request does not fit, or a policy says no, or all failed without a block."""
    attempts = tuple(tour.notes)
    whys = Counter(item.why for item in passed if item.why not in ("already asked", "refused this request already"))
    if not whys:
        return Refusal(
            kind=RefusalKind.UNAVAILABLE,
            message="Every candidate was asked and failed.",
            guidance="See what each said with: hr why REQUEST_ID",
            attempts=attempts,
        )
    why = whys.most_common(1)[0][0]
    kind = RefusalKind.UNAVAILABLE
    if "context" in why:
        kind = RefusalKind.CONTEXT_EXCEEDED
    elif "over its limit" in why:
        kind = RefusalKind.TOO_LARGE
    elif "client key" in why or "COST_POLICY" in why:
        kind = RefusalKind.FORBIDDEN
    return Refusal(kind=kind, message=f"No candidate fits this request: {why}.", attempts=attempts)


def _guidance(reason: str, provider: str) -> str:
    match reason:
        case "rejected" | "dead":
            return f"See where the key stands with: hr auth list. Replace it with: hr auth add {provider}"
        case "credits":
            return f"Top up the account, then: hr reset {provider}. Or add another key: hr auth add {provider}"
        case "model":
            return f"See the models with: hr model list {provider}"
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
