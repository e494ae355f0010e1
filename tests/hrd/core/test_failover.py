"""The table of failures, row by row: what is blocked, for how long, and where the request turns."""

import pytest

from hrd.core.blocks import FOREVER
from hrd.core.failover import RULES, Next, block_for, block_key, missing_feature, scope_of
from hrd.core.failures import HintSource, Verdict
from hrd.core.providers import CostClass
from tests.hrd.stage import candidate, failure, key, provider

NOW = 1_000_000.0
ALPHA = provider("alpha", "m1", cost_class="free", quota_scope="account")
ORG = candidate(ALPHA, credential=key("alpha", "a1", account="org_x"))

# verdict: scope, reason, the guesses one after the other, next, whether it counts for the breaker
TABLE = {
    Verdict.RATE_LIMITED: ("candidate:alpha-a1/m1", "rate limit", (5, 15, 60, 60), Next.SIBLINGS_FIRST, False),
    Verdict.QUOTA_EXHAUSTED: ("account:alpha/org_x", "quota", (3600, 3600), Next.SIBLINGS_FIRST, False),
    Verdict.NO_CREDIT: ("free:alpha/org_x", "credits", (3600, 3600), Next.SIBLINGS_FIRST, False),
    Verdict.NO_CREDIT_ALL: ("account:alpha/org_x", "credits", (3600, 3600), Next.SIBLINGS_FIRST, False),
    Verdict.AFFORDABLE: (None, "", (), Next.AGAIN, False),
    Verdict.REJECTED: ("credential:alpha-a1", "rejected", (300, 3600, 3600), Next.SIBLINGS_FIRST, False),
    Verdict.REVOKED: ("credential:alpha-a1", "dead", (FOREVER - NOW,), Next.SIBLINGS_FIRST, False),
    Verdict.NEEDS_LOGIN: ("credential:alpha-a1", "needs login", (300, 3600, 3600), Next.SIBLINGS_FIRST, False),
    Verdict.NOT_RENEWED: ("credential:alpha-a1", "errors", (5, 15, 60, 60), Next.SIBLINGS_FIRST, False),
    Verdict.MODEL_UNAVAILABLE: ("candidate:alpha-a1/m1", "model", (600, 3600, 3600), Next.ANYONE, False),
    Verdict.MODEL_GONE: ("model:alpha/m1", "model", (600, 3600, 3600), Next.ANYONE, False),
    Verdict.CONTEXT_EXCEEDED: (None, "", (), Next.LARGER, False),
    Verdict.TOO_LARGE: (None, "", (), Next.LARGER, False),
    Verdict.BAD_PARAM: (None, "", (), Next.AGAIN, False),
    Verdict.CONTENT_POLICY: (None, "", (), Next.CLIENT, False),
    Verdict.PROVIDER_GONE: ("provider:alpha", "gone", (FOREVER - NOW,), Next.ANYONE, False),
    Verdict.BAD_REQUEST: (None, "", (), Next.ONE_MORE, False),
    Verdict.OVERLOADED: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.SERVER_ERROR: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.CONNECT: ("candidate:alpha-a1/m1", "unreachable", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.NO_ROOM: (None, "", (), Next.SIBLINGS_LAST, False),
    Verdict.NO_FIRST_TOKEN: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.BROKEN: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.WRONG_TYPE: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.EMPTY: ("candidate:alpha-a1/m1", "errors", (5, 15, 60, 60), Next.SIBLINGS_LAST, True),
    Verdict.BAD_CALL: (None, "", (), Next.ANYONE, False),
}


def test_every_verdict_has_its_row() -> None:
    assert set(RULES) == set(Verdict) == set(TABLE)


@pytest.mark.parametrize("verdict", TABLE)
def test_the_row(verdict: Verdict) -> None:
    scope, reason, guesses, turn, counts = TABLE[verdict]
    assert RULES[verdict].next is turn
    assert RULES[verdict].counts_for_breaker is counts
    key_ = block_key(ORG, failure(verdict))
    assert key_ == (None if scope is None else (scope, reason))
    now, block = NOW, None
    for guess_s in guesses if key_ else ():
        block = block_for(failure(verdict), key_, block, now)
        assert (block.scope, block.reason, block.until - now) == (scope, reason, guess_s)
        now = block.until + 1


@pytest.mark.parametrize("verdict", [verdict for verdict, row in TABLE.items() if row[0]])
def test_a_hint_is_kept_to_but_for_what_ends_by_hand_alone(verdict: Verdict) -> None:
    said = failure(verdict, until=NOW + 77.5, source=HintSource.BODY)
    key_ = block_key(ORG, said)
    assert key_ is not None
    block = block_for(said, key_, None, NOW)
    is_by_hand = verdict in (Verdict.REVOKED, Verdict.PROVIDER_GONE)
    assert block.until == (FOREVER if is_by_hand else NOW + 77.5)
    assert block.source is HintSource.BODY
    assert block.message == f"said: {verdict.value}"


@pytest.mark.parametrize(
    ("quota_scope", "scope"),
    [
        ("account", "account:alpha/org_x"),
        ("account_model", "accountmodel:alpha/org_x/m1"),
        ("credential", "credential:alpha-a1"),
        ("candidate", "candidate:alpha-a1/m1"),
    ],
)
def test_a_used_up_day_blocks_whatever_the_providers_windows_belong_to(quota_scope: str, scope: str) -> None:
    one = candidate(provider("alpha", quota_scope=quota_scope), credential=key("alpha", "a1", account="org_x"))
    assert block_key(one, failure(Verdict.QUOTA_EXHAUSTED)) == (scope, "quota")


def test_each_credential_is_its_own_account_until_somebody_says_otherwise() -> None:
    assert block_key(candidate(ALPHA), failure(Verdict.QUOTA_EXHAUSTED)) == ("account:alpha/alpha-a1", "quota")


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        ("account", "account:alpha/org_x"),
        ("account_model", "accountmodel:alpha/org_x/m1"),
        ("credential", "credential:alpha-a1"),
        ("candidate", "candidate:alpha-a1/m1"),
        ("model", "model:alpha/m1"),
        ("free", "free:alpha/org_x"),
        ("paid", "paid:alpha/org_x"),
        ("provider", "provider:alpha"),
        ("quota", "account:alpha/org_x"),
        ("a word of tomorrow", "candidate:alpha-a1/m1"),
    ],
)
def test_every_scope_that_a_reader_may_name_is_known(said: str, scope: str) -> None:
    assert scope_of(ORG, said) == scope


