"""The emulated Responses API: what it takes, what it refuses and in which words, and what it answers."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Breaks, Fails, ToolCall, Trouble, Upstream
from tests.upstreams.behaviours import Behave
from tests.upstreams.conversing import post
from tests.upstreams.responses import OWN, Responses
from tests.upstreams.test_anthropic import named

BODY: dict[str, Any] = {"model": "gpt-5.5", "input": "hello"}
TOOL = {"type": "function", "name": "look_up", "parameters": {"type": "object", "properties": {}}, "strict": False}
SAID = {"role": "user", "content": "hello"}
PNG = "data:image/png;base64,aGVsbG8="


def call(call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "look_up", "arguments": "{}", **more}


def output(call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": "found", **more}


def reasoning(**more: Any) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], "encrypted_content": OWN.close("hm"), **more}


def user(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


async def ask(body: Any, behave: Behave = Answer("hi")) -> httpx2.Response:  # noqa: B008
    async with Upstream(behave, wire=Responses()) as upstream:
        return await post(upstream, body, path="/responses")


TAKEN: dict[str, dict[str, Any]] = {
    "text": {},
    "tools among the items": {
        "input": [{"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "look_up"}]}, SAID]
    },
    "messages of every role": {
        "input": [
            {"role": "system", "content": "a"},
            {"role": "developer", "content": [{"type": "input_text", "text": "b"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "c", "annotations": []}], "id": "msg_1"},
            user({"type": "input_image", "image_url": PNG, "detail": "low"}, {"type": "input_text", "text": "d"}),
            user({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGVsbG8="}),
        ]
    },
    "parallel calls with outputs and reasoning": {
        "input": [
            SAID,
            reasoning(id="rs_1", content=None),
            call("a", id="fc_1"),
            call("b"),
            output("b", id="fco_1"),
            output("a"),
        ],
        "tools": [TOOL],
        "include": ["reasoning.encrypted_content"],
    },
    "a freeform call": {
        "input": [
            SAID,
            {"type": "custom_tool_call", "call_id": "a", "name": "apply_patch", "input": "*** Begin"},
            {"type": "custom_tool_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "done"}]},
        ]
    },
    "tools of every kind": {
        "tools": [
            TOOL,
            {"type": "custom", "name": "patch", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
            {"type": "namespace", "name": "agents", "description": "x", "tools": [TOOL]},
            {"type": "web_search"},
        ],
        "tool_choice": {"type": "function", "name": "look_up"},
    },
    "a strict format": {
        "text": {
            "format": {
                "type": "json_schema",
                "name": "x",
                "schema": {"type": "object", "additionalProperties": False},
                "strict": True,
            }
        }
    },
    "no thinking, so a temperature": {"reasoning": {"effort": "none"}, "temperature": 0.5, "max_output_tokens": 16},
}

REFUSED: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no input": ({"input": None}, "Input should be a valid string", "input"),
    "an unknown member": ({"max_tokens": 5}, "Unknown parameter: 'max_tokens'.", "max_tokens"),
    "too few tokens": ({"max_output_tokens": 1}, "greater than or equal to 16", "max_output_tokens"),
    "an unknown role": ({"input": [{"role": "tool", "content": "x"}]}, "Invalid 'input[0].role': 'tool'", "input[0].role"),
    "a chat part": (
        {"input": [user({"type": "text", "text": "x"})]},
        "Input tag 'text' found",
        "input[0].content[0].type",
    ),
    "an assistant's part from a user": (
        {"input": [user({"type": "output_text", "text": "x"})]},
        "Input tag 'output_text' found",
        "input[0].content[0].type",
    ),
    "a message's name": ({"input": [{**SAID, "name": "x"}]}, "Unknown parameter: 'input[0].name'.", "input[0].name"),
    "an image as an object": (
        {"input": [user({"type": "input_image", "image_url": {"url": PNG}})]},
        "Only HTTP and HTTPS URLs",
        "input[0].content[0].image_url",
    ),
    "an id of another kind": (
        {"input": [SAID, call(id="call_1"), output()]},
        "Expected an ID that begins with 'fc'",
        "input[1].id",
    ),
    "a call id that is too long": (
        {"input": [SAID, call("x" * 65), output("x" * 65)]},
        "String should match pattern",
        "input[1].call_id",
    ),
    "a call without output": ({"input": [SAID, call()]}, "No tool output found for function call call_1.", "input"),
    "an output without a call": ({"input": [SAID, output()]}, "No tool call found for function call output", "input"),
    "an output before its call": ({"input": [output(), call()]}, "No tool call found for function call output", "input"),
    "an output of another kind": (
        {"input": [call(), {**output(), "type": "custom_tool_call_output"}]},
        "No tool call found for custom tool call output",
        "input",
    ),
    "two calls of one id": ({"input": [call(), output(), call(), output()]}, "Duplicate item found", "input"),
    "foreign reasoning": (
        {"input": [reasoning(encrypted_content="gAAAAAxyz"), call(), output()]},
        "could not be verified",
        None,
    ),
    "reasoning of nothing": ({"input": [reasoning(), SAID]}, "without its required following item", "input"),
    "a chat tool": (
        {"tools": [{"type": "function", "function": {"name": "x"}}]},
        "Missing required parameter: 'tools[0].name'.",
        "tools[0].name",
    ),
    "a tool's name too long": ({"tools": [{**TOOL, "name": "x" * 65}]}, "String should match", "tools[0].name"),
    "a strict tool that is open": (
        {"tools": [{**TOOL, "strict": True}]},
        "'additionalProperties' is required",
        "tools[0].parameters",
    ),
    "a choice in chat's form": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "look_up"}}},
        "Missing required parameter: 'tool_choice.name'.",
        "tool_choice.name",
    ),
    "a choice without tools": ({"tool_choice": "required"}, "must be specified with 'tools'", "tool_choice"),
    "a choice of an unknown tool": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}},
        "Tool choice 'x' not found",
        "tool_choice",
    ),
    "a format in chat's form": (
        {"text": {"format": {"type": "json_schema", "json_schema": {"name": "x"}}}},
        "Missing required parameter: 'text.format.name'.",
        "text.format.name",
    ),
    "a temperature while thinking": ({"temperature": 0.5}, "'temperature' is not supported with this model", "temperature"),
    "something to go on from": ({"previous_response_id": "resp_1"}, "not found", "previous_response_id"),
}


@pytest.mark.parametrize("fields", TAKEN.values(), ids=TAKEN)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask({**BODY, **fields})

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(("fields", "words", "param"), REFUSED.values(), ids=REFUSED)
async def test_what_the_real_one_refuses_is_refused_in_its_words(fields: dict[str, Any], words: str, param: str | None) -> None:
    reply = await ask({**BODY, **fields})

    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert words in error["message"]
    assert error["param"] == param


async def test_a_whole_response_holds_reasoning_text_and_calls_in_this_order() -> None:
    answer = Answer(
        "so", reasoning="hm", tool_calls=[ToolCall("look_up", "{}", "call_1"), ToolCall("patch", "x", "call_2", custom=True)]
    )
    asked = {**BODY, "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    said = (await ask(asked, answer)).json()

    assert [item["type"] for item in said["output"]] == ["reasoning", "message", "function_call", "custom_tool_call"]
    assert said["output"][0]["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert OWN.open(said["output"][0]["encrypted_content"]) == "hm"
    assert (said["status"], said["output"][3]["input"]) == ("completed", "x")


async def test_reasoning_is_told_as_far_as_was_asked() -> None:
    said = (await ask(BODY, Answer("so", reasoning="hm"))).json()

    assert said["output"][0] == {"id": "rs_test", "type": "reasoning", "summary": []}


async def test_a_stream_numbers_its_events_and_its_items() -> None:
    answer = Answer("so", reasoning="hm", tool_calls=[ToolCall("look_up", "{}", "call_1")], pieces=1)
    events = named((await ask({**BODY, "stream": True, "reasoning": {"summary": "auto"}}, answer)).text)

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [(event["type"].removeprefix("response."), event.get("output_index")) for event in events] == [
        ("created", None),
        ("in_progress", None),
        ("output_item.added", 0),
        ("reasoning_summary_part.added", 0),
        ("reasoning_summary_text.delta", 0),
        ("reasoning_summary_text.done", 0),
        ("reasoning_summary_part.done", 0),
        ("output_item.done", 0),
        ("output_item.added", 1),
        ("content_part.added", 1),
        ("output_text.delta", 1),
        ("output_text.done", 1),
        ("content_part.done", 1),
        ("output_item.done", 1),
        ("output_item.added", 2),
        ("function_call_arguments.delta", 2),
        ("function_call_arguments.done", 2),
        ("output_item.done", 2),
        ("completed", None),
    ]
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["reasoning", "message", "function_call"]


async def test_a_refusal_is_a_part_of_its_own_and_length_is_incomplete() -> None:
    refused = (await ask(BODY, Answer("", refusal="I will not."))).json()
    short = named((await ask({**BODY, "stream": True}, Answer("half", finish_reason="length"))).text)[-1]

    assert refused["output"][0]["content"] == [{"type": "refusal", "refusal": "I will not."}]
    assert (short["type"], short["response"]["incomplete_details"]) == ("response.incomplete", {"reason": "max_output_tokens"})


async def test_trouble_comes_as_a_status_and_as_a_failed_response() -> None:
    before = await ask(BODY, Fails(Trouble.RATE_LIMITED))
    midway = named((await ask({**BODY, "stream": True}, Breaks(Answer("ab"), 2, Trouble.RATE_LIMITED))).text)

    assert (before.status_code, before.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert [event["type"] for event in midway] == ["response.created", "response.in_progress", "response.failed"]
    assert midway[-1]["response"]["error"]["code"] == "rate_limit_exceeded"
