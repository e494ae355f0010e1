"""When nobody serves: the reason most have in common, the earliest moment, and what to type."""

import msgspec
import pytest

from hrd.core.ask import Ask, Kind
from hrd.core.ceilings import PRICE_UNKNOWN, SET_ASIDE, TOO_DEAR
from hrd.core.conclusion import PASSING, PASSING_IF_SAID, Hindered, conclude, describe_s
from hrd.core.failures import Verdict
from hrd.core.journal import AttemptNote, PassedOver
from hrd.core.reasons import in_words
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.tour import Tour
from tests.hrd.stage import candidate, failure

NOW = 1_000_000.0
NOTE = AttemptNote(provider="alpha", model="m1", credential="alpha-a1", outcome="rate limited")


def concluded(*hindered: Hindered, whys: tuple[str, ...] = (), notes: tuple[AttemptNote, ...] = ()) -> Refusal:
    tour = Tour(Ask(kind=Kind.CHAT, model=""))
    tour.notes.extend(notes)
    passed = [PassedOver(candidate=f"c{place}", why=why) for place, why in enumerate((*whys, *("" for _ in hindered)))]
    return conclude(tour, passed, hindered=hindered, now=NOW)


def blocked(reason: str, left_s: float, provider: str = "alpha", *, is_said: bool = False) -> Hindered:
    return Hindered(reason=reason, provider=provider, until=NOW + left_s, is_said=is_said)


def test_the_dominant_reason_is_the_most_common_one_and_the_moment_the_earliest() -> None:
    refusal = concluded(
        blocked("rejected", 300, "beta"),
        blocked("rate limit", 60),
        blocked("rate limit", 45),
        blocked("quota", 9000),
        notes=(NOTE,),
    )
    assert refusal.kind is RefusalKind.RATE_LIMITED
    assert refusal.retry_after_s == 45
    assert refusal.message == (
        "None of the 4 candidates can be asked now. The most common reason: it was asked too often (rate limit). "
        "The first may work again in 45 s."
    )
    assert refusal.guidance == "See what is left with: hr quota. Ask again at once with: hr reset alpha"
    assert refusal.attempts == (NOTE,)


def test_the_only_candidate_and_a_few_of_many() -> None:
    assert concluded(blocked("quota", 7200)).message == (
        "The only candidate cannot be asked now: its quota is used up. It may work again in 2 h."
    )
    some = concluded(blocked("quota", 7200), whys=("takes no tools", "takes no tools"))
    assert some.message.startswith(
        "1 of 3 candidates cannot be asked now, the others cannot serve this request. The reason: its quota is used up."
    )


@pytest.mark.parametrize("reason", sorted(PASSING))
def test_what_passes_by_itself_is_a_429(reason: str) -> None:
    assert concluded(blocked(reason, 20)).http_status == 429


@pytest.mark.parametrize("reason", sorted(PASSING_IF_SAID))
def test_what_passes_when_its_provider_names_the_moment_is_a_429_then(reason: str) -> None:
    assert concluded(blocked(reason, 20, is_said=True)).http_status == 429
    assert concluded(blocked(reason, 20)).http_status == 503


@pytest.mark.parametrize(
    ("reason", "typed"),
    [
        ("rejected", "hr auth add beta"),
        ("dead", "hr auth add beta"),
        ("credits", "hr reset beta"),
        ("model", "hr model list beta"),
        ("gone", "hr auth add PROVIDER"),
    ],
)
def test_what_time_does_not_mend_is_a_503_that_says_what_to_type(reason: str, typed: str) -> None:
    refusal = concluded(blocked(reason, 300, "beta"))
    assert (refusal.kind, refusal.http_status, refusal.retry_after_s) == (RefusalKind.UNAVAILABLE, 503, None)
    assert typed in refusal.guidance
    assert refusal.message == f"The only candidate cannot be asked now: {in_words(reason)}."


@pytest.mark.parametrize("reason", ["at once", "in flight"])
def test_nobody_is_sent_to_reset_what_ends_by_itself(reason: str) -> None:
    assert "hr reset" not in concluded(blocked(reason, 1)).guidance


