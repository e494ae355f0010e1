"""Histories of calls that clients cut, merged or sent twice, and of calls that a provider named alike, are served by every
provider, in every client dialect."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.matrix.house import PROVIDERS, House, model_of
from tests.upstreams import Answer

pytestmark = pytest.mark.e2e

Body = dict[str, Any]
HISTORIES = {
    "in order": "user call:1 result:1 user",
    "parallel": "user call:1,2 result:1 result:2 user",
    "late": "user call:1 user result:1 user",
    "doubled": "user call:1 result:1 result:1 user",
    "swapped": "user call:1,2 result:2 result:1 user",
    "unanswered": "user call:1,2 result:1 user",
    "orphaned": "user result:1 user",
    "called by one id": "user call:1 result:1 user call:1 result:1 user",
    "between": "user call:1 assistant result:1 user",
}


def chat(history: str) -> Body:
    messages: list[Body] = []
    for step in history.split():
        kind, _, ids = step.partition(":")
        match kind:
            case "call":
                function = {"name": "look_up", "arguments": "{}"}
                calls = [{"id": f"call_test{id_:0>5}", "type": "function", "function": function} for id_ in ids.split(",")]
                messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            case "result":
                messages.append({"role": "tool", "tool_call_id": f"call_test{ids:0>5}", "content": f"found {ids}"})
            case _:
                messages.append({"role": kind, "content": "go on"})
    tool = {"name": "look_up", "description": "x", "parameters": {"type": "object", "properties": {}}}
    return {"messages": messages, "tools": [{"type": "function", "function": tool}]}


def responses(history: str) -> Body:
    items: list[Body] = []
    for step in history.split():
        kind, _, ids = step.partition(":")
        match kind:
            case "call":
                call = {"type": "function_call", "name": "look_up", "arguments": "{}"}
                items += [call | {"call_id": f"call_test{id_:0>5}"} for id_ in ids.split(",")]
            case "result":
                items.append({"type": "function_call_output", "call_id": f"call_test{ids:0>5}", "output": f"found {ids}"})
            case _:
                items.append({"role": kind, "content": "go on"})
    tool = {"type": "function", "name": "look_up", "parameters": {"type": "object", "properties": {}}}
    return {"input": items, "tools": [tool], "store": False}


def messages(history: str) -> Body:
    turns: list[Body] = []
    for step in history.split():
        kind, _, ids = step.partition(":")
        match kind:
            case "call":
                call = {"type": "tool_use", "name": "look_up", "input": {}}
                turns.append({"role": "assistant", "content": [call | {"id": f"call_test{id_:0>5}"} for id_ in ids.split(",")]})
            case "result":
                result = {"type": "tool_result", "tool_use_id": f"call_test{ids:0>5}", "content": f"found {ids}"}
                turns.append({"role": "user", "content": [result]})
            case _:
                turns.append({"role": kind, "content": "go on"})
    tool = {"name": "look_up", "description": "x", "input_schema": {"type": "object", "properties": {}}}
    return {"messages": turns, "tools": [tool], "max_tokens": 100}


CLIENTS = {"/v1/chat/completions": chat, "/v1/responses": responses, "/v1/messages": messages}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("path", CLIENTS)
@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_it_is_served(house: House, client: httpx2.Client, provider: str, path: str, history: str) -> None:
    upstream = house.turn(provider, Answer("here"))
    reply = client.post(path, json={"model": model_of(provider), **CLIENTS[path](history)})

    assert reply.status_code == 200, reply.text
    assert "found 1" in str(upstream.asked[-1].json)
