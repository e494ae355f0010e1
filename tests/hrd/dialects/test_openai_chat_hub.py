"""Replies written as chat completions: chunks that OpenAI's library reads, whole replies, and both alike."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from hrd.core.conversation import CallKind, Vendor
from hrd.core.reply_events import (
    Broken,
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
from hrd.dialects.contract import Request, Stamp
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_hub import conversation, event_writer, write_whole
from hrd.dialects.openai_chat_request import read_conversation
from tests.hrd.dialects.replies import USAGE, sequences

STAMP = Stamp(id="req-1", model="m-sent", at=1_790_000_000)
CALL = CallDone(key=0, id="c1", name="f", arguments='{"a":1}')


def asked(*, usage: bool = True) -> Request:
    options = ',"stream":true,"stream_options":{"include_usage":true}' if usage else ',"stream":true'
    request = decode(f'{{"model":"x","messages":[{{"role":"user","content":"hi"}}]{options}}}'.encode())
    assert isinstance(request, Request)
    return request


def streamed(events: Sequence[ReplyEvent], *, usage: bool = True) -> list[dict[str, Any]]:
    writer = event_writer(asked(usage=usage), STAMP)
    text = b"".join([*map(writer.write, events), writer.end()]).decode()
    *blocks, done, rest = text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    chunks = [json.loads(block.removeprefix("data: ")) for block in blocks]
    for chunk in chunks:
        if b'"custom"' not in json.dumps(chunk).encode():  # the library has no type for those in streams
            ChatCompletionChunk.model_validate(chunk)
    return chunks


def deltas(events: Sequence[ReplyEvent]) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in streamed(events, usage=False)][1:-1]


def whole(events: Sequence[ReplyEvent]) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(write_whole(asked(), events, STAMP))
    ChatCompletion.model_validate(reply)
    return reply


def test_a_small_stream_from_its_role_to_its_usage() -> None:
    first, text, finish, usage = streamed([Started("r", "m-1"), Text("hi"), Finished(Finish.STOP), UsageSeen(USAGE)])
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert text["choices"] == [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None}]
    assert finish["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 10)
    assert usage["usage"]["prompt_tokens_details"] == {"cached_tokens": 2, "cache_write_tokens": 0}
    assert {(each["id"], each["created"], each["model"]) for each in (first, text, finish, usage)} == {
        ("chatcmpl-req-1", 1_790_000_000, "m-1")
    }


def test_who_asked_for_no_usage_gets_none_and_a_nameless_model_is_the_one_asked() -> None:
    chunks = streamed([Text("hi"), Finished(Finish.STOP), UsageSeen(USAGE)], usage=False)
    assert [chunk["model"] for chunk in chunks] == ["m-sent"] * 3
    assert all(chunk["choices"] for chunk in chunks)


@pytest.mark.parametrize(
    ("event", "delta"),
    [
        (Thought("hm"), {"reasoning_content": "hm"}),
        (RefusalText("no"), {"refusal": "no"}),
        (
            CALL,
            {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]},
        ),
        (
            Cited(url="https://e.org/", title="E", start=1, end=2),
            {
                "annotations": [
                    {
                        "type": "url_citation",
                        "url_citation": {"url": "https://e.org/", "title": "E", "start_index": 1, "end_index": 2},
                    }
                ]
            },
        ),
    ],
)
def test_what_each_event_becomes(event: ReplyEvent, delta: dict[str, object]) -> None:
    assert deltas([event, Finished(Finish.STOP)]) == [delta]


@pytest.mark.parametrize("event", [CallBegun(key=0), UsageSeen(USAGE), Text("")])
def test_what_says_nothing_writes_nothing(event: ReplyEvent) -> None:
    assert deltas([Text("a"), event, Finished(Finish.STOP)]) == [{"content": "a"}]


def test_paragraphs_of_thought_are_kept_apart_and_sealed_together() -> None:
    events = [Thought("a", 0), Thought("b", 1), ThoughtSigned(signature="s", vendor=Vendor.ANTHROPIC), Text("ok")]
    detail = {"type": "reasoning.text", "text": "a\n\nb", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    assert deltas([*events, Finished(Finish.STOP)]) == [
        {"reasoning_content": "a"},
        {"reasoning_content": "\n\nb"},
        {"reasoning_details": [detail]},
        {"content": "ok"},
    ]


@pytest.mark.parametrize(
    "seal",
    [
        ThoughtSigned(signature="s", vendor=Vendor.ANTHROPIC),
        ThoughtSigned(signature="s", vendor=Vendor.ANTHROPIC, is_redacted=True),
        ThoughtSigned(signature="gAAAA", vendor=Vendor.OPENAI),
        ThoughtSigned(signature="", vendor=Vendor.OPENROUTER, details=msgspec.Raw(b'[{"type":"reasoning.x"}]')),
    ],
)
def test_what_is_sealed_comes_back_to_its_vendor(seal: ThoughtSigned) -> None:
    message = whole([Thought("hm"), seal, Text("ok"), Finished(Finish.STOP)])["choices"][0]["message"]
    request = decode(json.dumps({"model": "x", "messages": [message]}).encode())
    assert isinstance(request, Request)
    read = conversation(request)
    assert not isinstance(read, tuple)
    (thinking, *_) = read.turns[0].parts  # type: ignore[union-attr]
    assert (thinking.vendor, thinking.signature, thinking.is_redacted) == (seal.vendor, seal.signature, seal.is_redacted)  # type: ignore[union-attr]


def test_google_signatures_go_with_their_calls() -> None:
    signed = msgspec.structs.replace(CALL, signature="sig")
    (delta,) = deltas([signed, Finished(Finish.CALLS)])
    assert delta["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "sig"}}


def test_calls_count_from_zero_and_a_freeform_one_is_custom() -> None:
    custom = CallDone(key=7, id="c2", name="p", arguments="*** x", kind=CallKind.CUSTOM)
    first, second = deltas([CALL, custom, Finished(Finish.CALLS)])
    assert (first["tool_calls"][0]["index"], second["tool_calls"][0]["index"]) == (0, 1)
    assert second["tool_calls"][0]["custom"] == {"name": "p", "input": "*** x"}


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([Finished(Finish.STOP)], "stop"),
        ([CALL, Finished(Finish.STOP)], "tool_calls"),
        ([Finished(Finish.CALLS)], "stop"),
        ([CALL, Finished(Finish.LENGTH)], "length"),
        ([Finished(Finish.FILTERED)], "content_filter"),
        ([Finished(Finish.PAUSED)], "stop"),
    ],
)
def test_how_it_ends(events: list[ReplyEvent], reason: str) -> None:
    assert streamed(events)[-2]["choices"][0]["finish_reason"] == reason
    assert whole(events)["choices"][0]["finish_reason"] == reason


def test_probabilities_of_words() -> None:
    content = msgspec.Raw(b'[{"token":"hi","logprob":-0.1,"bytes":null,"top_logprobs":[]}]')
    chunks = streamed([Text("hi"), LogProbs(content), Finished(Finish.STOP)])
    assert chunks[2]["choices"][0]["logprobs"]["content"][0]["token"] == "hi"
    assert (
        whole([Text("hi"), LogProbs(content), Finished(Finish.STOP)])["choices"][0]["logprobs"]["content"][0]["logprob"] == -0.1
    )


def test_a_whole_reply_with_calls_has_null_for_text_and_one_without_has_a_string() -> None:
    assert whole([CALL, Finished(Finish.CALLS)])["choices"][0]["message"]["content"] is None
    assert whole([Finished(Finish.STOP)])["choices"][0]["message"]["content"] == ""


def test_an_error_is_never_written() -> None:
    with pytest.raises(AssertionError):
        event_writer(asked(), STAMP).write(Broken({}))


@given(sequences(custom=True))
def test_a_stream_says_what_the_whole_reply_says(events: list[ReplyEvent]) -> None:
    message = whole(events)["choices"][0]["message"]
    said: dict[str, Any] = {}
    for chunk in streamed(events):
        for choice in chunk["choices"]:
            for name, value in choice["delta"].items():
                said[name] = said[name] + value if name in said and name != "role" else value
    calls = [{name: value for name, value in call.items() if name != "index"} for call in said.get("tool_calls", [])]
    assert said.get("content", "") == (message["content"] or "")
    assert calls == message.get("tool_calls", [])
    for name in ("refusal", "reasoning_content", "reasoning_details", "annotations"):
        assert said.get(name) == message.get(name)


def test_the_way_in_is_the_requests_module() -> None:
    assert conversation is read_conversation


def test_calls_without_an_id_get_one_and_those_of_one_id_are_told_apart() -> None:
    named = [CALL, CALL, msgspec.structs.replace(CALL, id=""), msgspec.structs.replace(CALL, id="")]
    events = [*(msgspec.structs.replace(call, key=key) for key, call in enumerate(named)), Finished(Finish.CALLS)]
    ids = ["c1", "c1_1", "call_req-1", "call_req-1_3"]
    assert [delta["tool_calls"][0]["id"] for delta in deltas(events)] == ids
    assert [call["id"] for call in whole(events)["choices"][0]["message"]["tool_calls"]] == ids
