"""The emulated providers refuse what a strict provider would: a table of what may be asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.upstreams import Rules, Upstream
from tests.upstreams.conversing import CHAT, dial, post, read_all, request_bytes

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALL = {"id": "call_test00001", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = {"role": "user", "content": "hi"}

GOOD: list[dict[str, Any]] = [
    {},
    {"stream": True, "stream_options": {"include_usage": True}},
    {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
    {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                  {"role": "tool", "tool_call_id": "call_test00001", "content": "3"}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
    {"temperature": 0, "max_tokens": 1, "top_p": 1.0, "seed": None},
]  # fmt: skip
BAD: list[tuple[dict[str, Any], str]] = [
    ({"model": ""}, "model"),
    ({"model": 5}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": ["hi"]}, "messages[0]."),
    ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
    ({"messages": [USER, {"role": "user"}]}, "messages[1].content"),
    ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content"),
    ({"messages": [{"role": "tool", "content": "3"}]}, "messages[0].tool_call_id"),
    ({"messages": [{"role": "assistant", "content": "", "tool_calls": []}]}, "messages[0].tool_calls"),
    ({"messages": [{"role": "assistant", "tool_calls": [{**CALL, "id": ""}]}]}, "messages[0].tool_calls[0]"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
    ({"temperature": 2.5}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"tools": []}, "tools"),
    ({"tools": [{"type": "function"}]}, "tools[0]"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"parallel_tool_calls": True}, "parallel_tool_calls"),
    ({"hermes_private": 1}, "hermes_private"),
]
BAD_EMBEDDINGS: list[dict[str, Any]] = [
    {"input": ""}, {"input": []}, {"input": [1, "a"]}, {"input": [[]]}, {"input": {"a": 1}}, {},
    {"input": "a", "encoding_format": "hex"}, {"input": "a", "dimensions": 0}, {"input": "a", "messages": []},
]  # fmt: skip


@pytest.mark.parametrize("changes", GOOD)
async def test_good_requests_pass(changes: dict[str, Any]) -> None:
    async with Upstream() as upstream:
        assert (await post(upstream, CHAT | changes)).status_code == 200


@pytest.mark.parametrize(("changes", "param"), BAD)
async def test_malformed_requests_are_refused_with_the_parameter_named(changes: dict[str, Any], param: str) -> None:
    async with Upstream() as upstream:
        reply = await post(upstream, CHAT | changes)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("body", BAD_EMBEDDINGS)
async def test_malformed_embeddings_are_refused(body: dict[str, Any]) -> None:
    async with Upstream() as upstream:
        assert (await post(upstream, {"model": "m"} | body, path="/embeddings")).status_code == 400


@pytest.mark.parametrize(
    ("rules", "key", "status"),
    [
        (Rules(), "anything", 200),
        (Rules(keys={"test-key-1"}), "test-key-1", 200),
        (Rules(keys={"test-key-1"}), "test-key-2", 401),
        (Rules(), "", 401),
        (Rules(keys=()), "", 200),
    ],
)
async def test_keys(rules: Rules, key: str, status: int) -> None:
    async with Upstream(rules=rules) as upstream:
        assert (await post(upstream, CHAT, key=key)).status_code == status


async def test_unknown_paths_and_methods_are_refused() -> None:
    async with Upstream() as upstream:
        assert (await post(upstream, CHAT, path="/chat")).status_code == 404
        assert (await post(upstream, CHAT, path="/models")).status_code == 405


async def test_further_fields_and_no_rules_at_all() -> None:
    async with Upstream(rules=Rules(extra_fields={"provider"})) as openrouter, Upstream(rules=None) as anything:
        assert (await post(openrouter, {**CHAT, "provider": {}})).status_code == 200
        assert (await post(openrouter, {**CHAT, "providers": {}})).status_code == 400
        assert (await post(anything, {"x": 1}, key="")).status_code == 200


async def test_what_is_no_http_is_refused_and_remembered() -> None:
    async with Upstream() as upstream, await dial(upstream) as stream:
        await stream.send_all(b"POST /v1/chat/completions\r\n\r\n")
        reply = await read_all(stream)

    assert reply.startswith(b"HTTP/1.1 400 ")
    assert (len(upstream.malformed), upstream.seen) == (1, [])


async def test_a_body_that_is_no_json_and_a_wrong_content_type() -> None:
    async with Upstream() as upstream, await dial(upstream) as stream:
        plain = request_bytes().replace(b"application/json", b"text/plain")
        broken = request_bytes().replace(b'{"model"', b'["model"')
        for request in (plain, broken):
            await stream.send_all(request)
            assert (await stream.receive_some(65536)).startswith(b"HTTP/1.1 400 ")
