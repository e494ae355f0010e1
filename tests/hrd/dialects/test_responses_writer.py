"""Reply events written as a Responses stream, as OpenAI's own library reads it."""

import msgspec
import pytest
from hypothesis import given

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
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
from hrd.dialects.responses_writer import Writer
from tests.hrd.dialects.replies import sequences
from tests.hrd.dialects.responses import STAMP, accumulate, events_of, request

USAGE = Usage(input_tokens=7, output_tokens=3, cached_tokens=2, reasoning_tokens=1, source=UsageSource.KNOWN)
CALL = CallDone(key=0, id="call_1", name="f", arguments='{"a":1}')


def written(*events: ReplyEvent) -> bytes:
    writer = Writer(request(stream=True).fields, STAMP)
    return b"".join([*map(writer.write, events), writer.end()])


def kinds(stream: bytes) -> list[str]:
    return [said["type"].removeprefix("response.") for said in events_of(stream)]


def test_a_text_is_one_message_with_one_part() -> None:
    stream = written(Started("x", "gpt-9"), Text("Hel"), Text("lo"), UsageSeen(USAGE), Finished(Finish.STOP))
    assert kinds(stream) == [
        *("created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    reply = accumulate(stream)
    assert reply is not None
    assert (reply.id, reply.model, reply.created_at, reply.output_text) == ("resp_r-1", "gpt-9", 1_700_000_000, "Hello")
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.total_tokens) == (7, 3, 10)
    assert reply.usage.input_tokens_details.cached_tokens == 2
    assert reply.usage.output_tokens_details.reasoning_tokens == 1


def test_reasoning_stands_before_the_text_in_paragraphs() -> None:
    stream = written(
        *(Thought("one "), Thought("and"), Thought("two", part=1)),
        ThoughtSigned(signature="gAAAA", vendor=Vendor.OPENAI),
        *(Text("so"), Finished(Finish.STOP)),
    )
    assert kinds(stream)[2:13] == [
        *("output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.delta", "reasoning_summary_text.done", "reasoning_summary_part.done"),
        *("reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done"),
        *("reasoning_summary_part.done", "output_item.done"),
    ]
    reply = accumulate(stream)
    assert reply is not None
    thinking, text = reply.output
    assert thinking.type == "reasoning"
    assert [part.text for part in thinking.summary] == ["one and", "two"]
    assert thinking.encrypted_content == "gAAAA"
    assert text.type == "message"


def test_what_another_vendor_sealed_is_marked_with_whose_it_is() -> None:
    stream = written(
        ThoughtSigned(signature="Erde", vendor=Vendor.ANTHROPIC, is_redacted=True),
        CallBegun(key=0),
        CallDone(key=0, id="call_1", name="f", arguments="{}", signature="c2ln"),
        Finished(Finish.CALLS),
    )
    reply = accumulate(stream)
    assert reply is not None
    assert [getattr(item, "encrypted_content", item.type) for item in reply.output] == [
        "hermes:anthropic-redacted:Erde",
        "hermes:gemini:call_1:c2ln",
        "function_call",
    ]


def test_a_seal_without_words_for_whom_nobody_can_open_it_says_nothing() -> None:
    reply = accumulate(written(ThoughtSigned(signature="x", vendor=Vendor.NOBODY), Text("a"), Finished(Finish.STOP)))
    assert reply is not None
    assert [item.type for item in reply.output] == ["message"]


def test_calls_that_overlap_come_one_after_the_other() -> None:
    stream = written(
        Text("Let me see."),
        *(CallBegun(key=0), CallBegun(key=1)),
        CallDone(key=1, id="call_b", name="*g*", namespace="crm", arguments="*** Begin", kind=CallKind.CUSTOM),
        CallDone(key=0, id="call_a", name="f", arguments='{"a":"é"}'),
        Text("Wait."),
        Finished(Finish.CALLS),
    )
    reply = accumulate(stream)
    assert reply is not None
    text, custom, function, more = reply.output
    assert (text.type, more.type) == ("message", "message")
    assert custom.type == "custom_tool_call"
    assert (custom.call_id, custom.name, custom.namespace, custom.input) == ("call_b", "*g*", "crm", "*** Begin")
    assert function.type == "function_call"
    assert (function.call_id, function.name, function.arguments, function.namespace) == ("call_a", "f", '{"a":"é"}', None)
    assert kinds(stream)[7:15] == [
        *("output_item.done", "output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done"),
        *("output_item.done", "output_item.added", "function_call_arguments.delta", "function_call_arguments.done"),
    ]


def test_calls_without_an_id_get_one_and_those_of_one_id_are_told_apart() -> None:
    ids = ["call_1", "call_1", ""]
    calls = [msgspec.structs.replace(CALL, key=key, id=call_id) for key, call_id in enumerate(ids)]
    reply = accumulate(written(*calls, Finished(Finish.CALLS)))
    assert reply is not None
    assert [item.call_id for item in reply.output if item.type == "function_call"] == ["call_1", "call_1_1", "call_r-1"]


def test_a_call_that_never_was_complete_is_left_out() -> None:
    stream = written(CallBegun(key=0), Finished(Finish.LENGTH))
    last = events_of(stream)[-1]
    assert accumulate(stream) is None
    assert (last["type"], last["response"]["status"], last["response"]["output"]) == ("response.incomplete", "incomplete", [])


@pytest.mark.parametrize(
    ("reason", "said"), [(Finish.LENGTH, "max_output_tokens"), (Finish.FILTERED, "content_filter")], ids=["length", "filtered"]
)
def test_a_reply_cut_short_is_incomplete_and_says_why(reason: Finish, said: str) -> None:
    stream = written(Text("half"), Finished(reason))
    accumulate(stream)
    response = events_of(stream)[-1]["response"]
    assert response["incomplete_details"] == {"reason": said}
    assert response["output"][0]["status"] == "incomplete"


def test_a_refusal_is_a_part_of_its_own() -> None:
    reply = accumulate(written(Text("Well"), RefusalText("I "), RefusalText("won't"), Text("."), Finished(Finish.STOP)))
    assert reply is not None
    message = reply.output[0]
    assert message.type == "message"
    assert [getattr(part, "text", None) or getattr(part, "refusal", None) for part in message.content] == [
        "Well",
        "I won't",
        ".",
    ]


def test_sources_and_probabilities_stand_at_their_text() -> None:
    one = msgspec.Raw(b'[{"token":"a","logprob":-1.0,"bytes":[97],"top_logprobs":[]}]')
    stream = written(
        *(Text("a"), LogProbs(one), Text("b"), LogProbs(one)),
        *(Cited(url="https://e.org/", title="E"), Cited(url="https://f.org/", start=1, end=2)),
        Finished(Finish.STOP),
    )
    reply = accumulate(stream)
    assert reply is not None
    part = reply.output[0].content[0]  # type: ignore[union-attr]
    assert [(each.url, each.start_index, each.end_index) for each in part.annotations] == [
        ("https://e.org/", 0, 2),
        ("https://f.org/", 1, 2),
    ]
    assert [each.token for each in part.logprobs] == ["a", "a"]


def test_sources_of_nothing_are_left_out() -> None:
    stream = written(Cited(url="https://e.org/"), RefusalText("no"), Cited(url="https://e.org/"), Finished(Finish.STOP))
    assert b"e.org" not in stream
    accumulate(stream)


def test_what_the_request_said_is_repeated_as_it_was_spelled() -> None:
    tools = [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}]
    writer = Writer(request(tools=tools, temperature=0.25, instructions="Be brief.", tool_choice=None).fields, STAMP)
    writer.write(Finished(Finish.STOP))
    writer.end()
    response = msgspec.json.decode(writer.response)
    assert response["tools"] == tools
    assert (response["temperature"], response["instructions"], response["tool_choice"]) == (0.25, "Be brief.", "auto")
    assert response["usage"] is None


