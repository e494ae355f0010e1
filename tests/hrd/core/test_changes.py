"""Whoever reads what changed goes on from where it was."""

from hrd.core.changes import KEPT_MAX, Changes


def test_a_reader_is_told_what_came_since() -> None:
    changes = Changes[str]()
    changes.note("a")
    read = changes.end
    changes.note("b")
    changes.note("a")
    assert changes.since(read) == ["b", "a"]
    assert changes.since(0) == ["a", "b", "a"]
    assert changes.since(changes.end) == []


def test_who_has_not_read_for_long_is_told_that_it_is_too_late() -> None:
    changes = Changes[int]()
    for number in range(KEPT_MAX):
        changes.note(number)
    assert changes.end == KEPT_MAX
    assert changes.since(0) is None
    assert changes.since(KEPT_MAX // 2 - 1) is None
    assert changes.since(KEPT_MAX // 2) == list(range(KEPT_MAX // 2, KEPT_MAX))
