"""The catalogue that ships, and what users may lay over it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hrd.core
from hrd.core import aliases
from hrd.core.catalogue import COST_CLASSES, DIALECTS, read_catalogue
from hrd.core.providers import ModelFacts, Provider

TEXT = (Path(hrd.core.__file__).parent / "catalogue.toml").read_text(encoding="utf-8")
SHIPPED, SHIPPED_PROBLEMS = read_catalogue(TEXT, {})


def _laid_over(name: str, /, **fields: object) -> tuple[Provider, list[str]]:
    providers, problems = read_catalogue(TEXT, {name: fields})
    return providers[name], problems


def test_the_shipped_catalogue_is_sound_and_has_every_provider() -> None:
    assert SHIPPED_PROBLEMS == []
    assert tuple(SHIPPED) == aliases.PROVIDERS


@pytest.mark.parametrize("provider", SHIPPED.values(), ids=SHIPPED)
def test_every_row_is_usable(provider: Provider) -> None:
    assert provider.base_url.startswith(("https://", "http://localhost:"))
    assert provider.models
    assert provider.notes
    assert provider.dialect in DIALECTS
    assert {provider.class_of(model) for model in provider.models} <= set(COST_CLASSES)
    assert provider.reader == provider.name or provider.name in ("anthropic", "codex")
    assert bool(provider.keys_at) is (provider.name not in ("local", "codex", "github_models"))


@pytest.mark.parametrize(
    ("name", "model", "cost_class"),
    [
        ("gemini", "gemini-2.5-flash-lite", "free"),
        ("openrouter", "nvidia/nemotron-3-super-120b-a12b:free", "free"),
        ("openrouter", "openrouter/free", "free"),
        ("openrouter", "openai/gpt-6-luna", "paid"),
        ("sambanova", "DeepSeek-V3.2", "paid"),
        ("cerebras", "gpt-oss-120b", "paid"),
        ("zai", "glm-4.7-flash", "free"),
        ("zai", "glm-5", "paid"),
        ("naga", "nemotron-3-super-120b-a12b:free", "free"),
        ("nvidia", "nvidia/nemotron-3-super-120b-a12b", "free"),
        ("kimi", "kimi-for-coding", "subscription"),
        ("openai", "gpt-6-luna", "paid"),
        ("local", "llama3.1", "local"),
    ],
)
def test_what_models_cost_without_a_payment_method(name: str, model: str, cost_class: str) -> None:
    assert SHIPPED[name].class_of(model) == cost_class


def test_no_default_is_a_model_that_is_gone_or_going() -> None:
    defaults = {model for provider in SHIPPED.values() if not provider.retired for model in provider.models}
    dying = {"gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini", "gpt-5", "gpt-5-mini", "o3", "gemini-2.5-flash"}
    dying |= {"gemini-2.5-pro", "deepseek-ai/deepseek-v4-flash", "llama-3.3-70b-versatile", "llama-3.1-8b-instant"}
    assert not defaults & dying


def test_sizes_of_the_original_are_kept() -> None:
    skipping = {name: row.skip_tokens_over for name, row in SHIPPED.items() if row.skip_tokens_over}
    assert skipping == {"sambanova": 30000, "github_models": 6000, "groq": 5500, "local": 3000}
    clamped = {name: row.max_output_tokens for name, row in SHIPPED.items() if row.max_output_tokens}
    assert clamped == {"github_models": 16384, "cohere": 8192, "zai": 131072}


def test_who_takes_which_field_for_the_output_limit() -> None:
    assert {name for name, row in SHIPPED.items() if row.quirks.token_field == "max_completion_tokens"} == {
        "openai",
        "cerebras",
        "groq",
    }


def test_who_embeds() -> None:
    assert {name: row.embed_model for name, row in SHIPPED.items() if row.embed_model} == {
        "gemini": "gemini-embedding-001",
        "mistral": "mistral-embed",
        "cohere": "embed-v4.0",
        "openai": "text-embedding-3-small",
    }


def test_only_github_models_is_retired_and_only_local_keyless() -> None:
    assert [name for name, row in SHIPPED.items() if row.retired] == ["github_models"]
    assert [name for name, row in SHIPPED.items() if row.keyless] == ["local"]


def test_a_field_is_replaced_and_the_rest_stays() -> None:
    groq, problems = _laid_over("groq", base_url="https://gateway.test/groq/", skip_tokens_over=0)
    assert problems == []
    assert (groq.base_url, groq.skip_tokens_over) == ("https://gateway.test/groq", 0)
    assert groq.quirks == SHIPPED["groq"].quirks


def test_tables_are_merged_and_lists_replaced() -> None:
    kimi, problems = _laid_over(
        "kimi",
        headers={"x-msh-platform": "hermes"},
        quirks={"clamp": {"top_p": [0, 1]}, "drop": ["n"]},
        models_facts={"kimi-for-coding": {"vision": True}, "kimi-k3": {"context": 1000000}},
    )
    assert problems == []
    assert kimi.quirks.clamp == {"temperature": (0.0, 1.0), "top_p": (0.0, 1.0)}
    assert (kimi.quirks.drop, kimi.quirks.keep_reasoning) == (("n",), True)
    assert kimi.headers == {"x-msh-platform": "hermes"}
    assert kimi.models_facts["kimi-for-coding"] == ModelFacts(
        context=262144, max_output=32768, tools=True, vision=True, reasoning=True
    )
    assert kimi.models_facts["kimi-k3"].context == 1000000


def test_excluded_models_are_compared_in_lower_case() -> None:
    assert _laid_over("groq", exclude_models=["Openai/GPT-oss-20B"])[0].exclude_models == ("openai/gpt-oss-20b",)


def test_an_override_changes_nobody_else() -> None:
    providers, _ = read_catalogue(TEXT, {"groq": {"headers": {"x-a": "b"}, "quirks": {"clamp": {"n": [1, 2]}}}})
    del providers["groq"]
    assert providers == {name: row for name, row in SHIPPED.items() if name != "groq"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"skip_token_over": 1}, "skip_token_over = 1: no such field; did you mean skip_tokens_over?"),
        ({"zzzzzzzzzz": 1}, "zzzzzzzzzz = 1: no such field"),
        ({"api_key": "gsk_test-not-a-key-1"}, "api_key: keys belong into auth.json (`hr auth add groq`) or .env"),
        ({"API_KEYS": ["word"]}, "API_KEYS: keys belong into auth.json (`hr auth add groq`) or .env"),
        ({"limits": [{"kind": "tries", "limit": 1}]}, "limits: in number 1, kind 'tries' is not one of requests/second,…"),
        ({"limits": [{"kind": "requests/day", "limit": 0}]}, "limits: in number 1, a limit above 0 is wanted"),
        ({"name": "x"}, "name = 'x': no such field"),
        ({"demo": True}, "demo = True: no such field"),
        ({"skip_tokens_over": -1}, "skip_tokens_over = -1: a number that is not negative is wanted"),
        ({"max_output_tokens": "many"}, "max_output_tokens = 'many': a whole number is wanted"),
        ({"max_output_tokens": True}, "max_output_tokens = True: a whole number is wanted"),
        ({"context": 1.5}, "context = 1.5: a whole number is wanted"),
        ({"models": "one"}, "models = 'one': a list of texts is wanted"),
        ({"models": ["one", 2]}, "models = ['one', 2]: a list of texts is wanted"),
        ({"discover": "no"}, "discover = 'no': true or false is wanted"),
        ({"first_token_s": float("nan")}, "first_token_s = nan: a number of seconds above 0 is wanted, a day at most"),
        ({"cost_class": "cheap"}, "cost_class = 'cheap': one of local, free, subscription, paid is wanted"),
        ({"class_by_suffix": {":x": "cheap"}}, "class_by_suffix = {':x': 'cheap'}: endings with one of local, free, subs…"),
        ({"reset_zone": "Mars/X"}, "reset_zone = 'Mars/X': a time zone such as UTC or America/Los_Angeles is wanted"),
        ({"base_url": "gateway.test"}, "base_url = 'gateway.test': a URL with http:// or https:// is wanted"),
        ({"quirks": 3}, "quirks = 3: a table is wanted"),
        ({"quirks": {"drp": []}}, "quirks.drp = []: no such field; did you mean drop?"),
        ({"quirks": {"drop": "n"}}, "quirks.drop = 'n': a list of texts is wanted"),
        ({"quirks": {"tool_ids": "("}}, "quirks.tool_ids = '(': a regular expression is wanted"),
        ({"quirks": {"token_field": "tokens"}}, "quirks.token_field = 'tokens': one of max_tokens, max_completion_tokens is…"),
        ({"quirks": {"clamp": {"n": [2, 1]}}}, "quirks.clamp = {'n': [2, 1]}: pairs [least, most] are wanted, the smaller…"),
        ({"quirks": {"clamp": {"n": 1}}}, "quirks.clamp = {'n': 1}: a table of pairs [least, most] is wanted"),
        ({"quirks": {"rewrite_reply": ["all"]}}, "quirks.rewrite_reply = ['all']: a list out of tool_index, list_content,…"),
        ({"models_facts": 1}, "models_facts = 1: a table of tables, one a model is wanted"),
        ({"models_facts": {"m": 1}}, "models_facts.m = 1: a table is wanted"),
        ({"models_facts": {"m": {"contxt": 1}}}, "models_facts.m.contxt = 1: no such field; did you mean context?"),
        ({"models_facts": {"m": {"context": "big"}}}, "models_facts.m.context = 'big': a whole number is wanted"),
        ({"headers": {"a b": "c"}}, "headers: header names and values of visible ASCII characters are wanted"),
        ({"headers": {"a": "b\r\nc: d"}}, "headers: header names and values of visible ASCII characters are wanted"),
        ({"user_agent": "a\nb"}, "user_agent = 'a\\nb': visible ASCII characters are wanted"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_as_it_was(fields: dict[str, object], problem: str) -> None:
    groq, problems = _laid_over("groq", **fields)
    assert len(problems) == 1
    assert problems[0].startswith(f"[providers.groq] {problem.removesuffix('…')}")
    assert (groq.base_url, groq.skip_tokens_over, groq.quirks) == (
        SHIPPED["groq"].base_url,
        5500,
        SHIPPED["groq"].quirks,
    )


def test_all_problems_are_named_at_once() -> None:
    providers, problems = read_catalogue(TEXT, {"grok": {}, "groq": {"models": 1, "reader": "x"}, "zzzzzzzzz": {}})
    assert len(problems) == 4
    assert problems[0] == "[providers.grok]: no such provider; did you mean groq?"
    assert problems[1].startswith("[providers.zzzzzzzzz]: no such provider; there are: gemini, openrouter,")
    assert providers["groq"] == SHIPPED["groq"]


def test_a_header_that_is_refused_is_not_shown_and_a_key_is_scrubbed() -> None:
    _, problems = _laid_over("groq", headers={"authorization": 5, "x": "secret"}, user_agent="gsk_test-not-a-key-1\n")
    assert len(problems) == 2
    assert "secret" not in problems[0]
    assert "not-a-key" not in problems[1]


_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(Provider.__struct_fields__)) | st.text(max_size=8), _VALUES, max_size=6))
def test_any_override_gives_a_provider_and_problems_never_an_exception(fields: dict[str, object]) -> None:
    providers, problems = read_catalogue('[groq]\nbase_url = "https://groq.test/v1"', {"groq": fields})
    assert providers["groq"].name == "groq"
    assert all(problem.startswith("[providers.groq] ") for problem in problems)


def test_the_file_is_toml_without_surprises() -> None:
    assert set(tomllib.loads(TEXT)) == set(SHIPPED)
