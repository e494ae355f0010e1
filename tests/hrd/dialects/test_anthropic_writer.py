"""Messages streams as Anthropic's SDK accepts them, and whole messages that say the same."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.reply_events import (
    CallBegun,
    CallDone,
    Cited,
    Finish,
    Finished,
    LogProbs,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.anthropic_errors import error_event
from hrd.dialects.anthropic_writer import MESSAGE_STOP, PING, MessagesWriter, usage_object, whole_message
from hrd.dialects.contract import Stamp
from tests.hrd.dialects.messages_stream import Client
from tests.hrd.dialects.reply_sequences import sequences

STAMP = Stamp(id="req-1", model="m-asked", at=1)
USAGE = Usage(input_tokens=100, cached_tokens=60, cache_write_tokens=30, output_tokens=9, source=UsageSource.KNOWN)
CALL = CallDone(key=0, id="call_1", name="f", arguments='{"a":1}')
STOP = Finished(Finish.STOP)


def streamed(*events: ReplyEvent) -> dict[str, Any]:
    writer = MessagesWriter(STAMP, 11)
    client = Client().read(b"".join([*map(writer.write, events), writer.end()]))
    assert client.is_over
    assert client.message is not None
    return client.message


def whole(*events: ReplyEvent) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(whole_message(events, STAMP, 11))
    return message


def test_a_stream_is_spelled_event_by_event() -> None:
    writer = MessagesWriter(STAMP, 11)
    assert writer.write(Started("chatcmpl-1", "m-1")) == b""
    assert writer.write(Text("Hi")) == (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_req-1","type":"message","role":"assistant",'
        b'"model":"m-asked","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,'
        b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}\n\n'
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"Hi"}}\n\n'
    )
    assert writer.write(Text(' "you"')) == (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":" \\"you\\""}}\n\n'
    )
    assert writer.write(STOP) + writer.write(UsageSeen(USAGE)) == b""
    assert writer.end() == (
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":9}}\n\n'
        + MESSAGE_STOP
    )


def test_a_reply_names_the_model_that_was_asked_for_or_else_the_one_that_answered() -> None:
    assert streamed(Started("1", "m-1"), STOP)["model"] == whole(Started("1", "m-1"), STOP)["model"] == "m-asked"
    nameless = MessagesWriter(msgspec.structs.replace(STAMP, model=""), 11)
    assert b'"model":"m-1"' in nameless.write(Started("1", "m-1")) + nameless.write(Text("x"))


def test_calls_come_whole_one_after_another_however_they_overlapped() -> None:
    other = CallDone(key=1, id="call_2", name="g", arguments="{}")
    message = streamed(Text("Wait."), CallBegun(key=0), CallBegun(key=1), other, CALL, Finished(Finish.CALLS))
    assert message["content"] == [
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "call_2", "name": "g", "input": {}},
        {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
    ]
    assert message["stop_reason"] == "tool_use"


def test_a_call_that_has_begun_is_a_sign_of_life() -> None:
    writer = MessagesWriter(STAMP, 11)
    assert writer.write(CallBegun(key=0)).endswith(PING)


def test_a_call_that_never_came_to_its_end_is_not_written() -> None:
    message = streamed(Text("So"), CallBegun(key=0), Finished(Finish.LENGTH))
    assert (message["content"], message["stop_reason"]) == ([{"type": "text", "text": "So"}], "max_tokens")


def test_ids_are_in_the_alphabet_and_never_twice() -> None:
    calls = [CallDone(key=key, id=call_id, name="f", arguments="{}") for key, call_id in enumerate(["", "", "f.x:0", "f.x:0"])]
    ids = [block["id"] for block in streamed(*calls, STOP)["content"]]
    assert ids == ["toolu_req-1", "toolu_req-1_1", "f_x_0_c926db789928", "f_x_0_c926db789928_3"]


def test_a_freeform_input_is_put_into_an_object() -> None:
    call = CallDone(key=0, id="call_1", name="patch", arguments="*** Begin", kind=CallKind.CUSTOM)
    assert streamed(call, STOP)["content"][0]["input"] == {"input": "*** Begin"}


def test_reasoning_is_a_thinking_block_that_its_signature_closes() -> None:
    signed = ThoughtSigned(signature="EqQB", vendor=Vendor.ANTHROPIC)
    assert streamed(Thought("hm"), Thought("m"), signed, Thought("then"), Text("Yes"), STOP)["content"] == [
        {"type": "thinking", "thinking": "hmm", "signature": "EqQB"},
        {"type": "thinking", "thinking": "then", "signature": ""},
        {"type": "text", "text": "Yes"},
    ]


def test_paragraphs_of_reasoning_are_kept_apart() -> None:
    assert streamed(Thought("a"), Thought("b", 1), Thought("c", 1), STOP)["content"][0]["thinking"] == "a\n\nbc"


def test_encrypted_reasoning_without_a_text_has_a_block_of_its_own() -> None:
    signed = ThoughtSigned(signature="gAAAAAB", vendor=Vendor.OPENAI)
    assert streamed(signed, Text("Yes"), STOP)["content"][0] == {"type": "thinking", "thinking": "", "signature": "gAAAAAB"}


def test_redacted_thinking_of_anthropic_is_its_own_kind_of_block() -> None:
    signed = ThoughtSigned(signature="blob", vendor=Vendor.ANTHROPIC, is_redacted=True)
    assert streamed(Thought("hm"), signed, STOP)["content"][1] == {"type": "redacted_thinking", "data": "blob"}


def test_a_thought_signature_stands_in_an_empty_block_before_its_call() -> None:
    call = CallDone(key=0, id="f:0", name="f", arguments="{}", signature="c2ln")
    carrier, written = streamed(Thought("hm"), call, STOP)["content"][1:]
    assert carrier == {"type": "thinking", "thinking": "", "signature": f"hermes:gemini:{written['id']}:c2ln"}


def test_a_source_is_a_citation_of_the_text_before_it() -> None:
    cited = Cited(url="https://example.test/a", title="A", quote="so it is")
    [block] = streamed(Text("So."), cited, STOP)["content"]
    assert block["citations"] == [
        {"type": "web_search_result_location", "url": "https://example.test/a", "title": "A"}
        | {"encrypted_index": "", "cited_text": "so it is"}
    ]
    assert streamed(cited, STOP)["content"] == []


@pytest.mark.parametrize(
    ("events", "stop_reason"),
    [
        ((Text("x"), STOP), "end_turn"),
        ((Text("x"), Finished(Finish.STOP, "END")), "stop_sequence"),
        ((CALL, STOP), "tool_use"),
        ((Text("x"), Finished(Finish.CALLS)), "end_turn"),
        ((CALL, Finished(Finish.LENGTH)), "max_tokens"),
        ((RefusalText("no"), STOP), "refusal"),
        ((Finished(Finish.FILTERED),), "refusal"),
        ((Text("x"), Finished(Finish.PAUSED)), "pause_turn"),
    ],
)
def test_how_a_reply_ends(events: tuple[ReplyEvent, ...], stop_reason: str) -> None:
    assert streamed(*events)["stop_reason"] == whole(*events)["stop_reason"] == stop_reason


def test_usage_that_nobody_stated_is_estimated() -> None:
    usage = streamed(Text("four letters, three more"), STOP)["usage"]
    assert usage == usage_object(Usage(input_tokens=11, output_tokens=6))


def test_usage_that_was_stated_before_the_first_word_stands_at_the_start() -> None:
    writer = MessagesWriter(STAMP, 11)
    start = writer.write(UsageSeen(USAGE)) + writer.write(Text("x"))
    assert b'"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":1}' in start


def test_cached_tokens_that_exceed_the_whole_leave_nothing_below_zero() -> None:
    assert usage_object(Usage(input_tokens=5, cached_tokens=9))["input_tokens"] == 0


def test_an_empty_reply_is_a_whole_stream() -> None:
    assert streamed(STOP)["content"] == whole(STOP)["content"] == []
    assert Client().read(MessagesWriter(STAMP, 11).end()).is_over


def test_what_this_api_has_no_place_for_is_left_out() -> None:
    assert streamed(Text("x"), LogProbs(msgspec.Raw(b"[]")), Text("y"), STOP)["content"] == [{"type": "text", "text": "xy"}]


@given(sequences())
def test_any_legal_sequence_is_a_legal_stream_and_the_whole_message_says_the_same(events: list[ReplyEvent]) -> None:
    message = streamed(*events)
    assert whole(*events) == message


@given(sequences(), st.data())
def test_a_sequence_that_breaks_off_is_legal_with_an_error_at_its_end(events: list[ReplyEvent], data: st.DataObject) -> None:
    writer = MessagesWriter(STAMP, 11)
    cut = data.draw(st.integers(0, len(events)))
    broken = Refusal(kind=RefusalKind.INTERRUPTED, message="It broke off.")
    client = Client().read(b"".join(map(writer.write, events[:cut])) + error_event(broken))
    assert client.is_over
