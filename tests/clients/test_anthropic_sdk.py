"""The official anthropic library against the real daemon: over a provider of chat completions, and over Anthropic's own API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import pytest
import trio

from tests.clients.served import Served
from tests.e2e.daemon import Router
from tests.upstreams import Answer, Events, Status, ToolCall, Upstream, Usage
from tests.upstreams.anthropic import Anthropic
from tests.upstreams.behaviours import Behave, Behaviour

pytestmark = pytest.mark.e2e

MODEL = "claude-opus-5[1m]"
TOOLS: list[Any] = [{"name": "look_up", "description": "Looks up.", "input_schema": {"type": "object", "properties": {}}}]
CALLS = (ToolCall("look_up", '{"q": "one"}', "call_test00001"), ToolCall("look_up", '{"q": "two"}', "call_test00002"))
HI: list[Any] = [{"role": "user", "content": "hello"}]
WIRES = ["openai", "anthropic"]


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def opened(
    wire: str, served: Served, *behave: Behaviour | Behave, apart: str = ""
) -> AsyncIterator[tuple[Callable[..., Any], Upstream, Router]]:
    """A daemon over one provider that speaks *wire*, and a way to put a question to a client of its own in a thread. *apart*:
    another daemon than everybody's."""
    script: Any = behave[0] if len(behave) == 1 else list(behave)
    name = wire.upper()

    def environment(base_url: str) -> dict[str, str]:
        model = "claude-haiku-4-5" if wire == "anthropic" else "test-model"
        return {f"{name}_BASE_URL": base_url, f"{name}_API_KEY": "sk-test-not-a-key-1", f"{name}_MODEL": model}

    def upstream() -> Upstream:
        return Upstream(wire=Anthropic() if wire == "anthropic" else None)

    async with served.over(f"{wire} {apart}", upstream, environment, script) as (provider, router):

        async def ask(question: Callable[[anthropic.Anthropic], Any], key: str = router.key) -> Any:
            def put() -> Any:
                with anthropic.Anthropic(base_url=router.endpoint, api_key=key, max_retries=0) as client:
                    return question(client)

            return await trio.to_thread.run_sync(put)

        yield ask, provider, router


def _asked(**asked: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 4000, "messages": HI, **asked}


def _whole(**asked: Any) -> Callable[[anthropic.Anthropic], Any]:
    return lambda client: client.messages.create(**_asked(**asked))


def _streamed(**asked: Any) -> Callable[[anthropic.Anthropic], Any]:
    """The final message of a stream, as the library's helper puts it together."""

    def ask(client: anthropic.Anthropic) -> Any:
        with client.messages.stream(**_asked(**asked)) as stream:
            return stream.get_final_message()

    return ask


# answers -----------------------------------------------------------------------------------------------------------------


async def test_a_whole_answer_and_a_stream(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer("good morning", usage=Usage(7, 3, cached=2))) as (ask, upstream, _):
        for question in (_whole, _streamed):
            message = await ask(question())
            assert ([block.text for block in message.content], message.stop_reason) == (["good morning"], "end_turn")
            assert (message.type, message.role, message.model) == ("message", "assistant", "claude-opus-5")
            usage = message.usage
            assert (usage.input_tokens + usage.cache_read_input_tokens, usage.output_tokens) == (7, 3)
    assert [asked.json["model"] for asked in upstream.asked] == (
        ["claude-haiku-4-5"] * 2 if wire == "anthropic" else ["test-model"] * 2
    )


