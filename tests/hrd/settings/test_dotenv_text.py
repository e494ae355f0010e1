"""`.env` is read by python-dotenv's grammar, and changed so that everything else in it stays as it was."""

import io

import pytest
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from hrd.settings.dotenv_text import LINE_CHARS_MAX, Damaged, Unchangeable, has_endless_line, read_dotenv, set_in_dotenv

FILE = """\
# The keys of this machine.
export PORT=8319   # the usual one

GROQ_MODEL="a,b"  # in double quotes
  MISTRAL_MODEL='c'
OTHER = $HOME/x
EMPTY=
PORT=8320
"""


def test_the_grammar_is_python_dotenvs_without_interpolation() -> None:
    text = FILE + "A=\"x\\ny\\\"z\" # c\nB='x\\'y'\nC=a#b\nD= # none\nE\nF=\"two\nlines\"\n'G h'=1\nH=${PORT}\n"
    expected = {
        name: value for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items() if value is not None
    }
    read = read_dotenv(text)
    assert read.values == expected
    assert read.values["OTHER"] == "$HOME/x"
    assert read.values["F"] == "two\nlines"
    assert read.values["D"] == ""
    assert "E" not in read.values
    assert read.repeated == ("PORT",)
    assert read.damaged == ()


def test_damaged_lines_are_found_with_their_number_and_what_they_seem_to_set() -> None:
    read = read_dotenv('A=1\n\n\nexport PORT="8319\nB=2\n=x\n')
    assert read.values == {"A": "1", "B": "2"}
    assert read.damaged == (Damaged(4, "PORT", is_quote_open=True), Damaged(6, None))


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("PORT='8319\n", True),
        ('export PORT = "8319', True),
        ('PORT="8319\nHOST="::1"\n', True),
        ('PORT="8319"x\n', False),
        ("PORT 8319\n", False),
    ],
)
def test_a_quote_that_is_open_is_told_from_other_damage(text: str, is_open: bool) -> None:
    (damaged,) = read_dotenv(text).damaged
    assert damaged == Damaged(1, "PORT", is_open)


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        ("PORT", "9000", "PORT=8320\n", "PORT=9000\n"),
        ("GROQ_MODEL", "c", '"a,b"  # in double', '"c"  # in double'),
        ("MISTRAL_MODEL", "it's", "  MISTRAL_MODEL='c'", '  MISTRAL_MODEL="it\'s"'),
        ("MISTRAL_MODEL", "x y", "  MISTRAL_MODEL='c'", "  MISTRAL_MODEL='x y'"),
        ("OTHER", "two words", "OTHER = $HOME/x", "OTHER = 'two words'"),
        ("EMPTY", "full", "EMPTY=\n", "EMPTY=full\n"),
        ("EMPTY", "", "EMPTY=\n", "EMPTY=\n"),
    ],
)
def test_a_value_is_changed_in_its_place_with_its_quotes_and_comment(name: str, value: str, before: str, after: str) -> None:
    assert before in FILE
    assert set_in_dotenv(FILE, name, value) == FILE.replace(before, after)


