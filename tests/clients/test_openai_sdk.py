"""The official openai library, sync and async, against the real daemon: answers, streams, tools, embeddings and errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
import trio

from tests.clients.served import Served
from tests.e2e.daemon import MESSAGES, Router, running
from tests.upstreams import Answer, Events, Status, ToolCall, Upstream, Usage
from tests.upstreams.behaviours import Behave

pytestmark = pytest.mark.e2e

CALLS = (ToolCall("look_up", '{"q": "one"}', "call_test00001"), ToolCall("look_up", '{"q": "two"}', "call_test00002"))
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]
MODEL = "hermes-router"


class Sdk:
    """One of the two clients: what is asked reads the same, how it is waited for differs."""

    def __init__(self, name: str, endpoint: str, key: str) -> None:
        self.name = name
        self._options: dict[str, Any] = {"base_url": f"{endpoint}/v1", "api_key": key, "max_retries": 0}

    def with_options(self, **options: Any) -> Sdk:
        other = Sdk(self.name, "", "")
        other._options = self._options | options
        return other

    async def ask(self, question: Callable[[Any], Any]) -> Any:
        """What *question* returns when it is put to a fresh client."""
        if self.name == "sync":
            return await trio.to_thread.run_sync(self._ask_sync, question)
        return await trio.to_thread.run_sync(asyncio.run, self._ask_async(question))

    async def chunks(self, **fields: Any) -> list[Any]:
        """Every chunk of a chat stream."""
        return list(await self.ask(lambda client: client.chat.completions.create(**_chat(stream=True, **fields))))

    def _ask_sync(self, question: Callable[[openai.OpenAI], Any]) -> Any:
        with openai.OpenAI(**self._options) as client:
            answer = question(client)
            return list(answer) if isinstance(answer, openai.Stream) else answer

    async def _ask_async(self, question: Callable[[openai.AsyncOpenAI], Awaitable[Any]]) -> Any:
        async with openai.AsyncOpenAI(**self._options) as client:
            answer = await question(client)
            return [chunk async for chunk in answer] if isinstance(answer, openai.AsyncStream) else answer


def _chat(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": MESSAGES, **fields}


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _environment(base_url: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "sk-test-not-a-key-1",
        "OPENAI_MODEL": "test-model",
        "OPENAI_EMBED_MODEL": "test-embeddings",
    }


@asynccontextmanager
async def opened(kind: str, served: Served, behave: Behave, **environment: str) -> AsyncIterator[tuple[Sdk, Upstream, Router]]:
    """A daemon over one provider that behaves as told, and a client that knows its key."""

    def upstream() -> Upstream:
        return Upstream(models=["test-model", "vendor/other:free"])

    name = " ".join(environment) or "as usual"
    async with served.over(name, upstream, lambda url: _environment(url) | environment, behave) as (provider, router):
        yield Sdk(kind, router.endpoint, router.key), provider, router


# answers -----------------------------------------------------------------------------------------------------------------


async def test_a_whole_answer_and_a_stream_with_its_usage(kind: str, served: Served) -> None:
    async with opened(kind, served, Answer("good morning", usage=Usage(7, 3))) as (sdk, upstream, _):
        whole = await sdk.ask(lambda client: client.chat.completions.create(**_chat()))
        asked = await sdk.chunks(stream_options={"include_usage": True})
        unasked = await sdk.chunks()

    assert whole.choices[0].message.content == "good morning"
    assert whole.choices[0].finish_reason == "stop"
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens) == (7, 3, 10)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in asked if chunk.choices) == "good morning"
    assert [chunk.usage.total_tokens for chunk in asked if chunk.usage] == [10]
    assert asked[-1].choices == []
    assert len({(chunk.id, chunk.model) for chunk in asked}) == 1

    assert "".join(chunk.choices[0].delta.content or "" for chunk in unasked) == "good morning"
    assert [chunk for chunk in unasked if chunk.usage] == []
    assert all(request.wants_usage for request in upstream.asked[1:])


async def test_who_answered_stands_in_the_headers(kind: str, served: Served) -> None:
    async with opened(kind, served, Answer("hi")) as (sdk, _, _router):
        raw = await sdk.ask(lambda client: client.chat.completions.with_raw_response.create(**_chat()))

    assert raw.headers["x-hermes-provider"] == "openai"
    assert raw.headers["x-hermes-model"] == "test-model"
    assert raw.headers["x-hermes-attempts"] == "1"
    assert raw.headers["x-request-id"].startswith("req-")


@pytest.mark.parametrize("calls", [CALLS[:1], CALLS], ids=["one", "parallel"])
async def test_tool_calls_come_whole_and_in_pieces(kind: str, served: Served, calls: tuple[ToolCall, ...]) -> None:
    async with opened(kind, served, Answer(text="", tool_calls=calls)) as (sdk, upstream, _):
        whole = await sdk.ask(lambda client: client.chat.completions.create(**_chat(tools=TOOLS)))
        chunks = await sdk.chunks(tools=TOOLS)

    wanted = [(call.id, call.name, call.arguments) for call in calls]
    said = whole.choices[0].message.tool_calls
    assert [(call.id, call.function.name, call.function.arguments) for call in said] == wanted
    assert whole.choices[0].finish_reason == "tool_calls"
    assert _joined(chunks) == wanted
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["tool_calls"]
    assert all(request.json["tools"] == TOOLS for request in upstream.asked)


def _joined(chunks: list[Any]) -> list[tuple[str, str, str]]:
    """Tool calls put together as the library's own helper does it: by their index."""
    calls: dict[int, list[str]] = {}
    for delta in (chunk.choices[0].delta for chunk in chunks if chunk.choices):
        for piece in delta.tool_calls or ():
            call = calls.setdefault(piece.index, ["", "", ""])
            call[0] = call[0] or piece.id or ""
            call[1] = call[1] or piece.function.name or ""
            call[2] += piece.function.arguments or ""
    assert sorted(calls) == list(range(len(calls)))
    return [(call[0], call[1], call[2]) for _, call in sorted(calls.items())]