async def test_calls_and_their_results(wire: str, served: Served) -> None:
    """A loop of tools, with the library's own objects sent back."""
    async with opened(wire, served, Answer("", tool_calls=CALLS), Answer("", tool_calls=CALLS), Answer("done")) as (
        ask,
        up,
        _,
    ):
        for question in (_whole, _streamed):
            message = await ask(question(tools=TOOLS))
            assert message.stop_reason == "tool_use"
            calls = [block for block in message.content if block.type == "tool_use"]
            assert [(call.name, call.input) for call in calls] == [("look_up", {"q": "one"}), ("look_up", {"q": "two"})]
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"found {call.input['q']}"} for call in calls]
        history = [*HI, {"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
        done = await ask(_whole(tools=TOOLS, messages=history))
    assert done.content[0].text == "done"
    sent = up.asked[-1].json["messages"]
    assert "found two" in str(sent)
    assert len(sent) == (3 if wire == "anthropic" else 4)


async def test_thinking_comes_and_goes_back(wire: str, served: Served) -> None:
    thinking = {"type": "adaptive"}
    answers = [Answer("", tool_calls=CALLS[:1], reasoning="hm")] * 2 + [Answer("done")]
    async with opened(wire, served, *answers) as (ask, upstream, _):
        for question in (_whole, _streamed):
            message = await ask(question(tools=TOOLS, thinking=thinking))
            assert [block.type for block in message.content] == ["thinking", "tool_use"]
            assert message.content[0].thinking == "hm"
            assert bool(message.content[0].signature) == (wire == "anthropic")
        result = {"type": "tool_result", "tool_use_id": message.content[1].id, "content": "7"}
        history = [*HI, {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
        assert (await ask(_whole(tools=TOOLS, thinking=thinking, messages=history))).content[0].text == "done"
    if wire == "anthropic":
        assert upstream.asked[-1].json["messages"][1]["content"][0]["thinking"] == "hm"


async def test_tokens_are_counted_and_nobody_is_asked(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer()) as (ask, upstream, _):
        counted = await ask(lambda client: client.messages.count_tokens(model=MODEL, messages=HI, tools=TOOLS))
    assert 10 < counted.input_tokens < 80
    assert upstream.asked == []


async def test_who_answered_and_the_requests_id_stand_in_the_headers(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer("hi")) as (ask, _, _router):
        raw = await ask(lambda client: client.messages.with_raw_response.create(**_asked()))
        message = await ask(_whole())
    assert raw.headers["x-hermes-provider"] == wire
    assert raw.headers["request-id"] == raw.headers["x-request-id"]
    assert message._request_id.startswith("req-")


# errors ------------------------------------------------------------------------------------------------------------------


async def test_each_refusal_has_its_class(wire: str, served: Served) -> None:
    limited = Status(429, b"", headers=[("retry-after", "7")])
    async with opened(wire, served, limited, apart="asked once") as (ask, _, _router):
        with pytest.raises(anthropic.RateLimitError) as refused:
            await ask(_whole())
        with pytest.raises(anthropic.AuthenticationError, match="hr key reveal"):
            await ask(_whole(), key="sk-test-not-a-key-wrong")
        with pytest.raises(anthropic.BadRequestError, match="messages is empty"):
            await ask(_whole(messages=[]))
    error = refused.value.body
    assert isinstance(error, dict)
    assert (error["type"], error["error"]["type"]) == ("error", "rate_limit_error")
    assert error["request_id"] == refused.value.response.headers["request-id"]
    assert 5 <= int(refused.value.response.headers["retry-after"]) <= 7


async def test_a_prompt_that_is_too_long_is_told_in_the_words_that_clients_look_for(wire: str, served: Served) -> None:
    said: dict[str, Any] = {
        "openai": {"message": "maximum context length is 8192 tokens, you asked for 9000", "code": "context_length_exceeded"},
        "anthropic": {"type": "invalid_request_error", "message": "prompt is too long: 9000 tokens > 8192 maximum"},
    }
    async with opened(wire, served, Status.json(400, {"type": "error", "error": said[wire]})) as (ask, _, _router):
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long: 9000 tokens > 8192 maximum"):
            await ask(_whole())


async def test_nobody_can_serve(wire: str, served: Served) -> None:
    async with opened(wire, served, Status(503, b"")) as (ask, _, _router):
        with pytest.raises(anthropic.APIStatusError) as refused:
            await ask(_streamed())
    assert refused.value.status_code in (429, 503)
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]["type"] in ("rate_limit_error", "api_error")


async def test_a_stream_that_breaks_ends_with_an_error(served: Served) -> None:
    """After the first word nobody else can be asked any more: the library raises."""
    start = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "good"}}]}
    async with opened("openai", served, Events([start, start])) as (ask, _, _router):
        with pytest.raises(anthropic.APIStatusError, match="broke off") as broken:
            await ask(_streamed())
    assert isinstance(broken.value.body, dict)
    assert broken.value.body["error"]["type"] == "api_error"
