"""Tables on paper of every kind."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrctl.render import Cell, Column, Paper, drawn_share, paper_for, table

COLUMNS = (Column("NAME", shrinks=True), Column("COUNT", right=True), Column("NOTE", shrinks=True))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_text_stands_left_numbers_right_and_nothing_trails() -> None:
    drawn = table(Paper(), COLUMNS, [["groq", "7", "fine"], ["  groq-1a2b3c4d", "12,345", ""]])
    assert drawn.splitlines() == [
        "NAME              COUNT  NOTE",
        "groq                  7  fine",
        "  groq-1a2b3c4d  12,345",
    ]


def test_a_column_in_which_nobody_says_anything_is_left_out() -> None:
    assert table(Paper(), COLUMNS, [["a", "", "x"], ["b", "", "y"]]) == "NAME  NOTE\na     x\nb     y"


def test_a_narrow_terminal_takes_from_the_widest_column_that_may_shrink() -> None:
    drawn = table(Paper(width=30), COLUMNS, [["a" * 12, "1", "b" * 40]])
    assert drawn.splitlines()[1] == "aaaaaaaaa…      1  bbbbbbbbbb…"
    assert len(drawn.splitlines()[1]) == 30


def test_a_terminal_narrower_than_any_table_still_gets_one() -> None:
    assert table(Paper(width=5), COLUMNS, [["a" * 12, "1", "b" * 40]]).splitlines()[1] == "aaaaaaa…      1  bbbbbbb…"


def test_columns_that_may_go_do_so_before_the_others_lose_more_than_they_may() -> None:
    columns = (Column("NAME"), Column("MODE", goes=2), Column("TOKENS", right=True, goes=1), Column("NOTE", shrinks=True))
    rows = [["groq-1a2b3c4d", "parallel", "1,234", "it is not to be asked again today"]]

    def titles(width: int) -> list[str]:
        return table(Paper(width=width), columns, rows).splitlines()[0].split()

    assert titles(41) == ["NAME", "MODE", "TOKENS", "NOTE"]
    assert titles(40) == ["NAME", "TOKENS", "NOTE"]
    assert titles(30) == ["NAME", "NOTE"]
    assert table(Paper(width=30), columns, rows).splitlines()[1] == "groq-1a2b3c4d  it is not to b…"
    assert titles(10) == ["NAME", "NOTE"]


def test_a_sentence_flows_and_a_long_word_of_it_stays_whole() -> None:
    assert Paper().flow("a " * 60) == "a " * 60
    path = "/var/lib/hermes-router/hrd.db.damaged-20261118T120000Z"
    assert Paper(width=30).flow(f"a damaged database was moved to {path} (why)").splitlines() == [
        "a damaged database was moved",
        "  to",
        f"  {path}",
        "  (why)",
    ]


def test_colours_do_not_move_columns() -> None:
    rows = [[Cell("ok", "green"), "1", "x"], [Cell("broken", "red"), "2", "y"]]
    plain = table(Paper(), COLUMNS, rows)
    painted = table(Paper(colour=True), COLUMNS, rows)
    assert "\x1b[32mok\x1b[0m    " in painted
    stripped = painted
    for code in ("\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"):
        stripped = stripped.replace(code, "")
    assert stripped == plain
    assert "\x1b" not in plain


def test_foreign_text_in_a_cell_stays_in_its_cell() -> None:
    assert table(Paper(), COLUMNS, [["a\nb\x1b[2J", "1", "c"]]).splitlines()[1] == "a b [2J      1  c"


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=8), st.text(max_size=60)), max_size=6), st.integers(40, 120))
def test_every_row_is_one_line_that_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table(Paper(width=width), COLUMNS, rows).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= width for line in lines)


def test_a_pipe_gets_no_colours_and_all_the_width_it_takes() -> None:
    assert paper_for(io.StringIO(), {}) == Paper(width=None, colour=False)


@pytest.mark.parametrize(
    ("environ", "colour"), [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_colours_unless_it_or_the_user_wants_none(
    environ: dict[str, str], colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert paper_for(Terminal(), environ) == Paper(width=72, colour=colour, clears="TERM" not in environ)


@pytest.mark.parametrize(
    ("share", "bar", "colour"),
    [
        (-0.5, "░░░░░", "red"),
        (0.0, "░░░░░", "red"),
        (0.001, "█░░░░", "yellow"),
        (0.19, "█░░░░", "yellow"),
        (0.5, "██░░░", "green"),
        (0.999, "████░", "green"),
        (1.0, "█████", "green"),
        (7.0, "█████", "green"),
    ],
)
def test_a_bar_never_draws_something_as_nothing_nor_less_than_all_as_all(share: float, bar: str, colour: str) -> None:
    assert drawn_share(share, 5) == Cell(bar, colour)


def test_bars_are_shorter_where_there_is_little_room() -> None:
    assert [Paper(width=width).bar_width for width in (None, 72, 71)] == [10, 10, 5]
