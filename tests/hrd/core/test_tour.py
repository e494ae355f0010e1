"""The tour: where one request turns after each failure, and whom it never asks again."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Ask, Kind
from hrd.core.failures import Verdict
from hrd.core.journal import BROKE_OFF, GIVEN_UP, SERVED, AttemptNote
from hrd.core.providers import Candidate, ModelFacts
from hrd.core.tour import ATTEMPTS_NOTED_MAX, Tour
from tests.hrd.stage import candidate, failure, key, provider

ALPHA = provider("alpha", "m1", "m2")
BETA = provider("beta", "m1")
A1, A2 = (candidate(ALPHA, "m1", key("alpha", name)) for name in ("a1", "a2"))
A1_M2 = candidate(ALPHA, "m2", key("alpha", "a1"))
B1, B2 = (candidate(BETA, "m1", key("beta", name)) for name in ("b1", "b2"))
RANKED = [A1, A2, A1_M2, B1, B2]


def tour() -> Tour:
    return Tour(Ask(kind=Kind.CHAT, model=""))


def after(verdict: Verdict, one: Candidate = A1, **facts: object) -> Tour:
    walked = tour()
    walked.begin(one)
    walked.failed(one, failure(verdict, **facts))
    return walked


def chosen(walked: Tour, ranked: Sequence[Candidate] = RANKED) -> Candidate | None:
    return walked.choose([one for one in ranked if one.key not in walked.tried and not walked.why_not(one, one.facts.context)])


@pytest.mark.parametrize(
    ("verdict", "following"),
    [
        (Verdict.RATE_LIMITED, A2),
        (Verdict.QUOTA_EXHAUSTED, A2),
        (Verdict.NO_CREDIT, A2),
        (Verdict.REJECTED, A2),
        (Verdict.REVOKED, A2),
        (Verdict.MODEL_UNAVAILABLE, B1),
        (Verdict.MODEL_GONE, B1),
        (Verdict.PROVIDER_GONE, B1),
        (Verdict.OVERLOADED, B1),
        (Verdict.SERVER_ERROR, B1),
        (Verdict.CONNECT, B1),
        (Verdict.NO_FIRST_TOKEN, B1),
        (Verdict.BROKEN, B1),
        (Verdict.WRONG_TYPE, B1),
        (Verdict.EMPTY, B1),
    ],
)
def test_a_failure_of_the_key_turns_to_its_siblings_one_of_the_endpoint_leaves_them_for_the_end(
    verdict: Verdict, following: Candidate
) -> None:
    walked = after(verdict)
    assert chosen(walked, [B1, A2, B2]) is (following if following is A2 else B1)
    assert chosen(walked, [A2, B1, B2]) is (B1 if verdict.name in _ENDPOINT else A2)
    assert walked.again is None


_ENDPOINT = {"OVERLOADED", "SERVER_ERROR", "CONNECT", "NO_FIRST_TOKEN", "BROKEN", "WRONG_TYPE", "EMPTY"}


def test_the_other_keys_of_a_failed_endpoint_come_last_but_they_come() -> None:
    walked = after(Verdict.SERVER_ERROR)
    assert chosen(walked, [A2, B1]) is B1
    walked.begin(B1)
    walked.failed(B1, failure(Verdict.CONNECT))
    assert chosen(walked, [A2, B2]) is A2


def test_after_a_failure_of_the_key_and_then_of_the_endpoint_the_siblings_do_not_lead() -> None:
    walked = after(Verdict.RATE_LIMITED)
    walked.begin(A2)
    walked.failed(A2, failure(Verdict.SERVER_ERROR))
    assert chosen(walked, [A1_M2, B1]) is B1


def test_nobody_left_is_nobody() -> None:
    assert chosen(after(Verdict.SERVER_ERROR), []) is None


def test_a_field_that_is_not_taken_is_left_out_once_and_the_same_candidate_asked_again() -> None:
    walked = after(Verdict.BAD_PARAM, param="seed")
    assert walked.again is A1
    assert walked.dropped == {("alpha", "m1"): {"seed"}}
    walked.begin(A1)
    assert walked.again is None
    walked.failed(A1, failure(Verdict.BAD_PARAM, param="logprobs"))
    assert walked.again is A1
    assert walked.dropped == {("alpha", "m1"): {"seed", "logprobs"}}
    walked.begin(A1)
    walked.failed(A1, failure(Verdict.BAD_PARAM, param="seed", message="still"))
    assert walked.again is None
    assert chosen(walked) is B1  # it objects to the request itself
    assert walked.for_client is not None
    assert walked.for_client.message == "still"


def test_a_candidate_that_objects_to_one_field_after_the_other_is_left() -> None:
    walked = tour()
    for number in range(5):
        walked.begin(A1)
        walked.failed(A1, failure(Verdict.BAD_PARAM, param=f"field_{number}"))
    assert walked.again is None
    assert len(walked.dropped["alpha", "m1"]) == 4
    assert chosen(walked) is B1


def test_what_the_balance_affords_is_asked_for_once_if_it_is_worth_it() -> None:
    walked = after(Verdict.AFFORDABLE, affordable_tokens=1024)
    assert walked.again is A1
    assert walked.max_tokens == {A1.key: 1024}
    walked.begin(A1)
    walked.failed(A1, failure(Verdict.AFFORDABLE, affordable_tokens=1500))
    assert walked.again is None
    assert chosen(walked) is A2
    assert after(Verdict.AFFORDABLE, affordable_tokens=1023).again is None


def test_a_context_that_is_too_small_passes_over_all_that_are_no_larger() -> None:
    def sized(name: str, context: int | None) -> Candidate:
        return candidate(provider(name, "m1", models_facts={"m1": ModelFacts(context=context)}))

    small, same, large, unknown = sized("s", 8192), sized("t", 8192), sized("l", 131_072), sized("u", None)
    walked = after(Verdict.CONTEXT_EXCEEDED, small)
    assert walked.why_not(same, 8192) == "context of 8192 tokens is no larger"
    assert walked.why_not(large, 131_072) == ""
    assert walked.why_not(unknown, None) == ""
    assert walked.why_not(large, 4096) == "context of 4096 tokens is no larger"  # as was learned
    assert walked.why_not(small, None) == "too large for it"
    assert walked.for_client is not None
    named = after(Verdict.CONTEXT_EXCEEDED, small, ceiling_tokens=200_000)
    assert named.why_not(large, 131_072) == "context of 131072 tokens is no larger"


def test_a_body_that_is_too_large_for_one_is_too_large_for_its_provider() -> None:
    walked = after(Verdict.TOO_LARGE)
    assert walked.why_not(A1_M2, None) == "too large for it"
    assert chosen(walked) is B1


def test_tokens_that_are_too_many_for_a_model_may_not_be_for_the_next() -> None:
    walked = after(Verdict.TOO_LARGE, ceiling_tokens=6000)
    assert walked.why_not(A2, None) == "too large for it"
    assert walked.why_not(A1_M2, None) == ""


def test_of_a_context_and_a_body_that_were_too_large_the_context_is_told() -> None:
    walked = after(Verdict.TOO_LARGE)
    walked.failed(B1, failure(Verdict.CONTEXT_EXCEEDED))
    walked.failed(B2, failure(Verdict.TOO_LARGE))
    assert walked.for_client is not None
    assert walked.for_client.verdict is Verdict.CONTEXT_EXCEEDED


def test_one_more_provider_is_asked_about_a_bad_request_and_the_first_error_is_the_clients() -> None:
    walked = after(Verdict.BAD_REQUEST, message="first")
    assert walked.why_not(A2, None) == "refused this request already"
    assert chosen(walked) is B1
    assert not walked.is_over
    walked.begin(B1)
    walked.failed(B1, failure(Verdict.BAD_REQUEST, message="second"))
    assert walked.is_over
    assert walked.for_client is not None
    assert walked.for_client.message == "first"


def test_content_policy_is_the_clients_and_nobody_else_is_asked() -> None:
    walked = after(Verdict.CONTENT_POLICY)
    assert walked.is_over
    assert walked.for_client is not None


def test_after_a_wait_everybody_may_be_asked_again_but_for_those_who_refused_the_request() -> None:
    walked = after(Verdict.RATE_LIMITED)
    walked.begin(B1)
    walked.failed(B1, failure(Verdict.BAD_REQUEST))
    walked.waited()
    assert chosen(walked) is A1
    assert chosen(walked, [B1, B2]) is None


def test_all_empty_is_said_only_while_nothing_else_went_wrong() -> None:
    walked = tour()
    assert not walked.is_all_empty()
    walked.failed(A1, failure(Verdict.EMPTY))
    assert walked.is_all_empty()
    walked.failed(B1, failure(Verdict.SERVER_ERROR))
    assert not walked.is_all_empty()


def test_of_those_who_are_too_dear_the_cheapest_is_kept_and_what_is_left_now() -> None:
    walked = tour()
    for left, sends in ((6, 30), (6, 20), (5, 40)):
        walked.fell_short(left, sends)
    assert walked.cost_short == (5, 20)


def test_notes_are_bounded() -> None:
    walked = tour()
    for number in range(100):
        walked.note(AttemptNote(provider="p", model="m", credential=f"c{number}", outcome="ok"))
    assert [walked.notes[0].credential, len(walked.notes)] == ["c0", ATTEMPTS_NOTED_MAX]


@given(st.lists(st.tuples(st.sampled_from(list(Verdict)), st.sampled_from(["", "seed", "user"]), st.integers(0, 4000))))
def test_without_a_wait_nobody_is_asked_twice_but_by_the_two_rows_that_say_so(steps: list[tuple[Verdict, str, int]]) -> None:
    walked, asked = tour(), dict.fromkeys(RANKED, 0)
    for verdict, param, tokens in steps:
        is_again = walked.again is not None
        one = walked.again or chosen(walked)
        if one is None or walked.is_over:
            break
        assert is_again or not asked[one]
        asked[one] += 1
        walked.begin(one)
        walked.failed(one, failure(verdict, param=param, affordable_tokens=tokens))
    assert all(count <= 1 + 1 + 4 for count in asked.values())  # itself, once affordable, at most four fields


def test_who_began_to_answer_and_broke_off_is_noted_so_and_nobody_else() -> None:
    walked = tour()
    walked.broke_off("nobody was asked yet")
    assert walked.notes == []
    given_up = AttemptNote(provider="alpha", model="m1", credential="a1", outcome=GIVEN_UP)
    walked.note(given_up)
    walked.broke_off("it had not begun")
    assert walked.notes == [given_up]
    walked.note(AttemptNote(provider="beta", model="m1", credential="b1", outcome=SERVED, status=200, ms=2.0))
    walked.broke_off("the peer closed")
    last = AttemptNote(
        provider="beta", model="m1", credential="b1", outcome=BROKE_OFF, status=200, message="the peer closed", ms=2.0
    )
    assert walked.notes == [given_up, last]
