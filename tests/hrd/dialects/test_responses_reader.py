"""Streams and whole replies of a Responses provider, read into reply events."""

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
    LogProbs,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.contract import ToolName
from hrd.dialects.responses_reader import NO_END, ResponsesReader, read_whole
from hrd.dialects.responses_writer import Writer
from hrd.dialects.sse import Event, Framer
from tests.hrd.dialects.replies import sequences, told
from tests.hrd.dialects.responses import STAMP, event, message, spell

USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 10,
}
KNOWN = Usage(
    input_tokens=7, output_tokens=3, cached_tokens=2, cache_write_tokens=1, reasoning_tokens=1, source=UsageSource.KNOWN
)
CREATED = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-9", "status": "in_progress", "output": []}}
STARTED = Started("resp_1", "gpt-9")
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}', "status": "completed"}
CALLED = CallDone(key=0, id="call_1", name="f", arguments='{"a":1}')


def completed(*output: dict[str, Any], **members: Any) -> dict[str, Any]:
    response = {
        "id": "resp_1",
        "object": "response",
        "model": "gpt-9",
        "status": "completed",
        "output": list(output),
        **members,
    }
    return {"type": "response.completed", "response": {"usage": USAGE, **response}}


def delta(text: str, place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": place, "content_index": 0, "delta": text, "logprobs": []}


def item_done(item: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def read(*said: dict[str, Any], passes: bool = False) -> list[ReplyEvent]:
    reader = ResponsesReader({}, passes=passes)
    events = [each for one in said for each in reader.read(event(**one))]
    assert reader.broken == ""
    return events


def test_deltas_are_passed_on_and_not_said_again() -> None:
    whole = message("Hello", "assistant")
    assert read(CREATED, delta("Hel"), delta("lo"), item_done(whole), completed(whole)) == [
        *(STARTED, Text("Hel"), Text("lo"), UsageSeen(KNOWN), Finished(Finish.STOP)),
    ]


def test_codex_leaves_the_output_empty_and_its_items_say_all() -> None:
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAAA"}
    assert read(CREATED, item_done(reasoning), item_done(message("Hi", "assistant"), 1), item_done(CALL, 2), completed()) == [
        *(STARTED, Thought("hm"), ThoughtSigned(signature="gAAAA", vendor=Vendor.OPENAI), Text("Hi")),
        *(CallBegun(key=2), msgspec.structs.replace(CALLED, key=2), UsageSeen(KNOWN), Finished(Finish.CALLS)),
    ]


def test_a_reply_that_stands_in_its_last_event_alone() -> None:
    events = read(completed(message("Hi", "assistant"), CALL, usage=None))
    assert events == [STARTED, Text("Hi"), CallBegun(key=1), msgspec.structs.replace(CALLED, key=1), Finished(Finish.CALLS)]


def test_a_call_is_announced_when_it_begins_and_complete_with_its_item() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {**CALL, "arguments": ""}}
    more = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a"'}
    assert read(CREATED, added) == [STARTED, CallBegun(key=0)]
    assert read(CREATED, added, more, item_done(CALL))[2:] == [CallText(0, '{"a"'), CALLED]


def test_items_that_are_kept_and_arguments_told_apart_count() -> None:
    reader = ResponsesReader({}, passes=True)
    reader.read(event(**item_done(CALL)))
    assert reader.kept_bytes == len(msgspec.json.encode(CALL))
    reader = ResponsesReader({})
    reader.read(event(type="response.function_call_arguments.done", output_index=0, arguments='{"a":1}'))
    assert reader.kept_bytes == 7


def test_pieces_of_a_freeform_call_are_told_as_they_come() -> None:
    more = {"type": "response.custom_tool_call_input.delta", "output_index": 3, "delta": "*** Begin"}
    assert read(more, {**more, "delta": None}) == [CallText(3, "*** Begin")]


def test_arguments_that_only_their_own_event_told() -> None:
    done = {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": '{"a":1}'}
    assert read(done, item_done({**CALL, "arguments": ""}))[-1] == CALLED


def test_arguments_that_came_as_an_object_are_what_they_would_spell() -> None:
    assert read(item_done({**CALL, "arguments": {"a": 1}}))[-1] == CALLED


@pytest.mark.parametrize(
    "item", [{**CALL, "arguments": [1]}, {**CALL, "arguments": 5}, {**CALL, "name": None}, {**CALL, "name": ""}]
)
def test_a_call_of_nothing_or_with_other_arguments_is_an_error(item: dict[str, Any]) -> None:
    assert [type(event) for event in read(item_done(item))] == [CallBegun, Broken]


def test_custom_tools_and_namespaces() -> None:
    custom = {
        "type": "custom_tool_call",
        "call_id": "call_2",
        "name": "apply_patch",
        "namespace": "files",
        "input": "*** Begin",
    }
    (_, done) = read(item_done(custom))
    assert done == CallDone(
        key=0, id="call_2", name="apply_patch", namespace="files", arguments="*** Begin", kind=CallKind.CUSTOM
    )


@pytest.mark.parametrize("kind", [[], {}, 5, None, "some_day"])
def test_an_item_of_a_kind_that_nobody_knows_is_read_over(kind: object) -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"type": kind}}
    assert read(added, item_done({"type": kind})) == []


