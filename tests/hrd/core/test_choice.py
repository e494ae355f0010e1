"""The choice: free candidates, then patience, then a wait, then whom a probe keeps waiting; else a refusal."""

from typing import Any

import pytest

from hrd.core.access import Caller
from hrd.core.ask import Kind, Priority
from hrd.core.ceilings import TOO_DEAR
from hrd.core.facts import LeftLine, Reset
from hrd.core.failures import Observation, Verdict, WindowKind
from hrd.core.needs import Need
from hrd.core.providers import CostClass, ModelFacts
from hrd.core.quota.limit import Limit
from hrd.core.refusals import RefusalKind
from hrd.core.remembered import EmbeddingPin, Learned, Remembered
from hrd.core.rules import PoolRules
from tests.hrd.stage import NOON, Stage, Walk, key, provider, roster

ALPHA = provider("alpha", "m1", cost_class="free")
BETA = provider("beta", "m1", cost_class="free")


def alone(**rules: float | str) -> Stage:
    return Stage(roster([(ALPHA, ["a1"])]), **rules)


def two(**rules: float | str) -> Stage:
    return Stage(roster([(ALPHA, ["a1"]), (BETA, ["b1"])]), **rules)


def minute(left: int, *, ends_s: float, kind: WindowKind = WindowKind.REQUESTS_MINUTE) -> tuple[Observation, ...]:
    return (Observation(kind=kind, limit=100, left=left, resets_at=NOON + ends_s),)


# the only candidate ----------------------------------------------------------------------------------------------------------


def test_the_only_candidate_is_waited_for_and_asked_again() -> None:
    walk = alone().ask()
    assert walk.next() == "a1"
    assert walk.fails(Verdict.SERVER_ERROR) == "wait 5.0"
    assert walk.waits() == "a1"
    assert walk.fails(Verdict.SERVER_ERROR) == "wait 10.0"  # the guess is 15 s; ten of them count
    assert walk.waits() == "a1"
    assert walk.fails(Verdict.SERVER_ERROR) == "wait 10.0"  # the guess is 60 s
    assert walk.waits() == "a1"
    assert walk.fails(Verdict.SERVER_ERROR) == "refused"  # 25 of 30 s are spent
    assert walk.refusal().http_status == 429
    assert walk.refusal().retry_after_s == pytest.approx(10.0)


def test_a_hint_is_waited_for_to_its_end_if_it_is_near() -> None:
    stage = alone()
    walk = stage.ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 29.5) == "wait 29.5"
    assert walk.waits() == "a1"
    assert stage.now == pytest.approx(NOON + 29.501)


def test_a_hint_beyond_the_longest_wait_is_told_to_the_client() -> None:
    walk = alone().ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 30.5) == "refused"
    assert (walk.refusal().kind, walk.refusal().retry_after_s) == (RefusalKind.RATE_LIMITED, 30.5)


def test_who_refuses_and_says_that_it_is_over_already_is_asked_again_soon_and_then_later() -> None:
    """Retry-After: 0, or a date in the past: nothing keeps others from it, but whom it refused waits a moment."""
    stage = alone()
    walk = stage.ask()
    assert walk.next() == "a1"
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON - 300) == "wait 1.0"
    assert stage.blocks() == {}
    assert walk.waits() == "a1"
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON) == "wait 2.0"
    assert walk.waits() == "a1"
    walk.answers()
    walk.ends()


def test_who_may_not_wait_is_told_that_it_may_come_back_at_once() -> None:
    stage = alone(max_wait_s=0.0)
    walk = stage.ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON) == "refused"
    assert (walk.refusal().http_status, walk.refusal().retry_after_s) == (429, 1.0)
    assert "it was asked too often" in walk.refusal().message


def test_without_waiting_the_moment_told_is_when_a_request_would_be_asked() -> None:
    walk = alone(max_wait_s=0.0).ask()
    walk.next()
    walk.fails(Verdict.SERVER_ERROR)
    walk.stage.now += 6
    again = walk.stage.ask()
    again.next()
    assert again.fails(Verdict.SERVER_ERROR) == "refused"
    assert again.refusal().retry_after_s == 10.0  # not the guess's 15


