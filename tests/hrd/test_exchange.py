"""The line itself: who is let in, what is written when, and what the journal says. (What providers do to it: scenarios.)"""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import trio
from backports import zstd

from hrd.core.ledger import Reservation, State
from hrd.core.providers import ModelFacts
from hrd.dialects import openai_chat, openai_chat_native
from tests.scenarios.failing import rate_limited, refused, says
from tests.scenarios.world import EPOCH, HELLO, World, open_world
from tests.upstreams import Answer, Asked, Behaviour, Late, ToolCall, empty


@pytest.fixture
async def world(virtual_time: None) -> AsyncIterator[World]:
    async with open_world() as made:
        yield made


async def test_a_stranger_is_refused_before_its_body_is_looked_at(world: World) -> None:
    reply = await world.post(b"{" * 1000, key="")
    assert (reply.status, reply.error["type"], reply.error["code"]) == (401, "authentication_error", "invalid_api_key")
    assert "hr key reveal" in reply.error["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"])
async def test_a_key_that_is_none_of_ours_is_told_from_none_and_not_echoed(world: World, path: str) -> None:
    wrong, missing = [(await world.post({}, key=key, path=path)).error["message"] for key in ("gsk-test-elsewhere", "")]
    assert wrong.startswith("The key that was given is none of this router's client keys")
    assert "OPENAI_API_KEY" in wrong
    assert "gsk-test" not in wrong
    assert missing.startswith("No client key of this router was given")


async def test_wrong_keys_beyond_so_many_a_minute_are_told_to_wait_and_good_ones_are_not(virtual_time: None) -> None:
    async with open_world(auth_failures_max=2) as world:
        await world.provider("alpha", Answer("hello"))
        assert [(await world.post({}, key=key)).status for key in ("", "wrong")] == [401, 401]
        await trio.sleep(12.5)
        reply = await world.post({}, key="wrong")
        assert (reply.status, reply.error["code"], reply.headers["retry-after"]) == (429, "rate_limit_exceeded", "48")
        assert "MAX_AUTH_FAILURES" in reply.error["message"]
        assert "hr key reveal" in reply.error["message"]
        assert await world.ask() == "hello", "of the same address"
        await trio.sleep(47.5)
        assert (await world.post({}, key="wrong")).status == 401


# what is written when ----------------------------------------------------------------------------------------------------


async def test_a_reservation_is_on_disk_before_the_request_is_sent(world: World) -> None:
    held: list[list[State]] = []

    def look(asked: Asked) -> Behaviour:
        held.append([row.state for row in world.disk.ledger.values()])
        return refused(500) if len(held) == 1 else Answer("hello")

    await world.provider("alpha", look)
    await world.provider("beta", look)
    assert await world.ask() == "hello"
    assert held == [[State.HELD], [State.SETTLED, State.HELD]]
    assert [row.state for row in world.disk.ledger.values()] == [State.SETTLED, State.SETTLED]


async def test_a_reservation_names_what_it_is_for(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    await world.chat(max_tokens=100)
    await world.chat(max_tokens=100_000)
    rows = [row for row in world.store.given if isinstance(row, Reservation)]
    entry = world.journal.last
    assert [(row.id, row.request_id, row.provider, row.model) for row in rows] == [
        (1, "req-1", "alpha", "model-x"),
        (2, "req-2", "alpha", "model-x"),
    ]
    assert rows[0].credential == entry.credential
    assert rows[1].tokens < rows[0].tokens, "the first reply was shorter than was guessed"


async def test_what_failed_attempts_taught_is_stored_with_what_follows(world: World) -> None:
    await world.provider("alpha", rate_limited(600))
    await world.provider("beta", Answer("hello"))
    await world.ask()
    assert [(block.reason, block.until - EPOCH) for block in world.disk.blocks.values()] == [("rate limit", 600.0)]


async def test_a_success_lifts_the_block_on_disk(world: World) -> None:
    await world.provider("alpha", rate_limited(), Answer("hello"))
    assert await world.ask() == "hello"
    assert world.disk.blocks == {}


async def test_a_new_process_remembers_what_this_one_knew(world: World) -> None:
    await world.provider("alpha", rate_limited(600))
    await world.chat()
    remembered = world.store.load(world.now())
    assert [block.reason for block in remembered.blocks] == ["rate limit"]
    assert remembered.next_reservation == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_in_the_line_itself_is_settled_and_told(world: World, stream: bool) -> None:
    """A dialect that fails on a reply: the provider was asked, so it counts."""
    await world.provider("alpha", Answer("hello"))
    world.chat_dialect = _Failing()
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.error["type"]) == (500, "server_error")
    entry = world.journal.last
    assert (entry.outcome.value, entry.status, entry.provider) == ("crashed", 500, "alpha")
    assert entry.usage.input_tokens > 0
    assert [str(crash) for crash in world.crashes] == ["planted"]
    world.crashes.clear()
    world.chat_dialect = openai_chat
    assert await world.ask(stream=stream) == "hello"


