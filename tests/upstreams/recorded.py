"""Refusals as the real providers word them, head and body, with the verdict a reader shall come to.

The shapes follow the providers' documentation of errors and limits and reports of live answers as of 2026-11;
identifiers in them are made up. `RECORDED` holds all of them by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Recorded:
    provider: str
    status: int
    verdict: str
    """rate_limited, quota_exhausted, no_credit, dead_key, model_unavailable, overloaded, server_error, too_large,
    context_exceeded, bad_param, bad_request, content_policy or provider_gone."""
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


def _json(provider: str, status: int, verdict: str, value: Any, headers: Pairs = ()) -> Recorded:
    return Recorded(provider, status, verdict, json.dumps(value, ensure_ascii=False).encode(), tuple(headers))


def _openai(  # the fields of OpenAI's envelope and no more
    provider: str,
    status: int,
    verdict: str,
    message: str,
    type_: str,
    code: str | None,
    headers: Pairs = (),
    param: str | None = None,
) -> Recorded:
    error = {"message": message, "type": type_, "param": param, "code": code}
    return _json(provider, status, verdict, {"error": error}, headers)


# --- OpenAI ----------------------------------------------------------------------------------------------------------

_OPENAI_LIMITS = (
    ("x-ratelimit-limit-requests", "500"),
    ("x-ratelimit-limit-tokens", "30000"),
    ("x-ratelimit-remaining-requests", "499"),
    ("x-ratelimit-remaining-tokens", "0"),
    ("x-ratelimit-reset-requests", "120ms"),
    ("x-ratelimit-reset-tokens", "6.412s"),
)
OPENAI_KEY = _openai(
    "openai",
    401,
    "dead_key",
    "Incorrect API key provided: test-not**********ey-1. You can find your API key at "
    "https://platform.openai.com/account/api-keys.",
    "invalid_request_error",
    "invalid_api_key",
)
OPENAI_REGION = _openai(
    "openai",
    403,
    "dead_key",
    "Country, region, or territory not supported",
    "request_forbidden",
    "unsupported_country_region_territory",
)
OPENAI_NO_MODEL = _openai(
    "openai",
    404,
    "model_unavailable",
    "The model `gpt-test` does not exist or you do not have access to it.",
    "invalid_request_error",
    "model_not_found",
)
OPENAI_CONTEXT = _openai(
    "openai",
    400,
    "context_exceeded",
    "This model's maximum context length is 128000 tokens. However, your messages "
    "resulted in 130112 tokens. Please reduce the length of the messages.",
    "invalid_request_error",
    "context_length_exceeded",
    param="messages",
)
OPENAI_MAX_TOKENS = _openai(
    "openai",
    400,
    "bad_param",
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "invalid_request_error",
    "unsupported_parameter",
    param="max_tokens",
)
OPENAI_TEMPERATURE = _openai(
    "openai",
    400,
    "bad_param",
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
    "invalid_request_error",
    "unsupported_value",
    param="temperature",
)
OPENAI_POLICY = _openai(
    "openai",
    400,
    "content_policy",
    "Your request was rejected as a result of our safety system.",
    "invalid_request_error",
    "content_policy_violation",
)
OPENAI_TPM = _openai(
    "openai",
    429,
    "rate_limited",
    "Rate limit reached for gpt-test in organization org-test on tokens per min (TPM): "
    "Limit 30000, Used 29800, Requested 3406. Please try again in 6.412s.",
    "tokens",
    "rate_limit_exceeded",
    (*_OPENAI_LIMITS, ("retry-after", "7"), ("retry-after-ms", "6412")),
)
OPENAI_RPD = _openai(
    "openai",
    429,
    "quota_exhausted",
    "Rate limit reached for gpt-test in organization org-test on requests per day "
    "(RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
    "requests",
    "rate_limit_exceeded",
    (
        ("x-ratelimit-limit-requests", "200"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "7m12s"),
        ("retry-after", "432"),
    ),
)
OPENAI_TOO_LARGE = _openai(
    "openai",
    429,
    "too_large",
    "Request too large for gpt-test in organization org-test on tokens per min (TPM): "
    "Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.",
    "tokens",
    "rate_limit_exceeded",
    _OPENAI_LIMITS,
)
OPENAI_NO_CREDIT = _openai(
    "openai",
    429,
    "no_credit",
    "You exceeded your current quota, please check your plan and billing details. For "
    "more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    "insufficient_quota",
    "insufficient_quota",
)
OPENAI_OVERLOADED = _openai(
    "openai",
    503,
    "overloaded",
    "The engine is currently overloaded, please try again later",
    "server_error",
    "server_is_overloaded",
)
OPENAI_500 = _openai(
    "openai",
    500,
    "server_error",
    "The server had an error while processing your request. Sorry about that!",
    "server_error",
    None,
)

# --- Anthropic -------------------------------------------------------------------------------------------------------


def _anthropic(status: int, verdict: str, type_: str, message: str, headers: Pairs = ()) -> Recorded:
    value = {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_test"}
    return _json("anthropic", status, verdict, value, headers)


ANTHROPIC_KEY = _anthropic(401, "dead_key", "authentication_error", "invalid x-api-key")
ANTHROPIC_CONTEXT = _anthropic(
    400, "context_exceeded", "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"
)
ANTHROPIC_CREDIT = _anthropic(
    400,
    "no_credit",
    "invalid_request_error",
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
)
ANTHROPIC_BILLING = _anthropic(402, "no_credit", "billing_error", "There is an issue with your billing information.")
ANTHROPIC_RATE = _anthropic(
    429,
    "rate_limited",
    "rate_limit_error",
    "This request would exceed your account's rate limit. Please try again later.",
    (
        ("retry-after", "14"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-11-20T21:00:00Z"),
    ),
)
ANTHROPIC_OVERLOADED = _anthropic(529, "overloaded", "overloaded_error", "Overloaded")
ANTHROPIC_TOO_LARGE = _anthropic(413, "too_large", "request_too_large", "Request exceeds the maximum allowed number of bytes.")

# --- Gemini (its OpenAI-compatible endpoint answers errors as an array of one) ---------------------------------------

_RPC = "type.googleapis.com/google.rpc."


def _gemini(
    status: int, verdict: str, name: str, message: str, details: Sequence[dict[str, Any]] = (), in_array: bool = True
) -> Recorded:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = list(details)
    return _json("gemini", status, verdict, [{"error": error}] if in_array else {"error": error})


def _violation(quota_id: str, value: str) -> dict[str, Any]:
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": "gemini-test"},
        "quotaValue": value,
    }
    return {"@type": _RPC + "QuotaFailure", "violations": [violation]}


def _retry_in(delay: str) -> dict[str, Any]:
    return {"@type": _RPC + "RetryInfo", "retryDelay": delay}


_GEMINI_QUOTA = "You exceeded your current quota, please check your plan and billing details. "
GEMINI_PER_MINUTE = _gemini(
    429,
    "rate_limited",
    "RESOURCE_EXHAUSTED",
    _GEMINI_QUOTA + "Please retry in 20.223571498s.",
    [_violation("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "15"), _retry_in("20.223571498s")],
)
GEMINI_PER_DAY = _gemini(
    429,
    "quota_exhausted",
    "RESOURCE_EXHAUSTED",
    _GEMINI_QUOTA + "Please retry in 10h17m5.7s.",
    [_violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20"), _retry_in("20s")],
)
GEMINI_LIMIT_ZERO = _gemini(
    429,
    "model_unavailable",
    "RESOURCE_EXHAUSTED",
    _GEMINI_QUOTA + "Quota exceeded for metric: requests, limit: 0",
    [_violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0"), _retry_in("36922.5s")],
)
GEMINI_BARE = _gemini(
    429, "rate_limited", "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", in_array=False
)
GEMINI_KEY = _gemini(
    400,
    "dead_key",
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    [{"@type": _RPC + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
)
GEMINI_LEAKED = _gemini(
    403, "dead_key", "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."
)
GEMINI_REGION = _gemini(400, "dead_key", "FAILED_PRECONDITION", "User location is not supported for the API use.")
GEMINI_CONTEXT = _gemini(
    400,
    "context_exceeded",
    "INVALID_ARGUMENT",
    "The input token count (1200345) exceeds the maximum number of tokens allowed (1048576).",
)
GEMINI_PARAMETER = _gemini(
    400, "bad_param", "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "logit_bias": Cannot find field.'
)
GEMINI_NO_MODEL = _gemini(404, "model_unavailable", "NOT_FOUND", "models/gemini-test is not found for API version v1main.")
GEMINI_OVERLOADED = _gemini(503, "overloaded", "UNAVAILABLE", "The model is overloaded. Please try again later.")

# --- OpenRouter ------------------------------------------------------------------------------------------------------


def _openrouter(
    status: int, verdict: str, message: str, metadata: dict[str, Any] | None = None, headers: Pairs = ()
) -> Recorded:
    error: dict[str, Any] = {"message": message, "code": status}
    if metadata is not None:
        error["metadata"] = metadata
    return _json("openrouter", status, verdict, {"error": error, "user_id": "user_test"}, headers)


def _openrouter_limit(limit: str, reset_ms: str) -> tuple[tuple[str, str], ...]:
    return (("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset_ms))


OPENROUTER_FREE_DAY = _openrouter(
    429,
    "quota_exhausted",
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
    {"headers": dict(_openrouter_limit("50", "1795219200000")), "provider_name": None},
    _openrouter_limit("50", "1795219200000"),
)
OPENROUTER_FREE_MINUTE = _openrouter(
    429,
    "rate_limited",
    "Rate limit exceeded: free-models-per-min. ",
    {"headers": dict(_openrouter_limit("20", "1795132860000")), "provider_name": None},
    _openrouter_limit("20", "1795132860000"),
)
OPENROUTER_UPSTREAM = _openrouter(
    429,
    "rate_limited",
    "Provider returned error",
    {
        "raw": "some/model:free is temporarily rate-limited upstream. Please retry shortly, or add your own key to "
        "accumulate your rate limits",
        "provider_name": "Emulated",
        "is_byok": False,
    },
)
OPENROUTER_AFFORD = _openrouter(
    402,
    "no_credit",
    "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but "
    "can only afford 2666. To increase, visit https://openrouter.ai/settings/credits",
    {"provider_name": None},
)
OPENROUTER_PROMPT_LIMIT = _openrouter(402, "too_large", "Prompt tokens limit exceeded: 69120 > 36608.")
OPENROUTER_IN_FLIGHT = _openrouter(
    402,
    "rate_limited",
    "Too many requests in flight for your remaining credits.",
    {"limit_source": "openrouter_in_flight_budget"},
    (("Retry-After", "3"),),
)
OPENROUTER_NO_CREDIT = _openrouter(
    402, "no_credit", "Insufficient credits. Add more using https://openrouter.ai/settings/credits"
)
OPENROUTER_KEY = _openrouter(401, "dead_key", "User not found.")
OPENROUTER_KEY_LIMIT = _openrouter(403, "quota_exhausted", "Key limit exceeded (daily limit).")
OPENROUTER_MODERATION = _openrouter(
    403,
    "content_policy",
    "Input was flagged by the provider's moderation",
    {"reasons": ["violence"], "flagged_input": "…", "provider_name": "Emulated", "model_slug": "some/model"},
)
OPENROUTER_NO_TOOLS = _openrouter(404, "model_unavailable", "No endpoints found that support tool use.")
OPENROUTER_DATA_POLICY = _openrouter(
    404, "model_unavailable", "No endpoints found matching your data policy (Free model publication)."
)
OPENROUTER_NO_MODEL = _openrouter(400, "model_unavailable", "some/model-typo is not a valid model ID")
OPENROUTER_502 = _openrouter(
    502, "server_error", "Provider returned error", {"raw": "error code: 502", "provider_name": "Emulated"}
)
OPENROUTER_503 = _openrouter(503, "server_error", "No instances available", headers=(("Retry-After", "30"),))

# --- Groq ------------------------------------------------------------------------------------------------------------

_GROQ_LIMITS = (
    ("x-ratelimit-limit-requests", "1000"),
    ("x-ratelimit-limit-tokens", "8000"),
    ("x-ratelimit-remaining-requests", "871"),
    ("x-ratelimit-remaining-tokens", "12"),
    ("x-ratelimit-reset-requests", "3h5m45.6s"),
    ("x-ratelimit-reset-tokens", "59.91s"),
)
_GROQ_IN = "Rate limit reached for model `openai/gpt-oss-120b` in organization `org_test` service tier `on_demand` on "
_GROQ_MORE = " Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
GROQ_TPM = _openai(
    "groq",
    429,
    "rate_limited",
    _GROQ_IN + "tokens per minute (TPM): Limit 8000, Used 7988, Requested 1205. Please try again in 8.947s." + _GROQ_MORE,
    "tokens",
    "rate_limit_exceeded",
    (*_GROQ_LIMITS, ("retry-after", "9")),
)
GROQ_RPM = _openai(
    "groq",
    429,
    "rate_limited",
    _GROQ_IN + "requests per minute (RPM): Limit 30, Used 30, Requested 1. Please try again in 2s." + _GROQ_MORE,
    "requests",
    "rate_limit_exceeded",
    (*_GROQ_LIMITS, ("retry-after", "2")),
)
GROQ_TPD = _openai(
    "groq",
    429,
    "quota_exhausted",
    _GROQ_IN + "tokens per day (TPD): Limit 200000, Used 199336, Requested 1205. Please try again in 3m53.712s." + _GROQ_MORE,
    "tokens",
    "rate_limit_exceeded",
    (*_GROQ_LIMITS, ("retry-after", "234")),
)
GROQ_RPD = _openai(
    "groq",
    429,
    "quota_exhausted",
    _GROQ_IN + "requests per day (RPD): Limit 1000, Used 1000, Requested 1. Please try again in 1m26.4s." + _GROQ_MORE,
    "requests",
    "rate_limit_exceeded",
    (
        ("x-ratelimit-limit-requests", "1000"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1m26.4s"),
        ("retry-after", "87"),
    ),
)
GROQ_TOO_LARGE = _openai(
    "groq",
    413,
    "too_large",
    "Request too large for model `openai/gpt-oss-120b` in organization `org_test` service "
    "tier `on_demand` on tokens per minute (TPM): Limit 8000, Requested 9500, please reduce your message size and try "
    "again." + _GROQ_MORE,
    "tokens",
    "rate_limit_exceeded",
)
GROQ_CAPACITY = _openai(
    "groq",
    498,
    "overloaded",
    "Flex tier capacity exceeded for model `openai/gpt-oss-120b`.",
    "flex",
    "capacity_exceeded",
)
GROQ_DECOMMISSIONED = _openai(
    "groq",
    400,
    "model_unavailable",
    "The model `llama-test` has been decommissioned and is no longer supported.",
    "invalid_request_error",
    "model_decommissioned",
)
GROQ_NO_MODEL = _openai(
    "groq",
    404,
    "model_unavailable",
    "The model `llama-test` does not exist or you do not have access to it.",
    "invalid_request_error",
    "model_not_found",
)
GROQ_TOOL_USE = _json(
    "groq",
    400,
    "bad_request",
    {
        "error": {
            "message": "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
            "type": "invalid_request_error",
            "code": "tool_use_failed",
            "failed_generation": '<function=look_up>{"q": </function>',
        }
    },
)
GROQ_PARAMETER = _openai(
    "groq", 400, "bad_param", "property 'logprobs' is unsupported", "invalid_request_error", None, param="logprobs"
)
GROQ_KEY = _openai("groq", 401, "dead_key", "Invalid API Key", "invalid_request_error", "invalid_api_key")

# --- Cerebras (no envelope around the error) -------------------------------------------------------------------------


def _cerebras(
    status: int, verdict: str, message: str, type_: str, code: str, param: str | None = None, headers: Pairs = ()
) -> Recorded:
    value = {"message": message, "type": type_, "param": param, "code": code}
    return _json("cerebras", status, verdict, value, headers)


_CEREBRAS_DAY = (
    ("x-ratelimit-limit-requests-day", "14400"),
    ("x-ratelimit-remaining-requests-day", "0"),
    ("x-ratelimit-reset-requests-day", "33011.382867078"),
    ("x-ratelimit-limit-tokens-minute", "60000"),
    ("x-ratelimit-remaining-tokens-minute", "60000"),
    ("x-ratelimit-reset-tokens-minute", "11.382867078"),
)
CEREBRAS_TOKENS = _cerebras(
    429,
    "rate_limited",
    "Tokens per minute limit exceeded - too many tokens processed.",
    "too_many_tokens_error",
    "token_quota_exceeded",
    "quota",
    (
        ("x-ratelimit-limit-tokens-minute", "60000"),
        ("x-ratelimit-remaining-tokens-minute", "0"),
        ("x-ratelimit-reset-tokens-minute", "11.382867078"),
    ),
)
CEREBRAS_DAY = _cerebras(
    429,
    "quota_exhausted",
    "Requests per day limit exceeded - too many requests sent.",
    "too_many_requests_error",
    "request_quota_exceeded",
    "quota",
    _CEREBRAS_DAY,
)
CEREBRAS_QUEUE = _cerebras(
    429,
    "overloaded",
    "We're experiencing high traffic right now! Please try again soon.",
    "too_many_requests_error",
    "queue_exceeded",
    "queue",
)
CEREBRAS_PAYMENT = _cerebras(402, "no_credit", "Payment required", "payment_required_error", "payment_required")
CEREBRAS_CONTEXT = _cerebras(
    400,
    "context_exceeded",
    "Please reduce the length of the messages or completion. Current length is 70211 while limit is 65536",
    "invalid_request_error",
    "context_length_exceeded",
    "messages",
)
CEREBRAS_PARAMETER = _cerebras(
    400,
    "bad_param",
    "body: property 'frequency_penalty' is unsupported",
    "invalid_request_error",
    "wrong_api_format",
    "validation_error",
)
CEREBRAS_KEY = _cerebras(401, "dead_key", "Wrong API Key", "invalid_request_error", "wrong_api_key", "api_key")
CEREBRAS_NO_MODEL = _cerebras(
    404,
    "model_unavailable",
    "Model llama-test does not exist or you do not have access to it.",
    "not_found_error",
    "model_not_found",
    "model",
)

# --- SambaNova -------------------------------------------------------------------------------------------------------


def _sambanova(status: int, verdict: str, message: str, type_: str, code: str | None, headers: Pairs = ()) -> Recorded:
    error = {"message": message, "type": type_, "param": None, "code": code}
    return _json("sambanova", status, verdict, {"error": error, "request_id": "00000000-test"}, headers)


_SAMBANOVA_DAY = (
    ("x-ratelimit-limit-requests", "20"),
    ("x-ratelimit-remaining-requests", "7"),
    ("x-ratelimit-reset-requests", "34"),
    ("x-ratelimit-limit-requests-day", "20"),
    ("x-ratelimit-remaining-requests-day", "0"),
    ("x-ratelimit-reset-requests-day", "1795219200"),
)
_SAMBANOVA_MINUTE = (
    ("x-ratelimit-limit-requests", "20"),
    ("x-ratelimit-remaining-requests", "0"),
    ("x-ratelimit-reset-requests", "34"),
    ("x-ratelimit-limit-requests-day", "12000"),
    ("x-ratelimit-remaining-requests-day", "11980"),
    ("x-ratelimit-reset-requests-day", "1795219200"),
)
SAMBANOVA_MINUTE = _sambanova(
    429, "rate_limited", "Rate limit exceeded", "rate_limit_exceeded", "rate_limit_exceeded", _SAMBANOVA_MINUTE
)
SAMBANOVA_DAY = _sambanova(
    429, "quota_exhausted", "Rate limit exceeded", "rate_limit_exceeded", "rate_limit_exceeded", _SAMBANOVA_DAY
)
SAMBANOVA_PAYMENT = _sambanova(
    402,
    "no_credit",
    "A payment method is required. Add one at cloud.sambanova.ai/plans/billing",
    "payment_required",
    "PAYMENT_METHOD_REQUIRED",
)
SAMBANOVA_TIER = _sambanova(422, "model_unavailable", "Couldn't find valid service tier", "invalid_request_error", None)
SAMBANOVA_CONTEXT = _sambanova(
    400,
    "context_exceeded",
    "The maximum context length of the model is 32768. However, answering your request will "
    "take 34000 tokens. Please reduce the length of the messages.",
    "invalid_request_error",
    "context_length_exceeded",
)
SAMBANOVA_GONE = _sambanova(410, "model_unavailable", "Model has been removed", "invalid_request_error", None)
SAMBANOVA_MAINTENANCE = _sambanova(503, "model_unavailable", "Model is under maintenance", "service_unavailable", None)
SAMBANOVA_QUEUE = _sambanova(504, "overloaded", "Request expired in the queue", "timeout", None)

# --- Mistral ---------------------------------------------------------------------------------------------------------


def _mistral(
    status: int, verdict: str, message: Any, type_: str, code: str | None, headers: Pairs = (), param: str | None = None
) -> Recorded:
    value = {"object": "error", "message": message, "type": type_, "param": param, "code": code}
    return _json("mistral", status, verdict, value, headers)


MISTRAL_EXTRA = _mistral(
    422,
    "bad_param",
    {
        "detail": [
            {
                "type": "extra_forbidden",
                "loc": ["body", "messages", 0, "user", "name"],
                "msg": "Extra inputs are not permitted",
                "input": "ada",
            }
        ]
    },
    "invalid_request_error",
    None,
)
MISTRAL_RATE = _mistral(
    429,
    "rate_limited",
    "Requests rate limit exceeded",
    "rate_limited",
    "1300",
    (
        ("x-ratelimit-limit-req-minute", "60"),
        ("x-ratelimit-remaining-req-minute", "0"),
        ("x-ratelimit-limit-tokens-minute", "500000"),
        ("x-ratelimit-remaining-tokens-minute", "480000"),
        ("mistral-correlation-id", "00000000-test"),
    ),
)
MISTRAL_RATE_OLD = _mistral(
    429,
    "rate_limited",
    "Requests rate limit exceeded",
    "rate_limited",
    "1300",
    (("ratelimitbysize-limit", "500000"), ("ratelimitbysize-remaining", "0"), ("ratelimitbysize-reset", "40")),
)
MISTRAL_MONTH = _mistral(429, "quota_exhausted", "You have reached your usage limit for this month", "rate_limited", None)
MISTRAL_CAPACITY = _mistral(
    429, "overloaded", "Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505"
)
MISTRAL_KEY = _json("mistral", 401, "dead_key", {"detail": "Unauthorized"})
MISTRAL_ORDER = _mistral(
    400, "bad_request", "Unexpected role 'user' after role 'tool'", "invalid_request_message_order", "3230"
)
MISTRAL_CALL_ID = _mistral(
    400,
    "bad_request",
    "Tool call id was call_test00001 but must be a-z, A-Z, 0-9, with a length of 9.",
    "invalid_function_call",
    "3280",
)
MISTRAL_NO_MODEL = _mistral(400, "model_unavailable", "Invalid model: mistral-test", "invalid_model", "1500")

# --- Cohere ----------------------------------------------------------------------------------------------------------


def _cohere(status: int, verdict: str, message: str) -> Recorded:
    return _json("cohere", status, verdict, {"id": "00000000-0000-0000-0000-000000000000", "message": message})


_COHERE_TRIAL = (
    "You are using a Trial key, which is limited to {}. You can continue to use the Trial key for free or "
    "upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'."
)
COHERE_MONTH = _cohere(429, "quota_exhausted", _COHERE_TRIAL.format("1000 API calls / month"))
COHERE_MINUTE = _cohere(429, "rate_limited", _COHERE_TRIAL.format("20 API calls / minute"))
COHERE_WAIT = _cohere(429, "rate_limited", "Please wait and try again later")
COHERE_KEY = _cohere(401, "dead_key", "invalid api token")
COHERE_BILLING = _cohere(402, "no_credit", "You have reached your billing limit.")
COHERE_CONTEXT = _cohere(400, "context_exceeded", "too many tokens: size limit exceeded by 4211 tokens")
COHERE_BLOCKED = _cohere(498, "content_policy", "blocked input")

# --- Z.ai ------------------------------------------------------------------------------------------------------------


def _zai(status: int, verdict: str, code: str, message: str) -> Recorded:
    return _json("zai", status, verdict, {"error": {"code": code, "message": message}})


ZAI_KEY = _zai(401, "dead_key", "1000", "Authentication Failed")
ZAI_BALANCE = _zai(429, "no_credit", "1113", "Insufficient balance or no resource package. Please recharge.")
ZAI_NO_MODEL = _zai(400, "model_unavailable", "1211", "Unknown Model, please check the model code.")
ZAI_PARAMETER = _zai(400, "bad_param", "1210", "Invalid API parameter, please check the documentation.")
ZAI_POLICY = _zai(400, "content_policy", "1301", "System detected potentially unsafe or sensitive content.")
ZAI_CONCURRENCY = _zai(429, "rate_limited", "1302", "High concurrency usage of this API, please reduce concurrency.")
ZAI_RATE = _zai(429, "rate_limited", "1305", "Rate limit reached for requests")
ZAI_DAY = _zai(429, "quota_exhausted", "1304", "Daily call limit for this API reached.")
ZAI_PLAN = _zai(429, "quota_exhausted", "1308", "Usage limit reached for 5 hour, will reset at 2026-11-20 23:00:00")
ZAI_OVERLOADED = _zai(429, "overloaded", "1312", "The model is currently experiencing high traffic.")

# --- NVIDIA ----------------------------------------------------------------------------------------------------------

NVIDIA_RATE = _json("nvidia", 429, "rate_limited", {"status": 429, "title": "Too Many Requests"})
NVIDIA_DEGRADED = _json(
    "nvidia",
    400,
    "model_unavailable",
    {"status": 400, "title": "Bad Request", "detail": "Function id 'test': DEGRADED function cannot be invoked"},
)
NVIDIA_NOT_ENTITLED = _json(
    "nvidia",
    404,
    "model_unavailable",
    {"status": 404, "title": "Not Found", "detail": "Function 'test': Not found for account 'test'"},
)
NVIDIA_GONE = _json(
    "nvidia",
    410,
    "model_unavailable",
    {"status": 410, "title": "Gone", "detail": "The model has reached its end of life on 2026-08-01."},
)
NVIDIA_EXTRA = _json("nvidia", 422, "bad_param", {"detail": "body -> frequency_penalty\n  Extra inputs are not permitted"})
NVIDIA_PARAMETER = _json("nvidia", 400, "bad_param", {"detail": "Validation: Unsupported parameter(s): thinking"})
NVIDIA_SINGLE_CALLS = _openai(
    "nvidia", 400, "bad_param", "This model only supports single tool-calls at once!", "BadRequestError", None
)
NVIDIA_WORKERS = _json(
    "nvidia", 503, "overloaded", {"detail": "ResourceExhausted: Worker local total request limit reached (33/32)"}
)
NVIDIA_KEY = _json("nvidia", 403, "dead_key", {"status": 403, "title": "Forbidden", "detail": "Authorization failed"})

# --- Hugging Face ----------------------------------------------------------------------------------------------------

HUGGINGFACE_CREDITS = _json(
    "huggingface",
    402,
    "quota_exhausted",
    {
        "error": "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x "
        "more monthly included credits."
    },
)
HUGGINGFACE_KEY = _json("huggingface", 401, "dead_key", {"error": "Invalid username or password."})
HUGGINGFACE_SCOPE = _json(
    "huggingface",
    403,
    "dead_key",
    {
        "error": "This authentication method does not have sufficient permissions to call Inference Providers on behalf "
        "of user test"
    },
)
HUGGINGFACE_NO_MODEL = _openai(
    "huggingface",
    400,
    "model_unavailable",
    "The requested model 'some/model' is not supported by any provider you have enabled.",
    "invalid_request_error",
    "model_not_supported",
    param="model",
)

# --- Kimi and Moonshot -----------------------------------------------------------------------------------------------

KIMI_KEY = _openai(
    "kimi",
    401,
    "dead_key",
    "The API Key appears to be invalid or may have expired. Please verify your credentials.",
    "invalid_authentication_error",
    None,
)
KIMI_MEMBERSHIP = _openai(
    "kimi", 402, "no_credit", "We're unable to verify your membership benefits at this time.", "access_error", None
)
KIMI_CYCLE = _openai(
    "kimi",
    403,
    "quota_exhausted",
    "You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle.",
    "access_terminated_error",
    None,
)
KIMI_AGENTS_ONLY = _openai(
    "kimi",
    403,
    "dead_key",
    "Kimi For Coding is currently only available for Coding Agents such as the CLI.",
    "access_terminated_error",
    None,
)
KIMI_RATE = _openai(
    "kimi",
    429,
    "rate_limited",
    "We're receiving too many requests at the moment. Please wait and try again.",
    "rate_limit_reached_error",
    None,
)
KIMI_PERIOD = _openai(
    "kimi",
    429,
    "quota_exhausted",
    "You've reached your usage limit for this period. Your quota will be refreshed in the next period.",
    "rate_limit_reached_error",
    None,
)
KIMI_OVERLOADED = _openai(
    "kimi",
    429,
    "overloaded",
    "The engine is currently overloaded, please try again later",
    "engine_overloaded_error",
    None,
)
MOONSHOT_BALANCE = _openai(
    "kimi",
    429,
    "no_credit",
    "Your account org-test is suspended, please check your plan and billing details",
    "exceeded_current_quota_error",
    None,
)
MOONSHOT_CONTEXT = _openai(
    "kimi",
    400,
    "context_exceeded",
    "Invalid request: Your request exceeded model token limit: 262144",
    "invalid_request_error",
    None,
)
MOONSHOT_POLICY = _openai(
    "kimi",
    400,
    "content_policy",
    "The request was rejected because it was considered high risk",
    "content_filter",
    None,
)

# --- GitHub Models (retired) -----------------------------------------------------------------------------------------

GITHUB_DAY = _json(
    "github_models",
    429,
    "quota_exhausted",
    {
        "error": {
            "code": "RateLimitReached",
            "message": "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 52220 seconds before retrying.",
            "details": "",
        }
    },
    (("retry-after", "52220"), ("x-ratelimit-type", "UserByModelByDay"), ("x-ratelimit-timeremaining", "52220")),
)
GITHUB_TOO_LARGE = _json(
    "github_models",
    413,
    "too_large",
    {
        "error": {
            "code": "tokens_limit_reached",
            "message": "Request body too large for gpt-test model. Max size: 8000 tokens.",
        }
    },
)
GITHUB_RETIRED = _openai(
    "github_models",
    410,
    "provider_gone",
    "GitHub Models has been retired.",
    "gone",
    "github_models_retirement_brownout",
)
GITHUB_SUNSET = Recorded(
    "github_models",
    403,
    "provider_gone",
    b"",
    (
        ("deprecation", "@1781568000"),
        ("sunset", "Thu, 30 Jul 2026 00:00:00 GMT"),
        ("link", '<https://github.blog/changelog/>; rel="deprecation"'),
    ),
)

# --- Local servers ---------------------------------------------------------------------------------------------------

OLLAMA_NO_MODEL = _openai("local", 404, "model_unavailable", "model 'llama-test' not found", "api_error", None)
OLLAMA_BUSY = _openai(
    "local", 503, "overloaded", "server busy, please try again.  maximum pending requests exceeded", "api_error", None
)
LLAMACPP_LOADING = _json(
    "local", 503, "overloaded", {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
)
LLAMACPP_CONTEXT = _json(
    "local",
    400,
    "context_exceeded",
    {
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 9001,
            "n_ctx": 8192,
        }
    },
)

# --- Anything in between ---------------------------------------------------------------------------------------------

PLAIN_502 = Recorded(
    "gateway",
    502,
    "server_error",
    b"<html><head><title>502 Bad Gateway</title></head><body></body></html>",
    content_type="text/html",
)
PLAIN_503 = Recorded(
    "gateway",
    503,
    "server_error",
    b"upstream connect error or disconnect/reset before headers. reset reason: overflow",
    content_type="text/plain",
)
CLOUDFLARE_1015 = Recorded("gateway", 429, "rate_limited", b"error code: 1015", content_type="text/plain")
CLOUDFLARE_413 = Recorded(
    "gateway",
    413,
    "too_large",
    b"<html><head><title>413 Payload Too Large</title></head></html>",
    content_type="text/html",
)
EMPTY_500 = Recorded("gateway", 500, "server_error", b"", content_type="text/plain")
BARE_429 = Recorded("gateway", 429, "rate_limited", b"", content_type="text/plain")
BARE_429_DATE = Recorded(
    "gateway", 429, "rate_limited", b"", (("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),), content_type="text/plain"
)

RECORDED: dict[str, Recorded] = {name: value for name, value in globals().items() if isinstance(value, Recorded)}
