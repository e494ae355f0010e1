"""What real clients send is taken by the daemon, and by every provider dialect behind it, turn after turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from tests.matrix.captured import (
    ASKED_FOR,
    CLAUDE_HEAD,
    CODEX_HEAD,
    CONTENT_BESIDE_CALLS,
    HERMES_HEAD,
    HERMES_PROBES,
    claude_gives_back,
    claude_turn,
    codex_gives_back,
    codex_turn,
    hermes_gives_back,
    hermes_turn,
    library_turn,
    with_freeform,
)
from tests.matrix.house import KEY, PROVIDERS, House, model_of
from tests.upstreams import Answer, ToolCall

pytestmark = pytest.mark.e2e

FOLDER = "one.txt two.txt"


@pytest.fixture
def client(house: House) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=house.router.endpoint, verify=False, trust_env=False, timeout=20) as made:
        yield made


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def events_of(reply: httpx2.Response) -> list[Any]:
    """The data of a stream's events, comments and `[DONE]` left out."""
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def assert_taken(house: House, provider: str, requests: int, *fragments: str) -> None:
    asked = house.upstreams[provider].asked
    assert [each.refused for each in asked] == [""] * requests
    body = json.dumps(asked[-1].json, ensure_ascii=False)
    assert [fragment for fragment in fragments if fragment not in body] == [], body


# Codex CLI ---------------------------------------------------------------------------------------------------------------


def test_codex_goes_through_a_turn_with_a_call_of_a_tool(house: House, client: httpx2.Client, provider: str) -> None:
    call = ToolCall("exec_command", '{"cmd": "ls"}', "call_test00001")
    house.turn(provider, [Answer("", reasoning="I look", tool_calls=[call]), Answer("two files")])
    head = CODEX_HEAD | {"authorization": f"Bearer {KEY}"}
    first = events_of(client.post("/v1/responses", json=codex_turn(model_of(provider)), headers=head))
    items = [event["item"] for event in first if event["type"] == "response.output_item.done"]
    called = [item for item in items if item["type"] == "function_call"]
    assert [(item["name"], json.loads(item["arguments"])) for item in called] == [("exec_command", {"cmd": "ls"})]
    assert (first[0]["type"], first[-1]["type"]) == ("response.created", "response.completed")
    assert first[-1]["response"]["usage"]["output_tokens"] == 3

    later = codex_gives_back(items, {called[0]["call_id"]: FOLDER})
    second = events_of(client.post("/v1/responses", json=codex_turn(model_of(provider), later), headers=head))

    assert "".join(event["delta"] for event in second if event["type"] == "response.output_text.delta") == "two files"
    assert_taken(house, provider, 2, FOLDER, "You are a coding agent.", "say what is in this folder")


