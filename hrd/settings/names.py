"""Every setting in one table: its name, what it may be, what it is when nobody says, and what it means.

The table is the only place that knows: reading, checking, `--check-config` and the documentation all look here. The
field of `Settings` is the name in lower case. Keys of providers are in hrd/settings/keys.py.
"""

from typing import Final

import msgspec

from hrd.settings.kinds import (
    BaseUrl,
    Choice,
    Decimal,
    FilePath,
    Flag,
    Group,
    Host,
    Kind,
    Line,
    Model,
    Models,
    ModelsOfProviders,
    Origins,
    Ports,
    Whole,
)
from hrd.settings.proxies import Hosts, ProxyUrl

KEYS_NAME: Final = "PROXY_API_KEYS"

_BYTES = Whole(1024, 1 << 40)
_COUNT = Whole(1, 1_000_000)
_CEILING = Whole(0, 10**15)
_ROTATION = Choice(("parallel", "sequential"), {"round-robin": "parallel"})
_LEVELS = Choice(("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), {"warn": "WARNING"})


def _seconds(low: float, high: float) -> Decimal:
    return Decimal(low, high)


class Name(msgspec.Struct, frozen=True):
    """One setting."""

    name: str
    default: object
    kind: Kind
    meaning: str

    @property
    def field(self) -> str:
        return self.name.lower()

    @property
    def may_be_empty(self) -> bool:
        """Whether an empty value means "none", rather than that nothing was set."""
        return self.default is None or self.default == ()


NAMES: Final = (
    # The endpoint for clients.
    Name("HOST", "127.0.0.1", Host(), "address that clients connect to"),
    Name("PORT", 8319, Whole(0, 65535), "port that clients connect to; 0 takes any that is free"),
    Name("ROUTER_MODEL_ID", "hermes-router", Model(), "the model name that leaves the choice to the router"),
    Name("CORS_ORIGINS", (), Origins(), "browser pages that may call us; none unless set"),
    Name("METRICS_REQUIRE_AUTH", False, Flag(), "whether /metrics wants a client key"),
    Name("CONTROL_GROUP", None, Group(), "the group whose members may use the control socket"),
    Name("LOG_LEVEL", "INFO", _LEVELS, "how much is logged"),
    Name("REQUEST_LOG_SIZE", 10_000, Whole(0, 10_000_000), "requests kept for `hr logs` and `hr why`"),
    # Choosing.
    Name("ROTATION_MODE", "parallel", _ROTATION, "spread over all credentials, or drain one after the other"),
    Name("EMBED_FALLBACK", (), ModelsOfProviders(), "who may answer embeddings when the pinned pair cannot"),
    Name("REASONING_TOKEN_RESERVE", 4096, Whole(0, 1_000_000), "output tokens added for models that think first"),
    Name("RESERVE_FRACTION", 0.0, Decimal(0, 0.9), "share of a quota window kept for requests that pin a provider"),
    Name(
        "COST_POLICY",
        "paid-ok",
        Choice(("free-only", "subscription-ok", "paid-ok")),
        "what fallback may cost; an unknown price counts as paid",
    ),
    Name("COST_CURRENCY", "USD", Line(8), "second currency to show costs in"),
    Name("COST_FX_RATE", 0.0, Decimal(0, 1_000_000_000), "units of that currency for one US dollar; 0 shows none"),
    Name("MODEL_PRICES_FILE", None, FilePath(), 'JSON file {"part of a model id": [input, output]}, USD per million'),
    Name("OPENROUTER_SITE_URL", None, Line(), "sent to OpenRouter as HTTP-Referer"),
    Name("OPENROUTER_APP_NAME", None, Line(), "sent to OpenRouter as X-Title"),
    # Accounts of ChatGPT (codex).
    Name("CODEX_AUTH_URL", "https://auth.openai.com", BaseUrl(), "the server that accounts sign in at"),
    Name("CODEX_CLIENT_ID", "app_EMoamEEZ73f0CkXaXp7hrann", Line(200), "who signs in there, as that server knows it"),
    Name("CODEX_ORIGINATOR", "codex_cli_rs", Line(100), "sent to codex and that server as originator"),
    Name("CODEX_VERSION", "0.146.0", Line(40), "sent to codex as version, and asked for in its list of models"),
    Name("CODEX_CALLBACK_PORTS", (1455, 1457), Ports(), "where a browser comes back to when it has signed in"),
    Name("CODEX_LOGIN_SECONDS", 900.0, _seconds(1, 86_400), "for signing in, from the first step to the last"),
    Name("CODEX_AUTH_SECONDS", 20.0, _seconds(0.1, 300), "one answer of that server"),
    Name("CODEX_RENEW_SECONDS", 600.0, _seconds(1, 86_400), "so long before its end, or at half its time, a login is renewed"),
    # Default ceilings of a client key.
    Name("PROXY_LIMIT_RPM", 0, _CEILING, "requests a minute for one client key; 0 no limit"),
    Name("PROXY_LIMIT_REQ_DAY", 0, _CEILING, "requests a day for one client key; 0 no limit"),
    Name("PROXY_LIMIT_TOKENS_DAY", 0, _CEILING, "tokens a day for one client key; 0 no limit"),
    Name("PROXY_LIMIT_COST_DAY", 0.0, Decimal(0, 1_000_000_000), "US dollars a day for one client key; 0 no limit"),
    # Clients that send the same refused request again and again.
    Name("RETRY_BRAKE_REFUSALS", 5, Whole(0, 1000), "refusals of one client's one body that put the brake on; 0 never"),
    Name("RETRY_BRAKE_WINDOW_SECONDS", 60.0, _seconds(1, 3600), "the time within which they count together"),
    Name("RETRY_BRAKE_SECONDS", 10.0, _seconds(0.1, 3600), "how long that body is answered from its last refusal"),
    Name("MAX_RETRY_BRAKE_BODIES", 1000, _COUNT, "refused bodies that are remembered, by their digests"),
    # When a provider's endpoint is left alone, and when it is asked again.
    Name("BREAKER_WINDOW", 8, Whole(1, 1000), "attempts that the breaker of an endpoint looks back on"),
    Name("BREAKER_MIN_SAMPLES", 4, Whole(1, 1000), "attempts it wants to have seen before it may open"),
    Name("BREAKER_ERROR_RATE", 0.5, Decimal(0.01, 1), "share of failures among them that opens it"),
    Name("BREAKER_COOLDOWN", 60.0, _seconds(1, 86_400), "seconds that it stays open"),
    Name("PROBE_SECONDS", 900.0, _seconds(1, 604_800), "first distance of the probes of a long block"),
    Name("PROBE_MAX_SECONDS", 21_600.0, _seconds(1, 604_800), "longest distance of the probes of a long block"),
    # How long a request may take, step by step.
    Name("CONNECT_SECONDS", 5.0, _seconds(0.1, 300), "TCP and TLS to a provider"),
    Name("FIRST_TOKEN_SECONDS", 60.0, _seconds(0.1, 86_400), "streams: from sending to the commit point, one attempt"),
    Name(
        "SLOW_FIRST_TOKEN_SECONDS",
        180.0,
        _seconds(0.1, 86_400),
        "the same for models that think first and providers that begin slowly",
    ),
    Name("REPLY_SECONDS", 300.0, _seconds(0.1, 86_400), "whole replies: from sending to the last byte, one attempt"),
    Name(
        "DEADLINE_SECONDS",
        600.0,
        _seconds(0.1, 86_400),
        "from the request's head to the commit point (or a call's beginning), all attempts",
    ),
    Name("STREAM_SECONDS", 7200.0, _seconds(1, 604_800), "a stream, from its commit point to its end"),
    Name("IDLE_SECONDS", 120.0, _seconds(0.1, 86_400), "between two chunks after the commit point"),
    Name("MAX_WAIT_SECONDS", 30.0, _seconds(0, 3600), "wait for a candidate that will be free soon, instead of failing"),
    Name("KEEPALIVE_SECONDS", 5.0, _seconds(0.1, 300), "between two comments while a streaming client waits"),
    Name("DRAIN_SECONDS", 900.0, _seconds(0, 604_800), "hand-over: how long the old process may finish its streams"),
    Name("HANDOVER_SECONDS", 20.0, _seconds(1, 25), "hand-over: how long the new process may take until it is ready"),
    Name("STOP_SECONDS", 30.0, _seconds(0, 86_400), "SIGTERM and `hr stop`: how long what runs may finish"),
    # The wire to clients.
    Name("MAX_CONNECTIONS", 4096, _COUNT, "client connections at once"),
    Name("MAX_REQUEST_BYTES", 33_554_432, _BYTES, "one request body; a larger one gets 413"),
    Name("MAX_REQUEST_LINE_BYTES", 8192, Whole(256, 1 << 20), "a request's first line; a longer one gets 414"),
    Name("MAX_HEAD_BYTES", 65_536, Whole(1024, 1 << 24), "all headers of one message; more get 431"),
    Name("MAX_HEADERS", 100, Whole(8, 10_000), "headers of one message; more get 431"),
    Name("HEADER_SECONDS", 15.0, _seconds(0.1, 3600), "from a request's first byte to the end of its headers"),
    Name("BODY_SECONDS", 60.0, _seconds(0.1, 3600), "between two pieces of a request's body"),
    Name("CLIENT_WRITE_SECONDS", 120.0, _seconds(0.1, 86_400), "for a client that takes nothing of its reply"),
    Name("IDLE_CONNECTION_SECONDS", 120.0, _seconds(0.1, 86_400), "a client connection between two requests"),
    Name("MAX_AUTH_FAILURES", 60, _COUNT, "wrong client keys a minute from one address that get 401; more get 429"),
    Name("MAX_WAITING_REQUESTS", 1000, _COUNT, "requests that wait for a candidate at once; more get 503"),
    # The wire to providers.
    Name("MAX_BUFFERED_BYTES", 268_435_456, _BYTES, "request bodies and whole replies held at once; beyond it 503"),
    Name("MAX_REPLY_BYTES", 67_108_864, _BYTES, "one whole reply, and all that a translated stream says"),
    Name("MAX_EVENT_BYTES", 16_777_216, _BYTES, "one event of a stream; with a longer one it is broken"),
    Name("MAX_ERROR_BYTES", 65_536, _BYTES, "how much of a provider's error is read"),
    Name("MAX_UPSTREAM_CONNECTIONS", 2048, _COUNT, "connections to one provider at once"),
    Name("MAX_UPSTREAM_IDLE", 64, Whole(0, 100_000), "connections to one provider kept for the next request"),
    Name("UPSTREAM_IDLE_SECONDS", 50.0, _seconds(0, 3600), "how long such a connection is kept"),
    Name("MAX_MODELS_DISCOVERED", 2000, _COUNT, "models taken from one provider's list"),
    Name("DISCOVERY_SECONDS", 86_400.0, _seconds(60, 2_592_000), "between two looks at a provider's list of models"),
    Name(
        "LOOKUP_SECONDS",
        300.0,
        _seconds(0, 86_400),
        "between two free questions about what a key has left, asked only when it helps; 0 asks none",
    ),
    Name("HTTP_PROXY", None, ProxyUrl(), "proxy for providers whose base URL is http"),
    Name("HTTPS_PROXY", None, ProxyUrl(), "proxy for providers whose base URL is https"),
    Name("ALL_PROXY", None, ProxyUrl(), "proxy for either, where the one above is not set"),
    Name("NO_PROXY", (), Hosts(), "who is asked without a proxy; this machine itself always is"),
    # What is kept.
    Name("LEDGER_DAYS", 35, Whole(32, 400), "days that the ledger is kept: longer than the longest window"),
    Name("USAGE_HOURS_DAYS", 90, Whole(1, 3650), "days that usage is kept by the hour, before it is kept by the day"),
    Name("MAX_SESSIONS", 10_000, _COUNT, "sessions, by client key and day, whose usage is kept"),
    Name(
        "RESPONSES_KEPT_BYTES",
        67_108_864,
        Whole(0, 1 << 34),
        "replies of /v1/responses kept in memory for `previous_response_id`; 0 keeps none",
    ),
    Name("RESPONSES_KEPT_SECONDS", 3600.0, _seconds(1, 604_800), "how long they are kept"),
    Name("WRITE_BUFFER_ROWS", 20_000, _COUNT, "rows that wait for a database that cannot be written; then 503"),
    # Ourselves.
    Name("MAX_CONTROL_CONNECTIONS", 64, _COUNT, "connections to the control socket at once"),
    Name("WATCH_SECONDS", 2.0, _seconds(0.1, 3600), "between two looks at our files"),
    Name("SLEEP_GAP_SECONDS", 30.0, _seconds(1, 3600), "clock jump after which idle connections are dropped"),
)
BY_NAME: Final = {setting.name: setting for setting in NAMES}


class ProviderName(msgspec.Struct, frozen=True):
    """One setting that every provider has, as `<PROVIDER>` and the suffix. Unset, the catalogue decides."""

    suffix: str
    field: str
    kind: Kind
    meaning: str
    may_be_empty: bool = False


PROVIDER_NAMES: Final = (
    ProviderName("_BASE_URL", "base_url", BaseUrl(), "where the provider is asked"),
    ProviderName("_MODEL", "models", Models(), "its models, cheapest or preferred first"),
    ProviderName("_EMBED_MODEL", "embed_model", Model(), "its embedding model; empty: none", may_be_empty=True),
    ProviderName("_EXCLUDE_MODELS", "exclude_models", Models(), "models never asked; case does not count", True),
    ProviderName("_SUPPORTS_TOOLS", "tools", Flag(), "whether its models take tools"),
    ProviderName("_SUPPORTS_VISION", "vision", Flag(), "whether its models take images"),
    ProviderName("_REASONING", "reasoning", Flag(), "whether its models think first"),
    ProviderName("_SUPPORTS_REASONING", "reasoning", Flag(), "the same as `_REASONING`, which counts first"),
    ProviderName("_SKIP_TOKENS_OVER", "skip_tokens_over", _CEILING, "not asked for larger requests; 0 never skipped"),
    ProviderName("_MAX_OUTPUT_TOKENS", "max_output_tokens", _CEILING, "clamp of the output asked for; 0 none"),
    ProviderName("_ROTATION_MODE", "rotation_mode", _ROTATION, "ROTATION_MODE for this provider"),
    ProviderName(
        "_FIRST_TOKEN_SECONDS",
        "first_token_seconds",
        _seconds(0.1, 86_400),
        "FIRST_TOKEN_SECONDS for this provider",
    ),
)
CAPABILITIES: Final = tuple(entry for entry in PROVIDER_NAMES if entry.field in {"tools", "vision", "reasoning"})
"""Those that `<PROVIDER>_<MODEL>` can have as well, for one model."""

BASE_URL_SUFFIXES: Final = {"anthropic": "/v1"}
"""Its SDKs take the base URL without the `/v1` that every path begins with, so users set it either way."""

FORMER_NAMES: Final = {
    "ROUTER_AUTH_FILE": "auth.json has a fixed place here: `hrd --check-config` says where; HERMES_ROUTER_HOME moves it",
    "ROUTER_STATE_FILE": "what is learned is kept in hrd.db",
    "HERMES_INSTANCES_FILE": "there is one daemon for each user or machine",
}
"""Names of the original hermes-router whose owner would wonder why nothing happens."""
