"""Responses clients over a provider of chat completions."""

from typing import Any

import msgspec

from tests.hrd.dialects.responses import accumulate, events_of
from tests.scenarios.client import Reply
from tests.scenarios.failing import rate_limited
from tests.scenarios.world import World
from tests.upstreams import CLOSE, Answer, Events, ToolCall

PATH = "/v1/responses"
TOOLS = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]


async def ask(world: World, **members: Any) -> Reply:
    return await world.post({"model": "model-x", "input": "hi", **members}, path=PATH)


def object_of(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body, type=dict[str, Any])


async def test_a_whole_reply_names_its_conversation_and_goes_on(world: World) -> None:
    upstream = await world.provider("alpha", Answer("hello"), Answer("again"))
    first = object_of(await ask(world, instructions="Be brief."))
    assert first["output"][0]["content"][0]["text"] == "hello"
    assert (first["id"], first["model"], first["instructions"]) == ("resp_req-1", "model-x", "Be brief.")
    second = object_of(await ask(world, input="and?", previous_response_id=first["id"]))
    assert second["previous_response_id"] == first["id"]
    assert [message["content"] for message in upstream.asked[-1].json["messages"]] == ["hi", "hello", "and?"]
    assert world.journal.last.endpoint == PATH


async def test_another_clients_reply_is_not_found(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    first = object_of(await ask(world))
    asked = {"model": "model-x", "input": "go", "previous_response_id": first["id"]}
    reply = await world.post(asked, path=PATH, key="client-key-free-not-real")
    assert (reply.status, reply.error["code"]) == (400, "previous_response_not_found")


async def test_a_stream_is_one_that_openais_library_reads(world: World) -> None:
    await world.provider("alpha", Answer("hello there"))
    reply = await ask(world, stream=True)
    final = accumulate(reply.body)
    assert final is not None
    assert (final.output_text, final.id) == ("hello there", "resp_req-1")


async def test_tool_calls_come_whole(world: World) -> None:
    await world.provider("alpha", Answer("", tool_calls=[ToolCall("look", '{"at":"it"}')]))
    final = accumulate((await ask(world, stream=True, tools=TOOLS)).body)
    assert final is not None
    (call,) = final.output
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("look", '{"at":"it"}')


async def test_a_stream_that_breaks_off_ends_with_response_failed(world: World) -> None:
    chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": "hel"}}]}
    await world.provider("alpha", Events([chunk, 1.0], CLOSE))
    reply = await ask(world, stream=True)
    assert accumulate(reply.body) is None
    last = events_of(reply.body)[-1]
    assert (last["type"], last["response"]["error"]["code"]) == ("response.failed", "server_error")
    assert "broke off" in last["response"]["error"]["message"]


async def test_a_refusal_after_an_early_head_says_when_to_come_back(world: World) -> None:
    await world.provider("alpha", rate_limited(retry_after_s=20.0), rate_limited(retry_after_s=400.0))
    reply = await ask(world, stream=True)
    assert accumulate(reply.body) is None
    assert reply.comments
    error = events_of(reply.body)[-1]["response"]["error"]
    assert error["code"] == "rate_limit_exceeded"
    assert "Please try again in 400.000s." in error["message"]


async def test_refusals_come_in_openais_envelope(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    reply = await ask(world, background=True)
    assert (reply.status, reply.error["param"]) == (400, "background")
