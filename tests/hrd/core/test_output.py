"""The output limit that is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.output import output_limit
from hrd.core.providers import Candidate, ModelFacts
from tests.hrd.stage import candidate, provider


def one(*, clamp: int = 0, reasoning: bool | None = None, max_output: int | None = None) -> Candidate:
    facts = ModelFacts(reasoning=reasoning, max_output=max_output)
    return candidate(provider("alpha", max_output_tokens=clamp, models_facts={"m1": facts}))


@pytest.mark.parametrize(
    ("asked", "who", "affordable", "sent"),
    [
        (None, one(), None, None),
        (500, one(), None, None),  # as it stands
        (None, one(clamp=1000), None, None),
        (500, one(clamp=1000), None, None),
        (5000, one(clamp=1000), None, 1000),
        (5000, one(max_output=800), None, 800),
        (5000, one(clamp=1000, max_output=800), None, 1000),  # the user's or catalogue's clamp counts first
        (500, one(reasoning=True), None, 4596),
        (4096, one(reasoning=True), None, None),
        (None, one(reasoning=True), None, None),
        (500, one(reasoning=False), None, None),
        (500, one(reasoning=True, clamp=2000), None, 2000),
        (None, one(), 1500, 1500),
        (5000, one(clamp=3000), 1500, 1500),
        (1000, one(), 1500, None),
    ],
)
def test_what_is_sent(asked: int | None, who: Candidate, affordable: int | None, sent: int | None) -> None:
    limit, notes = output_limit(asked, who, affordable=affordable, reserve_tokens=4096)
    assert limit == sent
    assert bool(notes) == (sent is not None)


def test_the_notes_say_what_was_done_in_order() -> None:
    _, notes = output_limit(500, one(reasoning=True, clamp=2000), affordable=1500, reserve_tokens=4096)
    assert notes == [
        "max_tokens raised from 500 to 4596: the model thinks first",
        "max_tokens clamped from 500 to 2000: the provider's limit",
        "max_tokens lowered to 1500: all that the balance affords",
    ]


def test_what_comes_back_to_where_it_was_is_no_change() -> None:
    assert output_limit(500, one(reasoning=True, clamp=500), affordable=None, reserve_tokens=4096) == (None, ())


@given(st.one_of(st.none(), st.integers(1, 10**6)), st.integers(0, 10**5), st.one_of(st.none(), st.integers(1024, 10**5)))
def test_nothing_above_the_clamp_or_the_balance_is_ever_sent(asked: int | None, clamp: int, affordable: int | None) -> None:
    limit, _ = output_limit(asked, one(clamp=clamp, reasoning=True), affordable=affordable, reserve_tokens=4096)
    sent = asked if limit is None else limit
    if sent is not None:
        assert not clamp or sent <= clamp
        assert affordable is None or sent <= affordable
