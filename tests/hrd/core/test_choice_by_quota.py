"""The choice by what is left: claims, ceilings, probes, homes, the reserve, slots, and the line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hrd.core.access import Caller
from hrd.core.ask import Priority
from hrd.core.facts import Claim, LeftLine, LookedUp, RosterChanged, Wait
from hrd.core.failures import HintSource, Observation, Verdict, WindowKind
from hrd.core.ledger import Spent
from hrd.core.price import Price
from hrd.core.prices import Prices
from hrd.core.providers import Provider
from hrd.core.quota.limit import Limit
from hrd.core.refusals import RefusalKind
from hrd.core.remembered import Remembered
from tests.hrd.stage import NOON, Cast, Stage, key, provider, roster

HOUR, DAY = 3600.0, 86_400.0


def limited(name: str, *own: Limit, **facts: Any) -> Provider:
    return provider(name, cost_class="free", own_limits=own, **facts)


def day(limit: int) -> Limit:
    return Limit(kind="requests/day", limit=limit)


def stage(cast: Cast, mode: str = "parallel", **rules: Any) -> Stage:
    return Stage(roster(cast, mode=mode), **rules)


# what providers say ----------------------------------------------------------------------------------------------------------


def month_of_tokens(left: int) -> tuple[Observation, ...]:
    return (Observation(kind=WindowKind.TOKENS_MONTH, limit=4_000_000, left=left),)


def test_what_is_too_little_for_most_is_looked_at_before_a_far_end_too() -> None:
    """Three hundred tokens of a month are as good as none; somebody may have paid, or it began anew elsewhere."""
    made = stage([(provider("alpha", cost_class="free"), ["a1"])], max_wait_s=0.0)
    walk = made.ask(input_tokens=100)
    walk.next()
    walk.answers(observations=month_of_tokens(300))
    walk.ends()
    large = made.ask(input_tokens=1000)
    assert large.next() == "refused"
    assert large.refusal().retry_after_s == 900.0
    made.now += 901
    again = made.ask(input_tokens=1000)
    assert again.next() == "a1"
    assert again.claim is not None
    assert again.claim.is_probe
    assert again.fails(Verdict.RATE_LIMITED, observations=month_of_tokens(300)) == "refused"
    assert (made.ask(input_tokens=1000).next(), made.ask(input_tokens=1).next()) == ("refused", "refused")


def in_a_minute(left: int, ends_s: float) -> tuple[Observation, ...]:
    return (Observation(kind=WindowKind.REQUESTS, limit=4, left=left, resets_at=NOON + ends_s),)


def test_who_finds_a_window_full_that_nobody_has_said_the_end_of_waits_for_the_first_word() -> None:
    """Four come at once after a while in which nobody asked: when their window ends their replies will tell."""
    made = stage([(provider("alpha", cost_class="free"), ["a1"])])
    first = made.ask()
    first.next()
    first.answers(observations=in_a_minute(3, 10.0))
    first.ends()
    made.now += 70
    four = [made.ask() for _ in range(4)]
    assert [walk.next() for walk in four] == ["a1"] * 4
    late = made.ask()
    assert late.next() == "wait 5.0"
    four[0].answers(after_s=0.5, observations=in_a_minute(0, 83.0))
    assert late.next() == "wait 12.5"
    for walk in four:
        walk.ends()
    made.now = NOON + 83
    assert late.next() == "a1"


def test_a_minute_turns_as_replies_say_though_a_refusal_was_the_first_to_tell_of_it() -> None:
    """Of a burst at the start the refusal is there first: of its windows we keep the minute ourselves until a reply tells."""
    made = stage([(provider("alpha", cost_class="free", quota_scope="account"), ["a1"])])

    def told(left: int, ends_s: float) -> tuple[Observation, ...]:
        return (Observation(kind=WindowKind.REQUESTS_MINUTE, limit=3, left=left, resets_at=NOON + ends_s, scope="account"),)

    served, refused = made.ask(), made.ask()
    assert (served.next(), refused.next()) == ("a1", "a1")
    refused.missed(Verdict.RATE_LIMITED, observations=told(0, 20), until=NOON + 20)
    served.answers(after_s=0.5, observations=told(0, 20))
    served.ends()
    made.now = NOON + 70
    for left in (2, 1, 0):
        walk = made.ask()
        assert walk.next() == "a1"
        walk.answers(observations=told(left, 80))
        walk.ends()
    late = made.ask()
    assert late.next() == "wait 10.0"
    assert late.waits() == "a1"


@pytest.mark.parametrize(("left", "limit"), [(2, None), (None, 1)])
def test_what_is_refused_while_the_minute_has_room_by_its_word_is_not_its_limit(left: int | None, limit: int | None) -> None:
    """Too Many Requests, twice, after a single request: an outage may say so, too."""
    seen = () if left is None else (Observation(kind=WindowKind.REQUESTS_MINUTE, limit=3, left=left, scope="account"),)
    made = stage([(provider("alpha", cost_class="free", quota_scope="account"), ["a1"])], max_wait_s=0.0)
    first, second = made.ask(), made.ask()
    assert (first.next(), second.next()) == ("a1", "a1")
    first.answers(observations=seen)
    first.ends()
    second.missed(Verdict.RATE_LIMITED)
    made.now += 6
    third = made.ask()
    assert third.next() == "a1"
    third.missed(Verdict.RATE_LIMITED)
    windows = made.pool.snapshot(made.now).book.windows(made.now)
    assert [one.limit for one in windows if one.source == "refusals"] == ([limit] if limit else [])


def test_a_month_of_which_nobody_says_when_it_ends_ends_with_the_calendars() -> None:
    made = stage([(provider("alpha", cost_class="free"), ["a1"])], max_wait_s=0.0)
    walk = made.ask()
    walk.next()
    walk.answers(observations=month_of_tokens(0))
    walk.ends()
    (window,) = [one for one in made.pool.snapshot(made.now).book.windows(made.now) if one.kind == "tokens/month"]
    assert window.ends_at == datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    made.now = window.ends_at
    assert made.serve() == "a1"
    walk = made.ask()
    walk.next()
    walk.answers(observations=month_of_tokens(0))
    walk.ends()
    (window,) = [one for one in made.pool.snapshot(made.now).book.windows(made.now) if one.kind == "tokens/month"]
    assert window.ends_at == datetime(2027, 1, 1, tzinfo=UTC).timestamp()


# limits ----------------------------------------------------------------------------------------------------------------------


def test_a_ceiling_of_ones_own_refuses_and_says_until_when() -> None:
    made = stage([(limited("alpha", day(2)), ["a1"])])
    assert [made.serve() for _ in range(3)] == ["a1", "a1", "refused"]
    walk = made.ask()
    walk.next()
    assert walk.refusal().kind is RefusalKind.RATE_LIMITED
    assert walk.refusal().retry_after_s == 12 * HOUR + 1
    assert "too little is left of a limit of your own" in walk.refusal().message
    assert "change it in config.toml under [providers.alpha]" in walk.refusal().guidance
    made.now = NOON + 12 * HOUR + 1
    assert made.serve() == "a1"


def test_two_hundred_at_once_get_fifty() -> None:
    made = stage([(limited("alpha", day(50)), ["a1"])], max_wait_s=0.0)
    assert [made.ask().next() for _ in range(200)].count("a1") == 50


def test_a_claim_orders_within_its_class_and_does_not_refuse() -> None:
    claimed = provider("alpha", cost_class="free", limits=(day(2),))
    cast: Cast = [(claimed, ["a1"]), (provider("beta", cost_class="free"), ["b1"]), (provider("gamma"), ["g1"])]
    made = stage(cast, mode="sequential")
    assert [made.serve() for _ in range(4)] == ["a1", "a1", "b1", "b1"]
    walk = made.ask()
    assert walk.next() == "b1"
    assert walk.fails(Verdict.RATE_LIMITED, until=NOON + 60) == "a1"  # before anybody who costs money
    walk.answers()
    walk.ends()
    assert made.serve() == "a1"  # the claim was too low


def test_a_refusal_makes_a_claim_known() -> None:
    claimed = provider("alpha", cost_class="free", limits=(day(2),))
    made = stage([(claimed, ["a1"])], max_wait_s=0.0)
    made.serve()
    made.serve()
    walk = made.ask()
    assert walk.next() == "a1"
    assert walk.fails(Verdict.RATE_LIMITED) == "refused"
    made.now = NOON + 6 * HOUR  # long after the block of five seconds
    assert made.serve() == "refused"
    made.now = NOON + 12 * HOUR + 1
    assert [made.serve() for _ in range(3)] == ["a1", "a1", "refused"]


def test_a_minutes_limit_that_nobody_announced_is_met_once() -> None:
    made = stage([(limited("alpha"), ["a1"])], max_wait_s=0.0)
    for _ in range(5):
        assert made.serve() == "a1"
    for pause_s in (0.0, 10.0):  # the first refusal is a guess, the second is not
        made.now += pause_s
        walk = made.ask()
        assert walk.next() == "a1"
        walk.missed(Verdict.RATE_LIMITED)
    made.now = NOON + 30
    assert made.ask().next() == "refused"
    for minute in range(2, 5):
        made.now = NOON + minute * 61
        assert [made.serve() for _ in range(6)] == ["a1"] * 5 + ["refused"]


def test_who_is_refused_and_who_asks_why_are_told_the_same_moment() -> None:
    """Of the only candidate too, which a guess keeps for ten seconds at most, and of one that is looked at before its end."""
    made = stage([(limited("alpha"), ["a1"])], max_wait_s=0.0)

    def told() -> tuple[str, float]:
        walk = made.ask()
        assert walk.next() == "refused"
        (passed,) = made.pool.passed_over(walk.tour, walk.caller, made.now, is_refused=True)
        assert passed.until is not None
        assert walk.refusal().retry_after_s == pytest.approx(passed.until - made.now)
        return passed.why, passed.until - made.now

    for _ in range(3):
        made.serve()
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.RATE_LIMITED)
    assert told() == ("rate limit", 10.0)
    made.now += 60.0
    lied_to(made)
    assert told() == ("quota", 900.0)


def test_a_guess_from_one_refusal_keeps_the_only_candidate_for_ten_seconds() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    for _ in range(5):
        made.serve()
    walk = made.ask()
    walk.next()
    assert walk.fails(Verdict.RATE_LIMITED) == "wait 10.0"
    assert walk.waits() == "a1"
    walk.answers()
    walk.ends()
    assert made.serve() == "a1"  # six within the minute: it was no limit of five


def test_what_is_said_of_tokens_counts_what_replies_usually_have() -> None:
    made = stage([(limited("alpha", Limit(kind="tokens/day", limit=2000)), ["a1"])], max_wait_s=0.0)
    assert [made.ask(input_tokens=100).next() for _ in range(4)] == ["a1"] * 3 + ["refused"]  # 612 each, as guessed
    made = stage([(limited("alpha", Limit(kind="tokens/day", limit=2000)), ["a1"])], max_wait_s=0.0)
    made.serve(input_tokens=10)  # its reply had 20
    assert made.ask(input_tokens=1500).next() == "a1"


# classes, wishes -------------------------------------------------------------------------------------------------------------

MIXED: Cast = [
    (provider("paid"), ["p1"]),
    (provider("sub", cost_class="subscription"), ["s1"]),
    (limited("free", day(1)), ["f1"]),
]


def test_low_priority_never_spends_what_is_not_free() -> None:
    made = stage(MIXED, max_wait_s=0.0)
    assert made.serve(priority=Priority.LOW) == "f1"
    walk = made.ask(priority=Priority.LOW)
    assert walk.next() == "refused"
    assert made.serve() == "s1"
    walk = stage(MIXED[:2]).ask(priority=Priority.LOW)
    assert walk.next() == "refused"
    assert (walk.refusal().http_status, "X-Hermes-Priority" in walk.refusal().message) == (403, True)
    capped = Caller(fingerprint="client-00000002", priority_max=Priority.LOW)
    walk = stage(MIXED[:2]).ask(priority=Priority.LOW, caller=capped)
    assert walk.next() == "refused"
    assert (walk.refusal().http_status, "this client key has a low priority" in walk.refusal().message) == (403, True)


def test_what_must_not_leave_the_machine_does_not() -> None:
    here = provider("local", cost_class="local", base_url="http://localhost:11434/v1")
    there = provider("lan", cost_class="local", base_url="http://10.0.0.7:11434/v1")
    made = stage([*MIXED, (there, ["n1"]), (here, ["l1"])], max_wait_s=0.0)
    walk = made.ask(local_only=True)
    assert walk.next() == "l1"
    assert walk.fails(Verdict.CONNECT) == "refused"
    walk = stage(MIXED).ask(local_only=True)
    assert walk.next() == "refused"
    assert "X-Hermes-Privacy" in walk.refusal().message


def test_the_reserve_is_for_those_who_pin() -> None:
    made = stage([(limited("alpha", day(10)), ["a1"])], max_wait_s=0.0, reserve=0.2)
    assert [made.serve() for _ in range(9)] == ["a1"] * 8 + ["refused"]
    walk = made.ask()
    walk.next()
    assert "RESERVE_FRACTION" in walk.refusal().guidance
    assert [made.serve("alpha") for _ in range(3)] == ["a1", "a1", "refused"]
    walk = made.ask()
    walk.next()
    assert "too little is left of a limit of your own" in walk.refusal().message


# which first -----------------------------------------------------------------------------------------------------------------


def announce(made: Stage, who: str, left: int, ends_s: float, kind: WindowKind = WindowKind.REQUESTS_DAY) -> None:
    walk = made.ask(who)
    walk.next()
    walk.answers(observations=(Observation(kind=kind, limit=100, left=left, resets_at=made.now + ends_s),))
    walk.ends()


def test_among_equals_what_resets_soonest_is_spent_first() -> None:
    made = stage([(limited("alpha"), ["a1"]), (limited("beta"), ["b1"])])
    announce(made, "alpha", 80, 23 * HOUR)
    announce(made, "beta", 80, 22 * HOUR)
    assert made.ask().next() == "b1"


def test_what_would_lapse_unused_goes_before_what_lasts() -> None:
    made = stage([(limited("alpha"), ["a1"]), (limited("beta"), ["b1"])])
    announce(made, "alpha", 90, 29 * DAY, WindowKind.REQUESTS_MONTH)
    announce(made, "beta", 60, 1 * HOUR)
    assert made.ask().next() == "b1"


def test_sequential_drains_the_first_and_comes_back_when_its_window_turns() -> None:
    made = stage([(limited("alpha", day(2)), ["a1", "a2"])], mode="sequential")
    assert [made.serve() for _ in range(4)] == ["a1", "a1", "a2", "a2"]
    made.now = NOON + 12 * HOUR + 1
    assert made.serve() == "a1"


def test_parallel_spreads_by_the_share_left() -> None:
    made = stage([(limited("alpha"), ["a1"]), (limited("beta"), ["b1"])])
    announce(made, "alpha", 30, 20 * HOUR)
    announce(made, "beta", 90, 23 * HOUR)
    assert made.ask().next() == "b1"


# conversations ---------------------------------------------------------------------------------------------------------------

FOUR: Cast = [(limited("alpha", day(10)), ["a1", "a2", "a3", "a4"])]


def test_a_conversation_stays_where_it_is_until_a_fifth_is_left() -> None:
    made = stage(FOUR)
    homes = [made.serve(affinity="talk") for _ in range(8)]
    assert len(set(homes)) == 1
    assert made.serve(affinity="talk") != homes[0]


def test_it_moves_at_once_when_its_candidate_is_blocked_and_that_is_said_and_comes_back() -> None:
    made = stage(FOUR)
    walk = made.ask(affinity="talk")
    home = walk.next()
    walk.missed(Verdict.RATE_LIMITED, until=NOON + 60)
    again = made.ask(affinity="talk")
    assert again.next() != home
    assert again.claim is not None
    assert again.claim.moved_from.partition("#")[2] == f"alpha-{home}"
    made.now += 61
    back = made.ask(affinity="talk")
    assert back.next() == home
    assert back.claim is not None
    assert back.claim.moved_from == ""


def test_many_conversations_are_spread() -> None:
    made = stage(FOUR)
    assert {made.ask(affinity=f"talk-{number}").next() for number in range(30)} == {"a1", "a2", "a3", "a4"}


def test_in_sequential_every_conversation_is_with_the_first() -> None:
    made = stage(FOUR, mode="sequential")
    assert {made.ask(affinity=f"talk-{number}").next() for number in range(8)} == {"a1"}


# probes ----------------------------------------------------------------------------------------------------------------------

TWO: Cast = [(limited("alpha"), ["a1"]), (limited("beta"), ["b1"])]


def lied_to(made: Stage) -> None:
    """Alpha is said to come back in a week."""
    walk = made.ask("alpha")
    walk.next()
    walk.missed(Verdict.QUOTA_EXHAUSTED, until=made.now + 7 * DAY)


def test_a_long_block_on_somebodys_word_is_probed_by_the_next_request_and_less_and_less() -> None:
    made = stage(TWO)
    lied_to(made)
    assert made.block("credential:alpha-a1").next_probe == NOON + 900
    made.now = NOON + 899
    assert made.serve() == "b1"
    for after_s in (900, 1800, 3600):
        made.now += after_s
        walk = made.ask()
        assert walk.next() == "a1"
        assert walk.claim is not None
        assert walk.claim.is_probe
        assert made.serve() == "b1"  # one at a time
        walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 7 * DAY)
        assert made.serve() == "b1"
        assert made.block("credential:alpha-a1").next_probe == made.now + 2 * after_s


def test_a_probe_that_is_answered_lifts_the_block() -> None:
    made = stage(TWO)
    lied_to(made)
    made.now += 900
    assert made.serve() == "a1"
    assert made.blocks() == {}
    assert {made.ask().next() for _ in range(4)} == {"a1", "b1"}


def test_who_comes_shortly_before_a_probe_waits_to_be_it_and_who_comes_while_it_is_out_for_what_it_meets() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    lied_to(made)
    made.now = NOON + 860
    walk = made.ask()
    assert walk.next() == "refused"
    assert walk.refusal().retry_after_s == 40, "and not the week that was said"
    made.now = NOON + 880
    first = made.ask()
    assert first.next() == "wait 20.0"
    assert first.waits() == "a1"
    assert first.claim is not None
    assert first.claim.is_probe
    second, third = made.ask(), made.ask()
    assert second.next() == "wait 1.0"
    first.answers()
    assert second.waits() == "a1"
    lied_to(made)
    assert third.next() == "refused"


def test_while_a_probe_meets_the_same_those_who_wait_are_told_when_the_next_one_goes() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    lied_to(made)
    made.now = NOON + 900
    first, second = made.ask(), made.ask()
    assert (first.next(), second.next()) == ("a1", "wait 1.0")
    first.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 7 * DAY)
    assert second.waits() == "refused"
    assert second.refusal().retry_after_s == pytest.approx(1799, abs=0.01)


def test_a_window_that_is_used_up_until_a_far_moment_on_somebodys_word_says_when_it_is_looked_at() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    walk = made.ask()
    walk.next()
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=100, left=0, resets_at=NOON + 7 * DAY)
    walk.answers(observations=(seen,))
    walk.ends()
    walk = made.ask()
    assert walk.next() == "refused"
    assert walk.refusal().retry_after_s == 900
    made.now += 900
    assert made.serve() == "a1"


def test_a_guessed_block_over_a_window_that_is_full_by_the_providers_word_promises_nothing_before_the_window_turns() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    first, second = made.ask(), made.ask()
    assert (first.next(), second.next()) == ("a1", "a1")
    full = Observation(kind=WindowKind.REQUESTS_MINUTE, limit=1, left=0, resets_at=NOON + 57)
    first.answers(observations=(full,))
    first.ends()
    second.missed(Verdict.RATE_LIMITED)
    assert made.ask().next() == "refused", "the five seconds of the guess are not waited for in vain"
    walk = made.ask()
    walk.next()
    assert walk.refusal().retry_after_s == pytest.approx(57, abs=0.1)
    made.now = NOON + 40
    assert made.ask().next().startswith("wait 1")


def test_who_failed_and_was_not_seen_to_work_since_is_looked_at_whoever_else_could_serve() -> None:
    crowd: Cast = [(limited("beta"), ["b1"]), (limited("alpha"), ["a1"])]
    made = stage(crowd, mode="sequential")
    walk = made.ask("alpha")
    walk.next()
    walk.missed(Verdict.SERVER_ERROR)
    made.now += 899
    assert made.ask().next() == "b1"
    made.now += 1
    assert made.serve() == "a1"
    assert made.serve() == "b1"


def test_no_more_than_eight_probes_a_day() -> None:
    made = stage(TWO, probe_s=60.0, probe_max_s=60.0)
    lied_to(made)
    probes = 0
    for _ in range(100):
        made.now += 61
        walk = made.ask()
        if walk.next() == "a1":
            probes += 1
            walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 7 * DAY)
    assert probes == 8
    made.now = NOON + DAY + 130
    assert made.ask().next() == "a1"


def test_who_goes_first_after_a_rejected_key_is_a_probe() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.REJECTED)
    made.now += 301
    again = made.ask()
    assert again.next() == "a1"
    assert again.claim is not None
    assert again.claim.is_probe


def test_a_probe_costs_nobody_money() -> None:
    made = stage([(limited("free"), ["f1"]), (provider("paid"), ["p1"])])
    walk = made.ask("paid")
    walk.next()
    walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 7 * DAY)
    made.now += 1000
    assert made.serve() == "f1"


def test_what_our_own_count_says_is_full_until_midnight_is_not_probed() -> None:
    claimed = provider("alpha", cost_class="free", quota_scope="account", limits=(day(2),))
    made = stage([(claimed, ["a1"]), (limited("beta"), ["b1"])], mode="sequential")
    made.serve("alpha")
    made.serve("alpha")
    walk = made.ask("alpha")
    walk.next()
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=2, left=0, resets_at=NOON + 12 * HOUR, source=HintSource.BODY),)
    walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 12 * HOUR, observations=seen)
    assert made.block("account:alpha/alpha-a1").next_probe is None
    for hour in range(1, 12):
        made.now = NOON + hour * HOUR
        assert made.serve() == "b1"
    made.now = NOON + 12 * HOUR + 1
    assert made.serve() == "a1"


def test_a_free_look_up_lifts_what_a_refusal_had_said() -> None:
    made = stage(TWO)
    walk = made.ask("alpha")
    walk.next()
    who = walk.claim.candidate  # type: ignore[union-attr]
    walk.missed(Verdict.QUOTA_EXHAUSTED, until=NOON + 7 * DAY)
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=50, left=0, resets_at=NOON + 12 * HOUR)
    made.apply(LookedUp(candidate=who, observations=(seen,), begun_at=NOON + 1))
    assert len(made.blocks()) == 1
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=950)
    made.apply(LookedUp(candidate=who, observations=(seen,), begun_at=NOON + 2))
    assert made.blocks() == {}


# slots and the line ----------------------------------------------------------------------------------------------------------

ONE_AT_ONCE = provider("zai", cost_class="free", limits=(Limit(kind="at once", limit=1),))


def test_waiting_for_a_slot_is_better_than_a_refusal() -> None:
    made = stage([(ONE_AT_ONCE, ["z1"])])
    first = made.ask()
    assert first.next() == "z1"
    second = made.ask()
    assert second.next() == "wait 1.0"
    first.answers()
    first.ends(after_s=0.5)
    assert second.next() == "z1"


def test_a_slot_that_came_free_is_for_who_waits_for_it_and_not_for_who_looks_first() -> None:
    own = limited("zai", Limit(kind="at once", limit=1))
    made = stage([(own, ["z1"])])
    first, waiting, later = made.ask(), made.ask(priority=Priority.HIGH), made.ask()
    assert (first.next(), waiting.next(), later.next()[:4]) == ("z1", "wait 1.0", "wait")
    first.answers()
    first.ends(after_s=0.5)
    assert later.next()[:4] == "wait"
    assert made.ask().next()[:4] == "wait"
    assert waiting.next() == "z1"


@pytest.mark.parametrize(
    "facts", [{"limits": (Limit(kind="at once", limit=1),)}, {"own_limits": (Limit(kind="at once", limit=1),)}]
)
def test_who_waits_for_a_slot_waits_for_as_long_as_it_may(facts: dict[str, Any]) -> None:
    made = stage([(provider("zai", cost_class="free", **facts), ["z1"])], max_wait_s=1.5)
    first, second = made.ask(), made.ask()
    assert (first.next(), second.next()) == ("z1", "wait 1.0")
    assert second.waits() == "wait 0.5", "nobody knows when a slot comes free: until then it may"
    first.answers()
    first.ends(after_s=0.4)
    assert second.next() == "z1"


def test_a_claimed_slot_that_never_comes_free_is_asked_all_the_same() -> None:
    made = stage([(ONE_AT_ONCE, ["z1"])], max_wait_s=3.0)
    made.ask().next()
    walk = made.ask()
    said = walk.next()
    while said.startswith("wait"):
        said = walk.waits()
    assert said == "z1"


def test_who_refuses_for_as_many_as_are_out_at_once_is_thought_to_have_no_limit_a_minute() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    too_many = Observation(kind=WindowKind.AT_ONCE, left=0, source=HintSource.BODY)

    def burst() -> list[str]:
        walks = [made.ask() for _ in range(4)]
        said = [walk.next() for walk in walks]
        for walk in walks[1:]:
            if walk.claim is not None:
                walk.missed(Verdict.RATE_LIMITED, seen=(too_many,))
        walks[0].answers()
        walks[0].ends(after_s=0.5)
        return said

    assert burst() == ["a1"] * 4
    made.now += 5
    assert [made.serve() for _ in range(8)] == ["a1"] * 8, "one after the other it takes all of them"
    assert made.blocks() == {}, "how many may be at once is known: what was out already when it was told counted"
    assert burst() == ["a1", "wait 1.0", "wait 1.1", "wait 1.1"]


def test_others_are_asked_before_anybody_waits_for_a_slot() -> None:
    made = stage([(ONE_AT_ONCE, ["z1"]), (limited("beta"), ["b1"])], mode="sequential")
    assert [made.ask().next() for _ in range(3)] == ["z1", "b1", "b1"]


def test_who_waited_first_is_served_first_and_the_urgent_before_them() -> None:
    made = stage([(limited("alpha", Limit(kind="requests/minute", limit=1)), ["a1"])], max_wait_s=200.0)
    assert made.serve() == "a1"
    made.now += 10
    waiting = {name: made.ask(priority=priority) for name, priority in (("one", Priority.NORMAL), ("two", Priority.NORMAL))}
    for walk in waiting.values():
        walk.next()
    waiting["urgent"] = made.ask(priority=Priority.HIGH)
    waiting["urgent"].next()
    order = []
    for _ in range(3):
        made.now += 61
        for name, walk in list(waiting.items()):
            walk.tour.waited()
            if walk.next() == "a1":
                order.append(name)
                walk.answers()
                walk.ends()
                del waiting[name]
    assert order == ["urgent", "one", "two"]


def test_a_newcomer_does_not_pass_those_who_wait() -> None:
    made = stage([(limited("alpha", Limit(kind="requests/minute", limit=1)), ["a1"])], max_wait_s=130.0)
    made.serve()
    patient = made.ask()
    assert patient.next() == "wait 60.0"
    made.now = NOON + 60.01
    newcomer = made.ask()
    assert newcomer.next().startswith("wait")
    patient.tour.waited()
    assert patient.next() == "a1"
    made.apply(LeftLine(tour=newcomer.tour))


def test_those_who_wait_for_one_moment_get_moments_of_their_own() -> None:
    made = stage([(limited("alpha"), ["a1"])])
    walk = made.ask()
    walk.next()
    walk.missed(Verdict.RATE_LIMITED, until=NOON + 20)
    moments = []
    for _ in range(4):
        decision = made.pool.claim(made.ask().tour, walk.caller, "req", made.now)
        assert isinstance(decision, Wait)
        moments.append(decision.until - NOON)
    assert moments == [pytest.approx(20.001 + step * 0.05) for step in range(4)]


def test_who_cannot_be_served_in_time_behind_the_others_is_told_at_once() -> None:
    made = stage([(limited("alpha", Limit(kind="requests/minute", limit=1)), ["a1"])], max_wait_s=70.0)
    made.serve()
    assert made.ask().next() == "wait 60.0"
    assert made.ask().next() == "refused"  # its turn would be in two minutes


def test_each_candidates_numbers_are_kept_with_the_claim() -> None:
    made = stage([(limited("alpha", day(4)), ["a1", "a2"])])
    made.serve()
    walk = made.ask()
    walk.next()
    claim = walk.claim
    assert isinstance(claim, Claim)
    assert [(one.candidate, one.kind, one.left, one.limit, one.is_known) for one in claim.readings] == [
        ("alpha/m1#alpha-a2", "requests/day", 4, 4, True),
        ("alpha/m1#alpha-a1", "requests/day", 3, 4, True),
    ]


def test_windows_follow_an_account_when_it_becomes_known() -> None:
    alpha = limited("alpha", day(4), quota_scope="account")
    made = stage([(alpha, ["a1", "a2"])], mode="sequential", max_wait_s=0.0)
    made.serve()
    made.serve()

    same = [key("alpha", "a1", account="org_1"), key("alpha", "a2", account="org_1")]
    made.apply(RosterChanged(roster=roster([(alpha, list(same))], mode="sequential")))
    assert [made.serve() for _ in range(3)] == ["a1", "a1", "refused"]


# credit ----------------------------------------------------------------------------------------------------------------------

PRICE = Price(input=1_000_000, output=4_000_000)
"""A dollar and four for a million tokens: a request of 100 and 50 takes 300 millionths."""


def on_credit(microusd: int, *, own: bool = True, kind: str = "credit/month") -> Stage:
    limit = Limit(kind=kind, limit=microusd)
    row = provider("alpha", cost_class="free", **({"own_limits": (limit,)} if own else {"limits": (limit,)}))
    cast: Cast = [(row, ["a1"]), (provider("beta", cost_class="paid"), ["b1"])]
    return Stage(roster(cast, prices=Prices({"alpha": {"m1": PRICE}})), max_wait_s=0.0)


def spends(made: Stage, tokens: tuple[int, int] = (100, 50)) -> str:
    walk = made.ask(input_tokens=100, max_tokens=50)
    who = walk.next()
    if walk.claim is not None:
        walk.answers()
        walk.ends(tokens=tokens)
    return who


def left_of(made: Stage) -> dict[str, int]:
    windows = made.pool.snapshot(made.now).book.windows(made.now)
    return {window.kind: window.left or 0 for window in windows if "credit" in window.kind}


def test_a_months_credit_is_spent_by_the_price_and_then_left_alone() -> None:
    made = on_credit(1000)
    assert [spends(made) for _ in range(3)] == ["a1"] * 3
    assert left_of(made) == {"credit/month": 100}
    assert spends(made) == "b1"
    walk = made.ask("alpha", input_tokens=100, max_tokens=50)
    assert walk.next() == "refused"
    assert "too little is left of a limit of your own" in walk.refusal().message
    made.now += 12.5 * DAY  # December
    assert spends(made) == "a1"


def test_what_a_reply_really_came_to_is_what_is_taken() -> None:
    made = on_credit(1000)
    spends(made, tokens=(100, 0))
    assert left_of(made) == {"credit/month": 900}


def test_two_hundred_at_once_never_overdraw_a_credit() -> None:
    made = on_credit(15_000)
    assert [made.ask(input_tokens=100, max_tokens=50).next() for _ in range(200)].count("a1") in (49, 50)
    assert 0 <= left_of(made)["credit/month"] <= 300


def test_a_claimed_credit_orders_and_does_not_refuse() -> None:
    made = on_credit(500, own=False)
    assert [spends(made) for _ in range(3)] == ["a1"] * 3  # nobody else is free
    assert made.blocks() == {}


def test_a_credit_that_others_drew_on_is_counted_at_the_dearest() -> None:
    made = on_credit(10_000)
    book = made.pool.snapshot(made.now).book
    candidate = made.pool.roster.select_chat("alpha").candidates[0]  # type: ignore[union-attr]
    book.meters_of(candidate, made.now)
    book.reserve_at(900, candidate.scopes, 1000, made.now)
    assert left_of(made) == {"credit/month": 6000}
    book.settle_at(900, candidate.scopes, made.now, 1000, 500, made.now)
    assert left_of(made) == {"credit/month": 8000}


def test_after_a_crash_a_credit_is_not_counted_less() -> None:
    made = on_credit(10_000)
    scopes = made.pool.roster.select_chat("alpha").candidates[0].scopes  # type: ignore[union-attr]
    spent = Spent(1, made.now - 1, scopes, 150, 150, made.now - 1)
    again = Stage(made.pool.roster, remembered=Remembered(at=made.now, spent=(spent,)))
    assert left_of(again) == {"credit/month": 10_000 - 600}


def test_who_would_fit_if_what_is_out_came_to_less_waits_for_one_of_them_to_end() -> None:
    """A reply is taken for 512 tokens until some were seen, and may come to less: nobody is sent away until midnight."""
    made = by_tokens(1000)
    walk, other = made.ask(input_tokens=10), made.ask(input_tokens=10)
    assert (walk.next(), other.next()) == ("a1", "wait 5.0")
    walk.ends(tokens=(10, 20), after_s=1.0)
    assert other.next() == "a1"


def test_it_waits_until_its_patience_ends_and_is_told_to_ask_again_soon() -> None:
    made = by_tokens(1000)
    made.ask(input_tokens=10).next()
    other = made.ask(input_tokens=10)
    said = [other.next()]
    while said[-1].startswith("wait"):
        said.append(other.waits())
    assert said[-3:] == ["wait 5.0", "wait 5.0", "refused"]
    assert other.waited_s == pytest.approx(30.0, abs=0.1)
    assert other.refusal().retry_after_s == pytest.approx(5.0, abs=0.1)


def test_what_is_spent_already_is_not_waited_for() -> None:
    made = by_tokens(1600)
    assert made.ask(input_tokens=800).next() == "a1"
    waiting = made.ask(input_tokens=230)
    assert waiting.next() == "wait 5.0", "with what is kept free for a guess that is too low it fits to a token"
    made.apply(LeftLine(tour=waiting.tour))
    assert made.ask(input_tokens=240).next() == "refused"


def by_tokens(limit: int) -> Stage:
    alpha = provider("alpha", cost_class="free", own_limits=(Limit(kind="tokens/day", limit=limit),))
    return Stage(roster([(alpha, ["a1"])]))


def test_a_used_up_window_is_looked_at_eight_times_a_day_however_often_it_is_blocked_anew() -> None:
    """Each time that it is found open the block is forgotten, and with it how often it was looked at."""
    made = stage([(provider("alpha", cost_class="free"), ["a1"]), (provider("beta", cost_class="free"), ["b1"])], "sequential")
    ends_at = NOON + 3 * DAY
    used_up = (Observation(kind=WindowKind.REQUESTS_DAY, limit=10, left=0, resets_at=ends_at, source=HintSource.HEADER),)
    looks = 0
    for hour in range(24):
        made.now = NOON + hour * HOUR
        walk = made.ask()
        while walk.next() == "a1":
            assert walk.claim is not None
            looks += walk.claim.is_probe
            if walk.claim.is_probe and looks % 3 == 0:
                walk.answers()
                walk.ends()
                break
            walk.missed(Verdict.QUOTA_EXHAUSTED, until=ends_at, observations=used_up)
        else:
            walk.ends()
    assert looks == 8
