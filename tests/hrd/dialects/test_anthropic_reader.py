"""Messages replies, whole and as streams, read into the same events."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Cited,
    Finish,
    Finished,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.anthropic_reader import AnthropicReader, read_message
from hrd.dialects.anthropic_writer import MessagesWriter
from hrd.dialects.arguments import bad_call
from hrd.dialects.contract import Stamp, ToolName
from hrd.dialects.sse import Event, Framer
from tests.hrd.dialects.replies import told
from tests.hrd.dialects.reply_sequences import sequences

USAGE = {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 75, "output_tokens": 1}
ENDED = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
STOP = {"type": "message_stop"}


def event(data: dict[str, Any]) -> Event:
    return Event(b"", msgspec.json.encode(data), data.get("type", "").encode())


def start() -> dict[str, Any]:
    message = {"id": "msg_1", "type": "message", "model": "claude-x", "content": [], "usage": USAGE}
    return {"type": "message_start", "message": message}


def block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def call(index: int, *pieces: str, name: str = "f") -> list[dict[str, Any]]:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block(index, {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}, *deltas)


def ended(stop_reason: str, **members: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": stop_reason, **members}, "usage": {"output_tokens": 9}}


def read(*datas: dict[str, Any], reader: AnthropicReader | None = None) -> list[ReplyEvent]:
    reader = reader or AnthropicReader({})
    said: list[ReplyEvent] = []
    for data in datas:
        if not reader.broken:
            said += reader.read(event(data))
    return told(said)


def test_a_stream_of_everything() -> None:
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "EqQB"},
    )
    redacted = block(1, {"type": "redacted_thinking", "data": "blob"})
    text = block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hi"}, {"type": "text_delta", "text": ""})
    reader = AnthropicReader({})
    said = read(
        start(),
        {"type": "ping"},
        *thinking,
        *redacted,
        *text,
        *call(3, '{"a"', ":1}"),
        *call(4),
        ended("tool_use"),
        STOP,
        reader=reader,
    )
    first = Usage(input_tokens=100, cached_tokens=75, cache_write_tokens=20, output_tokens=1, source=UsageSource.KNOWN)
    assert said == [
        Started("msg_1", "claude-x"),
        UsageSeen(first),
        Thought("hm"),
        ThoughtSigned(signature="EqQB", vendor=Vendor.ANTHROPIC),
        ThoughtSigned(signature="blob", vendor=Vendor.ANTHROPIC, is_redacted=True),
        Text("Hi"),
        CallBegun(key=3),
        CallDone(key=3, id="toolu_3", name="f", arguments='{"a":1}'),
        CallBegun(key=4),
        CallDone(key=4, id="toolu_4", name="f", arguments="{}"),
        Finished(Finish.CALLS),
        UsageSeen(msgspec.structs.replace(first, output_tokens=9)),
    ]
    assert (reader.finished, reader.broken) == (True, "")


def test_a_whole_message_says_what_its_stream_would() -> None:
    message = {
        "id": "msg_1",
        "type": "message",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
            {
                "type": "text",
                "text": "Hi",
                "citations": [{"type": "web_search_result_location", "url": "u", "cited_text": "q"}],
            },
            {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "x"}},
            {"type": "web_search_tool_result", "tool_use_id": "srv", "content": [{"type": "web_search_result", "url": "u"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": USAGE | {"output_tokens_details": {"thinking_tokens": 4}},
    }
    assert read_message(msgspec.json.encode(message), {}) == (
        Started("msg_1", "claude-x"),
        Thought("hm"),
        ThoughtSigned(signature="EqQB", vendor=Vendor.ANTHROPIC),
        Text("Hi"),
        Cited(url="u", quote="q"),
        CallBegun(key=4),
        CallDone(key=4, id="toolu_1", name="f", arguments='{"a":1}'),
        Finished(Finish.CALLS),
        UsageSeen(
            Usage(
                input_tokens=100,
                cached_tokens=75,
                cache_write_tokens=20,
                output_tokens=1,
                reasoning_tokens=4,
                source=UsageSource.KNOWN,
            )
        ),
    )


@pytest.mark.parametrize(
    ("stop_reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("stop_sequence", Finish.STOP),
        ("tool_use", Finish.CALLS),
        ("refusal", Finish.FILTERED),
        ("pause_turn", Finish.PAUSED),
        ("some_day", Finish.STOP),
    ],
)
def test_how_a_reply_ended(stop_reason: str, finish: Finish) -> None:
    said = read(ended(stop_reason, stop_sequence="END" if stop_reason == "stop_sequence" else None))
    assert said[0] == Finished(finish, "END" if stop_reason == "stop_sequence" else "")


def test_why_a_model_refused_is_told() -> None:
    said = read(ended("refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "Not this."}))
    assert said[:2] == [RefusalText("Not this."), Finished(Finish.FILTERED)]


def test_arguments_that_were_cut_short_for_length_make_no_call() -> None:
    said = read(*call(0, '{"path": "/etc'), ended("max_tokens"))
    assert said[:2] == [CallBegun(key=0), Finished(Finish.LENGTH)]


def test_arguments_with_a_slip_are_mended_once_the_reply_is_known_to_be_whole() -> None:
    said = read(*call(0, '{"a": 1,}'), ended("tool_use"))
    assert said[:3] == [
        CallBegun(key=0),
        CallDone(key=0, id="toolu_0", name="f", arguments='{"a":1}'),
        Finished(Finish.CALLS),
    ]


def test_arguments_that_mean_nothing_break_the_reply() -> None:
    reader = AnthropicReader({})
    assert read(*call(0, "rm -rf"), ended("tool_use"), STOP, reader=reader)[:2] == [CallBegun(key=0), bad_call("f")]
    body = {"content": [{"type": "tool_use", "id": "1", "name": "f", "input": "rm -rf"}], "stop_reason": "tool_use"}
    events = read_message(msgspec.json.encode(body), {})
    assert not isinstance(events, str)
    assert events[-1] == bad_call("f")


def test_where_bytes_pass_such_arguments_pass_too() -> None:
    reader = AnthropicReader({}, mends=False)
    assert Finished(Finish.CALLS) in read(*call(0, "rm -rf"), ended("tool_use"), reader=reader)
    assert reader.broken == ""


def test_a_call_whose_input_came_at_once_and_whose_end_was_left_out() -> None:
    begun = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}},
    }
    assert read(begun, ended("tool_use"))[1] == CallDone(key=0, id="1", name="f", arguments='{"a":1}')


def test_names_and_kinds_are_the_clients_again() -> None:
    names = {
        "ns__f": ToolName(name="f", namespace="ns"),
        "patch": ToolName(name="patch", kind=CallKind.CUSTOM),
    }
    said = read(*call(0, "{}", name="ns__f"), *call(1, '{"input":"*** Begin"}', name="patch"), reader=AnthropicReader(names))
    assert [each for each in said if isinstance(each, CallDone)] == [
        CallDone(key=0, id="toolu_0", name="f", arguments="{}", namespace="ns"),
        CallDone(key=1, id="toolu_1", name="patch", arguments="*** Begin", kind=CallKind.CUSTOM),
    ]


def test_pieces_of_a_call_are_told_as_they_come() -> None:
    reader = AnthropicReader({})
    pieces = [said for data in call(2, '{"a"', "", ":1}") for said in reader.read(event(data))]
    assert pieces[:3] == [CallBegun(key=2), CallText(2, '{"a"'), CallText(2, ":1}")]


def test_a_seal_is_kept_until_its_block_ends_and_counts() -> None:
    reader = AnthropicReader({})
    opening = {"type": "thinking", "thinking": "", "signature": ""}
    seal = {"type": "signature_delta", "signature": "EqQB"}
    read(*block(0, opening, seal, seal), reader=reader)
    assert reader.kept_bytes == 8


def test_an_error_is_the_last_event() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    assert read({"type": "error", "error": error}) == [Broken(error)]
    assert read_message(msgspec.json.encode({"type": "error", "error": error}), {}) == (Broken(error),)
    assert read({"type": "error"}) == [Broken({"type": "api_error", "message": "The provider said that it failed."})]
    assert read({"type": "error", "error": "busy"}) == [Broken({"type": "api_error", "message": "busy"})]


def test_an_event_that_is_named_only_by_its_field_is_known() -> None:
    assert AnthropicReader({}).read(Event(b"", b'{"error":{"message":"x"}}', b"error")) == (Broken({"message": "x"}),)


@pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}])
def test_a_call_of_nothing_is_an_error_unless_bytes_pass(name: dict[str, Any]) -> None:
    begun = {"type": "tool_use", "id": "toolu_1", "input": {}, **name}
    assert read(*block(0, begun), ended("tool_use")) == [CallBegun(key=0), bad_call("")]
    passing = read(*block(0, begun), ended("tool_use"), reader=AnthropicReader({}, mends=False))
    assert passing[:2] == [CallBegun(key=0), CallDone(key=0, id="toolu_1", name="", arguments="{}")]


def torn(index: int, kind: str, member: str, piece: bytes) -> Event:
    data = b'{"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":"%b"}}'
    return Event(b"", data % (index, kind.encode(), member.encode(), piece))


def test_half_of_a_character_breaks_nothing() -> None:
    reader = AnthropicReader({})
    read({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}, reader=reader)
    assert list(reader.read(torn(0, "text_delta", "text", rb"\ude00 b"))) == [Text("\ufffd b")]
    assert list(reader.read(Event(b"", rb'{"index":"x","type":"some_day","delta":"\ud83d"}'))) == []
    assert reader.broken == ""
    whole = rb'{"type":"message","content":[{"type":"text","text":"a \udc00"}],"stop_reason":"end_turn"}'
    assert Text("a \ufffd") in read_message(whole, {})


def test_halves_in_two_deltas_are_one_character() -> None:
    reader = AnthropicReader({})
    read(*call(1)[:1], *call(2)[:1], reader=reader)
    assert list(reader.read(torn(0, "text_delta", "text", rb"\ud83d"))) == []
    assert list(reader.read(torn(0, "thinking_delta", "thinking", rb"b\ud83d"))) == [Thought("b")]
    assert list(reader.read(torn(1, "input_json_delta", "partial_json", rb"{\"a\":\"\ud83d"))) == [CallText(1, '{"a":"')]
    assert list(reader.read(torn(2, "input_json_delta", "partial_json", rb"{\"a\":\"\ud83d"))) == [CallText(2, '{"a":"')]
    assert list(reader.read(torn(2, "input_json_delta", "partial_json", rb"\ude01\"}"))) == [CallText(2, '😁"}')]
    assert list(reader.read(torn(0, "text_delta", "text", rb"\ude00"))) == [Text("😀")]
    assert list(reader.read(torn(0, "thinking_delta", "thinking", b"c"))) == [Thought("\ufffdc")]
    assert list(reader.read(torn(1, "input_json_delta", "partial_json", rb"\ude02\"}"))) == [CallText(1, '😂"}')]
    done = read(*call(1)[-1:], *call(2)[-1:], reader=reader)
    assert [each.arguments for each in done if isinstance(each, CallDone)] == ['{"a":"😂"}', '{"a":"😁"}']


def test_what_is_not_known_is_read_over_and_what_cannot_be_read_is_broken() -> None:
    reader = AnthropicReader({})
    unknown = {"type": "content_block_delta", "delta": {"type": "some_delta"}}
    assert read({"type": "some_day", "delta": 7}, unknown, reader=reader) == []
    assert reader.broken == ""
    read({"type": "content_block_delta", "delta": 7}, reader=reader)
    assert reader.broken == "an event of the stream is not as the Messages API has it"
    reader = AnthropicReader({})
    reader.read(Event(b"", b"nonsense"))
    assert reader.broken == "an event of the stream is not a JSON object"


@pytest.mark.parametrize("data", [b'{"index":"x","type":"some_day"', b'{"index":"x","type":nul}', b"[" * 10_000])
def test_what_is_odd_before_it_is_no_json_is_broken(data: bytes) -> None:
    reader = AnthropicReader({})
    assert reader.read(Event(b"", data)) == ()
    assert reader.broken


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "the reply is not a JSON object"),
        (b'{"type":"message"}', "the reply has no content"),
        (b'{"content":7}', "the reply is not a message: "),
    ],
)
def test_what_is_no_message(body: bytes, why: str) -> None:
    said = read_message(body, {})
    assert isinstance(said, str)
    assert said.startswith(why)


def test_a_reply_without_its_ending_has_the_one_that_it_can_only_have() -> None:
    assert read(*call(0), STOP)[-1] == Finished(Finish.CALLS)
    assert read(STOP) == [Finished(Finish.STOP)]


def test_the_end_of_the_body_is_the_end_of_a_reply_whose_ending_was_there() -> None:
    reader = AnthropicReader({})
    read(start(), ENDED, reader=reader)
    reader.end()
    assert reader.finished
    cut = AnthropicReader({})
    read(start(), *block(0, {"type": "text", "text": "Hi"}), reader=cut)
    cut.end()
    assert not cut.finished


def test_nothing_but_usage_follows_the_ending() -> None:
    late = [*block(5, {"type": "text", "text": "late"}), *call(6), start(), ENDED]
    said = read(ENDED, *late)
    assert [type(each) for each in said] == [Finished, UsageSeen, UsageSeen]


def test_places_in_the_clients_own_documents_are_no_sources() -> None:
    cited = {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "q", "document_index": 0}}
    assert read({"type": "content_block_delta", "index": 0, "delta": cited}) == []


@given(
    st.lists(
        st.sampled_from([start(), *block(0, {"type": "text", "text": "x"}), *call(1, "{"), ENDED, STOP, {"type": "error"}])
    )
)
def test_whatever_comes_the_events_are_a_legal_sequence(datas: list[dict[str, Any]]) -> None:
    said = read(*datas)
    kinds = [type(each) for each in said]
    assert kinds.count(Started) <= 1
    assert kinds.count(Finished) <= 1
    if Finished in kinds:
        after = kinds[kinds.index(Finished) + 1 :]
        assert all(kind in (UsageSeen, Broken) for kind in after)


def as_text(events: Sequence[ReplyEvent]) -> tuple[str, str, list[tuple[str, str]]]:
    text = "".join(each.text for each in events if isinstance(each, Text | RefusalText))
    thoughts = "".join(each.text for each in events if isinstance(each, Thought))
    return text, thoughts, [(each.name, each.arguments) for each in events if isinstance(each, CallDone)]


@given(sequences())
def test_what_was_written_is_read_again(events: list[ReplyEvent]) -> None:
    functions = [each for each in events if not (isinstance(each, CallDone) and each.kind is CallKind.CUSTOM)]
    single = [Thought(each.text) if isinstance(each, Thought) else each for each in functions]
    writer = MessagesWriter(Stamp(id="1", model="m", at=1), 11)
    stream = b"".join([*map(writer.write, single), writer.end()])
    reader = AnthropicReader({})
    said = [said for each in Framer(1_000_000).feed(stream) for said in reader.read(each)]
    assert reader.finished
    assert as_text(said) == as_text(single)
