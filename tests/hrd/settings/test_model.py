"""What the settings answer when they are asked about one provider or one model."""

import msgspec
import pytest

from hrd.settings import Forced, ProviderSettings, Settings, read_settings
from hrd.settings.model import name_part


def settings(**environ: str) -> Settings:
    result = read_settings(environ, None, None)
    assert isinstance(result, Settings)
    return result


def test_a_provider_of_which_nothing_was_set_leaves_all_to_the_catalogue() -> None:
    assert settings().provider("groq") == ProviderSettings()
    assert settings().provider("demo_fine") == ProviderSettings()


def test_a_model_is_what_its_own_variables_say_then_what_its_providers_say() -> None:
    groq = settings(
        GROQ_SUPPORTS_TOOLS="1", GROQ_REASONING="0", GROQ_OPENAI_GPT_OSS_120B_REASONING="1", GROQ_X_SUPPORTS_VISION="0"
    ).provider("groq")
    assert groq.forced_for("openai/gpt-oss-120b") == Forced(tools=True, vision=None, reasoning=True)
    assert groq.forced_for("x") == Forced(tools=True, vision=False, reasoning=False)
    assert groq.forced_for("other") == Forced(tools=True, vision=None, reasoning=False)


@pytest.mark.parametrize(
    ("model", "part"), [("gpt-oss:20b", "GPT_OSS_20B"), ("openai/gpt-4o", "OPENAI_GPT_4O"), ("é", "_"), ("a.b_c", "A_B_C")]
)
def test_a_model_in_a_variables_name(model: str, part: str) -> None:
    assert name_part(model) == part


def test_excluded_models_are_compared_without_case_and_exactly() -> None:
    groq = settings(GROQ_EXCLUDE_MODELS="Llama-Guard, whisper").provider("groq")
    assert groq.exclude_models == ("llama-guard", "whisper")
    assert groq.is_excluded("LLAMA-guard")
    assert not groq.is_excluded("llama-guard-2")


def test_the_mode_of_a_provider_is_its_own_or_the_general_one() -> None:
    both = settings(ROTATION_MODE="sequential", GROQ_ROTATION_MODE="round-robin")
    assert both.rotation_mode_of("groq") == "parallel"
    assert both.rotation_mode_of("mistral") == "sequential"


@pytest.mark.parametrize(
    ("environ", "quick", "slow"),
    [
        ({}, 60.0, 180.0),
        ({"FIRST_TOKEN_SECONDS": "240"}, 240.0, 240.0),
        ({"FIRST_TOKEN_SECONDS": "20"}, 20.0, 180.0),
        ({"GROQ_FIRST_TOKEN_SECONDS": "7"}, 7.0, 7.0),
        ({"SLOW_FIRST_TOKEN_SECONDS": "90"}, 60.0, 90.0),
    ],
)
def test_how_long_the_first_token_may_take(environ: dict[str, str], quick: float, slow: float) -> None:
    assert settings(**environ).first_token_seconds_of("groq", slow=False) == quick
    assert settings(**environ).first_token_seconds_of("groq", slow=True) == slow


def test_settings_that_hold_a_key_cannot_be_written_and_do_not_show_it() -> None:
    held = settings(GROQ_API_KEY="gsk_test-not-a-key-1", PROXY_API_KEYS="sk-router-test-not-a-key-2")
    assert "not-a-key" not in repr(held)
    assert "groq-a2b4a280" in repr(held)
    with pytest.raises(TypeError):
        msgspec.json.encode(held)
