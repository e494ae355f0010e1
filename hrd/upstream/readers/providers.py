"""What each provider's refusals mean, as far as they differ from anybody's. See readers/rules.py for how a table is read.

Sources are the providers' own error references where they have one, else bodies that users reported; the recorded ones
stand in tests/hrd/upstream/recorded.py.
"""

from typing import Final

from hrd.core.failures import UNSIGNED_CALLS, Verdict
from hrd.upstream.readers import anthropic
from hrd.upstream.readers.generic import NAMES, ORPHANED
from hrd.upstream.readers.rules import CLIENT_ERRORS, Rule

_PER_DAY: Final = ("per day", "(rpd)", "(tpd)")

OPENAI: Final = (
    Rule(Verdict.TOO_LARGE, status=(429,), says=("request too large",)),
    Rule(
        Verdict.NO_CREDIT,
        status=(402, 403, 429),
        codes=("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),
        says=("exceeded your current quota",),
    ),
    Rule(Verdict.REVOKED, codes=("account_deactivated", "access_terminated")),
    Rule(
        Verdict.OVERLOADED,
        codes=("slow_down", "server_is_overloaded"),
        says=("engine is currently overloaded", "currently overloaded with other requests"),
    ),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=_PER_DAY, period="day"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(
        Verdict.CONTENT_POLICY,
        status=CLIENT_ERRORS,
        codes=("content_policy_violation", "invalid_prompt", "cyber_policy", "content_filter"),
    ),
    Rule(Verdict.REJECTED, status=(401, 403), says=("country, region, or territory not supported",)),
)

CODEX: Final = (
    # The backend of ChatGPT subscriptions, as the Codex CLI reads it (https://github.com/openai/codex, codex-rs/core and
    # codex-api). Most of it also comes inside a 200, as the first event of a stream.
    Rule(Verdict.QUOTA_EXHAUSTED, codes=("usage_limit_reached",), says=("usage limit has been reached",), scope="account"),
    Rule(Verdict.NO_CREDIT_ALL, codes=("usage_not_included",)),  # a plan without Codex; another plan brings it back
    Rule(Verdict.OVERLOADED, says=("model is at capacity",)),
    Rule(Verdict.MODEL_UNAVAILABLE, says=("model is not supported when using codex",)),
    Rule(Verdict.CONTEXT_EXCEEDED, says=("exceeds the context window",)),
    Rule(Verdict.CONTENT_POLICY, codes=("cyber_policy", "bio_policy", "invalid_prompt")),
    Rule(Verdict.REJECTED, codes=("token_expired", "token_invalidated", "token_revoked"), says=("expired token",)),
)

GEMINI: Final = (
    # A limit of 0 means that the tier does not have the model at all.
    Rule(Verdict.MODEL_UNAVAILABLE, status=(429,), says=("quotavalue: 0;", "limit: 0,", "limit: 0;", "limit: 0 ")),
    # A RetryInfo of 20 s has been seen beside a violation of a daily quota.
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("perday",), period="day", hint_s_min=600.0),
    Rule(Verdict.NO_CREDIT, status=(403, 429), says=("prepayment credits are depleted", "credits are depleted")),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(
        Verdict.REVOKED,
        status=(400, 401, 403),
        codes=("consumer_suspended",),
        says=("reported as leaked", "api key expired"),
    ),
    Rule(
        Verdict.REJECTED,
        status=(400, 401, 403),
        codes=("api_key_invalid", "service_disabled"),
        says=("api key not valid", "user location is not supported"),
    ),
    Rule(Verdict.REJECTED, status=(400,), codes=("failed_precondition",)),
    # It came with the tool call, and many clients do not keep it.
    Rule(Verdict.BAD_PARAM, status=(400,), says=("missing a thought_signature",), field=UNSIGNED_CALLS),
    Rule(Verdict.BAD_REQUEST, status=(400,), says=("thought_signature",)),
)

