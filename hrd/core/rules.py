"""The rules of the pool: those of the settings that it needs."""

import msgspec


class PoolRules(msgspec.Struct, frozen=True, kw_only=True):
    cost_policy: str = "paid-ok"
    max_wait_s: float = 30.0
    breaker_window: int = 8
    breaker_samples_min: int = 4
    breaker_error_rate: float = 0.5
    breaker_cooldown_s: float = 60.0
    probe_s: float = 900.0
    probe_max_s: float = 21_600.0
    reserve: float = 0.0
    """The share of each window that is kept for requests that pin a provider."""
