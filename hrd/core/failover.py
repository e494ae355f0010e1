"""Failover: what each failure blocks, and where the request goes next.

Theory of operation. A request has a set of allowed candidates. It walks them, each at most once, until one brings it to its
commit point. A failure says two things: what is not to be asked for a while by anybody (a block on a scope), and which of the
others this request should turn to. Both stand in one table, `RULES`, one row a verdict; nothing else in the house decides them.

Rotation is not retry: the walk ends when every allowed candidate was asked or the deadline has passed. Two rows ask the same
candidate once more (`AGAIN`), with what it objected to taken away. A failure of the key turns to the provider's other keys
before it leaves the provider; a failure of the endpoint leaves its other keys for the end.
"""

import enum

import msgspec

from hrd.core import blocks, scopes
from hrd.core.blocks import FOREVER, LADDER_S, Block
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.providers import Candidate


class Next(enum.Enum):
    """Where the request turns after a failure."""

    ANYONE = enum.auto()
    SIBLINGS_FIRST = enum.auto()
    SIBLINGS_LAST = enum.auto()
    AGAIN = enum.auto()
    LARGER = enum.auto()
    ONE_MORE = enum.auto()
    CLIENT = enum.auto()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `scope` empty: nothing is blocked. `guesses_s`: how long without a hint, a step a failure."""

    next: Next
    scope: str = ""
    reason: str = ""
    guesses_s: tuple[float, ...] = ()
    counts_for_breaker: bool = False


_HOUR = 3600.0
_ENDPOINT_RULE = Rule(next=Next.SIBLINGS_LAST, scope="candidate", reason="errors", guesses_s=LADDER_S, counts_for_breaker=True)

RULES: dict[Verdict, Rule] = {
    Verdict.RATE_LIMITED: Rule(next=Next.SIBLINGS_FIRST, scope="candidate", reason="rate limit", guesses_s=(*LADDER_S, 60.0)),
    Verdict.QUOTA_EXHAUSTED: Rule(next=Next.SIBLINGS_FIRST, scope="quota", reason="quota", guesses_s=(_HOUR,)),
    Verdict.NO_CREDIT: Rule(next=Next.SIBLINGS_FIRST, scope="paid", reason="credits", guesses_s=(_HOUR,)),
    Verdict.NO_CREDIT_ALL: Rule(next=Next.SIBLINGS_FIRST, scope="account", reason="credits", guesses_s=(_HOUR,)),
    Verdict.AFFORDABLE: Rule(next=Next.AGAIN),
    Verdict.REJECTED: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="rejected", guesses_s=(300.0, _HOUR)),
    Verdict.REVOKED: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="dead", guesses_s=(FOREVER,)),
    Verdict.MODEL_UNAVAILABLE: Rule(next=Next.ANYONE, scope="candidate", reason="model", guesses_s=(600.0, _HOUR)),
    Verdict.MODEL_GONE: Rule(next=Next.ANYONE, scope="model", reason="model", guesses_s=(600.0, _HOUR)),
    Verdict.CONTEXT_EXCEEDED: Rule(next=Next.LARGER),
    Verdict.TOO_LARGE: Rule(next=Next.LARGER),
    Verdict.BAD_PARAM: Rule(next=Next.AGAIN),
    Verdict.CONTENT_POLICY: Rule(next=Next.CLIENT),
    Verdict.PROVIDER_GONE: Rule(next=Next.ANYONE, scope="provider", reason="gone", guesses_s=(FOREVER,)),
    Verdict.BAD_REQUEST: Rule(next=Next.ONE_MORE),
    Verdict.OVERLOADED: _ENDPOINT_RULE,
    Verdict.SERVER_ERROR: _ENDPOINT_RULE,
    Verdict.CONNECT: _ENDPOINT_RULE,
    Verdict.NO_FIRST_TOKEN: _ENDPOINT_RULE,
    Verdict.BROKEN: _ENDPOINT_RULE,
    Verdict.WRONG_TYPE: _ENDPOINT_RULE,
    Verdict.EMPTY: _ENDPOINT_RULE,
}


def scope_of(candidate: Candidate, kind: str) -> str:
    """The scope of *kind* that *candidate* belongs to. `quota` is whatever its provider's long windows belong to."""
    credential = candidate.credential
    account = credential.account or credential.fingerprint
    match kind if kind != "quota" else candidate.provider.quota_scope:
        case "credential":
            return scopes.credential(credential.fingerprint)
        case "account":
            return scopes.account(candidate.provider.name, account)
        case "account_model":
            return scopes.account_model(candidate.provider.name, account, candidate.model)
        case "paid" | "free":
            return scopes.account_part(candidate.provider.name, account, candidate.cost_class)
        case "model":
            return scopes.model(candidate.provider.name, candidate.model)
        case "provider":
            return scopes.provider(candidate.provider.name)
        case _:
            return scopes.candidate(credential.fingerprint, candidate.model)


def block_for(candidate: Candidate, failure: Failure, previous: Block | None, now: float) -> Block | None:
    """The block that *failure* sets, or None. *previous* is the one of the same scope and reason (see `block_key`)."""
    key = block_key(candidate, failure)
    if key is None:
        return None
    rule = RULES[failure.verdict]
    return blocks.next_block(
        previous,
        scope=key[0],
        reason=key[1],
        guesses_s=rule.guesses_s,
        until=FOREVER if rule.guesses_s == (FOREVER,) else failure.until,
        source=HintSource.BODY if rule.guesses_s == (FOREVER,) else failure.source,
        message=failure.message,
        now=now,
    )


def block_key(candidate: Candidate, failure: Failure) -> tuple[str, str] | None:
    """Scope and reason of the block that *failure* would set."""
    rule = RULES[failure.verdict]
    if not rule.scope:
        return None
    return scope_of(candidate, failure.scope or rule.scope), rule.reason
