"""Numbers, times and foreign text as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrctl.words import ago, amount, coming, converted, cost, count, lasting, many, milliseconds, money, plain, sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1.0, "0 ms"),
        (0.0, "0 ms"),
        (0.0204, "20 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.95, "10 s"),
        (89.4, "89 s"),
        (89.5, "1 min"),
        (240.0, "4 min"),
        (89 * 60.0, "89 min"),
        (90 * 60.0, "1 h 30 min"),
        (2 * 3600.0, "2 h"),
        (11_520.0, "3 h 12 min"),
        (48 * 3600.0, "2 d"),
        (52 * 3600.0, "2 d 4 h"),
        (1e9, "11574 d 2 h"),
    ],
)
def test_a_length_of_time_has_its_largest_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_the_end_of_something() -> None:
    assert coming(None, 100.0) == ""
    assert coming(340.0, 100.0) == "in 4 min"
    assert coming(100.0, 100.0) == coming(50.0, 100.0) == "now"
    assert coming(32_503_680_000.0, 100.0) == "until changed by hand"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (1_234, "1,234"),
        (99_999, "99,999"),
        (100_000, "100k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (1_250_000, "1.2M"),
        (999_949_999, "999.9M"),
        (999_950_000, "1.0G"),
    ],
)
def test_a_count_fits_a_column(number: int, words: str) -> None:
    assert count(number) == words


@given(st.integers(min_value=0, max_value=10**12))
def test_a_count_is_never_wider_than_seven(number: int) -> None:
    assert len(count(number)) <= 7


@pytest.mark.parametrize(
    ("microusd", "words"),
    [
        (0, "$0.00"),
        (1, "$0.000001"),
        (150, "$0.00015"),
        (9_999, "$0.009999"),
        (10_000, "$0.01"),
        (14_900, "$0.0149"),
        (15_000, "$0.015"),
        (34_567, "$0.0346"),
        (500_000, "$0.50"),
        (999_960, "$1.00"),
        (1_005_000, "$1.01"),
        (1_234_567_890, "$1,234.57"),
        (-250_000, "-$0.25"),
    ],
)
def test_money_has_as_many_decimals_as_it_takes_to_be_right(microusd: int, words: str) -> None:
    assert money(microusd) == words


@given(st.integers(min_value=1, max_value=10**13))
def test_money_is_never_shown_as_nothing_nor_off_by_a_hundredth_of_it(microusd: int) -> None:
    assert abs(float(money(microusd)[1:].replace(",", "")) * 1e6 - microusd) <= microusd / 100


def test_one_is_not_many() -> None:
    assert [many(number, "key") for number in (0, 1, 2, 1_000)] == ["0 keys", "1 key", "2 keys", "1,000 keys"]


def test_what_is_not_known_is_not_shown() -> None:
    assert milliseconds(None) == ""
    assert milliseconds(420.0) == "420 ms"
    assert sentence("", "a", "", "b") == "a, b"


def test_foreign_text_gives_a_terminal_no_orders() -> None:
    assert plain("red\x1b[31m\x9b31m alert\r\n\tnow\x00") == "red [31m 31m alert now"
    assert plain("a\u202egpj.exe\u2066b\u2028c") == "a gpj.exe b c"


@given(st.text())
def test_plain_text_is_one_line_without_controls(text: str) -> None:
    shown = plain(text)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert len(shown.splitlines()) <= 1
    assert plain(shown) == shown


def test_how_long_ago_something_was() -> None:
    assert (ago(None, 100.0), ago(40.0, 100.0), ago(160.0, 100.0)) == ("", "60 s ago", "0 ms ago")


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [("requests/day", 1_200, "1,200"), ("plan/5 hours", 4_250, "42 %"), ("credit", 1_250_000, "$1.25"), ("at once", 1, "1")],
)
def test_what_windows_count_has_its_unit(kind: str, number: int, words: str) -> None:
    assert amount(kind, number) == words


def test_a_sum_of_costs_says_whether_it_is_all() -> None:
    assert (cost(0, 0, 3), cost(34_500, 0, 3), cost(34_500, 1, 3), cost(0, 3, 3), cost(0, 1, 3)) == (
        "$0.00",
        "$0.0345",
        "$0.0345+",
        "unknown",
        "$0.00+",
    )


def test_little_money_is_not_nothing_in_another_currency_either() -> None:
    assert [converted(one, 0.5) for one in (0, 18, 2_000_000)] == ["0.00", "0.000009", "1.00"]
    assert [converted(one, 0.00001) for one in (0, 15_000)] == ["0.00", "0.000001"]
