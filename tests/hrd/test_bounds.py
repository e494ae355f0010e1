"""StreamBounds: each number that the settings name reaches the part that it speaks of."""

from hrd import bounds
from hrd.core.brake import BrakeRules
from hrd.dialects.contract import StreamBounds
from hrd.downstream.context import Patience
from hrd.http.limits import HttpLimits
from hrd.pool import PoolRules
from hrd.settings import Settings, read_settings
from hrd.store.limits import Retention, StoreLimits
from hrd.upstream.connections import ConnectionLimits
from hrd.upstream.sending import SendLimits


def settings(**said: str) -> Settings:
    found = read_settings(said, None, None)
    assert isinstance(found, Settings), found
    return found


def test_rules_of_the_pool() -> None:
    said = settings(
        COST_POLICY="free-only",
        MAX_WAIT_SECONDS="11",
        BREAKER_WINDOW="12",
        BREAKER_MIN_SAMPLES="3",
        BREAKER_ERROR_RATE="0.25",
        BREAKER_COOLDOWN="13",
    )
    assert bounds.pool_rules(said) == PoolRules(
        cost_policy="free-only",
        max_wait_s=11.0,
        breaker_window=12,
        breaker_samples_min=3,
        breaker_error_rate=0.25,
        breaker_cooldown_s=13.0,
    )


def test_the_brake_on_retry_loops() -> None:
    said = settings(
        RETRY_BRAKE_REFUSALS="3", RETRY_BRAKE_WINDOW_SECONDS="31", RETRY_BRAKE_SECONDS="4", MAX_RETRY_BRAKE_BODIES="9"
    )
    assert bounds.brake_rules(said) == BrakeRules(refusals=3, within_s=31.0, hold_s=4.0, bodies_max=9)
    assert bounds.brake_rules(settings()) == BrakeRules()


def test_sizes_of_streams() -> None:
    assert bounds.stream_bounds(settings(MAX_EVENT_BYTES="2048", MAX_REPLY_BYTES="4096")) == StreamBounds(2048, 4096)


def test_patience_with_clients() -> None:
    said = settings(IDLE_CONNECTION_SECONDS="21", HEADER_SECONDS="22", BODY_SECONDS="23", CLIENT_WRITE_SECONDS="24")
    assert bounds.patience(said) == Patience(idle_s=21.0, header_s=22.0, body_s=23.0, write_s=24.0)


def test_sizes_of_messages_and_connections_to_providers() -> None:
    said = settings(
        MAX_REQUEST_LINE_BYTES="3001",
        MAX_HEAD_BYTES="3002",
        MAX_HEADERS="33",
        MAX_REQUEST_BYTES="3004",
        MAX_REPLY_BYTES="3005",
        MAX_UPSTREAM_CONNECTIONS="36",
        MAX_UPSTREAM_IDLE="7",
        UPSTREAM_IDLE_SECONDS="38",
        CONNECT_SECONDS="2.5",
        MAX_ERROR_BYTES="3009",
        MAX_WAIT_SECONDS="301",
    )
    http = HttpLimits(request_line_bytes=3001, head_bytes=3002, headers_count=33, body_bytes=3004, reply_body_bytes=3005)
    assert bounds.http_limits(said) == http
    assert bounds.connection_limits(said) == ConnectionLimits(open_max=36, idle_max=7, idle_s=38.0, http=http)
    assert bounds.send_limits(said) == SendLimits(connect_s=2.5, wait_s=301.0)


def test_what_is_kept() -> None:
    said = settings(REQUEST_LOG_SIZE="41", LEDGER_DAYS="42", USAGE_HOURS_DAYS="43", WRITE_BUFFER_ROWS="44")
    retention = Retention(journal_rows=41, ledger_days=42, usage_hours_days=43)
    assert bounds.store_limits(said) == StoreLimits(retention=retention, buffer_rows=44)


def test_what_nobody_set_is_what_each_part_takes_for_usual() -> None:
    said = settings()
    assert bounds.pool_rules(said) == PoolRules()
    assert bounds.http_limits(said) == HttpLimits()
    assert bounds.store_limits(said) == StoreLimits()
