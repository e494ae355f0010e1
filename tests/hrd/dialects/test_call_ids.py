"""Ids of calls."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.call_ids import CallIds


def test_what_the_provider_says_is_kept_and_what_it_does_not_say_is_made() -> None:
    ids = CallIds("call_r-1")
    assert [ids.new("abc"), ids.new(""), ids.new(""), ids.new("call_7")] == ["abc", "call_r-1", "call_r-1_2", "call_7"]


def test_calls_of_one_id_are_told_apart() -> None:
    ids = CallIds("own")
    assert [ids.new("a"), ids.new("a"), ids.new("a")] == ["a", "a_1", "a_2"]


@given(st.lists(st.sampled_from(["", "a", "a_1", "a_2", "own", "own_3"])))
def test_no_two_are_the_same(said: list[str]) -> None:
    ids = CallIds("own")
    given = [ids.new(each) for each in said]
    assert len({*given}) == len(given)
    assert "" not in given
