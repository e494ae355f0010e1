"""Keys: seen by fingerprint, judged by shape and by what their providers said of them."""

import pytest

from hrd.admin.doctor.credentials import keys
from hrd.admin.wire.doctor import FindingState
from hrd.core.providers import Credential
from hrd.core.secrets import Secret


def credential(provider: str, text: str) -> Credential:
    secret = Secret(text, provider)
    return Credential(provider=provider, fingerprint=secret.fingerprint, secret=secret, source="auth.json")


def test_keys_that_look_right_are_counted() -> None:
    held = {
        "groq": (credential("groq", "gsk_test-not-a-key-1"), credential("groq", "gsk_test-not-a-key-2")),
        "openrouter": (credential("openrouter", "sk-or-test-not-a-key-3"),),
    }
    (found,) = keys(held, {})
    assert (found.state, found.message) == (FindingState.OK, "all look right: groq 2, openrouter 1")


def test_an_odd_one_is_named_by_its_fingerprint_alone() -> None:
    odd = credential("groq", "sk-or-test-not-a-key-3")
    (found,) = keys({"groq": (odd, credential("groq", "gsk_test-not-a-key-1"))}, {})
    assert found.state == FindingState.WARNING
    assert found.message == f"{odd.fingerprint}: this looks like a key of openrouter, not of groq"
    assert found.hint == f"if it is wrong: hr auth remove {odd.fingerprint}"
    assert "test-not-a-key" not in str(found)


def test_no_key_at_all_keeps_everything_from_working() -> None:
    (found,) = keys({"groq": ()}, {})
    assert (found.state, found.hint) == (FindingState.PROBLEM, "hr setup")


@pytest.mark.parametrize(
    ("state", "said"), [("rejected", "the provider has rejected it"), ("dead", "the provider has revoked it")]
)
def test_the_only_key_that_was_turned_away_is_a_problem(state: str, said: str) -> None:
    bad = credential("groq", "gsk_test-not-a-key-1")
    (found,) = keys({"groq": (bad,)}, {bad.fingerprint: state})
    assert (found.state, found.message) == (FindingState.PROBLEM, f"{bad.fingerprint} cannot be asked: {said}")
    assert found.hint == f"replace it: hr auth add groq, then: hr auth remove {bad.fingerprint}"


def test_one_of_two_is_a_warning_and_an_account_signs_in_again() -> None:
    bad, good = credential("groq", "gsk_test-not-a-key-1"), credential("groq", "gsk_test-not-a-key-2")
    account = credential("codex", "test-not-a-token-1")
    of_groq, of_codex = keys(
        {"groq": (bad, good), "codex": (account,)}, {bad.fingerprint: "rejected", account.fingerprint: "needs login"}
    )
    assert (of_groq.state, of_codex.state) == (FindingState.WARNING, FindingState.PROBLEM)
    assert of_codex.hint == "sign in again: hr auth login codex"
