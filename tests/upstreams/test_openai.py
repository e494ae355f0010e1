"""The emulated OpenAI: what it refuses that others who speak alike let through."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Fails, Trouble, Upstream
from tests.upstreams.conversing import CHAT, post
from tests.upstreams.openai import OpenAI
from tests.upstreams.test_mistral import TOOL, USER, calls, result

OPEN = {"type": "object", "properties": {"q": {"type": "string"}}}
ASKED_FUNCTION = {"role": "assistant", "function_call": {"name": "look", "arguments": "{}"}}
CLOSED = {**OPEN, "additionalProperties": False, "required": ["q"]}


async def ask(fields: dict[str, Any]) -> httpx2.Response:
    async with Upstream(wire=OpenAI()) as upstream:
        return await post(upstream, {**CHAT, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"messages": [{"role": "developer", "content": [{"type": "text", "text": "x"}]}, {**USER, "name": "ada"}]},
        {"messages": [USER, calls("a", "b"), result("b"), result("a"), USER], "tools": [TOOL], "tool_choice": "required"},
        {"messages": [USER, {"role": "assistant", "content": None, "refusal": "no"}, USER]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": CLOSED, "strict": True}}},
        {
            "messages": [USER, {**ASKED_FUNCTION, "content": None}, {"role": "function", "name": "look", "content": "y"}, USER],
            "functions": [{"name": "look", "parameters": OPEN}],
            "function_call": "auto",
        },
        {"model": "gpt-6-luna", "max_completion_tokens": 5, "reasoning_effort": "none", "temperature": 0.5},
    ],
)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask(fields)

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": [{**USER, "cache_control": {}}]}, "Unknown parameter: 'messages[0].cache_control'."),
        (
            {"messages": [USER, {"role": "assistant", "content": "x", "reasoning_content": "y"}, USER]},
            "Unknown parameter: 'messages[1].reasoning_content'.",
        ),
        ({"messages": [USER, {"role": "function", "content": "y"}]}, "Missing required parameter: 'messages[1].name'."),
        ({"functions": [{"description": "no name"}]}, "Missing required parameter: 'functions[0].name'."),
        ({"messages": [USER, calls("x" * 41), result("x" * 41)]}, "Invalid 'messages[1].tool_calls[0].id'"),
        ({"messages": [USER, result()]}, "must be a response to a preceeding message with 'tool_calls'"),
        ({"messages": [USER, calls("a", "b"), result("a"), USER]}, "did not have response messages: b"),
        ({"messages": [USER, calls("a")]}, "did not have response messages: a"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "Invalid value for 'content'"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:x"}]}]}, "valid dictionary"),
        ({"tools": [{"type": "web_search"}]}, "a tool needs type function"),
        ({"reasoning_effort": "lots"}, "Invalid 'reasoning_effort': 'lots'"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": OPEN, "strict": True}}},
            "'additionalProperties' is required",
        ),
        ({"stop": ["a"] * 5}, "at most 4 items"),
        ({"model": "gpt-6-luna", "max_tokens": 5}, "Use 'max_completion_tokens' instead."),
        ({"model": "gpt-6-luna", "temperature": 0.5}, "'temperature' is not supported with this model"),
    ],
)
async def test_what_openai_refuses(fields: dict[str, Any], words: str) -> None:
    reply = await ask(fields)

    assert reply.status_code == 400, reply.text
    assert words in reply.json()["error"]["message"]


async def test_answers_and_trouble_are_those_of_the_format() -> None:
    async with Upstream([Answer("hi"), Fails(Trouble.RATE_LIMITED)], wire=OpenAI()) as upstream:
        answer = await post(upstream, CHAT)
        refused = await post(upstream, CHAT)

    assert answer.json()["choices"][0]["message"]["content"] == "hi"
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
