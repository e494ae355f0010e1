"""Chat requests read into conversations: every shape that clients send."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from hrd.core.conversation import (
    Audio,
    CallKind,
    Choosing,
    Conversation,
    Document,
    Foreign,
    FormatKind,
    Image,
    Refused,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Request
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_request import read_conversation
from tests.hrd.dialects.chat import JSON

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


def read(*messages: object, **members: object) -> Conversation:
    request = decode(
        json.dumps({"model": "x", "messages": messages or [{"role": "user", "content": "hi"}], **members}).encode()
    )
    assert isinstance(request, Request), request
    conversation = read_conversation(request)
    assert isinstance(conversation, Conversation), conversation
    return conversation


def turn(message: dict[str, Any]) -> Turn:
    return read(message).turns[0]


def test_a_part_that_only_chat_completions_know_is_kept_as_it_is_spelled() -> None:
    video = {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}
    foreign = Foreign(dialect="openai_chat", type="video_url", raw=msgspec.Raw(json.dumps(video).encode()))
    assert turn({"role": "user", "content": [video, "what is it?"]}).parts == (foreign, Text("what is it?"))


def test_texts_of_every_role_stay_where_they_are() -> None:
    conversation = read(
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "name": "ann"},
        {"role": "developer", "content": "no jokes"},
        {"role": "assistant", "content": "ok"},
    )
    assert conversation.turns == (
        Turn(Role.SYSTEM, (Text("be brief"),)),
        Turn(Role.USER, (Text("a"), Text("b")), "ann"),
        Turn(Role.DEVELOPER, (Text("no jokes"),)),
        Turn(Role.ASSISTANT, (Text("ok"),)),
    )


@pytest.mark.parametrize(
    ("part", "means"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://e.org/c.png", "detail": "low"}},
            Image(url="https://e.org/c.png", detail="low"),
        ),
        ({"type": "image_url", "image_url": "https://e.org/c.png"}, Image(url="https://e.org/c.png")),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}, Image(media_type="image/png", data="QQ==")),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="}},
            Document(media_type="application/pdf", data="QQ==", title="a.pdf"),
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, Document(file_id="file-1")),
        ({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}, Audio(data="QQ==", format="wav")),
        ({"type": "refusal", "refusal": "no"}, Refused("no")),
        ("plain", Text("plain")),
    ],
)
def test_parts(part: object, means: object) -> None:
    assert turn({"role": "user", "content": [part]}).parts == (means,)


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": ""}, {"content": []}])
def test_content_may_be_missing_beside_calls(content: dict[str, object]) -> None:
    parts = [part for part in turn({"role": "assistant", **content, "tool_calls": [CALL]}).parts if part != Text("")]
    assert parts == [ToolCall(id="c1", name="f", arguments='{"a":1}')]


@pytest.mark.parametrize(
    ("call", "means"),
    [
        (
            {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** x"}},
            ToolCall(id="c", name="patch", arguments="*** x", kind=CallKind.CUSTOM),
        ),
        ({"function": {"name": "f", "arguments": {"a": 1}}}, ToolCall(id="call_0_0", name="f", arguments='{"a":1}')),
        ({"id": "c", "function": {"name": "f"}}, ToolCall(id="c", name="f", arguments="{}")),
        (
            {
                "id": "c",
                "function": {"name": "f", "arguments": "{}"},
                "extra_content": {"google": {"thought_signature": "sig"}},
            },
            ToolCall(id="c", name="f", arguments="{}", signature="sig"),
        ),
    ],
)
def test_calls(call: object, means: ToolCall) -> None:
    assert turn({"role": "assistant", "tool_calls": [call]}).parts == (means,)


def test_results_old_and_new() -> None:
    conversation = read(
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "name": "f", "content": [{"type": "text", "text": "43"}]},
    )
    results = [part for turn in conversation.turns for part in turn.parts if isinstance(part, ToolResult)]
    assert results == [
        ToolResult(call_id="call_0", content=(Text("42"),), name="f"),
        ToolResult(call_id="c1", content=(Text("43"),), name="f"),
    ]


@pytest.mark.parametrize(
    ("members", "means"),
    [
        ({"reasoning_content": "hm"}, [Thinking(text="hm")]),
        ({"reasoning": "hm"}, [Thinking(text="hm")]),
        (
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"}
                ]
            },
            [Thinking(text="hm", signature="s", vendor=Vendor.ANTHROPIC)],
        ),
        (
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1"}]},
            [Thinking(signature="d", vendor=Vendor.ANTHROPIC, is_redacted=True)],
        ),
        (
            {
                "reasoning_details": [
                    {"type": "reasoning.summary", "summary": "hm", "format": "openai-responses-v1"},
                    {"type": "reasoning.encrypted", "data": "gAAAA", "format": "openai-responses-v1"},
                ]
            },
            [Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI)],
        ),
        ({"reasoning_details": 7, "reasoning": "hm"}, [Thinking(text="hm")]),
        ({"reasoning_details": []}, []),
    ],
)
def test_reasoning_of_earlier_turns(members: dict[str, object], means: list[Thinking]) -> None:
    parts = turn({"role": "assistant", "content": "ok", **members}).parts
    assert [part for part in parts if isinstance(part, Thinking)] == means


def test_what_only_openrouter_can_read_keeps_its_spelling() -> None:
    (thinking,) = [
        part
        for part in turn({"role": "assistant", "content": "", "reasoning_details": [{"type": "reasoning.x", "y": 1}]}).parts
        if isinstance(part, Thinking)
    ]
    assert (thinking.vendor, json.loads(bytes(thinking.details))) == (Vendor.OPENROUTER, [{"type": "reasoning.x", "y": 1}])


@pytest.mark.parametrize(
    ("choice", "means"),
    [
        (None, None),
        ("auto", ToolChoice(Choosing.AUTO)),
        ("none", ToolChoice(Choosing.NONE)),
        ("required", ToolChoice(Choosing.REQUIRED)),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(Choosing.ONE, "f")),
        ({"type": "custom", "custom": {"name": "p"}}, ToolChoice(Choosing.ONE, "p")),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            ToolChoice(Choosing.REQUIRED, allowed=("f",)),
        ),
    ],
)
def test_tool_choices(choice: object, means: ToolChoice | None) -> None:
    assert read(tool_choice=choice).tool_choice == means


def test_an_old_function_call_names_its_function() -> None:
    assert read(functions=[{"name": "f"}], function_call={"name": "f"}).tool_choice == ToolChoice(Choosing.ONE, "f")


def test_tools_of_every_kind() -> None:
    conversation = read(
        tools=[
            {
                "type": "function",
                "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
            },
            {"type": "custom", "custom": {"name": "p", "format": {"type": "text"}}},
            {"type": "web_search", "x": 1},
        ],
        functions=[{"name": "old", "parameters": None}],
    )
    assert [(tool.name, tool.kind, tool.strict) for tool in conversation.tools] == [
        ("f", CallKind.FUNCTION, True),
        ("p", CallKind.CUSTOM, None),
        ("old", CallKind.FUNCTION, None),
    ]
    assert [bytes(tool.schema) for tool in conversation.tools] == [b'{"type": "object"}', b"", b""]
    assert [(tool.type, json.loads(bytes(tool.raw))["x"]) for tool in conversation.provider_tools] == [("web_search", 1)]


def test_a_freeform_tools_grammar_stands_where_responses_has_it() -> None:
    grammar = {"syntax": "lark", "definition": "start: x"}
    chats = {"type": "custom", "custom": {"name": "p", "format": {"type": "grammar", "grammar": grammar}}}
    flat = {"type": "custom", "custom": {"name": "p", "format": {"type": "grammar", **grammar}}}
    for tool in (chats, flat):
        assert json.loads(bytes(read(tools=[tool]).tools[0].format)) == {"type": "grammar", **grammar}
    assert read(tools=[{"type": "custom", "custom": {"name": "p", "format": None}}]).tools[0].format == msgspec.Raw(b"")


def test_what_no_turn_has_room_for_is_named() -> None:
    said = {"role": "assistant", "content": "see", "images": [{"type": "image_url"}], "audio": {"id": "audio_1"}}
    conversation = read({"role": "user", "content": "draw"}, said, said)
    assert list(conversation.extras) == ["messages[].images", "messages[].audio"]


def test_options() -> None:
    conversation = read(
        max_tokens=9,
        max_completion_tokens=5,
        stop="END",
        temperature=0.5,
        seed=3,
        n=2,
        logprobs=True,
        top_logprobs=4,
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "r", "schema": {"type": "object"}, "strict": True}},
        reasoning_effort="low",
        x_unknown=1,
        hermes_thing=None,
    )
    sampling = conversation.sampling
    assert (conversation.max_tokens, conversation.stop, conversation.parallel_calls) == (5, ("END",), False)
    assert (sampling.temperature, sampling.seed, sampling.n, sampling.logprobs, sampling.top_logprobs) == (0.5, 3, 2, True, 4)
    assert conversation.format is not None
    assert (conversation.format.kind, conversation.format.name, conversation.format.strict) == (
        FormatKind.JSON_SCHEMA,
        "r",
        True,
    )
    assert conversation.reasoning.effort == "low"
    assert list(conversation.extras) == ["x_unknown"]


@pytest.mark.parametrize(
    ("members", "means"),
    [
        ({"response_format": {"type": "text"}}, None),
        ({"response_format": {"type": "json_object"}}, FormatKind.JSON_OBJECT),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "r"}}}, FormatKind.JSON_OBJECT),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": None}}}, FormatKind.JSON_OBJECT),
        ({"response_format": None}, None),
    ],
)
def test_formats(members: dict[str, object], means: FormatKind | None) -> None:
    found = read(**members).format
    assert (found.kind if found is not None else None) == means


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [{"role": "oracle", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user"}], "tools": [{"function": {}}]}, "tools[0].function"),
        ({"messages": [{"role": "user"}], "temperature": "hot"}, "temperature"),
        ({"messages": [{"role": "user"}], "max_tokens": -5}, "max_tokens"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(body: dict[str, object], param: str) -> None:
    request = decode(json.dumps({"model": "x", **body}).encode())
    assert isinstance(request, Request)
    refusal = read_conversation(request)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.param) == (400, param)


@given(JSON)
def test_any_request_is_a_conversation_or_a_refusal(value: object) -> None:
    request = decode(json.dumps(value).encode())
    if isinstance(request, Request):
        assert isinstance(read_conversation(request), Conversation | Refusal)
