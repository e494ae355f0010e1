"""config.toml: what stands in it becomes settings and overrides, and whatever is wrong is said."""

import pytest

from hrd.settings.problems import Problem
from hrd.settings.structured import Structured, read_structured


def read(text: str) -> tuple[Structured, list[str]]:
    problems: list[Problem] = []
    structured = read_structured(text, problems)
    return structured, [str(problem) for problem in problems]


def test_settings_in_either_case_and_of_any_plain_type() -> None:
    structured, problems = read(
        """
        [settings]
        port = 9000
        LOG_LEVEL = "debug"
        reserve_fraction = 0.25
        metrics_require_auth = true
        Groq_Model = ["a", "b"]
        OPENAI_GPT_4O_REASONING = false
        """
    )
    assert problems == []
    assert structured.settings == {
        "PORT": "9000",
        "LOG_LEVEL": "debug",
        "RESERVE_FRACTION": "0.250000",
        "METRICS_REQUIRE_AUTH": "true",
        "GROQ_MODEL": "a,b",
        "OPENAI_GPT_4O_REASONING": "false",
    }


def test_overrides_of_the_catalogue_go_through_as_they_stand() -> None:
    structured, problems = read('[providers.groq]\nmodels = ["x"]\n[providers.groq.quirks]\ndrop = ["n"]\n[providers.zai]\n')
    assert problems == []
    assert structured.provider_overrides == {"groq": {"models": ["x"], "quirks": {"drop": ["n"]}}, "zai": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 1", "port (config.toml): belongs under [settings]"),
        ("groq_model = 'x'", "groq_model (config.toml): belongs under [settings]"),
        ("[groq]\nmodels = []", "groq (config.toml): belongs into [providers.groq]"),
        ("[aliases]", "aliases (config.toml): the tables here are [settings] and [providers]"),
        ("settings = 1", "settings = 1 (config.toml): a table: [settings]"),
        ("providers = []", "providers = a list (config.toml): a table: [providers]"),
        ("[settings]\nprot = 1", "prot (config.toml): no such setting; did you mean PORT?"),
        ("[settings]\ncolour = 1", "colour (config.toml): no such setting"),
        ("[settings]\nport = 1\nPORT = 2", "PORT = 2 (config.toml): one value; the name stands here twice"),
        ("[settings]\nport = {a = 1}", "port = a table (config.toml): text, a number, true, false or a list of texts"),
        (
            "[settings]\nport = 1979-05-27",
            "port = datetime.date(1979, 5, 27) (config.toml): text, a number, true, false or a list of texts",
        ),
        ("[settings]\ngroq_model = [1]", "groq_model = a list (config.toml): text, a number, true, false or a list of texts"),
        (
            "[settings]\ngroq_api_key = 'gsk_test-not-a-key-1'",
            "GROQ_API_KEY = (not shown) (config.toml): keys belong into auth.json (`hr auth add`) or .env",
        ),
        (
            "[settings]\nproxy_api_keys = ['x']",
            "PROXY_API_KEYS = (not shown) (config.toml): keys belong into auth.json (`hr auth add`) or .env",
        ),
        ("[providers.grok]", "providers.grok (config.toml): did you mean groq?"),
        ("[providers.google]", "providers.google (config.toml): did you mean gemini?"),
        ("[providers]\ngroq = 1", "providers.groq = 1 (config.toml): a table: [providers.groq]"),
        ("a" + ".a" * 3000 + " = 1", "config.toml: tables that are not nested deeper than anybody needs"),
        ("a = " + "[" * 3000, "config.toml: this is not valid TOML: nested too deep"),
        ('"\\u001b[31m\\n" = 1', "·[31m· (config.toml): the tables here are [settings] and [providers]"),
        ("[settings]\n'gsk_test-not-a-key-1' = 1", "[redacted] (config.toml): no such setting"),
    ],
)
def test_each_mistake_is_said_with_what_would_be_right(text: str, said: str) -> None:
    structured, problems = read(text)
    assert problems == [said]
    assert structured.settings in ({}, {"PORT": "1"})


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "[settings",
        "a = ",
        "a = 1\na = 2",
        "a = 1979-13-01",
        "a = " + "9" * 5000,
        "\0",
        "a = 'x",
        "[[settings]]\n[settings]",
        "=1",
        "a = \x7f",
    ],
)
def test_what_is_no_toml_is_one_problem(text: str) -> None:
    structured, problems = read(text)
    assert structured == Structured()
    assert len(problems) == 1
    assert problems[0].startswith("config.toml: this is not valid TOML: ")


def test_where_it_is_no_toml_is_said_to_the_end() -> None:
    assert read("[settings")[1][0].endswith("Expected ']' at the end of a table declaration (at end of document)")


def test_an_unknown_provider_is_told_who_there_is() -> None:
    assert read("[providers.nobody_like_this]")[1][0].startswith(
        "providers.nobody_like_this (config.toml): one of gemini, openrouter, "
    )
