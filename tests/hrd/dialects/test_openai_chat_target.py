"""Conversations as chat providers take them, and what they answer."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import (
    ABSENT,
    CallKind,
    Choosing,
    Conversation,
    FormatKind,
    Image,
    OutputFormat,
    ProviderTool,
    Reasoning,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from hrd.core.providers import ModelFacts, Provider, Quirks
from hrd.core.reply_events import Broken, Finish, Finished, Started, UsageSeen
from hrd.core.reply_events import Text as Said
from hrd.dialects.contract import Encoded, Request, ToolName
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_request import read_conversation
from hrd.dialects.openai_chat_target import STOPS_MAX, encode, event_reader, read_whole

USER = Turn(Role.USER, (Text("hi"),))
MARK = msgspec.Raw(b'{"type":"ephemeral"}')
PNG = Image(media_type="image/png", data="QQ==")
CALL = ToolCall(id="c1", name="f", arguments='{"a":1}')


def provider(**quirks: Any) -> Provider:
    return Provider(name="alpha", base_url="http://alpha.test/v1", quirks=Quirks(**quirks))


def sent(
    conversation: Conversation, to: Provider | None = None, *, stream: bool = False, drop: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], Encoded]:
    encoded = encode(conversation, to or provider(), "m-1", drop=drop, stream=stream)
    return json.loads(encoded.body), encoded


def test_a_small_request() -> None:
    body, encoded = sent(Conversation(turns=(Turn(Role.SYSTEM, (Text("be brief"),)), USER), max_tokens=5))
    assert body == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "max_tokens": 5,
    }
    assert (encoded.notes, encoded.names) == ((), {})


def test_streams_ask_for_their_usage_unless_that_is_refused() -> None:
    asked = Conversation(turns=(USER,))
    assert sent(asked, stream=True)[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in sent(asked, stream=True, drop=frozenset({"stream_options"}))[0]
    assert "stream_options" not in sent(asked, provider(stream_usage=False), stream=True)[0]


def test_tools_of_every_kind() -> None:
    tools = (
        Tool(name="f", description="d", schema=msgspec.Raw(b'{"type":"object"}'), strict=True),
        Tool(name="p", kind=CallKind.CUSTOM, format=msgspec.Raw(b'{"type":"grammar"}')),
        Tool(name="bare", namespace="ns"),
    )
    theirs = ProviderTool(dialect="openai_responses", type="web_search", raw=msgspec.Raw(b"{}"))
    body, encoded = sent(
        Conversation(turns=(USER,), tools=tools, provider_tools=(theirs,), tool_choice=ToolChoice(Choosing.ONE, "bare"))
    )
    assert [tool["function"]["name"] for tool in body["tools"]] == ["f", "p", "ns__bare"]
    assert body["tools"][0]["function"] == {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    assert body["tools"][1]["function"]["parameters"]["required"] == ["input"]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "ns__bare"}}
    assert encoded.names == {
        "p": ToolName(name="p", kind=CallKind.CUSTOM),
        "ns__bare": ToolName(name="bare", namespace="ns"),
    }
    assert len(encoded.notes) == 2


@pytest.mark.parametrize(
    ("choice", "spelled", "tools"),
    [
        (ToolChoice(Choosing.AUTO), "auto", 2),
        (ToolChoice(Choosing.NONE), "none", 2),
        (ToolChoice(Choosing.REQUIRED), "required", 2),
        (ToolChoice(Choosing.REQUIRED, allowed=("f",)), "required", 1),
        (ToolChoice(Choosing.AUTO, allowed=("f",)), None, 1),
        (None, None, 2),
    ],
)
def test_choices(choice: ToolChoice | None, spelled: str | None, tools: int) -> None:
    body, _ = sent(Conversation(turns=(USER,), tools=(Tool(name="f"), Tool(name="g")), tool_choice=choice))
    assert (body.get("tool_choice"), len(body["tools"])) == (spelled, tools)


def test_a_tool_that_stands_twice_is_sent_once() -> None:
    twice = (Tool(name="f", description="first"), Tool(name="f"), Tool(name="f", namespace="ns"))
    body, _ = sent(Conversation(turns=(USER,), tools=twice))
    told = [(tool["function"]["name"], tool["function"].get("description")) for tool in body["tools"]]
    assert told == [("f", "first"), ("ns__f", None)]


def test_options_and_what_is_told_of_those_that_go() -> None:
    asked = Conversation(
        turns=(USER,),
        stop=("1", "2", "3", "4", "5"),
        sampling=Sampling(temperature=0.5, top_p=0.9, top_k=3, seed=1, n=2, logprobs=True, logit_bias=msgspec.Raw(b'{"1":2}')),
        format=OutputFormat(kind=FormatKind.JSON_SCHEMA, name="r", description="d", schema=msgspec.Raw(b"{}"), strict=True),
        reasoning=Reasoning(effort="xhigh"),
        service_tier="priority",
    )
    body, encoded = sent(asked)
    assert (body["temperature"], body["top_p"], body["seed"], body["logprobs"]) == (0.5, 0.9, 1, True)
    assert (len(body["stop"]), body["reasoning_effort"], body["logit_bias"]) == (STOPS_MAX, "high", {"1": 2})
    assert body["response_format"]["json_schema"] == {"name": "r", "schema": {}, "description": "d", "strict": True}
    assert {"top_k", "n", "service_tier"}.isdisjoint(body)
    assert len(encoded.notes) == 4
    plain = sent(Conversation(turns=(USER,), format=OutputFormat(kind=FormatKind.JSON_OBJECT)))[0]
    assert plain["response_format"] == {"type": "json_object"}


def test_quirks_apply() -> None:
    to = Provider(
        name="alpha",
        base_url="http://alpha.test/v1",
        models_facts={"m-1": ModelFacts(reasoning=False)},
        quirks=Quirks(rename={"seed": "random_seed"}, tool_ids="[a-zA-Z0-9]{9}", drop=("temperature",)),
    )
    asked = Conversation(
        turns=(USER, Turn(Role.ASSISTANT, (CALL,)), Turn(Role.TOOL, (ToolResult(call_id="c1", content=(Text("x"),)),))),
        sampling=Sampling(seed=1, temperature=1.0),
        reasoning=Reasoning(effort="low"),
    )
    body, encoded = sent(asked, to)
    assert body["random_seed"] == 1
    assert {"temperature", "reasoning_effort"}.isdisjoint(body)
    call_id = body["messages"][1]["tool_calls"][0]["id"]
    assert (len(call_id), body["messages"][2]["tool_call_id"]) == (9, call_id)
    assert encoded.notes == ("tool-call ids mapped", "reasoning effort left out", "temperature left out")


def test_members_that_no_other_provider_refuses_are_left_out_too() -> None:
    body, encoded = sent(
        Conversation(turns=(USER, Turn(Role.ASSISTANT, (CALL,)))), provider(drop_message_fields=("tool_calls",))
    )
    assert "tool_calls" not in body["messages"][1]
    assert "messages[].tool_calls left out" in encoded.notes


# replies -----------------------------------------------------------------------------------------------------------------

NOTHING = Encoded(b"")


def test_a_whole_reply() -> None:
    body = b'{"id":"r","model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}'
    events = read_whole(body, NOTHING, Quirks())
    assert not isinstance(events, str)
    assert list(events[:3]) == [Started("r", "m"), Said("hi"), Finished(Finish.STOP)]
    assert isinstance(events[3], UsageSeen)


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        (b"<html>", "the reply is not a JSON object"),
        (b"{}", "the reply has no choices"),
        (b"[]", "the reply is not a JSON object"),
    ],
)
def test_what_is_no_reply(body: bytes, broken: str) -> None:
    assert read_whole(body, NOTHING, Quirks()) == broken


def test_an_error_inside_a_200() -> None:
    assert read_whole(b'{"error":{"message":"no"}}', NOTHING, Quirks()) == (Broken({"message": "no"}),)


def test_streams_are_read_by_the_reader_of_chunks() -> None:
    assert event_reader(NOTHING, Quirks()).finished is False


@given(st.binary(max_size=100))
def test_any_body_is_read(body: bytes) -> None:
    read_whole(body, NOTHING, Quirks())


# there and back ----------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "two words", "é\n", '"q"'])
CALLS = st.builds(ToolCall, id=st.sampled_from(["c1", "c2"]), name=st.sampled_from(["f", "g"]), arguments=st.just('{"a":"é"}'))
IMAGES = st.builds(Image, media_type=st.just("image/png"), data=st.just("QQ=="), detail=st.sampled_from(["", "low"]))
TURNS = st.lists(
    st.builds(lambda text: Turn(Role.USER, (Text(text),)), WORDS)
    | st.builds(lambda text, image: Turn(Role.USER, (Text(text), image)), WORDS, IMAGES)
    | st.builds(lambda text: Turn(Role.SYSTEM, (Text(text),)), WORDS)
    | st.builds(lambda text: Turn(Role.ASSISTANT, (Text(text),)), WORDS),
    min_size=1,
    max_size=4,
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    turns = draw(TURNS)
    call = draw(st.none() | CALLS)
    if call is not None:
        turns += [Turn(Role.ASSISTANT, (call,)), Turn(Role.TOOL, (ToolResult(call_id=call.id, content=(Text("42"),)),))]
    return Conversation(
        turns=tuple(turns),
        tools=draw(st.sampled_from([(), (Tool(name="f", schema=msgspec.Raw(b'{"type":"object"}')),)])),
        max_tokens=draw(st.none() | st.integers(1, 9)),
        stop=draw(st.sampled_from([(), ("END",)])),
        sampling=Sampling(temperature=draw(st.none() | st.just(0.5)), seed=draw(st.none() | st.just(3))),
        reasoning=Reasoning(effort=draw(st.sampled_from(["", "low"]))),
    )


@given(conversations())
def test_a_conversation_that_chat_can_carry_comes_back_as_it_was(asked: Conversation) -> None:
    request = decode(sent(asked)[1].body)
    assert isinstance(request, Request)
    assert read_conversation(request) == asked
    assert bytes(ABSENT) == b""
