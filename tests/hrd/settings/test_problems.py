"""What is shown of a value never spreads over lines, gets long, or holds a key."""

import pytest

from hrd.settings.problems import Problem, Problems, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", "abc"),
        (12, "12"),
        (True, "True"),
        ({"a": "b"}, "a table"),
        (["a"], "a list"),
        ("", "''"),
        ("  ", "'  '"),
        ("a\nb\x1b[31m\udc80", "a·b·[31m·"),
        ("x" * 100, "x" * 60 + "…"),
        ("gsk_test-not-a-key-1", "[redacted]"),
        ("https://ada:word@host/v1", "https://[redacted]@host/v1"),
    ],
)
def test_values_are_shown_on_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_problem_of_a_whole_file_names_it_once() -> None:
    assert str(Problem(".env", None, "lines of at most 9 characters", ".env")) == ".env: lines of at most 9 characters"


def test_a_problem_is_one_line_that_says_what_to_do() -> None:
    problem = Problem("PORT", "abc", "a whole number from 0 to 65535", ".env")
    assert str(problem) == "PORT = abc (.env): a whole number from 0 to 65535"
    assert str(Problems((problem, Problem("x", None, "no such setting", "config.toml")))) == (
        "PORT = abc (.env): a whole number from 0 to 65535\nx (config.toml): no such setting"
    )
