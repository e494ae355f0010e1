"""What quota is worth: the share left, and what is weighed in."""

import pytest

from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from hrd.core.worth import BANDS, RANKS, Worth
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


def test_half_a_day_with_an_hour_to_go_is_spent_before_nine_tenths_with_a_day_to_go() -> None:
    soon, late = window("requests/day", used=50, ends_s=HOUR), window("requests/day", used=10, ends_s=23 * HOUR)
    assert worth(soon).standing(NOON) < worth(late).standing(NOON)


@pytest.mark.parametrize(
    ("used", "ends_s", "lapses"),
    [
        (50, DAY / 2, False),  # on pace
        (50, DAY * 0.75, False),  # faster than that
        (50, DAY * 0.4, False),  # a sixth would be left over
        (50, DAY / 4, True),  # a third would
        (0, DAY / 2, True),
        (50, None, False),  # nobody knows when it ends
    ],
)
def test_what_would_be_left_over_at_the_present_pace_lapses(used: int, ends_s: float | None, lapses: bool) -> None:
    assert (worth(window("requests/day", used=used, ends_s=ends_s)).standing(NOON) < -RANKS // 2) == lapses


def test_of_what_lapses_the_soonest_comes_first_whatever_its_share() -> None:
    soon, late = worth(window("requests/day", used=60, ends_s=HOUR)), worth(window("requests/day", used=40, ends_s=2 * HOUR))
    assert soon.standing(NOON) == late.standing(NOON)
    assert soon.lapses_at == NOON + HOUR < late.lapses_at


def test_of_which_hardly_anything_is_used_there_is_more_than_anybody_wants() -> None:
    plenty = worth(window("requests/day", limit=10_000, used=300, ends_s=DAY / 2))
    assert (plenty.standing(NOON) < -RANKS // 2, plenty.lapses_at) == (True, NOON)


def test_what_is_not_known_lapses_with_its_day_all_the_same() -> None:
    made = Worth()
    made.lapses_with(window("requests/day", ends_s=HOUR))
    assert (made.standing(NOON) < -RANKS // 2, made.lapses_at) == (True, NOON + HOUR)
    late = Worth()
    late.lapses_with(window("requests/day", ends_s=20 * HOUR))
    assert late.standing(NOON) == bands(0.5)


def test_what_lasts_longer_than_a_day_comes_last_until_its_own_last_day() -> None:
    day = worth(window("requests/day", used=99, ends_s=20 * HOUR))
    month = worth(window("requests/month", ends_s=20 * DAY))
    assert day.standing(NOON) < month.standing(NOON)
    assert month.standing(NOON) > RANKS // 2
    assert worth(window("requests/month", ends_s=20 * HOUR)).standing(NOON) < day.standing(NOON)
    assert worth(window("credit", turn=Turn.NEVER)).standing(NOON) > RANKS // 2


def test_the_scarcest_of_the_long_windows_is_what_counts() -> None:
    both = worth(window("requests/day", used=20, ends_s=20 * HOUR), window("requests/month", used=70, ends_s=20 * DAY))
    assert (both.share, both.standing(NOON) > RANKS // 2) == (pytest.approx(0.3), True)


def test_the_minute_takes_its_share_of_it() -> None:
    made = worth(window("requests/day", used=20, ends_s=DAY), window("requests/minute", used=75, turn=Turn.SLIDING))
    assert (made.share, made.standing(NOON)) == (0.25, bands(0.8 * 0.25))


def test_what_comes_back_bit_by_bit_counts_as_half_at_least_and_lapses_when_it_is_full() -> None:
    low, high = (window("requests/day", used=used, turn=Turn.REFILL) for used in (99, 20))
    assert worth(low).standing(NOON) == bands(0.5)
    assert (worth(high).standing(NOON) < -RANKS // 2, worth(window("tokens/day", used=45, turn=Turn.REFILL)).share) == (
        True,
        0.55,
    )


def test_a_window_of_tokens_is_worth_what_it_holds_of_requests_like_this() -> None:
    tokens = worth(window("tokens/day", used=50, ends_s=DAY / 2))
    sizes = (0.1, 0.5, 1.0, 10.0)
    assert [tokens.standing(NOON, size) for size in sizes] == [bands(1.0), bands(1.0), bands(0.5), bands(0.05)]
    requests = worth(window("requests/day", used=50, ends_s=DAY / 2))
    assert {requests.standing(NOON, size) for size in sizes} == {bands(0.5)}


def test_a_standing_holds_for_a_minute() -> None:
    made = worth(window("requests/day", used=50, ends_s=DAY / 2))
    before = made.standing(NOON)
    assert made.standing(NOON + 59) == before
    assert made.standing(NOON + HOUR * 6) < before
