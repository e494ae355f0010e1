"""Responses clients over a provider of chat completions."""

from typing import Any

import msgspec
import pytest

from tests.hrd.dialects.responses import accumulate, events_of
from tests.matrix.captured import codex_turn
from tests.scenarios.client import Reply
from tests.scenarios.failing import rate_limited
from tests.scenarios.world import World, open_world
from tests.upstreams import CLOSE, HANG, Answer, Breaks, Events, Late, ToolCall, Usage
from tests.upstreams.codex import Codex, Windows, usage_limit
from tests.upstreams.responses import Responses
from tests.upstreams.seals import Seal

PATH = "/v1/responses"
CODEX = {"dialect": "codex", "reader": "codex", "quota_scope": "account", "cost_class": "subscription"}
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


WRITING = Answer("", tool_calls=[ToolCall("look", '{"at":"it"}')], pieces=8, between_s=1.0)


async def test_a_stream_that_breaks_in_a_call_that_goes_out_whole_is_taken_up_by_the_next(world: World) -> None:
    await world.provider("alpha", Breaks(WRITING, 5, CLOSE))
    await world.provider("beta", Answer("", tool_calls=[ToolCall("look", '{"at":"that"}')]))
    final = accumulate((await ask(world, stream=True, tools=TOOLS)).body)
    assert final is not None
    (call,) = final.output
    assert call.type == "function_call"
    assert call.arguments == '{"at":"that"}'
    assert world.journal.walked() == [("alpha", "connection broken"), ("beta", "ok")]


async def test_a_call_that_stops_growing_is_given_up_at_the_idle_deadline(world: World) -> None:
    await world.provider("alpha", Breaks(WRITING, 5, HANG))
    await world.provider("beta", Answer("hello"))
    reply = await ask(world, stream=True, tools=TOOLS)
    assert (reply.head_at, reply.ended_at) == (5.0, 124.0)
    note, _ = world.journal.last.attempts
    assert (note.outcome, note.message) == ("connection broken", "nothing came for 120 s, in the middle of a tool call")


async def test_a_call_may_be_written_for_longer_than_a_first_token_may_take() -> None:
    async with open_world(deadline_s=70.0) as world:
        calls = [ToolCall("look", '{"at":"it"}')]
        await world.provider("alpha", Answer("", tool_calls=calls, pieces=8, between_s=20.0))
        beta = await world.provider("beta", Answer("hello"))
        final = accumulate((await ask(world, stream=True, tools=TOOLS)).body)
        assert final is not None
        assert final.output[0].type == "function_call"
        assert (world.elapsed_s, beta.asked) == (140.0, [])
        (note,) = world.journal.last.attempts
        assert note.ms == 20_000.0


async def test_the_time_of_a_request_counts_again_when_a_call_broke_off() -> None:
    async with open_world(deadline_s=70.0) as world:
        calls = [ToolCall("look", '{"at":"it"}')]
        await world.provider("alpha", Breaks(Answer("", tool_calls=calls, pieces=8, between_s=20.0), 8, CLOSE))
        await world.provider("beta", Late(Answer("hello"), 5.0))
        reply = await ask(world, stream=True, tools=TOOLS)
        assert accumulate(reply.body) is None
        assert world.journal.last.status == 504


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


# sealed reasoning --------------------------------------------------------------------------------------------------------


def sealed(by: str) -> list[dict[str, Any]]:
    """A conversation with reasoning that *by* has sealed."""
    token = Seal(by, "gAAAAABo").close("hm")
    return [
        {"type": "message", "role": "user", "content": "hi"},
        {"type": "reasoning", "summary": [], "encrypted_content": token},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]},
        {"type": "message", "role": "user", "content": "go"},
    ]


async def test_reasoning_that_cannot_be_opened_is_left_out_once_and_nothing_is_learned(world: World) -> None:
    upstream = await world.provider("alpha", Answer("ok"), wire=Responses(), dialect="openai_responses", reader="openai")
    for _ in range(2):
        assert object_of(await ask(world, input=sealed("somebody else")))["status"] == "completed"
        assert [asked.status for asked in upstream.asked[-2:]] == [400, 200]
        assert world.journal.walked() == [("alpha", "parameter not taken"), ("alpha", "ok")]
    assert [item["type"] for item in upstream.asked[-1].json["input"]] == ["message"] * 3
    assert object_of(await ask(world, input=sealed("openai-org-test")))["status"] == "completed"
    assert [item["type"] for item in upstream.asked[-1].json["input"]] == ["message", "reasoning", "message", "message"]
    assert len(upstream.asked) == 5


