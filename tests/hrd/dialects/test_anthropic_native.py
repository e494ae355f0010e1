"""Messages that pass as they are."""

from typing import Any

import msgspec

from hrd.core.failures import REPLAYED_REASONING
from hrd.core.journal import UsageSource
from hrd.core.providers import Provider, Quirks
from hrd.dialects.anthropic_native import encode, read_whole, reply_stream
from hrd.dialects.anthropic_writer import MESSAGE_STOP
from hrd.dialects.contract import Encoded, Ending
from hrd.dialects.passing_stream import PassingStream
from tests.hrd.dialects.anthropic import ANTHROPIC, HI, request
from tests.hrd.dialects.replies import BOUNDS

STREAM = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"claude-x","content":[],'
    b'"usage":{"input_tokens":5,"cache_read_input_tokens":75,"output_tokens":1}}}\n\n'
    b'event: ping\ndata: {"type": "ping"}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n'
    b'event: some_day\ndata: {"type":"some_day", "unknown": [1.0]}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n'
)


def encoded(
    *messages: dict[str, Any],
    model: str = "claude-x",
    max_tokens: int | None = None,
    drop: frozenset[str] = frozenset(),
    **more: Any,
) -> Encoded:
    return encode(request(*messages, **more), ANTHROPIC, model, drop=drop, max_tokens=max_tokens, ask_usage=True)


def stream() -> PassingStream:
    return reply_stream(request(stream=True), Quirks(), BOUNDS)


def test_members_pass_as_they_are_spelled() -> None:
    asked = request(some_day=[1], temperature=0.50)
    told = encode(asked, ANTHROPIC, "claude-x", drop=frozenset(), max_tokens=None, ask_usage=True)
    assert told == Encoded(
        b'{"model":"claude-x","max_tokens":100,"messages":[{"role":"user","content":"hi"}],"some_day":[1],"temperature":0.5}'
    )


def test_model_and_limit_are_replaced_and_private_and_refused_members_left_out() -> None:
    told = encoded(max_tokens=50, drop=frozenset({"top_k"}), top_k=4, hermes_note=1)
    assert msgspec.json.decode(told.body) == {"model": "claude-x", "max_tokens": 50, "messages": [HI]}
    assert told.notes == ("top_k left out", "hermes_note left out")


def test_a_limit_is_sent_even_if_the_client_forgot_it() -> None:
    asked = request()
    del asked.fields["max_tokens"]
    bare = msgspec.structs.replace(asked, ask=msgspec.structs.replace(asked.ask, max_tokens=None))
    told = encode(bare, ANTHROPIC, "claude-haiku-4-5", drop=frozenset(), max_tokens=None, ask_usage=True)
    assert msgspec.json.decode(told.body)["max_tokens"] == 32000


def test_another_model_gets_what_it_takes() -> None:
    members = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    told = encoded(model="claude-haiku-4-5", max_tokens=9000, **members)
    assert msgspec.json.decode(told.body)["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert told.notes == ("adaptive thinking sent as a budget of 1024", "output_config.effort left out")
    assert encoded(**members).notes == ()


def test_reasoning_of_others_goes_and_an_open_loop_goes_on_without() -> None:
    foreign = {"type": "thinking", "thinking": "hm", "signature": "gAAAAB"}
    use = {"type": "tool_use", "id": "1", "name": "f", "input": {}}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]}
    told = encoded(
        HI,
        {"role": "assistant", "content": [foreign, use]},
        result,
        thinking={"type": "enabled", "budget_tokens": 2000},
        context_management={"edits": []},
    )
    sent = msgspec.json.decode(told.body)
    assert (sent["thinking"], "context_management" in sent) == ({"type": "disabled"}, False)
    assert sent["messages"][1]["content"] == [use]
    assert told.notes == ("reasoning of another vendor left out", "thinking switched off: the open tool loop began without")


