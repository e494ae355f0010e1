"""A limit as somebody wrote it down: the catalogue, who claims, or the user, who decides."""

import msgspec

from hrd.core.quota import kinds

SCOPES = ("account", "account_model", "credential", "candidate", "free", "paid", "model", "provider")
TURNS = ("sliding", "fixed", "first use", "refilling")
LIMIT_MAX = 10**15


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So much of one kind, for one scope."""

    kind: str
    """`requests/minute`, `tokens/day`, `at once` … (see `WindowKind`)."""
    limit: int
    scope: str = ""
    """Whose: a kind of scope; empty is the provider's `quota_scope`."""
    models: tuple[str, ...] = ()
    """For these models only; empty is every model."""
    turns: str = ""
    """`sliding`, `fixed` by the calendar of the provider's `reset_zone`, from `first use`, or `refilling` bit by bit. Empty:
    seconds, minutes and hours slide, days and longer are fixed."""
    as_of: str = ""
    said_by: str = ""


def why_unusable(limit: Limit) -> str:
    """Empty, or what would be accepted instead."""
    if limit.kind not in kinds.KINDS:
        return f"kind {limit.kind!r} is not one of {', '.join(kinds.KINDS)}"
    if not 0 < limit.limit <= LIMIT_MAX:
        return "a limit above 0 is wanted"
    if limit.scope and limit.scope not in SCOPES:
        return f"scope {limit.scope!r} is not one of {', '.join(SCOPES)}"
    if limit.turns and limit.turns not in TURNS:
        return f"turns {limit.turns!r} is not one of {', '.join(TURNS)}"
    return ""


def scope_kind(limit: Limit, quota_scope: str) -> str:
    """Whose it is. A limit of some models cannot be a whole account's."""
    kind = limit.scope or quota_scope
    if limit.models and kind not in ("account_model", "candidate", "model"):
        return "account_model"
    return kind
