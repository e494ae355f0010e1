"""`hr setup`: from nothing to an answer, with somebody at the keyboard or nobody."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hrd.admin.wire.auth import AUTH_ADD, AuthAdd, AuthAdded
from hrd.admin.wire.daemon import VERSION, Version
from hrd.admin.wire.doctor import PROVIDERS, KnownProvider, KnownProviders
from hrd.admin.wire.models import MODELS_SET, ModelsChange, ModelsChanged
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import FakeEndpoint, said, serving
from tests.hrctl.routed import route
from tests.hrctl.terminal import Terminal

KEY = "gsk_test-not-a-key-1"
KNOWN = (
    KnownProvider(name="groq", cost_class="free", keys_at="https://groq.test/keys"),
    KnownProvider(name="mistral", cost_class="free", has_key=True),
    KnownProvider(name="local", cost_class="local", keyless=True, models=("llama3.1",)),
)


@pytest.fixture
def endpoint(daemon: FakeDaemon) -> Iterator[FakeEndpoint]:
    with serving() as server:
        route(daemon, server)
        daemon.answers(VERSION, Version(version="0.1.0", pid=42))
        daemon.answers(PROVIDERS, KnownProviders(providers=KNOWN))
        daemon.answers(AUTH_ADD, AuthAdded(provider="groq", added=("groq-1a2b3c4d",)))
        daemon.answers(MODELS_SET, ModelsChanged(provider="local", models=("llama3.1",)))
        server.says(200, said())
        yield server


def added(daemon: FakeDaemon) -> list[AuthAdd]:
    return [
        msgspec.json.decode(one.body, type=AuthAdd) for one in daemon.asked if (one.method, one.target) == ("POST", "/v1/auth")
    ]


def test_alone_with_a_key_from_a_pipe(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    ran = hr("setup", "--provider", "groq", "--key-stdin", "--yes", stdin=f"{KEY}\n")
    assert (ran.code, ran.err) == (0, "")
    assert added(daemon) == [AuthAdd(provider="groq", keys=(KEY,))]
    assert endpoint.asked[0]["model"] == "groq"
    assert ran.out.startswith("hrd 0.1.0 runs (pid 42)\nAdded 1 key for groq: groq-1a2b3c4d\n\nHello.\n")
    assert f"OPENAI_BASE_URL={endpoint.url}/v1\n" in ran.out
    assert KEY not in ran.out


def test_an_alias_is_asked_by_the_providers_own_name(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="huggingface", added=("huggingface-1a2b3c4d",)))
    assert hr("setup", "--provider", "hf", "--key-stdin", "--yes", stdin="hf_test-not-a-key").code == 0
    assert (added(daemon)[0].provider, endpoint.asked[0]["model"]) == ("hf", "huggingface")


def test_for_a_program(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    shown = json.loads(hr("setup", "--provider", "groq", "--key-stdin", "--yes", "--json", stdin=KEY).out)
    assert (shown["provider"], shown["endpoint"], shown["trial"]["text"]) == ("groq", endpoint.url, "Hello.")
    assert shown["service"] is False


def test_a_provider_with_a_key_is_only_tried(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    assert hr("setup", "--provider", "mistral", "--yes").code == 0
    assert (added(daemon), endpoint.asked[0]["model"]) == ([], "mistral")


@pytest.mark.parametrize(("arguments", "model"), [((), "llama3.1"), (("--model", "qwen3:8b"), "qwen3:8b")])
def test_a_server_of_ones_own_needs_no_key(
    daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr, arguments: tuple[str, ...], model: str
) -> None:
    assert hr("setup", "--provider", "local", "--yes", *arguments).code == 0
    change = next(one.body for one in daemon.asked if one.target == "/v1/models/set")
    assert msgspec.json.decode(change, type=ModelsChange) == ModelsChange(provider="local", models=(model,))
    assert added(daemon) == []


@pytest.mark.parametrize("arguments", [(), ("--yes",), ("--provider", "groq", "--yes"), ("--key-stdin", "--yes")])
def test_what_cannot_be_asked_has_to_be_said(endpoint: FakeEndpoint, hr: Hr, arguments: tuple[str, ...]) -> None:
    ran = hr("setup", *arguments)
    assert (ran.code, "hr setup --provider groq --key-stdin --yes < key.txt" in ran.err) == (2, True)
    assert endpoint.asked == []


def test_a_service_that_cannot_be_is_said_before_anything_is_done(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    ran = hr("setup", "--provider", "groq", "--key-stdin", "--yes", "--service", stdin=KEY)
    assert (ran.code, ran.err.splitlines()) == (
        1,
        [
            "hr: hrd cannot be a service here: a service has folders of its own, and HERMES_ROUTER_HOME is set",
            "    without one: hr setup --no-service",
        ],
    )
    assert added(daemon) == []


def test_who_has_no_service_is_told_of_it(endpoint: FakeEndpoint, hr: Hr) -> None:
    ran = hr("setup", "--provider", "mistral", "--yes")
    assert ran.out.endswith("\nhrd does not start by itself. As a service it would: hr service install --help\n")


def test_a_key_that_does_not_work_is_exit_one(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    endpoint.answers.clear()
    endpoint.says(503, {"error": {"message": "groq refused the key"}})
    ran = hr("setup", "--provider", "groq", "--key-stdin", "--yes", stdin=KEY)
    assert (ran.code, ran.err.splitlines()[0]) == (1, "hr: refused with 503: groq refused the key")


def test_with_somebody_at_the_keyboard(daemon: FakeDaemon, endpoint: FakeEndpoint) -> None:
    terminal = Terminal("setup")
    terminal.wait_for("Whose key do you have?")
    terminal.wait_for("Number or name")
    terminal.type("0\n")
    terminal.wait_for("There is none of that number or name.")
    terminal.type("Groq\n")
    terminal.wait_for("https://groq.test/keys")
    terminal.wait_for("(not shown)")
    terminal.type(f"{KEY}\n")
    terminal.wait_for("Enter alone to finish")
    terminal.type("\n")
    terminal.wait_for("Send one tiny request to groq?")
    terminal.type("n\n")
    assert terminal.end() == 0
    assert "Not sent" in terminal.shown
    assert KEY not in terminal.shown
    assert (added(daemon), endpoint.asked) == ([AuthAdd(provider="groq", keys=(KEY,))], [])


def test_somebody_who_does_not_want_it_started() -> None:
    terminal = Terminal("setup")
    terminal.wait_for("Start it in the background now?")
    terminal.type("n\n")
    assert terminal.end() == 3


@pytest.mark.parametrize(
    ("provider", "stdin", "code", "told"),
    [
        ("nosuch", KEY, 1, "there are gemini, openrouter,"),
        ("grok", KEY, 1, "did you mean groq?"),
        ("gsk_" + 30 * "0", "", 2, "give keys one a line: hr setup --provider PROVIDER --key-stdin < FILE"),
        ("ChatGPT", KEY, 2, "hr auth login codex"),
        ("groq", "\n", 2, "give keys one a line: hr setup --provider groq --key-stdin < FILE"),
    ],
)
def test_nothing_is_started_for_what_cannot_be(hr: Hr, folder: Path, provider: str, stdin: str, code: int, told: str) -> None:
    ran = hr("setup", "--provider", provider, "--key-stdin", "--yes", stdin=stdin)
    assert (ran.code, told in ran.err, ran.out) == (code, True, "")
    assert list(folder.iterdir()) == []


def test_nothing_is_started_for_a_provider_without_a_key(hr: Hr, folder: Path) -> None:
    ran = hr("setup", "--provider", "Groq", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "groq has no key yet" in ran.err
    assert "hr setup --provider groq --key-stdin --yes < key.txt" in ran.err
    assert list(folder.iterdir()) == []


def test_one_whose_key_is_in_the_environment_is_worth_a_start(hr: Hr, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of nothing but the start, which fails here for the settings' sake."""
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("HOST", "192.0.2.7")
    ran = hr("setup", "--provider", "groq", "--yes")
    assert ran.code == 1
    assert "hrd did not start: " in ran.err


def test_a_provider_that_only_the_daemon_knows_is_its_to_refuse(daemon: FakeDaemon, endpoint: FakeEndpoint, hr: Hr) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="newest", added=("newest-1a2b3c4d",)))
    assert hr("setup", "--provider", "newest", "--key-stdin", "--yes", stdin=KEY).code == 0
    assert added(daemon)[0].provider == "newest"
