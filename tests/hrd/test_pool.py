"""The pool: what each fact changes, which rows it stores, and what holds whatever happens."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrd.core.ask import Kind
from hrd.core.blocks import FOREVER, Block, is_in_force, patient_until
from hrd.core.facts import BlamedLater, Committed, EmbeddingsUnpinned, Ended, Failed, Reset, RosterChanged, RunsOn
from hrd.core.failures import HintSource, Observation, Verdict, WindowKind
from hrd.core.journal import Usage, UsageSource
from hrd.core.ledger import Raised, Reservation, Settlement, Spent
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Window, put_to_sleep
from hrd.core.refusals import Refusal
from hrd.core.remembered import (
    AccountNamed,
    BlockLifted,
    DayCounts,
    EmbeddingPin,
    Learned,
    Remembered,
    Row,
    WindowForgotten,
)
from hrd.pool import PoolRules, Wait
from tests.hrd.stage import NOON, Cast, Stage, Walk, candidate, failure, key, named, provider, roster

ALPHA = provider("alpha", cost_class="free", embed_model="e-a")
BETA = provider("beta", cost_class="free", embed_model="e-b")
CAST: Cast = [(ALPHA, ["a1", "a2"]), (BETA, ["b1"])]


def stage(cast: Cast | None = None, **facts: object) -> Stage:
    remembered = facts.pop("remembered", None)
    assert remembered is None or isinstance(remembered, Remembered)
    return Stage(roster(cast or CAST, **facts), remembered=remembered)


def of(kind: type, rows: list[Row]) -> list[Row]:
    return [row for row in rows if isinstance(row, kind)]


# one attempt -----------------------------------------------------------------------------------------------------------------


def test_an_attempt_is_reserved_before_it_is_made_and_settled_when_it_is_over() -> None:
    made = stage()
    walk = made.ask(input_tokens=100, max_tokens=50)
    walk.next()
    assert made.in_flight() == 1
    walk.answers(after_s=0.4)
    walk.ends(tokens=(120, 30), after_s=1.6)
    assert made.in_flight() == 0
    assert made.rows == [
        Reservation(
            id=1,
            at=NOON,
            request_id="req-1",
            provider="alpha",
            model="m1",
            credential="alpha-a1",
            scopes=made.rows[0].scopes,  # type: ignore[union-attr]
            tokens=150,
            client="client-00000001",
        ),
        Settlement(id=1, at=NOON + 2, tokens=150, outcome="ok"),
    ]
    snapshot = made.pool.snapshot(made.now)
    assert snapshot.latency_ms == {"alpha-a1": 400.0}
    assert snapshot.today[("alpha", "alpha-a1")] == DayCounts(
        provider="alpha", credential="alpha-a1", requests=1, input_tokens=120, output_tokens=30
    )


def test_a_reply_that_runs_on_leaves_less_to_others_before_it_is_over() -> None:
    alpha = provider("alpha", cost_class="free", own_limits=(Limit(kind="tokens/day", limit=4000),))
    made = stage([(alpha, ["a1"])])
    walk = made.ask(input_tokens=100)
    walk.next()
    walk.answers()
    assert walk.claim is not None
    assert made.ask(input_tokens=1000).next() == "a1"
    usage = Usage(input_tokens=100, output_tokens=2500, source=UsageSource.ESTIMATED)
    first, *told = made.apply(RunsOn(claim=walk.claim, usage=usage, cost_microusd=7))
    assert first == Raised(id=1, tokens=2600, cost_microusd=7)
    assert [(row.kind, row.used) for row in told if isinstance(row, Window)] == [("tokens/day", 2600 + 1512)]
    assert made.ask(input_tokens=1000).next() == "refused"


@pytest.mark.parametrize(("max_tokens", "held"), [(None, 612), (50, 150), (9000, 612), (0, 100)])
def test_what_is_held_is_the_input_and_a_guess_of_the_output(max_tokens: int | None, held: int) -> None:
    made = stage()
    made.ask(input_tokens=100, max_tokens=max_tokens).next()
    assert made.rows[0].tokens == held  # type: ignore[union-attr]


def test_reservations_go_on_where_the_process_before_left_off() -> None:
    made = stage(remembered=Remembered(next_reservation=42))
    made.serve()
    made.serve()
    assert [row.id for row in made.rows] == [42, 42, 43, 43]  # type: ignore[union-attr]


LIMITED = provider(
    "alpha", cost_class="free", own_limits=(Limit(kind="tokens/day", limit=1000), Limit(kind="at once", limit=1))
)


def elsewhere(number: int, at: float) -> Reservation:
    """What another process reserves with the one key of LIMITED."""
    return Reservation(
        id=number,
        at=at,
        request_id="req-0",
        provider="alpha",
        model="m1",
        credential="alpha-a1",
        scopes=candidate(LIMITED).scopes,
        tokens=300,
    )


@pytest.mark.parametrize("is_lent", [True, False])
def test_what_a_former_process_reserves_where_this_one_has_asked_nobody_yet_counts(is_lent: bool) -> None:
    made = Stage(roster([(LIMITED, ["a1"])]), remembered=Remembered(at=NOON, read_at=NOON, next_reservation=1000))
    if is_lent:
        assert made.pool.elsewhere.lend(elsewhere(7, NOON), NOON, insists=False) == []
    else:
        made.pool.follow(elsewhere(7, NOON), NOON)
    walk = made.ask(input_tokens=10, max_tokens=10)
    assert walk.next().startswith("wait")
    made.pool.follow(Settlement(id=7, at=NOON, tokens=900, outcome="ok"), NOON)
    assert walk.next() == "a1"
    used = {window.kind: window.used for window in made.pool.snapshot(NOON).book.windows(NOON)}
    assert used == {"tokens/day": 920, "at once": 1}


def test_what_a_former_process_reserved_is_not_counted_again_by_the_next() -> None:
    """The process between has asked nobody itself when it stores its windows."""
    between = Stage(roster([(LIMITED, ["a1"])]), remembered=Remembered(at=NOON, read_at=NOON, next_reservation=1000))
    between.pool.elsewhere.lend(elsewhere(7, NOON), NOON, insists=False)
    stored = [put_to_sleep(row) for row in between.pool.take_unsaved(NOON + 1) if isinstance(row, Window)]
    spent = Spent(7, NOON, candidate(LIMITED).scopes, 300, 300, None)
    later = Remembered(at=NOON + 2, next_reservation=1000, windows=tuple(stored), spent=(spent,))
    pool = Stage(roster([(LIMITED, ["a1"])]), remembered=later).pool
    used = {window.kind: window.used for window in pool.snapshot(NOON + 2).book.windows(NOON + 2)}
    assert used["tokens/day"] == 300


@pytest.mark.parametrize("limit", [("tokens/minute", 700), ("tokens/day", 700), ("requests/day", 1), ("requests/minute", 1)])
def test_a_process_that_is_told_of_a_full_window_asks_somebody_else(limit: tuple[str, int]) -> None:
    """Its successor has spent what it still thinks is left; it does not insist when it has been told."""
    limited = provider("alpha", cost_class="free", own_limits=(Limit(kind=limit[0], limit=limit[1]),))
    cast: Cast = [(limited, ["a1"]), (BETA, ["b1"])]
    old, new = Stage(roster(cast)), Stage(roster(cast), remembered=Remembered(at=NOON, next_reservation=1000))
    spender = new.ask(input_tokens=10)
    assert spender.next() == "a1"
    spender.answers()
    spender.ends(tokens=(300, 200))
    walk = old.ask(input_tokens=100)
    assert walk.next() == "a1"
    assert walk.claim is not None
    (against,) = new.pool.elsewhere.lend(walk.claim.reservation, NOON, insists=False)
    old.pool.take_back(walk.claim, walk.tour, NOON)
    old.pool.heed(against, NOON)
    assert walk.next() == "b1"


def test_what_a_former_process_has_out_for_long_is_still_out_for_the_next() -> None:
    """Settled windows have it, and are older than the ledger is looked back for; a limit of the user's own is not stored."""
    remembered = Remembered(at=NOON, read_at=NOON, held=(elsewhere(7, NOON - 4000),), held_by={7: (1, 1.0)})
    made = Stage(roster([(LIMITED, ["a1"])]), remembered=remembered)
    walk = made.ask(input_tokens=10)
    assert walk.next().startswith("wait")
    made.pool.follow(Settlement(id=7, at=NOON, tokens=300, outcome="ok"), NOON)
    assert walk.next() == "a1"


