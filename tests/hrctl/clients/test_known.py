"""Every client that is known can be shown and written."""

import re

import pytest

from hrctl.clients.alteration import written_as
from hrctl.clients.facts import Facts, filled_settings, filled_text
from hrctl.clients.known import CLIENTS, known_client
from hrctl.clients.shapes import Client

KEY = "sk-router-test-not-a-key-1"
FACTS = Facts("http://127.0.0.1:8319", KEY, "mine", ("/bin/hr",))


def test_those_that_were_asked_for_are_there() -> None:
    wanted = {
        "openai",
        "anthropic",
        "claude-code",
        "codex",
        "hermes-agent",
        "aider",
        "llm",
        "open-webui",
        "continue",
        "langchain",
    }
    assert wanted | {"ai-sdk", "curl"} <= {one.name for one in CLIENTS}
    assert len({one.name for one in CLIENTS}) == len(CLIENTS)


def test_one_is_found_by_its_name() -> None:
    assert known_client("aider") is not None
    assert known_client("nobody") is None


@pytest.mark.parametrize("client", CLIENTS, ids=lambda one: one.name)
def test_each_is_told_where_and_with_which_key(client: Client) -> None:
    texts = [f"{name}={filled_text(value, FACTS, reveal=True)}" for name, value in client.environment]
    texts += [written_as(file.format)("", filled_settings(file, FACTS, reveal=True)) for file in client.files]
    said = "\n".join([*texts, *(filled_text(note, FACTS, reveal=True) for note in client.notes)])
    assert "127.0.0.1:8319" in said
    assert KEY in said or '["key", "reveal", "mine"]' in said
    assert not re.search(r"(?<!\{)\{[a-z]+\}", said), "a place that nothing fills"


@pytest.mark.parametrize("client", CLIENTS, ids=lambda one: one.name)
def test_without_reveal_no_file_that_is_shown_holds_the_key(client: Client) -> None:
    for file in client.files:
        assert KEY not in written_as(file.format)("", filled_settings(file, FACTS, reveal=False))
        assert file.holds_key == (KEY in written_as(file.format)("", filled_settings(file, FACTS, reveal=True)))
