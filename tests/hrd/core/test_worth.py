"""What quota is worth: the share left, and what is weighed in."""

import pytest

from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from hrd.core.worth import BANDS, LASTING, Worth
from tests.hrd.stage import NOON

HOUR, DAY = 3600.0, 86_400.0


def window(kind: str, *, limit: int = 100, used: int = 0, ends_s: float | None = None, turn: Turn = Turn.SAID) -> Meter:
    ends_at = NOON + ends_s if ends_s is not None else None
    return Meter(Window(scope="s", kind=kind, turn=turn, limit=limit, used=used, ends_at=ends_at, begun_at=NOON - HOUR))


def worth(*meters: Meter) -> Worth:
    made = Worth()
    for meter in meters:
        assert meter.limit is not None
        made.weigh(meter, (meter.limit - meter.used) / meter.limit)
    return made


def bands(value: float) -> int:
    return -int(value * BANDS)


def test_nothing_known_is_half_a_share() -> None:
    assert (Worth().standing(NOON), Worth(1.0).standing(NOON)) == (bands(0.5), bands(1.0))


@pytest.mark.parametrize(
    ("used", "ends_s", "value"),
    [
        (50, DAY / 2, 0.5),  # on pace
        (50, DAY * 0.75, 0.5),  # ahead of its day: the share alone
        (50, DAY / 4, 0.5 + 0.25 / 0.75),  # a third of it would be left over
        (0, DAY / 2, 2.0),  # nobody has used it: all of it would
        (50, None, 0.5),  # nobody knows when it ends
    ],
)
def test_what_would_be_left_over_at_the_present_pace_counts_twice(used: int, ends_s: float | None, value: float) -> None:
    assert worth(window("requests/day", used=used, ends_s=ends_s)).standing(NOON) == bands(value)


def test_half_a_day_with_an_hour_to_go_is_spent_before_nine_tenths_with_a_day_to_go() -> None:
    soon, late = window("requests/day", used=50, ends_s=HOUR), window("requests/day", used=10, ends_s=23 * HOUR)
    assert worth(soon).standing(NOON) < worth(late).standing(NOON)


def test_what_lasts_longer_than_a_day_comes_last_until_its_own_last_day() -> None:
    day = worth(window("requests/day", used=99, ends_s=20 * HOUR))
    month = worth(window("requests/month", ends_s=20 * DAY))
    assert day.standing(NOON) < month.standing(NOON)
    assert month.standing(NOON) > LASTING // 2
    assert worth(window("requests/month", ends_s=20 * HOUR)).standing(NOON) < day.standing(NOON)
    assert worth(window("credit", turn=Turn.NEVER)).standing(NOON) > LASTING // 2


def test_the_scarcest_of_the_long_windows_is_what_counts() -> None:
    both = worth(window("requests/day", used=20, ends_s=20 * HOUR), window("requests/month", used=70, ends_s=20 * DAY))
    assert (both.share, both.standing(NOON) > LASTING // 2) == (pytest.approx(0.3), True)


def test_the_minute_takes_its_share_of_it() -> None:
    made = worth(window("requests/day", used=20, ends_s=DAY), window("requests/minute", used=75, turn=Turn.SLIDING))
    assert (made.share, made.standing(NOON)) == (0.25, bands(0.8 * 0.25))


def test_what_comes_back_bit_by_bit_is_worth_as_much_as_if_all_of_it_were_there() -> None:
    assert worth(window("requests/day", used=99, turn=Turn.REFILL)).standing(NOON) == bands(1.0)


def test_a_window_of_tokens_is_worth_what_it_holds_of_requests_like_this() -> None:
    tokens = worth(window("tokens/day", used=50, ends_s=DAY / 2))
    sizes = (0.1, 0.5, 1.0, 10.0)
    assert [tokens.standing(NOON, size) for size in sizes] == [bands(1.0), bands(1.0), bands(0.5), bands(0.05)]
    requests = worth(window("requests/day", used=50, ends_s=DAY / 2))
    assert {requests.standing(NOON, size) for size in sizes} == {bands(0.5)}


def test_a_standing_holds_for_a_second() -> None:
    made = worth(window("requests/day", used=50, ends_s=DAY / 2))
    before = made.standing(NOON)
    assert (made.standing(NOON + 0.9), made.standing(NOON + HOUR * 6)) == (before, bands(0.5 + 0.25 / 0.75))
