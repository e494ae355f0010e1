"""What coverage costs is spent on those tests alone that count."""

import coverage


def test_no_lines_are_followed_in_a_test_that_does_not_count() -> None:
    """This one does not: its folder is none of those whose lines do (tests/conftest.py)."""
    assert coverage.Coverage.current() is None
