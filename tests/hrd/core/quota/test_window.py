"""A window as a value."""

from hrd.core.quota.window import Turn, Window


def test_what_is_left_is_never_less_than_nothing() -> None:
    assert Window(scope="s", kind="requests/day", limit=5, used=9).left == 0
    assert Window(scope="s", kind="requests/day", used=9).left is None


def test_a_sliding_window_is_full_again_when_the_last_of_it_has_left() -> None:
    row = Window(scope="s", kind="requests/minute", turn=Turn.SLIDING, spans=((10.0, 1), (50.0, 2)))
    assert row.resets_at == 50.0
    assert Window(scope="s", kind="requests/minute", turn=Turn.SLIDING).resets_at is None
    assert Window(scope="s", kind="requests/day", ends_at=7.0).resets_at == 7.0
