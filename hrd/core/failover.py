"""Failover: what each failure blocks, and where the request goes next.

Theory of operation. A request has a set of allowed candidates. It walks them, each at most once, until one brings it to its
commit point. A failure says two things: what is not to be asked for a while by anybody (a block on a scope), and which of the
others this request should turn to. Both stand in one table, `RULES`, one row a verdict; nothing else in the house decides them.

Rotation is not retry: the walk ends when every allowed candidate was asked or the deadline has passed. Two rows ask the same
candidate once more (`AGAIN`), with what it objected to taken away. A failure of the key turns to the provider's other keys
before it leaves the provider; a failure of the endpoint leaves its other keys for the end.
"""

import enum
from typing import Final

import msgspec

from hrd.core import blocks, scopes
from hrd.core.blocks import FOREVER, LADDER_S, Block
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.providers import Candidate, CostClass


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
UNREACHABLE: Final = "unreachable"
"""The reason of a block that a failure to connect sets."""
_ENDPOINT_RULE = Rule(next=Next.SIBLINGS_LAST, scope="candidate", reason="errors", guesses_s=LADDER_S, counts_for_breaker=True)

RULES: dict[Verdict, Rule] = {
    Verdict.RATE_LIMITED: Rule(next=Next.SIBLINGS_FIRST, scope="candidate", reason="rate limit", guesses_s=LADDER_S),
    Verdict.QUOTA_EXHAUSTED: Rule(next=Next.SIBLINGS_FIRST, scope="quota", reason="quota", guesses_s=(_HOUR,)),
    Verdict.NO_CREDIT: Rule(next=Next.SIBLINGS_FIRST, scope="part", reason="credits", guesses_s=(_HOUR,)),
    Verdict.NO_CREDIT_ALL: Rule(next=Next.SIBLINGS_FIRST, scope="account", reason="credits", guesses_s=(_HOUR,)),
    Verdict.AFFORDABLE: Rule(next=Next.AGAIN),
    Verdict.REJECTED: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="rejected", guesses_s=(300.0, _HOUR)),
    Verdict.REVOKED: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="dead", guesses_s=(FOREVER,)),
    Verdict.NEEDS_LOGIN: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="needs login", guesses_s=(300.0, _HOUR)),
    Verdict.NOT_RENEWED: Rule(next=Next.SIBLINGS_FIRST, scope="credential", reason="errors", guesses_s=LADDER_S),
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
    Verdict.CONNECT: msgspec.structs.replace(_ENDPOINT_RULE, reason=UNREACHABLE),
    Verdict.NO_ROOM: Rule(next=Next.SIBLINGS_LAST),
    Verdict.NO_FIRST_TOKEN: _ENDPOINT_RULE,
    Verdict.BROKEN: _ENDPOINT_RULE,
    Verdict.WRONG_TYPE: _ENDPOINT_RULE,
    Verdict.EMPTY: _ENDPOINT_RULE,
    Verdict.BAD_CALL: Rule(next=Next.ANYONE),
}


MISSING_FEATURES = {"tools": "tools", "images": "vision"}
"""What a refusal says the model cannot take → what is learned of it."""


def missing_feature(failure: Failure) -> str | None:
    """The one capability that *failure* denies the model; for all else the model is there."""
    return MISSING_FEATURES.get(failure.param) if failure.verdict is Verdict.MODEL_UNAVAILABLE else None


def scope_of(candidate: Candidate, kind: str) -> str:
    """The scope of *kind* that *candidate* belongs to, or the part of its account that is meant. `quota` is whatever its
    provider's long windows belong to. What we cannot read means the narrowest."""
    kind = candidate.provider.quota_scope if kind == "quota" else kind
    if kind == "paid_key":
        return scopes.key_part(candidate.credential.fingerprint, CostClass.PAID)
    if kind in ("free", "paid"):
        credential = candidate.credential
        cost_class = CostClass.FREE if kind == "free" else CostClass.PAID
        return scopes.account_part(candidate.provider.name, credential.account or credential.fingerprint, cost_class)
    return candidate.scopes[scopes.PLACES.get(kind, 0)]


def block_key(candidate: Candidate, failure: Failure) -> tuple[str, str] | None:
    """Scope and reason of the block that *failure* sets, or None. It always stops the candidate that met it."""
    rule = RULES[failure.verdict]
    if not rule.scope or missing_feature(failure) is not None:
        return None
    scope = scope_of(candidate, failure.scope or rule.scope)
    return (scope if scope in candidate.scopes else scope_of(candidate, "part")), rule.reason


def block_for(failure: Failure, key: tuple[str, str], previous: Block | None, now: float, *, probe_s: float = 0.0) -> Block:
    """The block that *failure* sets at *key* (see `block_key`), where *previous* was. *probe_s*: how soon it is looked at;
    0: never."""
    rule = RULES[failure.verdict]
    is_for_good = rule.guesses_s == (FOREVER,)
    return blocks.next_block(
        previous,
        scope=key[0],
        reason=key[1],
        guesses_s=rule.guesses_s,
        until=FOREVER if is_for_good else failure.until,
        source=HintSource.BODY if is_for_good else failure.source,
        message=failure.message,
        now=now,
        probe_s=probe_s,
    )
