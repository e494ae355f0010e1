"""The emulated Codex backend: who may ask, what it takes, and in what it differs from the Responses API."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.upstreams import Answer, Breaks, Trouble, Upstream
from tests.upstreams.behaviours import Behave
from tests.upstreams.codex import Codex, access_token, seal_of, usage_limit
from tests.upstreams.conversing import post
from tests.upstreams.test_anthropic import named
from tests.upstreams.test_responses import TOOL, call, output, reasoning

TOKEN = access_token("account-a")
HEADERS = {"chatgpt-account-id": "account-a", "accept": "text/event-stream"}
SAID = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
BODY: dict[str, Any] = {"model": "gpt-5.5", "instructions": "be brief", "input": [SAID], "store": False, "stream": True}


async def ask(
    body: Any,
    behave: Behave = Answer("hi"),  # noqa: B008
    headers: dict[str, str] | None = None,
    key: str = TOKEN,
    wire: Codex | None = None,
) -> httpx2.Response:
    async with Upstream(behave, wire=wire or Codex()) as upstream:
        return await post(upstream, body, path="/responses", key=key, headers=HEADERS | (headers or {}))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True, "client_metadata": {"x": "y"}},
        {"reasoning": {"effort": "xhigh", "summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        {"text": {"verbosity": "low"}, "prompt_cache_key": "x", "service_tier": "priority"},
        {"input": [SAID, reasoning(encrypted_content=seal_of("account-a").close("hm")), call(), output()]},
    ],
)
async def test_a_good_request_is_taken(fields: dict[str, Any]) -> None:
    reply = await ask({**BODY, **fields})

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temperature": 1}, "Unsupported parameter: temperature"),
        ({"max_output_tokens": 100}, "Unsupported parameter: max_output_tokens"),
        ({"metadata": {}}, "Unsupported parameter: metadata"),
        ({"previous_response_id": "resp_1"}, "Unsupported parameter: previous_response_id"),
        ({"instructions": ""}, "Instructions are required"),
        ({"instructions": None}, "Instructions are required"),
        ({"input": "hello"}, "Input must be a list"),
        ({"store": True}, "Store must be set to false"),
        ({"stream": False}, "Stream must be set to true"),
        ({"input": [{"role": "system", "content": "x"}]}, "System messages are not allowed"),
        ({"parallel_tool_calls": True}, "Unsupported parameter: parallel_tool_calls"),
        ({"reasoning": {"effort": "minimal"}}, "'minimal' is not supported"),
        ({"service_tier": "flex"}, "Unsupported service_tier"),
    ],
)
async def test_what_it_does_not_take_is_told_as_a_detail(fields: dict[str, Any], words: str) -> None:
    reply = await ask({**BODY, **fields})

    assert (reply.status_code, list(reply.json())) == (400, ["detail"]), reply.text
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([{"role": "tool", "content": "x"}], "Invalid 'input[0].role': 'tool'"),
        ([{**SAID, "id": "item-1"}], "Expected an ID that begins with 'msg'"),
        ([SAID, call()], "No tool output found for function call"),
        ([SAID, output()], "No tool call found for function call output"),
        ([SAID, reasoning(encrypted_content=seal_of("account-b").close("hm")), call(), output()], "could not be verified"),
    ],
)
async def test_items_are_held_to_the_rules_of_the_responses_api(items: list[Any], words: str) -> None:
    reply = await ask({**BODY, "input": items})

    assert reply.status_code == 400, reply.text
    assert words in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("key", "headers", "status"),
    [
        ("", {}, 401),
        ("no-token", {}, 401),
        (TOKEN, {"chatgpt-account-id": "account-b"}, 401),
        (TOKEN, {"chatgpt-account-id": ""}, 401),
        (TOKEN, {"content-type": "text/plain"}, 415),
        (TOKEN, {"accept": "application/json"}, 400),
    ],
)
async def test_the_head_says_who_asks_and_for_what(key: str, headers: dict[str, str], status: int) -> None:
    reply = await ask(BODY, headers=headers, key=key)

    assert reply.status_code == status
    assert ("x-openai-authorization-error" in reply.headers) == (status == 401)


async def test_a_stream_has_no_content_type_no_done_and_no_output_at_its_end() -> None:
    reply = await ask(BODY, Answer("hi"))

    assert "content-type" not in reply.headers
    assert (reply.headers["x-codex-primary-used-percent"], reply.headers["x-codex-secondary-window-minutes"]) == (
        "12.5",
        "10080",
    )
    events = named(reply.text)
    assert (events[-1]["type"], events[-1]["response"]["output"]) == ("response.completed", [])
    assert [event["item"]["content"][0]["text"] for event in events if event["type"] == "response.output_item.done"] == ["hi"]


async def test_a_used_up_plan_and_trouble_midway() -> None:
    spent = await ask(BODY, usage_limit(1_790_018_000, 3600))
    midway = named((await ask(BODY, Breaks(Answer("ab"), 5, Trouble.OVERLOADED))).text)

    assert (spent.status_code, spent.json()["error"]["resets_in_seconds"]) == (429, 3600)
    assert midway[-1]["response"]["error"]["code"] == "server_is_overloaded"


async def test_models_are_listed_to_those_who_say_their_version() -> None:
    async with Upstream(wire=Codex(), models=["gpt-5.5"]) as upstream:
        headers = {"authorization": f"Bearer {TOKEN}", "chatgpt-account-id": "account-a"}
        async with httpx2.AsyncClient(verify=False, trust_env=False, headers=headers) as client:
            listed = await client.get(upstream.base_url + "/models?client_version=0.146.0")
            refused = await client.get(upstream.base_url + "/models")

    assert [model["slug"] for model in listed.json()["models"]] == ["gpt-5.5"]
    assert refused.status_code == 422


async def test_a_plan_without_the_model_says_so() -> None:
    reply = await ask(BODY, wire=Codex(models_known=["gpt-5.4-mini"]))

    assert reply.json()["detail"] == "The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account."
