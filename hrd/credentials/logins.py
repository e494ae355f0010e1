"""The logins that other programs keep: the Codex CLI's auth.json, and files that mean the same in other words.

Known: the CLI's (`tokens`, or an API key), CLIProxyAPI's flat file, files with `tokens` and `user`, `codex_accounts` of the
original hermes-router, and entries of `access`, `refresh`, `expires` and `accountId` wherever they stand. What is not a ChatGPT
login (another vendor's may stand in the same file) is passed over.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hrd.core.key_shapes import unusable
from hrd.core.nesting import is_too_deep
from hrd.core.secrets import Secret
from hrd.core.times import EPOCH_MS_ABOVE, parse_moment
from hrd.credentials.accounts import CODEX, Tokens
from hrd.credentials.auth_file import CredentialProblem
from hrd.credentials.claims import ID_CHARS_MAX, account_of, claims_of, is_sendable

LOGINS_MAX: Final = 100
OPENAI: Final = "openai"
SIGN_IN: Final = "hr auth login codex"
_EXTERNAL: Final = "chatgptauthtokens"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One account's login."""

    account_id: str
    tokens: Tokens
    id_token: Secret
    email: str = ""
    plan: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds that is of use here."""

    logins: tuple[Login, ...] = ()
    api_key: Secret | None = None
    """A key of the OpenAI platform, which is another account than ChatGPT's."""


def logins_in(data: bytes) -> Found | CredentialProblem:
    """The logins in a file, or why there are none. Never says what stood there."""
    try:
        tree = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return CredentialProblem("this is not whole JSON: is it the auth.json of the Codex CLI?", "try again, or " + SIGN_IN)
    if not isinstance(tree, dict) or is_too_deep(tree):
        return CredentialProblem("this is not the auth.json of the Codex CLI", SIGN_IN)
    mode = tree.get("auth_mode")
    mode = mode.lower() if isinstance(mode, str) else ""
    key = tree.get("OPENAI_API_KEY")
    if isinstance(key, str) and key.strip() and mode in ("", "apikey"):
        return _api_key(key.strip())
    logins: dict[str, Login] = {}
    for entry in _entries(tree, {}):
        login = _login(entry)
        if login is not None and len(logins) < LOGINS_MAX:
            logins[login.account_id] = newest(login, logins.get(login.account_id))
    return Found(logins=tuple(logins.values())) if logins else _why_none(tree, mode)


def newest(one: Login, other: Login | None) -> Login:
    """Which of two logins of one account was given later; *one* when nobody can tell."""
    if other is None:
        return one
    mine, its = one.tokens.given_at, other.tokens.given_at
    return other if mine is not None and its is not None and its > mine else one


def _api_key(key: str) -> Found | CredentialProblem:
    if reason := unusable(key):
        return CredentialProblem(f"the OPENAI_API_KEY in it {reason}", "hr auth add openai")
    return Found(api_key=Secret(key, OPENAI))


def _why_none(tree: dict[str, Any], mode: str) -> CredentialProblem:
    if mode not in ("", "apikey", "chatgpt", _EXTERNAL):
        return CredentialProblem(
            "the Codex CLI signed in here in a way that only it can use", f"let the router sign in: {SIGN_IN}"
        )
    if mode or "tokens" in tree or "OPENAI_API_KEY" in tree:
        reason = "there is no login in it: the Codex CLI is signed out, or keeps its login in the system's keyring"
        return CredentialProblem(reason, f"give the router a login of its own: {SIGN_IN}")
    return CredentialProblem("there is no ChatGPT login in it that names its account", f"let the router sign in: {SIGN_IN}")


# one entry -------------------------------------------------------------------------------------------------------------------

_AROUND: Final = ("last_refresh", "email", "account_id", "id_token", "expires_at", "expired", "expires")
"""What may stand beside the table that the tokens are in."""


def _entries(node: object, around: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every table that holds tokens, with what stands around it."""
    if isinstance(node, list):
        for item in node:
            yield from _entries(item, {})
    if not isinstance(node, dict):
        return
    if any(isinstance(node.get(name), str) for name in ("access_token", "access", "refresh_token", "refresh")):
        yield {**around, **{name: value for name, value in node.items() if value is not None}}
        return
    user = node.get("user")
    here = {name: node[name] for name in _AROUND if node.get(name) is not None}
    if isinstance(user, dict) and isinstance(user.get("email"), str):
        here.setdefault("email", user["email"])
    for value in node.values():
        yield from _entries(value, here)


def _login(entry: dict[str, Any]) -> Login | None:
    access, refresh, id_token = _text(entry, "access_token", "access"), _text(entry, "refresh_token", "refresh"), ""
    id_token = _text(entry, "id_token")
    account_id = _text(entry, "account_id", "accountId", "chatgpt_account_id", chars_max=ID_CHARS_MAX)
    account_id = account_id or account_of(access, id_token)
    if not account_id or not (access or refresh):
        return None
    claims = claims_of(id_token)
    refreshed = entry.get("last_refresh")
    tokens = Tokens(
        access=Secret(access, CODEX),
        refresh=Secret(refresh, CODEX),
        last_refresh=refreshed if isinstance(refreshed, str) and parse_moment(refreshed) is not None else None,
        expires_at=claims_of(access).expires_at or _moment(entry),
    )
    return Login(
        account_id=account_id,
        tokens=tokens,
        id_token=Secret(id_token, CODEX),
        email=claims.email or _text(entry, "email", chars_max=ID_CHARS_MAX),
        plan=claims.plan,
    )


def _text(entry: dict[str, Any], *names: str, chars_max: int | None = None) -> str:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and (is_sendable(value) if chars_max is None else is_sendable(value, chars_max)):
            return value
    return ""


def _moment(entry: dict[str, Any]) -> float | None:
    """The end of the access token in whichever form: seconds, milliseconds, RFC 3339."""
    for name in ("expires_at", "expired", "expires"):
        value = entry.get(name)
        if isinstance(value, str):
            return parse_moment(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return value / 1000 if value > EPOCH_MS_ABOVE else float(value)
    return None
