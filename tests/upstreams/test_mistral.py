"""The emulated Mistral: unknown fields, call ids, the order of roles, and thinking as a part of the content."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Breaks, Fails, ToolCall, Trouble, Upstream
from tests.upstreams.behaviours import Behave
from tests.upstreams.conversing import CHAT, events, post
from tests.upstreams.mistral import Mistral, nine_characters

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


def calls(*ids: str, **more: Any) -> dict[str, Any]:
    made = [{"id": id_, "type": "function", "function": {"name": "look_up", "arguments": "{}"}} for id_ in ids]
    return {"role": "assistant", "content": "", "tool_calls": made, **more}


def result(id_: str = "aaaaaaaaa", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": "found", **more}


async def ask(fields: dict[str, Any], behave: Behave = Answer("hi")) -> httpx2.Response:  # noqa: B008
    async with Upstream(behave, wire=Mistral()) as upstream:
        return await post(upstream, {**CHAT, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"random_seed": 1, "max_tokens": 5, "stream_options": {"include_usage": True}, "stream": True},
        {"messages": [{"role": "system", "content": "x"}, USER, {"role": "system", "content": "y"}, USER]},
        {
            "messages": [USER, calls("aaaaaaaaa", "bbbbbbbbb"), result("bbbbbbbbb"), result()],
            "tools": [TOOL],
            "tool_choice": "any",
        },
        {"messages": [USER, calls("aaaaaaaaa"), result(name="look_up"), {"role": "assistant", "content": "so"}, USER]},
        {"messages": [USER, {"role": "assistant", "content": "It", "prefix": True}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64,aGVsbG8="}]}]},
        {
            "messages": [
                USER,
                {"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}]},
                USER,
            ]
        },
    ],
)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask(fields)

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("fields", "place", "kind"),
    [
        ({"seed": 1}, ["body", "seed"], "extra_forbidden"),
        ({"max_completion_tokens": 1}, ["body", "max_completion_tokens"], "extra_forbidden"),
        ({"messages": [{**USER, "name": "ada"}]}, ["body", "messages", 0, "user", "name"], "extra_forbidden"),
        ({"messages": [{"role": "developer", "content": "x"}]}, ["body", "messages", 0], "value_error"),
        (
            {"messages": [USER, calls("aaaaaaaaa", reasoning_content="x"), result()]},
            ["body", "messages", 1, "assistant", "reasoning_content"],
            "extra_forbidden",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}]}]},
            ["body", "messages", 0, "user", "content", 0, "cache_control"],
            "extra_forbidden",
        ),
        ({"tools": []}, ["body", "tools"], "value_error"),
        ({"tools": [{"type": "custom", "custom": {}}]}, ["body", "tools", 0, "type"], "value_error"),
    ],
)
async def test_what_its_schema_does_not_know_is_refused_by_its_place(
    fields: dict[str, Any], place: list[Any], kind: str
) -> None:
    reply = await ask(fields)

    detail = reply.json()["message"]["detail"][0]
    assert (reply.status_code, detail["loc"], detail["type"]) == (422, place, kind)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([USER, calls("call_test00001"), result("call_test00001")], "Tool call id was call_test00001 but must be"),
        ([USER, calls("aaaaaaaaa"), result(), USER], "Unexpected role 'user' after role 'tool'"),
        (
            [USER, {"role": "assistant", "content": "x"}, {"role": "system", "content": "x"}],
            "Unexpected role 'system' after role 'assistant'",
        ),
        ([result()], "Unexpected role 'tool' after role ''"),
        ([USER, calls("aaaaaaaaa")], "Not the same number of function calls and responses"),
        ([USER, calls("aaaaaaaaa", "bbbbbbbbb"), result()], "Not the same number of function calls and responses"),
        ([USER, calls("aaaaaaaaa"), result("ccccccccc")], "Unexpected tool call id ccccccccc in tool results"),
        ([USER, {"role": "assistant", "content": ""}, USER], "must have either content or tool_calls"),
        ([USER, {"role": "assistant", "content": "x"}], "Expected last role User or Tool"),
    ],
)
async def test_turns_and_calls_are_held_to_their_order(messages: list[Any], words: str) -> None:
    reply = await ask({"messages": messages})

    assert reply.status_code == 400, reply.text
    assert words in reply.json()["message"]


async def test_thinking_is_a_part_of_the_content_and_calls_have_nine_characters() -> None:
    answer = Answer("so", reasoning="hm", tool_calls=[ToolCall("look_up", "{}", "call_1")])
    message = (await ask({}, answer)).json()["choices"][0]["message"]
    *chunks, _done = events(await ask({"stream": True}, answer))

    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert message["content"] == [thinking, {"type": "text", "text": "so"}]
    assert message["tool_calls"][0]["id"] == nine_characters("call_1")
    assert len(nine_characters("call_1")) == 9
    assert chunks[1]["choices"][0]["delta"] == {"content": [thinking]}


async def test_trouble_in_its_words() -> None:
    before = await ask({}, Fails(Trouble.RATE_LIMITED))
    midway = events(await ask({"stream": True}, Breaks(Answer("ab"), 2, Trouble.OVERLOADED)))

    assert (before.status_code, before.json()["code"]) == (429, "1300")
    assert midway[-1]["type"] == "service_tier_capacity_exceeded"


async def test_embeddings_and_keys() -> None:
    async with Upstream(wire=Mistral(keys={"test-key-1"})) as upstream:
        good = await post(upstream, {"model": "mistral-embed", "input": "x"}, path="/embeddings")
        tokens = await post(upstream, {"model": "mistral-embed", "input": [1, 2]}, path="/embeddings")
        stranger = await post(upstream, CHAT, key="test-key-2")

    assert (good.status_code, tokens.status_code, stranger.json()) == (200, 422, {"detail": "Unauthorized"})
