"""Changes to the accounts of auth.json."""

from typing import Any

import msgspec
import pytest

from hrd.core.secrets import Secret, fingerprint
from hrd.credentials import AuthFile, CredentialInfo, CredentialProblem
from hrd.credentials.account_edits import (
    ADDED,
    KEPT,
    UPDATED,
    account_in,
    fate_of,
    not_renewed,
    put_login,
    renewal_begun,
    renewed,
)
from hrd.credentials.accounts import Tokens
from hrd.credentials.auth_file import auth_file_of
from hrd.credentials.logins import Login
from tests.upstreams.codex_oauth import jwt

NAME = fingerprint("codex", "acc-1")
NOW = 1_795_003_200.0
OLD = {
    "account_id": "acc-1",
    "access_token": "a1",
    "refresh_token": "r1",
    "last_refresh": "2026-11-18T12:00:00Z",
    "more": {"x": 1},
}


def auth_of(*entries: dict[str, Any], **more: Any) -> AuthFile:
    auth = auth_file_of({"codex_accounts": list(entries), "other": 1, **more})
    assert isinstance(auth, AuthFile), auth
    return auth


def tree_of(auth: AuthFile | CredentialProblem) -> dict[str, Any]:
    assert isinstance(auth, AuthFile), auth
    tree: dict[str, Any] = msgspec.json.decode(auth.document.encoded())
    assert tree["other"] == 1
    return tree


def login(access: str = "a2", refresh: str = "r2", at: str = "2026-11-18T13:00:00Z") -> Login:
    tokens = Tokens(access=Secret(access, "codex"), refresh=Secret(refresh, "codex"), last_refresh=at or None, expires_at=NOW)
    return Login(account_id="acc-1", tokens=tokens, id_token=Secret("i2", "codex"), email="me@example.org", plan="plus")


@pytest.mark.parametrize(
    ("entry", "found", "fate"),
    [
        (None, login(), ADDED),
        (OLD, login(), UPDATED),
        (OLD, login("a1", "r1"), KEPT),
        (OLD, login(at="2026-11-18T11:00:00Z"), KEPT),
        (OLD, login(at=""), UPDATED),
        (OLD | {"needs_login": "over"}, login(at="2026-11-18T11:00:00Z"), UPDATED),
        (OLD | {"needs_login": "over"}, login("a1", "r1"), KEPT),
        (OLD | {"last_refresh": None, "previous": {"refresh_token": "r2"}}, login(), KEPT),
        (OLD | {"needs_login": "over", "previous": {"refresh_token": "r2"}}, login(), UPDATED),
    ],
)
def test_what_becomes_of_a_login(entry: dict[str, Any] | None, found: Login, fate: str) -> None:
    auth = auth_of(*([entry] if entry else []))
    assert fate_of(auth, NAME, found) == fate
    after = put_login(auth, NAME, found, CredentialInfo(label="work"), imported_from="/f")
    assert tree_of(after)["credential_info"] == {NAME: {"label": "work"}}
    kept = account_in(after, NAME) if isinstance(after, AuthFile) else None
    assert kept is not None
    assert (kept.tokens.refresh == found.tokens.refresh) is (fate != KEPT or found.tokens.refresh.reveal() == "r1")


def test_an_updated_account_keeps_its_place_what_we_do_not_know_and_the_pair_before() -> None:
    auth = auth_of({"account_id": "acc-0"}, OLD | {"needs_login": "over", "renewing_since": 5})
    entries = tree_of(put_login(auth, NAME, login(), CredentialInfo(), imported_from=""))["codex_accounts"]
    assert entries == [
        {"account_id": "acc-0"},
        {
            "account_id": "acc-1",
            "access_token": "a2",
            "refresh_token": "r2",
            "last_refresh": "2026-11-18T13:00:00Z",
            "expires_at": NOW,
            "id_token": "i2",
            "email": "me@example.org",
            "plan": "plus",
            "previous": {"access_token": "a1", "refresh_token": "r1", "last_refresh": "2026-11-18T12:00:00Z"},
            "more": {"x": 1},
        },
    ]


def test_a_renewal_replaces_the_pair_that_it_cost_and_no_other() -> None:
    begun = renewal_begun(auth_of(OLD), NAME, NOW)
    assert tree_of(begun)["codex_accounts"] == [OLD | {"renewing_since": NOW}]
    assert isinstance(begun, AuthFile)
    (entry,) = tree_of(renewed(begun, NAME, [Secret("r1", "codex")], login().tokens, ""))["codex_accounts"]
    assert (entry["refresh_token"], entry["previous"]["refresh_token"], "renewing_since" in entry) == ("r2", "r1", False)
    other = renewed(begun, NAME, [Secret("r0", "codex")], login().tokens, "")
    assert tree_of(other)["codex_accounts"] == [OLD | {"renewing_since": NOW}]


def test_a_renewal_that_says_whose_it_is_names_the_account_and_takes_its_notes_along() -> None:
    before = fingerprint("codex", "r1")
    auth = auth_of({"refresh_token": "r1"}, credential_info={before: {"label": "work"}})
    token = jwt({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-1"}})
    after = tree_of(renewed(auth, before, [Secret("r1", "codex")], login(access=token).tokens, ""))
    assert after["codex_accounts"][0]["account_id"] == "acc-1"
    assert after["credential_info"] == {NAME: {"label": "work"}}


def test_a_login_that_is_over_is_noted_with_its_reason() -> None:
    r0, r1 = Secret("r0", "codex"), Secret("r1", "codex")
    auth = auth_of(OLD | {"renewing_since": 5})
    (entry,) = tree_of(not_renewed(auth, NAME, [r0, r1], "it is over"))["codex_accounts"]
    assert entry == OLD | {"needs_login": "it is over"}
    assert not_renewed(auth, NAME, [r0], "it is over") is auth, "it has another login by now"


def test_an_account_that_was_removed_meanwhile() -> None:
    auth = auth_of()
    tokens = login().tokens
    gone = CredentialProblem("the account was removed meanwhile", "see: hr auth list")
    assert renewal_begun(auth, NAME, NOW) == not_renewed(auth, NAME, [], "x") == gone
    assert renewed(auth, NAME, [Secret("r1", "codex")], tokens, "") == gone
