"""The rules for anybody's refusals: asked after a provider's own, and alone where a provider has none.

Order matters. OpenAI's message for an empty balance also says "quota", so credit comes before quota; a limit of the
minute may also say "quota", so the minute comes before the day; a 403 is read by its text before it counts as the key's.
"""

from typing import Final

from hrd.core.failures import BAD_CALL_CODE, BROKEN_HISTORY, ODD_NAMES, REPLAYED_REASONING, UNTAKEN_EFFORT, Verdict
from hrd.upstream.readers.rules import CLIENT_ERRORS, Rule

_LIMITED: Final = (402, 403, 429)
_KEY: Final = (401, 403)

PER_MINUTE: Final = (
    "per minute",
    "per min",
    "/ minute",
    "/minute",
    "/min",
    "(rpm)",
    "(tpm)",
    "perminute",
    "byminute",
    "per second",
    "concurren",
)
PERIODS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("hour", ("per hour", "/ hour", "hourly", "perhour", "byhour")),
    ("day", ("per day", "per-day", "/ day", "/day", "daily", "(rpd)", "(tpd)", "perday", "byday")),
    ("week", ("per week", "/ week", "weekly")),
    ("month", ("per month", "/ month", "/month", "monthly")),
)
"""How a text names the window that is used up; of several the shortest counts."""
_LONG_WINDOWS: Final = tuple(phrase for _, phrases in PERIODS for phrase in phrases)

SEALED: Final = Rule(
    # Reasoning of earlier turns is opened by the account and the model that sealed it, and by nobody else.
    Verdict.BAD_PARAM,
    codes=("invalid_encrypted_content",),
    says=(
        "invalid_encrypted_content",
        "encrypted content could not be",
        "invalid signature in thinking block",
        "invalid `signature` in `thinking` block",
        # A loop of calls that others have gone on with: Anthropic's thoughts in it cannot go on either.
        "must start with a thinking block",
    ),
    field=REPLAYED_REASONING,
)
ORPHANED: Final = Rule(
    # Tool results without their calls, late or twice, calls without results, and turns of nothing: as OpenAI, Mistral,
    # DeepSeek, Gemini and Anthropic say it, and OpenAI's Responses.
    Verdict.BAD_PARAM,
    says=(
        "messages with role 'tool' must be a response",
        "must be followed by tool messages",
        "insufficient tool messages",
        "unexpected role 'tool'",
        "unexpected tool call id",
        "same number of function calls and responses",
        "function response turn comes immediately after",
        "function call turn comes immediately after",
        "number of function response parts",
        "unexpected `tool_use_id`",
        "`tool_use` ids were found without",
        "each tool_use must have a single result",
        "no tool call found for",
        "no tool output found for",
        "`tool_use` ids must be unique",
        "duplicate item found with call_id",
        # What says nothing, or comes first though it cannot.
        "text content blocks must be non-empty",
        "all messages must have non-empty content",
        "first message must use the",
        "content': empty array",
        "contents.parts must not be empty",
    ),
    field=BROKEN_HISTORY,
)
NAMES: Final = Rule(
    # Of tools and calls, by the pattern that all have in common: as OpenAI, Groq, DeepSeek, Anthropic and Mistral say it.
    Verdict.BAD_PARAM,
    status=CLIENT_ERRORS,
    says=("[a-za-z0-9_-]", "0-9, or contain underscores and dashes", ".name': string too long"),
    field=ODD_NAMES,
)
EFFORT: Final = Rule(
    # The model takes efforts, but not this one: the next request may ask for another.
    Verdict.BAD_PARAM,
    status=CLIENT_ERRORS,
    says=("supported values", "must be one of", "does not support '", "invalid value", "input should be", "invalid 'reasoning"),
    also=("reasoning_effort", "reasoning.effort"),
    field=UNTAKEN_EFFORT,
)