def test_names_that_were_changed_for_the_provider_are_restored() -> None:
    names = {"mcp_1": ToolName(name="mcp.1", namespace="srv"), "patch": ToolName(name="patch", kind=CallKind.CUSTOM)}
    reader = ResponsesReader(names)
    events = [*reader.read(event(**item_done({**CALL, "name": "mcp_1"})))]
    events += reader.read(event(**item_done({**CALL, "call_id": "call_2", "name": "patch", "arguments": '{"input":"x"}'}, 1)))
    assert events == [
        *(CallBegun(key=0), msgspec.structs.replace(CALLED, name="mcp.1", namespace="srv")),
        CallBegun(key=1),
        msgspec.structs.replace(CALLED, key=1, id="call_2", name="patch", arguments="x", kind=CallKind.CUSTOM),
    ]


def test_arguments_are_mended_or_the_reply_is_no_good() -> None:
    assert read(item_done({**CALL, "arguments": ""}))[-1] == msgspec.structs.replace(CALLED, arguments="{}")
    (*_, broken) = read(item_done({**CALL, "arguments": '{"cmd":"rm -'}))
    assert isinstance(broken, Broken)
    assert broken.error["code"] == "invalid_tool_arguments"


def test_arguments_that_pass_are_not_looked_at() -> None:
    assert read(item_done({**CALL, "arguments": '{"cmd":"rm -'}), passes=True)[-1] == msgspec.structs.replace(
        CALLED, arguments='{"cmd":"rm -'
    )


def test_a_call_cut_off_at_the_length_is_none() -> None:
    cut = {**CALL, "status": "incomplete", "arguments": '{"a'}
    incomplete = completed(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert read(item_done(cut), {**incomplete, "type": "response.incomplete"}) == [
        *(CallBegun(key=0), STARTED, UsageSeen(KNOWN), Finished(Finish.LENGTH))
    ]


def test_a_content_filter_is_a_reason_of_its_own() -> None:
    filtered = completed(status="incomplete", incomplete_details={"reason": "content_filter"})
    assert read({**filtered, "type": "response.incomplete"})[-1] == Finished(Finish.FILTERED)


def test_reasoning_by_summary_and_by_text() -> None:
    summary = {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 1, "delta": "b"}
    item = {
        "type": "reasoning",
        "summary": [{"text": "a"}, {"text": "b"}],
        "content": [{"type": "reasoning_text", "text": "raw"}],
    }
    later = {"type": "response.reasoning_text.delta", "output_index": 1, "content_index": 0, "delta": "c"}
    assert read(summary, item_done(item), later) == [Thought("b", 1), Thought("a", 0), Thought("c", 2)]


def test_refusals() -> None:
    refusal = {"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "no"}
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}, {"type": "refusal", "refusal": "never"}]}
    assert read(refusal, item_done(item)) == [RefusalText("no"), RefusalText("never")]


