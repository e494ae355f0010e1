"""The settings as values: what every other part is handed."""

import re
from typing import Final

import msgspec

from hrd.core.secrets import Secret
from hrd.settings.problems import Source
from hrd.settings.proxies import Proxy

_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9]")


class Forced(msgspec.Struct, frozen=True):
    """Capabilities as the user says they are; None where nothing was said, so that they are learned."""

    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None

    def over(self, other: "Forced") -> "Forced":
        """These, and the *other*'s where these say nothing."""
        return Forced(
            tools=other.tools if self.tools is None else self.tools,
            vision=other.vision if self.vision is None else self.vision,
            reasoning=other.reasoning if self.reasoning is None else self.reasoning,
        )


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What was set for one provider; None where the catalogue decides."""

    base_url: str | None = None
    models: tuple[str, ...] | None = None
    embed_model: str | None = None
    """Empty: the provider answers no embeddings."""
    exclude_models: tuple[str, ...] = ()
    """In lower case."""
    skip_tokens_over: int | None = None
    max_output_tokens: int | None = None
    rotation_mode: str | None = None
    first_token_seconds: float | None = None
    forced: Forced = Forced()
    forced_by_model: dict[str, Forced] = {}
    """By the model's name as variables spell it (`name_part`)."""

    def forced_for(self, model: str) -> Forced:
        """What is said of *model*: by its own variables, then by the provider's."""
        return self.forced_by_model.get(name_part(model), Forced()).over(self.forced)

    def is_excluded(self, model: str) -> bool:
        return model.lower() in self.exclude_models


class EnvironmentKey(msgspec.Struct, frozen=True):
    """A provider's key that stands in the process environment or in `.env`."""

    provider: str
    secret: Secret
    name: str
    source: Source


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was set, and the default of everything else. Fields are those of `hrd.settings.names.NAMES`."""

    host: str
    port: int
    router_model_id: str
    cors_origins: tuple[str, ...]
    metrics_require_auth: bool
    control_group: str | None
    log_level: str
    request_log_size: int

    rotation_mode: str
    embed_fallback: tuple[tuple[str, str], ...]
    reasoning_token_reserve: int
    reserve_fraction: float
    cost_policy: str
    cost_currency: str
    cost_fx_rate: float
    model_prices_file: str | None
    openrouter_site_url: str | None
    openrouter_app_name: str | None

    codex_auth_url: str
    codex_client_id: str
    codex_originator: str
    codex_version: str
    codex_callback_ports: tuple[int, ...]
    codex_login_seconds: float
    codex_auth_seconds: float
    codex_renew_seconds: float

    proxy_limit_rpm: int
    proxy_limit_req_day: int
    proxy_limit_tokens_day: int
    proxy_limit_cost_day: float

    retry_brake_refusals: int
    retry_brake_window_seconds: float
    retry_brake_seconds: float
    max_retry_brake_bodies: int

    breaker_window: int
    breaker_min_samples: int
    breaker_error_rate: float
    breaker_cooldown: float
    probe_seconds: float
    probe_max_seconds: float

    connect_seconds: float
    first_token_seconds: float
    slow_first_token_seconds: float
    reply_seconds: float
    deadline_seconds: float
    stream_seconds: float
    idle_seconds: float
    max_wait_seconds: float
    keepalive_seconds: float
    drain_seconds: float
    handover_seconds: float
    stop_seconds: float

    max_connections: int
    max_request_bytes: int
    max_request_line_bytes: int
    max_head_bytes: int
    max_headers: int
    header_seconds: float
    body_seconds: float
    client_write_seconds: float
    idle_connection_seconds: float
    max_auth_failures: int
    max_waiting_requests: int

    max_buffered_bytes: int
    max_reply_bytes: int
    max_event_bytes: int
    max_error_bytes: int
    max_upstream_connections: int
    max_upstream_idle: int
    upstream_idle_seconds: float
    max_models_discovered: int
    discovery_seconds: float
    lookup_seconds: float
    http_proxy: Proxy | None
    https_proxy: Proxy | None
    all_proxy: Proxy | None
    no_proxy: tuple[str, ...]

    ledger_days: int
    usage_hours_days: int
    max_sessions: int
    responses_kept_bytes: int
    responses_kept_seconds: float
    write_buffer_rows: int

    max_control_connections: int
    watch_seconds: float
    sleep_gap_seconds: float

    proxy_api_keys: tuple[Secret, ...] = ()
    keys: dict[str, tuple[EnvironmentKey, ...]] = {}
    """By provider, in stored order. Those of auth.json come before them."""
    providers: dict[str, ProviderSettings] = {}
    """Only those of which something was set; see `provider`."""
    provider_overrides: dict[str, dict[str, object]] = {}
    """`[providers.<name>]` of config.toml as it stands: fields of the catalogue."""
    local_enabled: bool = False
    origins: dict[str, Source] = {}
    """Where each name that was set came from; see `source_of`."""
    warnings: tuple[str, ...] = ()

    def proxies(self) -> tuple[Proxy, ...]:
        """Every proxy that is named, whether anybody is asked by way of it or not."""
        named = (self.http_proxy, self.https_proxy, self.all_proxy)
        return tuple(proxy for proxy in named if proxy is not None)

    def provider(self, name: str) -> ProviderSettings:
        return self.providers.get(name, ProviderSettings())

    def source_of(self, name: str) -> Source:
        return self.origins.get(name, "default")

    def rotation_mode_of(self, provider: str) -> str:
        return self.provider(provider).rotation_mode or self.rotation_mode

    def first_token_seconds_of(self, provider: str, *, slow: bool) -> float:
        """How long an attempt may take to its commit point; *slow* for models that think first and slow providers."""
        said = self.provider(provider).first_token_seconds
        if said is not None:
            return said
        return max(self.first_token_seconds, self.slow_first_token_seconds) if slow else self.first_token_seconds


def name_part(model: str) -> str:
    """*model* as it is spelled inside a variable's name: `gpt-oss:20b` is `GPT_OSS_20B`."""
    return _NOT_IN_NAMES.sub("_", model.upper())
