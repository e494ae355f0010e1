"""Catalogue, settings and credentials become a roster and a doorkeeper."""

import pytest

from hrd.configuration.assemble import Assembled, Demo, address_of, assemble, catalogue_problems
from hrd.core.ask import Priority
from hrd.core.ceilings import Ceilings
from hrd.core.price import Price
from hrd.core.providers import CostClass, Credential, ModelFacts, Provider
from hrd.core.remembered import Discovered
from hrd.credentials.auth_file import AuthFile, auth_file_of
from hrd.settings import Settings, read_settings
from tests.hrd.stage import key, provider

CATALOGUE = """
[groq]
base_url = "https://groq.test/v1"
models = ["small", "large"]
embed_model = "embed"
cost_class = "free"
skip_tokens_over = 6000
exclude_models = ["Whisper"]
[groq.models_facts.small]
context = 8192
[groq.model_defaults]
tools = true

[openai]
base_url = "https://openai.test/v1"
models = ["gpt"]
first_token_s = 180.0

[openrouter]
base_url = "https://openrouter.test/v1"
models = ["x:free"]

[anthropic]
base_url = "https://anthropic.test/v1"
models = ["claude"]
dialect = "codex"

[github_models]
base_url = "https://github.test/v1"
models = ["gpt"]
retired = "ended on 2026-07-30"

[local]
base_url = "http://localhost:11434/v1"
models = ["llama"]
cost_class = "local"
keyless = true
"""
KEYS = [f"gsk_test-not-a-key-{n}" for n in range(4)]
LISTENING = [("127.0.0.1", 8319)]


def settings(dotenv: str = "", toml: str = "", **environ: str) -> Settings:
    read = read_settings(environ, dotenv, toml)
    assert isinstance(read, Settings), str(read)
    return read


def auth(tree: dict[str, object] | None = None) -> AuthFile:
    read = auth_file_of({"providers": {"groq": KEYS[:2]}} if tree is None else tree)
    assert isinstance(read, AuthFile), str(read)
    return read


def made(
    dotenv: str = "",
    tree: dict[str, object] | None = None,
    *,
    toml: str = "",
    demo: Demo | None = None,
    discovered: dict[str, Discovered] | None = None,
    accounts: dict[str, str] | None = None,
    listening_on: list[tuple[str, int]] | None = None,
    prices: dict[str, dict[str, Price]] | None = None,
    user_prices: dict[str, Price] | None = None,
) -> Assembled:
    return assemble(
        catalogue_text=CATALOGUE,
        settings=settings(dotenv, toml),
        auth=auth(tree),
        discovered=discovered or {},
        accounts=accounts or {},
        listening_on=LISTENING if listening_on is None else listening_on,
        demo=demo,
        generation=7,
        price_table=prices,
        user_prices=user_prices,
    )


def groq(dotenv: str = "", **facts: object) -> Provider:
    return made(dotenv, **facts).roster.providers["groq"]  # type: ignore[arg-type]


def test_with_nothing_but_two_keys() -> None:
    roster = made().roster
    assert (roster.generation, roster.own_name, roster.mode, roster.modes) == (7, "hermes-router", "parallel", {})
    assert roster.enabled == ["groq"]
    assert [one.source for one in roster.credentials["groq"]] == ["auth.json", "auth.json"]
    assert list(roster.providers) == ["groq", "openai", "openrouter", "anthropic", "github_models", "local"]
    assert not roster.demo


def test_the_order_of_providers_is_that_of_the_settings_then_the_catalogues() -> None:
    toml = '[providers.openrouter]\nbase_url = "https://mirror.test"\n[providers.openai]\nmodels = ["gpt-x"]\n'
    roster = made(toml=toml).roster
    assert list(roster.providers) == ["openrouter", "openai", "groq", "anthropic", "github_models", "local"]
    assert roster.providers["openrouter"].base_url == "https://mirror.test"
    assert roster.providers["openai"].models == ("gpt-x",)