async def test_the_helper_for_streams_puts_tool_calls_together(served: Served) -> None:
    def ask(options: dict[str, Any]) -> Any:
        with openai.OpenAI(**options) as client, client.chat.completions.stream(**_chat(tools=TOOLS)) as stream:
            return stream.get_final_completion()

    async with opened("sync", served, Answer(text="", tool_calls=CALLS)) as (sdk, _, _router):
        final = await trio.to_thread.run_sync(ask, sdk._options)

    calls = final.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"q": "one"}, {"q": "two"}]


async def test_embeddings_as_the_library_asks_by_itself_and_as_floats(kind: str, served: Served) -> None:
    async with opened(kind, served, Answer(dimensions=8)) as (sdk, upstream, _):
        unsaid = await sdk.ask(lambda client: client.embeddings.create(model=MODEL, input=["one", "two"]))
        floats = await sdk.ask(lambda client: client.embeddings.create(model=MODEL, input="one", encoding_format="float"))
        tokens = await sdk.ask(lambda client: client.embeddings.create(model=MODEL, input=[1, 2, 3]))

    assert [(len(row.embedding), row.index) for row in unsaid.data] == [(8, 0), (8, 1)]
    assert len(floats.data[0].embedding) == 8
    assert len(tokens.data[0].embedding) == 8
    assert floats.data[0].embedding == pytest.approx(unsaid.data[0].embedding, abs=1e-6)
    assert [request.json["model"] for request in upstream.asked] == ["test-embeddings"] * 3


async def test_the_models_and_one_of_them(kind: str, served: Served) -> None:
    async with opened(kind, served, Answer()) as (sdk, _, _router):
        models = await sdk.ask(_first_page)
        one = await sdk.ask(lambda client: client.models.retrieve("hermes-router"))
        pinned = await sdk.ask(lambda client: client.models.retrieve("openai/test-model"))

    ids = [model.id for model in models.data]
    assert ids[0] == "hermes-router"
    assert "openai/test-model" in ids or "test-model" in ids
    assert one.id == "hermes-router"
    assert pinned.id == "openai/test-model"


def _first_page(client: Any) -> Any:
    page = client.models.list()
    return page if isinstance(client, openai.OpenAI) else _awaited(page)


async def _awaited(page: Any) -> Any:
    return await page


