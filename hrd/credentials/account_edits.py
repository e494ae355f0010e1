"""Changes to the accounts of auth.json as pure functions, like those of `hrd.credentials.edits`."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from hrd.core.secrets import Secret
from hrd.credentials.accounts import CodexAccount, Tokens, account_fingerprint, account_id_of
from hrd.credentials.auth_file import AuthFile, CredentialInfo, CredentialProblem, auth_file_of
from hrd.credentials.edits import noted, put
from hrd.credentials.logins import Login

ADDED: Final = "added"
UPDATED: Final = "updated"
KEPT: Final = "kept"
"""The file's own tokens are as new, or newer."""

_REMOVED: Final = CredentialProblem("the account was removed meanwhile", "see: hr auth list")
_TOKEN_FIELDS: Final = ("access_token", "refresh_token", "last_refresh", "expires_at")


def account_in(auth: AuthFile, fingerprint: str) -> CodexAccount | None:
    return next((account for account in auth.codex_accounts if account.fingerprint == fingerprint), None)


def fate_of(auth: AuthFile, fingerprint: str, login: Login) -> str:
    """What `put_login` would do with *login*: add the account, update it, or keep what is there. A login that needs renewing by
    hand is always replaced, by any other."""
    account = account_in(auth, fingerprint)
    if account is None:
        return ADDED
    mine, its = account.tokens, login.tokens
    if mine.access == its.access and mine.refresh == its.refresh:
        return KEPT
    if account.previous is not None and account.previous.refresh == its.refresh and not account.needs_login:
        return KEPT  # what it was before we renewed it: to take it back would be to lose the account
    if account.needs_login or mine.given_at is None or its.given_at is None:
        return UPDATED
    return UPDATED if its.given_at > mine.given_at else KEPT


def put_login(
    auth: AuthFile, fingerprint: str, login: Login, info: CredentialInfo, *, imported_from: str
) -> AuthFile | CredentialProblem:
    """*auth* with the login's account, added after those it has or updated in its place; *info* is noted of it."""
    tree = auth.document.copied()
    fate = fate_of(auth, fingerprint, login)
    if fate != KEPT:
        entry = _entry_of(tree, fingerprint)
        _replace(entry, login.tokens)
        put(entry, "account_id", login.account_id)
        put(entry, "id_token", login.id_token.reveal())
        put(entry, "email", login.email)
        put(entry, "plan", login.plan)
        put(entry, "imported_from", imported_from)
        put(entry, "needs_login", "")
    noted(tree, fingerprint, info)
    return auth_file_of(tree)


def renewal_begun(auth: AuthFile, fingerprint: str, now: float) -> AuthFile | CredentialProblem:
    """Noted before a refresh token is used: it may be worth nothing from then on."""
    return _changed(auth, fingerprint, {"renewing_since": now})


def renewed(
    auth: AuthFile, fingerprint: str, spent: Collection[Secret], tokens: Tokens, id_token: str
) -> AuthFile | CredentialProblem:
    """The account has new tokens for one of the refresh tokens *spent*; those before are kept beside them. If it has another
    login by now, that stays."""
    tree = auth.document.copied()
    entry = _found(tree, fingerprint)
    if entry is None:
        return _REMOVED
    if (entry.get("refresh_token") or "") not in [token.reveal() for token in spent]:
        return auth
    _replace(entry, tokens)
    put(entry, "id_token", id_token or entry.get("id_token"))
    put(entry, "account_id", account_id_of(entry))
    put(entry, "needs_login", "")
    _rename(tree, fingerprint, account_fingerprint(entry))
    return auth_file_of(tree)


def not_renewed(
    auth: AuthFile, fingerprint: str, refused: Collection[Secret], needs_login: str
) -> AuthFile | CredentialProblem:
    """The renewal with one of the refresh tokens *refused* came to nothing; *needs_login* says why it never will, if that is
    so. Another login that the account has by now stays as it is."""
    account = account_in(auth, fingerprint)
    if account is not None and account.tokens.refresh not in refused:
        return auth
    return _changed(auth, fingerprint, {"renewing_since": 0, "needs_login": needs_login})


def written(at: float) -> str:
    """A moment as the Codex CLI writes it (RFC 3339)."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _changed(auth: AuthFile, fingerprint: str, fields: dict[str, Any]) -> AuthFile | CredentialProblem:
    tree = auth.document.copied()
    entry = _found(tree, fingerprint)
    if entry is None:
        return _REMOVED
    for name, value in fields.items():
        put(entry, name, value)
    return auth_file_of(tree)


def _replace(entry: dict[str, Any], tokens: Tokens) -> None:
    before = {name: entry[name] for name in _TOKEN_FIELDS if entry.get(name)}
    put(entry, "previous", before if before.get("refresh_token") else entry.get("previous"))
    put(entry, "access_token", tokens.access.reveal())
    put(entry, "refresh_token", tokens.refresh.reveal())
    put(entry, "last_refresh", tokens.last_refresh)
    put(entry, "expires_at", tokens.expires_at)
    put(entry, "renewing_since", 0)


def _rename(tree: dict[str, Any], old: str, new: str) -> None:
    """An account whose id was not known was named by its refresh token; what was noted of it goes along."""
    notes = tree.get("credential_info") or {}
    if old != new and old in notes:
        notes[new] = notes.pop(old)


def _found(tree: dict[str, Any], fingerprint: str) -> dict[str, Any] | None:
    entries: list[dict[str, Any]] = tree.get("codex_accounts") or []
    return next((entry for entry in entries if account_fingerprint(entry) == fingerprint), None)


def _entry_of(tree: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """The account's entry, which the document has from now on."""
    entry = _found(tree, fingerprint)
    if entry is None:
        entry = {}
        tree["codex_accounts"] = [*(tree.get("codex_accounts") or []), entry]
    return entry