def test_a_failed_attempt_costs_nothing_and_is_an_error_of_today() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    rows = walk.missed(Verdict.SERVER_ERROR)
    assert rows[0] == Settlement(id=1, at=NOON, tokens=0, outcome="server error")
    assert rows[1].reason == "errors"  # type: ignore[union-attr]
    today = made.pool.snapshot(NOON).today[("alpha", "alpha-a1")]
    assert (today.requests, today.errors) == (1, 1)


def test_a_stream_that_breaks_counts_for_the_breaker_and_blocks_nobody_by_itself() -> None:
    made = stage()
    for number in range(4):
        walk = made.ask("alpha")
        walk.next()
        walk.answers()
        rows = walk.ends(outcome="interrupted", is_broken=True)
        assert len(of(Block, rows)) == (number == 3)
        made.now += 1
    assert made.blocks() == {"endpoint:https://alpha.test/v1 m1": ("breaker", 59.0)}
    assert made.pool.snapshot(made.now).today[("alpha", "alpha-a1")].errors == 4


def test_a_client_that_leaves_is_no_failure_of_the_providers() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    assert walk.ends(outcome="client gone") == [Settlement(id=1, at=NOON, tokens=30, outcome="client gone")]
    assert made.blocks() == {}
    assert made.pool.snapshot(NOON).today[("alpha", "alpha-a1")].errors == 0


# the walk over keys and endpoints --------------------------------------------------------------------------------------------


def walked(walk: Walk, verdict: Verdict, **facts: object) -> list[str]:
    order = [walk.next()]
    while walk.claim is not None:
        order.append(walk.fails(verdict, **facts))
    return order


WALK: Cast = [(provider("alpha", "m1", "m2"), ["a1", "a2"]), (provider("beta", "m1", "m2"), ["b1"])]


@pytest.mark.parametrize(
    ("verdict", "order"),
    [
        (Verdict.RATE_LIMITED, ["a1/m1", "a1/m2", "a2/m1", "a2/m2", "b1/m1", "b1/m2"]),
        (Verdict.QUOTA_EXHAUSTED, ["a1/m1", "a2/m1", "b1/m1"]),  # the credential's: its other model is not asked
        (Verdict.NO_CREDIT, ["a1/m1", "a2/m1", "b1/m1"]),
        (Verdict.REJECTED, ["a1/m1", "a2/m1", "b1/m1"]),
        (Verdict.REVOKED, ["a1/m1", "a2/m1", "b1/m1"]),
        (Verdict.MODEL_UNAVAILABLE, ["a1/m1", "a1/m2", "a2/m1", "a2/m2", "b1/m1", "b1/m2"]),
        (Verdict.MODEL_GONE, ["a1/m1", "a1/m2", "b1/m1", "b1/m2"]),
        (Verdict.PROVIDER_GONE, ["a1/m1", "b1/m1"]),
        (Verdict.SERVER_ERROR, ["a1/m1", "b1/m1", "a1/m2", "a2/m1", "a2/m2", "b1/m2"]),
        (Verdict.EMPTY, ["a1/m1", "b1/m1", "a1/m2", "a2/m1", "a2/m2", "b1/m2"]),
        (Verdict.AFFORDABLE, ["a1/m1", "a1/m2", "a2/m1", "a2/m2", "b1/m1", "b1/m2"]),
        (Verdict.CONTEXT_EXCEEDED, ["a1/m1", "a1/m2", "b1/m1", "b1/m2"]),
        (Verdict.TOO_LARGE, ["a1/m1", "b1/m1"]),
        (Verdict.BAD_REQUEST, ["a1/m1", "b1/m1"]),
        (Verdict.CONTENT_POLICY, ["a1/m1"]),
    ],
)
def test_every_allowed_candidate_is_asked_once_in_the_order_of_its_row(verdict: Verdict, order: list[str]) -> None:
    assert walked(Stage(roster(WALK), max_wait_s=0.0).ask(), verdict) == [*order, "refused"]


