"""Scopes: how each is written, and in which order a candidate has them."""

from hrd.core import scopes
from hrd.core.providers import CostClass


def test_a_candidates_scopes_narrowest_first() -> None:
    assert scopes.of(
        provider_name="groq",
        base_url="https://groq.test/v1",
        fingerprint="groq-1a2b3c4d",
        owner="org_x",
        model_name="meta/llama:8b",
        cost_class=CostClass.FREE,
    ) == (
        "candidate:groq-1a2b3c4d/meta/llama:8b",
        "credential:groq-1a2b3c4d",
        "freekey:groq-1a2b3c4d",
        "account:groq/org_x",
        "accountmodel:groq/org_x/meta/llama:8b",
        "free:groq/org_x",
        "model:groq/meta/llama:8b",
        "endpoint:https://groq.test/v1 meta/llama:8b",
        "endpoint:https://groq.test/v1",
        "provider:groq",
    )
    assert list(scopes.PLACES) == list(scopes.KINDS)
    assert [scopes.PLACES["candidate"], scopes.PLACES["provider"]] == [0, 9]


def test_what_must_be_paid_for_is_one_part_of_an_account_and_what_is_free_the_other() -> None:
    parts = {cost.name: scopes.account_part("p", "x", cost) for cost in CostClass}
    assert parts == {"LOCAL": "free:p/x", "FREE": "free:p/x", "SUBSCRIPTION": "paid:p/x", "PAID": "paid:p/x"}
