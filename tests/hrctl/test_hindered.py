"""Why something is not asked now, in a few words."""

import pytest

from hrctl.hindered import hindered, in_short
from hrctl.words import BY_HAND_FROM

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("window", "quota used up"),
        ("1 of 2 keys: window", "1 of 2 keys: quota used up"),
        ("in flight", "as many at once as may be"),
        ("rate limit", "rate limit"),
        ("said by a newer daemon", "said by a newer daemon"),
        ("", ""),
    ],
)
def test_a_reason_is_told_without_the_words_of_the_code(reason: str, shown: str) -> None:
    assert in_short(reason) == shown


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        (NOW + 7200, "quota used up, for 2 h"),
        (None, "quota used up"),
        (NOW - 1, "quota used up, now"),
        (BY_HAND_FROM, "quota used up, until changed by hand"),
    ],
)
def test_with_it_stands_for_how_long(until: float | None, shown: str) -> None:
    assert hindered("window", until, NOW) == shown


def test_nothing_is_nothing() -> None:
    assert hindered("", None, NOW) == ""