@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_a_minute_of_the_clock_that_nobody_announced_is_met_once_a_key_when_refusals_name_its_turn(mode: str) -> None:
    made = Stage(roster([(ALPHA, ["a1", "a2"])], mode=mode), max_wait_s=0.0)
    taken: Counter[tuple[str, int]] = Counter()
    refusals: Counter[int] = Counter()
    for step in range(350):
        made.now = NOON + 38 + step * 0.85
        minute = int((made.now - NOON) // 60)
        walk = made.ask()
        who = walk.next()
        while walk.claim is not None:
            if taken[who, minute] < 10:
                taken[who, minute] += 1
                walk.answers()
                walk.ends()
            else:
                refusals[minute] += 1
                who = walk.fails(Verdict.RATE_LIMITED, until=NOON + (minute + 1) * 60)
    assert refusals == {0: 2}
    assert set(taken.values()) == {10}


def test_a_named_model_goes_to_whoever_lists_it_and_never_turns_into_another() -> None:
    cast: Cast = [(provider("alpha", "m1", "m2"), ["a1"]), (provider("beta", "m2"), ["b1"]), (provider("gamma", "m1"), ["g1"])]
    assert walked(Stage(roster(cast), max_wait_s=0.0).ask("m1"), Verdict.SERVER_ERROR) == ["a1/m1", "g1", "refused"]
    assert walked(Stage(roster(cast), max_wait_s=0.0).ask("alpha"), Verdict.RATE_LIMITED) == ["a1/m1", "a1/m2", "refused"]
    assert walked(Stage(roster(cast), max_wait_s=0.0).ask("alpha:m1"), Verdict.RATE_LIMITED) == ["a1/m1", "refused"]


def test_a_used_up_account_takes_its_siblings_along() -> None:
    alpha = provider("alpha", quota_scope="account")
    keys = [key("alpha", "a1", account="org_x"), key("alpha", "a2", account="org_x"), key("alpha", "a3")]
    made = Stage(roster([(alpha, keys)]), max_wait_s=0.0)
    assert walked(made.ask(), Verdict.QUOTA_EXHAUSTED, until=NOON + 9000) == ["a1", "a3", "refused"]


def test_a_used_up_model_of_an_account_leaves_its_other_models() -> None:
    alpha = provider("alpha", "m1", "m2", quota_scope="account_model")
    keys = [key("alpha", "a1", account="org_x"), key("alpha", "a2", account="org_x")]
    made = Stage(roster([(alpha, keys)]), max_wait_s=0.0)
    assert walked(made.ask(), Verdict.QUOTA_EXHAUSTED, until=NOON + 9000) == ["a1/m1", "a1/m2", "refused"]


def test_a_keys_used_up_budget_stops_its_paid_models_and_neither_its_free_ones_nor_the_accounts_other_keys() -> None:
    """OpenRouter's 403 "Key limit exceeded": it is of money, and of this key alone."""
    router = provider("router", "big", "small:free", cost_class="paid", class_by_suffix={":free": "free"})
    made = Stage(roster([(router, [key("router", "r1", account="me"), key("router", "r2", account="me")])]), max_wait_s=0.0)
    walk = made.ask("router:big")
    assert walk.next() == "r1/big"
    budget = Observation(kind=WindowKind.CREDIT_MONTH, left=0, resets_at=NOON + 9 * 86400, source=HintSource.BODY)
    walk.fails(Verdict.QUOTA_EXHAUSTED, scope="key_part", until=NOON + 9 * 86400, seen=(budget,))
    assert made.blocks() == {"paidkey:router-r1": ("quota", 9 * 86400)}
    assert {made.serve("router:big") for _ in range(4)} == {"r2/big"}
    assert made.serve("router:small:free") == "r1/small:free"
    assert not [row for row in made.pool.snapshot(NOON).book.windows(NOON) if row.kind.startswith("requests")]


def test_an_empty_purse_stops_the_paid_models_of_an_account_and_not_its_free_ones() -> None:
    router = provider("router", "big", "small:free", class_by_suffix={":free": "free"})
    made = Stage(roster([(router, ["r1"])]), max_wait_s=0.0)
    walk = made.ask("router:big")
    walk.next()
    walk.missed(Verdict.NO_CREDIT)
    assert made.ask("router:big").next() == "refused"
    assert made.serve() == "r1/small:free"
    made.apply(Reset())
    walk = made.ask("router:big")
    walk.next()
    walk.missed(Verdict.NO_CREDIT_ALL)
    assert made.ask().next() == "refused"


def test_twenty_further_requests_ask_the_broken_ones_no_more_than_their_blocks_allow() -> None:
    made = stage([(provider("alpha"), ["a1"]), (provider("beta"), ["b1"]), (provider("gamma"), ["g1"])], mode="parallel")
    asked = {"a1": 0, "b1": 0, "g1": 0}
    for _ in range(21):
        walk = made.ask()
        who = walk.next()
        while who != "g1":
            asked[who] += 1
            who = walk.fails(Verdict.RATE_LIMITED if who == "a1" else Verdict.SERVER_ERROR)
        asked[who] += 1
        walk.answers()
        walk.ends()
        made.now += 1.0
    assert asked["g1"] == 21
    assert asked["a1"] <= 3  # at 0, after 5 and after 15 more; then not for a minute
    assert asked["b1"] <= 3


# the breaker -----------------------------------------------------------------------------------------------------------------


def fail_four(made: Stage, model: str, verdict: Verdict) -> None:
    for _ in range(4):
        walk = made.ask(model)
        walk.next()
        walk.missed(verdict)
        made.apply(Reset(credential="alpha-a1"))
        made.apply(Reset(credential="alpha-a2"))


def test_four_failures_open_a_model_for_all_keys_of_its_endpoint() -> None:
    made = stage([(provider("alpha", "m1", "m2"), ["a1", "a2"]), (BETA, ["b1"])])
    fail_four(made, "alpha:m1", Verdict.NO_FIRST_TOKEN)
    assert made.blocks() == {"endpoint:https://alpha.test/v1 m1": ("breaker", 60.0)}
    assert made.ask("alpha").next() == "a1/m2"
    assert made.ask("m1").next() == "b1"


def test_failures_of_two_models_or_of_connecting_open_the_endpoint() -> None:
    made = stage([(provider("alpha", "m1", "m2"), ["a1", "a2"]), (BETA, ["b1"])])
    fail_four(made, "alpha:m1", Verdict.BROKEN)
    fail_four(made, "alpha:m2", Verdict.WRONG_TYPE)
    assert made.blocks()["endpoint:https://alpha.test/v1"] == ("breaker", 60.0)
    unreachable = stage([(provider("alpha", "m1", "m2"), ["a1"])])
    fail_four(unreachable, "alpha:m1", Verdict.CONNECT)
    assert unreachable.blocks() == {"endpoint:https://alpha.test/v1": ("breaker", 60.0)}


def test_an_open_breaker_stops_the_only_candidate_for_ten_seconds() -> None:
    made = stage([(ALPHA, ["a1"])])
    fail_four(made, "alpha", Verdict.CONNECT)
    walk = made.ask()
    assert walk.next() == "wait 10.0"
    assert walk.waits() == "a1"
    walk.answers()
    assert made.blocks() == {}


def test_after_the_cooldown_one_request_goes_first_and_its_failure_opens_it_again() -> None:
    made = stage([(ALPHA, ["a1"]), (BETA, ["b1"])])
    fail_four(made, "alpha", Verdict.SERVER_ERROR)
    made.now += 61
    first, second = made.ask(), made.ask()
    assert first.next() == "a1"
    assert second.next() == "b1"
    assert first.fails(Verdict.SERVER_ERROR) == "b1"
    assert made.blocks()["endpoint:https://alpha.test/v1 m1"] == ("breaker", 60.0)


def test_the_rules_may_change_while_it_runs() -> None:
    made = stage([(ALPHA, ["a1"])])
    made.pool.rules = PoolRules(breaker_samples_min=1, breaker_window=2, breaker_cooldown_s=7.0)
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.SERVER_ERROR)
    assert made.blocks()["endpoint:https://alpha.test/v1 m1"] == ("breaker", 7.0)