def test_sources_and_probabilities_are_said_once() -> None:
    annotation = {"type": "url_citation", "url": "https://e.org/", "title": "E", "start_index": 0, "end_index": 1}
    added = {"type": "response.output_text.annotation.added", "output_index": 0, "content_index": 0, "annotation": annotation}
    logprobs = [{"token": "a", "logprob": -1.0, "bytes": [97], "top_logprobs": []}]
    probable = LogProbs(msgspec.Raw(msgspec.json.encode(logprobs)))
    item = {"type": "message", "content": [{"type": "output_text", "text": "a", "annotations": [annotation]}]}
    cited = Cited(url="https://e.org/", title="E", start=0, end=1)
    odd = {**added, "annotation": {"type": "file_citation"}}
    assert read({**delta("a"), "logprobs": logprobs}, added, odd, item_done(item)) == [Text("a"), probable, cited]
    item["content"][0]["logprobs"] = logprobs  # type: ignore[index]
    assert read(item_done(item)) == [Text("a"), probable, cited]
    item["content"][0]["logprobs"] = 5  # type: ignore[index]
    assert read({**delta("a"), "logprobs": "high"}, added, item_done(item)) == [Text("a"), cited]
    assert read(item_done(item)) == [Text("a"), cited]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None}, {"code": "rate_limit_exceeded"}),
        (
            {"type": "error", "error": {"code": "x", "message": "m"}, "status": 429},
            {"code": "x", "message": "m", "status": 429},
        ),
        ({"type": "error"}, {}),
        ({"error": {"message": "m"}}, {"message": "m"}),
        ({"detail": "Unsupported parameter: x"}, {"message": "Unsupported parameter: x"}),
        (
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "m"}}},
            {"code": "server_error"},
        ),
        ({"type": "response.failed", "response": {"status": "failed"}}, {}),
        ({"type": "response.failed"}, {}),
        ({"type": "response.cancelled", "response": {"status": "cancelled"}}, {}),
    ],
)
def test_errors_wherever_they_stand(said: dict[str, Any], error: dict[str, Any]) -> None:
    (broken,) = read(said)
    assert isinstance(broken, Broken)
    assert broken.error.items() >= error.items()
    assert broken.error["message"]


@pytest.mark.parametrize(
    "said",
    [
        {"type": "codex.response.metadata", "headers": {}},
        {"type": "keepalive"},
        {"type": "response.web_search_call.searching", "output_index": 0},
        {"type": "response.output_text.delta", "delta": 5},
        {"type": "response.refusal.delta", "delta": None},
        {"type": "response.output_item.done", "item": "odd"},
        {"type": "response.output_item.added", "output_index": "0", "item": None},
        {"no": "type"},
    ],
)
def test_what_says_nothing_is_read_over(said: dict[str, Any]) -> None:
    assert read(said) == []


def test_a_providers_own_tool_at_work_is_as_good_as_a_call_where_bytes_pass() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "image_generation_call"}}
    assert read(added) == []
    assert read(added, item_done({"type": "image_generation_call"}), passes=True) == [CallBegun(key=0)]


def test_a_stream_without_its_last_event_is_broken() -> None:
    reader = ResponsesReader({})
    reader.read(event(**CREATED))
    reader.read(event(**delta("Hel")))
    reader.end()
    assert (reader.finished, reader.broken) == (False, NO_END)


def torn(kind: str, item: int, piece: bytes) -> Event:
    data = rb'{"type":"response.%b.delta","output_index":%d,"content_index":0,"delta":"%b"}' % (kind.encode(), item, piece)
    return Event(data, data)


def test_half_of_a_character_breaks_nothing() -> None:
    assert list(ResponsesReader({}).read(torn("output_text", 0, rb"\ude00"))) == [Text("\ufffd")]


def test_halves_in_two_deltas_are_one_character() -> None:
    reader = ResponsesReader({})
    assert list(reader.read(torn("output_text", 0, rb"a\ud83d"))) == [Text("a")]
    assert list(reader.read(torn("reasoning_summary_text", 0, rb"\ud83d"))) == [Thought("")]
    assert list(reader.read(torn("function_call_arguments", 1, rb"\ud83d"))) == [CallText(1, "")]
    assert list(reader.read(torn("function_call_arguments", 2, b"{"))) == [CallText(2, "{")]
    assert list(reader.read(torn("output_text", 0, rb"\ude00"))) == [Text("😀")]
    assert list(reader.read(torn("function_call_arguments", 1, rb"\ude01"))) == [CallText(1, "😁")]
    assert list(reader.read(torn("reasoning_summary_text", 0, b"b"))) == [Thought("\ufffdb")]


