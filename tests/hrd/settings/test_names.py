"""The table of settings agrees with itself, with the struct and with the documented defaults."""

from typing import get_type_hints

import pytest

from hrd.settings import Settings, read_settings
from hrd.settings.kinds import Rejected
from hrd.settings.names import BY_NAME, NAMES, PROVIDER_NAMES, Name
from hrd.settings.read import NOT_ABOVE, is_ours

DERIVED = {"proxy_api_keys", "keys", "providers", "provider_overrides", "local_enabled", "origins", "warnings"}

DOCUMENTED = {
    "HOST": "127.0.0.1",
    "PORT": 8319,
    "ROUTER_MODEL_ID": "hermes-router",
    "ROTATION_MODE": "parallel",
    "LOG_LEVEL": "INFO",
    "MAX_BUFFERED_BYTES": 268435456,
    "MAX_REPLY_BYTES": 67108864,
    "MAX_CONNECTIONS": 4096,
    "CORS_ORIGINS": (),
    "CONTROL_GROUP": None,
    "MAX_REQUEST_BYTES": 33554432,
    "REQUEST_LOG_SIZE": 10000,
    "METRICS_REQUIRE_AUTH": False,
    "EMBED_FALLBACK": (),
    "REASONING_TOKEN_RESERVE": 4096,
    "OPENROUTER_SITE_URL": None,
    "OPENROUTER_APP_NAME": None,
    "BREAKER_WINDOW": 8,
    "BREAKER_MIN_SAMPLES": 4,
    "BREAKER_ERROR_RATE": 0.5,
    "BREAKER_COOLDOWN": 60,
    "FIRST_TOKEN_SECONDS": 60,
    "REPLY_SECONDS": 300,
    "DEADLINE_SECONDS": 600,
    "STREAM_SECONDS": 7200,
    "IDLE_SECONDS": 120,
    "CONNECT_SECONDS": 5,
    "MAX_WAIT_SECONDS": 30,
    "KEEPALIVE_SECONDS": 5,
    "DRAIN_SECONDS": 900,
    "STOP_SECONDS": 30,
    "PROBE_SECONDS": 900,
    "PROBE_MAX_SECONDS": 21600,
    "RESERVE_FRACTION": 0,
    "PROXY_LIMIT_RPM": 0,
    "PROXY_LIMIT_REQ_DAY": 0,
    "PROXY_LIMIT_TOKENS_DAY": 0,
    "PROXY_LIMIT_COST_DAY": 0,
    "COST_POLICY": "paid-ok",
    "COST_CURRENCY": "USD",
    "COST_FX_RATE": 0,
    "MODEL_PRICES_FILE": None,
    "HEADER_SECONDS": 15,
    "BODY_SECONDS": 60,
    "UPSTREAM_IDLE_SECONDS": 50,
    "LEDGER_DAYS": 35,
    "WRITE_BUFFER_ROWS": 20000,
}


def test_the_defaults_are_the_documented_ones() -> None:
    assert {name: BY_NAME[name].default for name in DOCUMENTED} == DOCUMENTED


def test_every_name_is_a_field_of_the_settings_and_the_other_way_round() -> None:
    assert len(BY_NAME) == len(NAMES)
    assert {setting.field for setting in NAMES} == set(Settings.__struct_fields__) - DERIVED


@pytest.mark.parametrize("setting", NAMES, ids=lambda setting: setting.name)
def test_every_default_is_a_value_that_could_be_set_and_of_the_fields_type(setting: Name) -> None:
    hint = get_type_hints(Settings)[setting.field]
    if setting.default is None or setting.default == ():
        assert setting.may_be_empty
        assert type(None) in getattr(hint, "__args__", ()) or getattr(hint, "__origin__", None) is tuple
        return
    assert type(setting.default) is getattr(hint, "__origin__", hint)
    spelled = format(setting.default, "f") if isinstance(setting.default, float) else str(setting.default)
    if isinstance(setting.default, tuple):
        spelled = ",".join(map(str, setting.default))
    assert not isinstance(setting.kind.parse(spelled), Rejected)
    assert setting.kind.parse(spelled) == setting.default


@pytest.mark.parametrize("setting", NAMES, ids=lambda setting: setting.name)
def test_everything_is_explained(setting: Name) -> None:
    assert setting.meaning
    assert not setting.meaning.endswith(".")
    assert setting.kind.accepted
    assert is_ours(setting.name)


def test_the_pairs_that_are_compared_exist_and_their_defaults_agree() -> None:
    assert all(BY_NAME[low].default <= BY_NAME[high].default for low, high in NOT_ABOVE)  # type: ignore[operator]


def test_nothing_set_is_all_defaults() -> None:
    settings = read_settings({}, None, None)
    assert isinstance(settings, Settings)
    assert all(getattr(settings, setting.field) == setting.default for setting in NAMES)
    assert {settings.source_of(setting.name) for setting in NAMES} == {"default"}
    assert settings.warnings == ()


def test_no_suffix_hides_another() -> None:
    suffixes = [entry.suffix for entry in PROVIDER_NAMES]
    assert len(set(suffixes)) == len(suffixes) == 12
