"""The emulated Messages API: what it takes, what it refuses and in which words, and what it answers."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Breaks, Fails, ToolCall, Trouble, Upstream, Usage
from tests.upstreams.anthropic import Anthropic
from tests.upstreams.behaviours import Behave
from tests.upstreams.conversing import post
from tests.upstreams.seals import Seal

MODEL = "claude-haiku-4-5-20251001"
NEWER = "claude-sonnet-5"
HEADERS = {"x-api-key": "test-key-1", "anthropic-version": "2023-06-01"}
HELLO: dict[str, Any] = {"role": "user", "content": "hello"}
BODY: dict[str, Any] = {"model": MODEL, "max_tokens": 2048, "messages": [HELLO]}
TOOL = {"name": "look_up", "description": "looks", "input_schema": {"type": "object", "properties": {}}}
CLOSED = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"], "additionalProperties": False}
THINKS = {"type": "enabled", "budget_tokens": 1024}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OWN = Seal("anthropic", "EqQB")


def call(id_: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": "look_up", "input": {}}


def result(id_: str = "toolu_1", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id_, "content": "found", **more}


def thought(text: str = "hm", signature: str = "") -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature or OWN.close(text)}


def image(**source: str) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG, **source}}


def says(*blocks: Any, role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def after_call(*blocks: Any, **fields: Any) -> dict[str, Any]:
    """A request whose last turn gives the result of a call, made by *blocks*."""
    return {**BODY, "tools": [TOOL], "messages": [HELLO, says(*blocks), says(result(), role="user")], **fields}


async def ask(body: Any, behave: Behave = Answer("hi"), headers: dict[str, str] | None = None) -> httpx2.Response:  # noqa: B008
    async with Upstream(behave, wire=Anthropic()) as upstream:
        return await post(upstream, body, path="/messages", key="", headers=HEADERS | (headers or {}))


TAKEN: dict[str, dict[str, Any]] = {
    "the least": BODY,
    "system as blocks with a cache mark": {
        "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    },
    "neighbours of one role": {"messages": [HELLO, HELLO]},
    "an image and a document": {
        "messages": [
            says(
                image(),
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}, "title": "x"},
                role="user",
            )
        ]
    },
    "parallel calls with results, text behind them": {
        "tools": [TOOL],
        "messages": [
            HELLO,
            says(call("toolu_1"), call("toolu_2")),
            says(result("toolu_2", is_error=True), result("toolu_1"), {"type": "text", "text": "go on"}, role="user"),
        ],
    },
    "results spread over two user messages": {
        "messages": [HELLO, says(call("a"), call("b")), says(result("a"), role="user"), says(result("b"), role="user")]
    },
    "thinking of its own in a tool loop": after_call(thought(), call(), thinking=THINKS),
    "redacted thinking of its own": after_call({"type": "redacted_thinking", "data": OWN.close("x")}, call(), thinking=THINKS),
    "a prefilled answer on an older model": {"messages": [HELLO, {"role": "assistant", "content": "It is"}]},
    "adaptive thinking with an effort on a newer model": {
        "model": NEWER,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    },
    "a tool loop without thinking on a newer model": after_call(call(), model=NEWER, thinking={"type": "adaptive"}),
    "a strict tool": {"tools": [{**TOOL, "strict": True, "input_schema": CLOSED}]},
    "tool choices": {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "look_up", "disable_parallel_tool_use": True}},
    "a tool that the provider runs": {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]},
    "everything else": {
        "stop_sequences": ["END"],
        "temperature": 0.5,
        "top_k": 5,
        "metadata": {"user_id": "user-1"},
        "service_tier": "auto",
        "stream": False,
    },
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no max_tokens": ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
    "too many tokens": ({"max_tokens": 64_001}, "max_tokens: 64001 > 64000"),
    "an unknown member": ({"frequency_penalty": 0}, "frequency_penalty: Extra inputs are not permitted"),
    "a member of a beta that is not named": ({"context_management": {}}, "context_management: Extra inputs"),
    "null for what is no null": ({"temperature": None}, "temperature: Input should be a valid number"),
    "no messages": ({"messages": []}, "messages: List should have at least 1 item"),
    "an unknown role": ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be 'user' or"),
    "an unknown member of a message": (
        {"messages": [{**HELLO, "name": "x"}]},
        "messages.0.name: Extra inputs are not permitted",
    ),
    "a part of another dialect": (
        {"messages": [says({"type": "input_text", "text": "x"}, role="user")]},
        "messages.0.content.0: Input tag 'input_text' found",
    ),
    "an unknown member of a block": (
        {"messages": [says({"type": "text", "text": "x", "foo": 1}, role="user")]},
        "messages.0.content.0.text.foo: Extra inputs are not permitted",
    ),
    "empty text": ({"messages": [says({"type": "text", "text": ""}, role="user")]}, "text content blocks must be non-empty"),
    "blank text": ({"messages": [says({"type": "text", "text": "\n"}, role="user")]}, "must contain non-whitespace text"),
    "empty content": ({"messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have non-empty content"),
    "empty system text": ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
    "assistant first": ({"messages": [says({"type": "text", "text": "x"}), HELLO]}, "first message must use"),
    "a call by the user": ({"messages": [says(call(), role="user")]}, "`tool_use` blocks can only be in `assistant`"),
    "a result by the assistant": ({"messages": [HELLO, says(result()), HELLO]}, "`tool_result` blocks can only be in `user`"),
    "an image of no known type": (
        {"messages": [says(image(media_type="image/bmp"), role="user")]},
        "image.source.base64.media_type",
    ),
    "an image that is no base64": (
        {"messages": [says(image(data="?"), role="user")]},
        "invalid base64 data",
    ),
    "a call's id out of the alphabet": (after_call(call("call.1|x")), "String should match pattern '^[a-zA-Z0-9_-]+$'"),
    "arguments as text": (after_call({**call(), "input": "{}"}), "tool_use.input: Input should be a valid dictionary"),
    "a call that is not answered": ({"messages": [HELLO, says(call()), HELLO]}, "`tool_use` ids were found without"),
    "a call that is answered too late": (
        {"messages": [HELLO, says(call()), HELLO, says({"type": "text", "text": "x"}), says(result(), role="user")]},
        "`tool_use` ids were found without",
    ),
    "text before a result": (
        {"messages": [HELLO, says(call()), says({"type": "text", "text": "x"}, result(), role="user")]},
        "`tool_use` ids were found without",
    ),
    "a call at the end": ({"messages": [HELLO, says(call())]}, "`tool_use` ids were found without"),
    "a result without a call": ({"messages": [says(result(), role="user")]}, "unexpected `tool_use_id` found"),
    "one id for two calls": (
        {"messages": [HELLO, says(call(), call()), says(result(), role="user")]},
        "`tool_use` ids must be unique",
    ),
    "a foreign signature": (after_call(thought(signature="c2lnbmF0dXJl"), call()), "Invalid `signature` in `thinking` block"),
    "an empty signature": (
        after_call({"type": "thinking", "thinking": "hm", "signature": ""}, call()),
        "Invalid `signature` in `thinking` block",
    ),
    "thinking that was changed": (
        after_call(thought("hum", OWN.close("hm")), call()),
        "Invalid `signature` in `thinking` block",
    ),
    "foreign redacted thinking": (after_call({"type": "redacted_thinking", "data": "x"}, call()), "Invalid `data`"),
    "a budget below the least": ({"thinking": {"type": "enabled", "budget_tokens": 512}}, "greater than or equal to 1024"),
    "a budget over the limit": ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, "`max_tokens` must be greater"),
    "thinking and a temperature": ({"thinking": THINKS, "temperature": 0.5}, "`temperature` may only be set to 1"),
    "thinking and top_k": ({"thinking": THINKS, "top_k": 5}, "`top_k` must be unset"),
    "thinking and a forced call": (
        {"thinking": THINKS, "tools": [TOOL], "tool_choice": {"type": "any"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "thinking and a prefilled answer": (
        {"thinking": THINKS, "messages": [HELLO, {"role": "assistant", "content": "It"}]},
        "must not end with an assistant message",
    ),
    "a tool loop that began without thinking": (after_call(call(), thinking=THINKS), "Expected `thinking` or"),
    "adaptive thinking on an older model": ({"thinking": {"type": "adaptive"}}, "adaptive thinking is not supported"),
    "an effort on an older model": ({"output_config": {"effort": "low"}}, "does not support the effort parameter"),
    "a prefilled answer on a newer model": (
        {"model": NEWER, "messages": [HELLO, {"role": "assistant", "content": "It"}]},
        "does not support assistant message prefill",
    ),
    "a prefilled answer that ends on a blank": (
        {"messages": [HELLO, {"role": "assistant", "content": "It "}]},
        "final assistant content cannot end with trailing whitespace",
    ),
    "temperature above one": ({"temperature": 1.5}, "temperature: Input should be between 0 and 1"),
    "temperature and top_p": ({"temperature": 1, "top_p": 0.9}, "cannot both be specified"),
    "a blank stop sequence": ({"stop_sequences": ["\n"]}, "each stop sequence must contain non-whitespace"),
    "a tool of another dialect": (
        {"tools": [{"type": "function", "function": {"name": "x"}}]},
        "tools.0: Input tag 'function' found",
    ),
    "a tool without a schema": ({"tools": [{"name": "x"}]}, "tools.0.custom.input_schema: Field required"),
    "a schema that is no object's": ({"tools": [{**TOOL, "input_schema": {}}]}, "input_schema.type: Field required"),
    "a tool's name too long": ({"tools": [{**TOOL, "name": "x" * 129}]}, "tools.0.custom.name: String should match"),
    "a strict tool that is open": (
        {"tools": [{**TOOL, "strict": True}]},
        "tools.0.custom.input_schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    "a strict tool with a constraint": (
        {
            "tools": [
                {**TOOL, "strict": True, "input_schema": {**CLOSED, "properties": {"q": {"type": "string", "maxLength": 5}}}}
            ]
        },
        "property 'maxLength' is not supported",
    ),
    "two tools of one name": ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    "a choice without tools": ({"tool_choice": {"type": "auto"}}, "may only be specified while providing tools"),
    "a choice of an unknown tool": (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}},
        "Tool 'x' not found in provided tools",
    ),
    "a choice of another dialect": ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice.type: Field required"),
    "five cache marks": (
        {"messages": [says(*[{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5, role="user")]},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "a format without a schema": ({"output_config": {"format": {"type": "json_schema"}}}, "format.schema: Field required"),
    "an identity that is too long": ({"metadata": {"user_id": "x" * 257}}, "at most 256 characters"),
}


@pytest.mark.parametrize("fields", TAKEN.values(), ids=TAKEN)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask({**BODY, **fields})

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=REFUSED)
async def test_what_the_real_one_refuses_is_refused_in_its_words(fields: dict[str, Any], words: str) -> None:
    reply = await ask({**BODY, **fields})

    assert reply.status_code == 400, reply.text
    said = reply.json()
    assert (said["type"], said["error"]["type"]) == ("error", "invalid_request_error")
    assert words in said["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"x-api-key": ""}, 401, "x-api-key header is required"),
        ({"anthropic-version": ""}, 400, "anthropic-version: header is required"),
        ({"anthropic-version": "2020-01-01"}, 400, "anthropic-version: 2020-01-01"),
        ({"anthropic-beta": "context-1m-2025-08-07,made-up-2026-01-01"}, 400, "Unexpected value(s) `made-up-2026-01-01`"),
        ({"content-type": "text/plain"}, 400, "content-type"),
    ],
)
async def test_the_head_is_looked_at_first(headers: dict[str, str], status: int, words: str) -> None:
    reply = await ask({**BODY, "unknown": 1}, headers=headers)

    assert (reply.status_code, words in reply.json()["error"]["message"]) == (status, True), reply.text


async def test_a_beta_opens_what_belongs_to_it() -> None:
    body = {**BODY, "context_management": {"edits": []}, "messages": [HELLO, {"role": "system", "content": "be brief"}, HELLO]}
    betas = {"anthropic-beta": "context-management-2025-06-27,mid-conversation-system-2026-04-07"}

    assert (await ask(body, headers=betas)).status_code == 200


async def test_a_whole_message_holds_thinking_text_and_calls_in_this_order() -> None:
    calls = [ToolCall("look_up", '{"q": 1}', "1"), ToolCall("look_up", "{}", "2")]
    answer = Answer("so", tool_calls=calls, reasoning="hm", usage=Usage(10, 5, cached=4))
    said = (await ask({**BODY, "thinking": THINKS}, answer)).json()

    assert said["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": OWN.close("hm")},
        {"type": "text", "text": "so"},
        {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"q": 1}},
        {"type": "tool_use", "id": "toolu_2", "name": "look_up", "input": {}},
    ]
    assert said["stop_reason"] == "tool_use"
    assert (said["usage"]["input_tokens"], said["usage"]["cache_read_input_tokens"]) == (6, 4)


async def test_thinking_is_told_to_those_who_asked_for_it() -> None:
    said = (await ask(BODY, Answer("so", reasoning="hm"))).json()

    assert [block["type"] for block in said["content"]] == ["text"]


async def test_a_stream_opens_one_block_after_the_other() -> None:
    answer = Answer("ab", tool_calls=[ToolCall("look_up", "{}", "1")], reasoning="hm", pieces=2)
    events = named((await ask({**BODY, "thinking": THINKS, "stream": True}, answer)).text)

    assert [(event["type"], event.get("index")) for event in events] == [
        ("message_start", None),
        ("ping", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_delta", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert events[5]["delta"] == {"type": "signature_delta", "signature": OWN.close("hm")}
    assert events[12]["delta"] == {"type": "input_json_delta", "partial_json": ""}
    assert events[14]["delta"]["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Answer("x", finish_reason="length"), "max_tokens"), (Answer("", refusal="I will not."), "refusal")],
)
async def test_other_endings(answer: Answer, reason: str) -> None:
    whole = (await ask(BODY, answer)).json()
    events = named((await ask({**BODY, "stream": True}, answer)).text)

    assert (whole["stop_reason"], events[-2]["delta"]["stop_reason"]) == (reason, reason)


@pytest.mark.parametrize(
    ("trouble", "status", "kind"),
    [
        (Trouble.OVERLOADED, 529, "overloaded_error"),
        (Trouble.RATE_LIMITED, 429, "rate_limit_error"),
        (Trouble.SERVER_ERROR, 500, "api_error"),
    ],
)
async def test_trouble_comes_as_a_status_as_an_event_and_inside_a_200(trouble: Trouble, status: int, kind: str) -> None:
    before = await ask(BODY, Fails(trouble))
    inside = await ask(BODY, Breaks(Answer("ab"), 0, trouble))
    midway = named((await ask({**BODY, "stream": True}, Breaks(Answer("ab", pieces=2), 4, trouble))).text)

    assert (before.status_code, before.json()["error"]["type"]) == (status, kind)
    assert (inside.status_code, inside.json()["error"]["type"]) == (200, kind)
    assert [event["type"] for event in midway[-2:]] == ["content_block_delta", "error"]
    assert midway[-1]["error"]["type"] == kind


async def test_models_are_listed_in_its_own_shape() -> None:
    async with (
        Upstream(wire=Anthropic(), models=[MODEL]) as upstream,
        httpx2.AsyncClient(verify=False, trust_env=False) as client,
    ):
        listed = (await client.get(upstream.base_url + "/models", headers=HEADERS)).json()
        unknown = await client.get(upstream.base_url + "/models/x", headers=HEADERS)

    assert (listed["first_id"], listed["data"][0]["display_name"]) == (MODEL, "claude-haiku-4-5")
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("arguments", ["{q: 1}", "[1]", ""])
async def test_a_models_mistake_in_a_call_is_told_as_it_made_it(arguments: str, stream: bool) -> None:
    mistaken = Answer("", tool_calls=[ToolCall("look_up", arguments, "1")])
    answer = await ask({**BODY, "tools": [TOOL], "stream": stream}, mistaken)
    assert answer.status_code == 200
    if stream:
        deltas = [event["delta"] for event in named(answer.text) if event["type"] == "content_block_delta"]
        assert "".join(delta["partial_json"] for delta in deltas) == arguments
    else:
        (block,) = answer.json()["content"]
        assert block["input"] == (json.loads(arguments) if arguments == "[1]" else arguments)


def named(text: str) -> list[Any]:
    """The events of a stream, each with its name in front of its data."""
    events = []
    for block in text.split("\n\n")[:-1]:
        first, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert first == f"event: {event['type']}"
        events.append(event)
    return events