# blocks and what clears them -------------------------------------------------------------------------------------------------


def test_a_success_clears_at_once_what_was_there_before_it_began() -> None:
    made = stage([(ALPHA, ["a1"])])
    early, late = made.ask(), made.ask()
    early.next()
    late.next()
    early.missed(Verdict.RATE_LIMITED, after_s=1.0)
    late.answers(after_s=1.0)  # begun before the block was set: it says nothing of now
    assert "candidate:alpha-a1/m1" in made.blocks()
    made.now += 5
    walk = made.ask()
    walk.next()
    assert walk.answers(after_s=0.1) == [BlockLifted(scope="candidate:alpha-a1/m1", reason="rate limit")]


def test_the_ladder_begins_anew_after_a_success() -> None:
    made = stage([(ALPHA, ["a1"])])
    lengths = []
    for outcome in "xx.x":
        walk = made.ask()
        walk.next()
        if outcome == ".":
            walk.answers(after_s=0.1)
            walk.ends()
        else:
            walk.missed(Verdict.RATE_LIMITED)
            lengths.append(made.blocks()["candidate:alpha-a1/m1"][1])
        made.now += 20
    assert lengths == [5.0, 15.0, 5.0]


def test_an_empty_reply_is_held_against_nobody_until_somebody_else_could_serve() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    assert len(walk.missed(Verdict.EMPTY)) == 1
    assert made.blocks() == {}
    one, said = walk.tour.failures[0]
    made.apply(BlamedLater(candidate=one, failure=said))
    assert made.blocks() == {"candidate:alpha-a1/m1": ("errors", 5.0)}


def test_what_came_to_nothing_counts_with_what_it_cost_all_the_same() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    assert walk.claim is not None
    spent = Usage(input_tokens=7, output_tokens=3, source=UsageSource.KNOWN)
    rows = made.apply(Failed(claim=walk.claim, failure=failure(Verdict.EMPTY), usage=spent))
    assert [row.tokens for row in rows if isinstance(row, Settlement)] == [10]
    counts = made.pool.snapshot(made.now).today["alpha", "alpha-a1"]
    assert (counts.requests, counts.errors, counts.input_tokens, counts.output_tokens) == (1, 1, 7, 3)