@pytest.mark.parametrize(
    ("cost_class", "said", "scope"),
    [
        (CostClass.FREE, "paid", "free"),  # a word that would not stop the one that met it
        (CostClass.FREE, "free", "free"),
        (CostClass.PAID, "free", "paid"),
        (CostClass.PAID, "paid", "paid"),
        (CostClass.SUBSCRIPTION, "", "paid"),
        (CostClass.LOCAL, "", "free"),
    ],
)
def test_a_block_always_stops_the_candidate_that_met_the_failure(cost_class: CostClass, said: str, scope: str) -> None:
    one = candidate(ALPHA, credential=key("alpha", "a1", cost_class=cost_class))
    assert block_key(one, failure(Verdict.NO_CREDIT, scope=said)) == (f"{scope}:alpha/alpha-a1", "credits")


@pytest.mark.parametrize(("param", "feature"), [("tools", "tools"), ("images", "vision"), ("", None), ("seed", None)])
def test_a_model_that_lacks_one_feature_is_not_blocked_for_it(param: str, feature: str | None) -> None:
    said = failure(Verdict.MODEL_UNAVAILABLE, param=param)
    assert missing_feature(said) == feature
    assert (block_key(ORG, said) is None) == (feature is not None)
    assert missing_feature(failure(Verdict.BAD_PARAM, param=param)) is None