def test_reasoning_that_could_not_be_opened_goes() -> None:
    own = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    answer = {"role": "assistant", "content": [own, {"type": "text", "text": "ok"}]}
    told = encoded(HI, answer, HI, drop=frozenset({REPLAYED_REASONING}))
    assert told.notes == ("reasoning of earlier turns left out",)


def test_a_budget_stays_below_a_new_limit() -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}
    told = encoded(max_tokens=8000, thinking=thinking)
    assert msgspec.json.decode(told.body)["thinking"] == {"type": "enabled", "budget_tokens": 4000}
    assert told.notes == ("budget of thinking lowered to 4000",)
    assert (
        encoded(max_tokens=30_000, thinking=thinking).notes
        == encoded(max_tokens=8000, thinking={"type": "enabled"}).notes
        == ()
    )
    told = encoded(max_tokens=1000, thinking=thinking)
    assert "thinking" not in msgspec.json.decode(told.body)
    assert told.notes == ("thinking left out: max_tokens of 1000 leaves no room for a budget",)


def test_a_quirk_of_the_provider_holds() -> None:
    picky = Provider(name="picky", base_url="http://picky.test", quirks=Quirks(drop=("metadata",)))
    told = encode(request(metadata={"user_id": "u"}), picky, "claude-x", drop=frozenset(), max_tokens=None, ask_usage=True)
    assert told.notes == ("metadata left out",)


def test_a_stream_passes_as_it_came_and_is_read_on_the_way() -> None:
    reader = stream()
    assert reader.feed(STREAM + MESSAGE_STOP) == b""
    assert (reader.last, reader.end()) == (STREAM + MESSAGE_STOP, Ending.COMPLETE)
    usage = reader.usage()
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.source) == (80, 75, 9, UsageSource.KNOWN)
    assert reader.finish_reason == "stop"


def test_byte_by_byte_it_is_the_same() -> None:
    reader = stream()
    got = b"".join(reader.feed(bytes([byte])) for byte in STREAM + MESSAGE_STOP)
    assert got == STREAM
    assert reader.last == MESSAGE_STOP


def test_cut_short_anywhere_it_is_never_silently_over() -> None:
    events = STREAM.split(b"\n\n")[:-1]
    for count in range(len(events)):
        reader = stream()
        got = reader.feed(b"".join(event + b"\n\n" for event in events[:count]))
        assert (reader.end(), reader.last) == (Ending.BROKEN, b"")
        assert reader.committed == (count >= 4) == bool(got)
    reader = stream()
    assert (reader.feed(STREAM), reader.end(), reader.last) == (STREAM, Ending.COMPLETE, MESSAGE_STOP)


def test_what_was_said_before_the_break_is_accounted() -> None:
    reader = stream()
    reader.feed(STREAM.split(b"event: some_day")[0])
    reader.end()
    usage = reader.usage()
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.source) == (80, 75, 1, UsageSource.ESTIMATED)


def test_an_error_in_the_stream_is_not_passed_on() -> None:
    reader = stream()
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    assert reader.feed(STREAM.split(b"event: some_day")[0] + error).endswith(b'"text":"Hi"}}\n\n')
    assert reader.error == {"type": "overloaded_error", "message": "Overloaded"}


def test_a_whole_reply_passes_as_it_came() -> None:
    body = (
        b'{"content": [{"type":"text","text":"Hi"}], "stop_reason":"max_tokens", "usage":{"input_tokens":5,"output_tokens":2}}'
    )
    reply = read_whole(request(), body, Quirks())
    assert (reply.body, reply.finish_reason, reply.usage.output_tokens, reply.empty) == (body, "length", 2, False)
    assert read_whole(request(), b'{"content":[],"stop_reason":"end_turn"}', Quirks()).empty
    assert read_whole(request(), b"{}", Quirks()).broken == "the reply has no content"
    error = read_whole(request(), b'{"type":"error","error":{"type":"api_error","message":"x"}}', Quirks()).error
    assert error == {"type": "api_error", "message": "x"}