@pytest.mark.parametrize(
    ("text", "name", "value", "changed"),
    [
        ("", "A", "1", "A=1\n"),
        ("# only this", "A", "1", "# only this\nA=1\n"),
        ("B=2\n", "A", "1", "B=2\nA=1\n"),
        ("B=2\r\n", "A", "1", "B=2\r\nA=1\r\n"),
        ("\ufeffB=2\n", "A", "1", "\ufeffB=2\nA=1\n"),
        ("\ufeff", "A", "1", "\ufeffA=1\n"),
        ("A=0 # why\r\nB=2", "A", "1", "A=1 # why\r\nB=2"),
        ("A= # why\n", "A", "1", "A= 1 # why\n"),
        ("A\nB=2\n", "A", "1", "A=1\nB=2\n"),
        ("export A=0", "A", "1", "export A=1"),
        ("A=0", "A", "a b", "A='a b'"),
        ("A=0", "A", "", "A="),
        ("A=0", "A", "#x", "A='#x'"),
        ("A=0", "A", '$x `y` "z"', "A='$x `y` \"z\"'"),
        ("A=0", "A", "l1\nl2\t'q'\\", "A=\"l1\\nl2\\t'q'\\\\\""),
        ('A="0" # c', "A", 'say "x"\\n', 'A="say \\"x\\"\\\\n" # c'),
        ("A='x\ny' # c\nB=2\n", "A", "1", "A='1' # c\nB=2\n"),
        ("A=0\nA=1\n", "A", "2", "A=0\nA=2\n"),
        ("A=0\n\n# c\n\n  A=1 # d\nB=2\n", "A", None, "\n# c\n\nB=2\n"),
        ("A=0", "A", None, ""),
        ("B=2", "A", None, "B=2"),
    ],
)
def test_one_name_is_set_or_taken_out(text: str, name: str, value: str | None, changed: str) -> None:
    assert set_in_dotenv(text, name, value) == changed


@pytest.mark.parametrize("text", ["B='open\n", 'B="open\n', "B=1\nC='", "A='open"])
def test_a_file_with_an_open_quote_is_not_changed_where_that_could_swallow_a_line(text: str) -> None:
    changed = set_in_dotenv(text, "A", 'it\'s "x"')
    if isinstance(changed, Unchangeable):
        assert "quote" in changed.reason
    else:
        assert read_dotenv(changed).values["A"] == 'it\'s "x"'


def test_an_open_quote_that_would_swallow_the_new_line_is_refused() -> None:
    refused = set_in_dotenv("B='open\n", "A", "a b")
    assert isinstance(refused, Unchangeable)
    assert refused.reason == "a line of it cannot be read (look for a quote that is not closed), so no other is changed"


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "x\udc80"])
def test_what_a_text_file_cannot_hold_is_refused(value: str) -> None:
    assert isinstance(set_in_dotenv(FILE, "A", value), Unchangeable)


def test_a_line_without_end_is_refused_and_not_pondered() -> None:
    text = "A=" + " " * LINE_CHARS_MAX
    assert has_endless_line(text)
    assert isinstance(set_in_dotenv(text, "A", "1"), Unchangeable)


NAMES = st.sampled_from(["A", "B", "PORT", "GROQ_MODEL"])
VALUES = st.text(
    st.one_of(st.sampled_from(" '\"\\#=$\n\r\tnx"), st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    max_size=12,
)
LINES = st.one_of(
    st.builds("{}={}".format, NAMES, VALUES.filter(lambda text: "\n" not in text and "\r" not in text)),
    st.builds("export {} = '{}'  # {}".format, NAMES, st.text("abc \n", max_size=6), st.text("ab '\"", max_size=5)),
    st.builds('{}="{}"'.format, NAMES, st.text("abc \n", max_size=6)),
    st.sampled_from(["", "# comment", "  ", "nothing", "'q'=1", "=", "A='", 'B="x', "\ufeff"]),
    st.text("AB='\"#\\ \n", max_size=12),
)


def comments(text: str) -> list[str]:
    unnamed = [b.original.string.strip() for b in parse_stream(io.StringIO(text)) if b.key is None and not b.error]
    return [comment for comment in unnamed if comment]


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), NAMES, st.one_of(st.none(), VALUES))
def test_whatever_the_file_only_the_one_value_changes(lines: list[str], line_end: str, name: str, value: str | None) -> None:
    text = line_end.join(lines)
    before = read_dotenv(text)
    changed = set_in_dotenv(text, name, value)
    if isinstance(changed, Unchangeable):
        assert before.damaged  # only a file that is broken already is left alone
        return
    after = read_dotenv(changed).values
    assert after.pop(name, None) == value
    assert after == {other: kept for other, kept in before.values.items() if other != name}
    assert comments(changed) == comments(text)
    assert set_in_dotenv(changed, name, value) == changed