# bodies ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "zstd", "identity"])
async def test_a_compressed_body_is_unfolded(world: World, encoding: str) -> None:
    await world.provider("alpha", Answer("hello"))
    body = json.dumps({"model": "alpha", "messages": [{"role": "user", "content": "hi" * 500}]}).encode()
    folded = {"gzip": gzip.compress, "zstd": zstd.compress}.get(encoding.lower(), bytes)(body)
    client = await world.client()
    reply = await client.ask(folded, headers=f"Content-Encoding: {encoding}\r\n")
    assert (reply.status, reply.text) == (200, "hello")


@pytest.mark.parametrize(
    ("encoding", "body", "status", "code"),
    [
        ("br", b"{}", 415, "unsupported_content_encoding"),
        ("br, gzip", b"{}", 415, "unsupported_content_encoding"),
        ("gzip", b"{}", 400, "bad_request"),
        ("zstd", zstd.compress(b"x" * 50_000_000), 413, "request_too_large"),
    ],
)
async def test_after_a_body_that_cannot_be_unfolded_the_connection_serves_on(
    world: World, encoding: str, body: bytes, status: int, code: str
) -> None:
    await world.provider("alpha", Answer("hello"))
    client = await world.client()
    refused = await client.ask(body, headers=f"Content-Encoding: {encoding}\r\n")
    assert (refused.status, refused.error["code"]) == (status, code)
    assert (await client.ask({"model": "alpha", "messages": [{"role": "user", "content": "hi"}]})).text == "hello"
    assert world.budget.held == 0


# what the journal says ---------------------------------------------------------------------------------------------------


async def test_an_entry_tells_the_whole_story(world: World) -> None:
    await world.provider("alpha", Late(refused(500, "oops alpha-key-1"), 2.0))
    await world.provider("small", says("small"), context=1)
    await world.provider("beta", Answer("hello", before_first_s=3.0, between_s=0.0))
    await world.ask(stream=True)
    entry = world.journal.last
    assert world.finished == [entry]
    assert (entry.request_id, entry.endpoint, entry.client, entry.model_asked) == (
        "req-1",
        "/v1/chat/completions",
        "client-one",
        "model-x",
    )
    assert (entry.stream, entry.outcome.value, entry.status, entry.provider, entry.model) == (
        True,
        "ok",
        200,
        "beta",
        "model-x",
    )
    assert (entry.at, entry.first_token_ms, entry.total_ms, entry.waited_ms) == (EPOCH, 5000.0, 5000.0, 0.0)
    assert [(note.provider, note.outcome, note.status, note.ms) for note in entry.attempts] == [
        ("alpha", "server error", 500, 2000.0),
        ("beta", "ok", 200, 3000.0),
    ]
    assert "alpha-key-1" not in entry.attempts[0].message
    assert [name.partition("#")[0] for name in entry.order] == ["alpha/model-x", "beta/model-x"]
    (passed,) = entry.passed_over
    assert passed.candidate.startswith("small/model-x#")
    assert "context of 1" in passed.why


