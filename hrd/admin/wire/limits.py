"""Ceilings of client keys: what each may ask for, and what it has asked for so far."""

from hrd.admin.wire.keys import KeyLimits
from hrd.admin.wire.route import Answer, Ask, Nothing, Route


class Ceilings(Answer, frozen=True, kw_only=True):
    """0 is none."""

    rpm: int = 0
    req_per_day: int = 0
    tokens_per_day: int = 0
    cost_per_day: float = 0.0
    """US dollars."""
    concurrency: int = 0


class Spent(Answer, frozen=True, kw_only=True):
    """Requests under way and of the last minute; and this UTC day, with what is set aside for requests under way."""

    at_once: int = 0
    in_minute: int = 0
    requests: int = 0
    tokens: int = 0
    cost_microusd: int = 0


class ClientLimits(Answer, frozen=True, kw_only=True):
    """One client key. `own` is noted of the key itself, `holds` is that and the settings' ceilings where it says nothing."""

    fingerprint: str
    name: str
    source: str
    own: KeyLimits = KeyLimits()
    holds: Ceilings = Ceilings()
    spent: Spent = Spent()


class Limits(Answer, frozen=True, kw_only=True):
    """`hr limit list --json`. `defaults` are the settings' (PROXY_LIMIT_…), `resets_at` is the end of the UTC day."""

    now: float
    resets_at: float
    defaults: Ceilings
    clients: tuple[ClientLimits, ...]


class LimitSet(Ask, frozen=True, kw_only=True):
    """Change what one client key (fingerprint or name) may; what is None stays."""

    which: str
    rpm: int | None = None
    req_per_day: int | None = None
    tokens_per_day: int | None = None
    cost_per_day: float | None = None
    concurrency: int | None = None
    cost_policy: str | None = None
    priority_max: str | None = None


class LimitClear(Ask, frozen=True, kw_only=True):
    """Take a client key's own ceilings away: those of the settings hold for it."""

    which: str


LIMITS = Route("GET", "/v1/limits", Nothing, Limits)
LIMIT_SET = Route("POST", "/v1/limits/set", LimitSet, ClientLimits)
LIMIT_CLEAR = Route("POST", "/v1/limits/clear", LimitClear, ClientLimits)
