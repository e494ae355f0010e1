"""Refusals as providers sent them, and what each means. Keys, accounts and ids are made up; the shapes are not.

Each row: who, status, headers, body → verdict, and what else must be read. Times count from NOW, a Friday at 20:00 UTC:
four hours before midnight UTC, twelve before midnight in California, twenty before midnight in Shanghai.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from hrd.core.failures import REPLAYED_REASONING, UNSIGNED_CALLS, UNTAKEN_STRICTNESS, HintSource, Verdict

NOW: Final = datetime(2026, 11, 20, 20, 0, tzinfo=UTC).timestamp()

HOUR: Final = 3600.0
TO_UTC_MIDNIGHT: Final = 4 * HOUR
TO_PACIFIC_MIDNIGHT: Final = 12 * HOUR
TO_SHANGHAI_MIDNIGHT: Final = 20 * HOUR
TO_DECEMBER: Final = 10 * 86400.0 + TO_UTC_MIDNIGHT

ZONES: Final = {"gemini": "America/Los_Angeles", "zai": "Asia/Shanghai"}

HEADER, BODY, GUESS = HintSource.HEADER, HintSource.BODY, HintSource.GUESS


class Row(NamedTuple):
    """One recorded refusal. `wait_s` None: no moment was said."""

    name: str
    reader: str
    status: int
    body: bytes
    verdict: Verdict
    headers: dict[bytes, bytes] = {}  # noqa: RUF012 (a tuple's default, never changed)
    wait_s: float | None = None
    source: HintSource = GUESS
    scope: str = ""
    param: str = ""
    affordable: int = 0
    ceiling: int = 0
    account: str = ""


def _openai(message: str, *, code: str = "", kind: str = "invalid_request_error", param: str = "null") -> bytes:
    shown = f'"{param}"' if param != "null" else "null"
    return f'{{"error":{{"message":"{message}","type":"{kind}","param":{shown},"code":"{code}"}}}}'.encode()


def _gemini(code: int, status: str, message: str, details: str = "") -> bytes:
    return f'[{{"error":{{"code":{code},"message":"{message}","status":"{status}","details":[{details}]}}}}]'.encode()


def _violation(quota_id: str, value: str, delay: str) -> str:
    return (
        '{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.'
        f'googleapis.com/generate_content_free_tier_requests","quotaId":"{quota_id}","quotaDimensions":'
        f'{{"location":"global","model":"gemini-2.5-flash-lite"}},"quotaValue":"{value}"}}]}},'
        '{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Learn more",'
        '"url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]},'
        f'{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}'
    )


_GEMINI_QUOTA: Final = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)

OPENAI: Final = (
    Row(
        "wrong key",
        "openai",
        401,
        _openai("Incorrect API key provided: sk-test-***-1. You can find your API key at https://x.", code="invalid_api_key"),
        Verdict.REJECTED,
    ),
    Row(
        "deactivated",
        "openai",
        401,
        _openai("The account associated with this API key has been deactivated.", code="account_deactivated"),
        Verdict.REVOKED,
    ),
    Row(
        "region",
        "openai",
        403,
        _openai(
            "Country, region, or territory not supported", code="unsupported_country_region_territory", kind="request_forbidden"
        ),
        Verdict.REJECTED,
    ),
    Row(
        "403 for a model is not the key's",
        "openai",
        403,
        _openai("Project `proj_made-up` does not have access to model `gpt-9`", code="model_not_found"),
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "unknown model",
        "openai",
        404,
        _openai("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found"),
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "context",
        "openai",
        400,
        _openai(
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 140311 tokens.",
            code="context_length_exceeded",
            param="messages",
        ),
        Verdict.CONTEXT_EXCEEDED,
        ceiling=128000,
    ),
    Row(
        "max_tokens of a reasoning model",
        "openai",
        400,
        _openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            code="unsupported_parameter",
            param="max_tokens",
        ),
        Verdict.BAD_PARAM,
        param="max_tokens",
    ),
    Row(
        "temperature of a reasoning model",
        "openai",
        400,
        _openai(
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) is supported.",
            code="unsupported_value",
            param="temperature",
        ),
        Verdict.BAD_PARAM,
        param="temperature",
    ),
    Row(
        "what is inside messages is not taken out",
        "openai",
        400,
        _openai("Unknown parameter: 'messages[0].reasoning'.", code="unknown_parameter", param="messages[0].reasoning"),
        Verdict.BAD_REQUEST,
    ),
    Row(
        "policy",
        "openai",
        400,
        _openai("Your request was rejected as a result of our safety system.", code="content_policy_violation"),
        Verdict.CONTENT_POLICY,
    ),
    Row(
        "requests a minute",
        "openai",
        429,
        _openai(
            "Rate limit reached for gpt-6-luna in organization org-madeup01 on requests per min (RPM): Limit 3, Used 3, "
            "Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/billing to add a payment method.",
            code="rate_limit_exceeded",
            kind="requests",
        ),
        Verdict.RATE_LIMITED,
        wait_s=20.0,
        source=BODY,
        scope="account_model",
        account="org-madeup01",
    ),
    Row(
        "milliseconds win over seconds",
        "openai",
        429,
        _openai("Rate limit reached", code="rate_limit_exceeded", kind="tokens"),
        Verdict.RATE_LIMITED,
        headers={b"retry-after-ms": b"1500", b"retry-after": b"2", b"openai-organization": b"org-madeup02"},
        wait_s=1.5,
        source=HEADER,
        account="org-madeup02",
    ),
    Row(
        "the window with nothing left",
        "openai",
        429,
        _openai("Rate limit reached", code="rate_limit_exceeded", kind="requests"),
        Verdict.RATE_LIMITED,
        headers={
            b"x-ratelimit-limit-requests": b"500",
            b"x-ratelimit-remaining-requests": b"0",
            b"x-ratelimit-reset-requests": b"6m0s",
            b"x-ratelimit-limit-tokens": b"30000",
            b"x-ratelimit-remaining-tokens": b"29000",
            b"x-ratelimit-reset-tokens": b"20m",
        },
        wait_s=360.0,
        source=HEADER,
    ),
    Row(
        "requests a day",
        "openai",
        429,
        _openai(
            "Rate limit reached for gpt-6-luna in organization org-madeup01 on requests per day (RPD): Limit 200, Used 200.",
            code="rate_limit_exceeded",
            kind="requests",
        ),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_UTC_MIDNIGHT,
        source=BODY,
        scope="account_model",
        account="org-madeup01",
    ),
    Row(
        "larger than the minute",
        "openai",
        429,
        _openai(
            "Request too large for gpt-6-luna in organization org-madeup01 on tokens per min (TPM): Limit 30000, "
            "Requested 30601.",
            code="rate_limit_exceeded",
            kind="tokens",
        ),
        Verdict.TOO_LARGE,
        ceiling=30000,
        account="org-madeup01",
    ),
    Row(
        "no credit",
        "openai",
        429,
        _openai(
            "You exceeded your current quota, please check your plan and billing details.",
            code="insufficient_quota",
            kind="insufficient_quota",
        ),
        Verdict.NO_CREDIT,
    ),
    Row("slow down", "openai", 503, _openai("Slow down", code="slow_down", kind="server_error"), Verdict.OVERLOADED),
    Row("gateway page", "openai", 502, b"<html><head><title>502 Bad Gateway</title></head></html>", Verdict.SERVER_ERROR),
)

GEMINI: Final = (
    Row(
        "a day's requests, with a RetryInfo that misleads",
        "gemini",
        429,
        _gemini(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA,
            _violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20", "20s"),
        ),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_PACIFIC_MIDNIGHT,
        source=BODY,
    ),
    Row(
        "a day's requests, with the true delay",
        "gemini",
        429,
        _gemini(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA + " Please retry in 10h17m5.7s.",
            _violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20", "37025.7s"),
        ),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=37025.7,
        source=BODY,
    ),
    Row(
        "a minute's requests",
        "gemini",
        429,
        _gemini(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA,
            _violation("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "15", "20.223571498s"),
        ),
        Verdict.RATE_LIMITED,
        wait_s=20.223571498,
        source=BODY,
    ),
    Row(
        "a tier without the model",
        "gemini",
        429,
        _gemini(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA,
            _violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0", "40s"),
        ),
        Verdict.MODEL_UNAVAILABLE,
        wait_s=40.0,
        source=BODY,
    ),
    Row(
        "no more than a sentence",
        "gemini",
        429,
        _gemini(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        Verdict.RATE_LIMITED,
    ),
    Row(
        "wrong key",
        "gemini",
        400,
        _gemini(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            '{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}',
        ),
        Verdict.REJECTED,
    ),
    Row(
        "leaked key",
        "gemini",
        403,
        _gemini(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
        Verdict.REVOKED,
    ),
    Row(
        "place",
        "gemini",
        400,
        _gemini(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        Verdict.REJECTED,
    ),
    Row(
        "context",
        "gemini",
        400,
        _gemini(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        ),
        Verdict.CONTEXT_EXCEEDED,
        ceiling=1048576,
    ),
    Row(
        "unknown field",
        "gemini",
        400,
        _gemini(
            400,
            "INVALID_ARGUMENT",
            'Invalid JSON payload received. Unknown name \\"logit_bias\\": Cannot find field.',
        ),
        Verdict.BAD_PARAM,
        param="logit_bias",
    ),
    Row(
        "unknown field inside the tools",
        "gemini",
        400,
        _gemini(
            400,
            "INVALID_ARGUMENT",
            "Invalid JSON payload received. Unknown name \\\"strict\\\" at 'tools[0].function': Cannot find field.",
        ),
        Verdict.BAD_REQUEST,
    ),
    Row(
        "signature lost",
        "gemini",
        400,
        _gemini(400, "INVALID_ARGUMENT", "Function call is missing a thought_signature in functionCall parts."),
        Verdict.BAD_PARAM,
        param=UNSIGNED_CALLS,
    ),
    Row("gone", "gemini", 404, _gemini(404, "NOT_FOUND", "models/gemini-2.0-flash is not found"), Verdict.MODEL_UNAVAILABLE),
    Row("busy", "gemini", 503, _gemini(503, "UNAVAILABLE", "The model is overloaded."), Verdict.OVERLOADED),
    Row("internal", "gemini", 500, _gemini(500, "INTERNAL", "Internal error encountered."), Verdict.SERVER_ERROR),
)

OPENROUTER: Final = (
    Row(
        "the day's free requests",
        "openrouter",
        429,
        b'{"error":{"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests '
        b'per day","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0",'
        b'"X-RateLimit-Reset":"1795219200000"},"provider_name":null}},"user_id":"user_madeup01"}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_UTC_MIDNIGHT,
        source=BODY,
        scope="free",
        account="user_madeup01",
    ),
    Row(
        "the same by header",
        "openrouter",
        429,
        b'{"error":{"message":"Rate limit exceeded: free-models-per-day-high-balance. ","code":429}}',
        Verdict.QUOTA_EXHAUSTED,
        headers={
            b"x-ratelimit-limit": b"1000",
            b"x-ratelimit-remaining": b"0",
            b"x-ratelimit-reset": b"1795219200000",
        },
        wait_s=TO_UTC_MIDNIGHT,
        source=HEADER,
        scope="free",
    ),
    Row(
        "the minute's free requests",
        "openrouter",
        429,
        b'{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429,"metadata":{"headers":'
        b'{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1795204830000"}}}}',
        Verdict.RATE_LIMITED,
        wait_s=30.0,
        source=BODY,
        scope="free",
    ),
    Row(
        "whoever runs the model",
        "openrouter",
        429,
        b'{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"nvidia/nemotron-3-super-120b-a12b:free '
        b'is temporarily rate-limited upstream. Please retry shortly.","provider_name":"Nvidia"}}}',
        Verdict.RATE_LIMITED,
        scope="model",
    ),
    Row(
        "a smaller reply",
        "openrouter",
        402,
        b'{"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but '
        b'can only afford 2666. To increase, visit https://openrouter.ai/settings/credits","code":402}}',
        Verdict.AFFORDABLE,
        affordable=2666,
    ),
    Row(
        "a smaller prompt",
        "openrouter",
        402,
        b'{"error":{"message":"Prompt tokens limit exceeded: 69120 > 36608. To increase, visit ...","code":402}}',
        Verdict.TOO_LARGE,
        ceiling=36608,
    ),
    Row(
        "in-flight budget",
        "openrouter",
        402,
        b'{"error":{"message":"Too much in flight","code":402,"metadata":{"limit_source":"openrouter_in_flight_budget"}}}',
        Verdict.RATE_LIMITED,
        headers={b"retry-after": b"7"},
        wait_s=7.0,
        source=HEADER,
        scope="paid",
    ),
    Row(
        "no credit",
        "openrouter",
        402,
        b'{"error":{"message":"Insufficient credits. Add more using https://openrouter.ai/settings/credits","code":402}}',
        Verdict.NO_CREDIT,
    ),
    Row(
        "less than none",
        "openrouter",
        402,
        b'{"error":{"message":"Your account has a negative balance; free models are stopped too","code":402}}',
        Verdict.NO_CREDIT_ALL,
    ),
    Row("wrong key", "openrouter", 401, b'{"error":{"message":"User not found.","code":401}}', Verdict.REJECTED),
    Row(
        "moderation",
        "openrouter",
        403,
        b'{"error":{"message":"Input was refused","code":403,"metadata":{"reasons":["violence"],"flagged_input":"free quota",'
        b'"provider_name":"X","model_slug":"y"}}}',
        Verdict.CONTENT_POLICY,
    ),
    Row(
        "the key's own budget",
        "openrouter",
        403,
        b'{"error":{"message":"Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys","code":403}}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_DECEMBER,
        source=BODY,
        scope="key_part",
    ),
    Row(
        "nobody takes tools",
        "openrouter",
        404,
        b'{"error":{"message":"No endpoints found that support tool use. Try disabling \\"search\\".","code":404}}',
        Verdict.MODEL_UNAVAILABLE,
        param="tools",
    ),
    Row(
        "nobody takes images",
        "openrouter",
        404,
        b'{"error":{"message":"No endpoints found that support image input","code":404}}',
        Verdict.MODEL_UNAVAILABLE,
        param="images",
    ),
    Row(
        "data policy",
        "openrouter",
        404,
        b'{"error":{"message":"No endpoints found matching your data policy (Free model publication).","code":404}}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "no such model",
        "openrouter",
        400,
        b'{"error":{"message":"nvidia/nothing is not a valid model ID","code":400}}',
        Verdict.MODEL_GONE,
    ),
    Row(
        "context, said by whoever runs the model",
        "openrouter",
        400,
        b'{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\\"error\\":{\\"message\\":\\"This '
        b'endpoint\'s maximum context length is 262144 tokens\\"}}","provider_name":"X"}}}',
        Verdict.CONTEXT_EXCEEDED,
        ceiling=262144,
    ),
    Row(
        "provider down",
        "openrouter",
        503,
        b'{"error":{"message":"No instances available","code":503}}',
        Verdict.SERVER_ERROR,
        headers={b"retry-after": b"3"},
        wait_s=3.0,
        source=HEADER,
    ),
)

_GROQ = (
    "Rate limit reached for model `openai/gpt-oss-120b` in organization `org_madeup01` service tier `on_demand` on tokens per "
)

GROQ: Final = (
    Row(
        "tokens a minute",
        "groq",
        429,
        _openai(
            _GROQ + "minute (TPM): Limit 8000, Used 6972, Requested 4351. Please try again in 5.289s. Need more tokens? "
            "Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
            code="rate_limit_exceeded",
            kind="tokens",
        ),
        Verdict.RATE_LIMITED,
        wait_s=5.289,
        source=BODY,
        scope="account_model",
        account="org_madeup01",
    ),
    Row(
        "tokens a day roll",
        "groq",
        429,
        _openai(
            _GROQ + "day (TPD): Limit 200000, Used 199000, Requested 2000. Please try again in 7m12s.",
            code="rate_limit_exceeded",
            kind="tokens",
        ),
        Verdict.QUOTA_EXHAUSTED,
        headers={b"retry-after": b"433"},
        wait_s=433.0,
        source=HEADER,
        scope="account_model",
        account="org_madeup01",
    ),
    Row(
        "larger than the minute",
        "groq",
        413,
        _openai(
            "Request too large for model `openai/gpt-oss-120b` in organization `org_madeup01` on tokens per minute (TPM): "
            "Limit 8000, Requested 9500, please reduce your message size and try again.",
            code="rate_limit_exceeded",
            kind="tokens",
        ),
        Verdict.TOO_LARGE,
        ceiling=8000,
        account="org_madeup01",
    ),
    Row("no capacity", "groq", 498, _openai("Flex tier capacity", code="capacity_exceeded"), Verdict.OVERLOADED),
    Row(
        "decommissioned",
        "groq",
        400,
        _openai("The model `llama-3.1-8b-instant` has been decommissioned.", code="model_decommissioned"),
        Verdict.MODEL_GONE,
    ),
    Row(
        "unknown model",
        "groq",
        404,
        _openai("The model `x` does not exist or you do not have access to it.", code="model_not_found"),
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "broken tool call",
        "groq",
        400,
        b'{"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed",'
        b'"failed_generation":"the context window of your credit balance per day"}}',
        Verdict.BAD_REQUEST,
    ),
    Row("wrong key", "groq", 401, _openai("Invalid API Key", code="invalid_api_key"), Verdict.REJECTED),
    Row(
        "restricted",
        "groq",
        400,
        _openai("Organization has been restricted. Please reach out to support.", code="organization_restricted"),
        Verdict.REVOKED,
    ),
    Row(
        "a name in messages",
        "groq",
        400,
        _openai(
            "'messages.0' : for 'role:user' the following must be satisfied[('messages.0' : property 'name' is unsupported)]"
        ),
        Verdict.BAD_REQUEST,
    ),
    Row(
        "a field",
        "groq",
        400,
        _openai("property 'frobnicate' is unsupported"),
        Verdict.BAD_PARAM,
        param="frobnicate",
    ),
)

CEREBRAS: Final = (
    Row(
        "tokens a minute, without a wrapper",
        "cerebras",
        429,
        b'{"message":"Tokens per minute limit exceeded - too many tokens processed.","type":"too_many_tokens_error",'
        b'"param":"quota","code":"token_quota_exceeded"}',
        Verdict.RATE_LIMITED,
        headers={
            b"x-ratelimit-limit-tokens-minute": b"60000",
            b"x-ratelimit-remaining-tokens-minute": b"0",
            b"x-ratelimit-reset-tokens-minute": b"33.382867078",
            b"x-ratelimit-limit-requests-day": b"14400",
            b"x-ratelimit-remaining-requests-day": b"14000",
            b"x-ratelimit-reset-requests-day": b"33011.382867078",
        },
        wait_s=33.382867078,
        source=HEADER,
    ),
    Row(
        "requests a day",
        "cerebras",
        429,
        b'{"message":"Requests per day limit exceeded - too many requests sent.","type":"too_many_requests_error",'
        b'"param":"quota","code":"request_quota_exceeded"}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_UTC_MIDNIGHT,
        source=BODY,
    ),
    Row(
        "requests an hour",
        "cerebras",
        429,
        b'{"message":"Requests per hour limit exceeded","type":"too_many_requests_error","code":"request_quota_exceeded"}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=HOUR,
        source=BODY,
    ),
    Row(
        "busy",
        "cerebras",
        429,
        b'{"message":"We\'re experiencing high traffic right now! Please try again soon.","code":"queue_exceeded"}',
        Verdict.OVERLOADED,
    ),
    Row("no credit", "cerebras", 402, b'{"message":"Payment required","code":"payment_required"}', Verdict.NO_CREDIT),
    Row(
        "context",
        "cerebras",
        400,
        b'{"message":"Please reduce the length of the messages or completion. Current length is 70000 while limit is 65536",'
        b'"type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}',
        Verdict.CONTEXT_EXCEEDED,
        ceiling=65536,
    ),
    Row(
        "a field",
        "cerebras",
        400,
        b'{"message":"body.frequency_penalty: property \'body.frequency_penalty\' is unsupported","type":'
        b'"invalid_request_error","param":"validation_error","code":"wrong_api_format"}',
        Verdict.BAD_PARAM,
        param="frequency_penalty",
    ),
    Row("wrong key", "cerebras", 401, b'{"message":"Wrong API Key","code":"wrong_api_key"}', Verdict.REJECTED),
    Row(
        "no model", "cerebras", 404, b'{"message":"Model x does not exist","code":"model_not_found"}', Verdict.MODEL_UNAVAILABLE
    ),
)

SAMBANOVA: Final = (
    Row(
        "no card",
        "sambanova",
        402,
        b'{"error":{"code":"PAYMENT_METHOD_REQUIRED","message":"A payment method is required. Add one at '
        b'https://cloud.sambanova.ai/plans/billing","type":"payment_required"},"request_id":"made-up","balance_units":0}',
        Verdict.NO_CREDIT,
    ),
    Row(
        "not in the tier",
        "sambanova",
        422,
        b'{"error":{"message":"Couldn\'t find valid service tier for model","type":"invalid_request_error"}}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row("removed", "sambanova", 410, b'{"error":{"message":"Model was removed"}}', Verdict.MODEL_GONE),
    Row("maintenance", "sambanova", 503, b'{"error":{"message":"Model in maintenance"}}', Verdict.MODEL_UNAVAILABLE),
    Row("queue", "sambanova", 504, b"", Verdict.OVERLOADED),
    Row("took too long", "sambanova", 408, b"", Verdict.SERVER_ERROR),
    Row(
        "a day's requests",
        "sambanova",
        429,
        b'{"error":{"message":"Rate limit exceeded","type":"rate_limit_exceeded"}}',
        Verdict.QUOTA_EXHAUSTED,
        headers={b"x-ratelimit-limit-requests-day": b"20", b"x-ratelimit-remaining-requests-day": b"0"},
        wait_s=TO_UTC_MIDNIGHT,
        source=GUESS,
    ),
    Row(
        "a minute's requests",
        "sambanova",
        429,
        b'{"error":{"message":"Rate limit exceeded","type":"rate_limit_exceeded"}}',
        Verdict.RATE_LIMITED,
        headers={b"x-ratelimit-remaining-requests-day": b"10"},
    ),
)

MISTRAL: Final = (
    Row(
        "a field",
        "mistral",
        422,
        b'{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","frobnicate"],"msg":"Extra inputs '
        b'are not permitted","input":"insufficient balance"}]},"type":"invalid_request_error","param":null,"code":null}',
        Verdict.BAD_PARAM,
        param="frobnicate",
    ),
    Row(
        "a field of a message",
        "mistral",
        422,
        b'{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","messages",0,"user","name"],"msg":'
        b'"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}',
        Verdict.BAD_REQUEST,
    ),
    Row(
        "limit",
        "mistral",
        429,
        b'{"object":"error","message":"Requests rate limit exceeded","type":"rate_limited","param":null,"code":"1300"}',
        Verdict.RATE_LIMITED,
    ),
    Row(
        "limit, newer",
        "mistral",
        429,
        b'{"message":"Rate limit exceeded","raw_status_code":429,"code":"1300"}',
        Verdict.RATE_LIMITED,
        headers={b"ratelimitbysize-limit": b"500000", b"ratelimitbysize-remaining": b"0", b"ratelimitbysize-reset": b"40"},
        wait_s=40.0,
        source=HEADER,
    ),
    Row(
        "no capacity",
        "mistral",
        429,
        b'{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error",'
        b'"param":null,"code":"3505"}',
        Verdict.OVERLOADED,
    ),
    Row("wrong key", "mistral", 401, b'{"detail":"Unauthorized"}', Verdict.REJECTED),
    Row(
        "the month's credit",
        "mistral",
        402,
        b'{"message":"You have reached your usage limit"}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_DECEMBER,
        source=GUESS,
    ),
    Row(
        "order of roles",
        "mistral",
        400,
        b'{"object":"error","message":"Expected last role User or Tool","type":"invalid_request_message_order","code":"3230"}',
        Verdict.BAD_REQUEST,
    ),
    Row(
        "context",
        "mistral",
        400,
        b'{"object":"error","message":"Prompt contains 140000 tokens, too large for model with 131072 maximum context length",'
        b'"type":"invalid_request_error","code":"3051"}',
        Verdict.CONTEXT_EXCEEDED,
    ),
    Row(
        "no model",
        "mistral",
        400,
        b'{"object":"error","message":"Invalid model: mistral-none","type":"invalid_model","param":null,"code":"1500"}',
        Verdict.MODEL_GONE,
    ),
)

COHERE: Final = (
    Row(
        "the month's calls",
        "cohere",
        429,
        b'{"id":"made-up","message":"You are using a Trial key, which is limited to 1000 API calls / month. You can continue '
        b'to use the Trial key for free or upgrade to a Production key with higher rate limits."}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_DECEMBER,
        source=BODY,
    ),
    Row(
        "the minute's calls",
        "cohere",
        429,
        b'{"id":"made-up","message":"You are using a Trial key, which is limited to 20 API calls / minute."}',
        Verdict.RATE_LIMITED,
    ),
    Row("later", "cohere", 429, b'{"message":"Please wait and try again later"}', Verdict.RATE_LIMITED),
    Row("wrong key", "cohere", 401, b'{"id":"made-up","message":"invalid api token"}', Verdict.REJECTED),
    Row("bill", "cohere", 402, b'{"message":"billing limit reached"}', Verdict.NO_CREDIT),
    Row("context", "cohere", 400, b'{"message":"too many tokens: total 140000"}', Verdict.CONTEXT_EXCEEDED),
    Row("at random", "cohere", 422, b'{"message":"your request resulted in an invalid tool generation"}', Verdict.BAD_REQUEST),
    Row("blocked", "cohere", 498, b'{"message":"blocked input"}', Verdict.CONTENT_POLICY),
    Row("cancelled", "cohere", 499, b'{"message":"request cancelled"}', Verdict.SERVER_ERROR),
    Row("gone", "cohere", 404, b'{"message":"model \'command\' was removed"}', Verdict.MODEL_UNAVAILABLE),
)


def _zai(code: str, message: str = "made up") -> bytes:
    return f'{{"error":{{"code":"{code}","message":"{message}"}}}}'.encode()


ZAI: Final = (
    Row("token", "zai", 401, _zai("1001"), Verdict.REJECTED),
    Row("arrears come as a 429", "zai", 429, _zai("1113", "Insufficient balance or no resource package"), Verdict.NO_CREDIT),
    Row("unknown model", "zai", 400, _zai("1211", "Unknown Model"), Verdict.MODEL_GONE),
    Row("plan without the model", "zai", 429, _zai("1311"), Verdict.MODEL_UNAVAILABLE),
    Row("concurrency", "zai", 429, _zai("1302", "High concurrency usage of this API"), Verdict.RATE_LIMITED),
    Row(
        "calls of the day",
        "zai",
        429,
        _zai("1304", "Call limit reached"),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_SHANGHAI_MIDNIGHT,
        source=GUESS,
    ),
    Row(
        "five hours",
        "zai",
        429,
        _zai("1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-21 06:30:00"),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=2.5 * HOUR,
        source=BODY,
    ),
    Row("overloaded", "zai", 500, _zai("1312"), Verdict.OVERLOADED),
    Row("prompt too long", "zai", 400, _zai("1261"), Verdict.CONTEXT_EXCEEDED),
    Row("unsafe", "zai", 400, _zai("1301"), Verdict.CONTENT_POLICY),
    Row("messages", "zai", 400, _zai("1214", "The messages parameter is illegal"), Verdict.BAD_REQUEST),
    Row("oversize", "zai", 435, b"", Verdict.TOO_LARGE),
)

NVIDIA: Final = (
    Row("limit", "nvidia", 429, b'{"status":429,"title":"Too Many Requests"}', Verdict.RATE_LIMITED),
    Row(
        "degraded comes as a 400",
        "nvidia",
        400,
        b'{"status":400,"title":"Bad Request","detail":"Function id \'made-up\': DEGRADED function cannot be invoked"}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "not entitled",
        "nvidia",
        404,
        b'{"status":404,"title":"Not Found","detail":"Function \'made-up\': Not found for account \'made-up\'"}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "end of life",
        "nvidia",
        410,
        b'{"status":410,"title":"Gone","detail":"The model \'x\' has reached its end of life on 2026-08-01"}',
        Verdict.MODEL_GONE,
    ),
    Row("no credits", "nvidia", 402, b'{"detail":"Account \'made-up\': Cloud credits expired"}', Verdict.NO_CREDIT),
    Row("wrong key", "nvidia", 403, b'{"status":403,"title":"Forbidden","detail":"Authorization failed"}', Verdict.REJECTED),
    Row(
        "worker full",
        "nvidia",
        500,
        b'{"detail":"ResourceExhausted: Worker local total request limit reached (33/32)"}',
        Verdict.OVERLOADED,
    ),
    Row(
        "a field, in FastAPI's words",
        "nvidia",
        422,
        b'{"detail":"body -> frequency_penalty\\n  Extra inputs are not permitted (type=extra_forbidden)"}',
        Verdict.BAD_PARAM,
        param="frequency_penalty",
    ),
    Row(
        "a field, in its own words",
        "nvidia",
        400,
        b'{"status":400,"detail":"Validation: Unsupported parameter(s): thinking"}',
        Verdict.BAD_PARAM,
        param="thinking",
    ),
    Row(
        "one tool at a time",
        "nvidia",
        400,
        b'{"detail":"This model only supports single tool-calls at once!"}',
        Verdict.BAD_PARAM,
        param="parallel_tool_calls",
    ),
)

HUGGINGFACE: Final = (
    Row(
        "the month's credit",
        "huggingface",
        402,
        b'{"error":"You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more '
        b'monthly included credits."}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=TO_DECEMBER,
        source=BODY,
    ),
    Row("wrong key", "huggingface", 401, b'{"error":"Invalid username or password."}', Verdict.REJECTED),
    Row(
        "token without the permission",
        "huggingface",
        403,
        b'{"error":"This authentication method does not have sufficient permissions to call Inference Providers on behalf of '
        b'user made-up"}',
        Verdict.REJECTED,
    ),
    Row(
        "no provider enabled",
        "huggingface",
        400,
        b'{"error":{"message":"The requested model \'x/y\' is not supported by any provider you have enabled.","type":'
        b'"invalid_request_error","param":"model","code":"model_not_supported"}}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row("the provider behind it", "huggingface", 429, b'{"error":"Too Many Requests"}', Verdict.RATE_LIMITED, scope="model"),
)

KIMI: Final = (
    Row(
        "billing cycle comes as a 403",
        "kimi",
        403,
        b'{"error":{"message":"You\'ve reached your usage limit for this billing cycle. Your quota will be refreshed in the '
        b'next cycle.","type":"access_terminated_error"}}',
        Verdict.QUOTA_EXHAUSTED,
    ),
    Row(
        "five hours",
        "kimi",
        429,
        b'{"error":{"message":"You\'ve reached your usage limit for this period.","type":"rate_limit_reached_error"}}',
        Verdict.QUOTA_EXHAUSTED,
    ),
    Row("too many", "kimi", 429, b'{"error":{"message":"We\'re receiving too many requests"}}', Verdict.RATE_LIMITED),
    Row(
        "engine",
        "kimi",
        429,
        b'{"error":{"message":"The engine is currently overloaded, please try again later","type":"engine_overloaded_error"}}',
        Verdict.OVERLOADED,
    ),
    Row(
        "not a coding agent",
        "kimi",
        403,
        b'{"error":{"message":"Kimi For Coding is currently only available for Coding Agents such as ..."}}',
        Verdict.REJECTED,
    ),
    Row("terminated", "kimi", 403, b'{"error":{"message":"Access terminated"}}', Verdict.REVOKED),
    Row("membership", "kimi", 402, b'{"error":{"message":"unable to verify your membership benefits"}}', Verdict.NO_CREDIT),
    Row(
        "suspended for lack of money",
        "kimi",
        429,
        b'{"error":{"message":"Your account is suspended, please check your plan and billing details","type":'
        b'"exceeded_current_quota_error"}}',
        Verdict.NO_CREDIT,
    ),
    Row(
        "context",
        "kimi",
        400,
        b'{"error":{"message":"Invalid request: Your request exceeded model token limit: 262144","type":'
        b'"invalid_request_error"}}',
        Verdict.CONTEXT_EXCEEDED,
        ceiling=262144,
    ),
    Row(
        "no model",
        "kimi",
        404,
        b'{"error":{"message":"Not found the model","type":"resource_not_found_error"}}',
        Verdict.MODEL_UNAVAILABLE,
    ),
)


def _anthropic(kind: str, message: str) -> bytes:
    return f'{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_011CSHoEeqs5C35K"}}'.encode()


_ORGANISATION = {b"anthropic-organization-id": b"0f8fad5b-d9cb-469f-a165-70867728950e"}

ANTHROPIC: Final = (
    Row(
        "tokens of the minute",
        "anthropic",
        429,
        _anthropic(
            "rate_limit_error",
            "This request would exceed the rate limit for your organization (0f8fad5b-d9cb-469f-a165-70867728950e) of 50,000 "
            "input tokens per minute. For details, refer to: https://docs.anthropic.com/en/api/rate-limits.",
        ),
        Verdict.RATE_LIMITED,
        {b"retry-after": b"19", **_ORGANISATION},
        wait_s=19.0,
        source=HEADER,
        scope="account_model",
        account="0f8fad5b-d9cb-469f-a165-70867728950e",
    ),
    Row(
        "by its windows",
        "anthropic",
        429,
        _anthropic("rate_limit_error", "Number of request tokens has exceeded your per-minute rate limit"),
        Verdict.RATE_LIMITED,
        {
            b"anthropic-ratelimit-requests-remaining": b"48",
            b"anthropic-ratelimit-requests-reset": b"2026-11-20T20:00:05Z",
            b"anthropic-ratelimit-input-tokens-remaining": b"0",
            b"anthropic-ratelimit-input-tokens-reset": b"2026-11-20T20:00:42Z",
        },
        wait_s=42.0,
        source=HEADER,
        scope="account_model",
    ),
    Row(
        "a subscription's five hours",
        "anthropic",
        429,
        _anthropic("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
        Verdict.QUOTA_EXHAUSTED,
        {
            b"anthropic-ratelimit-unified-status": b"rejected",
            b"anthropic-ratelimit-unified-5h-status": b"rejected",
            b"anthropic-ratelimit-unified-5h-reset": str(int(NOW) + 7200).encode(),
            b"anthropic-ratelimit-unified-7d-status": b"allowed",
            b"anthropic-ratelimit-unified-7d-reset": str(int(NOW) + 90000).encode(),
        },
        wait_s=7200.0,
        source=HEADER,
        scope="account",
    ),
    Row(
        "long context",
        "anthropic",
        429,
        _anthropic("rate_limit_error", "Extra usage is required for long context requests."),
        Verdict.TOO_LARGE,
    ),
    Row(
        "credit",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
            "credits.",
        ),
        Verdict.NO_CREDIT,
    ),
    Row(
        "the limit that the account set itself",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
        ),
        Verdict.NO_CREDIT,
        wait_s=TO_DECEMBER,
        source=BODY,
    ),
    Row("billing", "anthropic", 402, _anthropic("billing_error", "There is an issue with your billing."), Verdict.NO_CREDIT),
    Row(
        "prompt too long",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        Verdict.CONTEXT_EXCEEDED,
        ceiling=200000,
    ),
    Row(
        "prompt and reply too long",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or "
            "`max_tokens` and try again",
        ),
        Verdict.CONTEXT_EXCEEDED,
        ceiling=200000,
    ),
    Row(
        "reply too long",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error",
            "max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for claude-opus-4-1",
        ),
        Verdict.AFFORDABLE,
        affordable=32000,
    ),
    Row(
        "adaptive thinking",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "adaptive thinking is not supported on this model"),
        Verdict.BAD_PARAM,
        param="thinking",
    ),
    Row(
        "effort",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "This model does not support the effort parameter."),
        Verdict.BAD_PARAM,
        param="output_config",
    ),
    Row(
        "temperature and top_p",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error",
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ),
        Verdict.BAD_PARAM,
        param="top_p",
    ),
    Row(
        "a member that is not known",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "context_management: Extra inputs are not permitted"),
        Verdict.BAD_PARAM,
        param="context_management",
    ),
    Row(
        "a member within the system prompt",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "system.0.cache_control.scope: Extra inputs are not permitted"),
        Verdict.BAD_REQUEST,
    ),
    Row(
        "more than calls can be held to",
        "anthropic",
        400,
        _anthropic(
            "invalid_request_error", "Schema is too complex. Simplify your tool schemas or reduce the number of strict tools."
        ),
        Verdict.BAD_PARAM,
        param=UNTAKEN_STRICTNESS,
    ),
    Row(
        "a signature of somebody else's",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"),
        Verdict.BAD_PARAM,
        param=REPLAYED_REASONING,
    ),
    Row(
        "filtered",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "Output blocked by content filtering policy"),
        Verdict.CONTENT_POLICY,
    ),
    Row(
        "bad request",
        "anthropic",
        400,
        _anthropic("invalid_request_error", "metadata.user_id: String should have at most 256 characters"),
        Verdict.BAD_REQUEST,
    ),
    Row("key", "anthropic", 401, _anthropic("authentication_error", "invalid x-api-key"), Verdict.REJECTED),
    Row(
        "permission",
        "anthropic",
        403,
        _anthropic("permission_error", "Your API key does not have permission to use the specified resource"),
        Verdict.REJECTED,
    ),
    Row("no model", "anthropic", 404, _anthropic("not_found_error", "model: claude-none"), Verdict.MODEL_UNAVAILABLE),
    Row("too large", "anthropic", 413, _anthropic("request_too_large", "Request exceeds the maximum size"), Verdict.TOO_LARGE),
    Row("internal", "anthropic", 500, _anthropic("api_error", "Internal server error"), Verdict.SERVER_ERROR),
    Row("time out", "anthropic", 504, _anthropic("timeout_error", "Request timed out"), Verdict.SERVER_ERROR),
    Row("overloaded", "anthropic", 529, _anthropic("overloaded_error", "Overloaded"), Verdict.OVERLOADED),
)

GITHUB_MODELS: Final = (
    Row("retired", "github_models", 410, b'{"error":{"code":"github_models_retirement_brownout"}}', Verdict.PROVIDER_GONE),
    Row("retired, without a word", "github_models", 403, b"", Verdict.PROVIDER_GONE, headers={b"sunset": b"Thu, 30 Jul 2026"}),
    Row(
        "the day's requests",
        "github_models",
        429,
        b'{"error":{"code":"RateLimitReached","message":"Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please '
        b'wait 52220 seconds before retrying."}}',
        Verdict.QUOTA_EXHAUSTED,
        wait_s=52220.0,
        source=BODY,
    ),
    Row(
        "too large",
        "github_models",
        413,
        b'{"error":{"code":"tokens_limit_reached","message":"Request body too large for gpt-4o model. Max size: 8000 '
        b'tokens."}}',
        Verdict.TOO_LARGE,
        ceiling=8000,
    ),
)

LOCAL: Final = (
    Row("Ollama: no model", "local", 404, b'{"error":{"message":"model \'x\' not found"}}', Verdict.MODEL_UNAVAILABLE),
    Row(
        "Ollama: queue",
        "local",
        503,
        b'{"error":{"message":"server busy, please try again.  maximum pending requests exceeded"}}',
        Verdict.OVERLOADED,
    ),
    Row(
        "Ollama: no tools",
        "local",
        400,
        b'{"error":{"message":"registry.ollama.ai/library/gemma does not support tools"}}',
        Verdict.MODEL_UNAVAILABLE,
        param="tools",
    ),
    Row(
        "Ollama: memory",
        "local",
        500,
        b'{"error":"model requires more system memory (9.4 GiB) than is available (5.1 GiB)"}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row(
        "llama.cpp: loading",
        "local",
        503,
        b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
        Verdict.OVERLOADED,
    ),
    Row(
        "llama.cpp: context",
        "local",
        400,
        b'{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error",'
        b'"n_prompt_tokens":9000,"n_ctx":4096}}',
        Verdict.CONTEXT_EXCEEDED,
        ceiling=4096,
    ),
)

GENERIC: Final = (
    Row("nothing at all", "generic", 500, b"", Verdict.SERVER_ERROR),
    Row("nothing at all, 429", "naga", 429, b"", Verdict.RATE_LIMITED),
    Row("a challenge page", "generic", 403, b"<!DOCTYPE html><title>Just a moment...</title>", Verdict.OVERLOADED),
    Row("a page that is too large", "generic", 413, b"<html><title>413 Request Entity Too Large</title>", Verdict.TOO_LARGE),
    Row("envoy", "generic", 503, b"upstream connect error or disconnect/reset before headers", Verdict.OVERLOADED),
    Row("Cloudflare in one line", "generic", 429, b"error code: 1015", Verdict.RATE_LIMITED),
    Row(
        "Anthropic's envelope",
        "generic",
        529,
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        Verdict.OVERLOADED,
    ),
    Row(
        "the account's limit",
        "generic",
        429,
        b'{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account\'s rate '
        b'limit."}}',
        Verdict.RATE_LIMITED,
        headers={b"retry-after": b"30"},
        wait_s=30.0,
        source=HEADER,
        scope="account",
    ),
    Row(
        "a limit of the day by its distance alone",
        "generic",
        429,
        b'{"error":{"message":"slow"}}',
        Verdict.QUOTA_EXHAUSTED,
        headers={b"retry-after": b"Sat, 21 Nov 2026 00:00:00 GMT"},
        wait_s=TO_UTC_MIDNIGHT,
        source=HEADER,
    ),
    Row(
        "a quota that is over in a moment",
        "generic",
        429,
        b'{"error":"quota exceeded, try again in 20s"}',
        Verdict.RATE_LIMITED,
        wait_s=20.0,
        source=BODY,
    ),
    Row("a quota of unknown length", "generic", 429, b'{"error":"quota exceeded"}', Verdict.QUOTA_EXHAUSTED),
    Row(
        "a reset in the past is now",
        "generic",
        429,
        b"",
        Verdict.RATE_LIMITED,
        headers={b"retry-after": b"Thu, 19 Nov 2026 00:00:00 GMT"},
        wait_s=0.0,
        source=HEADER,
    ),
    Row("a hint that is none", "generic", 429, b"", Verdict.RATE_LIMITED, headers={b"retry-after": b"-5"}),
    Row("credit before quota", "generic", 429, b'{"error":{"code":"insufficient_quota","message":"x"}}', Verdict.NO_CREDIT),
    Row("a bill inside a 403", "generic", 403, b'{"error":"Your credit balance is too low"}', Verdict.NO_CREDIT),
    Row("a revoked key", "generic", 401, b'{"error":{"message":"This API key has been revoked"}}', Verdict.REVOKED),
    Row("a bare 401", "generic", 401, b"", Verdict.REJECTED),
    Row(
        "vLLM: context",
        "generic",
        400,
        b'{"object":"error","message":"This model\'s maximum context length is 4,096 tokens.","code":400}',
        Verdict.CONTEXT_EXCEEDED,
        ceiling=4096,
    ),
    Row(
        "vLLM: a field",
        "generic",
        400,
        b"{\"message\":\"[{'type': 'extra_forbidden', 'loc': ('body', 'frob'), 'msg': 'Extra inputs are not permitted'}]\"}",
        Verdict.BAD_PARAM,
        param="frob",
    ),
    Row(
        "a list of errors",
        "generic",
        400,
        b'{"errors":[{"message":"Unknown parameter: frob"}]}',
        Verdict.BAD_PARAM,
        param="frob",
    ),
    Row("any other objection", "generic", 422, b'{"detail":"messages must alternate"}', Verdict.BAD_REQUEST),
    Row("a redirect", "generic", 302, b"", Verdict.WRONG_TYPE),
    Row("a conflict passes", "generic", 409, b"", Verdict.SERVER_ERROR),
)

_USED_UP: Final = {
    b"x-codex-primary-used-percent": b"100.0",
    b"x-codex-primary-window-minutes": b"10080",
    b"x-codex-primary-reset-at": b"%d" % (NOW + 5000),
    b"x-codex-secondary-used-percent": b"40",
    b"x-codex-secondary-window-minutes": b"300",
    b"x-codex-secondary-reset-at": b"%d" % (NOW + 60),
}

CODEX: Final = (
    Row(
        "a plan's window is used up",
        "codex",
        429,
        b'{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus",'
        b'"resets_at":%d,"resets_in_seconds":12345}}' % (NOW + 12345),
        Verdict.QUOTA_EXHAUSTED,
        wait_s=12345.0,
        source=BODY,
        scope="account",
    ),
    Row(
        "a plan's window is used up, by its head alone",
        "codex",
        429,
        b'{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}',
        Verdict.QUOTA_EXHAUSTED,
        headers=_USED_UP,
        wait_s=5000.0,
        source=HEADER,
        scope="account",
    ),
    Row(
        "a plan without Codex",
        "codex",
        403,
        b'{"error":{"type":"usage_not_included","message":"To use Codex with your ChatGPT plan, upgrade to Plus.",'
        b'"plan_type":"free"}}',
        Verdict.NO_CREDIT_ALL,
    ),
    Row(
        "a model at capacity",
        "codex",
        400,
        b'{"detail":"Selected model is at capacity. Please try a different model."}',
        Verdict.OVERLOADED,
    ),
    Row(
        "a model that the plan lacks",
        "codex",
        400,
        b'{"detail":"The \'gpt-5.9\' model is not supported when using Codex with a ChatGPT account."}',
        Verdict.MODEL_UNAVAILABLE,
    ),
    Row("no instructions", "codex", 400, b'{"detail":"Instructions are required"}', Verdict.BAD_REQUEST),
    Row(
        "a field that it does not take",
        "codex",
        400,
        b'{"detail":"Unsupported parameter: temperature"}',
        Verdict.BAD_PARAM,
        param="temperature",
    ),
    Row("what the router must not send", "codex", 400, b'{"detail":"Input must be a list"}', Verdict.BAD_REQUEST),
    Row(
        "too long",
        "codex",
        400,
        b'{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error",'
        b'"param":"input","code":"context_length_exceeded"}}',
        Verdict.CONTEXT_EXCEEDED,
    ),
    Row(
        "an old token",
        "codex",
        401,
        b'{"error":{"message":"Provided authentication token is expired.","code":"token_expired"}}',
        Verdict.REJECTED,
        headers={b"x-openai-authorization-error": b"token_expired"},
    ),
    Row(
        "a token that is no good, by its head alone",
        "codex",
        401,
        b"",
        Verdict.REJECTED,
        headers={b"x-error-json": b"eyJlcnJvciI6eyJtZXNzYWdlIjoiSW52YWxpZCBvciBleHBpcmVkIHRva2VuIn19"},
    ),
    Row("a head that says nothing", "codex", 401, b"", Verdict.REJECTED, headers={b"x-error-json": b"%%%"}),
    Row(
        "a challenge of who stands before it",
        "codex",
        403,
        b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>",
        Verdict.OVERLOADED,
        headers={b"content-type": b"text/html; charset=UTF-8"},
    ),
    Row("overloaded", "codex", 503, b'{"error":{"code":"server_is_overloaded","message":"busy"}}', Verdict.OVERLOADED),
    Row(
        "a policy",
        "codex",
        400,
        b'{"error":{"code":"cyber_policy","message":"This request was refused."}}',
        Verdict.CONTENT_POLICY,
    ),
)

ROWS: Final = (
    *OPENAI,
    *CODEX,
    *GEMINI,
    *OPENROUTER,
    *GROQ,
    *CEREBRAS,
    *SAMBANOVA,
    *MISTRAL,
    *COHERE,
    *ZAI,
    *NVIDIA,
    *HUGGINGFACE,
    *KIMI,
    *ANTHROPIC,
    *GITHUB_MODELS,
    *LOCAL,
    *GENERIC,
)
