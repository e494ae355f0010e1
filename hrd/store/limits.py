"""What the settings say about the store."""

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept."""

    journal_rows: int = 10_000
    ledger_days: float = 35.0
    usage_hours_days: float = 90.0
    sessions: int = 10_000


class StoreLimits(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    retention: Retention = Retention()
    buffer_rows: int = 20_000
    checkpoint_s: float = 5.0
    """A power cut loses at most what was written in this time."""
    checkpoint_rows: int = 5000
    """After so many rows the next checkpoint comes sooner."""
    trim_s: float = 60.0
    steady_s: float = 600.0
    """So long the time of day has to have gone on steadily before anything is deleted for its age: a machine may start in
    another year, and is put right once it has a network."""
