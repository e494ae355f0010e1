"""What refusals say of windows, in each provider's words."""

import json
from typing import Any

import pytest

from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.times import next_boundary
from hrd.upstream.failures import read_failure

NOW = 1_795_003_200.0


def seen(reader: str, body: object, status: int = 429, zone: str = "UTC", **headers: str) -> list[Observation]:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return list(read_failure(reader, status, named, json.dumps(body).encode(), NOW, zone=zone, scrub=str).seen)


def said(kind: WindowKind, limit: int | None, left: int | None, resets_at: float | None = None, scope: str = "") -> Observation:
    return Observation(kind=kind, limit=limit, left=left, resets_at=resets_at, scope=scope, source=HintSource.BODY)


def openai(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}}


def test_groq_names_limit_use_and_organisation() -> None:
    message = (
        "Rate limit reached for model `openai/gpt-oss-120b` in organization `org_1` service tier `on_demand` on tokens per day "
        "(TPD): Limit 200000, Used 199000, Requested 4351. Please try again in 24m7s."
    )
    assert seen("groq", openai(message)) == [said(WindowKind.TOKENS_DAY, 200_000, 1000, NOW + 1447, "account_model")]


@pytest.mark.parametrize(("numbers", "limit", "left"), [("1e99, Used 5", None, 0), ("200000, Used 1.5e5", 200_000, 0)])
def test_half_of_a_number_is_none(numbers: str, limit: int | None, left: int) -> None:
    (found,) = seen("groq", openai(f"Rate limit reached on tokens per day (TPD): Limit {numbers}, Requested 1."))
    assert (found.kind, found.limit, found.left) == (WindowKind.TOKENS_DAY, limit, left)


def test_gemini_names_the_window_and_its_limit_and_midnight_is_in_california() -> None:
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}
    body = [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": [{"violations": [violation]}]}}]
    midnight = next_boundary("day", NOW, "America/Los_Angeles")
    found = seen("gemini", body, zone="America/Los_Angeles")
    assert found == [said(WindowKind.REQUESTS_DAY, 20, 0, midnight, "account_model")]
    violation["quotaId"] = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
    assert [(one.kind, one.limit, one.left) for one in seen("gemini", body)] == [(WindowKind.INPUT_TOKENS_MINUTE, 20, None)]


@pytest.mark.parametrize("value", ["0", "-5", "many", "9" * 40, ""])
def test_a_limit_that_is_none_is_none(value: str) -> None:
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": value}
    body = [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": [{"violations": [violation]}]}}]
    assert all(one.limit is None for one in seen("gemini", body))


@pytest.mark.parametrize(
    ("message", "kind", "limit"),
    [
        ("You are using a Trial key, which is limited to 1000 API calls / month.", WindowKind.REQUESTS_MONTH, 1000),
        ("You are using a Trial key, which is limited to 20 API calls / minute.", WindowKind.REQUESTS_MINUTE, 20),
    ],
)
def test_cohere_names_its_two_limits(message: str, kind: WindowKind, limit: int) -> None:
    (found,) = seen("cohere", {"message": message})
    assert (found.kind, found.limit, found.left) == (kind, limit, 0)


@pytest.mark.parametrize(
    ("message", "kind", "limit"),
    [
        ("Rate limit exceeded: 10 requests per minute for free models", WindowKind.REQUESTS_MINUTE, 10),
        ("Limit of 1,000 requests/day reached", WindowKind.REQUESTS_DAY, 1000),
        ("Rate limit of 50 per 86400s exceeded for UserByModelByDay.", WindowKind.REQUESTS_DAY, 50),
        ("Daily quota used up", WindowKind.REQUESTS_DAY, None),
        ("Tokens per minute limit exceeded - too many tokens processed.", WindowKind.TOKENS_MINUTE, None),
        ("Too many concurrent requests", WindowKind.AT_ONCE, None),
    ],
)
def test_anybodys_sentence_is_read(message: str, kind: WindowKind, limit: int | None) -> None:
    (found,) = seen("generic", openai(message))
    assert (found.kind, found.limit, found.left) == (kind, limit, 0)


def test_zai_says_it_by_number() -> None:
    assert seen("zai", {"error": {"code": "1302", "message": "busy"}}) == [said(WindowKind.AT_ONCE, None, 0)]
    (day,) = seen("zai", {"error": {"code": "1304", "message": "enough"}}, zone="Asia/Shanghai")
    assert (day.kind, day.resets_at) == (WindowKind.REQUESTS_DAY, next_boundary("day", NOW, "Asia/Shanghai"))


def test_hugging_face_has_spent_its_credit_and_not_so_many_requests() -> None:
    error = "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more."
    (found,) = seen("huggingface", {"error": error}, 402)
    assert (found.kind, found.limit, found.left) == (WindowKind.CREDIT_MONTH, None, 0)
    assert found.resets_at == next_boundary("month", NOW, "UTC")


@pytest.mark.parametrize(
    ("which", "kind", "span"),
    [
        ("daily", WindowKind.CREDIT_DAY, "day"),
        ("weekly", WindowKind.CREDIT_WEEK, "week"),
        ("monthly", WindowKind.CREDIT_MONTH, "month"),
        ("total", WindowKind.CREDIT, ""),
    ],
)
def test_a_keys_own_budget_is_of_money_and_not_of_requests(which: str, kind: WindowKind, span: str) -> None:
    message = f"Key limit exceeded ({which} limit). Manage it using https://openrouter.ai/settings/keys"
    resets_at = next_boundary(span, NOW, "UTC") if span else None
    found = seen("openrouter", {"error": {"message": message, "code": 403}}, 403)
    assert found == [said(kind, None, 0, resets_at, "key_part")]


def test_openrouter_repeats_its_headers_in_the_body() -> None:
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{(NOW + 3600) * 1000:.0f}"}
    body = {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day", "metadata": {"headers": headers}}}
    (found,) = seen("openrouter", body)
    assert (found.kind, found.limit, found.left, found.scope) == (WindowKind.REQUESTS_DAY, 50, 0, "free")
    assert found.resets_at == NOW + 3600


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Too Many Requests"}},
        {"status": 429, "title": "Too Many Requests"},
        {"error": {"message": "Provider returned error", "metadata": {"provider_name": "x", "raw": "5 requests per minute"}}},
        [],
        "99999999999999999999 requests per day",
    ],
)
def test_where_no_window_of_ours_is_named_nothing_is_said(body: object) -> None:
    assert all(one.limit is None for one in seen("openrouter", body))
