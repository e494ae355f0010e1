"""Halves of characters, alone and in two pieces of one text."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.halves import HELD_MAX, Halves, first_half, marked_halves, without_halves


@pytest.mark.parametrize(
    ("spelled", "whole"),
    [
        (rb'"a \ud83d"', rb'"a \ufffd"'),
        (rb'"\uDE00 b"', rb'"\ufffd b"'),
        (rb'"\ud83d\ud83d\ude00\ude00"', rb'"\ufffd\ud83d\ude00\ufffd"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u00e9\"\n"', rb'"\u00e9\"\n"'),
        (b"\\", b"\\"),
        (b"", b""),
    ],
)
def test_halves_alone_are_marked_and_all_else_stays(spelled: bytes, whole: bytes) -> None:
    assert without_halves(spelled) == whole
    assert (first_half(spelled) is None) is (spelled == whole)


@given(st.text(alphabet=st.sampled_from('a\\"u\ud83d\ude00\udbff\udc00é\n'), max_size=12))
def test_whatever_is_spelled_can_be_read_then(text: str) -> None:
    read = msgspec.json.decode(without_halves(json.dumps(text).encode()), type=str)
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert read == joined


# halves that come one after the other ----------------------------------------------------------------------------------------


def told(halves: Halves, text: str, piece: str) -> str:
    """What is told of *piece*, which may hold halves, as a reader tells it."""
    spelled = json.dumps(piece).encode()
    whole, marked = (msgspec.json.decode(each, type=str) for each in (without_halves(spelled), marked_halves(spelled)))
    return halves.join(text, whole, marked)


def units(text: str) -> list[str]:
    """*text* in units of 16 bits, as programs cut it that count in these."""
    spelled = text.encode("utf-16-le", "surrogatepass")
    return [spelled[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(spelled), 2)]


def as_one(pieces: list[str]) -> str:
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


texts = st.text(alphabet='a\U0001f600\U000f0123\U0010ffff\ufffd\n"', max_size=6)


@given(texts, texts, st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), max_size=24))
def test_texts_that_were_cut_anywhere_are_whole_again_each_by_itself(one: str, other: str, cuts: list[tuple[int, int]]) -> None:
    """*cuts*: of which text the next piece is, and how long; the rest comes in one."""
    left, said, halves = [units(one), units(other)], ["", ""], Halves()
    for name, size in [*cuts, *((name, len(rest)) for name, rest in enumerate(left))]:
        piece, left[name] = as_halves(left[name][:size]), left[name][size:]
        said[name] += told(halves, str(name), piece)
    assert (said, halves.held) == ([one, other], {})


def as_halves(cut: list[str]) -> str:
    return "".join(cut).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@given(st.lists(st.text(alphabet="a\ud83d\ude00\U000f0123", max_size=3), max_size=6))
def test_halves_that_never_meet_are_marked_but_for_one_at_the_end(pieces: list[str]) -> None:
    halves = Halves()
    said = "".join([told(halves, "x", piece) for piece in pieces])
    assert said + "\ufffd" * len(halves.held) == as_one(pieces)


def test_a_piece_without_halves_may_be_given_as_it_is() -> None:
    halves = Halves()
    assert told(halves, "x", "a\ud83d") == "a"
    assert (halves.join("x", "", ""), halves.join("y", "c", "c"), halves.join("x", "b", "b")) == ("", "c", "\ufffdb")
    assert halves.held == {}


def test_so_many_texts_may_wait_for_a_half_and_no_more() -> None:
    halves = Halves()
    assert {told(halves, str(name), "a\ud83d") for name in range(HELD_MAX)} == {"a"}
    assert told(halves, "one more", "a\ud83d") == "a\ufffd"
    assert (told(halves, "0", "\ude00"), len(halves.held)) == ("😀", HELD_MAX - 1)
