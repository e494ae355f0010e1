"""Streams: what goes out before the commit point, at it, and after it."""

import pytest
import trio

from hrd.core.quota.limit import Limit
from tests.scenarios.failing import rate_limited, refused, says
from tests.scenarios.world import World, open_world
from tests.upstreams import (
    CLOSE,
    DONE,
    HANG,
    RESET,
    Answer,
    Events,
    Late,
    Quirk,
    ToolCall,
    Usage,
    UsageIn,
    empty,
    error_in_stream,
    hangs,
)
from tests.upstreams.steps import Ending

X = "x-hermes-"
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def chunk(text: str) -> dict[str, object]:
    return {"id": "chatcmpl-test", "choices": [{"index": 0, "delta": {"content": text}}]}


async def test_head_waits_for_the_commit_point_and_names_who_answers(world: World) -> None:
    await world.provider("alpha", Answer("hello there", before_first_s=4.0))
    reply = await world.chat(stream=True)
    assert (reply.head_at, reply.ended_at) == (4.0, 4.0)
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert {name: value for name, value in reply.headers.items() if name.startswith(X)} == {
        "x-hermes-provider": "alpha",
        "x-hermes-model": "model-x",
        "x-hermes-attempts": "1",
    }
    assert reply.headers["x-request-id"] == "req-1"
    assert (reply.text, reply.comments, reply.is_done) == ("hello there", [], True)


async def test_bytes_pass_untouched(world: World) -> None:
    odd = 'data: {"choices":[{"delta":{"content":"h\\u00e9","odd": 1e0 ,"b":2,"a":1}}],  "x":0.10}'
    stop = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    await world.provider("alpha", Events([odd, stop, DONE]))
    reply = await world.chat(stream=True)
    assert reply.body.decode() == "\n\n".join([odd, stop, DONE, ""])


async def test_a_waiting_client_hears_a_comment_every_five_seconds_and_then_who_answers(world: World) -> None:
    await world.provider("alpha", Late(refused(500), 7.0))
    await world.provider("beta", Answer("hello", before_first_s=6.0))
    reply = await world.chat(stream=True)
    assert reply.head_at == 5.0
    assert [at for at, data in reply.pieces if data.startswith(b": keep-alive")] == [5.0, 10.0]
    assert not any(name.startswith(X) for name in reply.headers)
    assert reply.comments == [
        "keep-alive",
        "keep-alive",
        f"{X}attempts=2 {X}provider=beta {X}model=model-x",
    ]
    assert (reply.text, reply.is_done) == ("hello", True)


async def test_a_client_is_kept_awake_while_a_provider_is_silent_in_the_middle_too(world: World) -> None:
    await world.provider("alpha", Events([6.0, chunk("one "), 4.0, chunk("and "), 17.0, chunk("two"), STOP, DONE]))
    reply = await world.chat(stream=True)
    who = f"{X}attempts=1 {X}provider=alpha {X}model=model-x"
    assert reply.comments == ["keep-alive", who, *["keep-alive"] * 3]
    assert [at for at, data in reply.pieces if data.startswith(b": keep-alive")] == [5.0, 16.0, 21.0, 26.0]
    assert (reply.text, reply.ended_at) == ("one and two", 27.0)


async def test_a_refusal_after_an_early_head_is_an_error_event_with_the_body_of_the_429(world: World) -> None:
    await world.provider("alpha", Late(rate_limited(40), 7.0))
    reply = await world.chat(stream=True)
    whole = await world.chat(stream=False)
    assert (reply.status, reply.head_at, whole.status) == (200, 5.0, 429)
    assert reply.error["code"] == whole.error["code"] == "rate_limit_exceeded"
    assert reply.error["type"] == "rate_limit_error"
    assert reply.error["attempts"][0]["outcome"] == "rate limited"
    assert not reply.is_done
    assert world.journal.entries[0].status == 429


async def test_a_refusal_after_an_early_head_is_an_error_event_with_the_body_of_the_503(world: World) -> None:
    await world.provider("alpha", Late(refused(401), 7.0))
    reply = await world.chat(stream=True)
    assert (reply.status, reply.error["code"], reply.is_done) == (200, "no_candidate", False)


async def test_every_reply_empty_after_an_early_head(world: World) -> None:
    await world.provider("alpha", Late(empty(), 7.0))
    reply = await world.chat(stream=True)
    assert reply.comments == ["keep-alive", f"{X}attempts=1 {X}provider=alpha {X}model=model-x"]
    assert (reply.text, reply.is_done) == ("", True)