# errors ------------------------------------------------------------------------------------------------------------------


async def test_what_the_client_did_wrong_has_its_own_class(kind: str, served: Served) -> None:
    async with opened(kind, served, Answer(), MAX_REQUEST_BYTES="2048") as (sdk, upstream, _):
        wrong = sdk.with_options(api_key="sk-test-not-a-key-wrong")
        with pytest.raises(openai.AuthenticationError, match="hr key reveal") as unknown:
            await wrong.ask(lambda client: client.chat.completions.create(**_chat()))
        with pytest.raises(openai.BadRequestError) as bad_json:
            await sdk.ask(lambda client: client.post("/chat/completions", content=b'{"model": "x", ', cast_to=object))
        with pytest.raises(openai.BadRequestError):
            await sdk.ask(lambda client: client.chat.completions.create(model=MODEL, messages="hello"))
        with pytest.raises(openai.NotFoundError, match="/v1/nowhere"):
            await sdk.ask(lambda client: client.post("/nowhere", body={}, cast_to=object))
        with pytest.raises(openai.NotFoundError, match="nobody-has-this"):
            await sdk.ask(lambda client: client.models.retrieve("nobody-has-this"))
        with pytest.raises(openai.NotFoundError):
            await sdk.ask(lambda client: client.embeddings.create(model="nobody-has-this", input="x"))
        with pytest.raises(openai.APIStatusError) as large:
            await sdk.ask(lambda client: client.chat.completions.create(**_chat(user="x" * 4096)))
        assert upstream.asked == []

    assert unknown.value.code == "invalid_api_key"
    assert unknown.value.type == "authentication_error"
    assert unknown.value.request_id is not None
    assert bad_json.value.status_code == 400
    assert (large.value.status_code, type(large.value)) == (413, openai.APIStatusError)


async def test_a_rate_limit_is_one_with_the_time_to_wait(kind: str, served: Served) -> None:
    limited = Status.json(
        429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}, [("retry-after", "90")]
    )
    async with opened(kind, served, limited) as (sdk, upstream, _):
        with pytest.raises(openai.RateLimitError) as whole:
            await sdk.ask(lambda client: client.chat.completions.create(**_chat()))
        with pytest.raises(openai.RateLimitError) as stream:
            await sdk.chunks()
        assert len(upstream.asked) == 1

    assert 85 <= int(whole.value.response.headers["retry-after"]) <= 90
    assert 80 <= int(stream.value.response.headers["retry-after"]) <= 90
    assert "x-should-retry" not in whole.value.response.headers
    assert "hr reset openai" in whole.value.message


async def test_a_long_rate_limit_is_not_asked_again(kind: str, served: Served) -> None:
    limited = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "600")])
    async with opened(kind, served, limited) as (sdk, _, router):
        before = await router.control("GET", "/v1/usage")
        with pytest.raises(openai.RateLimitError) as refused:
            await sdk.with_options(max_retries=2).ask(lambda client: client.chat.completions.create(**_chat()))
        after = await router.control("GET", "/v1/usage")

    assert refused.value.response.headers["x-should-retry"] == "false"
    assert after.json()["totals"]["requests"] - before.json()["totals"]["requests"] == 1


async def test_nobody_to_ask_is_a_server_error_that_is_not_asked_again(kind: str, tmp_path: Path) -> None:
    async with running(tmp_path) as router:
        sdk = Sdk(kind, router.endpoint, router.key).with_options(max_retries=2)
        with pytest.raises(openai.InternalServerError, match="hr auth add") as refused:
            await sdk.ask(lambda client: client.chat.completions.create(**_chat()))

    assert refused.value.status_code == 503
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert router.log.count('"event": "exchange"') == 1


async def test_a_stream_that_breaks_after_its_first_words_raises(kind: str, served: Served) -> None:
    word = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "half"}}]}
    broken = Events([word, 0.1, {"error": {"code": 502, "message": "Provider disconnected"}}])
    async with opened(kind, served, broken) as (sdk, _, _router):
        with pytest.raises(openai.APIError, match="broke off") as interrupted:
            await sdk.chunks()

    assert interrupted.value.code == "stream_interrupted"
