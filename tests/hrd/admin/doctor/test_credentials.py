"""Keys: seen by fingerprint, judged by shape."""

from hrd.admin.doctor.credentials import key_shapes
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
    (found,) = key_shapes(held)
    assert (found.state, found.message) == (FindingState.OK, "all look right: groq 2, openrouter 1")


def test_an_odd_one_is_named_by_its_fingerprint_alone() -> None:
    odd = credential("groq", "sk-or-test-not-a-key-3")
    (found,) = key_shapes({"groq": (odd, credential("groq", "gsk_test-not-a-key-1"))})
    assert found.state == FindingState.WARNING
    assert found.message == f"{odd.fingerprint}: this looks like a key of openrouter, not of groq"
    assert found.hint == f"if it is wrong: hr auth remove {odd.fingerprint}"
    assert "test-not-a-key" not in str(found)


def test_no_key_at_all_keeps_everything_from_working() -> None:
    (found,) = key_shapes({"groq": ()})
    assert (found.state, found.hint) == (FindingState.PROBLEM, "hr setup")
