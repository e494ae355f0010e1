"""How requests introduce themselves, by wire format."""

import msgspec
import pytest

from hrd.core.failures import A_BETA
from hrd.http.messages import Headers
from hrd.upstream.introductions import NOTHING, VALUE_BYTES_MAX, About, conversation_id, introduction_of
from tests.hrd.stage import key


def client(**fields: str) -> About:
    return About(client=Headers([(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]))


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "embeddings"])
def test_openais_formats_show_a_bearer_and_say_nothing_more(dialect: str) -> None:
    introduction = introduction_of(dialect)
    assert introduction.key("test-not-a-key-1") == (b"authorization", b"Bearer test-not-a-key-1")
    assert introduction.of_request({}, About(client=client(anthropic_version="1").client, affinity="talk-1")) == {}


def test_anthropics_shows_x_api_key_and_takes_over_version_and_betas_of_a_client_of_its_kind() -> None:
    introduction = introduction_of("anthropic_messages")
    assert introduction.key("test-not-a-key-1") == (b"x-api-key", b"test-not-a-key-1")
    ours = {b"anthropic-version": b"2023-06-01"}
    assert introduction.of_request(ours, NOTHING) == ours
    asked = client(anthropic_version="2024-01-01", anthropic_beta="skills-2025-10-02,a", x_api_key="test-client-key-1")
    assert introduction.of_request(ours, asked) == {
        b"anthropic-version": b"2024-01-01",
        b"anthropic-beta": b"skills-2025-10-02,a",
    }


def test_betas_of_a_client_of_another_kind_are_not_taken_over() -> None:
    ours = {b"anthropic-version": b"2023-06-01"}
    assert introduction_of("anthropic_messages").of_request(ours, client(anthropic_beta="a")) == ours


def test_codex_names_the_account_and_the_conversation() -> None:
    introduction = introduction_of("codex")
    assert introduction.key("test-not-a-token-1") == (b"authorization", b"Bearer test-not-a-token-1")
    assert introduction.says(key("codex", "c1", account_id="account-1")) == {b"chatgpt-account-id": b"account-1"}
    assert introduction.says(key("codex", "c1")) == {}
    named = introduction.of_request({b"version": b"0.1.0"}, About(affinity="talk-1"))
    assert named == {
        b"version": b"0.1.0",
        b"session_id": conversation_id("talk-1"),
        b"conversation_id": conversation_id("talk-1"),
    }


def test_what_the_codex_client_says_of_itself_replaces_ours_and_nothing_else_passes() -> None:
    asked = client(
        originator="codex_exec", version="0.146.0", x_codex_window_id="w-1", authorization="Bearer c", user_agent="codex/1"
    )
    assert introduction_of("codex").of_request({b"originator": b"codex_cli_rs", b"version": b"0.1.0"}, asked) == {
        b"originator": b"codex_exec",
        b"version": b"0.146.0",
        b"x-codex-window-id": b"w-1",
    }
    stranger = client(originator="somebody", version="9")
    assert introduction_of("codex").of_request({b"version": b"0.1.0"}, stranger) == {b"version": b"0.1.0"}


@pytest.mark.parametrize(
    ("refused", "asked_for"),
    [
        ((), b"one-2025,two-2026, three-2026"),
        (("two-2026",), b"one-2025,three-2026"),
        (("two-2026", "four-2027"), b"one-2025,three-2026"),
        (("one-2025", "two-2026", "three-2026"), None),
    ],
)
def test_betas_that_are_not_known_there_are_not_asked_for(refused: tuple[str, ...], asked_for: bytes | None) -> None:
    said = client(anthropic_version="2023-06-01", anthropic_beta="one-2025,two-2026, three-2026")
    about = msgspec.structs.replace(said, without=frozenset({"top_k", *(A_BETA + name for name in refused)}))
    told = introduction_of("anthropic_messages").of_request({}, about)
    assert told.get(b"anthropic-beta") == asked_for
    assert told[b"anthropic-version"] == b"2023-06-01"


@pytest.mark.parametrize("value", ["", "\t", "é", "x" * (VALUE_BYTES_MAX + 1)])
def test_a_value_that_does_not_belong_into_a_head_is_left_out(value: str) -> None:
    asked = client(anthropic_version="2023-06-01", anthropic_beta=value)
    assert b"anthropic-beta" not in introduction_of("anthropic_messages").of_request({}, asked)


def test_a_conversation_is_named_alike_each_time_and_without_the_clients_own_word_for_it() -> None:
    assert conversation_id("user@example.org") == conversation_id("user@example.org") != conversation_id("talk-2")
    assert [len(part) for part in conversation_id("user@example.org").split(b"-")] == [8, 4, 4, 4, 12]