OPENROUTER: Final = (
    Rule(Verdict.AFFORDABLE, status=(402,), says=("can only afford",)),
    Rule(Verdict.RATE_LIMITED, status=(402, 429), says=("openrouter_in_flight_budget",), scope="paid"),
    Rule(Verdict.TOO_LARGE, status=(402,), says=("prompt tokens limit exceeded",)),
    Rule(Verdict.NO_CREDIT_ALL, status=(402,), says=("negative",)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("free-models-per-day",), scope="free", period="day"),
    Rule(Verdict.RATE_LIMITED, status=(429,), says=("free-models-per-min",), scope="free"),
    Rule(Verdict.CONTENT_POLICY, status=(403,), codes=("refusal", "content_policy_violation"), says=("reasons:",)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(403,), says=("key limit exceeded",), scope="key_part"),
    # The key is fine; whoever runs the model for OpenRouter is not.
    Rule(
        Verdict.RATE_LIMITED,
        status=(429,),
        says=("provider returned error", "rate-limited upstream", "provider_name:"),
        scope="model",
    ),
    Rule(Verdict.MODEL_UNAVAILABLE, status=(401, 403), says=("provider returned error",)),
    Rule(
        Verdict.CONTEXT_EXCEEDED,
        status=CLIENT_ERRORS,
        codes=("context_length_exceeded", "token_limit_exceeded"),
    ),
    Rule(Verdict.MODEL_GONE, status=(400, 404), says=("is not a valid model id",)),
    Rule(Verdict.SERVER_ERROR, status=(502, 503, 504)),
)

GROQ: Final = (
    Rule(Verdict.TOO_LARGE, status=(413, 429), says=("request too large",)),
    # Rolling windows: the time that the message names counts, not midnight.
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=_PER_DAY, period="day"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(Verdict.OVERLOADED, status=(498,)),
    Rule(Verdict.OVERLOADED, codes=("capacity_exceeded",)),
    Rule(Verdict.REVOKED, says=("organization has been restricted",)),
    Rule(Verdict.MODEL_GONE, codes=("model_decommissioned",)),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        codes=("model_not_found", "model_not_active", "model_permission_blocked_org", "model_permission_blocked_project"),
    ),
    # The model wrote what its own grammar refuses; somebody else's model may not.
    Rule(Verdict.BAD_REQUEST, codes=("tool_use_failed", "json_validate_failed")),
)

CEREBRAS: Final = (
    Rule(Verdict.OVERLOADED, codes=("queue_exceeded",), says=("experiencing high traffic",)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("per day",), period="day"),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("per hour",), period="hour"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(Verdict.REJECTED, status=(401,), codes=("wrong_api_key",)),
    Rule(Verdict.BAD_PARAM, status=CLIENT_ERRORS, codes=("wrong_api_format",), says=("is unsupported",)),
)

SAMBANOVA: Final = (
    Rule(Verdict.MODEL_UNAVAILABLE, status=(422,), says=("valid service tier",)),
    Rule(Verdict.MODEL_UNAVAILABLE, status=(503,)),
    Rule(Verdict.OVERLOADED, status=(504,)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), sign="day is used up", period="day"),
)

MISTRAL: Final = (
    Rule(Verdict.OVERLOADED, codes=("3505",), says=("service tier capacity exceeded",)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(402,), period="month"),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(403, 429), says=("usage limit", "credit", "monthly"), period="month"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(Verdict.CONTEXT_EXCEEDED, status=CLIENT_ERRORS, codes=("3051", "3052")),
    Rule(Verdict.MODEL_GONE, status=CLIENT_ERRORS, codes=("1500",), says=("invalid model",)),
    ORPHANED,
    NAMES,
    Rule(
        Verdict.BAD_REQUEST,
        status=CLIENT_ERRORS,
        codes=("3230", "3280", "invalid_request_message_order", "invalid_function_call"),
    ),
)

COHERE: Final = (
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("calls / month", "calls/month"), period="month"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(Verdict.CONTENT_POLICY, status=(498,)),
    Rule(Verdict.SERVER_ERROR, status=(499,)),
    # Seen at random on requests with tools or JSON: worth asking somebody else.
    Rule(Verdict.BAD_REQUEST, status=(422,), says=("your request resulted in",)),
)

