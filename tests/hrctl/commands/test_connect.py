"""`hr connect`: shown, written, taken back; the key stays where it is unless it is asked for."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from hrctl.clients.known import CLIENTS
from hrd.admin.wire.keys import KEY_CREATE, KEYS, ClientKey, KeyCreate, KeyCreated, KeyLimits, Keys
from hrd.admin.wire.status import STATUS
from tests.hrctl.commands.test_status import PLAIN
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

KEY = "sk-router-test-not-a-key-1"
LIMITED = "sk-router-test-not-a-key-2"
KNOWN = Keys(
    keys=(
        ClientKey(fingerprint="client-5e6f7a8b", name="ci", source=".env", limits=KeyLimits(rpm=10), key=LIMITED),
        ClientKey(fingerprint="client-1a2b3c4d", name="default", source="auth.json", key=KEY),
    )
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "LLM_USER_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def routed(daemon: FakeDaemon, home: Path) -> FakeDaemon:
    daemon.answers(STATUS, PLAIN)
    daemon.answers(KEYS, KNOWN)
    return daemon


def test_those_that_are_known_need_no_daemon(hr: Hr, home: Path) -> None:
    ran = hr("connect")
    assert ran.code == 0
    assert all(one.name in ran.out for one in CLIENTS)
    assert "~/.claude/settings.json" in ran.out
    listed = json.loads(hr("connect", "--json").out)["clients"]
    assert listed[0] == {"name": "openai", "title": "OpenAI SDK", "files": []}


def test_variables_are_shown_with_a_key_that_has_no_limits(routed: FakeDaemon, hr: Hr) -> None:
    out = hr("connect", "openai").out
    assert f"export OPENAI_BASE_URL={PLAIN.endpoint}/v1\n" in out
    assert "key reveal default)" in out
    assert KEY not in out


def test_the_key_itself_is_shown_when_that_is_asked_for(routed: FakeDaemon, hr: Hr) -> None:
    assert f"export OPENAI_API_KEY={KEY}\n" in hr("connect", "openai", "--reveal").out


@pytest.mark.parametrize("client", [one.name for one in CLIENTS])
def test_no_client_is_shown_the_key_unless_it_is_asked_for(routed: FakeDaemon, hr: Hr, client: str) -> None:
    shown = hr("connect", client)
    assert shown.code == 0
    assert KEY not in shown.out + hr("connect", client, "--json").out


def test_claude_code_is_written_and_taken_back(routed: FakeDaemon, hr: Hr, home: Path) -> None:
    settings = home / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{"model": "opus"}')
    ran = hr("connect", "claude-code", "--write")
    assert ran.code == 0
    assert "~/.claude/settings.json.before-hr-connect" in ran.out
    assert KEY not in ran.out
    written = {"ANTHROPIC_BASE_URL": PLAIN.endpoint, "ANTHROPIC_AUTH_TOKEN": KEY}
    assert json.loads(settings.read_text()) == {"model": "opus", "env": written}
    assert hr("connect", "claude-code", "--write").out.startswith("~/.claude/settings.json says so already\n")
    assert hr("connect", "claude-code", "--undo").out == "~/.claude/settings.json is as it was before\n"
    assert settings.read_text() == '{"model": "opus"}'
    assert hr("connect", "claude-code", "--undo").code == 1


def test_codex_asks_hr_for_the_key(routed: FakeDaemon, hr: Hr, home: Path, folder: Path) -> None:
    hr("connect", "codex", "--write", "--key", "ci")
    text = (home / ".codex/config.toml").read_text()
    auth = tomllib.loads(text)["model_providers"]["hermes-router"]["auth"]
    assert auth["args"] == ["--socket", str(folder / "control.sock"), "key", "reveal", "ci"]
    assert Path(auth["command"]).name == "hr"
    assert LIMITED not in text


def test_a_key_of_a_new_name_is_made(routed: FakeDaemon, hr: Hr) -> None:
    routed.answers(KEY_CREATE, KeyCreated(fingerprint="client-9c8d7e6f", name="codex", key=KEY))
    assert json.loads(hr("connect", "codex", "--key", "codex", "--json").out)["key"] == "codex"
    made = [msgspec.json.decode(one.body, type=KeyCreate) for one in routed.asked if one.method == "POST"]
    assert made == [KeyCreate(name="codex")]


def test_a_file_that_is_not_understood_is_left_alone(routed: FakeDaemon, hr: Hr, home: Path) -> None:
    settings = home / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text("{ // mine\n}")
    ran = hr("connect", "claude-code", "--write")
    assert (ran.code, ran.out) == (1, "")
    assert "nothing was written" in ran.err
    assert settings.read_text() == "{ // mine\n}"


@pytest.mark.parametrize(
    "arguments",
    [("nobody",), ("--write",), ("--key", "x"), ("openai", "--write"), ("curl", "--undo"), ("codex", "--write", "--undo")],
)
def test_what_makes_no_sense_is_misuse(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...]) -> None:
    assert hr("connect", *arguments).code == 2
    assert daemon.asked == []


def test_without_a_daemon_it_says_so(hr: Hr, home: Path) -> None:
    assert hr("connect", "openai").code == 3


def test_without_any_key_it_says_how_to_make_one(routed: FakeDaemon, hr: Hr) -> None:
    routed.answers(KEYS, Keys(keys=()))
    ran = hr("connect", "openai")
    assert (ran.code, "hr key create" in ran.err) == (1, True)