@pytest.mark.parametrize("instructions", [{}, {"instructions": "You are Codex."}], ids=["without", "with instructions"])
def test_codex_on_codex_passes_untouched(house: House, client: httpx2.Client, instructions: dict[str, str]) -> None:
    """Head and body as the CLI spelled them, and the reply as its backend did. Only what the backend demands is added."""
    upstream = house.turn("codex", Answer("hello", pieces=1))
    asked = msgspec.json.encode(codex_turn(PROVIDERS["codex"]) | instructions)
    head = CODEX_HEAD | {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    reply = client.post("/v1/responses", content=asked, headers=head)

    (request,) = upstream.asked
    added = b"" if instructions else b',"instructions":"You are a helpful assistant."'
    assert request.body == asked[:-1] + added + b"}"
    own = {name: value for name, value in CODEX_HEAD.items() if name != "user-agent"}
    assert {name: request.header(name) for name in own} == own
    assert [event["type"] for event in events_of(reply)][-1] == "response.completed"
    assert events_of(reply)[-1]["response"]["output"] == [], "which its client does not read"


def test_codex_hears_of_calls_in_a_namespace(house: House, client: httpx2.Client, provider: str) -> None:
    """Of Codex itself they come so; other providers know such a tool under one name, which is put apart again."""
    head = CODEX_HEAD | {"authorization": f"Bearer {KEY}"}
    house.turn(provider, Answer("nothing"))
    client.post("/v1/responses", json=codex_turn(model_of(provider)), headers=head)
    name = tool_name_ending_on("spawn_agent", house.upstreams[provider].asked[0].json)
    extra = {"namespace": "multi_agent_v1"} if provider == "codex" else {}
    house.turn(provider, [Answer("", tool_calls=[ToolCall(name, "{}", "call_test00001", extra)]), Answer("done")])
    first = events_of(client.post("/v1/responses", json=codex_turn(model_of(provider)), headers=head))
    items = [event["item"] for event in first if event["type"] == "response.output_item.done"]
    called = [item for item in items if item["type"] == "function_call"]
    assert [(item["namespace"], item["name"]) for item in called] == [("multi_agent_v1", "spawn_agent")]

    later = codex_gives_back(items, {called[0]["call_id"]: "spawned"})
    events_of(client.post("/v1/responses", json=codex_turn(model_of(provider), later), headers=head))

    assert_taken(house, provider, 2, "spawned")


def tool_name_ending_on(name: str, body: Any) -> str:
    """How a provider was told of the tool *name*: under any name that ends so."""
    found = [
        tool.get("function", tool)["name"]
        for given in body["tools"]
        for tool in given.get("tools", [given])
        if tool.get("function", tool).get("name", "").endswith(name)
    ]
    assert len(found) == 1, body["tools"]
    return str(found[0])


def test_codex_hears_of_a_freeform_tool_in_its_own_form(house: House, client: httpx2.Client, provider: str) -> None:
    """Who knows no freeform tools is told of a function with one text, and its arguments are unwrapped again."""
    patch = '*** Begin Patch\n+"x"\n*** End Patch'
    own = provider == "codex"
    call = ToolCall("apply_patch", patch if own else json.dumps({"input": patch}), "call_test00001", custom=own)
    house.turn(provider, [Answer("", tool_calls=[call]), Answer("done")])
    head = CODEX_HEAD | {"authorization": f"Bearer {KEY}"}
    first = events_of(client.post("/v1/responses", json=with_freeform(codex_turn(model_of(provider))), headers=head))
    items = [event["item"] for event in first if event["type"] == "response.output_item.done"]
    called = [item for item in items if item["type"] == "custom_tool_call"]
    assert [(item["name"], item["input"]) for item in called] == [("apply_patch", patch)]

    output = {"type": "custom_tool_call_output", "call_id": called[0]["call_id"], "id": "ctco_test0", "output": "patched"}
    later = [*codex_gives_back(items, {}), output]
    second = with_freeform(codex_turn(model_of(provider), later))
    events_of(client.post("/v1/responses", json=second, headers=head))

    assert_taken(house, provider, 2, "patched", "Begin Patch")


# Claude Code -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_header", ["x-api-key", "authorization"])
def test_claude_code_goes_through_a_turn_with_calls_of_tools(
    house: House, client: httpx2.Client, provider: str, key_header: str
) -> None:
    calls = [ToolCall("Bash", '{"command": "ls"}', "call_test00001"), ToolCall("Tool2", "{}", "call_test00002")]
    house.turn(provider, [Answer("I look", reasoning="let me see", tool_calls=calls), Answer("two files"), Answer("two files")])
    head = CLAUDE_HEAD | {key_header: KEY if key_header == "x-api-key" else f"Bearer {KEY}"}
    first = events_of(client.post("/v1/messages?beta=true", json=claude_turn(model_of(provider)), headers=head))
    content = content_of(first)
    called = [block for block in content if block["type"] == "tool_use"]
    assert [(block["name"], block["input"]) for block in called] == [("Bash", {"command": "ls"}), ("Tool2", {})]

    later = claude_gives_back(content, {called[0]["id"]: FOLDER, called[1]["id"]: "failed"})
    second = events_of(client.post("/v1/messages?beta=true", json=claude_turn(model_of(provider), later), headers=head))
    again = client.post("/v1/messages?beta=true", json=claude_turn(model_of(provider), later, stream=None), headers=head)

    assert [block["text"] for block in content_of(second) if block["type"] == "text"] == ["two files"]
    assert again.json()["content"][-1]["text"] == "two files"
    answers = [asked for asked in house.upstreams[provider].asked if asked.status == 200]
    sent = json.dumps(answers[-1].json)
    assert [part for part in (FOLDER, "failed", "Today is a test.", "You are a coding agent.") if part not in sent] == []


def content_of(events: list[Any]) -> list[Any]:
    """The blocks that the events of a message make, as Claude Code puts them together."""
    blocks: list[Any] = []
    arguments: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = blocks[event["index"]], event["delta"]
            match delta["type"]:
                case "text_delta":
                    block["text"] += delta["text"]
                case "thinking_delta":
                    block["thinking"] += delta["thinking"]
                case "signature_delta":
                    block["signature"] = delta["signature"]
                case "input_json_delta":
                    arguments[event["index"]] = arguments.get(event["index"], "") + delta["partial_json"]
    for index, text in arguments.items():
        blocks[index]["input"] = json.loads(text or "{}")
    assert [event["type"] for event in events if event["type"] != "ping"][-1] == "message_stop"
    return blocks


def test_claude_code_counts_tokens_without_asking_anybody(house: House, client: httpx2.Client, provider: str) -> None:
    house.turn(provider, Answer("never"))
    head = CLAUDE_HEAD | {"x-api-key": KEY, "anthropic-beta": CLAUDE_HEAD["anthropic-beta"] + ",token-counting-2024-11-01"}
    body = claude_turn(model_of(provider), stream=None, max_tokens=None, metadata=None)
    counted = client.post("/v1/messages/count_tokens?beta=true", json=body, headers=head)

    assert counted.json()["input_tokens"] > 100
    assert house.upstreams[provider].asked == []


def test_claude_code_probes_with_one_token(house: House, client: httpx2.Client, provider: str) -> None:
    house.turn(provider, Answer("H", finish_reason="length"))
    body = {"model": model_of(provider), "max_tokens": 1, "messages": [{"role": "user", "content": "quota"}]}
    reply = client.post("/v1/messages?beta=true", json=body, headers=CLAUDE_HEAD | {"x-api-key": KEY})

    assert (reply.status_code, reply.json()["usage"]["output_tokens"]) == (200, 3), reply.text
    assert_taken(house, provider, 1, "quota")


# hermes-agent ------------------------------------------------------------------------------------------------------------


def test_hermes_agent_goes_through_a_turn_with_a_call_of_a_tool(house: House, client: httpx2.Client, provider: str) -> None:
    call = ToolCall("terminal", '{"command": "ls"}', "call_test00001")
    house.turn(provider, [Answer("", tool_calls=[call]), Answer("two files")])
    head = HERMES_HEAD | {"authorization": f"Bearer {KEY}"}
    first = events_of(client.post("/v1/chat/completions", json=hermes_turn(model_of(provider)), headers=head))
    calls = calls_of(first)
    assert [call["function"] for call in calls] == [{"name": "terminal", "arguments": calls[0]["function"]["arguments"]}]
    assert json.loads(calls[0]["function"]["arguments"]) == {"command": "ls"}

    later = hermes_gives_back(calls, {calls[0]["id"]: FOLDER})
    second = events_of(client.post("/v1/chat/completions", json=hermes_turn(model_of(provider), later), headers=head))

    assert "".join(choice["delta"].get("content") or "" for chunk in second for choice in chunk["choices"]) == "two files"
    assert_taken(house, provider, 2, FOLDER, "You are an agent.")


def calls_of(chunks: list[Any]) -> list[Any]:
    """The calls that the chunks of a completion make, other members of them kept."""
    calls: list[Any] = []
    for delta in (choice["delta"] for chunk in chunks for choice in chunk["choices"]):
        for part in delta.get("tool_calls") or ():
            if part["index"] == len(calls):
                calls.append({name: value for name, value in part.items() if name != "index"})
            else:
                calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
    return calls


@pytest.mark.parametrize(("method", "path"), HERMES_PROBES)
def test_hermes_agent_takes_us_for_no_other_product(client: httpx2.Client, method: str, path: str) -> None:
    assert client.request(method, path, json={"name": "x"} if method == "POST" else None).status_code in (401, 404)


# libraries ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assistant", CONTENT_BESIDE_CALLS.values(), ids=CONTENT_BESIDE_CALLS)
@pytest.mark.parametrize("asked", ASKED_FOR.values(), ids=ASKED_FOR)
def test_whatever_stands_beside_calls_is_taken(
    house: House, client: httpx2.Client, provider: str, assistant: dict[str, Any], asked: dict[str, Any]
) -> None:
    house.turn(provider, Answer("{}"))
    body = library_turn(model_of(provider), assistant, **asked)
    reply = client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}", "accept": "*/*"})

    assert reply.json()["choices"][0]["message"]["content"] == "{}", reply.text
    assert_taken(house, provider, 1, "found")


def test_claude_models_are_anybodys_and_a_suffix_breaks_nothing(house: House, client: httpx2.Client) -> None:
    for provider in PROVIDERS:
        house.turn(provider, Answer("here"))
    for model in ("claude-sonnet-5", "claude-sonnet-5[1m]", "claude-haiku-4-5-20251001[1m]"):
        body = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
        reply = client.post("/v1/messages", json=body, headers=CLAUDE_HEAD | {"x-api-key": KEY})

        assert reply.status_code == 200, reply.text
        assert reply.json()["content"][0]["text"] == "here"