@pytest.mark.parametrize(
    ("dotenv", "field", "value"),
    [
        ("", "base_url", "https://groq.test/v1"),
        ("GROQ_BASE_URL=http://gateway.test/groq/", "base_url", "http://gateway.test/groq"),
        ("GROQ_MODEL=b,a", "models", ("b", "a")),
        ("GROQ_EMBED_MODEL=", "embed_model", ""),
        ("GROQ_EMBED_MODEL=other", "embed_model", "other"),
        ("", "embed_model", "embed"),
        ("GROQ_EXCLUDE_MODELS=Big,whisper", "exclude_models", ("big", "whisper")),
        ("", "exclude_models", ("whisper",)),
        ("GROQ_SKIP_TOKENS_OVER=0", "skip_tokens_over", 0),
        ("", "skip_tokens_over", 6000),
        ("GROQ_MAX_OUTPUT_TOKENS=900", "max_output_tokens", 900),
        ("", "first_token_s", 60.0),
        ("FIRST_TOKEN_SECONDS=20", "first_token_s", 20.0),
        ("FIRST_TOKEN_SECONDS=20\nGROQ_FIRST_TOKEN_SECONDS=9", "first_token_s", 9.0),
    ],
)
def test_a_simple_setting_of_a_provider_is_laid_over_its_row(dotenv: str, field: str, value: object) -> None:
    assert getattr(groq(dotenv), field) == value


def test_a_provider_that_begins_slowly_has_the_time_of_slow_ones() -> None:
    assert made().roster.providers["openai"].first_token_s == 180.0
    assert made("SLOW_FIRST_TOKEN_SECONDS=300").roster.providers["openai"].first_token_s == 300.0


def test_what_the_user_says_of_a_model_wins_over_the_catalogue() -> None:
    facts = groq("GROQ_SUPPORTS_TOOLS=0\nGROQ_SMALL_SUPPORTS_TOOLS=1\nGROQ_LARGE_REASONING=1").models_facts
    assert facts["small"] == ModelFacts(context=8192, tools=True)
    assert facts["large"] == ModelFacts(tools=False, reasoning=True)
    assert groq("GROQ_SUPPORTS_TOOLS=0").model_defaults.tools is False


def test_a_model_of_the_settings_has_the_defaults_of_its_provider() -> None:
    assert groq("GROQ_MODEL=unheard-of").models_facts["unheard-of"] == ModelFacts(tools=True)


def test_what_is_said_of_a_model_that_only_its_provider_lists_counts_too() -> None:
    found = {"groq": Discovered(provider="groq", models=("qwen/qwen3-32b", "other"), contexts={"other": 4096}, at=1.0)}
    assembled = made("GROQ_QWEN_QWEN3_32B_SUPPORTS_VISION=1", discovered=found)
    assert assembled.roster.providers["groq"].models_facts["qwen/qwen3-32b"].vision is True
    assert assembled.roster.listed["other"] == ("groq",)
    assert assembled.roster.contexts == {("groq", "other"): 4096}


def test_modes_of_all_and_of_one() -> None:
    roster = made("ROTATION_MODE=sequential\nGROQ_ROTATION_MODE=round-robin").roster
    assert (roster.mode, roster.modes) == ("sequential", {"groq": "parallel"})


def test_what_the_user_said_of_an_account_wins_over_what_its_provider_named() -> None:
    prints = [one.fingerprint for one in made().roster.credentials["groq"]]
    tree: dict[str, object] = {
        "providers": {"groq": KEYS[:2]},
        "credential_info": {prints[0]: {"account": "mine", "class": "paid"}},
    }
    first, second = made(tree=tree, accounts=dict.fromkeys(prints, "org_x")).roster.credentials["groq"]
    assert (first.account, first.cost_class, second.account) == ("mine", CostClass.PAID, "org_x")


# who is not asked ------------------------------------------------------------------------------------------------------------


def test_a_retired_provider_with_a_key_is_a_warning_and_without_one_nobody_misses_it() -> None:
    roster = made(tree={"providers": {"github_models": ["ghp_test-not-a-key-1"]}}).roster
    assert roster.off == {"github_models": "ended on 2026-07-30"}
    assert roster.enabled == []
    assert "github_models is not asked: ended on 2026-07-30" in roster.warnings
    assert made().roster.off == {}


