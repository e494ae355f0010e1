"""The emulated Gemini endpoint: unknown names, thought signatures that must come back, calls without an index."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Breaks, ToolCall, Trouble, Upstream
from tests.upstreams.behaviours import Behave
from tests.upstreams.conversing import CHAT, events, post
from tests.upstreams.gemini import OWN, STAND_INS, Gemini

USER = {"role": "user", "content": "hi"}
SIGNATURE = OWN.close('["look_up", {"q": 1}]')


def call(signature: str | None = None, id_: str = "call_1", arguments: str = '{"q":1}') -> dict[str, Any]:
    made = {"id": id_, "type": "function", "function": {"name": "look_up", "arguments": arguments}}
    return made | ({"extra_content": {"google": {"thought_signature": signature}}} if signature is not None else {})


def turns(*calls: dict[str, Any], then: tuple[Any, ...] = ()) -> dict[str, Any]:
    results = [{"role": "tool", "tool_call_id": made["id"], "content": "found"} for made in calls]
    return {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": list(calls)}, *results, *then]}


async def ask(fields: dict[str, Any], behave: Behave = Answer("hi")) -> httpx2.Response:  # noqa: B008
    async with Upstream(behave, wire=Gemini()) as upstream:
        return await post(upstream, {**CHAT, "model": "gemini-3.1-flash-lite", **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reasoning_effort": "low", "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 5},
        turns(call(SIGNATURE)),
        turns(call(SIGNATURE, arguments='{ "q" : 1 }')),
        turns(call(SIGNATURE, "function-call-1"), then=({"role": "assistant", "content": "so"}, USER)),
        turns(call(min(STAND_INS)), call(id_="call_2")),
        turns(call(), then=({"role": "assistant", "content": "so"}, USER)),
        {**turns(call()), "model": "gemini-2.5-flash-lite"},
    ],
)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask(fields)

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"metadata": {}}, 'Unknown name "metadata"'),
        ({"parallel_tool_calls": True}, 'Unknown name "parallel_tool_calls"'),
        ({"messages": [{**USER, "reasoning_content": "x"}]}, 'Unknown name "reasoning_content"'),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}]}]},
            'name "cache_control"',
        ),
        (turns(call()), "missing a thought_signature"),
        (
            turns(call(None, "function-call-1"), then=({"role": "assistant", "content": "so"}, USER)),
            "missing a thought_signature",
        ),
        (turns(call("c2lnbmF0dXJl")), "Thought signature is not valid."),
        (turns(call(SIGNATURE, arguments='{"q":2}')), "Thought signature is not valid."),
        ({"messages": [USER, {"role": "tool", "tool_call_id": "x", "content": "y"}]}, "immediately after a function call turn"),
        ({"messages": []}, "must be a list of at least one"),
    ],
)
async def test_what_it_does_not_take_is_an_error_in_a_list(fields: dict[str, Any], words: str) -> None:
    reply = await ask(fields)

    assert reply.status_code == 400, reply.text
    assert words in reply.json()[0]["error"]["message"]


async def test_calls_are_signed_and_streamed_whole_without_an_index() -> None:
    answer = Answer("", tool_calls=[ToolCall("look_up", '{"q": 1}', "1"), ToolCall("look_up", '{"q": 2}', "2")])
    whole = (await ask({}, answer)).json()["choices"][0]["message"]["tool_calls"]
    *chunks, _done = events(await ask({"stream": True}, answer))
    streamed = [made for chunk in chunks for made in chunk["choices"][0]["delta"].get("tool_calls", [])]

    assert streamed == whole
    assert [made["id"] for made in whole] == ["function-call-1", "function-call-2"]
    assert whole[0]["extra_content"]["google"]["thought_signature"] == SIGNATURE


async def test_trouble_midway() -> None:
    midway = events(await ask({"stream": True}, Breaks(Answer("ab"), 2, Trouble.OVERLOADED)))

    assert midway[-1]["error"]["status"] == "UNAVAILABLE"
