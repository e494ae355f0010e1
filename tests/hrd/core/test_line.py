"""The line: priority first, then who came first; nobody is passed."""

import pytest

from hrd.core.ask import Priority
from hrd.core.line import APART_S, Line
from tests.hrd.stage import candidate, provider

WHO = candidate()
ELSE = candidate(provider("beta"))


def test_those_who_wait_for_one_moment_are_let_through_a_little_apart() -> None:
    line = Line()
    moments = [line.wait(line.place(Priority.NORMAL), WHO, 100.0) for _ in range(4)]
    assert moments == [pytest.approx(100.0 + step * APART_S) for step in range(4)]


def test_priority_comes_before_having_come_first() -> None:
    line = Line()
    low, normal, high = (line.place(priority) for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH))
    for place in (low, normal, high):
        line.wait(place, WHO, 100.0)
    assert [line.before(place, place.priority, WHO) for place in (low, normal, high)] == [2, 1, 0]
    assert line.before(None, Priority.NORMAL, WHO) == 2
    assert line.before(None, Priority.HIGH, WHO) == 1
    assert line.before(None, Priority.HIGH, ELSE) == 0


def test_the_first_of_those_elsewhere_who_would_do_with_another_is_told() -> None:
    line = Line()
    normal, high, here = line.place(Priority.NORMAL), line.place(Priority.HIGH), line.place(Priority.HIGH)
    for place, who in ((normal, WHO), (high, WHO), (here, ELSE)):
        line.wait(place, who, 100.0)
    assert line.first_elsewhere(None, Priority.HIGH, ELSE, 0.0) is None  # nobody else would do
    high.may_take = lambda candidate, now: (candidate, now) == (ELSE, 7.0)
    assert line.first_elsewhere(None, Priority.HIGH, ELSE, 7.0) is high
    assert line.first_elsewhere(here, Priority.HIGH, ELSE, 7.0) is high
    assert line.first_elsewhere(high, Priority.HIGH, ELSE, 7.0) is None
    assert line.first_elsewhere(None, Priority.HIGH, WHO, 7.0) is None
    line.leave(high)
    normal.may_take = high.may_take
    assert line.first_elsewhere(None, Priority.NORMAL, ELSE, 7.0) is normal
    assert line.first_elsewhere(None, Priority.HIGH, ELSE, 7.0) is None


@pytest.mark.parametrize(("is_any_moment", "at", "is_called"), [(True, 99.0, True), (True, 100.0, False), (False, 99.0, False)])
def test_who_was_called_to_what_came_free_calls_the_next(is_any_moment: bool, at: float, is_called: bool) -> None:
    """Those who wait for a moment of the clock have moments of their own."""
    line, called = Line(), list[str]()
    first, second = line.place(Priority.NORMAL), line.place(Priority.NORMAL)
    for place in (first, second):
        line.wait(place, WHO, 100.0)
        place.is_any_moment = is_any_moment
    second.wake = lambda: called.append("second")
    line.served(first, WHO, at)
    assert called == ["second"] * is_called


def test_who_is_called_together_is_let_through_a_little_apart_and_nobody_later_than_was_said() -> None:
    line = Line()
    here = [line.place(Priority.NORMAL) for _ in range(3)]
    urgent, elsewhere = line.place(Priority.HIGH), line.place(Priority.NORMAL)
    for place in (*here, urgent):
        line.wait(place, WHO, 100.0)
    line.wait(elsewhere, ELSE, 100.0)
    line.call_all(90.0)
    assert [place.not_before - 90.0 for place in (urgent, *here, elsewhere)] == pytest.approx([0, 0.05, 0.1, 0.15, 0])
    line.call_all(100.12)
    assert [place.not_before - 100.0 for place in (urgent, *here)] == pytest.approx([0, 0, 0.05, 0.1])


def test_who_waits_again_keeps_its_place() -> None:
    line = Line()
    first, second = line.place(Priority.NORMAL), line.place(Priority.NORMAL)
    line.wait(first, WHO, 100.0)
    line.wait(second, WHO, 100.0)
    line.wait(first, WHO, 130.0)
    assert line.before(first, Priority.NORMAL, WHO) == 0
    assert len(line) == 2


def test_the_first_in_line_is_called_when_something_came_free() -> None:
    line, called = Line(), list[str]()
    for name, priority in (("a", Priority.NORMAL), ("b", Priority.HIGH), ("c", Priority.HIGH)):
        place = line.place(priority)
        line.wait(place, WHO, 100.0)
        place.wake = lambda name=name: called.append(name)  # type: ignore[misc]
    line.call(ELSE)
    assert called == []
    line.call(WHO)
    assert called == ["b"]
    line.call_all(90.0)
    assert sorted(called) == ["a", "b", "b", "c"]


def test_who_has_left_is_nobodys_business() -> None:
    line = Line()
    place = line.place(Priority.NORMAL)
    line.leave(place)
    line.wait(place, WHO, 100.0)
    line.leave(place)
    assert (line.is_empty, line.before(None, Priority.LOW, WHO)) == (True, 0)


def test_when_somebody_gives_up_those_behind_look_again() -> None:
    line, called = Line(), list[str]()
    places = []
    for name in ("a", "b", "c"):
        place = line.place(Priority.NORMAL)
        line.wait(place, WHO, 100.0)
        place.wake = lambda name=name: called.append(name)  # type: ignore[misc]
        places.append(place)
    line.give_up(places[1])
    assert called == ["c"]
    line.served(places[0], WHO, 100.0)
    assert called == ["c"]
    assert len(line) == 1


def test_who_is_served_by_somebody_else_leaves_its_turn_to_those_behind() -> None:
    line, called = Line(), list[str]()
    first, second = line.place(Priority.NORMAL), line.place(Priority.NORMAL)
    for place in (first, second):
        line.wait(place, WHO, 100.0)
    second.wake = lambda: called.append("second")
    line.served(first, ELSE, 100.0)
    assert (called, len(line)) == (["second"], 1)