@pytest.mark.parametrize(
    ("url", "listening_on", "is_us"),
    [
        ("http://127.0.0.1:8319/v1", LISTENING, True),
        ("http://localhost:8319/v1", LISTENING, True),
        ("http://[::1]:8319", LISTENING, True),
        ("http://127.0.0.1:8320/v1", LISTENING, False),
        ("http://example.test:8319/v1", LISTENING, False),
        ("http://192.0.2.7:8319", [("0.0.0.0", 8319)], False),
        ("http://192.0.2.7:8319", [("192.0.2.7", 8319)], True),
        ("http://127.0.0.1:8319", [("0.0.0.0", 8319)], True),
    ],
)
def test_a_base_url_that_is_our_own_switches_its_provider_off(
    url: str, listening_on: list[tuple[str, int]], is_us: bool
) -> None:
    tree = {"providers": {"openai": ["sk-test-not-a-key-1"]}}
    roster = made(f"OPENAI_BASE_URL={url}", tree, listening_on=listening_on).roster
    assert (roster.enabled == []) is is_us
    told = (
        "openai is not asked: OPENAI_BASE_URL points at this router itself, and stands in .env. To ask it, take it out of there"
    )
    assert (told in roster.warnings) is is_us


def test_a_base_url_of_our_own_is_told_with_the_place_where_it_stands() -> None:
    url = "http://127.0.0.1:8319/v1"
    assert address_of("openai", settings(OPENAI_BASE_URL=url)) == (
        "OPENAI_BASE_URL",
        "the environment that hrd was started in",
        "unset OPENAI_BASE_URL there, then stop hrd and start it again",
    )
    assert address_of("openai", settings(toml=f"[settings]\nOPENAI_BASE_URL = '{url}'"))[:2] == (
        "OPENAI_BASE_URL",
        "config.toml",
    )
    assert address_of("openai", settings(toml=f"[providers.openai]\nbase_url = '{url}'")) == (
        "[providers.openai] base_url",
        "config.toml",
        "take it out of there",
    )


def test_a_client_key_in_a_providers_variable_is_told_once() -> None:
    dotenv = "OPENAI_API_KEY=sk-router-test-not-a-key-1\nPROXY_API_KEYS=sk-router-test-not-a-key-1"
    (warning,) = made(dotenv).roster.warnings
    assert warning.startswith("OPENAI_API_KEY (.env), openai-")
    assert warning.endswith(" is a client key of this router: it is not used upstream")


def test_a_client_key_is_never_spent_upstream() -> None:
    tree = {"providers": {"groq": KEYS[:2]}, "proxy_keys": {KEYS[0]: {}}}
    assert [one.secret.reveal() for one in made(tree=tree).roster.credentials["groq"]] == [KEYS[1]]
    assert any("client key" in warning for warning in made(tree=tree).roster.warnings)


def test_local_is_switched_on_by_its_address_or_model_and_needs_no_key() -> None:
    assert "local" not in made().roster.enabled
    roster = made("LOCAL_MODEL=qwen3:8b").roster
    assert roster.enabled == ["groq", "local"]
    assert roster.providers["local"].models == ("qwen3:8b",)
    assert roster.credentials["local"][0].source == "built in"


# the demo --------------------------------------------------------------------------------------------------------------------

DEMO = Demo(providers=(provider("demo_fine", "demo", demo=True),), credentials={"demo_fine": (key("demo_fine", "d1"),)})


def test_the_demo_serves_while_there_is_nobody_else_and_is_off_at_the_first_credential() -> None:
    alone = made(tree={}, demo=DEMO).roster
    assert (alone.demo, alone.enabled, list(alone.providers)) == (True, ["demo_fine"], ["demo_fine"])
    for roster in (made(demo=DEMO).roster, made("LOCAL_MODEL=x", {}, demo=DEMO).roster):
        assert not roster.demo
        assert "demo_fine" not in roster.providers


def test_without_the_demo_nobody_is_there() -> None:
    roster = made(tree={}).roster
    assert (roster.enabled, roster.demo) == ([], False)


# clients ---------------------------------------------------------------------------------------------------------------------


