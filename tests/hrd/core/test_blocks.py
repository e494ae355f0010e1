"""A block's end: hints as said, guesses up a ladder, never shorter than before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.blocks import LADDER_S, REMEMBERED_S, Block, is_in_force, next_block, patient_until
from hrd.core.failures import HintSource

NOW = 1_000_000.0


def after(
    previous: Block | None,
    now: float,
    *,
    until: float | None = None,
    guesses_s: tuple[float, ...] = LADDER_S,
    reason: str = "errors",
) -> Block:
    source = HintSource.GUESS if until is None else HintSource.HEADER
    return next_block(
        previous,
        scope="candidate:a-1/m",
        reason=reason,
        guesses_s=guesses_s,
        until=until,
        source=source,
        message="said",
        now=now,
    )


def test_guesses_climb_five_fifteen_sixty_and_stay() -> None:
    now, block, lengths = NOW, None, []
    for _ in range(5):
        block = after(block, now)
        lengths.append(block.until - now)
        assert block.source is HintSource.GUESS
        now = block.until + 1
    assert lengths == [5.0, 15.0, 60.0, 60.0, 60.0]


def test_failures_that_were_already_out_do_not_climb() -> None:
    first = after(None, NOW)
    assert after(first, NOW + 2).until == NOW + 7
    assert after(after(first, NOW + 2), NOW + 8).until == NOW + 8 + 15


def test_the_ladder_is_forgotten_an_hour_after_a_block_has_ended() -> None:
    first = after(None, NOW)
    assert after(first, first.until + REMEMBERED_S - 1).until == first.until + REMEMBERED_S - 1 + 15
    assert after(first, first.until + REMEMBERED_S).until == first.until + REMEMBERED_S + 5


def test_a_hint_is_taken_as_said_and_a_moment_in_the_past_means_now() -> None:
    block = after(None, NOW, until=NOW + 12.5)
    assert (block.until, block.source) == (NOW + 12.5, HintSource.HEADER)
    past = after(None, NOW, until=NOW - 100)
    assert past.until == NOW
    assert not is_in_force(past, NOW)


def test_a_hint_keeps_the_ladder_where_it_is() -> None:
    hinted = after(None, NOW, until=NOW + 2)
    assert after(hinted, NOW + 3).until == NOW + 3 + 5  # the first guess
    second = after(after(None, NOW), NOW + 6, until=NOW + 8)
    assert after(second, NOW + 9).until == NOW + 9 + 15  # the second


@pytest.mark.parametrize(
    ("before_s", "before_is_said", "then_s", "then_is_said", "stays_s"),
    [
        (100, True, 30, True, 100),
        (100, True, 300, True, 300),
        (100, True, None, False, 100),  # our guess against the provider's word
        (3, True, None, False, 5),
        (None, False, 2, True, 2),  # the provider's word against our guess
        (None, False, 40, True, 40),
    ],
)
def test_a_shorter_block_replaces_no_longer_one_but_for_a_word_against_a_guess(
    before_s: float | None, before_is_said: bool, then_s: float | None, then_is_said: bool, stays_s: float
) -> None:
    assert before_is_said == (before_s is not None)
    assert then_is_said == (then_s is not None)
    before = after(None, NOW, until=None if before_s is None else NOW + before_s)
    assert after(before, NOW, until=None if then_s is None else NOW + then_s).until == NOW + stays_s


@pytest.mark.parametrize("reason", ["rate limit", "errors", "unreachable", "breaker"])
def test_a_guess_that_passes_by_itself_stops_the_only_candidate_for_ten_seconds(reason: str) -> None:
    long = Block(scope="s", reason=reason, source=HintSource.GUESS, set_at=NOW, until=NOW + 60)
    short = Block(scope="s", reason=reason, source=HintSource.GUESS, set_at=NOW, until=NOW + 5)
    said = Block(scope="s", reason=reason, source=HintSource.BODY, set_at=NOW, until=NOW + 60)
    assert [patient_until(block) - NOW for block in (long, short, said)] == [10, 5, 60]


@pytest.mark.parametrize("reason", ["rejected", "credits", "quota", "model", "dead", "gone"])
def test_waiting_mends_no_key_and_no_bill(reason: str) -> None:
    block = Block(scope="s", reason=reason, source=HintSource.GUESS, set_at=NOW, until=NOW + 300)
    assert patient_until(block) == NOW + 300


@given(
    st.lists(
        st.tuples(st.floats(0, 5000), st.one_of(st.none(), st.floats(-1000, 100_000))),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_happens_a_block_ends_within_what_was_said_or_guessed(steps: list[tuple[float, float | None]]) -> None:
    now, block, latest = NOW, None, NOW
    for pause_s, said_s in steps:
        now += pause_s
        before = block
        block = after(block, now, until=None if said_s is None else now + said_s)
        latest = max(latest, now + 60, now + (said_s or 0))
        assert now <= max(block.until, now) <= latest
        if before is not None and before.source is not HintSource.GUESS:
            assert block.until >= before.until
