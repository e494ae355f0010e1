"""ChatGPT accounts that signed in, as auth.json holds them (`codex_accounts`).

Refresh tokens are for one use: each renewal replaces both tokens. The pair before is kept beside them, and so is the moment at
which a renewal was begun, so that neither a crash nor a full disk loses an account unnoticed.
"""

from typing import Any, Final

import msgspec

from hrd.core.secrets import Secret, fingerprint
from hrd.core.times import parse_moment
from hrd.credentials.claims import ID_CHARS_MAX, account_of, claims_of, is_sendable
from hrd.credentials.shape import MisshapenError, as_list, as_number, as_object, as_text

CODEX: Final = "codex"
"""The provider that such accounts are for."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What one signing-in or one renewal gave."""

    access: Secret
    refresh: Secret
    """Empty when somebody else renews the login."""
    last_refresh: str | float | None = None
    """When they were given, as it is written."""
    expires_at: float | None = None
    """The end of the access token; None is not known."""

    @property
    def given_at(self) -> float | None:
        """When they were given; the access token knows better than the file."""
        said = self.last_refresh
        written = parse_moment(said) if isinstance(said, str) else said
        return claims_of(self.access.reveal()).issued_at or written


class CodexAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A ChatGPT account that signed in."""

    account_id: str
    fingerprint: str
    tokens: Tokens
    previous: Tokens | None = None
    """The pair that these replaced."""
    id_token: Secret
    email: str = ""
    plan: str = ""
    imported_from: str = ""
    """The file of another program that the login was copied from; empty when it is the router's own."""
    renewing_since: float | None = None
    """A renewal was begun then, and its outcome was not noted: tokens may have been given that never came here."""
    needs_login: str = ""
    """Why the login can be renewed no more; empty while it can."""

    def secrets(self) -> list[Secret]:
        """Everything in it that must not be seen, shown by the account's own name."""
        pairs = [self.tokens, *([self.previous] if self.previous is not None else ())]
        held = [self.id_token, *(token for pair in pairs for token in (pair.access, pair.refresh))]
        return [token.shown_as(self.fingerprint) for token in held if token.reveal()]


def accounts_in(value: object, warnings: list[str]) -> tuple[CodexAccount, ...]:
    """`codex_accounts`, each account once. Raises `MisshapenError`."""
    accounts: dict[str, CodexAccount] = {}
    for place, entry in enumerate(as_list(value, "codex_accounts")):
        where = f"codex_accounts[{place}]"
        account = _account(as_object(entry, where), where)
        if any(entry.get(name) and not is_sendable(entry[name]) for name in ("access_token", "refresh_token")):
            warnings.append(f"{account.fingerprint}: a token in auth.json has characters that no token has: it is not used")
        accounts.setdefault(account.fingerprint, account)
    return tuple(accounts.values())


def account_fingerprint(entry: dict[str, Any]) -> str:
    """The name of an account by its entry in the file: it stays when the tokens change."""
    return fingerprint(CODEX, account_id_of(entry) or entry.get("refresh_token") or "")


def account_id_of(entry: dict[str, Any]) -> str:
    """What the entry says; else what its tokens do."""
    said = entry.get("account_id") or account_of(entry.get("access_token") or "", entry.get("id_token") or "")
    return said if is_sendable(said, ID_CHARS_MAX) else ""


def _account(entry: dict[str, Any], where: str) -> CodexAccount:
    tokens = _tokens(entry, where)
    for field in ("account_id", "id_token", "email", "plan", "imported_from", "needs_login"):
        as_text(entry.get(field), f"{where}.{field}")
    account_id = account_id_of(entry)
    if not account_id and not tokens.refresh.reveal():
        raise MisshapenError(where, "an object with an account_id")
    previous = as_object(entry.get("previous"), f"{where}.previous")
    renewing_since = as_number(entry.get("renewing_since"), f"{where}.renewing_since")
    return CodexAccount(
        account_id=account_id,
        fingerprint=account_fingerprint(entry),
        tokens=tokens,
        previous=_tokens(previous, f"{where}.previous") if previous else None,
        id_token=Secret(entry.get("id_token") or "", CODEX),
        email=entry.get("email") or claims_of(entry.get("id_token") or "").email,
        plan=entry.get("plan") or claims_of(entry.get("id_token") or "").plan,
        imported_from=entry.get("imported_from") or "",
        renewing_since=renewing_since or None,
        needs_login=entry.get("needs_login") or "",
    )


def _tokens(entry: dict[str, Any], where: str) -> Tokens:
    access = as_text(entry.get("access_token"), f"{where}.access_token")
    refreshed = entry.get("last_refresh")
    if not isinstance(refreshed, str | float | int | None) or isinstance(refreshed, bool):
        raise MisshapenError(f"{where}.last_refresh", "a time")
    expires_at = as_number(entry.get("expires_at"), f"{where}.expires_at") or None
    refresh = as_text(entry.get("refresh_token"), f"{where}.refresh_token")
    return Tokens(
        access=Secret(access if is_sendable(access) else "", CODEX),
        refresh=Secret(refresh if is_sendable(refresh) else "", CODEX),
        last_refresh=refreshed,
        expires_at=claims_of(access).expires_at or expires_at,
    )
