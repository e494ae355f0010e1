"""A file of variables: one line is ours."""

import pytest

from hrctl.clients.env_text import changed
from hrctl.clients.grafting import Unsuitable
from hrctl.clients.shapes import Setting

OURS = [Setting(("KEY",), "k")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "KEY=k\n"),
        ("# mine\nA=1", "# mine\nA=1\nKEY=k\n"),
        ("KEY=old\nB='x y' # z\n", "KEY=k\nB='x y' # z\n"),
        ("export KEY = old\n", "KEY=k\n"),
        ("KEY=a\nKEY=b\n", "KEY=a\nKEY=k\n"),
        ("# KEY=old\nKEYS=2\nMY_KEY=3\n", "# KEY=old\nKEYS=2\nMY_KEY=3\nKEY=k\n"),
    ],
)
def test_one_line_is_ours(before: str, after: str) -> None:
    assert changed(before, OURS) == after


@pytest.mark.parametrize("text", ["KEY=k", "KEY=k\n", "A=1\n\n\nKEY=k\n", "KEY=k\n\n"])
def test_what_says_so_already_is_left_as_it_is(text: str) -> None:
    assert changed(text, OURS) is text


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Unsuitable):
        changed("A=\x00", OURS)
