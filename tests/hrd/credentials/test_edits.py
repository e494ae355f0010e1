"""Every change of auth.json changes its own place, and everything else survives it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.providers import CostClass
from hrd.core.secrets import Secret, fingerprint
from hrd.credentials.auth_file import AuthFile, CredentialInfo, CredentialProblem, ProxyKey, auth_file_of, empty_auth_file
from hrd.credentials.edits import add_key, add_keys, note, put_proxy_key, remove_key, revoke_proxy_key

K1, K2, K3 = "gsk_test-not-a-key-1", "gsk_test-not-a-key-2", "gsk_test-not-a-key-3"
C1, C2 = "sk-router-test-not-a-key-1", "sk-router-test-not-a-key-2"


def auth_of(tree: dict[str, Any]) -> AuthFile:
    auth = auth_file_of(tree)
    assert isinstance(auth, AuthFile)
    return auth


def tree_of(auth: AuthFile | CredentialProblem) -> Any:
    assert isinstance(auth, AuthFile), str(auth)
    return json.loads(auth.document.encoded())


def reason(result: AuthFile | CredentialProblem) -> str:
    assert isinstance(result, CredentialProblem)
    return str(result)


def client(key: str, **fields: Any) -> ProxyKey:
    return ProxyKey(secret=Secret(key, "client"), **fields)


def test_keys_are_added_after_those_that_stand_there() -> None:
    auth = add_keys(empty_auth_file(), "groq", [K1, f" {K2}\n", K1])
    assert tree_of(auth) == {"providers": {"groq": [K1, K2]}}
    assert isinstance(auth, AuthFile)
    assert [secret.reveal() for secret in auth.providers["groq"]] == [K1, K2]


def test_an_alias_adds_to_its_provider_with_what_is_to_be_noted() -> None:
    info = CredentialInfo(account="org", label="work", cost_class=CostClass.FREE, added_at=1700000000.0)
    key = "AIza-test-not-a-key-1"
    assert tree_of(add_key(empty_auth_file(), "Google", key, info)) == {
        "providers": {"gemini": [key]},
        "credential_info": {
            fingerprint("gemini", key): {"account": "org", "label": "work", "class": "free", "added_at": 1700000000.0}
        },
    }


def test_a_key_that_is_there_stays_where_it_is_and_may_be_noted_anew() -> None:
    name = fingerprint("groq", K1)
    auth = auth_of({"providers": {"groq": [K1, K2]}, "credential_info": {name: {"account": "old", "label": "x", "theirs": 1}}})
    assert tree_of(add_key(auth, "groq", K1)) == tree_of(auth)
    noted = tree_of(add_key(auth, "groq", K1, CredentialInfo(label="y")))
    assert noted == {"providers": {"groq": [K1, K2]}, "credential_info": {name: {"label": "y", "theirs": 1}}}


def test_a_provider_with_a_single_text_becomes_a_list() -> None:
    assert tree_of(add_key(auth_of({"providers": {"groq": K1}}), "groq", K2)) == {"providers": {"groq": [K1, K2]}}


@pytest.mark.parametrize(
    ("provider", "key", "said"),
    [
        ("grok", K1, "there is no provider 'grok'; did you mean groq?"),
        ("nobody_like_this", K1, "there is no provider 'nobody_like_this'; there are gemini, openrouter, "),
        ("groq", "", "this holds a placeholder, not a key; get a key from groq and try again"),
        ("groq", "your-key-here", "this holds a placeholder, not a key; "),
        ("groq", "two words", "this has white space or a character that no key has; "),
        ("groq", "k" * 9000, "this is longer than 8192 characters; "),
    ],
)
def test_what_cannot_be_added_is_refused_without_being_shown(provider: str, key: str, said: str) -> None:
    assert reason(add_key(empty_auth_file(), provider, key)).startswith(said)
    assert reason(add_keys(empty_auth_file(), provider, [key, K2])).startswith(said)


def test_of_several_keys_none_is_added_when_one_cannot_be() -> None:
    assert "placeholder" in reason(add_keys(empty_auth_file(), "groq", [K1, "changeme"]))


def test_a_key_is_removed_by_its_fingerprint_with_what_was_noted_of_it() -> None:
    name = fingerprint("groq", K1)
    auth = auth_of(
        {
            "providers": {"groq": [K1, K2], "Groq": f"{K1},{K3}", "nobody": [K1]},
            "credential_info": {name: {"label": "x"}, "other": {"label": "y"}},
            "theirs": {"a": 1},
        }
    )
    removed = remove_key(auth, name)
    assert tree_of(removed) == {
        "providers": {"groq": [K2], "Groq": [K3], "nobody": [K1]},
        "credential_info": {"other": {"label": "y"}},
        "theirs": {"a": 1},
    }
    assert isinstance(removed, AuthFile)
    assert tree_of(remove_key(removed, fingerprint("groq", K2)))["providers"] == {"Groq": [K3], "nobody": [K1]}


def test_an_account_is_removed_like_a_key() -> None:
    auth = auth_of({"codex_accounts": [{"account_id": "a", "x": 1}, {"refresh_token": "r"}]})
    assert tree_of(remove_key(auth, fingerprint("codex", "a"))) == {
        "codex_accounts": [{"refresh_token": "r"}],
    }
    assert tree_of(remove_key(auth, fingerprint("codex", "r")))["codex_accounts"] == [{"account_id": "a", "x": 1}]


@pytest.mark.parametrize("name", ["groq-00000000", "", fingerprint("mistral", K1)])
def test_what_is_not_there_cannot_be_removed(name: str) -> None:
    said = reason(remove_key(auth_of({"providers": {"groq": [K1]}}), name))
    assert said == f"auth.json has no credential {name!r}; see: hr auth list"


def test_a_key_given_for_a_name_is_not_said_again() -> None:
    auth = auth_of({"providers": {"groq": [K1]}, "proxy_keys": {C1: {}}})
    assert reason(remove_key(auth, K1)) == "auth.json has no credential '[redacted]'; see: hr auth list"
    assert reason(revoke_proxy_key(auth, C1)) == "auth.json has no client key '[redacted]'; see: hr key list"
    assert reason(add_key(auth, K1, K2)).startswith("there is no provider '[redacted]'; ")


def test_a_credential_that_stands_elsewhere_can_be_noted() -> None:
    auth = auth_of({"credential_info": {"f": {"label": "x"}}})
    assert tree_of(note(auth, "g", CredentialInfo(account="org")))["credential_info"] == {
        "f": {"label": "x"},
        "g": {"account": "org"},
    }
    assert tree_of(note(auth, "f", CredentialInfo()))["credential_info"] == {}


def test_a_client_key_is_made_and_changed() -> None:
    made = put_proxy_key(empty_auth_file(), client(C1, name="editor", rpm=10, allowed_providers=("groq",), local_only=True))
    assert tree_of(made) == {
        "proxy_keys": {C1: {"name": "editor", "rpm": 10, "allowed_providers": ["groq"], "local_only": True}}
    }
    auth = auth_of({"proxy_keys": {C1: {"name": "editor", "rpm": 10, "theirs": 1}, C2: {}}})
    changed = put_proxy_key(auth, client(C1, name="ide", cost_per_day=0.5, cost_policy="free-only", concurrency=2))
    assert tree_of(changed) == {
        "proxy_keys": {
            C1: {"name": "ide", "cost_per_day": 0.5, "cost_policy": "free-only", "concurrency": 2, "theirs": 1},
            C2: {},
        }
    }


def test_two_client_keys_cannot_have_one_name() -> None:
    auth = auth_of({"proxy_keys": {C1: {"name": "editor"}}})
    assert reason(put_proxy_key(auth, client(C2, name="editor"))).startswith("there is a client key named 'editor' already")
    assert isinstance(put_proxy_key(auth, client(C1, name="editor", rpm=1)), AuthFile)
    assert isinstance(put_proxy_key(auth, client(C2)), AuthFile)
    assert "white space" in reason(put_proxy_key(auth, client("two words")))


def test_what_would_not_load_again_is_refused() -> None:
    assert "cost_policy must be one of" in reason(put_proxy_key(empty_auth_file(), client(C1, cost_policy="any")))
    assert "rpm must be a number" in reason(put_proxy_key(empty_auth_file(), client(C1, rpm=-1)))


@pytest.mark.parametrize("named", ["editor", fingerprint("client", C1)])
def test_a_client_key_is_revoked_by_name_or_fingerprint(named: str) -> None:
    auth = auth_of({"proxy_keys": {C1: {"name": "editor"}, C2: {"name": ""}}})
    assert tree_of(revoke_proxy_key(auth, named)) == {"proxy_keys": {C2: {"name": ""}}}


def test_revoking_nobody_or_several_is_refused() -> None:
    auth = auth_of({"proxy_keys": {C1: {"name": "editor"}, C2: {"name": "editor"}}})
    assert reason(revoke_proxy_key(auth, "ide")) == "auth.json has no client key 'ide'; see: hr key list"
    assert reason(revoke_proxy_key(auth, "")) == "auth.json has no client key ''; see: hr key list"
    both = f"{fingerprint('client', C1)}, {fingerprint('client', C2)}"
    assert reason(revoke_proxy_key(auth, "editor")) == f"2 client keys are named 'editor'; name one of them: {both}"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**25), 10**25),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
UNKNOWN = st.dictionaries(st.text(st.characters(categories=["Lu"]), min_size=1, max_size=3), JSON, max_size=3)
KEYS = st.sampled_from([K1, K2, K3])
EDITS = st.one_of(
    st.builds(lambda key: lambda auth: add_key(auth, "groq", key, CredentialInfo(label="l")), KEYS),
    st.builds(lambda key: lambda auth: remove_key(auth, fingerprint("groq", key)), KEYS),
    st.builds(
        lambda name, rpm: lambda auth: put_proxy_key(auth, client(C1, name=name, rpm=rpm)),
        st.sampled_from("ab"),
        st.integers(0, 5),
    ),
    st.builds(lambda name: lambda auth: revoke_proxy_key(auth, name), st.sampled_from("ab")),
)


def unknown_in(tree: Any) -> dict[str, Any]:
    """What we do not know: in the file, and in the client key that no edit here touches."""
    return {
        "top": {name: value for name, value in tree.items() if name.isupper()},
        "kept": tree["proxy_keys"][C2],
        "stranger": tree["providers"]["stranger"],
    }


@given(UNKNOWN, UNKNOWN, st.lists(EDITS, max_size=6))
def test_what_we_do_not_know_survives_every_edit(top: dict[str, Any], inner: dict[str, Any], edits: list[Any]) -> None:
    auth = auth_of({**top, "providers": {"groq": [K2], "stranger": ["s"]}, "proxy_keys": {C2: {**inner, "name": "kept"}}})
    before = unknown_in(tree_of(auth))
    for edit in edits:
        changed = edit(auth)
        auth = changed if isinstance(changed, AuthFile) else auth
    assert unknown_in(tree_of(auth)) == before
    written = auth.document.encoded()
    assert auth_of(json.loads(written)).document.encoded() == written


def test_an_edit_leaves_the_value_it_was_made_from_alone() -> None:
    auth = auth_of({"providers": {"groq": [K1]}})
    add_key(auth, "groq", K2)
    remove_key(auth, fingerprint("groq", K1))
    put_proxy_key(auth, client(C1))
    assert tree_of(auth) == {"providers": {"groq": [K1]}}