async def test_usage_is_asked_for_and_held_back_from_a_client_that_did_not_ask(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello", usage=Usage(11, 5)))
    reply = await world.chat(stream=True)
    assert alpha.asked[0].wants_usage
    assert all("usage" not in chunk for chunk in reply.chunks)
    usage = world.journal.last.usage
    assert (usage.input_tokens, usage.output_tokens, usage.source.value) == (11, 5, "known")


async def test_usage_goes_to_a_client_that_asked(world: World) -> None:
    await world.provider("alpha", Answer("hello", usage=Usage(11, 5)))
    reply = await world.chat(stream=True, stream_options={"include_usage": True})
    assert reply.chunks[-1]["usage"]["prompt_tokens"] == 11
    assert reply.chunks[-1]["choices"] == []
    assert reply.is_done


async def test_usage_that_nobody_states_is_estimated(world: World) -> None:
    await world.provider("alpha", Answer("hello you", usage_in=UsageIn.NOWHERE))
    await world.chat(stream=True)
    usage = world.journal.last.usage
    assert usage.source.value == "estimated"
    assert usage.output_tokens > 0


async def test_tool_calls_and_reasoning_are_commit_points_too(world: World) -> None:
    await world.provider("alpha", Answer("", tool_calls=[ToolCall("look", '{"q":1}')]), Answer("hm", reasoning="let me see"))
    beta = await world.provider("beta", says("beta"))
    called = await world.chat(stream=True)
    assert called.chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert (await world.chat(stream=True)).text == "hm"
    assert beta.asked == []


@pytest.mark.parametrize("ending", [CLOSE, RESET], ids=["close", "reset"])
async def test_a_stream_that_breaks_after_the_commit_point_ends_with_an_error_event(world: World, ending: Ending) -> None:
    await world.provider("alpha", Events([chunk("half a "), 1.0], ending))
    beta = await world.provider("beta", says("beta"))
    reply = await world.chat(stream=True)
    assert (reply.status, reply.text, reply.is_done, reply.is_cut) == (200, "half a ", False, False)
    assert (reply.error["type"], reply.error["code"]) == ("server_error", "stream_interrupted")
    assert beta.asked == []
    entry = world.journal.last
    assert (entry.outcome.value, entry.provider, entry.usage.source.value) == ("interrupted", "alpha", "estimated")
    assert entry.usage.output_tokens > 0
    assert entry.reason.startswith("The provider's stream broke off: ")
    assert [note.outcome for note in entry.attempts] == ["broke off"]
    assert entry.reason.endswith(entry.attempts[0].message)


async def test_an_error_in_a_stream_after_the_commit_point_is_told_without_its_secrets(world: World) -> None:
    error = {"code": 503, "message": "bad key alpha-key-1 here"}
    items = error_in_stream(error, after=2)
    await world.provider("alpha", lambda asked: _spaced(items(asked)))
    reply = await world.chat(stream=True)
    assert reply.text == "part 0 part 1 "
    assert "bad key [alpha-" in reply.error["message"]
    assert "alpha-key-1" not in reply.body.decode()
    assert not reply.is_done


async def test_a_stream_that_ends_early_in_good_order_is_interrupted(world: World) -> None:
    await world.provider("alpha", Events([chunk("half"), 1.0]))
    reply = await world.chat(stream=True)
    assert (reply.text, reply.error["code"]) == ("half", "stream_interrupted")


async def test_a_stream_that_falls_silent_is_ended_at_the_idle_deadline(world: World) -> None:
    alpha = await world.provider("alpha", Events([chunk("half"), 60.0, chunk(" more")], HANG))
    reply = await world.chat(stream=True)
    assert (reply.text, reply.ended_at) == ("half more", 180.0)
    assert reply.error["message"] == "The provider's stream broke off: nothing came for 120 s"
    assert alpha.asked[0].left_at == pytest.approx(180.0)


async def test_a_stream_that_never_ends_is_ended_at_the_stream_deadline() -> None:
    async with open_world(stream_s=300.0) as world:
        await world.provider("alpha", Events([item for _ in range(60) for item in (chunk("on "), 10.0)]))
        reply = await world.chat(stream=True)
        assert reply.ended_at == 300.0
        assert reply.error["message"] == "The reply was not over after 300 s (STREAM_SECONDS)."
        assert reply.error["code"] == "stream_interrupted"
        assert not reply.is_done
        entry = world.journal.last
        assert (entry.outcome.value, entry.status, entry.reason) == ("interrupted", 200, "too late")
        assert world.blocks() == []


async def test_a_stream_without_terminator_is_given_one(world: World) -> None:
    alpha = await world.provider("alpha", Answer("hello", quirks=frozenset({Quirk.NO_DONE})))
    for _ in range(2):
        reply = await world.chat(stream=True)
        assert (reply.text, reply.is_done) == ("hello", True)
    assert world.elapsed_s == 0.0
    assert {asked.connection for asked in alpha.asked} == {1}, "its connection is kept"


async def test_a_stream_whose_message_does_not_end_keeps_the_client_no_longer(world: World) -> None:
    """After the terminator the connection gets half a second; the client has everything at once."""
    alpha = await world.provider("alpha", Events([chunk("hello"), STOP, DONE], HANG))
    client = await world.begin()
    reply = await client.reply()
    assert (reply.text, reply.is_done, reply.ended_at) == ("hello", True, 0.0)
    await trio.sleep(1)
    assert alpha.asked[0].left_at == 0.05
    assert world.journal.last.outcome.value == "ok"


async def test_terminator_waits_for_the_settlement(world: World) -> None:
    """When the client has the last byte, what it cost is on disk."""
    await world.provider("alpha", Answer("hello"))
    for stream in (True, False):
        client = await world.begin(stream=stream)
        before = len(world.journal.entries)
        reply = await client.reply()
        assert reply.text == "hello"
        assert len(world.journal.entries) == before + 1
        assert all(row.settlement is not None for row in world.disk.ledger.values())


async def test_connections_to_providers_are_kept(world: World) -> None:
    alpha = await world.provider("alpha", refused(404, "no such model"), says("one"), says("two"))
    await world.chat(stream=True)
    await trio.sleep(600)
    assert await world.ask(stream=True) == "one"
    assert await world.ask() == "two"
    assert [asked.connection for asked in alpha.asked] == [1, 2, 2]


async def test_a_hanging_last_candidate_has_all_that_is_left(world: World) -> None:
    """FIRST_TOKEN_SECONDS is for those behind whom others stand."""
    await world.provider("alpha", hangs())
    await world.provider("beta", Answer("slow", before_first_s=400.0))
    assert await world.ask(stream=True) == "slow"
    assert world.elapsed_s == 460.0


def _spaced(behaviour: object) -> Events:
    """A second before its last event, so that it comes alone."""
    assert isinstance(behaviour, Events)
    return Events([*behaviour.items[:-1], 1.0, behaviour.items[-1]])


async def test_an_event_over_the_limit_breaks_the_stream_wherever_it_comes() -> None:
    async with open_world(event_bytes=2000) as world:
        await world.provider("alpha", Events([chunk("x" * 2000), STOP, DONE]))
        await world.provider("beta", Events([chunk("hello"), 1.0, chunk("x" * 2000), STOP, DONE]))  # comes alone
        reply = await world.chat(stream=True)
        assert (reply.text, reply.is_done) == ("hello", False)
        assert reply.error["code"] == "stream_interrupted"
        assert "an event of the stream is too large" in reply.error["message"]
        assert world.journal.walked() == [("alpha", "connection broken"), ("beta", "broke off")]


async def test_what_a_reply_has_come_to_beyond_its_reservation_counts_while_it_runs(world: World) -> None:
    """It was taken for 512 tokens, and says 2,000 before it is over: others must not spend those a second time, and no crash
    may forget them."""
    own = (Limit(kind="tokens/day", limit=2600),)
    await world.provider("alpha", Events([chunk("long " * 1600), 7.0, STOP, DONE]), own_limits=own)
    client = await world.begin()
    await trio.sleep(4.9)
    (held,) = world.disk.ledger.values()
    assert held.reservation.tokens < 600
    assert world.pool.snapshot(world.now()).book.windows(world.now())[0].left == 2600 - held.reservation.tokens
    await trio.sleep(0.2)
    assert held.reservation.tokens > 2000
    assert (await world.chat()).status == 429
    await client.reply()
    assert held.settlement is not None
    assert held.settlement.tokens == held.reservation.tokens
