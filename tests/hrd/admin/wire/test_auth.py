"""The shapes of credentials: a key goes in, and never shows."""

import msgspec
import pytest

from hrd.admin.wire.auth import AuthAdd, AuthAdded, AuthCredential, AuthList, AuthRemove, AuthRemoved, is_fingerprint
from tests.hrd.admin.wire.shapes import shape_of


def test_keys_to_add_do_not_show_when_the_request_is_printed() -> None:
    ask = AuthAdd(provider="groq", keys=("gsk_test-not-a-key-1", "gsk_test-not-a-key-2"), label="work")
    assert repr(ask) == str(ask) == "AuthAdd(provider='groq', 2 keys)"


def test_what_is_asked() -> None:
    ask = AuthAdd(provider="groq", keys=("gsk_test-not-a-key-1",), cost_class="free")
    assert shape_of(ask) == {"provider": "groq", "keys": ["gsk_test-not-a-key-1"], "class": "free"}
    assert msgspec.json.encode(AuthRemove(provider="groq", index=2)) == b'{"provider":"groq","index":2}'


def test_what_is_answered() -> None:
    assert shape_of(AuthAdded(provider="groq", added=("groq-1a2b3c4d",))) == {
        "provider": "groq",
        "added": ["groq-1a2b3c4d"],
        "already": [],
        "warnings": [],
    }
    removed = AuthRemoved(provider="groq", fingerprint="groq-1a2b3c4d", left=1)
    assert shape_of(removed) == {"provider": "groq", "fingerprint": "groq-1a2b3c4d", "left": 1, "warnings": []}
    one = AuthCredential(provider="groq", index=1, fingerprint="groq-1a2b3c4d", source="auth.json")
    assert shape_of(AuthList(now=5.0, credentials=(one,))) == {
        "now": 5.0,
        "credentials": [
            {
                "provider": "groq",
                "index": 1,
                "fingerprint": "groq-1a2b3c4d",
                "source": "auth.json",
                "label": "",
                "account": "",
                "account_by": "",
                "class": "",
                "added_at": None,
                "state": "",
                "reason": "",
                "until": None,
            }
        ],
        "path": "",
    }


@pytest.mark.parametrize("text", ["groq-1a2b3c4d", "github_models-00000000", "client-ffffffff"])
def test_a_fingerprint_is_known_by_its_form(text: str) -> None:
    assert is_fingerprint(text)


@pytest.mark.parametrize(
    "text", ["groq", "groq-1a2b3c4", "groq-1a2b3c4d5", "groq-1A2B3C4D", "gsk_test-not-a-key-1", "", "-1a2b3c4d"]
)
def test_other_words_are_not_fingerprints(text: str) -> None:
    assert not is_fingerprint(text)
