"""What the login server says, read: tokens, a refusal for good, or trouble that passes. Facts: openai/codex, codex-rs/login."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from hrd.core.secrets import Secret
from hrd.credentials.account_edits import written
from hrd.credentials.accounts import CODEX, Tokens
from hrd.credentials.claims import is_sendable
from hrd.upstream.general import Got, NotGot

FOR_GOOD: Final = {
    "refresh_token_expired": "the login is too old",
    "refresh_token_reused": "its refresh token was used elsewhere: another program shares this login",
    "refresh_token_invalidated": "the login was ended: signed out, or another one took its place",
    "invalid_grant": "the login server does not know the login any more",
    "access_denied": "it was not permitted",
    "expired_token": "the code was not entered in time",
}
"""What cannot be mended by trying again, and what it means."""
_SILENCE: Final = {
    "ConnectError": "no connection to it comes about",
    "ConnectTimeout": "it takes too long to connect",
    "ProxyError": "the proxy on the way there does not let us through",
    "ReadError": "the connection broke",
    "ReadTimeout": "it takes too long",
    "RemoteProtocolError": "the connection broke, or it is no web server",
    "TooSlowError": "it takes too long",
}
"""By the names of what the general client raises (https://www.python-httpx.org/exceptions/)."""
_LIFETIME_MAX_S: Final = 1e8
_MESSAGE_CHARS_MAX: Final = 200


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens. What is empty was not given: what was there before still holds."""

    access: Secret
    refresh: Secret
    id_token: Secret
    lifetime_s: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """For good: nothing but signing in again helps."""

    why: str


class Troubled(msgspec.Struct, frozen=True):
    """No answer that means anything: it may pass. `is_silent`: there was none at all."""

    why: str
    is_silent: bool = False


def silence_of(host: str, got: NotGot) -> Troubled:
    """No answer, in words that say where none came from, and why as far as is known."""
    return Troubled(f"the login server {host} does not answer: {_SILENCE.get(got.reason, got.reason)}", is_silent=True)


def tokens_given(got: Got | Troubled, scrub: Callable[[str], str]) -> Given | Refused | Troubled:
    """The answer to any question for tokens."""
    if isinstance(got, Troubled):
        return got
    if got.status != 200:
        return refusal_of(got, scrub)
    fields = fields_of(got)
    given = Given(
        access=_token(fields, "access_token"),
        refresh=_token(fields, "refresh_token"),
        id_token=_token(fields, "id_token"),
        lifetime_s=_lifetime(fields.get("expires_in")),
    )
    return given if given.access.reveal() or given.refresh.reveal() else Troubled("the login server answered without tokens")


def refusal_of(got: Got, scrub: Callable[[str], str]) -> Refused | Troubled:
    """What an answer other than 200 means."""
    code, message = _code_and_message(fields_of(got))
    if code in FOR_GOOD:
        return Refused(f"{FOR_GOOD[code]} ({code})")
    said = scrub(" ".join(part for part in (code, message) if part))[:_MESSAGE_CHARS_MAX]
    why = f"the login server answers {got.status}{': ' if said else ''}{said}"
    return Refused(why) if got.status == 401 else Troubled(why)


def merged(given: Given, before: Tokens, now: float) -> Tokens:
    """The tokens that hold from now on."""
    access = given.access if given.access.reveal() else before.access
    expires_at = before.expires_at
    if given.access.reveal():
        expires_at = now + given.lifetime_s if given.lifetime_s is not None else None
    return Tokens(
        access=access,
        refresh=given.refresh if given.refresh.reveal() else before.refresh,
        last_refresh=written(now),
        expires_at=expires_at,
    )


def fields_of(got: Got) -> dict[str, Any]:
    """The answer's JSON object; of anything else, nothing."""
    try:
        tree = msgspec.json.decode(got.body)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _code_and_message(fields: dict[str, Any]) -> tuple[str, str]:
    """It comes as `{"error": {"code", "message"}}`, `{"error": "…", "error_description": "…"}` and `{"code": "…"}`."""
    error = fields.get("error")
    inner = error if isinstance(error, dict) else fields
    code = error if isinstance(error, str) else inner.get("code") or inner.get("type")
    message = inner.get("message") or fields.get("error_description") or fields.get("detail")
    return (code if isinstance(code, str) else ""), (message if isinstance(message, str) else "")


def _token(fields: dict[str, Any], name: str) -> Secret:
    value = fields.get(name)
    return Secret(value if isinstance(value, str) and is_sendable(value) else "", CODEX)


def _lifetime(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 < value < _LIFETIME_MAX_S else None