def test_whom_nobody_can_reach_is_named_with_what_failed() -> None:
    gone = Hindered(reason="unreachable", provider="alpha", until=NOW + 5, unconnected="could not connect: refused")
    refusal = concluded(gone)
    assert refusal.message == (
        "The only candidate cannot be asked now: alpha cannot be reached (could not connect: refused). "
        "It may work again in 5 s."
    )
    assert (refusal.http_status, "hr doctor" in refusal.guidance, "hr reset" in refusal.guidance) == (429, True, False)
    of_two = concluded(blocked("unreachable", 9, "beta"), gone, blocked("quota", 60)).message
    assert "The most common reason: they cannot be reached, alpha for one (could not connect: refused)." in of_two
    assert "beta cannot be reached. It" in concluded(blocked("unreachable", 9, "beta")).message


def test_a_reason_that_a_system_tells_at_length_is_cut() -> None:
    long = Hindered(reason="unreachable", provider="alpha", until=NOW + 5, unconnected="x" * 5000)
    assert f"({'x' * 200})." in concluded(long).message


def test_the_guidance_is_for_a_provider_of_the_dominant_reason() -> None:
    refusal = concluded(blocked("quota", 50, "alpha"), blocked("rejected", 300, "beta"), blocked("rejected", 300, "gamma"))
    assert refusal.guidance.endswith("hr auth add beta")
    assert refusal.retry_after_s == 50


def test_a_moment_that_is_now_is_a_second_away() -> None:
    assert concluded(blocked("probing", 0.2)).retry_after_s == 1.0


@pytest.mark.parametrize(
    ("why", "kind", "status"),
    [
        ("X-Hermes-Privacy: local keeps it on this machine", RefusalKind.FORBIDDEN, 403),
        ("about 9000 tokens do not fit its context of 8192", RefusalKind.CONTEXT_EXCEEDED, 400),
        ("about 9000 tokens are over its limit of 3000", RefusalKind.TOO_LARGE, 413),
        ("a body of 1001 bytes is over its limit of 1000", RefusalKind.TOO_LARGE, 413),
        ("this client key is local-only", RefusalKind.FORBIDDEN, 403),
        ("COST_POLICY free-only forbids paid", RefusalKind.FORBIDDEN, 403),
    ],
)
def test_nobody_whom_the_request_fits(why: str, kind: RefusalKind, status: int) -> None:
    refusal = concluded(whys=(why, why, "takes no images"))
    assert (refusal.kind, refusal.http_status) == (kind, status)
    assert refusal.message == f"No candidate fits this request: {why}."
    assert refusal.guidance


@pytest.mark.parametrize(
    ("candidates", "said"),
    [
        (["groq/small#groq-1", "groq/small#groq-2"], "groq/small takes no images"),
        (["groq/small#groq-1", "local/big#local"], "groq/small and 1 other take no images"),
        (["groq/small#groq-1", "local/big#local", "groq/large#groq-1"], "groq/small and 2 others take no images"),
    ],
)
def test_what_a_model_does_not_take_is_said_of_the_model(candidates: list[str], said: str) -> None:
    passed = [PassedOver(candidate=one, why="takes no images") for one in candidates]
    passed.append(PassedOver(candidate="alpha/m1#alpha-1", why="takes no tools"))
    refusal = conclude(Tour(Ask(kind=Kind.CHAT, model="")), passed, hindered=(), now=NOW)
    assert refusal.message == f"No candidate fits this request: {said}."
    assert (refusal.http_status, "hr model list" in refusal.guidance) == (503, True)


def test_too_large_for_whom_it_may_go_to_is_told_before_whom_it_may_not_go_to() -> None:
    policy, size = "not allowed for this client key", "about 9000 tokens are over its limit of 3000"
    refusal = concluded(whys=(policy, policy, size))
    assert (refusal.kind, refusal.http_status) == (RefusalKind.TOO_LARGE, 413)
    assert refusal.message == f"No candidate fits this request: {size}. For 2 of them, {policy}."


def test_who_is_blocked_does_not_hide_the_policy_that_forbids_the_others() -> None:
    policy = "COST_POLICY free-only forbids paid"
    refusal = concluded(blocked("quota", 5), whys=(policy, policy, "takes no tools"))
    assert refusal.http_status == 429
    assert f"For 2 of them, {policy}." in refusal.message
    refusal = concluded(whys=(policy, "takes no tools"), notes=(NOTE,))
    assert f"For 1 of them, {policy}." in refusal.message