def test_a_later_request_asks_the_only_candidate_when_its_guess_is_ten_seconds_old() -> None:
    stage = alone()
    for pause_s in (0.0, 6.0, 16.0):
        stage.now += pause_s
        walk = stage.ask()
        walk.next()
        walk.missed(Verdict.SERVER_ERROR)
    assert stage.blocks() == {"candidate:alpha-a1/m1": ("errors", 60.0)}
    stage.now += 9.0
    assert stage.ask().next() == "wait 1.0"
    stage.now += 1.0
    assert stage.ask().next() == "a1"  # though its block holds for 50 s more


def test_patience_is_for_when_nobody_else_can_serve() -> None:
    stage = two()
    for pause_s in (0.0, 6.0, 16.0):
        stage.now += pause_s
        walk = stage.ask("alpha")
        assert walk.next() == "a1"
        walk.missed(Verdict.SERVER_ERROR)
    stage.now += 20
    assert stage.serve() == "b1"


def test_a_wait_ends_strictly_after_its_moment_and_finds_somebody() -> None:
    stage = alone()
    stage.now = 1_795_003_200.123456  # a moment that floats cannot hold exactly
    walk = stage.ask()
    walk.next()
    walk.fails(Verdict.RATE_LIMITED)
    assert walk.said.until > stage.now  # type: ignore[union-attr]
    assert walk.waits() == "a1"


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.REVOKED, Verdict.NO_CREDIT, Verdict.PROVIDER_GONE])
def test_what_waiting_does_not_mend_is_refused_at_once(verdict: Verdict) -> None:
    walk = alone().ask()
    walk.next()
    assert walk.fails(verdict) == "refused"
    assert walk.refusal().http_status == 503
    assert walk.refusal().attempts[0].outcome == verdict.value


def test_who_was_asked_and_not_blocked_is_not_waited_for() -> None:
    stage = two()
    stage.ask("beta").next()
    walk = stage.ask()
    assert walk.next() == "a1"
    assert walk.fails(Verdict.EMPTY) == "b1"  # nobody is blocked for that yet
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 4) == "wait 4.0"
    assert walk.waits() == "a1"


def test_when_all_were_asked_and_nobody_is_blocked_there_is_nothing_to_wait_for() -> None:
    walk = two().ask()
    walk.next()
    walk.fails(Verdict.EMPTY)
    assert walk.fails(Verdict.EMPTY) == "refused"
    assert walk.tour.is_all_empty()
    assert walk.refusal().http_status == 503


def test_the_first_of_several_who_will_be_free_ends_the_wait() -> None:
    walk = two().ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 20) == "b1"
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 12) == "wait 12.0"
    assert walk.waits() == "b1"


def test_a_larger_one_who_will_be_free_is_waited_for_before_the_client_is_told() -> None:
    small = provider("alpha", models_facts={"m1": ModelFacts(context=8192)})
    stage = Stage(roster([(small, ["a1"]), (provider("beta"), ["b1"])]))
    first = stage.ask("beta")
    first.next()
    first.missed(Verdict.RATE_LIMITED, until=NOON + 7)
    walk = stage.ask()
    assert walk.next() == "a1"
    assert walk.fails(Verdict.CONTEXT_EXCEEDED) == "wait 7.0"
    assert walk.waits() == "b1"
    assert walk.fails(Verdict.QUOTA_EXHAUSTED, until=NOON + 9000) == "refused"
    assert walk.refusal().kind is RefusalKind.CONTEXT_EXCEEDED


def test_the_longest_wait_is_for_all_waits_together() -> None:
    walk = alone(max_wait_s=12.0).ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 8) == "wait 8.0"
    assert walk.waits() == "a1"
    assert walk.fails(Verdict.RATE_LIMITED, until=walk.stage.now + 5) == "refused"


# probes ----------------------------------------------------------------------------------------------------------------------


def rejected() -> Stage:
    stage = alone()
    walk = stage.ask()
    walk.next()
    walk.missed(Verdict.REJECTED)
    stage.now += 301
    return stage


def test_after_a_rejection_one_request_goes_first_and_the_others_wait_for_what_it_meets() -> None:
    stage = rejected()
    first, second = stage.ask(), stage.ask()
    assert first.next() == "a1"
    assert second.next() == "wait 1.0"
    first.answers()
    assert second.waits() == "a1"


def test_what_the_first_one_meets_is_told_the_others() -> None:
    stage = rejected()
    first, second = stage.ask(), stage.ask()
    first.next()
    second.next()
    first.missed(Verdict.REJECTED)
    assert second.waits() == "refused"
    assert second.refusal().http_status == 503
    assert stage.blocks()["credential:alpha-a1"] == ("rejected", pytest.approx(3599.0, abs=0.01))