# the ChatGPT subscription's backend -----------------------------------------------------------------------------------------


def backend(**accounts: str) -> Codex:
    return Codex(account_of={f"codex-key-{key[1:]}": account for key, account in accounts.items()}.get)


async def test_the_backend_answers_streams_and_whole_replies(world: World) -> None:
    answer = Answer("hello", reasoning="hm", usage=Usage(7, 3))
    upstream = await world.provider("codex", answer, wire=backend(a1="codex-account-1"), **CODEX)
    final = accumulate((await ask(world, stream=True)).body, is_ours=False)
    assert final is not None
    assert final.output_text == "hello"
    whole = object_of(await ask(world, max_output_tokens=20, temperature=0.5))
    assert [item["type"] for item in whole["output"]] == ["reasoning", "message"]
    assert [asked.status for asked in upstream.asked] == [200, 200]
    notes = world.journal.last.notes
    assert "temperature left out" in notes


async def test_accounts_are_drained_one_after_the_other(world: World) -> None:
    accounts = backend(a1="codex-account-1", a2="codex-account-2")
    now = int(world.now())

    def behave(asked: Any) -> Any:
        return usage_limit(now + 9000, 9000) if asked.key == "codex-key-1" and len(upstream.asked) > 1 else Answer("hello")

    upstream = await world.provider("codex", behave, keys=("", ""), wire=accounts, **CODEX)
    for _ in range(3):
        assert object_of(await ask(world))["status"] == "completed"
    assert [asked.key for asked in upstream.asked] == ["codex-key-1", "codex-key-1", "codex-key-2", "codex-key-2"]
    assert ("account", "quota", 9000.0, "body") in world.blocks()


@pytest.mark.parametrize("path", [PATH, "/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_stream_tells_of_the_plan_is_known_whoever_asked(world: World, path: str, stream: bool) -> None:
    now = int(world.now())
    used = Windows(primary_percent=12.5, primary_resets_at=now + 600)
    wire = Codex({"codex-key-1": "codex-account-1"}.get, windows=used, tells_in_stream=True)
    await world.provider("codex", Answer("hello", pieces=1), wire=wire, **CODEX)
    asked = {"input": "hi"} if path == PATH else {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    reply = await world.post({"model": "model-x", "stream": stream, **asked}, path=path)
    assert reply.status == 200
    assert b"hello" in reply.body
    assert b"rate_limits" not in reply.body
    windows = {window.kind: (window.used, window.resets_at) for window in world.pool.snapshot(now).book.windows(now)}
    assert windows["plan/5 hours"] == (1_250, now + 600)


async def test_the_codex_cli_hears_what_its_backend_says_of_the_plan(world: World) -> None:
    wire = Codex({"codex-key-1": "codex-account-1"}.get, tells_in_stream=True)
    await world.provider("codex", Answer("hello"), wire=wire, **CODEX)
    reply = await world.post(codex_turn("model-x"), path=PATH)
    assert reply.body.startswith(b"event: codex.rate_limits\ndata: ")


async def test_what_the_heads_tell_of_the_plan_is_known_by_the_length_of_its_windows(world: World) -> None:
    now = int(world.now())
    used = Windows(primary_percent=12.5, primary_resets_at=now + 600, secondary_percent=40.0, secondary_resets_at=now + 90_000)
    await world.provider("codex", Answer("hello"), wire=Codex({"codex-key-1": "codex-account-1"}.get, windows=used), **CODEX)
    object_of(await ask(world))
    windows = {
        window.kind: (window.limit, window.used, window.resets_at) for window in world.pool.snapshot(now).book.windows(now)
    }
    assert windows["plan/5 hours"] == (10_000, 1_250, now + 600)
    assert windows["plan/week"] == (10_000, 4_000, now + 90_000)
