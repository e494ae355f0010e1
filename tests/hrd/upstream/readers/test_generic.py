"""The order of the generic rules: which reading wins when a text allows two."""

import pytest

from hrd.core.failures import Verdict
from hrd.upstream.readers.generic import BY_NAME, GENERIC, PERIODS
from hrd.upstream.readers.rules import Rule, first_fit
from hrd.upstream.readers.said import Said


def _verdict(status: int, text: str) -> Verdict | None:
    rule = first_fit((GENERIC,), Said(status=status, message=text, text=text))
    return None if rule is None else rule.verdict


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        (429, "exceeded your current quota, check your plan and billing details", Verdict.NO_CREDIT),
        (429, "quota of requests per minute exceeded", Verdict.RATE_LIMITED),
        (429, "quota of requests per day exceeded", Verdict.QUOTA_EXHAUSTED),
        (429, "tokens per minute limit exceeded - too many tokens processed", Verdict.RATE_LIMITED),
        (400, "too many tokens", Verdict.CONTEXT_EXCEEDED),
        (403, "you have reached your weekly usage limit", Verdict.QUOTA_EXHAUSTED),
        (403, "your input was flagged by moderation", Verdict.CONTENT_POLICY),
        (403, "you do not have access to model x", Verdict.MODEL_UNAVAILABLE),
        (403, "forbidden", Verdict.REJECTED),
        (400, "invalid api key", Verdict.REJECTED),
        (404, "the model 'x' does not exist", Verdict.MODEL_UNAVAILABLE),
        (400, "the tool_call_id 'x' does not exist", None),
        (400, "model x has reached its end of life", Verdict.MODEL_GONE),
        (410, "gone", Verdict.MODEL_GONE),
        (410, "this service has been retired", Verdict.PROVIDER_GONE),
        (500, "server busy", Verdict.OVERLOADED),
        (500, "rate limit per day", None),
        (402, "anything", Verdict.NO_CREDIT),
    ],
)
def test_which_reading_wins(status: int, text: str, verdict: Verdict | None) -> None:
    assert _verdict(status, text) is verdict


def test_texts_are_compared_in_lower_case() -> None:
    tables: list[tuple[Rule, ...]] = [GENERIC, BY_NAME]
    for rule in (rule for table in tables for rule in table):
        for words in (rule.codes, rule.says, rule.also):
            assert all(word == word.lower() for word in words)
    assert all(phrase == phrase.lower() for _, phrases in PERIODS for phrase in phrases)
