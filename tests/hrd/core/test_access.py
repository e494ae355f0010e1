"""Who is calling, and what their key permits."""

import pytest

from hrd.core.access import Caller, Doorkeeper, why_forbidden
from hrd.core.providers import CostClass
from tests.hrd.stage import candidate, key, provider

ONE = Caller(fingerprint="client-1")
TWO = Caller(fingerprint="client-2", local_only=True)
DOOR = Doorkeeper([(b"sk-router-test-1", ONE), (b"sk-router-test-2", TWO)])


@pytest.mark.parametrize(
    ("authorization", "api_key", "caller"),
    [
        (b"Bearer sk-router-test-1", None, ONE),
        (b"bearer  sk-router-test-2 ", None, TWO),
        (None, b"sk-router-test-2", TWO),
        (b"Bearer sk-router-test-1", b"sk-router-test-2", ONE),  # Authorization counts first
        (b"Basic sk-router-test-1", b"sk-router-test-2", TWO),
        (b"Bearer wrong", b"sk-router-test-2", None),
        (b"sk-router-test-1", None, None),
        (b"Bearer ", b"sk-router-test-1", None),
        (b"Bearer sk-router-test-1x", None, None),
        (b"Bearer sk-router-test-", None, None),
        (b"Bearer \xff\xfe", None, None),
        (None, b"", None),
        (None, None, None),
    ],
)
def test_whose_key_it_is(authorization: bytes | None, api_key: bytes | None, caller: Caller | None) -> None:
    assert DOOR.caller_of(authorization, api_key) is caller


def test_without_keys_nobody_comes_in() -> None:
    assert Doorkeeper([]).caller_of(b"Bearer sk-router-test-1", None) is None


@pytest.mark.parametrize(
    ("caller", "is_restricted"),
    [
        (ONE, False),
        (TWO, True),
        (Caller(fingerprint="c", allowed_providers=("groq",)), True),
        (Caller(fingerprint="c", cost_policy="free-only"), True),
    ],
)
def test_who_may_not_ask_everybody(caller: Caller, is_restricted: bool) -> None:
    assert caller.is_restricted is is_restricted


CLASSES = ["local", "free", "subscription", "paid"]


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [("free-only", CLASSES[:2]), ("subscription-ok", CLASSES[:3]), ("paid-ok", CLASSES), ("", CLASSES)],
)
def test_a_cost_policy_forbids_what_is_dearer(policy: str, allowed: list[str]) -> None:
    for cost_class in CLASSES:
        one = candidate(provider("alpha", cost_class=cost_class))
        why = "" if cost_class in allowed else f"COST_POLICY {policy} forbids {cost_class}"
        assert why_forbidden(ONE, one, policy) == why
        of_key = Caller(fingerprint="c", cost_policy=policy)
        assert why_forbidden(of_key, one, "paid-ok") == why.replace(" forbids", " of this client key forbids")


def test_the_policy_of_a_key_counts_before_the_one_of_all() -> None:
    paid = candidate(provider("alpha", cost_class="paid"))
    assert why_forbidden(Caller(fingerprint="c", cost_policy="paid-ok"), paid, "free-only") == ""
    assert (
        why_forbidden(Caller(fingerprint="c", cost_policy="free-only"), paid, "paid-ok")
        == "COST_POLICY free-only of this client key forbids paid"
    )


def test_what_a_credential_costs_is_what_counts() -> None:
    free_key = candidate(provider("alpha", cost_class="paid"), credential=key("alpha", "a1", cost_class=CostClass.FREE))
    assert why_forbidden(ONE, free_key, "free-only") == ""


def test_a_key_for_some_providers_is_for_no_others_and_a_local_one_stays_on_the_machine() -> None:
    alpha = candidate(provider("alpha"))
    here = candidate(provider("here", cost_class="local", base_url="http://localhost:11434/v1"))
    only_beta = Caller(fingerprint="c", allowed_providers=("beta", "nobody-knows"))
    assert why_forbidden(only_beta, alpha, "paid-ok") == "not allowed for this client key"
    assert why_forbidden(Caller(fingerprint="c", allowed_providers=("alpha",)), alpha, "paid-ok") == ""
    assert why_forbidden(TWO, alpha, "paid-ok") == "this client key is local-only"
    assert why_forbidden(TWO, here, "paid-ok") == ""


@pytest.mark.parametrize(
    ("base_url", "stays"),
    [
        ("http://localhost:11434/v1", True),
        ("http://ollama.localhost./v1", True),
        ("http://127.0.0.2:1234/v1", True),
        ("http://[::1]:1234/v1", True),
        ("http://192.168.1.20:11434/v1", False),
        ("http://gpu-box:11434/v1", False),
        ("https://localhost.example/v1", False),
        ("http://0.0.0.0:11434/v1", True),
    ],
)
def test_a_local_key_does_not_reach_a_model_server_on_another_machine(base_url: str, stays: bool) -> None:
    one = candidate(provider("here", cost_class="local", base_url=base_url))
    assert why_forbidden(TWO, one, "paid-ok") == ("" if stays else "this client key is local-only")
    assert why_forbidden(ONE, one, "paid-ok") == ""
