"""A window as a value."""

from hrd.core.quota.window import Asleep, Turn, Window, put_to_sleep, wake


def test_what_is_left_is_never_less_than_nothing() -> None:
    assert Window(scope="s", kind="requests/day", limit=5, used=9).left == 0
    assert Window(scope="s", kind="requests/day", used=9).left is None


def test_a_sliding_window_is_full_again_when_the_last_of_it_has_left() -> None:
    row = Window(scope="s", kind="requests/minute", turn=Turn.SLIDING, spans=((10.0, 1), (50.0, 2)))
    assert row.resets_at == 50.0
    assert Window(scope="s", kind="requests/minute", turn=Turn.SLIDING).resets_at is None
    assert Window(scope="s", kind="requests/day", ends_at=7.0).resets_at == 7.0


def test_a_window_sleeps_and_wakes_as_it_was_and_what_is_foreign_does_not_wake() -> None:
    row = Window(scope="s", kind="requests/minute", turn=Turn.SLIDING, limit=5, used=3, spans=((10.0, 1), (50.0, 2)), through=7)
    assert wake(put_to_sleep(row)) == row
    assert wake(Asleep("s", 0, 0.0, b'{"scope":"s","kind":"x","turn":"by the moon"}')) is None
