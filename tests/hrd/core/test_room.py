"""How much fits."""

from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from hrd.core.room import NO_LIMIT, Room


def meter(kind: str, used: int = 1) -> Meter:
    return Meter(Window(scope="s", kind=kind, turn=Turn.FIXED, limit=100, used=used))


def test_nothing_limits_it_at_first() -> None:
    room = Room()
    assert room.takes(10**9, 10**9)
    assert room.least == NO_LIMIT


def test_every_kind_of_tokens_has_its_own_room() -> None:
    room = Room()
    room.narrow(meter("tokens/day"), 100, None)
    room.narrow(meter("input tokens/minute"), 60, None)
    room.narrow(meter("output tokens/minute"), 50, None)
    assert (room.takes(60, 40), room.takes(61, 0), room.takes(0, 51), room.takes(60, 41)) == (True, False, False, False)
    assert room.least == 50


def test_without_a_request_left_nothing_fits() -> None:
    room = Room()
    room.narrow(meter("requests/day"), 0, None)
    assert not room.takes(1, 1)
    assert room.least == NO_LIMIT


def test_an_untouched_window_takes_whatever_comes() -> None:
    room = Room()
    room.narrow(meter("tokens/day", used=0), 100, None)
    assert room.takes(1000, 1000)
    room.clear()
    room.narrow(meter("tokens/day", used=1), 99, None)
    assert not room.takes(100, 0)
