"""Which of two logins of one account is newer."""

import pytest

from hrd.core.secrets import Secret
from hrd.credentials.accounts import CodexAccount, Tokens, accounts_in
from hrd.credentials.logins import Login
from hrd.upstream.accounts.imports import is_newer, newer_login


def account(last_refresh: str = "2026-11-18T12:00:00Z") -> CodexAccount:
    entry = {
        "account_id": "acc-1",
        "access_token": "a1",
        "refresh_token": "r1",
        "last_refresh": last_refresh or None,
        "previous": {"refresh_token": "r0"},
    }
    return accounts_in([entry], [])[0]


def login(refresh: str, last_refresh: str) -> Login:
    tokens = Tokens(access=Secret("a2", "codex"), refresh=Secret(refresh, "codex"), last_refresh=last_refresh or None)
    return Login(account_id="acc-1", tokens=tokens, id_token=Secret("", "codex"))


@pytest.mark.parametrize(
    ("refresh", "at", "ours_at", "is_lost", "is_it"),
    [
        ("r2", "2026-11-18T13:00:00Z", "2026-11-18T12:00:00Z", False, True),
        ("r2", "2026-11-18T11:00:00Z", "2026-11-18T12:00:00Z", False, False),
        ("r2", "2026-11-18T11:00:00Z", "2026-11-18T12:00:00Z", True, False),
        ("r2", "", "2026-11-18T12:00:00Z", False, False),
        ("r2", "", "2026-11-18T12:00:00Z", True, True),
        ("r2", "2026-11-18T11:00:00Z", "", True, True),
        ("r1", "2026-11-18T13:00:00Z", "2026-11-18T12:00:00Z", True, False),
        ("r0", "2026-11-18T13:00:00Z", "2026-11-18T12:00:00Z", True, False),
        ("", "2026-11-18T13:00:00Z", "2026-11-18T12:00:00Z", True, False),
    ],
)
def test_newer(refresh: str, at: str, ours_at: str, is_lost: bool, is_it: bool) -> None:
    assert is_newer(login(refresh, at), account(ours_at), is_lost=is_lost) is is_it


async def test_a_login_of_our_own_is_looked_for_nowhere() -> None:
    assert await newer_login(account(), is_lost=True) is None
