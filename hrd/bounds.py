"""Bounds: what the settings say, as each part of the house takes it."""

from hrd.core.brake import BrakeRules
from hrd.dialects.contract import StreamBounds
from hrd.downstream.context import Patience
from hrd.http.limits import HttpLimits
from hrd.pool import PoolRules
from hrd.settings import Settings
from hrd.store.limits import Retention, StoreLimits
from hrd.upstream.accounts.server import ServerTerms
from hrd.upstream.connections import ConnectionLimits
from hrd.upstream.sending import SendLimits


def pool_rules(settings: Settings) -> PoolRules:
    return PoolRules(
        cost_policy=settings.cost_policy,
        max_wait_s=settings.max_wait_seconds,
        breaker_window=settings.breaker_window,
        breaker_samples_min=settings.breaker_min_samples,
        breaker_error_rate=settings.breaker_error_rate,
        breaker_cooldown_s=settings.breaker_cooldown,
        probe_s=settings.probe_seconds,
        probe_max_s=settings.probe_max_seconds,
        reserve=settings.reserve_fraction,
    )


def brake_rules(settings: Settings) -> BrakeRules:
    return BrakeRules(
        refusals=settings.retry_brake_refusals,
        within_s=settings.retry_brake_window_seconds,
        hold_s=settings.retry_brake_seconds,
        bodies_max=settings.max_retry_brake_bodies,
    )


def stream_bounds(settings: Settings) -> StreamBounds:
    return StreamBounds(event_bytes=settings.max_event_bytes, reply_bytes=settings.max_reply_bytes)


def patience(settings: Settings) -> Patience:
    return Patience(
        idle_s=settings.idle_connection_seconds,
        header_s=settings.header_seconds,
        body_s=settings.body_seconds,
        write_s=settings.client_write_seconds,
    )


def http_limits(settings: Settings) -> HttpLimits:
    return HttpLimits(
        request_line_bytes=settings.max_request_line_bytes,
        head_bytes=settings.max_head_bytes,
        headers_count=settings.max_headers,
        body_bytes=settings.max_request_bytes,
        reply_body_bytes=settings.max_reply_bytes,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        open_max=settings.max_upstream_connections,
        idle_max=settings.max_upstream_idle,
        idle_s=settings.upstream_idle_seconds,
        http=http_limits(settings),
    )


def send_limits(settings: Settings) -> SendLimits:
    return SendLimits(connect_s=settings.connect_seconds, wait_s=settings.max_wait_seconds)


def store_limits(settings: Settings) -> StoreLimits:
    retention = Retention(
        journal_rows=settings.request_log_size,
        ledger_days=settings.ledger_days,
        usage_hours_days=settings.usage_hours_days,
        sessions=settings.max_sessions,
    )
    return StoreLimits(retention=retention, buffer_rows=settings.write_buffer_rows)


def login_server_terms(settings: Settings) -> ServerTerms:
    return ServerTerms(
        url=settings.codex_auth_url,
        client_id=settings.codex_client_id,
        originator=settings.codex_originator,
        answer_s=settings.codex_auth_seconds,
    )
