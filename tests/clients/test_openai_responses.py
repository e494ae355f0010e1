"""The official openai library's Responses, against the real daemon: over a provider of chat completions, and of Responses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import openai
import pydantic
import pytest
import trio

from tests.clients.served import Served
from tests.e2e.daemon import Router
from tests.upstreams import Answer, Events, Status, ToolCall, Upstream, Usage
from tests.upstreams.behaviours import Behave, Behaviour
from tests.upstreams.responses import Responses
from tests.upstreams.wires import named_event

pytestmark = pytest.mark.e2e

TOOLS: list[Any] = [
    {"type": "function", "name": "look_up", "parameters": {"type": "object"}, "strict": False},
    {"type": "custom", "name": "patch", "description": "Edits files"},
]
MODEL = "hermes-router"
WIRES = ["openai_chat", "openai_responses"]


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def opened(
    wire: str, served: Served, *behave: Behaviour | Behave
) -> AsyncIterator[tuple[Callable[..., Any], Upstream, Router]]:
    """A daemon over one provider that speaks *wire*, and a way to put a question to a client of its own in a thread."""
    script: Any = behave[0] if len(behave) == 1 else list(behave)

    def environment(base_url: str) -> dict[str, str]:
        return {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "sk-test-not-a-key-1", "OPENAI_MODEL": "gpt-6-test"}

    def upstream() -> Upstream:
        return Upstream(wire=Responses() if wire == "openai_responses" else None)

    toml = f'[providers.openai]\ndialect = "{wire}"\n'
    async with served.over(wire, upstream, environment, script, toml=toml) as (provider, router):

        async def ask(question: Callable[[openai.OpenAI], Any]) -> Any:
            def put() -> Any:
                with openai.OpenAI(base_url=f"{router.endpoint}/v1", api_key=router.key, max_retries=0) as client:
                    return question(client)

            return await trio.to_thread.run_sync(put)

        yield ask, provider, router


def _streamed(client: openai.OpenAI, **asked: Any) -> Any:
    """The final response of a stream, and the types of its events."""
    with client.responses.stream(model=MODEL, **asked) as stream:
        kinds = [event.type for event in stream]
        return stream.get_final_response(), kinds


async def test_a_whole_answer_and_a_stream(wire: str, served: Served) -> None:
    answer = Answer("good morning", reasoning="hm", usage=Usage(7, 3, cached=2, reasoning=1))
    async with opened(wire, served, answer) as (ask, _, _router):
        whole = await ask(lambda client: client.responses.create(model=MODEL, input="hi"))
        assert (whole.output_text, whole.status, whole.object) == ("good morning", "completed", "response")
        assert [item.type for item in whole.output] == ["reasoning", "message"]
        assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.usage.input_tokens_details.cached_tokens) == (
            7,
            3,
            2,
        )
        final, kinds = await ask(lambda client: _streamed(client, input="hi", reasoning={"summary": "auto"}))
        assert (final.output_text, final.usage.output_tokens_details.reasoning_tokens) == ("good morning", 1)
        assert kinds[0] == "response.created"
        assert "response.output_text.delta" in kinds
        assert "response.reasoning_summary_text.delta" in kinds


async def test_a_conversation_goes_on_by_the_id_of_its_last_reply(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer("one"), Answer("two"), Answer("three")) as (ask, upstream, _):

        def talk(client: openai.OpenAI) -> list[str]:
            first = client.responses.create(model=MODEL, input="hi", instructions="Be brief.")
            with client.responses.stream(model=MODEL, input="and?", previous_response_id=first.id) as stream:
                second = stream.get_final_response()
            third = client.responses.create(model=MODEL, input="so?", previous_response_id=second.id)
            with pytest.raises(openai.BadRequestError) as refused:
                client.responses.create(model=MODEL, input="?", previous_response_id="resp_nobody")
            assert refused.value.code == "previous_response_not_found"
            return [first.output_text, second.output_text, third.output_text]

        assert await ask(talk) == ["one", "two", "three"]
        said = json.dumps(upstream.asked[-1].json)
        assert [said.count(f'"{text}"') for text in ("hi", "one", "and?", "two", "so?")] == [1, 1, 1, 1, 1]
        assert "Be brief." not in said


async def test_calls_of_both_kinds_and_their_outputs(wire: str, served: Served) -> None:
    calls = (
        ToolCall("look_up", '{"q": "one"}', "call_1"),
        ToolCall("look_up", '{"q": "two"}', "call_2"),
        ToolCall("patch", "*** Begin", "call_3", custom=True)
        if wire == "openai_responses"
        else ToolCall("patch", '{"input": "*** Begin"}', "call_3"),
    )
    async with opened(wire, served, Answer("", tool_calls=calls), Answer("done")) as (ask, upstream, _):

        def work(client: openai.OpenAI) -> str:
            asked: list[Any] = [{"role": "user", "content": "look"}]
            with client.responses.stream(model=MODEL, input=asked, tools=TOOLS, store=False) as stream:
                reply = stream.get_final_response()
            assert [(item.type, item.name) for item in reply.output] == [
                *(("function_call", "look_up"), ("function_call", "look_up"), ("custom_tool_call", "patch"))
            ]
            assert reply.output[2].input == "*** Begin"
            asked += [item.model_dump(exclude_none=True) for item in reply.output]
            asked += [{"type": f"{item.type}_output", "call_id": item.call_id, "output": item.name} for item in reply.output]
            return str(client.responses.create(model=MODEL, input=asked, tools=TOOLS, store=False).output_text)

        assert await ask(work) == "done"
        assert len(upstream.asked) == 2


async def test_structured_output_is_parsed(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer('{"city":"Oslo","degrees":-3}')) as (ask, upstream, _):
        reply = await ask(lambda client: client.responses.parse(model=MODEL, input="weather?", text_format=Weather))
        assert reply.output_parsed == Weather(city="Oslo", degrees=-3)
        body = upstream.asked[-1].json
        form = body["text"]["format"] if wire == "openai_responses" else body["response_format"]["json_schema"]
        assert (form["name"], form["strict"]) == ("Weather", True)


async def test_an_answer_cut_off_at_its_length_is_incomplete(wire: str, served: Served) -> None:
    async with opened(wire, served, Answer("half an", finish_reason="length")) as (ask, _, _router):
        whole = await ask(lambda client: client.responses.create(model=MODEL, input="hi", max_output_tokens=16))
        assert (whole.status, whole.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_a_stream_that_breaks_off_ends_with_response_failed(wire: str, served: Served) -> None:
    if wire == "openai_responses":
        created = {"id": "resp_up", "object": "response", "created_at": 1, "model": "m", "output": [], "status": "in_progress"}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
        where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": []}
        told = [
            {"type": "response.created", "response": created},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.content_part.added", **where, "part": part},
            {"type": "response.output_text.delta", **where, "delta": "hel", "logprobs": []},
        ]
        half = Events([named_event({**each, "sequence_number": at}) for at, each in enumerate(told)])
    else:
        half = Events([{"id": "c", "choices": [{"index": 0, "delta": {"content": "hel"}}]}])

    async with opened(wire, served, half) as (ask, _, _router):

        def read(client: openai.OpenAI) -> Any:
            with client.responses.stream(model=MODEL, input="hi") as stream:
                return list(stream)

        events = await ask(read)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert events[-1].type == "response.failed"
        assert events[-1].response.error.code == "server_error"


async def test_refusals_are_the_librarys_own_errors(wire: str, served: Served) -> None:
    limited = Status.json(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, [("retry-after", "90")])
    async with opened(wire, served, limited) as (ask, _, _router):

        def refused(client: openai.OpenAI) -> openai.RateLimitError:
            with pytest.raises(openai.RateLimitError) as error:
                client.responses.create(model=MODEL, input="hi", stream=True)
            return error.value

        error = await ask(refused)
        assert error.code == "rate_limit_exceeded"
        assert error.response.headers["retry-after"] == "90"