async def test_an_entry_says_what_was_changed_on_the_way(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello"), max_output_tokens=1000)
    await world.ask(max_tokens=5000)
    assert alpha.asked[0].json["max_tokens"] == 1000
    assert world.journal.last.notes == ("max_tokens clamped from 5000 to 1000: the provider's limit",)


async def test_a_model_that_thinks_first_gets_room_for_its_thoughts(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello"), models_facts={"model-x": ModelFacts(reasoning=True)})
    await world.ask(max_tokens=100)
    assert alpha.asked[0].json["max_tokens"] == 4196
    assert world.journal.last.notes == ("max_tokens raised from 100 to 4196: the model thinks first",)


async def test_the_next_candidates_notes_are_its_own(world: World) -> None:
    await world.provider("alpha", refused(500), max_output_tokens=1000)
    await world.provider("beta", Answer("hello"))
    await world.ask(max_tokens=5000)
    assert world.journal.last.notes == ()


async def test_a_refused_exchange_says_why_and_who_was_passed_over(world: World) -> None:
    await world.provider("alpha", rate_limited(600))
    await world.provider("small", says("small"), context=1)
    reply = await world.chat()
    entry = world.journal.last
    assert (entry.outcome.value, entry.status, entry.provider) == ("refused", 429, "")
    assert entry.reason == reply.error["message"].partition("\n")[0]
    assert "small" in [passed.candidate.partition("/")[0] for passed in entry.passed_over]


async def test_a_request_that_cannot_be_read_is_in_the_journal_under_the_path_that_the_client_asked_for(world: World) -> None:
    await world.provider("alpha", Answer("hello"))
    assert (await world.post(b"{")).status == 400
    entry = world.journal.last
    assert (entry.endpoint, entry.outcome.value, entry.status) == ("/v1/chat/completions", "refused", 400)


async def test_attempts_that_came_to_nothing_are_settled_with_what_they_cost_all_the_same(world: World) -> None:
    await world.provider("alpha", empty())
    await world.provider("beta", Late(Answer("too late"), 1000.0))
    await world.provider("gamma", Answer("hello"))
    assert await world.ask(stream=True) == "hello"
    beta, estimate = world.journal.last.attempts[1], world.journal.last.usage.input_tokens
    assert beta.outcome == "no answer in time"
    settled = [row.settlement for row in world.disk.ledger.values()]
    assert [row.tokens for row in settled if row is not None][:2] == [7, estimate]


async def test_models_learn_from_good_answers(world: World) -> None:
    await world.provider("alpha", Answer("", tool_calls=[ToolCall("look")]))
    tools = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
    assert (await world.post({"model": "model-x", "messages": HELLO, "tools": tools})).status == 200
    assert [(row.what, row.value) for row in world.disk.learned.values()] == [("tools", 1)]


async def test_terms_are_those_of_the_requests_beginning(world: World) -> None:
    """What changes while it runs holds for the next request."""
    await world.provider("alpha", Late(Answer("hello"), 50.0))
    client = await world.begin(stream=False)
    await trio.sleep(1)
    world.terms = msgspec.structs.replace(world.terms, deadline_s=10.0)
    assert (await client.reply()).text == "hello"
    assert (await world.chat()).status == 504


class _Failing:
    """The dialect of chat completions, with an error in it that nobody foresaw."""

    ENDPOINT = openai_chat.ENDPOINT
    HUB = None
    PATH = openai_chat_native.PATH
    STREAMS_ONLY = False
    IS_TYPED = True
    decode = staticmethod(openai_chat.decode)
    encode = staticmethod(openai_chat_native.encode)
    error_reply = staticmethod(openai_chat.error_reply)
    error_event = staticmethod(openai_chat.error_event)
    comment = staticmethod(openai_chat.comment)
    keep_alive = staticmethod(openai_chat.keep_alive)

    @property
    def NATIVE(self) -> dict[str, "_Failing"]:  # noqa: N802 (as the contract has it)
        return {"openai_chat": self}

    def read_whole(self, *_: object) -> Any:
        raise ZeroDivisionError("planted")

    reply_stream = read_whole
