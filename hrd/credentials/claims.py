"""What a token of a ChatGPT login says of itself. No signature is checked: the tokens are our own user's, and whoever takes
them checks."""

import binascii
from typing import Any, Final

import msgspec

TOKEN_CHARS_MAX: Final = 16_384
ID_CHARS_MAX: Final = 200
_MOMENT_MAX: Final = 1e11
_AUTH: Final = "https://api.openai.com/auth"
_PROFILE: Final = "https://api.openai.com/profile"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What is empty or None is not said."""

    account_id: str = ""
    default_organization: str = ""
    email: str = ""
    plan: str = ""
    issued_at: float | None = None
    expires_at: float | None = None


NOTHING_SAID: Final = Claims()


def claims_of(token: str) -> Claims:
    """The claims of a JSON Web Token (RFC 7519); of what is none, nothing."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > TOKEN_CHARS_MAX:
        return NOTHING_SAID
    try:
        payload = binascii.a2b_base64(parts[1].translate(_FROM_URL) + "==")
        tree = msgspec.json.decode(payload)
    except (ValueError, RecursionError):  # binascii.Error, DecodeError and UnicodeDecodeError are ValueErrors
        return NOTHING_SAID
    return _claims(tree) if isinstance(tree, dict) else NOTHING_SAID


def account_of(access_token: str, id_token: str) -> str:
    """The account that a login is for, as far as its tokens say."""
    ids, access = claims_of(id_token), claims_of(access_token)
    return ids.account_id or access.account_id or ids.default_organization or access.default_organization


def is_sendable(token: str, chars_max: int = TOKEN_CHARS_MAX) -> bool:
    """Whether *token* can stand in a header: visible ASCII."""
    return 0 < len(token) <= chars_max and token.isascii() and token.isprintable() and " " not in token


_FROM_URL: Final = str.maketrans("-_", "+/")


def _claims(tree: dict[str, Any]) -> Claims:
    own = _table(tree.get(_AUTH))
    return Claims(
        account_id=_word(own.get("chatgpt_account_id")),
        default_organization=_default_organization(own.get("organizations")),
        email=_word(tree.get("email")) or _word(_table(tree.get(_PROFILE)).get("email")),
        plan=_word(own.get("chatgpt_plan_type")),
        issued_at=_moment(tree.get("iat")),
        expires_at=_moment(tree.get("exp")),
    )


def _default_organization(value: object) -> str:
    rows = [_table(row) for row in value] if isinstance(value, list) else []
    return next((_word(row.get("id")) for row in rows if row.get("is_default") is True), "")


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) and is_sendable(value, ID_CHARS_MAX) else ""


def _moment(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 < value < _MOMENT_MAX else None
