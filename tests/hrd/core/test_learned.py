"""What was learned about models: by good answers, by refusals, for thirty days."""

import pytest

from hrd.core.failures import BROKEN_HISTORY, REPLAYED_REASONING, Verdict
from hrd.core.learned import CONTEXT_TOKENS_MIN, LEARNED_S, MODELS_MAX, Learning
from hrd.core.providers import Candidate, ModelFacts
from hrd.core.remembered import Learned
from tests.hrd.stage import candidate, failure, provider

NOW = 1_000_000.0
PLAIN = candidate()
KEY = ("alpha", "m1")


def forced(**facts: object) -> Candidate:
    return candidate(provider("alpha", models_facts={"m1": ModelFacts(**facts)}))  # type: ignore[arg-type]


def test_nothing_is_known_at_first() -> None:
    assert Learning([]).facts_of(PLAIN) == (None, None, None)


def test_only_what_was_learned_against_somebody_makes_everybody_be_looked_at() -> None:
    learning = Learning([])
    learning.saw(PLAIN, tools=True, vision=True, now=NOW)
    learning.drop_worked(KEY, ["seed"], NOW)
    assert not learning.says_no
    for verdict, facts in (
        (Verdict.MODEL_UNAVAILABLE, {"param": "tools"}),
        (Verdict.MODEL_UNAVAILABLE, {"param": "images"}),
        (Verdict.CONTEXT_EXCEEDED, {"ceiling_tokens": 4096}),
    ):
        learning = Learning([])
        rows = learning.failed(PLAIN, failure(verdict, **facts), NOW)
        assert learning.says_no
        assert Learning(rows).says_no, "after a restart, too"
        learning.forget_expired(NOW + LEARNED_S)
        assert not learning.says_no


def test_a_good_answer_shows_what_its_model_takes() -> None:
    learning = Learning([])
    rows = learning.saw(PLAIN, tools=True, vision=False, now=NOW)
    assert rows == [Learned(provider="alpha", model="m1", what="tools", value=1, at=NOW, expires_at=NOW + LEARNED_S)]
    assert learning.facts_of(PLAIN) == (True, None, None)
    assert learning.saw(PLAIN, tools=True, vision=False, now=NOW + 60) == []
    again = learning.saw(PLAIN, tools=True, vision=False, now=NOW + LEARNED_S / 2 + 1)
    assert [row.expires_at for row in again] == [NOW + LEARNED_S / 2 + 1 + LEARNED_S]


def test_a_refusal_names_the_one_thing_that_a_model_cannot_do() -> None:
    learning = Learning([])
    for param, facts in (("tools", (False, None, None)), ("images", (False, False, None))):
        rows = learning.failed(PLAIN, failure(Verdict.MODEL_UNAVAILABLE, param=param), NOW)
        assert [row.value for row in rows] == [0]
        assert learning.facts_of(PLAIN) == facts
    assert learning.failed(PLAIN, failure(Verdict.MODEL_UNAVAILABLE), NOW) == []
    assert [row.value for row in learning.saw(PLAIN, tools=True, vision=False, now=NOW)] == [1]  # and yet it can


def test_a_refusal_names_the_context() -> None:
    learning = Learning([])
    assert learning.failed(PLAIN, failure(Verdict.CONTEXT_EXCEEDED), NOW) == []
    learning.failed(PLAIN, failure(Verdict.CONTEXT_EXCEEDED, ceiling_tokens=8192), NOW)
    assert learning.facts_of(PLAIN) == (None, None, 8192)
    assert learning.facts_of(forced(context=200_000)) == (None, None, 8192)  # it said so itself
    assert learning.failed(PLAIN, failure(Verdict.TOO_LARGE, ceiling_tokens=1), NOW) == []


def test_a_context_that_no_model_has_is_not_believed() -> None:
    learning = Learning([])
    assert learning.failed(PLAIN, failure(Verdict.CONTEXT_EXCEEDED, ceiling_tokens=CONTEXT_TOKENS_MIN - 1), NOW) == []
    assert learning.facts_of(PLAIN) == (None, None, None)


