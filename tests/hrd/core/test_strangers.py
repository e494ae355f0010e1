"""Strangers are counted by address and minute, and forgotten in turn."""

from hrd.core.strangers import ADDRESSES_MAX, Strangers

HERE, THERE = "127.0.0.1", "192.0.2.7"


def test_so_many_a_minute_are_answered_with_care_and_the_next_waits_for_the_minutes_end() -> None:
    strangers = Strangers()
    assert [strangers.refused(HERE, 3, 100.0 + second) for second in range(5)] == [0.0, 0.0, 0.0, 57.0, 56.0]
    assert strangers.refused(THERE, 3, 104.0) == 0.0, "each address by itself"
    assert strangers.refused(HERE, 3, 159.75) == 0.25
    assert [strangers.refused(HERE, 3, 160.0 + second) for second in range(4)] == [0.0, 0.0, 0.0, 57.0]


def test_a_new_limit_counts_what_was_counted() -> None:
    strangers = Strangers()
    for _ in range(5):
        strangers.refused(HERE, 100, 0.0)
    assert strangers.refused(HERE, 5, 10.0) == 50.0
    assert strangers.refused(HERE, 100, 10.0) == 0.0


def test_whoever_began_first_is_forgotten_when_there_are_too_many() -> None:
    strangers = Strangers()
    for _ in range(2):
        strangers.refused(HERE, 1, 0.0)
    strangers.refused(THERE, 1, 1.0)
    for number in range(ADDRESSES_MAX - 1):
        strangers.refused(f"address {number}", 1, 2.0)
    assert strangers.refused(THERE, 1, 3.0) == 58.0, "it is remembered"
    assert strangers.refused(HERE, 1, 3.0) == 0.0, "it was forgotten"


def test_whoever_begins_a_new_minute_stands_last() -> None:
    strangers = Strangers()
    strangers.refused(HERE, 1, 0.0)
    for number in range(ADDRESSES_MAX - 1):
        strangers.refused(f"address {number}", 1, 1.0)
    strangers.refused(HERE, 1, 60.0)
    strangers.refused("one more", 1, 60.0)
    assert strangers.refused(HERE, 1, 61.0) == 59.0
    assert strangers.refused("address 0", 1, 60.5) == 0.0
