"""Ids of calls."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.call_ids import CallIds


def test_what_the_provider_says_is_kept_and_what_it_does_not_say_is_made() -> None:
    ids = CallIds()
    assert [ids.new("abc", 0), ids.new("", 1), ids.new("call_7", 2)] == ["abc", "call_1", "call_7"]


def test_calls_of_one_id_are_told_apart() -> None:
    ids = CallIds()
    assert [ids.new("call_1", 0), ids.new("", 1), ids.new("call_1", 2)] == ["call_1", "call_1_1", "call_1_2"]


@given(st.lists(st.sampled_from(["", "a", "a_1", "a_2", "call_1", "call_1_3"])))
def test_no_two_are_the_same(said: list[str]) -> None:
    ids = CallIds()
    given = [ids.new(each, key) for key, each in enumerate(said)]
    assert len({*given}) == len(given)
    assert "" not in given
