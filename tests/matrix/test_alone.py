"""What one dialect alone knows goes to who speaks it, whoever came first otherwise; if nobody does, it is left out aloud."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx2
import pytest

from tests.matrix.house import PROVIDERS, House, model_of
from tests.upstreams import Answer, Fails, Trouble

pytestmark = pytest.mark.e2e

FOUND = {"type": "web_search_result", "url": "https://a.example", "title": "a", "encrypted_content": "QQ=="}
SEARCHED = [
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [FOUND]},
    {"type": "text", "text": "it is a"},
]
MESSAGES = {
    "max_tokens": 100,
    "messages": [
        {"role": "user", "content": "what is it?"},
        {"role": "assistant", "content": SEARCHED},
        {"role": "user", "content": "where does it say so?"},
    ],
}
SHELL = {"type": "local_shell_call_output", "id": "lsh_1", "output": "a.txt"}
RESPONSES = {
    "store": False,
    "input": [
        {"role": "user", "content": "list it"},
        {"type": "local_shell_call", "id": "lsh_1", "call_id": "c1", "status": "completed", "action": {"type": "exec"}},
        SHELL,
        {"role": "user", "content": "and?"},
    ],
}


class Alone(NamedTuple):
    """A request with something that one dialect alone knows."""

    path: str
    body: dict[str, Any]
    spoken_by: str
    what: str
    part: str


ALONE = {
    "messages": Alone("/v1/messages", MESSAGES, "anthropic", "what Messages alone has", "web_search_tool_result"),
    "responses": Alone("/v1/responses", RESPONSES, "codex", "what Responses alone has", "local_shell_call_output"),
}
VIDEO = {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}
CHAT = {"messages": [{"role": "user", "content": [VIDEO, {"type": "text", "text": "what is it?"}]}]}


def ask(client: httpx2.Client, path: str, body: dict[str, Any], model: str = "hermes-router") -> httpx2.Response:
    reply = client.post(path, json={"model": model, **body})
    assert reply.status_code == 200, reply.text
    return reply


@pytest.fixture(params=ALONE)
def alone(request: pytest.FixtureRequest) -> Alone:
    return ALONE[request.param]


def test_it_goes_to_who_speaks_it(house: House, client: httpx2.Client, alone: Alone) -> None:
    for provider in PROVIDERS:
        house.turn(provider, Answer("here"))
    reply = ask(client, alone.path, alone.body)

    assert reply.headers["x-hermes-provider"] == alone.spoken_by
    exchange = house.why(reply.headers["x-request-id"])["exchange"]
    passed = {row["candidate"].partition("/")[0]: row["why"] for row in exchange["passed_over"]}
    assert {name for name, told in passed.items() if alone.what in told} >= {"mistral", "gemini", "openai"}


def test_if_nobody_is_left_who_does_it_is_left_out_aloud(house: House, client: httpx2.Client, alone: Alone) -> None:
    for provider in PROVIDERS:
        house.turn(provider, Fails(Trouble.OVERLOADED) if provider == alone.spoken_by else Answer("here"))
    reply = ask(client, alone.path, alone.body)

    assert reply.headers["x-hermes-provider"] != alone.spoken_by
    assert f"{alone.part} left out" in house.why(reply.headers["x-request-id"])["exchange"]["notes"]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
def test_a_limit_that_is_left_out_is_not_told_as_raised(house: House, client: httpx2.Client, path: str) -> None:
    house.turn("codex", Answer("here"))
    said = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 50}
    reply = ask(client, path, said if path == "/v1/messages" else {"input": "a", "max_output_tokens": 50}, model_of("codex"))

    notes = house.why(reply.headers["x-request-id"])["exchange"]["notes"]
    assert notes == ["max_tokens left out" if path == "/v1/messages" else "max_output_tokens left out"]


@pytest.mark.parametrize("provider", ["anthropic", "codex"])
def test_who_is_asked_by_name_is_asked_and_what_was_left_out_is_told(
    house: House, client: httpx2.Client, provider: str
) -> None:
    house.turn(provider, Answer("here"))
    reply = ask(client, "/v1/chat/completions", CHAT, model_of(provider))

    assert "video_url left out" in house.why(reply.headers["x-request-id"])["exchange"]["notes"]