def test_a_failure_goes_on_with_the_numbers_and_keeps_what_is_done() -> None:
    writer = Writer(request().fields, STAMP)
    stream = b"".join(
        [writer.write(Started("x", "m")), writer.write(CALL), writer.write(Text("and th")), writer.fail("x", "y")]
    )
    assert accumulate(stream) is None
    last = events_of(stream)[-1]
    assert last["response"]["error"] == {"code": "x", "message": "y"}
    assert [item["type"] for item in last["response"]["output"]] == ["function_call"]


def test_a_failure_before_anything_else_begins_a_stream_of_its_own() -> None:
    stream = Writer({}, STAMP).fail("server_error", "nobody")
    accumulate(stream)
    assert kinds(stream) == ["created", "in_progress", "failed"]


def test_only_a_complete_reply_is_told_of() -> None:
    told: list[bytes] = []
    writer = Writer(request().fields, STAMP, told.append)
    writer.write(Text("a"))
    writer.fail("x", "y")
    assert told == []
    writer.end()
    assert told == [writer.response]


def test_a_percent_sign_in_an_id_is_no_format() -> None:
    writer = Writer({}, msgspec.structs.replace(STAMP, id="50%d"))
    accumulate(b"".join([writer.write(Text("a")), writer.write(Text("b")), writer.write(Finished(Finish.STOP)), writer.end()]))


@given(sequences(custom=True))
def test_every_legal_sequence_is_a_legal_stream(events: list[ReplyEvent]) -> None:
    accumulate(written(*events))