def test_what_was_learned_against_a_provider_can_be_forgotten_and_stays_so() -> None:
    learning = Learning([])
    rows = learning.failed(PLAIN, failure(Verdict.CONTEXT_EXCEEDED, ceiling_tokens=8192), NOW)
    rows += learning.failed(PLAIN, failure(Verdict.MODEL_UNAVAILABLE, param="tools"), NOW)
    rows += learning.drop_worked(KEY, ["seed"], NOW)
    rows += learning.saw(PLAIN, tools=False, vision=True, now=NOW)
    assert learning.forget(lambda provider: provider == "beta", NOW + 1) == []
    forgotten = learning.forget(lambda provider: provider == "alpha", NOW + 1)
    assert sorted(row.what for row in forgotten) == ["context", "drop:seed", "tools"]
    assert {row.expires_at for row in forgotten} == {NOW + 1}, "over, for the next process too"
    assert (learning.facts_of(PLAIN), learning.dropped(KEY)) == ((None, True, None), frozenset())
    assert not learning.says_no


def test_what_the_user_forces_wins_over_what_was_learned() -> None:
    learning = Learning([])
    learning.failed(PLAIN, failure(Verdict.MODEL_UNAVAILABLE, param="tools"), NOW)
    learning.saw(PLAIN, tools=False, vision=True, now=NOW)
    assert learning.facts_of(forced(tools=True, vision=False, context=9)) == (True, False, 9)


def test_a_field_that_was_left_out_with_success_is_left_out_from_then_on() -> None:
    learning = Learning([])
    assert learning.dropped(KEY) == frozenset()
    rows = learning.drop_worked(KEY, ["seed", "user"], NOW)
    assert sorted(row.what for row in rows) == ["drop:seed", "drop:user"]
    assert learning.dropped(KEY) == {"seed", "user"}
    assert learning.drop_worked(KEY, ["seed"], NOW) == []
    assert learning.dropped(("alpha", "m2")) == frozenset()


@pytest.mark.parametrize("wrong", [REPLAYED_REASONING, BROKEN_HISTORY])
def test_what_was_wrong_with_one_history_says_nothing_of_the_next_conversation(wrong: str) -> None:
    learning = Learning([])
    assert [row.what for row in learning.drop_worked(KEY, [wrong, "seed"], NOW)] == ["drop:seed"]
    assert learning.dropped(KEY) == {"seed"}


def test_what_was_remembered_holds_until_it_expires() -> None:
    rows = [
        Learned(provider="alpha", model="m1", what="tools", value=0, at=NOW, expires_at=NOW + 10),
        Learned(provider="alpha", model="m1", what="drop:seed", value=1, at=NOW, expires_at=NOW + 20),
    ]
    learning = Learning(rows)
    assert learning.facts_of(PLAIN)[0] is False
    assert learning.of("alpha", "m1") == {"tools": 0, "drop:seed": 1}
    assert learning.models_of("alpha") == ["m1"]
    learning.forget_expired(NOW + 10)
    assert learning.of("alpha", "m1") == {"drop:seed": 1}
    learning.forget_expired(NOW + 20)
    assert learning.models_of("alpha") == []


def test_models_are_bounded() -> None:
    learning = Learning([])
    for number in range(MODELS_MAX + 1):
        learning.drop_worked(("alpha", f"m{number}"), ["seed"], NOW)
    assert len(learning.models_of("alpha")) == MODELS_MAX
    assert learning.dropped(("alpha", "m0")) == frozenset()


def test_what_another_process_has_learned_counts_like_ones_own() -> None:
    learning = Learning(())
    learning.drop_worked(("alpha", "m0"), ["seed"], NOW)
    assert not learning.says_no, "what is left out keeps nobody away"
    learning.follow(Learned(provider="alpha", model="m1", what="tools", value=0, at=NOW, expires_at=NOW + 60))
    assert learning.says_no
    learning.forget_expired(NOW + 61)
    assert not learning.says_no


def test_who_is_forgotten_for_want_of_room_keeps_nobody_away() -> None:
    learning = Learning([Learned(provider="alpha", model="m0", what="tools", value=0, at=NOW, expires_at=NOW + 60)])
    for number in range(1, MODELS_MAX):
        learning.drop_worked(("alpha", f"m{number}"), ["seed"], NOW)
    assert learning.says_no
    learning.drop_worked(("alpha", "one-more"), ["seed"], NOW)
    assert not learning.says_no


def test_whether_a_model_thinks_is_learned_like_the_rest() -> None:
    learning = Learning(())
    (row,) = learning.thinks(("alpha", "m1"), reasoning=True, now=NOW)
    assert (row.what, row.value, row.expires_at) == ("reasoning", 1, NOW + LEARNED_S)
    assert learning.of("alpha", "m1") == {"reasoning": 1}
    learning.thinks(("alpha", "m1"), reasoning=False, now=NOW)
    assert learning.of("alpha", "m1") == {"reasoning": 0}
