"""Three layers become settings, or everything that is wrong with them at once; never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.aliases import PROVIDERS
from hrd.settings import Problems, Settings, read_settings
from hrd.settings.dotenv_text import LINE_CHARS_MAX
from hrd.settings.names import NAMES

KEY = "gsk_test-not-a-key-1"


def good(environ: dict[str, str] | None = None, dotenv: str | None = None, toml: str | None = None) -> Settings:
    settings = read_settings(environ or {}, dotenv, toml)
    assert isinstance(settings, Settings), str(settings)
    return settings


def bad(environ: dict[str, str] | None = None, dotenv: str | None = None, toml: str | None = None) -> list[str]:
    problems = read_settings(environ or {}, dotenv, toml)
    assert isinstance(problems, Problems)
    return [str(problem) for problem in problems.problems]


@pytest.mark.parametrize(
    ("environ", "dotenv", "toml", "port", "source"),
    [
        ({"PORT": "1"}, "PORT=2", "[settings]\nport=3", 1, "environment"),
        ({}, "PORT=2", "[settings]\nport=3", 2, ".env"),
        ({}, None, "[settings]\nport=3", 3, "config.toml"),
        ({}, None, None, 8319, "default"),
        ({"PORT": ""}, "PORT=", "[settings]\nport=3", 3, "config.toml"),  # empty sets nothing
        ({"PORT": " 7 "}, None, None, 7, "environment"),
        ({"port": "1"}, "Port=2", None, 8319, "default"),  # variables have their case
    ],
)
def test_who_counts_before_whom_and_where_it_came_from(
    environ: dict[str, str], dotenv: str | None, toml: str | None, port: int, source: str
) -> None:
    settings = good(environ, dotenv, toml)
    assert settings.port == port
    assert settings.source_of("PORT") == source


def test_an_empty_value_overrides_where_nothing_is_a_value() -> None:
    settings = good({"CORS_ORIGINS": "", "CONTROL_GROUP": ""}, "CORS_ORIGINS=*\nCONTROL_GROUP=users\n")
    assert settings.cors_origins == ()
    assert settings.control_group is None
    assert settings.source_of("CONTROL_GROUP") == "environment"


def test_all_problems_are_said_at_once_each_with_its_source() -> None:
    assert bad(
        {"PORT": "http", "GROQ_BASE_URL": "groq.com"},
        "ROTATION_MODE=fastest\nMAX_WAIT_SECONDS=5m\n",
        "[settings]\nlog_level = 'LOUD'\nprot = 1\n[providers.grok]\n",
    ) == [
        "prot (config.toml): no such setting; did you mean PORT?",
        "providers.grok (config.toml): did you mean groq?",
        "PORT = http (environment): a whole number from 0 to 65535",
        "LOG_LEVEL = LOUD (config.toml): one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        "ROTATION_MODE = fastest (.env): one of parallel, sequential",
        "MAX_WAIT_SECONDS = 5m (.env): a number from 0 to 3600",
        "GROQ_BASE_URL = groq.com (environment): a URL such as https://host/v1, without user, password, query or fragment",
    ]


def test_a_value_that_does_not_count_is_not_judged() -> None:
    assert good({"PORT": "1"}, "PORT=nonsense").port == 1


def test_a_key_in_the_wrong_place_is_not_shown() -> None:
    port, url = bad({"PORT": KEY, "GROQ_BASE_URL": f"https://ada:{KEY}@host/v1"})
    assert port == "PORT = [redacted] (environment): a whole number from 0 to 65535"
    assert url.startswith("GROQ_BASE_URL = https://[redacted]@host/v1 (environment): a URL such as ")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"PROBE_SECONDS": "30000"}, "PROBE_SECONDS = 30000 (environment): at most PROBE_MAX_SECONDS, which is 21600"),
        ({"PROBE_MAX_SECONDS": "60"}, "PROBE_MAX_SECONDS = 60 (environment): at least PROBE_SECONDS, which is 900"),
        ({"BREAKER_WINDOW": "3"}, "BREAKER_WINDOW = 3 (environment): at least BREAKER_MIN_SAMPLES, which is 4"),
        ({"BREAKER_MIN_SAMPLES": "9"}, "BREAKER_MIN_SAMPLES = 9 (environment): at most BREAKER_WINDOW, which is 8"),
        ({"DEADLINE_SECONDS": "10"}, "DEADLINE_SECONDS = 10 (environment): at least MAX_WAIT_SECONDS, which is 30"),
        (
            {"MAX_REQUEST_BYTES": "300000000"},
            "MAX_REQUEST_BYTES = 300000000 (environment): at most MAX_BUFFERED_BYTES, which is 268435456",
        ),
    ],
)
def test_settings_that_contradict_each_other(environ: dict[str, str], said: str) -> None:
    assert bad(environ) == [said]


@pytest.mark.parametrize(
    ("dotenv", "warning"),
    [
        ("RAOTATION_MODE=x", "RAOTATION_MODE in .env is not a setting: did you mean ROTATION_MODE?"),
        ("GROQ_MODELS=x", "GROQ_MODELS in .env is not a setting: did you mean GROQ_MODEL?"),
        ("GRQ_API_KEY=x", "GRQ_API_KEY in .env is not a setting: did you mean GROQ_API_KEY?"),
        ("ROUTER_AUTH_FILE=/x", "ROUTER_AUTH_FILE in .env has no meaning here: auth.json has a fixed place"),
        ("GOOGLE_API_KEY=x", "GOOGLE_API_KEY in .env is not read: the name for such a key is GEMINI_API_KEY"),
        ("PORT=1\nPORT=2", "PORT stands more than once in .env: the last one counts"),
        ("\nJUNK='x", ".env, line 2, cannot be read: nothing on it counts"),
    ],
)
def test_what_is_probably_not_meant_so_is_a_warning(dotenv: str, warning: str) -> None:
    warnings = good({}, dotenv).warnings
    assert len(warnings) == 1
    assert warnings[0].startswith(warning)


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "CACHE_TTL_SECONDS", "WORKER_THREADS", "OPENAI_ORG_ID", "HOME", "DEBUG", "NODE_ENV", "A"]
)
def test_other_programs_settings_are_nobodys_business(name: str) -> None:
    assert good({name: "x"}, f"{name}=x\n{name}=y").warnings == ()


def test_typing_mistakes_are_looked_for_in_dotenv_only() -> None:
    assert good({"RAOTATION_MODE": "x"}).warnings == ()


def test_a_dotenv_of_thousands_of_strangers_is_read_and_not_studied() -> None:
    settings = good({}, "".join(f"PORT_{n}=x\n" for n in range(1000)) + "PORT=2")
    assert settings.port == 2
    assert len(settings.warnings) <= 100


def test_a_damaged_line_that_means_us_is_a_problem_and_not_a_default() -> None:
    assert bad({}, 'A=1\nexport PORT="8320\n') == ["PORT (.env): a quote is open in line 2: close it"]
    assert bad({}, "A=1\n\nPORT 8320\n") == ["PORT (.env): line 3 is not NAME=value"]


def test_a_line_without_end_is_a_problem() -> None:
    assert bad({}, "PORT=" + " " * LINE_CHARS_MAX) == [".env: lines of at most 32768 characters"]


@pytest.mark.parametrize(
    ("environ", "toml", "is_enabled"),
    [
        ({}, None, False),
        ({"LOCAL_BASE_URL": "http://localhost:1234/v1"}, None, True),
        ({"LOCAL_MODEL": "llama3.1"}, None, True),
        ({"LOCAL_MODEL": ""}, None, False),
        ({"LOCAL_API_KEY": "key", "LOCAL_EMBED_MODEL": "e", "LOCAL_SUPPORTS_TOOLS": "1"}, None, False),
        ({}, "[settings]\nlocal_model = 'x'", True),
        ({}, "[providers.local]\nbase_url = 'http://localhost:1/v1'", True),
        ({}, "[providers.local]\ncontext = 1", False),
    ],
)
def test_local_is_switched_on_by_its_address_or_model(environ: dict[str, str], toml: str | None, is_enabled: bool) -> None:
    assert good(environ, None, toml).local_enabled is is_enabled


def test_a_dotenv_of_the_original_works() -> None:
    settings = good(
        {},
        """
        PORT=8319
        HOST=0.0.0.0
        PROXY_API_KEYS=sk-router-test-not-a-key-1
        ROTATION_MODE=round-robin
        GEMINI_API_KEYS=AIza-test-not-a-key-1,AIza-test-not-a-key-2
        GLM_API_KEYS=test-not-a-key-number-3
        GITHUB_MODELS_TOKENS=your-token-here
        GROQ_SKIP_TOKENS_OVER=5500
        COHERE_MAX_OUTPUT_TOKENS=8192
        ZAI_MODEL=glm-4.7-flash
        CACHE_TTL_SECONDS=300
        SEMANTIC_CACHE=0
        MAX_REQUEST_BYTES=10485760
        METRICS_REQUIRE_AUTH=false
        """,
    )
    assert (settings.host, settings.rotation_mode, settings.max_request_bytes) == ("0.0.0.0", "parallel", 10485760)
    assert {provider: len(keys) for provider, keys in settings.keys.items()} == {"gemini": 2, "zai": 1}
    assert settings.provider("zai").models == ("glm-4.7-flash",)
    assert settings.warnings == ("GITHUB_MODELS_TOKENS (.env) holds a placeholder, not a key: it is not used",)


ODD = (
    "-1",
    "x",
    "1.5.5",
    "nan",
    "∞",
    "a b",
    "\udc80",
    "\0",
    "é\n",
    "9" * 400,
    "{}",
    "[]",
    "http://u:p@h",
    KEY,
    "0x1",
    "--",
    "a,,\tb",
    "1e9",
)
EVERY = (
    *(setting.name for setting in NAMES),
    *(f"{p.upper()}{suffix}" for p in PROVIDERS for suffix in ("_BASE_URL", "_SKIP_TOKENS_OVER")),
)


@pytest.mark.parametrize("name", EVERY)
def test_odd_values_of_every_setting_are_refused_or_taken_and_never_an_exception(name: str) -> None:
    for text in ODD:
        for layers in ({"environ": {name: text}}, {"toml": f"[settings]\n{name} = {text!r}"}, {"dotenv": f'{name}="{text}"'}):
            result = read_settings(layers.get("environ", {}), layers.get("dotenv"), layers.get("toml"))  # type: ignore[arg-type]
            if isinstance(result, Problems):
                assert KEY not in str(result)
                assert all(len(str(problem)) < 400 and "\n" not in str(problem) for problem in result.problems)


WORDS = st.sampled_from(
    [*EVERY, "GROQ_API_KEY", "PROXY_API_KEYS", "PRT", "settings", "providers", "groq", *ODD, "8319", "1", "parallel"]
)
SCRAPS = st.lists(st.one_of(WORDS, st.sampled_from(list("=\n\"'#[]{},. \\")), st.text(max_size=4)), max_size=25).map("".join)


@given(st.dictionaries(WORDS, st.text(max_size=8), max_size=4), st.one_of(st.none(), SCRAPS), st.one_of(st.none(), SCRAPS))
def test_no_scraps_of_files_are_an_exception(environ: dict[str, str], dotenv: str | None, toml: str | None) -> None:
    result = read_settings(environ, dotenv, toml)
    if isinstance(result, Problems):
        assert result.problems
        assert all("\n" not in str(problem) for problem in result.problems)