def test_nobody_is_refused_because_a_probe_takes_long() -> None:
    stage = rejected()
    first, second = stage.ask(), stage.ask()
    first.next()
    assert second.next() == "wait 1.0"
    waits = 0
    while (said := second.waits()) == "wait 1.0":
        waits += 1
    assert (said, waits) == ("a1", 28)


def test_a_long_stream_that_was_first_keeps_nobody_waiting() -> None:
    stage = rejected()
    first = stage.ask()
    first.next()
    first.answers()  # and goes on for hours
    assert stage.ask().next() == "a1"
    assert stage.blocks() == {}


def test_with_others_to_ask_nobody_waits_for_a_probe() -> None:
    stage = two()
    walk = stage.ask("alpha")
    walk.next()
    walk.missed(Verdict.REJECTED)
    stage.now += 301
    assert stage.ask().next() == "a1"
    assert stage.serve() == "b1"


# the line --------------------------------------------------------------------------------------------------------------------


def waiting_for_alpha(priority: Priority) -> tuple[Stage, Walk]:
    """Somebody waits for `alpha`, free in twenty seconds; `beta` would have been in twenty-five, and is now, after ten."""
    stage = two()
    first = stage.ask()
    first.next()
    first.fails(Verdict.RATE_LIMITED, until=NOON + 20)
    first.fails(Verdict.RATE_LIMITED, until=NOON + 25)
    waiting = stage.ask(priority=priority)
    assert waiting.next().startswith("wait 20")
    stage.apply(LeftLine(tour=first.tour))
    stage.now += 10
    stage.apply(Reset(provider="beta"))
    return stage, waiting


@pytest.mark.parametrize(
    ("waits", "comes"),
    [(Priority.HIGH, Priority.NORMAL), (Priority.NORMAL, Priority.NORMAL), (Priority.NORMAL, Priority.LOW)],
)
def test_nobody_who_comes_later_takes_what_would_do_for_who_waits_for_somebody_else(waits: Priority, comes: Priority) -> None:
    stage, waiting = waiting_for_alpha(waits)
    called: list[float] = []
    assert waiting.tour.place is not None
    waiting.tour.place.wake = lambda: called.append(stage.now)
    later = stage.ask(priority=comes)
    assert later.next() == "wait 10.0"
    assert called == [NOON + 10]
    assert waiting.next() == "b1"
    assert later.waits() == "a1"


def test_the_more_urgent_goes_before_who_waits_for_somebody_else() -> None:
    stage, waiting = waiting_for_alpha(Priority.NORMAL)
    assert stage.ask(priority=Priority.HIGH).next() == "b1"
    assert waiting.waits() == "a1"


@pytest.mark.parametrize("later", [{"model": "beta"}, {"max_wait_s": 5.0}])
def test_nobody_gives_way_who_cannot_wait_for_as_long(later: dict[str, Any]) -> None:
    stage, waiting = waiting_for_alpha(Priority.HIGH)
    if "max_wait_s" in later:
        stage.pool.rules = PoolRules(**later)
    assert stage.ask(later.get("model", "")).next() == "b1"
    assert waiting.waits() == "a1"


def test_what_would_not_do_for_who_waits_is_taken() -> None:
    stage = two()
    full = stage.ask()
    full.next()
    full.fails(Verdict.RATE_LIMITED, until=NOON + 20)
    full.answers(observations=minute(50, ends_s=25, kind=WindowKind.TOKENS_MINUTE))
    full.ends(tokens=(0, 0))
    large = stage.ask(input_tokens=60, max_tokens=10, priority=Priority.HIGH)
    assert large.next() == "wait 20.0"
    assert stage.ask(input_tokens=10, max_tokens=10).next() == "b1"


def last_of_the_day(kind: str) -> tuple[Stage, Walk, Walk]:
    """Two requests a day, and one *kind*: the first is out, and somebody waits, who will have the last."""
    """Two requests a day, and one *kind*: the first is out, and somebody waits, who will have the last."""
    limits = (Limit(kind="requests/day", limit=2), Limit(kind=kind, limit=1))
    stage = Stage(roster([(provider("alpha", "m1", cost_class="free", own_limits=limits), ["a1"])]), max_wait_s=100.0)
    first, second = stage.ask(), stage.ask()
    assert first.next() == "a1"
    assert second.next().startswith("wait")
    return stage, first, second