@pytest.mark.parametrize("data", [b"no json", b"[1]", b'"text"'])
def test_what_is_no_object_breaks_the_stream(data: bytes) -> None:
    reader = ResponsesReader({})
    assert reader.read(Event(data, data)) == ()
    assert reader.broken == "an event of the stream is not a JSON object"


def test_what_chat_ends_with_is_read_over() -> None:
    reader = ResponsesReader({})
    assert reader.read(Event(b"", b"[DONE]")) == ()
    assert reader.read(Event(b"", None)) == ()
    assert reader.broken == ""


# whole replies -----------------------------------------------------------------------------------------------------------


def whole(body: bytes) -> object:
    return read_whole(body, ResponsesReader({}))


def test_a_whole_reply_is_the_fold_of_the_same_events() -> None:
    response = completed(message("Hi", "assistant"), CALL)["response"]
    assert whole(msgspec.json.encode(response)) == read(completed(message("Hi", "assistant"), CALL))
    assert whole(spell(CREATED, delta("Hi"), item_done(message("Hi", "assistant")), item_done(CALL, 1), completed())) == read(
        completed(message("Hi", "assistant"), CALL)
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{no", "the reply is not a JSON object"),
        (b"{}", "the reply has no output"),
        (b"", NO_END),
        (spell(CREATED, delta("Hel")), NO_END),
        (b"data: no\n\n", "an event of the stream is not a JSON object"),
        (b'{"error":{"message":"no"}}', [Broken({"message": "no"})]),
        (b'{"detail":"Instructions are required"}', [Broken({"message": "Instructions are required"})]),
        (
            b'{"object":"response","status":"failed","error":null}',
            [Broken({"message": "The provider calls its reply failed."})],
        ),
        (spell({"type": "error", "message": "no"}), [Broken({"message": "no"})]),
    ],
)
def test_what_is_no_reply(body: bytes, said: object) -> None:
    assert whole(body) == said


@given(st.binary(max_size=100))
def test_any_body_is_read(body: bytes) -> None:
    whole(body)


# there and back ----------------------------------------------------------------------------------------------------------


def folded(events: list[ReplyEvent]) -> list[ReplyEvent]:
    """*events* with what stands together told together, and without what a Responses stream does not tell apart."""
    told: list[ReplyEvent] = []
    for one in events:
        last = told[-1] if told else None
        match one, last:
            case (Text(), Text()) | (RefusalText(), RefusalText()):
                told[-1] = type(one)(last.text + one.text)  # type: ignore[union-attr]
            case (Thought(), Thought()) if one.part == last.part:  # type: ignore[union-attr]
                told[-1] = Thought(last.text + one.text, one.part)  # type: ignore[union-attr]
            case (Started() | CallBegun() | UsageSeen() | Cited(), _):
                pass
            case _:
                told.append(one)
    return told


def by_order(events: list[ReplyEvent]) -> list[ReplyEvent]:
    """Calls by their order, reasoning without its paragraphs' numbers, seals as OpenAI's."""
    calls = 0
    told: list[ReplyEvent] = []
    for one in events:
        if isinstance(one, CallDone):
            told.append(msgspec.structs.replace(one, key=calls))
            calls += 1
        elif isinstance(one, Thought):
            told.append(Thought(one.text))
        elif isinstance(one, ThoughtSigned):
            told.append(ThoughtSigned(signature="", vendor=Vendor.OPENAI))
        else:
            told.append(one)
    return told


@given(sequences(custom=True), st.integers(1, 60))
def test_what_was_written_is_read_again_however_it_is_cut(events: list[ReplyEvent], step: int) -> None:
    writer = Writer({}, STAMP)
    stream = b"".join([*map(writer.write, events), writer.end()])
    reader, framer = ResponsesReader({}), Framer(1_000_000)
    back = [
        one
        for start in range(0, len(stream), step)
        for block in framer.feed(stream[start : start + step])
        for one in reader.read(block)
    ]
    assert reader.finished
    assert by_order(folded(told(back))) == by_order(folded(events))
    assert by_order(folded(list(read_whole(writer.response, ResponsesReader({}))))) == by_order(folded(events))  # type: ignore[arg-type]
