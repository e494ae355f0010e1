"""Accounts as auth.json holds them."""

from typing import Any

import pytest

from hrd.core.secrets import fingerprint
from hrd.credentials.accounts import CodexAccount, accounts_in
from hrd.credentials.shape import MisshapenError
from tests.upstreams.codex_oauth import jwt

NOW = 1_795_003_200.0
AUTH = "https://api.openai.com/auth"


def one(**entry: Any) -> CodexAccount:
    warnings: list[str] = []
    (account,) = accounts_in([entry], warnings)
    assert warnings == []
    return account


def test_an_entry_of_the_original_hermes_router() -> None:
    account = one(account_id="acc-1", access_token="a", refresh_token="r", last_refresh="2026-11-18T12:00:00Z", more=1)
    assert (account.account_id, account.fingerprint) == ("acc-1", fingerprint("codex", "acc-1"))
    assert (account.tokens.access.reveal(), account.tokens.refresh.reveal()) == ("a", "r")
    assert (account.tokens.given_at, account.tokens.expires_at) == (NOW, None)
    assert (account.previous, account.needs_login, account.imported_from, account.renewing_since) == (None, "", "", None)


def test_everything_that_we_note() -> None:
    account = one(
        account_id="acc-1",
        access_token="a2",
        refresh_token="r2",
        id_token=jwt({"email": "me@example.org", AUTH: {"chatgpt_plan_type": "pro"}}),
        last_refresh=NOW,
        expires_at=NOW + 60,
        previous={"access_token": "a1", "refresh_token": "r1", "last_refresh": "x"},
        imported_from="/home/me/.codex/auth.json",
        renewing_since=NOW + 1,
        needs_login="it is over",
    )
    assert (account.email, account.plan, account.tokens.expires_at) == ("me@example.org", "pro", NOW + 60)
    assert account.previous is not None
    assert (account.previous.refresh.reveal(), account.previous.given_at) == ("r1", None)
    assert (account.renewing_since, account.needs_login) == (NOW + 1, "it is over")
    assert [secret.reveal() for secret in account.secrets()][1:] == ["a2", "r2", "a1", "r1"]
    assert {secret.fingerprint for secret in account.secrets()} == {account.fingerprint}
    assert "a2" not in repr(account)


def test_the_token_knows_better_than_the_file_when_it_was_given_and_when_it_ends() -> None:
    account = one(account_id="a", access_token=jwt({"iat": NOW, "exp": NOW + 9}), last_refresh="2020-01-01", expires_at=1)
    assert (account.tokens.given_at, account.tokens.expires_at) == (NOW, NOW + 9)


def test_an_account_without_an_id_is_named_by_its_tokens_and_else_by_its_refresh_token() -> None:
    token = jwt({AUTH: {"chatgpt_account_id": "acc-1"}})
    assert one(access_token=token, refresh_token="r").fingerprint == fingerprint("codex", "acc-1")
    assert one(id_token=token, refresh_token="r").account_id == "acc-1"
    assert one(refresh_token="r").fingerprint == fingerprint("codex", "r")


def test_an_account_counts_once() -> None:
    accounts = accounts_in([{"account_id": "a", "access_token": "1"}, {"account_id": "a", "access_token": "2"}], [])
    assert [account.tokens.access.reveal() for account in accounts] == ["1"]


@pytest.mark.parametrize("token", ["two words", "a\r\nx-evil: 1", "é"])
def test_a_token_that_cannot_be_sent_is_not_used_and_said_so_without_being_shown(token: str) -> None:
    warnings: list[str] = []
    (account,) = accounts_in([{"account_id": "acc-1", "access_token": token, "refresh_token": "r"}], warnings)
    assert account.tokens.access.reveal() == ""
    assert account.tokens.refresh.reveal() == "r"
    assert warnings == [f"{account.fingerprint}: a token in auth.json has characters that no token has: it is not used"]


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ({"account_id": "a", "refresh_token": 1}, "codex_accounts[0].refresh_token must be text"),
        ({"account_id": "a", "needs_login": True}, "codex_accounts[0].needs_login must be text"),
        ({"account_id": "a", "previous": []}, "codex_accounts[0].previous must be a JSON object"),
        ({"account_id": "a", "previous": {"refresh_token": 1}}, "codex_accounts[0].previous.refresh_token must be text"),
        ({"account_id": "a", "renewing_since": "x"}, "codex_accounts[0].renewing_since must be a number, not negative"),
        ({"account_id": "a", "expires_at": "x"}, "codex_accounts[0].expires_at must be a number, not negative"),
        ({"account_id": "two words"}, "codex_accounts[0] must be an object with an account_id"),
    ],
)
def test_what_has_another_shape_is_named(entry: dict[str, Any], where: str) -> None:
    with pytest.raises(MisshapenError) as wrong:
        accounts_in([entry], [])
    assert str(wrong.value) == where