def test_blocks_breakers_pins_and_windows_outlive_the_process() -> None:
    block = Block(
        scope="credential:alpha-a1", reason="rejected", source=HintSource.GUESS, set_at=NOON - 9, until=NOON + 99, step=0
    )
    window = Window(
        scope="credential:alpha-a2",
        kind="requests/day",
        limit=9,
        used=9,
        ends_at=NOON + 9000,
        seen_at=NOON - 9,
    )
    made = stage(
        remembered=Remembered(
            at=NOON,
            blocks=(block,),
            windows=(put_to_sleep(window),),
            embedding_pin=EmbeddingPin(provider="beta", model="e-b", at=NOON),
            today=(DayCounts(provider="beta", credential="beta-b1", requests=7),),
        )
    )
    assert made.serve() == "b1"
    assert made.serve(kind=Kind.EMBEDDINGS) == "b1/e-b"
    assert made.pool.snapshot(NOON).today[("beta", "beta-b1")].requests == 9
    made.now += 100
    assert made.serve() == "a1"


@pytest.mark.parametrize(
    ("reset", "is_free"),
    [
        (Reset(provider="alpha"), True),
        (Reset(credential="alpha-a1"), True),
        (Reset(), True),
        (Reset(provider="beta"), False),
        (Reset(credential="alpha-a2"), False),
    ],
)
def test_a_reset_lifts_what_is_meant(reset: Reset, is_free: bool) -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.REVOKED, observations=(Observation(kind=WindowKind.REQUESTS_DAY, limit=9, left=0, scope="credential"),))
    rows = made.apply(reset)
    lifted = [row for row in rows if isinstance(row, BlockLifted)]
    assert (lifted == [BlockLifted(scope="credential:alpha-a1", reason="dead")]) is is_free
    assert made.serve("alpha") == ("a1" if is_free else "a2")


def test_a_reset_forgets_what_was_concluded_and_nothing_of_what_was_counted() -> None:
    own = Limit(kind="requests/day", limit=3)
    made = stage([(provider("alpha", cost_class="free", own_limits=(own,)), ["a1"])])
    seen = (Observation(kind=WindowKind.REQUESTS_MONTH, limit=9, left=0, resets_at=NOON + 86_400),)
    for observations in ((), seen):
        walk = made.ask()
        walk.next()
        walk.answers(observations=observations)
        walk.ends()
    made.pool.take_unsaved(NOON)
    assert made.serve() == "refused"
    rows = made.apply(Reset())
    assert WindowForgotten(scope="credential:alpha-a1", kind="requests/month", owner="provider") in rows
    assert [made.serve(), made.serve()] == ["a1", "refused"]  # the user's own ceiling holds


def test_after_a_reset_the_next_word_counts_whatever_was_said_before() -> None:
    """Nothing is left till next week, it said; it says otherwise as soon as it is asked."""
    made = stage([(provider("alpha", cost_class="free"), ["a1"])])
    said = Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=0, resets_at=NOON + 7 * 86_400)
    walk = made.ask()
    walk.next()
    walk.answers(observations=(said,))
    walk.ends()
    assert made.serve() == "refused"
    made.apply(Reset())
    walk = made.ask()
    assert walk.next() == "a1"
    walk.answers(observations=(Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=900, resets_at=NOON + 43_200),))
    walk.ends()
    assert [made.serve() for _ in range(3)] == ["a1"] * 3


def test_a_credential_that_is_gone_leaves_no_row_of_a_window() -> None:
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=9, left=5, scope="credential")
    made = stage([(provider("alpha"), ["a1", "a2"])])
    walk = made.ask()
    walk.next()
    walk.answers(observations=(seen,))
    assert any(isinstance(row, Window) and row.scope == "credential:alpha-a1" for row in walk.ends())
    rows = made.apply(RosterChanged(roster=roster([(provider("alpha"), ["a2"])])))
    assert WindowForgotten(scope="credential:alpha-a1", kind="requests/day", owner="provider") in rows


def test_windows_follow_an_account_to_its_true_name_and_are_stored_in_one_with_it() -> None:
    row = provider("alpha", cost_class="free", quota_scope="account")
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=9, left=5, resets_at=NOON + 3600),)
    made = stage([(row, ["a1", "a2"])])
    walk = made.ask()
    walk.next()
    made.apply(Committed(claim=walk.claim, latency_ms=1.0, observations=seen, account="org_x"))  # type: ignore[arg-type]
    walk.ends()
    made.pool.take_unsaved(NOON)
    (found,) = made.pool.take_named()
    assert (found.credential, found.account) == ("alpha-a1", "org_x")
    both = [key("alpha", name, account="org_x") for name in ("a1", "a2")]
    rows = made.apply(RosterChanged(roster=roster([(row, list(both))])))
    day = "requests/day"
    stored = {(one.scope, one.kind): one for one in rows if isinstance(one, Window | WindowForgotten)}
    assert isinstance(stored["account:alpha/alpha-a1", day], WindowForgotten)
    moved = stored["account:alpha/org_x", day]
    assert isinstance(moved, Window)
    assert (moved.limit, moved.left) == (9, 5)
    assert [made.serve() for _ in range(5)] == ["a1"] * 5
    assert made.ask().next().startswith(("refused", "wait"))  # the other key has nothing of its own


