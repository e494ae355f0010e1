"""Keys are found in all forms of their variables, in order, and placeholders are not taken for keys."""

import pytest

from hrd.settings import Settings, read_settings
from hrd.settings.keys import KEY_NAMES, OTHERS_NAMES, exposure_warning, key_names, key_provider

K = [f"gsk_test-not-a-key-{n}" for n in range(6)]


def read(environ: dict[str, str] | None = None, dotenv: str | None = None) -> Settings:
    settings = read_settings(environ or {}, dotenv, None)
    assert isinstance(settings, Settings)
    return settings


def revealed(settings: Settings, provider: str) -> list[str]:
    return [key.secret.reveal() for key in settings.keys.get(provider, ())]


def test_singular_then_list_then_numbered_by_their_number_and_each_once() -> None:
    environ = {
        "GROQ_API_KEY_10": K[4],
        "GROQ_API_KEY_2": K[3],
        "GROQ_API_KEYS": f"{K[1]}, {K[0]},,{K[2]}",
        "GROQ_API_KEY": K[0],
        "GROQ_API_KEY_3": K[1],
    }
    settings = read(environ)
    assert revealed(settings, "groq") == [K[0], K[1], K[2], K[3], K[4]]
    assert [key.name for key in settings.keys["groq"]] == [
        "GROQ_API_KEY",
        "GROQ_API_KEYS",
        "GROQ_API_KEYS",
        "GROQ_API_KEY_2",
        "GROQ_API_KEY_10",
    ]


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        *((name, provider) for provider, names in KEY_NAMES.items() for name in names),
        ("GITHUB_MODELS_TOKENS", "github_models"),
        ("GITHUB_MODELS_TOKEN_7", "github_models"),
        ("HF_TOKEN_2", "huggingface"),
        ("GLM_API_KEYS", "zai"),
    ],
)
def test_each_form_of_a_name_holds_its_providers_keys(name: str, provider: str) -> None:
    assert key_provider(name) == provider
    assert revealed(read({name: "anything-but-a-key-1"}), provider) == ["anything-but-a-key-1"]


@pytest.mark.parametrize(
    "name", ["GROQ_API_KEYS_2", "GROQ_API_KEY_", "GROQ_API_KEY_X", "XGROQ_API_KEY", "CODEX_API_KEY", *OTHERS_NAMES]
)
def test_other_names_hold_none(name: str) -> None:
    assert key_provider(name) is None
    assert read({name: K[0]}).keys == {}


def test_both_of_huggingfaces_names_count() -> None:
    environ = {
        "HF_TOKEN": "hf_test-not-a-key-2",
        "HUGGINGFACE_API_KEYS": "hf_test-not-a-key-3",
        "HUGGINGFACE_API_KEY": "hf_test-not-a-key-1",
    }
    assert [key[-1] for key in revealed(read(environ), "huggingface")] == ["1", "2", "3"]


def test_the_process_environment_counts_before_dotenv_name_by_name() -> None:
    settings = read(
        {"GROQ_API_KEY": K[0], "MISTRAL_API_KEY": ""}, f"GROQ_API_KEY={K[1]}\nGROQ_API_KEY_2={K[2]}\nMISTRAL_API_KEY={K[3]}\n"
    )
    assert [(key.secret.reveal(), key.source) for key in settings.keys["groq"]] == [(K[0], "environment"), (K[2], ".env")]
    assert settings.keys["mistral"][0].source == ".env"


def test_placeholders_and_broken_keys_are_named_and_not_used() -> None:
    settings = read({"GROQ_API_KEYS": f"your-key-here,{K[0]},gsk_ two words", "MISTRAL_API_KEY": "\udc80" * 20})
    assert revealed(settings, "groq") == [K[0]]
    assert settings.keys.keys() == {"groq"}
    assert settings.warnings == (
        "GROQ_API_KEYS (environment) holds a placeholder, not a key: it is not used",
        "GROQ_API_KEYS (environment) has white space or a character that no key has: it is not used",
        "MISTRAL_API_KEY (environment) has white space or a character that no key has: it is not used",
    )


def test_an_odd_key_is_used_and_named_by_its_fingerprint() -> None:
    settings = read({"OPENAI_API_KEY": K[1]})
    assert revealed(settings, "openai") == [K[1]]
    name = settings.keys["openai"][0].secret.fingerprint
    assert settings.warnings == (f"OPENAI_API_KEY (environment), {name}: this looks like a key of groq, not of openai",)


def test_client_keys_are_a_comma_list() -> None:
    settings = read(
        None,
        "PROXY_API_KEYS='sk-router-test-not-a-key-1, sk-router-test-not-a-key-2,sk-router-test-not-a-key-1,changeme,short'",
    )
    assert [key.reveal() for key in settings.proxy_api_keys] == [
        "sk-router-test-not-a-key-1",
        "sk-router-test-not-a-key-2",
        "short",
    ]
    assert all(key.fingerprint.startswith("client-") for key in settings.proxy_api_keys)
    assert settings.source_of("PROXY_API_KEYS") == ".env"
    assert settings.warnings == (
        "PROXY_API_KEYS (.env) holds a placeholder, not a key: it is not used",
        f"PROXY_API_KEYS (.env), {settings.proxy_api_keys[2].fingerprint}: a key this short can be guessed",
    )


@pytest.mark.parametrize(
    ("environ", "dotenv", "mode", "warns"),
    [
        ({}, f"GROQ_API_KEY={K[0]}", 0o644, True),
        ({}, f"GROQ_API_KEY={K[0]}", 0o640, True),
        ({}, f"GROQ_API_KEY={K[0]}", 0o604, True),
        ({}, "PROXY_API_KEYS=sk-router-test-not-a-key-1", 0o644, True),
        ({}, f"GROQ_API_KEY={K[0]}", 0o600, False),
        ({}, f"GROQ_API_KEY={K[0]}", 0o622, False),
        ({}, "PORT=8320", 0o644, False),
        ({"GROQ_API_KEY": K[0]}, "PORT=8320", 0o644, False),
    ],
)
def test_keys_in_a_file_that_others_can_read_are_a_warning(
    environ: dict[str, str], dotenv: str, mode: int, warns: bool
) -> None:
    said = exposure_warning(read(environ, dotenv), "/c/.env", mode)
    assert said == ("others on this machine can read the keys in /c/.env: chmod 600 /c/.env" if warns else None)


def test_names_to_compare_typing_mistakes_with() -> None:
    assert {"GROQ_API_KEY", "GROQ_API_KEYS", "HF_TOKEN", "GLM_API_KEYS"} <= set(key_names())