def test_what_somebody_waits_for_who_may_give_up_is_waited_for_too() -> None:
    """Whoever is before it may not get the slot in time, and the day has one more."""
    stage, first, second = last_of_the_day("at once")
    third = stage.ask()
    called: list[float] = []
    assert third.next() == "wait 5.1"
    assert third.waits() == "wait 5.1"
    assert third.tour.place is not None
    third.tour.place.wake = lambda: called.append(stage.now)
    stage.apply(LeftLine(tour=second.tour))
    assert called == [stage.now]
    first.answers()
    first.ends()
    assert third.next() == "a1"


def test_what_somebody_is_sure_to_take_is_not_waited_for() -> None:
    stage, first, second = last_of_the_day("requests/minute")
    first.answers()
    first.ends()
    third = stage.ask()
    assert third.next() == "refused"
    assert (third.refusal().retry_after_s or 0.0) > 3600.0
    assert second.waits() == "a1"


# windows ---------------------------------------------------------------------------------------------------------------------


def test_who_is_known_to_be_empty_is_not_asked_until_its_window_turns() -> None:
    stage = two()
    walk = stage.ask()
    assert walk.next() == "a1"
    walk.answers(observations=minute(0, ends_s=20))
    walk.ends()
    assert stage.serve() == "b1"
    assert stage.ask("alpha").next() == "wait 20.0"
    stage.now += 20
    assert stage.serve() == "a1"


def test_a_window_without_room_for_this_request_says_when_it_has() -> None:
    stage = alone(max_wait_s=5.0)
    walk = stage.ask()
    walk.next()
    walk.answers(observations=minute(50, ends_s=20, kind=WindowKind.TOKENS_MINUTE))
    large = stage.ask(input_tokens=60, max_tokens=10)
    assert large.next() == "refused"
    assert (large.refusal().http_status, large.refusal().retry_after_s) == (429, 20.0)
    assert "too little of its quota is left for now" in large.refusal().message
    assert stage.ask(input_tokens=30, max_tokens=10).next() == "a1"


# who may be asked at all -----------------------------------------------------------------------------------------------------


def test_policies_pass_over_what_they_forbid() -> None:
    cast = [(ALPHA, [key("alpha", "a1", cost_class=CostClass.PAID)]), (BETA, ["b1"])]
    assert Stage(roster(cast)).serve() == "b1"  # free comes first
    assert Stage(roster(cast), cost_policy="free-only").serve("alpha") == "refused"
    assert Stage(roster(cast), cost_policy="paid-ok").serve("alpha") == "a1"
    narrow = Caller(fingerprint="c", allowed_providers=("alpha",))
    assert Stage(roster(cast)).serve(caller=narrow) == "a1"


def test_a_policy_that_forbids_everybody_is_a_403() -> None:
    walk = alone().ask(caller=Caller(fingerprint="c", local_only=True))
    assert walk.next() == "refused"
    assert walk.refusal().http_status == 403


def test_whoever_costs_more_than_is_left_for_the_client_key_is_passed_over() -> None:
    cast = [(provider("alpha", cost_class="paid"), ["a1"]), (provider("beta", cost_class="paid"), ["b1"])]
    walk = Stage(roster(cast)).ask()
    walk.tour.too_dear = lambda candidate: TOO_DEAR if candidate.provider.name == "alpha" else ""
    assert walk.next() == "b1"
    walk = Stage(roster(cast)).ask()
    walk.tour.too_dear = lambda _: TOO_DEAR
    assert walk.next() == "refused"
    assert (walk.refusal().http_status, walk.refusal().retry_after_s) == (429, 43200.0)


@pytest.mark.parametrize(
    ("facts", "ask", "who"),
    [
        (ModelFacts(tools=False), {"tools": True}, "b1"),
        (ModelFacts(tools=None), {"tools": True}, "a1"),
        (ModelFacts(vision=False), {"images": True}, "b1"),
        (ModelFacts(context=1000), {"input_tokens": 1001}, "b1"),
        (ModelFacts(context=1000), {"input_tokens": 1000}, "a1"),
    ],
)
def test_what_is_known_not_to_fit_is_passed_over(facts: ModelFacts, ask: dict[str, object], who: str) -> None:
    alpha = provider("alpha", cost_class="free", models_facts={"m1": facts})
    assert Stage(roster([(alpha, ["a1"]), (BETA, ["b1"])])).serve(**ask) == who


