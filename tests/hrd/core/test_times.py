"""Times as providers write them, and when their days turn."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core import times
from hrd.core.times import WAIT_MAX_S, is_relative

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC).timestamp()


def _at(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]  # year, month, day …


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h30m0s", 5400.0),
        ("1m26.4s", 86.4),
        ("0s", 0.0),
        ("20.223571498s", 20.223571498),
        ("36922.5s", 36922.5),
        ("1d2h", 93600.0),
        ("150us", 0.00015),
        ("150µs", 0.00015),
        (" 3s ", 3.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert times.parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5", "-5s", "5x", "5s later", "nans", "infs", "5 s", "1" * 16 + "s", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    assert times.parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("33011.382867078", 33011.382867078),
        ("1795204830", 30.0),
        ("1795204830.25", 30.25),
        ("1795204830000", 30.0),
        ("6m0s", 360.0),
        ("2026-11-20T21:00:00Z", 3600.0),
        ("2026-11-20T21:00:00.5Z", 3600.5),
        ("2026-11-20t21:00:00z", 3600.0),
        ("2026-11-20T23:00:00+02:00", 3600.0),
        ("2026-11-20T16:30:00-0430", 3600.0),
        ("2026-11-20 21:00", 3600.0),
        ("Fri, 20 Nov 2026 21:00:00 GMT", 3600.0),
        ("Friday, 20-Nov-26 21:00:00 GMT", 3600.0),
        ("Fri Nov 20 21:00:00 2026", 3600.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Thu, 19 Nov 2026 21:00:00 GMT", 0.0),
        ("1700000000", 0.0),
        ("2100-01-01T00:00:00Z", WAIT_MAX_S),
        ("999999999", WAIT_MAX_S),
    ],
)
def test_resets_whichever_way_they_are_written(text: str, wait_s: float) -> None:
    for read in (times.parse_reset, times.parse_retry_after):
        moment = read(text, NOW)
        assert moment is not None
        assert moment - NOW == pytest.approx(wait_s, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    ["", "-5", "+5", "nan", "inf", "1e5", "0x10", "soon", "2026-13-01T00:00:00Z", "2026-11-20T25:00:00Z", "2026-11-20",
     "Fri, 31 Nov 2026 21:00:00 GMT", "Fri, 20 Foo 2026 21:00:00 GMT", "0000-01-01T00:00:00Z", "9" * 400, "٣"],
)  # fmt: skip
def test_what_is_no_reset(text: str) -> None:
    assert times.parse_reset(text, NOW) is None


def test_a_date_without_a_zone_is_by_the_providers_clock() -> None:
    assert times.parse_reset("2026-11-21 06:30:00", NOW, "Asia/Shanghai") == _at(2026, 11, 20, 22, 30)
    assert times.parse_reset("2026-11-21 06:30:00 UTC", NOW, "Asia/Shanghai") == _at(2026, 11, 21, 6, 30)


@pytest.mark.parametrize(("text", "wait_s"), [("1500", 1.5), ("0", 0.0), ("2.5", 0.0025), ("9" * 15, WAIT_MAX_S)])
def test_milliseconds(text: str, wait_s: float) -> None:
    moment = times.parse_retry_after_ms(text, NOW)
    assert moment is not None
    assert moment - NOW == pytest.approx(wait_s, abs=1e-4)


def test_milliseconds_that_are_none() -> None:
    assert times.parse_retry_after_ms("1s", NOW) is None


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("Please try again in 5.289s. Need more tokens?", 5.289),
        ("Please try again in 6m0s.", 360.0),
        ("try again in 20ms", 0.02),
        ("Please retry in 10h17m5.7s", 37025.7),
        ("Please wait 52220 seconds before retrying.", 52220.0),
        ("retry after 1 hour and 30 minutes", 5400.0),
        ("Retry-After: 12 s", 12.0),
        ("resets in 2 days, 3 hours", 183600.0),
        ("wait another 10 mins", 600.0),
        ("will reset at 2026-11-20 23:00:00", 10800.0),
        ("available again after 2026-11-20T20:01:00Z.", 60.0),
        ("Your limit resets at 2026-11-20T20:00:30+00:00", 30.0),
        ("You will regain access on 2026-11-21 at 00:00 UTC.", 14400.0),
    ],
)
def test_sentences_that_say_when(text: str, wait_s: float) -> None:
    moment = times.find_moment(text, NOW)
    assert moment is not None
    assert moment - NOW == pytest.approx(wait_s, abs=1e-4)


@pytest.mark.parametrize(
    "text", ["", "please try again later", "try again in a month", "retry 3 times", "5 seconds", "resets at 2026-99-99 00:00"]
)
def test_sentences_that_do_not(text: str) -> None:
    assert times.find_moment(text, NOW) is None


@pytest.mark.parametrize(
    ("period", "zone", "end"),
    [
        ("minute", "UTC", (2026, 11, 20, 20, 1)),
        ("hour", "UTC", (2026, 11, 20, 21, 0)),
        ("day", "UTC", (2026, 11, 21, 0, 0)),
        ("day", "America/Los_Angeles", (2026, 11, 21, 8, 0)),
        ("day", "Asia/Shanghai", (2026, 11, 21, 16, 0)),
        ("week", "UTC", (2026, 11, 23, 0, 0)),
        ("month", "UTC", (2026, 12, 1, 0, 0)),
        ("month", "Asia/Shanghai", (2026, 11, 30, 16, 0)),
    ],
)
def test_windows_end_by_the_clocks_of_a_zone(period: str, zone: str, end: tuple[int, ...]) -> None:
    assert times.next_boundary(period, NOW, zone) == _at(*end)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ((2026, 3, 8, 9, 0), (2026, 3, 9, 7, 0)),  # the day that has 23 hours in California
        ((2026, 11, 1, 8, 0), (2026, 11, 2, 8, 0)),  # the day that has 25
    ],
)
def test_days_turn_at_midnight_when_clocks_change(moment: tuple[int, ...], end: tuple[int, ...]) -> None:
    assert times.next_boundary("day", _at(*moment), "America/Los_Angeles") == _at(*end)


def test_a_period_that_nobody_has_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        times.next_boundary("fortnight", NOW)


def test_zones() -> None:
    assert times.is_zone("UTC")
    assert times.is_zone("America/Los_Angeles")
    assert not any(map(times.is_zone, ("", "Mars/Olympus", "../etc/passwd", "America", "\0")))


_PERIODS = ("minute", "hour", "day", "week", "month")
_LONGEST_S = {"minute": 60, "hour": 3600, "day": 26 * 3600, "week": 7 * 86400 + 7200, "month": 31 * 86400 + 7200}
_ZONES = ("UTC", "America/Los_Angeles", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo")


@given(st.sampled_from(_PERIODS), st.integers(1_500_000_000, 2_500_000_000), st.sampled_from(_ZONES))
def test_a_boundary_is_ahead_and_no_further_than_its_period(period: str, now: int, zone: str) -> None:
    end = times.next_boundary(period, now, zone)
    assert now < end <= now + _LONGEST_S[period]
    if period in ("day", "week", "month"):
        there = datetime.fromtimestamp(end, ZoneInfo(zone))
        assert (there.hour, there.minute) in {(0, 0), (1, 0)}  # one o'clock where midnight is skipped


@given(st.floats(0, 2_764_800), st.sampled_from(["s", "ms"]))
def test_a_duration_comes_back_as_it_was_written(seconds: float, unit: str) -> None:
    amount = seconds if unit == "s" else seconds * 1000
    text = f"{amount:.6f}{unit}"
    assert times.parse_duration(text) == pytest.approx(seconds, abs=1e-5)


@given(st.integers(0, 31), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_mixed_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int) -> None:
    assert times.parse_duration(f"{days}d{hours}h{minutes}m{seconds}s") == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@given(st.integers(0, int(WAIT_MAX_S)))
def test_one_moment_reads_the_same_in_every_form(wait_s: int) -> None:
    moment = datetime.fromtimestamp(NOW + wait_s, UTC)
    forms = (
        str(int(NOW) + wait_s),
        str((int(NOW) + wait_s) * 1000),
        str(wait_s),
        f"{wait_s}s",
        moment.isoformat(),
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    )
    assert {times.parse_reset(form, NOW) for form in forms} == {NOW + wait_s}


@given(st.text(max_size=40) | st.from_regex(r"[0-9:.TZ+\- ]{0,30}"), st.floats(1e9, 3e9))
def test_whatever_is_written_is_within_reach_or_nothing(text: str, now: float) -> None:
    for moment in (
        times.parse_reset(text, now),
        times.parse_retry_after_ms(text, now),
        times.find_moment(f"try again in {text}", now),
        times.find_moment(f"resets at {text}", now),
    ):
        assert moment is None or now <= moment <= now + WAIT_MAX_S


@pytest.mark.parametrize("until", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_moment(until: float) -> None:
    assert times.within_reach(until, NOW) is None


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        ("60", True),
        ("0.5", True),
        ("6m0s", True),
        ("1795003200", False),
        ("1795003200000", False),
        ("2026-11-26T12:00:00Z", False),
    ],
)
def test_a_reset_says_how_long_or_when(text: str, relative: bool) -> None:
    assert is_relative(text) is relative
