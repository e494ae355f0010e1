"""Typing mistakes find the word that was meant, and strangers find none."""

import pytest

from hrd.core.nearest import mistakes_between, nearest

KNOWN = ("ROTATION_MODE", "PORT", "HOST", "LOG_LEVEL")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("RAOTATION_MODE", "ROTATION_MODE"),  # one letter too many
        ("ROTATON_MODE", "ROTATION_MODE"),  # one left out
        ("RTOATION_MODE", "ROTATION_MODE"),  # two swapped
        ("ROTATION-MOD", "ROTATION_MODE"),  # one changed, one left out
        ("PROT", "PORT"),
        ("POT", "PORT"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("PRT", "PORT"),
        ("PT", None),  # too short to say
        ("COLOUR", None),
        ("ROTATION", None),  # five mistakes
        ("", None),
    ],
)
def test_nearest_word(word: str, meant: str | None) -> None:
    assert nearest(word, KNOWN) == meant


def test_the_fewest_mistakes_win_over_the_first_in_the_list() -> None:
    assert nearest("GROQ_API_KEYZ", ("GROQ_API_KE", "GROQ_API_KEYS")) == "GROQ_API_KEYS"


@pytest.mark.parametrize(
    ("left", "right", "mistakes"),
    [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1)],
)
def test_mistakes_are_counted_alike_both_ways(left: str, right: str, mistakes: int) -> None:
    assert mistakes_between(left, right) == mistakes_between(right, left) == mistakes