def test_what_was_learned_counts_where_nothing_is_forced() -> None:
    row = Learned(provider="alpha", model="m1", what="tools", value=0, at=NOON, expires_at=NOON + 9)
    remembered = Remembered(learned=(row,))
    assert Stage(roster([(ALPHA, ["a1"]), (BETA, ["b1"])]), remembered=remembered).serve(tools=True) == "b1"
    forced = provider("alpha", cost_class="free", models_facts={"m1": ModelFacts(tools=True)})
    assert Stage(roster([(forced, ["a1"]), (BETA, ["b1"])]), remembered=remembered).serve(tools=True) == "a1"


def test_who_would_have_to_leave_something_out_is_asked_only_if_nobody_else_can_be() -> None:
    """Stop sequences: the subscription's backend has no word for them."""
    codex = provider("codex", "m1", cost_class="free", dialect="codex")
    stage = Stage(roster([(codex, ["c1"]), (BETA, ["b1"])]))
    walk = stage.ask(needs=frozenset({Need.STOP}))
    assert walk.next() == "b1"
    assert walk.claim is not None
    assert not walk.claim.is_last
    rows = stage.pool.passed_over(walk.tour, walk.caller, stage.now)
    assert [(row.candidate, row.why) for row in rows] == [("codex/m1#codex-c1", "would have to leave out stop sequences")]
    assert walk.fails(Verdict.SERVER_ERROR) == "c1", "an answer without them is better than none"


def test_local_leads_for_what_it_fits_and_for_tools_once_it_has_shown_them() -> None:
    here = provider("here", cost_class="local", skip_tokens_over=3000, models_facts={"m1": ModelFacts(context=8192)})
    stage = Stage(roster([(ALPHA, ["a1"]), (here, ["l1"])]))
    assert [stage.serve(input_tokens=n) for n in (3000, 3001)] == ["l1", "a1"]
    assert stage.serve(tools=True) == "a1"
    walk = stage.ask("here", tools=True)
    walk.next()
    walk.answers()
    walk.ends(used_tools=True)
    assert stage.serve(tools=True) == "l1"
    only = stage.ask("here", input_tokens=8193)
    assert only.next() == "refused"
    assert only.refusal().kind is RefusalKind.CONTEXT_EXCEEDED


def test_the_same_candidate_once_more_unless_it_was_blocked_meanwhile() -> None:
    stage = two()
    walk, other = stage.ask(), stage.ask("alpha")
    assert walk.next() == other.next() == "a1"
    other.missed(Verdict.RATE_LIMITED)
    assert walk.fails(Verdict.BAD_PARAM, param="seed") == "b1"
    free = stage.ask("beta")
    free.next()
    assert free.fails(Verdict.BAD_PARAM, param="seed") == "b1"
    assert free.claim is not None
    assert free.claim.drop == {"seed"}


def test_the_claim_says_who_else_there_was() -> None:
    stage = two()
    walk = stage.ask()
    walk.next()
    assert walk.claim is not None
    assert (walk.claim.is_last, walk.claim.is_choosy) == (False, False)
    assert walk.claim.order == ("alpha/m1#alpha-a1", "beta/m1#beta-b1")
    walk.fails(Verdict.SERVER_ERROR)
    assert walk.claim is not None
    assert (walk.claim.is_last, walk.claim.is_choosy) == (True, True)


def test_who_was_passed_over_and_why() -> None:
    stage = Stage(
        roster([(ALPHA, ["a1"]), (BETA, ["b1"]), (provider("gamma", models_facts={"m1": ModelFacts(tools=False)}), ["g1"])])
    )
    first = stage.ask("beta")
    first.next()
    first.missed(Verdict.RATE_LIMITED, until=NOON + 50)
    walk = stage.ask(tools=True)
    assert walk.next() == "a1"
    rows = stage.pool.passed_over(walk.tour, walk.caller, stage.now)
    assert [(row.candidate, row.why, row.until) for row in rows] == [
        ("beta/m1#beta-b1", "rate limit", NOON + 50),
        ("gamma/m1#gamma-g1", "takes no tools", None),
    ]


