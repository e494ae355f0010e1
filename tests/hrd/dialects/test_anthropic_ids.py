"""Ids in the API's alphabet."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.anthropic_ids import plain_id


def test_an_id_that_fits_stays() -> None:
    assert plain_id("toolu_01-A") == "toolu_01-A"


def test_one_that_does_not_is_replaced_in_the_same_way_each_time() -> None:
    assert plain_id("functions.f:0") == plain_id("functions.f:0") == "functions_f_0_d6bdd4de328a"
    assert plain_id("functions.f:1") != plain_id("functions.f_1")


@given(st.text(max_size=300))
def test_every_id_fits(call_id: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,256}", plain_id(call_id))
