"""What the emulated providers answer when all is well: whole, streamed, with tools, with each other's quirks."""

from __future__ import annotations

import base64
import struct

import httpx2
import pytest

from tests.upstreams import OPENROUTER_COMMENT, Answer, Quirk, ToolCall, Upstream, Usage, UsageIn
from tests.upstreams.conversing import CHAT, STREAM, events, post

TWO_CALLS = (ToolCall("look_up", '{"q": 1}', "call_test00001"), ToolCall("look_up", '{"q": 2}', "call_test00002"))
WANTS_USAGE = {**STREAM, "stream_options": {"include_usage": True}}


async def test_a_whole_answer_has_every_field_that_clients_read() -> None:
    async with Upstream(Answer("hello", usage=Usage(5, 1, cached=2, reasoning=1))) as upstream:
        reply = await post(upstream, CHAT)

    assert reply.status_code == 200
    assert reply.json() == {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "test-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 1,
            "total_tokens": 6,
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    }


async def test_a_stream_is_role_text_finish_and_done() -> None:
    async with Upstream(Answer("one two", pieces=2)) as upstream:
        reply = await post(upstream, STREAM)

    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, done = events(reply)
    assert done == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": "one "},
        {"content": "two"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]


@pytest.mark.parametrize(
    ("usage_in", "request_body", "where"),
    [
        (UsageIn.CHUNK_IF_ASKED, STREAM, None),
        (UsageIn.CHUNK_IF_ASKED, WANTS_USAGE, "own chunk"),
        (UsageIn.CHUNK_ALWAYS, STREAM, "own chunk"),
        (UsageIn.LAST_CHOICE, STREAM, "last choice"),
        (UsageIn.X_GROQ, STREAM, "x_groq"),
        (UsageIn.NOWHERE, WANTS_USAGE, None),
    ],
)
async def test_usage_stands_where_the_provider_puts_it(
    usage_in: UsageIn, request_body: dict[str, object], where: str | None
) -> None:
    async with Upstream(Answer("hi", usage_in=usage_in)) as upstream:
        *chunks, _done = events(await post(upstream, request_body))

    last = chunks[-1]
    counted = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    if where == "own chunk":
        assert (last["choices"], last["usage"]) == ([], counted)
    elif where == "last choice":
        assert (last["choices"][0]["finish_reason"], last["usage"]) == ("stop", counted)
    elif where == "x_groq":
        assert last["x_groq"]["usage"] == counted
    else:
        assert not any("usage" in chunk or "x_groq" in chunk for chunk in chunks)


async def test_parallel_tool_calls_stream_by_index_with_their_arguments_in_fragments() -> None:
    async with Upstream(Answer("", tool_calls=TWO_CALLS, pieces=2)) as upstream:
        *chunks, _done = events(await post(upstream, STREAM))

    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["index"] for call in calls] == [0, 0, 0, 1, 1, 1]
    assert [call.get("id") for call in calls] == ["call_test00001", None, None, "call_test00002", None, None]
    assert "".join(call["function"]["arguments"] for call in calls if call["index"] == 1) == '{"q": 2}'
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


async def test_a_whole_tool_call_has_null_content_and_keeps_unknown_keys() -> None:
    extra = {"extra_content": {"google": {"thought_signature": "abc"}}}
    async with Upstream(Answer("", tool_calls=[ToolCall("f", "{}", "call_test00001", extra)])) as upstream:
        message = (await post(upstream, CHAT)).json()["choices"][0]["message"]

    function = {"name": "f", "arguments": "{}"}
    assert message["content"] is None
    assert message["tool_calls"] == [{"id": "call_test00001", "type": "function", "function": function, **extra}]


async def test_quirks_leave_out_what_they_say() -> None:
    quirks = frozenset({Quirk.NO_DONE, Quirk.NO_INDEX, Quirk.NO_FINISH, Quirk.LIST_CONTENT, Quirk.NO_CHOICES})
    answer = Answer("x", tool_calls=TWO_CALLS, quirks=quirks, usage_in=UsageIn.CHUNK_ALWAYS)
    async with Upstream(answer) as upstream:
        chunks = events(await post(upstream, STREAM))

    assert "[DONE]" not in chunks
    assert "choices" not in chunks[-1]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas[1] == {"content": [{"type": "text", "text": "x"}]}
    assert not any("index" in call for delta in deltas for call in delta.get("tool_calls", []))
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks[:-1])


async def test_comments_come_before_the_first_chunk() -> None:
    async with Upstream(Answer("x", comments=[OPENROUTER_COMMENT] * 2)) as upstream:
        first, second, third, *_ = events(await post(upstream, STREAM))

    assert (first, second) == (OPENROUTER_COMMENT, OPENROUTER_COMMENT)
    assert third["choices"][0]["delta"]["role"] == "assistant"


async def test_embeddings_are_the_same_as_floats_and_as_base64() -> None:
    asked = {"model": "test-model", "input": ["one", "two"]}
    async with Upstream() as upstream:
        floats = (await post(upstream, asked, path="/embeddings")).json()["data"]
        packed = (await post(upstream, {**asked, "encoding_format": "base64"}, path="/embeddings")).json()["data"]

    assert [item["index"] for item in floats] == [0, 1]
    assert floats[0]["embedding"] != floats[1]["embedding"]
    for plain, coded in zip(floats, packed, strict=True):
        assert list(struct.unpack("<8f", base64.b64decode(coded["embedding"]))) == plain["embedding"]


@pytest.mark.parametrize(("given", "count"), [("text", 1), ([1, 2, 3], 1), ([[1, 2], [3]], 2)])
async def test_embeddings_take_text_and_token_ids(given: object, count: int) -> None:
    async with Upstream() as upstream:
        reply = await post(upstream, {"model": "m", "input": given, "dimensions": 3}, path="/embeddings")

    assert [len(item["embedding"]) for item in reply.json()["data"]] == [3] * count


async def test_embeddings_with_quirks_ignore_base64_and_refuse_token_ids() -> None:
    async with Upstream(Answer(quirks=frozenset({Quirk.FLOATS_ONLY, Quirk.NO_TOKEN_IDS}))) as upstream:
        asked = {"model": "m", "input": "one", "encoding_format": "base64"}
        floats = await post(upstream, asked, path="/embeddings")
        refused = await post(upstream, {"model": "m", "input": [1, 2]}, path="/embeddings")

    assert isinstance(floats.json()["data"][0]["embedding"], list)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "input")


async def test_models_are_listed_and_never_take_from_the_script() -> None:
    async with Upstream([Answer("first")], models=["a", "org/b"]) as upstream:
        async with httpx2.AsyncClient(trust_env=False, verify=False, headers={"authorization": "Bearer test-key-1"}) as client:
            listed = await client.get(upstream.base_url + "/models")
            one = await client.get(upstream.base_url + "/models/org/b")
            none = await client.get(upstream.base_url + "/models/c")
        answer = await post(upstream, CHAT)

    assert [model["id"] for model in listed.json()["data"]] == ["a", "org/b"]
    assert (one.json()["id"], none.status_code) == ("org/b", 404)
    assert answer.json()["choices"][0]["message"]["content"] == "first"
    assert (len(upstream.seen), len(upstream.asked)) == (4, 1)