def test_who_may_ask_with_what() -> None:
    limits = {"name": "cli", "allowed_providers": ["groq", "unknown"], "local_only": True, "cost_policy": "free-only"}
    door = made("PROXY_API_KEYS=sk-router-test-env-0001", {"proxy_keys": {"sk-router-test-file-0001": limits}}).doorkeeper
    plain = door.caller_of(b"Bearer sk-router-test-env-0001", None)
    assert plain is not None
    assert not plain.is_restricted
    limited = door.caller_of(None, b"sk-router-test-file-0001")
    assert limited is not None
    assert (limited.name, limited.allowed_providers, limited.local_only, limited.cost_policy) == (
        "cli", ("groq", "unknown"), True, "free-only",
    )  # fmt: skip
    assert door.caller_of(b"Bearer other", None) is None


def test_a_key_that_stands_in_both_places_has_the_limits_of_the_file() -> None:
    name = "sk-router-test-both-0001"
    door = made(f"PROXY_API_KEYS={name}", {"proxy_keys": {name: {"local_only": True}}}).doorkeeper
    caller = door.caller_of(name.encode(), None) or door.caller_of(None, name.encode())
    assert caller is not None
    assert caller.local_only


def test_a_client_key_has_its_own_ceilings_and_those_of_all_where_it_has_none() -> None:
    said = "PROXY_LIMIT_RPM=10\nPROXY_LIMIT_REQ_DAY=20\nPROXY_LIMIT_TOKENS_DAY=30\nPROXY_LIMIT_COST_DAY=0.5"
    own = {"rpm": 99, "cost_per_day": 1.25, "concurrency": 2, "priority_max": "normal"}
    keys = "PROXY_API_KEYS=sk-router-test-env-0001"
    door = made(f"{keys}\n{said}", {"proxy_keys": {"sk-router-test-file-0001": own}}).doorkeeper
    of_all, of_file = door.caller_of(None, b"sk-router-test-env-0001"), door.caller_of(None, b"sk-router-test-file-0001")
    assert of_all is not None
    assert of_file is not None
    assert of_all.ceilings == Ceilings(rpm=10, requests_day=20, tokens_day=30, cost_day_microusd=500_000)
    assert of_file.ceilings == Ceilings(rpm=99, requests_day=20, tokens_day=30, cost_day_microusd=1_250_000, concurrency=2)
    assert (of_all.priority_max, of_file.priority_max) == (Priority.HIGH, Priority.NORMAL)
    assert {caller.fingerprint for caller in door.callers()} == {of_all.fingerprint, of_file.fingerprint}


def test_prices_come_from_the_users_file_the_lists_and_the_table() -> None:
    table, own, listed = Price(input=1, output=1), Price(input=2, output=2), Price(input=3, output=3)
    found = Discovered(provider="groq", models=("listed",), contexts={}, at=0.0, prices={"listed": listed})
    comes_along = {"groq": {"listed": table, "small": table}}
    prices = made(discovered={"groq": found}, prices=comes_along, user_prices={"mine": own}).prices
    assert [prices.price_of("groq", model) for model in ("small", "listed", "mine-7b", "other")] == [table, listed, own, None]


def test_attribution_goes_to_openrouter_alone() -> None:
    assert made().forwarded == {}
    both = made('OPENROUTER_SITE_URL=https://me.test\nOPENROUTER_APP_NAME="My app"').forwarded
    assert both == {"openrouter": {"HTTP-Referer": "https://me.test", "X-Title": "My app"}}


def test_problems_of_the_structured_settings_are_named_and_warnings_said_once() -> None:
    lines = catalogue_problems(CATALOGUE, {"groq": {"reader": "grok"}, "grok": {}})
    assert len(lines) == 2
    warnings = made(tree={"providers": {"github_models": ["ghp_test-not-a-key-1"]}}).roster.warnings
    assert len(warnings) == len(set(warnings))


def credential_of(assembled: Assembled, name: str) -> Credential:
    return assembled.roster.credentials[name][0]


def test_auth_json_comes_before_the_environment_and_the_same_key_counts_once() -> None:
    roster = made(f"GROQ_API_KEYS={KEYS[1]},{KEYS[2]}").roster
    assert [one.secret.reveal() for one in roster.credentials["groq"]] == KEYS[:3]
    assert credential_of(made(f"OPENAI_API_KEY={KEYS[3]}"), "openai").source == ".env"