ZAI: Final = (
    # docs.z.ai, API codes. 1113 (arrears) comes with a 429.
    Rule(Verdict.NO_CREDIT, codes=("1113", "1309")),
    Rule(
        Verdict.REJECTED,
        codes=("1000", "1001", "1002", "1003", "1004", "1100", "1110", "1111", "1112", "1120", "1121"),
    ),
    Rule(Verdict.BAD_PARAM, codes=("1210",)),
    Rule(Verdict.BAD_REQUEST, codes=("1200", "1213", "1214", "1215")),
    Rule(Verdict.MODEL_GONE, codes=("1211", "1221", "1222")),
    Rule(Verdict.MODEL_UNAVAILABLE, codes=("1220", "1311")),
    Rule(Verdict.SERVER_ERROR, codes=("1230", "1231", "1234")),
    Rule(Verdict.OVERLOADED, codes=("1312",)),
    Rule(Verdict.CONTEXT_EXCEEDED, codes=("1261",)),
    Rule(Verdict.CONTENT_POLICY, codes=("1300", "1301")),
    Rule(Verdict.RATE_LIMITED, codes=("1302", "1303", "1305")),
    Rule(Verdict.QUOTA_EXHAUSTED, codes=("1304",), period="day"),
    Rule(Verdict.QUOTA_EXHAUSTED, codes=("1308", "1310", "1313")),
    Rule(Verdict.MODEL_UNAVAILABLE, status=(434,)),
    Rule(Verdict.TOO_LARGE, status=(435,)),
)

NVIDIA: Final = (
    # Comes as a 400, although it is the model that is down.
    Rule(Verdict.MODEL_UNAVAILABLE, says=("degraded function",)),
    Rule(Verdict.MODEL_GONE, status=(404, 410), says=("end of life",)),
    Rule(Verdict.OVERLOADED, says=("resourceexhausted", "total request limit reached")),
    Rule(Verdict.NO_CREDIT, status=(402, 403), says=("credit",)),
    Rule(Verdict.BAD_PARAM, status=CLIENT_ERRORS, says=("single tool-calls at once",)),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
)

HUGGINGFACE: Final = (
    Rule(Verdict.QUOTA_EXHAUSTED, status=(402,), says=("monthly included credits",), period="month"),
    Rule(Verdict.REJECTED, status=(403,), says=("sufficient permissions",)),
    Rule(Verdict.MODEL_UNAVAILABLE, codes=("model_not_supported",), says=("not supported by any provider",)),
    # Its own limit is the credit; a 429 is that of the provider behind it.
    Rule(Verdict.RATE_LIMITED, status=(429,), scope="model"),
)

KIMI: Final = (
    Rule(Verdict.NO_CREDIT, codes=("exceeded_current_quota_error",), says=("verify your membership",)),
    # Arrives as a 403, and is not the key's.
    Rule(Verdict.QUOTA_EXHAUSTED, status=(402, 403, 429), says=("reached your usage limit",)),
    Rule(Verdict.OVERLOADED, codes=("engine_overloaded_error",), says=("engine is currently overloaded",)),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    Rule(Verdict.REVOKED, status=(401, 403), says=("access terminated",)),
    Rule(Verdict.REJECTED, status=(401, 403), codes=("invalid_authentication_error", "incorrect_api_key_error")),
    Rule(Verdict.REJECTED, status=(403,), says=("only available for coding agents",)),
    Rule(
        Verdict.CONTEXT_EXCEEDED,
        status=CLIENT_ERRORS,
        says=("input token length too long", "exceeded model token limit"),
    ),
    Rule(Verdict.CONTENT_POLICY, status=CLIENT_ERRORS, codes=("content_filter",)),
    Rule(Verdict.MODEL_UNAVAILABLE, codes=("resource_not_found_error",)),
)

GITHUB_MODELS: Final = (
    Rule(Verdict.PROVIDER_GONE, status=(410,)),
    Rule(Verdict.TOO_LARGE, codes=("tokens_limit_reached",)),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(429,), says=("byday",), period="day"),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
)

LOCAL: Final = (
    Rule(Verdict.OVERLOADED, says=("loading model", "server busy", "maximum pending requests")),
    Rule(Verdict.CONTEXT_EXCEEDED, codes=("exceed_context_size_error",), says=("exceeds the available context size",)),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        says=("requires more system memory", "no models loaded", "failed to load model", "try pulling it first"),
    ),
)

TABLES: Final[dict[str, tuple[Rule, ...]]] = {
    "generic": (),
    "gemini": GEMINI,
    "openrouter": OPENROUTER,
    "sambanova": SAMBANOVA,
    "github_models": GITHUB_MODELS,
    "cerebras": CEREBRAS,
    "groq": GROQ,
    "mistral": MISTRAL,
    "cohere": COHERE,
    "zai": ZAI,
    "naga": (),
    "nvidia": NVIDIA,
    "huggingface": HUGGINGFACE,
    "kimi": KIMI,
    "openai": OPENAI,
    "codex": CODEX,
    "anthropic": anthropic.RULES,
    "local": LOCAL,
}
"""Reader → its rules, asked before the generic ones."""