def test_a_cost_ceiling_that_leaves_nobody_opens_at_midnight() -> None:
    refusal = concluded(whys=(TOO_DEAR, "takes no tools", "takes no tools"))
    assert (refusal.http_status, refusal.retry_after_s) == (429, 86400 - NOW % 86400)
    assert "PROXY_LIMIT_COST_DAY" in refusal.message


def test_a_cost_ceiling_that_is_set_aside_for_others_may_open_soon() -> None:
    refusal = concluded(whys=(TOO_DEAR, SET_ASIDE))
    assert (refusal.http_status, refusal.retry_after_s) == (429, 1.0)


def test_a_price_that_nobody_knows_is_asked_for() -> None:
    refusal = concluded(whys=(PRICE_UNKNOWN,))
    assert refusal.http_status == 403
    assert "MODEL_PRICES_FILE" in refusal.guidance


def test_what_the_requests_own_head_forbids_is_its_own_to_leave_out() -> None:
    refusal = concluded(whys=("X-Hermes-Privacy: local keeps it on this machine",))
    assert refusal.http_status == 403
    assert "leave it out" in refusal.guidance


def test_all_were_asked_and_failed_without_anybodys_being_blocked() -> None:
    refusal = concluded(whys=("takes no tools",), notes=(NOTE,))
    assert (refusal.kind, refusal.attempts) == (RefusalKind.UNAVAILABLE, (NOTE,))
    assert refusal.message == "Every candidate that may serve this request was asked and failed; mostly: rate limited."


def test_a_reply_that_nobody_can_pay_for_may_be_asked_for_shorter() -> None:
    note = msgspec.structs.replace(NOTE, outcome=Verdict.AFFORDABLE.value)
    assert "(max_tokens)" in concluded(notes=(note, NOTE, note)).guidance
    assert "hr why" in concluded(notes=(note, NOTE, NOTE)).guidance


def test_a_policy_of_the_settings_is_changed_there() -> None:
    assert "environment, .env or config.toml" in concluded(whys=("COST_POLICY free-only forbids paid",)).guidance
    assert "hr key list" in concluded(whys=("COST_POLICY free-only of this client key forbids paid",)).guidance


@pytest.mark.parametrize(
    ("verdict", "facts", "kind", "status"),
    [
        (Verdict.CONTEXT_EXCEEDED, {"status": 400}, RefusalKind.CONTEXT_EXCEEDED, 400),
        (Verdict.TOO_LARGE, {"status": 413}, RefusalKind.TOO_LARGE, 413),
        (Verdict.CONTENT_POLICY, {"status": 403, "body": b"{}"}, RefusalKind.SAID_UPSTREAM, 403),
        (Verdict.BAD_REQUEST, {"status": 422, "body": b'{"error": 1}'}, RefusalKind.SAID_UPSTREAM, 422),
        (Verdict.BAD_REQUEST, {"status": None}, RefusalKind.SAID_UPSTREAM, 400),
        (Verdict.BAD_REQUEST, {"status": 500}, RefusalKind.SAID_UPSTREAM, 400),
    ],
)
def test_what_the_client_must_mend_is_told_in_the_providers_words(
    verdict: Verdict, facts: dict[str, object], kind: RefusalKind, status: int
) -> None:
    tour = Tour(Ask(kind=Kind.CHAT, model=""))
    tour.note(NOTE)
    tour.failed(candidate(), failure(verdict, message="in its words", **facts))
    refusal = conclude(tour, (), hindered=[blocked("quota", 5)], now=NOW)
    assert (refusal.kind, refusal.http_status, refusal.body) == (kind, status, facts.get("body", b""))
    assert refusal.message.endswith("in its words")
    assert refusal.attempts == (NOTE,)


def test_durations_for_people() -> None:
    spans = [1, 89, 90, 720, 5399, 5400, 18_000, 172_799, 172_800, 300_000]
    assert [describe_s(span) for span in spans] == [
        "1 s", "89 s", "2 min", "12 min", "90 min", "2 h", "5 h", "48 h", "2 days", "3 days",
    ]  # fmt: skip