# embeddings ------------------------------------------------------------------------------------------------------------------

E_ALPHA = provider("alpha", "m1", embed_model="e-a", cost_class="free")
E_BETA = provider("beta", "m1", embed_model="e-b", cost_class="free")


def vectors(remembered: Remembered | None = None, **facts: object) -> Stage:
    return Stage(roster([(E_ALPHA, ["a1", "a2"]), (E_BETA, ["b1"])], **facts), remembered=remembered)


def pinned(name: str, model: str, **facts: object) -> Stage:
    return vectors(Remembered(embedding_pin=EmbeddingPin(provider=name, model=model, at=NOON)), **facts)


def test_the_first_answer_to_the_own_name_pins_the_pair_and_it_stays() -> None:
    stage = vectors()
    walk = stage.ask(kind=Kind.EMBEDDINGS)
    assert walk.next() == "a1/e-a"
    assert walk.fails(Verdict.MODEL_GONE) == "b1/e-b"
    assert EmbeddingPin(provider="beta", model="e-b", at=NOON) in walk.answers()
    walk.ends()
    stage.now += 9000
    assert stage.serve(kind=Kind.EMBEDDINGS) == "b1/e-b"


def test_an_answer_to_a_named_model_pins_nothing() -> None:
    stage = vectors()
    assert stage.serve("beta:e-b", kind=Kind.EMBEDDINGS) == "b1/e-b"
    assert stage.pool.snapshot(stage.now).embedding_pin is None
    assert stage.serve(kind=Kind.EMBEDDINGS) == "a1/e-a"


def test_two_at_once_are_not_answered_by_two_models() -> None:
    stage = vectors()
    first, second = stage.ask(kind=Kind.EMBEDDINGS), stage.ask(kind=Kind.EMBEDDINGS)
    assert first.next() == "a1/e-a"
    assert second.next() == "a1/e-a"
    assert second.fails(Verdict.RATE_LIMITED, scope="account") == "a2/e-a"
    assert second.fails(Verdict.RATE_LIMITED) == "wait 1.0"  # beta is free, but alpha is being tried
    first.missed(Verdict.RATE_LIMITED)
    assert second.waits() == "b1/e-b"
    second.answers()
    assert stage.pool.snapshot(stage.now).embedding_pin == ("beta", "e-b")


def test_while_the_pair_is_blocked_nobody_takes_its_place_unless_the_user_said_who() -> None:
    stage = pinned("beta", "e-b")
    walk = stage.ask(kind=Kind.EMBEDDINGS)
    walk.next()
    assert walk.fails(Verdict.QUOTA_EXHAUSTED, until=NOON + 7200) == "refused"
    assert (walk.refusal().http_status, walk.refusal().retry_after_s) == (429, 900)  # when it is looked at
    helped = pinned("beta", "e-b", embed_fallback=(("alpha", "e-a"),))
    assert helped.serve(kind=Kind.EMBEDDINGS) == "b1/e-b"  # though alpha stands before it
    walk = helped.ask(kind=Kind.EMBEDDINGS)
    walk.next()
    assert walk.fails(Verdict.QUOTA_EXHAUSTED, until=NOON + 7200) == "a1/e-a"
    walk.answers()
    assert helped.pool.snapshot(NOON).embedding_pin == ("beta", "e-b")


def test_patience_keeps_the_pair_before_its_fallback_too() -> None:
    stage = pinned("beta", "e-b", embed_fallback=(("alpha", "e-a"),))
    for pause_s in (0, 16, 16):  # up the ladder, to guesses that outlast patience
        stage.now += pause_s
        walk = stage.ask(kind=Kind.EMBEDDINGS)
        assert walk.next() == "b1/e-b"
        assert walk.fails(Verdict.RATE_LIMITED) == "a1/e-a"
        assert walk.fails(Verdict.RATE_LIMITED) == "a2/e-a"
        walk.missed(Verdict.RATE_LIMITED)
    stage.now += 11
    assert stage.ask(kind=Kind.EMBEDDINGS).next() == "b1/e-b"


def test_token_ids_go_only_to_whom_takes_them() -> None:
    stage = pinned("beta", "e-b")
    walk = stage.ask(kind=Kind.EMBEDDINGS, token_ids=True)
    assert walk.next() == "refused"
    assert walk.refusal().message == "No candidate fits this request: beta/e-b takes no token ids."