GENERIC: Final = (
    Rule(Verdict.BAD_CALL, codes=(BAD_CALL_CODE,)),
    # Nobody is there any more, or somebody else answered: RFC 8594 (Sunset), and challenge pages of a CDN.
    Rule(Verdict.PROVIDER_GONE, status=(403, 410), sign="sunset"),
    Rule(Verdict.OVERLOADED, status=_KEY, sign="html"),
    Rule(Verdict.CONNECT, status=(407,)),  # said by a proxy on the way (RFC 9110, 15.5.8): the provider was not asked
    # The request.
    SEALED,
    ORPHANED,
    NAMES,
    EFFORT,
    Rule(
        Verdict.CONTEXT_EXCEEDED,
        status=(*CLIENT_ERRORS, 500),
        codes=("context_length_exceeded", "exceed_context_size_error"),
        says=(
            "context_length_exceeded",
            "maximum context length",
            "context window",
            "context length",
            "context size",
            "prompt is too long",
            "too many tokens",
            "reduce the length",
            "maximum number of tokens allowed",
            "token_limit_exceeded",
        ),
    ),
    Rule(
        Verdict.TOO_LARGE,
        status=(*CLIENT_ERRORS, 429),
        codes=("tokens_limit_reached", "request_too_large", "payload_too_large"),
        says=("request too large", "payload too large", "request entity too large", "tokens_limit_reached"),
    ),
    Rule(Verdict.TOO_LARGE, status=(413,)),
    Rule(
        Verdict.CONTENT_POLICY,
        status=(*CLIENT_ERRORS, 403),
        codes=("content_policy_violation", "content_filter", "cyber_policy", "responsibleaipolicyviolation"),
        says=("flagged by", "was flagged", "moderation", "content policy", "content management policy"),
    ),
    # The account.
    Rule(
        Verdict.NO_CREDIT,
        status=(400, 401, *_LIMITED),
        codes=("insufficient_quota", "billing_error", "payment_required", "insufficient_balance"),
        says=(
            "insufficient_quota",
            "insufficient balance",
            "insufficient credit",
            "insufficient funds",
            "credit balance",
            "not enough credit",
            "out of credit",
            "payment required",
            "payment method is required",
            "payment method required",
            "check your plan and billing",
            "billing hard limit",
            "billing limit",
            "billing is not",
            "billing account",
            "arrears",
            "spend limit",
            "spending limit",
        ),
    ),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(402,), says=("monthly included credits", "usage limit", "billing cycle")),
    Rule(Verdict.NO_CREDIT, status=(402,)),
    Rule(Verdict.OVERLOADED, status=(429,), says=("overloaded", "at capacity", "high traffic", "capacity exceeded")),
    Rule(Verdict.RATE_LIMITED, status=(429,), says=PER_MINUTE),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(403, 429), says=(*_LONG_WINDOWS, "usage limit", "billing cycle")),
    Rule(Verdict.QUOTA_EXHAUSTED, status=(403, 429), says=("quota", "key limit exceeded"), may_be_short=True),
    # The model.
    Rule(Verdict.PROVIDER_GONE, status=(410,), says=("retirement", "service has been retired", "service is retired")),
    Rule(Verdict.MODEL_GONE, status=(410,)),
    Rule(
        Verdict.MODEL_GONE,
        status=(*CLIENT_ERRORS, 403, 404),
        codes=("model_decommissioned", "model_deprecated", "model_retired"),
        says=("decommissioned", "end of life", "no longer supported", "has been deprecated", "has been retired"),
        also=("model",),
    ),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        status=(*CLIENT_ERRORS, 404),
        says=("support tool", "support function calling"),
        also=("not support", "no endpoints"),
        needs="tools",
    ),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        status=(*CLIENT_ERRORS, 404),
        says=("support image", "support vision", "multimodal", "not a vision model"),
        also=("not support", "no endpoints", "not a "),
        needs="images",
    ),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        status=(*CLIENT_ERRORS, 401, 403, 404),
        codes=("model_not_found", "model_not_active", "model_not_supported", "model_not_available", "unknown_model"),
        says=(
            "model_not_found",
            "invalid model",
            "not a valid model",
            "unknown model",
            "no such model",
            "access to model",
            "access to the model",
            "access to this model",
            "not supported by any provider",
            "no endpoints found",
            "no allowed providers",
        ),
    ),
    Rule(
        Verdict.MODEL_UNAVAILABLE,
        status=(*CLIENT_ERRORS, 403),
        says=("does not exist", "not found", "not available", "not enabled", "not been enabled"),
        also=("the model", "this model", "model '", 'model "', "model `", "model:"),
    ),
    Rule(Verdict.MODEL_UNAVAILABLE, status=(404,)),
    # The endpoint.
    Rule(
        Verdict.OVERLOADED,
        status=(*CLIENT_ERRORS, 500),
        says=("degraded function", "resourceexhausted", "overloaded", "server busy"),
    ),
    Rule(Verdict.OVERLOADED, status=(503, 529)),
    Rule(Verdict.RATE_LIMITED, status=(429,)),
    # The key.
    Rule(
        Verdict.REVOKED,
        status=(400, *_KEY),
        codes=("account_deactivated", "access_terminated", "key_revoked", "api_key_revoked"),
        says=("revoked", "deactivated", "reported as leaked", "access terminated"),
        also=("key", "account", "organi", "token", "access"),
    ),
    Rule(Verdict.REJECTED, status=_KEY),
    Rule(
        Verdict.REJECTED,
        status=CLIENT_ERRORS,
        codes=("invalid_api_key", "api_key_invalid", "authentication_error"),
        says=("invalid api key", "incorrect api key", "api key not valid", "api key expired", "invalid token"),
    ),
    # A field of the request.
    Rule(
        Verdict.BAD_PARAM,
        status=CLIENT_ERRORS,
        codes=("unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"),
        says=(
            "unsupported parameter",
            "unsupported value",
            "unknown parameter",
            "unknown name",
            "unknown field",
            "unrecognized request argument",
            "extra inputs are not permitted",
            "unexpected keyword argument",
            "is unsupported",
            "is not supported",
            "are not supported",
            "is not permitted",
            "is not allowed",
            "not supported with this model",
        ),
    ),
)

BY_NAME: Final = (
    # An error inside a 200 says what it is by its type alone.
    SEALED,
    ORPHANED,
    Rule(Verdict.CONTEXT_EXCEEDED, codes=("context_length_exceeded",), says=("maximum context length",)),
    Rule(Verdict.NO_CREDIT, codes=("insufficient_quota", "billing_error", "payment_required")),
    Rule(Verdict.CONTENT_POLICY, codes=("content_policy_violation", "content_filter", "cyber_policy", "bio_policy")),
    Rule(
        Verdict.RATE_LIMITED,
        codes=("rate_limit_exceeded", "rate_limit_error", "rate_limited", "too_many_requests", "resource_exhausted"),
        says=("rate limit", "rate-limit", "too many requests"),
    ),
    Rule(Verdict.REJECTED, codes=("authentication_error", "invalid_api_key", "permission_error", "authentication")),
    Rule(Verdict.MODEL_UNAVAILABLE, codes=("model_not_found", "not_found_error", "not_found")),
    Rule(
        Verdict.OVERLOADED,
        codes=("overloaded_error", "server_is_overloaded", "slow_down", "provider_overloaded", "unavailable"),
        says=("overloaded", "at capacity"),
    ),
    Rule(Verdict.BAD_REQUEST, codes=("invalid_request_error", "invalid_request", "invalid_prompt")),
)