def test_windows_under_a_former_name_are_found_at_the_start() -> None:
    """Killed between the name and the next flush, or grouped in the file while nobody ran."""
    row = provider("alpha", cost_class="free", quota_scope="account")
    day = Window(
        scope="account:alpha/alpha-a1", kind="requests/day", limit=9, used=7, ends_at=NOON + 3600, begun_at=NOON, seen_at=NOON
    )
    block = Block(scope="free:alpha/alpha-a1", reason="credits", source=HintSource.BODY, set_at=NOON, until=NOON + 50)
    late = Spent(5, NOON + 1, ("account:alpha/alpha-a1",), 10, 10, NOON + 1)
    remembered = Remembered(at=NOON + 2, windows=(put_to_sleep(day),), blocks=(block,), spent=(late,))
    made = Stage(roster([(row, [key("alpha", "a1", account="me")])]), remembered=remembered, max_wait_s=0.0)
    assert made.blocks() == {"free:alpha/me": ("credits", 50.0)}
    rows = made.pool.take_unsaved(NOON + 2)
    assert WindowForgotten(scope="account:alpha/alpha-a1", kind="requests/day", owner="provider") in rows
    assert [(one.scope, one.left) for one in rows if isinstance(one, Window)] == [("account:alpha/me", 1)]
    made.now = NOON + 60
    assert [made.serve(), made.serve()] == ["a1", "refused"]


@pytest.mark.parametrize("scope", ["account", "free", "account_model"])
def test_a_key_that_leaves_an_account_takes_along_what_it_has_used_of_the_users_limits(scope: str) -> None:
    row = provider("alpha", cost_class="free", own_limits=(Limit(kind="requests/day", limit=5, scope=scope),))

    def change_to(*accounts: str) -> None:
        keys = [key("alpha", f"a{number}", account=account) for number, account in enumerate(accounts, 1)]
        made.rows.clear()
        made.apply(RosterChanged(roster=roster([(row, list(keys))], mode="sequential")))

    def left() -> dict[str, int | None]:
        book = made.pool.snapshot(made.now).book
        return {one.scope.split("/")[1]: one.left for one in book.windows(made.now) if one.owner == "user"}

    made = stage([(row, [key("alpha", "a1", account="me"), key("alpha", "a2", account="me")])], mode="sequential")
    assert [made.serve("alpha") for _ in range(2)] == ["a1", "a1"]
    walk = made.ask()
    walk.next()
    change_to("alpha-a1", "me")
    moved = {
        one.scope: one.used for one in made.rows if isinstance(one, Window) and one.owner == "user" and "/alpha-a1" in one.scope
    }
    assert [*moved.values()] == [3], "stored in one with the change"
    assert [made.serve() for _ in range(3)] == ["a1", "a1", "a2"]
    walk.ends()
    assert left() == {"alpha-a1": 0, "me": 4}
    change_to("me", "me")
    assert made.ask().next() == "refused", "together they have used six"
    change_to("me", "alpha-a2")
    assert [made.serve() for _ in range(5)] == ["a2", "a2", "a2", "a2", "refused"]
    assert left() == {"me": 0, "alpha-a2": 0}


def test_a_dead_key_and_a_gone_provider_wait_for_somebodys_hand() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    assert walk.fails(Verdict.REVOKED, until=NOON + 5) == "a2"
    assert walk.fails(Verdict.PROVIDER_GONE) == "b1"
    assert {scope: made.block(scope).until for scope in made.blocks()} == {
        "credential:alpha-a1": FOREVER,
        "provider:alpha": FOREVER,
    }


# what is learned -------------------------------------------------------------------------------------------------------------


def test_a_field_that_was_refused_is_left_out_from_the_next_request_on() -> None:
    made = stage([(ALPHA, ["a1"])])
    walk = made.ask()
    walk.next()
    assert walk.fails(Verdict.BAD_PARAM, param="seed") == "a1"
    rows = walk.answers()
    assert [row.what for row in of(Learned, rows)] == ["drop:seed"]  # type: ignore[union-attr]
    following = made.ask()
    following.next()
    assert following.claim is not None
    assert following.claim.drop == {"seed"}


def test_a_smaller_reply_is_asked_for_when_the_balance_pays_no_other() -> None:
    made = stage([(ALPHA, ["a1"])])
    walk = made.ask(max_tokens=8000)
    walk.next()
    assert walk.fails(Verdict.AFFORDABLE, affordable_tokens=2000) == "a1"
    assert walk.claim is not None
    assert walk.claim.max_tokens == 2000


def test_a_model_without_tools_is_learned_and_still_asked_for_all_else() -> None:
    made = stage()
    walk = made.ask(tools=True)
    walk.next()
    assert walk.fails(Verdict.MODEL_UNAVAILABLE, param="tools") == "b1"  # it is its model's, whatever the key
    assert made.blocks() == {}
    assert made.serve(tools=True) == "b1"
    assert made.serve() == "a1"
    walk = made.ask(images=True)
    walk.next()
    assert walk.fails(Verdict.MODEL_UNAVAILABLE, param="images") == "b1"
    walk.answers()
    rows = walk.ends(saw_images=True)
    assert [(row.provider, row.what, row.value) for row in of(Learned, rows)] == [  # type: ignore[union-attr]
        ("beta", "vision", 1)
    ]


def test_an_account_that_its_provider_names_is_told_once_unless_the_user_said_another() -> None:
    made = stage([(ALPHA, ["a1", key("alpha", "a2", account="mine")])])
    walk = made.ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED, account="org_x") == "a2"
    walk.missed(Verdict.RATE_LIMITED, account="org_x")
    assert made.pool.take_named() == [AccountNamed(credential="alpha-a1", account="org_x")]
    assert made.pool.take_named() == []


def test_what_blocked_a_key_blocks_its_siblings_once_its_account_is_known() -> None:
    alpha = provider("alpha", quota_scope="account")
    made = stage([(alpha, ["a1", "a2"])])
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 9000, account="org_x")
    assert made.blocks() == {"account:alpha/alpha-a1": ("quota", 9000.0)}
    rows = change(made, [(alpha, [key("alpha", "a1", account="org_x"), key("alpha", "a2", account="org_x")])])
    assert [row.scope for row in rows] == ["account:alpha/org_x", "account:alpha/alpha-a1"]  # type: ignore[union-attr]
    assert made.ask().next() == "refused"


