"""Login files of other programs, in every shape in which they are kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.credentials import CredentialProblem
from hrd.credentials.logins import Found, Login, logins_in
from tests.upstreams.codex_oauth import jwt

NOW = 1_795_003_200.0
AUTH = "https://api.openai.com/auth"
ID_TOKEN = jwt({"email": "me@example.org", AUTH: {"chatgpt_account_id": "acc-1", "chatgpt_plan_type": "plus"}})
ACCESS = jwt({"iat": NOW, "exp": NOW + 60, AUTH: {"chatgpt_account_id": "acc-1"}})
TOKENS = {"id_token": ID_TOKEN, "access_token": ACCESS, "refresh_token": "rt_test-not-a-token-1"}


def read(value: Any) -> Found | CredentialProblem:
    return logins_in(value if isinstance(value, bytes) else json.dumps(value).encode())


def login(value: Any) -> Login:
    found = read(value)
    assert isinstance(found, Found), found
    assert found.api_key is None
    (one,) = found.logins
    return one


@pytest.mark.parametrize(
    "file",
    [
        {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": {**TOKENS, "account_id": "acc-1"}, "last_refresh": "x"},
        {"OPENAI_API_KEY": None, "tokens": {**TOKENS, "account_id": None}, "last_refresh": "2026-11-18T12:00:00.123Z"},
        {"tokens": TOKENS},
        {"auth_mode": "chatgpt", "OPENAI_API_KEY": "sk-test-not-a-key-1", "tokens": TOKENS},
        {"type": "codex", **TOKENS, "account_id": "acc-1", "email": "me@example.org", "expired": "2026-11-19T00:00:00Z"},
        {"tokens": {**TOKENS, "expires_at": NOW}, "user": {"email": "me@example.org"}},
        {"providers": {"groq": ["gsk_test-not-a-key-1"]}, "codex_accounts": [{"account_id": "acc-1", **TOKENS}]},
        {"openai": {"type": "oauth", "access": ACCESS, "refresh": "rt_test-not-a-token-1", "id_token": ID_TOKEN, "expires": 1}},
        {"providers": {"openai-codex": {"tokens": TOKENS, "last_refresh": "2026-11-18T12:00:00Z"}}, "version": 1},
    ],
)
def test_every_shape(file: dict[str, Any]) -> None:
    one = login(file)
    assert (one.account_id, one.email, one.plan) == ("acc-1", "me@example.org", "plus")
    assert (one.tokens.access.reveal(), one.tokens.refresh.reveal()) == (ACCESS, "rt_test-not-a-token-1")
    assert (one.tokens.given_at, one.tokens.expires_at) == (NOW, NOW + 60)


def test_what_stands_around_the_tokens_is_used_where_they_say_nothing() -> None:
    one = login(
        {"tokens": {"access_token": "opaque", "refresh_token": "r", "account_id": "acc-9"}, "user": {"email": "me@x.org"}}
    )
    assert (one.account_id, one.email, one.tokens.expires_at) == ("acc-9", "me@x.org", None)
    milliseconds = login({"openai": {"access": "opaque", "refresh": "r", "accountId": "acc-9", "expires": NOW * 1000}})
    assert (milliseconds.account_id, milliseconds.tokens.expires_at) == ("acc-9", NOW)
    assert (
        login(
            {"access_token": "o", "refresh_token": "r", "account_id": "a", "expired": "2026-11-18T12:00:00Z"}
        ).tokens.expires_at
        == NOW
    )


def test_the_default_organization_stands_for_the_account() -> None:
    organized = jwt({AUTH: {"organizations": [{"id": "org-1", "is_default": True}]}})
    assert login({"tokens": {"access_token": "o", "refresh_token": "r", "id_token": organized}}).account_id == "org-1"


def test_tokens_that_somebody_else_renews() -> None:
    one = login({"auth_mode": "chatgptAuthTokens", "tokens": {**TOKENS, "refresh_token": ""}})
    assert one.tokens.refresh.reveal() == ""


@pytest.mark.parametrize(
    "file", [{"OPENAI_API_KEY": "sk-test-not-a-key-1"}, {"auth_mode": "apikey", "OPENAI_API_KEY": " sk-test-not-a-key-1\n"}]
)
def test_an_api_key_is_one_of_openai(file: dict[str, Any]) -> None:
    found = read(file)
    assert isinstance(found, Found)
    assert found.api_key is not None
    assert (found.api_key.reveal(), found.logins) == ("sk-test-not-a-key-1", ())
    assert found.api_key.fingerprint.startswith("openai-")


def test_several_accounts_each_with_its_newest_login() -> None:
    newer = jwt({"iat": NOW + 9, AUTH: {"chatgpt_account_id": "acc-1"}})
    found = read(
        {
            "codex_accounts": [
                {"account_id": "acc-1", **TOKENS},
                {"access_token": newer, "refresh_token": "r2"},
                {"account_id": "acc-2", "refresh_token": "r3"},
            ]
        }
    )
    assert isinstance(found, Found)
    assert [(one.account_id, one.tokens.refresh.reveal()) for one in found.logins] == [("acc-1", "r2"), ("acc-2", "r3")]


def test_logins_of_other_vendors_are_passed_over() -> None:
    anthropic = {"type": "oauth", "access": "sk-ant-test-not-a-key", "refresh": "r", "expires": 1}
    assert login({"anthropic": anthropic, "openai": {"access": ACCESS, "refresh": "r"}}).account_id == "acc-1"
    found = read({"anthropic": anthropic})
    assert found == CredentialProblem(
        "there is no ChatGPT login in it that names its account", "let the router sign in: hr auth login codex"
    )


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "this is not whole JSON"),
        (b'{"tokens": ', "this is not whole JSON"),
        (b"\xff\xfe", "this is not whole JSON"),
        ([], "this is not the auth.json of the Codex CLI"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "this is not the auth.json of the Codex CLI"),
        ({"auth_mode": "agentIdentity", "agent_identity": {}}, "the Codex CLI signed in here in a way that only it can use"),
        ({"auth_mode": "chatgpt", "tokens": None}, "keeps its login in the system's keyring"),
        ({"OPENAI_API_KEY": None}, "keeps its login in the system's keyring"),
        ({"tokens": {"access_token": "opaque", "refresh_token": "r"}}, "keeps its login in the system's keyring"),
        ({"OPENAI_API_KEY": "your-key-here"}, "the OPENAI_API_KEY in it holds a placeholder, not a key"),
        ({"tokens": {"access_token": "two words", "refresh_token": "", "account_id": "a"}}, "keeps its login"),
    ],
)
def test_what_is_none_says_why_and_what_to_type(file: Any, reason: str) -> None:
    problem = read(file)
    assert isinstance(problem, CredentialProblem)
    assert reason in problem.reason
    assert "hr auth" in problem.hint
    assert "opaque" not in str(problem)


NAMES = st.sampled_from(["tokens", "access_token", "refresh", "account_id", "user", "x"])
LEAVES = st.none() | st.text() | st.integers()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
def test_nothing_is_too_odd(tree: object) -> None:
    read(tree)
