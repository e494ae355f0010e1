"""Chat replies read into events: chunk by chunk, whole, and as providers really send them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Vendor
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
from hrd.dialects.contract import Stamp, ToolName
from hrd.dialects.openai_chat_events import ChatReader, read_message
from hrd.dialects.openai_chat_hub import ChatWriter
from hrd.dialects.openai_reply import read_chunk
from hrd.dialects.sse import Framer
from tests.hrd.dialects.replies import sequences, told

STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
CALLS = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}


def delta(**members: object) -> dict[str, Any]:
    return {"id": "r", "model": "m", "choices": [{"index": 0, "delta": members}]}


def call(arguments: str = "", **members: object) -> dict[str, Any]:
    function: dict[str, object] = {"arguments": arguments}
    if "name" in members:
        function["name"] = members.pop("name")
    return delta(tool_calls=[{**members, "function": function}])


PIECES = [(0, '{"a"'), (1, "{}"), (1, ""), (0, ":1}")]


def read(*chunks: object, names: dict[str, ToolName] | None = None, done: bool = True) -> tuple[list[ReplyEvent], ChatReader]:
    reader = ChatReader(names or {})
    text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + ("data: [DONE]\n\n" if done else "")
    events: list[ReplyEvent] = []
    for event in Framer(1_000_000).feed(text.encode()):
        events += reader.read(event)
    if not reader.finished and not reader.broken:
        events += reader.end()
    return events, reader


def said(*chunks: object, **how: Any) -> list[ReplyEvent]:
    return [event for event in told(read(*chunks, **how)[0]) if not isinstance(event, Started)]


def test_pieces_of_calls_are_told_as_they_come() -> None:
    pieces = [
        delta(tool_calls=[{"index": n, "id": str(n), "function": {"name": "f", "arguments": text}}]) for n, text in PIECES
    ]
    told = [event for event in read(*pieces, STOP)[0] if isinstance(event, CallText)]
    assert told == [CallText(0, '{"a"'), CallText(1, "{}"), CallText(0, ":1}")]
    old = read(delta(function_call={"name": "f", "arguments": "{"}), delta(function_call={"arguments": "}"}), STOP)[0]
    assert [event for event in old if isinstance(event, CallText)] == [CallText(0, "{"), CallText(0, "}")]


def test_sealed_reasoning_is_kept_until_the_first_word_and_counts() -> None:
    _, reader = read(
        delta(reasoning_details=[{"data": "x"}]), delta(reasoning_details=[{"data": "y"}]), delta(content="hi"), STOP
    )
    assert reader.kept_bytes == 2 * len('[{"data":"x"}]')


def test_a_small_stream() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    events, reader = read(delta(role="assistant", content=""), delta(content="hi"), STOP, usage)
    assert events[:3] == [Started("r", "m"), Text("hi"), Finished(Finish.STOP)]
    (seen,) = events[3:]
    assert isinstance(seen, UsageSeen)
    assert (seen.usage.input_tokens, reader.finished, reader.broken) == (7, True, "")


@pytest.mark.parametrize(
    ("members", "event"),
    [
        ({"reasoning_content": "hm"}, Thought("hm")),
        ({"reasoning": "hm"}, Thought("hm")),
        ({"refusal": "no"}, RefusalText("no")),
        ({"content": [{"type": "text", "text": "a"}]}, Text("a")),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, Thought("hm")),
        (
            {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://e.org/", "title": "E"}}]},
            Cited(url="https://e.org/", title="E"),
        ),
    ],
)
def test_what_a_delta_says(members: dict[str, object], event: ReplyEvent) -> None:
    assert said(delta(**members), STOP) == [event, Finished(Finish.STOP)]


def test_odd_annotations_are_read_over() -> None:
    assert said(delta(annotations=[7, {"url_citation": {}}]), delta(annotations="x"), STOP) == [Finished(Finish.STOP)]


def test_interleaved_calls_come_whole_and_in_order() -> None:
    events = said(
        call(index=0, id="a", name="f"),
        call(index=1, id="b", name="g"),
        call('{"x"', index=0),
        call("{}", index=1),
        call(":1}", index=0),
        CALLS,
    )
    assert events == [
        CallBegun(key=0),
        CallBegun(key=1),
        CallDone(key=0, id="a", name="f", arguments='{"x":1}'),
        CallDone(key=1, id="b", name="g", arguments="{}"),
        Finished(Finish.CALLS),
    ]


def test_calls_without_an_index_are_told_apart_by_id_and_name() -> None:
    events = said(call("{}", id="a", name="f"), call("{}", id="b", name="f"), STOP)
    assert [event.id for event in events if isinstance(event, CallDone)] == ["a", "b"]


def test_calls_that_all_have_one_index_are_told_apart_by_id_and_name() -> None:
    told = (
        call('{"x"', index=0, id="a", name="f"),
        call(":1}", index=0),
        call("", index=0, id="b", name="g"),
        call("{}", index=0, id="b", name="g"),
        call("{}", index=1, id="c", name="h"),
    )
    done = [event for event in said(*told, CALLS) if isinstance(event, CallDone)]
    assert [(each.key, each.id, each.name, each.arguments) for each in done] == [
        (0, "a", "f", '{"x":1}'),
        (1, "b", "g", "{}"),
        (2, "c", "h", "{}"),
    ]


def test_a_call_whose_pieces_have_ids_of_their_own_is_one() -> None:
    told = (call("", index=0, name="f"), call('{"x"', index=0, id="a"), call(":1}", index=0, id="b"))
    done = [event for event in said(*told, CALLS) if isinstance(event, CallDone)]
    assert [(each.id, each.arguments) for each in done] == [("a", '{"x":1}')]


def test_an_old_function_call_is_a_call() -> None:
    events = said(delta(function_call={"name": "f", "arguments": "{"}), delta(function_call={"arguments": "}"}), STOP)
    assert events == [CallDone(key=0, id="", name="f", arguments="{}"), Finished(Finish.STOP)]


def test_google_signatures_are_kept() -> None:
    signed = call("{}", index=0, id="a", name="f", extra_content={"google": {"thought_signature": "sig"}})
    (done,) = [event for event in said(signed, CALLS) if isinstance(event, CallDone)]
    assert done.signature == "sig"


def test_names_that_were_changed_are_the_clients_again() -> None:
    names = {"p": ToolName(name="apply_patch", kind=CallKind.CUSTOM), "ns__f": ToolName(name="f", namespace="ns")}
    events = said(call('{"input":"*** x"}', index=0, id="a", name="p"), call("{}", index=1, name="ns__f"), CALLS, names=names)
    done = [event for event in events if isinstance(event, CallDone)]
    assert [(each.name, each.namespace, each.kind, each.arguments) for each in done] == [
        ("apply_patch", "", CallKind.CUSTOM, "*** x"),
        ("f", "ns", CallKind.FUNCTION, "{}"),
    ]


def test_halves_in_two_chunks_are_one_character() -> None:
    events = said(
        delta(content="a\ud83d", reasoning_content="\ud83d"),
        call('{"a":"\ud83d', index=0, id="a", name="f"),
        call('{"a":"\ud83d', index=1, id="b", name="g"),
        delta(content="\ude00"),
        call('\ude01"}', index=0),
        call('b"}', index=1),
        CALLS,
    )
    assert [event for event in events if isinstance(event, Text | Thought)] == [Text("a"), Text("😀")]
    assert [event.arguments for event in events if isinstance(event, CallDone)] == ['{"a":"😁"}', '{"a":"\ufffdb"}']
    old = said(
        delta(function_call={"name": "f", "arguments": '{"a":"\ud83d'}), delta(function_call={"arguments": '\ude00"}'}), STOP
    )
    assert [event.arguments for event in old if isinstance(event, CallDone)] == ['{"a":"😀"}']


def test_a_chunk_of_an_odd_shape_has_its_halves_joined_as_well() -> None:
    assert said({**delta(content="a\ud83d"), "id": 5}, {**delta(content="\ude00"), "id": 5}, STOP)[:2] == [
        Text("a"),
        Text("😀"),
    ]


def test_arguments_that_are_not_json_are_an_error_and_never_half_sent() -> None:
    events = said(call('{"a": "ok"}', index=0, id="a", name="f"), call("rm -rf", index=1, id="b", name="g"), CALLS)
    assert events[:2] == [CallBegun(key=0), CallBegun(key=1)]
    (broken,) = events[2:]
    assert isinstance(broken, Broken)
    assert "g" in broken.error["message"]


def test_arguments_that_came_as_an_object_are_what_they_would_spell() -> None:
    call_ = {"index": 0, "id": "a", "function": {"name": "f", "arguments": {"a": 1}}}
    old = {"name": "g", "arguments": {"b": 2}}
    assert [event.arguments for event in said(delta(tool_calls=[call_]), CALLS) if isinstance(event, CallDone)] == ['{"a":1}']
    assert [event.arguments for event in said(delta(function_call=old), CALLS) if isinstance(event, CallDone)] == ['{"b":2}']


@pytest.mark.parametrize("function", [{"name": "f", "arguments": [1]}, {"name": "f", "arguments": 5}, {"arguments": "{}"}, {}])
def test_a_call_of_nothing_or_with_other_arguments_is_an_error(function: dict[str, Any]) -> None:
    events = said(delta(tool_calls=[{"index": 0, "id": "a", "function": function}]), CALLS)
    assert [type(event) for event in events] == [CallBegun, Broken]


def test_a_call_that_was_cut_off_at_the_replys_length_is_left_out() -> None:
    length = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    events = said(call("{}", index=0, id="a", name="f"), call('{"text": "half a', index=1, id="b", name="g"), length)
    assert [event.id for event in events if isinstance(event, CallDone)] == ["a"]
    assert events[-1] == Finished(Finish.LENGTH)


def test_what_openrouter_seals_is_complete_with_the_first_word() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    events = said(delta(reasoning="hm", reasoning_details=details), delta(reasoning_details=details), delta(content="ok"), STOP)
    assert [type(event) for event in events] == [Thought, ThoughtSigned, Text, Finished]
    (seal,) = [event for event in events if isinstance(event, ThoughtSigned)]
    assert (seal.vendor, json.loads(bytes(seal.details))) == (Vendor.OPENROUTER, details * 2)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", Finish.STOP), ("eos", Finish.STOP), ("max_tokens", Finish.LENGTH), ("sensitive", Finish.FILTERED)],
)
def test_how_it_ends(reason: str, finish: Finish) -> None:
    assert said({"choices": [{"delta": {}, "finish_reason": reason}]}) == [Finished(finish)]


def test_only_the_first_of_several_choices_is_read_and_nothing_after_its_end() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "other"}}]}
    assert said(delta(content="a"), other, STOP, delta(content="late")) == [Text("a"), Finished(Finish.STOP)]


@pytest.mark.parametrize(
    "chunk",
    [
        {"error": {"message": "no"}},
        {"choices": [{"delta": {}, "finish_reason": "error"}]},
        {"choices": [{"delta": {}, "error": {"message": "no"}}]},
        {"object": "error", "message": "no"},
        [{"error": {"message": "no"}}],
    ],
)
def test_an_error_object_breaks_it(chunk: object) -> None:
    events = said(delta(content="a"), chunk, STOP)
    assert isinstance(events[1], Broken)


def test_what_cannot_be_read_or_ends_too_early_is_broken() -> None:
    assert read("words", done=False)[1].broken == "an event of the stream is not a JSON object"
    assert read(delta(content="a"))[1].broken == "the stream ended before the reply did"
    assert read(delta(content="a"), done=False)[1].broken == "the stream ended before the reply did"
    complete = read(delta(content="a"), STOP, done=False)[1]
    assert (complete.finished, complete.broken) == (True, "")


def test_a_whole_message() -> None:
    message = {
        "content": "ok",
        "reasoning": "hm",
        "reasoning_details": [{"type": "reasoning.text"}],
        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": ""}}],
    }
    logprobs = {"content": [{"token": "ok", "logprob": -1}]}
    chunk = read_chunk(
        json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls", "logprobs": logprobs}]}).encode()
    )
    assert chunk is not None
    assert chunk.choices
    events = read_message(chunk.choices[0], {})
    kinds = [type(event) for event in events]
    assert kinds == [Thought, ThoughtSigned, Text, CallBegun, LogProbs, CallDone, Finished]


def _without_parts(events: Sequence[ReplyEvent]) -> list[ReplyEvent]:
    """As chat can say it: thoughts in one text, no seals, texts joined."""
    joined: list[ReplyEvent] = []
    for event in events:
        if isinstance(event, Started | ThoughtSigned | UsageSeen | CallBegun | Thought):
            continue
        if joined and isinstance(event, Text) and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + event.text)
        else:
            joined.append(event)
    return joined


@given(sequences(), st.data())
def test_what_our_own_writer_writes_is_read_the_same_however_it_is_cut(events: list[ReplyEvent], data: st.DataObject) -> None:
    writer = ChatWriter(Stamp(id="r", model="m", at=1), usage_to_client=True)
    text = b"".join([*map(writer.write, events), writer.end()])
    cut = data.draw(st.integers(0, len(text)))
    reader, framer = ChatReader({}), Framer(1_000_000)
    found: list[ReplyEvent] = []
    for piece in (text[:cut], text[cut:]):
        for event in framer.feed(piece):
            found += told(reader.read(event))
    assert reader.finished
    expected = [Cited(url=event.url, start=0, end=0) if isinstance(event, Cited) else event for event in _without_parts(events)]
    assert _without_parts(found) == expected