# changes ---------------------------------------------------------------------------------------------------------------------


def change(made: Stage, cast: Cast) -> list[Row]:
    return made.apply(RosterChanged(roster=roster(cast)))


def test_a_new_credential_is_asked_at_once_and_a_running_request_keeps_what_it_began_with() -> None:
    made = stage([(ALPHA, ["a1"])])
    walk = made.ask()
    walk.next()
    change(made, [(BETA, ["b1"]), (ALPHA, ["a1"])])
    walk.answers()
    walk.ends()
    assert made.in_flight() == 0
    assert made.serve() == "b1"


def test_a_credential_that_is_removed_takes_its_own_blocks_along() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.REVOKED)
    assert change(made, [(ALPHA, ["a2"]), (BETA, ["b1"])]) == [BlockLifted(scope="credential:alpha-a1", reason="dead")]
    change(made, CAST)
    assert made.serve() == "a1"


def test_another_base_url_is_another_place_and_nothing_is_held_against_it() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.REJECTED)
    moved = provider("alpha", cost_class="free", base_url="https://mirror.test/v1")
    assert change(made, [(moved, ["a1", "a2"]), (BETA, ["b1"])]) == [
        BlockLifted(scope="credential:alpha-a1", reason="rejected")
    ]


@pytest.mark.parametrize(("is_changed", "who"), [(False, "b1"), (True, "a1")])
def test_a_provider_that_is_gone_is_gone_until_its_settings_change(is_changed: bool, who: str) -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.PROVIDER_GONE)
    again = provider("alpha", cost_class="free", embed_model="other" if is_changed else "e-a")
    change(made, [(again, ["a1", "a2"]), (BETA, ["b1"])])
    assert made.serve() == who


def test_the_pin_goes_with_the_last_credential_of_its_provider_or_by_hand() -> None:
    pin = EmbeddingPin(provider="alpha", model="e-a", at=NOON)
    made = stage(remembered=Remembered(embedding_pin=pin))
    assert of(EmbeddingPin, change(made, [(ALPHA, ["a2"]), (BETA, ["b1"])])) == []
    unpinned = EmbeddingPin(provider="", model="", at=NOON)
    assert of(EmbeddingPin, change(made, [(ALPHA, []), (BETA, ["b1"])])) == [unpinned]
    assert made.serve(kind=Kind.EMBEDDINGS) == "b1/e-b"
    assert made.apply(EmbeddingsUnpinned()) == [unpinned]
    change(made, CAST)
    assert made.serve(kind=Kind.EMBEDDINGS) == "a1/e-a"


# what is shown and what is stored by the clock -------------------------------------------------------------------------------


def test_a_snapshot_changes_nothing_and_shows_what_is_remembered() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.RATE_LIMITED)
    later = NOON + 5 + 3600
    assert len(made.pool.snapshot(later + 1).blocks) == 1
    assert made.pool.take_unsaved(later) == []
    assert made.pool.take_unsaved(later + 1) == [BlockLifted(scope="candidate:alpha-a1/m1", reason="rate limit")]
    assert made.pool.snapshot(later + 1).blocks == ()


@pytest.mark.parametrize(
    ("outcome", "source", "tokens"),
    [
        ("client gone", UsageSource.ESTIMATED, 150),  # who knows how far its provider went on
        ("stopped", UsageSource.ESTIMATED, 150),
        ("ok", UsageSource.ESTIMATED, 110),
        ("client gone", UsageSource.KNOWN, 110),
    ],
)
def test_a_reply_that_was_cut_off_is_settled_at_no_less_than_was_reserved(
    outcome: str, source: UsageSource, tokens: int
) -> None:
    made = stage()
    walk = made.ask(input_tokens=100, max_tokens=50)
    walk.next()
    walk.answers()
    assert walk.claim is not None
    usage = Usage(input_tokens=100, output_tokens=10, source=source)
    (settled,) = of(Settlement, made.apply(Ended(claim=walk.claim, outcome=outcome, usage=usage)))
    assert settled == Settlement(id=1, at=NOON, tokens=tokens, outcome=outcome)


def test_what_others_spent_is_stored_with_the_settlement_and_what_we_count_ourselves_by_the_clock() -> None:
    made = stage()
    stored: list[list[int | None]] = []
    for left in (12, 11, 10, 4):
        walk = made.ask("alpha")
        walk.next()
        walk.answers(observations=(Observation(kind=WindowKind.REQUESTS_DAY, limit=30, left=left, resets_at=NOON + 9000),))
        stored.append([row.left for row in walk.ends() if isinstance(row, Window) and row.limit == 30])
    assert stored == [[12], [], [], [4]]


def test_a_limit_that_a_refusal_taught_is_stored_with_it() -> None:
    made = Stage(roster([(ALPHA, ["a1"])]), max_wait_s=0.0)
    for _ in range(3):
        made.serve()
    walk = made.ask()
    walk.next()
    rows = walk.missed(Verdict.RATE_LIMITED)
    assert [(row.kind, row.limit) for row in rows if isinstance(row, Window) and row.limit] == [("requests/minute", 3)]


