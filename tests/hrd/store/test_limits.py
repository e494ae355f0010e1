"""What holds when the settings say nothing."""

from hrd.store.limits import StoreLimits


def test_the_defaults_are_those_of_the_documentation() -> None:
    limits = StoreLimits()
    assert (limits.retention.journal_rows, limits.retention.usage_hours_days, limits.buffer_rows) == (10_000, 90.0, 20_000)
