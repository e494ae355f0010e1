"""Credentials: what is there, what is added, what is removed. A key travels in one direction only, inwards."""

import re

import msgspec

from hrd.admin.wire.route import Answer, Ask, Route

_FINGERPRINT = re.compile(r"[a-z][a-z0-9_]*-[0-9a-f]{8}")


def is_fingerprint(text: str) -> bool:
    """Whether *text* is written like a credential's or client key's fingerprint (`groq-1a2b3c4d`)."""
    return _FINGERPRINT.fullmatch(text) is not None


class AuthQuestion(Ask, frozen=True, kw_only=True):
    """All credentials, or one provider's (its name or an alias)."""

    provider: str = ""


class AuthCredential(Answer, frozen=True, kw_only=True):
    """A credential as it is kept. `index` counts from 1 within its provider, in the order in which they are asked."""

    provider: str
    index: int
    fingerprint: str
    source: str
    label: str = ""
    account: str = ""
    account_by: str = ""
    """Who said so: `you`, `provider`, or nobody."""
    cost_class: str = msgspec.field(default="", name="class")
    added_at: float | None = None
    state: str = ""
    reason: str = ""
    until: float | None = None


class AuthList(Answer, frozen=True, kw_only=True):
    """`hr auth list --json`."""

    now: float
    credentials: tuple[AuthCredential, ...]
    path: str = ""
    """Where auth.json stands."""


class AuthAdd(Ask, frozen=True, kw_only=True):
    """Keys for a provider. `cost_class` is `free`, `subscription`, `paid`, or empty for the catalogue's."""

    provider: str
    keys: tuple[str, ...]
    account: str = ""
    label: str = ""
    cost_class: str = msgspec.field(default="", name="class")

    def __repr__(self) -> str:
        return f"AuthAdd(provider={self.provider!r}, {len(self.keys)} keys)"


class AuthAdded(Answer, frozen=True, kw_only=True):
    """Fingerprints of what is new and of what was there. `warnings` are about keys that look wrong and were stored all the
    same."""

    provider: str
    added: tuple[str, ...]
    already: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class AuthRemove(Ask, frozen=True, kw_only=True):
    """By fingerprint, or by provider and index."""

    fingerprint: str = ""
    provider: str = ""
    index: int | None = None


class AuthRemoved(Answer, frozen=True, kw_only=True):
    """`left` is how many credentials the provider still has."""

    provider: str
    fingerprint: str
    left: int
    warnings: tuple[str, ...] = ()


class AuthAccount(Ask, frozen=True, kw_only=True):
    """Which account a credential draws on. `alone`: one of its own, whatever its provider says; neither: what its provider
    says."""

    fingerprint: str
    account: str = ""
    alone: bool = False


class AuthAccountSet(Answer, frozen=True, kw_only=True):
    """`account` as it counts from now on; empty until the provider names one."""

    provider: str
    fingerprint: str
    account: str
    shared_with: tuple[str, ...] = ()


AUTH_LIST = Route("GET", "/v1/auth", AuthQuestion, AuthList)
AUTH_ADD = Route("POST", "/v1/auth", AuthAdd, AuthAdded)
AUTH_REMOVE = Route("POST", "/v1/auth/remove", AuthRemove, AuthRemoved)
AUTH_ACCOUNT = Route("POST", "/v1/auth/account", AuthAccount, AuthAccountSet)
