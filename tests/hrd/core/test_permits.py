"""Whom a request may ask at all, and why not the others."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind, Priority
from hrd.core.failures import Verdict
from hrd.core.learned import Learning
from hrd.core.permits import LOW_KEY, LOW_PRIORITY, POLICIES_CACHED_MAX, STAYS_HERE, Permits
from hrd.core.providers import ModelFacts
from hrd.core.roster import Selection
from hrd.core.rules import PoolRules
from hrd.core.tour import Tour
from tests.hrd.stage import ANYBODY, NOON, Cast, failure, named, provider, roster

CAST: Cast = [
    (provider("here", cost_class="local", base_url="http://127.0.0.1:9/v1"), ["h1"]),
    (provider("alpha", cost_class="free"), ["a1", "a2"]),
    (provider("beta", cost_class="paid"), ["b1"]),
]


class Desk:
    """Permits, and everybody whom they may concern."""

    def __init__(self, cast: Cast | None = None, **rules: Any) -> None:
        selection = roster(cast or CAST).select_chat("")
        assert isinstance(selection, Selection)
        self.selection = selection
        self.learning = Learning(())
        self.permits = Permits(PoolRules(**rules), self.learning)

    def permitted(self, tour: Tour, caller: Caller = ANYBODY) -> list[str]:
        return [named(one) for one in self.permits.permitted(self.selection, tour, caller)]

    def why(self, tour: Tour, caller: Caller = ANYBODY) -> dict[str, str]:
        return {named(one): why for one, why in self.permits.forbidden(self.selection, tour, caller) if why}


def tour_of(**facts: Any) -> Tour:
    return Tour(Ask(kind=Kind.CHAT, model="", **facts))


def test_without_a_policy_everybody_is_permitted_and_always_the_same_tuple() -> None:
    desk = Desk()
    assert desk.permits.permitted(desk.selection, tour_of(), ANYBODY) is desk.selection.candidates
    assert desk.why(tour_of()) == {}


def test_a_clients_policy_is_worked_out_once() -> None:
    desk, caller = Desk(), Caller(fingerprint="c", allowed_providers=("alpha",))
    first = desk.permits.permitted(desk.selection, tour_of(), caller)
    assert [named(one) for one in first] == ["a1", "a2"]
    assert desk.permits.permitted(desk.selection, tour_of(input_tokens=9), caller) is first
    assert set(desk.why(tour_of(), caller)) == {"h1", "b1"}


def test_another_rule_counts_at_once() -> None:
    desk = Desk()
    assert desk.permitted(tour_of()) == ["h1", "a1", "a2", "b1"]
    desk.permits.rules = PoolRules(cost_policy="free-only")
    assert desk.permitted(tour_of()) == ["h1", "a1", "a2"]


def test_policies_of_many_clients_are_not_kept_for_ever() -> None:
    desk = Desk()
    callers = [Caller(fingerprint="c", allowed_providers=("alpha", f"p{number}")) for number in range(POLICIES_CACHED_MAX + 1)]
    first = desk.permits.permitted(desk.selection, tour_of(), callers[0])
    for caller in callers:
        assert desk.permitted(tour_of(), caller) == ["a1", "a2"]
    assert desk.permits.permitted(desk.selection, tour_of(), callers[0]) is not first


def test_who_was_asked_already_is_left_out() -> None:
    desk, tour = Desk(), tour_of()
    tour.begin(desk.selection.candidates[1])
    assert desk.permitted(tour) == ["h1", "a2", "b1"]
    assert not desk.permits.may_take(desk.selection.candidates[1], desk.selection, tour, ANYBODY)
    assert desk.permits.may_take(desk.selection.candidates[2], desk.selection, tour, ANYBODY)


def test_a_low_priority_spends_nothing_that_costs_and_says_whose_word_that_is() -> None:
    desk = Desk()
    assert desk.why(tour_of(priority=Priority.LOW)) == {"b1": LOW_PRIORITY}
    assert desk.why(tour_of(priority=Priority.LOW), Caller(fingerprint="c", priority_max=Priority.LOW)) == {"b1": LOW_KEY}


def test_what_stays_on_the_machine_and_what_is_too_dear_is_kept_from_whom_it_concerns() -> None:
    desk, dear = Desk(), tour_of()
    assert desk.permitted(tour_of(local_only=True)) == ["h1"]
    assert set(desk.why(tour_of(local_only=True)).values()) == {STAYS_HERE}
    dear.too_dear = lambda candidate: "too dear" if candidate.provider.name == "beta" else ""
    assert desk.why(dear) == {"b1": "too dear"}


def test_requests_of_like_size_with_tools_are_told_the_same_tuple_until_something_is_learned() -> None:
    cast: Cast = [
        (provider("small", cost_class="free", context=1000), ["s1"]),
        (provider("large", cost_class="free", context=9000, skip_tokens_over=5000), ["l1"]),
    ]
    desk = Desk(cast)

    def ask(tokens: int, *, tools: bool = False) -> tuple[str, ...]:
        first = desk.permits.permitted(desk.selection, tour_of(input_tokens=tokens, tools=tools), ANYBODY)
        assert desk.permits.permitted(desk.selection, tour_of(input_tokens=tokens, tools=tools), ANYBODY) is first
        return tuple(named(one) for one in first)

    assert (ask(1000), ask(1001), ask(5000), ask(5001)) == (("s1", "l1"), ("l1",), ("l1",), ())
    assert ask(10, tools=True) == ("s1", "l1")
    desk.learning.failed(desk.selection.candidates[1], failure(Verdict.MODEL_UNAVAILABLE, param="tools"), NOON)
    assert (ask(10, tools=True), ask(10)) == (("s1",), ("s1", "l1"))
    desk.learning.failed(desk.selection.candidates[1], failure(Verdict.CONTEXT_EXCEEDED, ceiling_tokens=2000), NOON)
    assert (ask(2000), ask(2001)) == (("l1",), ())
    desk.learning.forget(lambda _: True, NOON)
    assert (ask(10, tools=True), ask(2001)) == (("s1", "l1"), ("l1",))


@given(
    facts=st.lists(
        st.tuples(st.sampled_from([None, False]), st.sampled_from([None, False]), st.sampled_from([None, 1000, 4000])),
        min_size=1,
        max_size=3,
    ),
    asked=st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from([1, 999, 1000, 1001, 2000, 2001, 4000, 4001])), max_size=8
    ),
    learned=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["tools", "images", "context"])), max_size=3),
)
def test_who_is_permitted_is_whom_nothing_keeps_from_it_one_by_one(
    facts: list[tuple[bool | None, bool | None, int | None]],
    asked: list[tuple[bool, bool, int]],
    learned: list[tuple[int, str]],
) -> None:
    cast: Cast = [
        (provider(f"p{n}", models_facts={"m1": ModelFacts(tools=tools, vision=vision, context=context)}), [f"k{n}"])
        for n, (tools, vision, context) in enumerate(facts)
    ]
    desk, caller = Desk(cast), Caller(fingerprint="c", allowed_providers=("p0", "p1"))
    lessons = [None, *learned]
    for lesson in lessons:
        if lesson is not None:
            who = desk.selection.candidates[lesson[0] % len(facts)]
            what = {"param": lesson[1]} if lesson[1] != "context" else {"ceiling_tokens": 2000}
            verdict = Verdict.CONTEXT_EXCEEDED if lesson[1] == "context" else Verdict.MODEL_UNAVAILABLE
            desk.learning.failed(who, failure(verdict, **what), NOON)
        for tools, images, tokens in asked:
            tour = tour_of(tools=tools, images=images, input_tokens=tokens)
            wanted = [named(one) for one in desk.selection.candidates if not desk.permits.why_never(one, tour, caller)]
            assert desk.permitted(tour, caller) == wanted


def test_what_was_learned_and_what_failed_keeps_from_those_alone_who_cannot() -> None:
    desk, tour = Desk(), tour_of(input_tokens=5000)
    desk.learning.failed(desk.selection.candidates[1], failure(Verdict.CONTEXT_EXCEEDED, ceiling_tokens=4096), NOON)
    assert desk.permitted(tour) == ["h1", "b1"]  # of both keys the model is the same
    assert not desk.permits.may_take(desk.selection.candidates[2], desk.selection, tour, ANYBODY)
    assert desk.permitted(tour_of(input_tokens=4000)) == ["h1", "a1", "a2", "b1"]
