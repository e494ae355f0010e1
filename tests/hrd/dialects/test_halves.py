"""Halves of characters."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.halves import first_half, without_halves


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
