"""When a login is renewed."""

from typing import Any

import pytest

from hrd.core.secrets import Secret
from hrd.credentials.accounts import CodexAccount, accounts_in
from hrd.upstream.accounts.times import UNKNOWN_S, draw, due_at, is_live, pause_s
from tests.upstreams.codex_oauth import jwt

NOW = 1_795_003_200.0
DAY_S = 86_400.0


def account(*, lives_s: float | None = DAY_S, issued: bool = True, access: str | None = None, **more: Any) -> CodexAccount:
    claims = {"iat": NOW} if issued else {}
    if lives_s is not None:
        claims["exp"] = NOW + lives_s
    entry = {"account_id": "acc-1", "access_token": jwt(claims) if access is None else access, "refresh_token": "r", **more}
    return accounts_in([entry], [])[0]


@pytest.mark.parametrize(
    ("one", "at"),
    [
        (account(lives_s=DAY_S), DAY_S - 600 * (1 + 0.5 * draw(Secret("r", "codex")))),
        (account(lives_s=100), 50.0),
        (account(lives_s=4), 5.0),
        (account(lives_s=DAY_S, issued=False), DAY_S - 600 * (1 + 0.5 * draw(Secret("r", "codex")))),
        (account(lives_s=None), UNKNOWN_S),
        (account(access="opaque", last_refresh="2026-11-18T12:00:00Z"), UNKNOWN_S),
        (account(access="opaque", last_refresh=NOW), UNKNOWN_S),
    ],
)
def test_the_moment(one: CodexAccount, at: float) -> None:
    due = due_at(one, 600.0)
    assert due is not None
    assert due - NOW == pytest.approx(at)


@pytest.mark.parametrize(
    "one",
    [
        account(access="opaque"),
        account(needs_login="it is over"),
        account(refresh_token=""),
    ],
)
def test_never_by_itself(one: CodexAccount) -> None:
    assert due_at(one, 600.0) is None


def test_at_once() -> None:
    assert due_at(account(access=""), 600.0) == 0.0
    assert due_at(account(renewing_since=NOW - 10), 600.0) == NOW - 10


def test_a_token_is_live_until_shortly_before_its_end() -> None:
    assert is_live(account(lives_s=100), NOW + 94)
    assert not is_live(account(lives_s=100), NOW + 96)
    assert is_live(account(access="opaque"), NOW + 10 * DAY_S)
    assert not is_live(account(access=""), NOW)
    assert not is_live(account(access="opaque", expires_at=NOW), NOW)


def test_pauses_grow_and_stay() -> None:
    one = Secret("r", "codex")
    pauses = [pause_s(failures, one) / (1 + 0.5 * draw(one)) for failures in (1, 2, 3, 4, 5, 100)]
    assert pauses == pytest.approx([5, 15, 60, 300, 300, 300])
    assert 0 <= draw(one) < 1
