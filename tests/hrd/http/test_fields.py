"""What llhttp says of header fields, and what no head may hold."""

import httptools
import pytest

from hrd.http.fields import NEVER_IN_A_HEAD, FieldCollector


def test_names_come_in_lower_case_and_values_without_surrounding_blanks() -> None:
    fields = FieldCollector()
    head = b"GET / HTTP/1.1\r\nHoSt:a\r\nX-Empty:\r\nX-Blanks: \t a  b \t \r\nX-Latin: \xe9\xa0\r\n\r\n"
    httptools.HttpRequestParser(fields).feed_data(head)
    assert fields.pairs == [(b"host", b"a"), (b"x-empty", b""), (b"x-blanks", b"a  b"), (b"x-latin", b"\xe9\xa0")]


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (b"a\r\nb\r\n\r\n", None),
        (b"a\r", None),
        (b"a\nb", 1),
        (b"\na", 0),
        (b"a\r\n\nb", 3),
        (b"a\rb", 1),
        (b"a\r\rb", 1),
        (b"a\0", 1),
    ],
)
def test_lonely_line_ends_are_found_and_a_cr_at_the_end_waits_for_its_lf(data: bytes, at: int | None) -> None:
    found = NEVER_IN_A_HEAD.search(data)
    assert (found.start() if found else None) == at


def test_search_from_the_middle_still_sees_the_cr_before() -> None:
    assert NEVER_IN_A_HEAD.search(b"a\r\nb", 2) is None