def test_windows_are_stored_by_the_clock_and_once() -> None:
    made = stage()
    walk = made.ask()
    walk.next()
    walk.answers(observations=(Observation(kind=WindowKind.REQUESTS_MINUTE, limit=30, left=12, resets_at=NOON + 60),))
    rows = made.pool.take_unsaved(NOON + 2)
    assert [(row.scope, row.kind, row.left) for row in of(Window, rows)] == [  # type: ignore[union-attr]
        ("credential:alpha-a1", "requests/day", None),  # only counted
        ("credential:alpha-a1", "requests/month", None),
        ("credential:alpha-a1", "requests/minute", 12),
    ]
    assert made.pool.take_unsaved(NOON + 4) == []


def test_what_was_learned_is_forgotten_when_it_expires() -> None:
    row = Learned(provider="alpha", model="m1", what="drop:seed", value=1, at=NOON, expires_at=NOON + 7000)
    made = stage(remembered=Remembered(learned=(row,)))
    made.pool.take_unsaved(NOON)
    made.pool.take_unsaved(NOON + 7001)
    walk = made.ask()
    walk.next()
    assert walk.claim is not None
    assert walk.claim.drop == frozenset()


# whatever happens ------------------------------------------------------------------------------------------------------------

MIXED: Cast = [
    (provider("alpha", "m1", "m2", quota_scope="account"), [key("alpha", "a1", account="x"), key("alpha", "a2", account="x")]),
    (provider("beta", "m1", cost_class="free", quota_scope="account_model"), ["b1", "b2"]),
    (provider("here", "m1", cost_class="local"), ["l1"]),
]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),  # which of six requests
        st.sampled_from(["claim", "fail", "fail", "answer", "end", "give up", "pass"]),
        st.sampled_from(list(Verdict)),
        st.sampled_from([None, None, -5.0, 0.0, 3.0, 25.0, 9000.0]),
        st.sampled_from(["", "", "account", "model", "free", "paid", "credential", "account_model"]),
        st.floats(0.0, 70.0),
    ),
    max_size=60,
)


class Watched:
    """A request that is watched for the laws."""

    def __init__(self, made: Stage) -> None:
        self.walk = made.ask(input_tokens=10)
        self.is_committed = False
        self.is_over = False
        self.asked: set[str] = set()

    def claim(self) -> None:
        walk, made = self.walk, self.walk.stage
        if walk.claim is not None or self.is_over:
            return
        again = walk.tour.again
        walk.next()
        claim = walk.claim
        if claim is None:
            self.is_over = isinstance(walk.said, Refusal)
            if isinstance(walk.said, Wait):
                assert made.now < walk.said.until <= made.now + 30.01
                walk.waited_s += walk.said.until - made.now
                made.now = walk.said.until
                walk.tour.waited()
                self.asked.clear()
            return
        assert claim.candidate is again or claim.candidate.key not in self.asked
        self.asked.add(claim.candidate.key)
        for block in made.pool.snapshot(made.now).blocks:
            if block.scope in claim.candidate.scopes and is_in_force(block, made.now):
                assert patient_until(block) <= made.now, f"{named(claim.candidate)} was asked in spite of {block}"

    def settle(self, what: str, verdict: Verdict, until_s: float | None, scope: str) -> None:
        walk = self.walk
        if walk.claim is None:
            return
        if what == "fail" and not self.is_committed:
            until = None if until_s is None else walk.stage.now + until_s
            walk.missed(verdict, until=until, scope=scope, param="seed", affordable_tokens=2000)
        elif what == "answer" and not self.is_committed:
            walk.answers()
            self.is_committed = True
        elif what == "end" and self.is_committed:
            walk.ends(outcome="interrupted" if scope else "ok", is_broken=bool(scope))
            self.is_over = True
        elif what == "give up":
            walk.ends(tokens=(10, 0), outcome="client gone")
            self.is_over = True


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(["parallel", "sequential"]))
def test_whatever_happens_the_laws_hold(steps: list[tuple[int, str, Verdict, float | None, str, float]], mode: str) -> None:
    made = Stage(roster(MIXED, mode=mode))
    requests = [Watched(made) for _ in range(6)]
    for which, what, verdict, until_s, scope, pause_s in steps:
        one = requests[which]
        if what == "claim":
            one.claim()
        elif what == "pass":
            made.now += pause_s
        else:
            one.settle(what, verdict, until_s, scope)
        open_claims = [request.walk.claim for request in requests if request.walk.claim is not None]
        in_flight = made.pool.snapshot(made.now).in_flight
        assert sum(in_flight.values()) == len(open_claims)
        assert min(in_flight.values(), default=0) >= 0
        reserved = [row.id for row in made.rows if isinstance(row, Reservation)]
        settled = [row.id for row in made.rows if isinstance(row, Settlement)]
        assert len(reserved) == len(set(reserved))
        assert sorted([*settled, *(claim.reservation.id for claim in open_claims)]) == sorted(reserved)
        assert len(settled) == len(set(settled))
    for request in requests:
        request.settle("give up", Verdict.EMPTY, None, "")
    assert made.in_flight() == 0
    assert made.pool.snapshot(made.now).probing == frozenset()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(sorted(Verdict, key=str)), max_size=12))
def test_a_request_always_ends_and_never_while_somebody_could_serve_it(verdicts: list[Verdict]) -> None:
    made = Stage(roster(MIXED))
    request = Watched(made)
    left = list(verdicts)
    for _ in range(400):
        request.claim()
        if request.is_over:
            break
        if request.walk.claim is not None:
            if not left:
                request.settle("answer", Verdict.EMPTY, None, "")
                return
            request.settle("fail", left.pop(), None, "")
    assert request.is_over
    tour = request.walk.tour
    if not tour.is_over:
        passed = {row.candidate for row in made.pool.passed_over(tour, request.walk.caller, made.now)}
        everybody = {f"{one[0].name}/{model}#" for one in MIXED for model in one[0].models}
        assert {key_.partition("#")[0] + "#" for key_ in passed | tour.tried} == everybody
