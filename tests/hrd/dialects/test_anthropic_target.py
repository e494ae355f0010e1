"""Conversations as Messages requests."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import (
    CallKind,
    Choosing,
    Conversation,
    FormatKind,
    OutputFormat,
    ProviderTool,
    Reasoning,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.core.failures import REPLAYED_REASONING, UNTAKEN_STRICTNESS
from hrd.core.providers import Quirks
from hrd.core.reply_events import Broken, CallBegun, CallDone, Finish, Finished, Started
from hrd.core.reply_events import Text as Said
from hrd.dialects.anthropic_target import encode, event_reader, read_whole
from hrd.dialects.contract import Encoded, ToolName
from hrd.dialects.sse import Event
from tests.hrd.dialects.anthropic import ANTHROPIC, conversed, user

OLD, NEW = "claude-haiku-4-5", "claude-opus-5"
SCHEMA = msgspec.Raw(b'{"type":"object","properties":{"a":{"type":"number"}}}')
F = Tool(name="f", description="d", schema=SCHEMA)
SEARCH = msgspec.Raw(b'{"type":"web_search_20250305","name":"web_search"}')


def encoded(model: str = OLD, *, drop: frozenset[str] = frozenset(), stream: bool = False, **members: Any) -> Encoded:
    conversation = Conversation(**({"turns": (user(),), "max_tokens": 4000} | members))
    return encode(conversation, ANTHROPIC, model, drop=drop, stream=stream)


def sent(model: str = OLD, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(encoded(model, **members).body)
    return body


def test_a_plain_request() -> None:
    assert encoded(stream=True) == Encoded(
        b'{"model":"claude-haiku-4-5","max_tokens":4000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],'
        b'"stream":true}'
    )


def test_system_texts_are_taken_together_wherever_they_stand() -> None:
    turns = (
        Turn(Role.SYSTEM, (Text("be kind", msgspec.Raw(b'{"type":"ephemeral"}')),)),
        user(),
        Turn(Role.DEVELOPER, (Text("be brief"), Text(""))),
    )
    body = sent(turns=turns)
    assert body["system"] == [
        {"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "be brief"},
    ]
    assert len(body["messages"]) == 1


def test_a_grammar_is_not_to_be_had_and_that_is_told() -> None:
    patch = Tool(name="patch", kind=CallKind.CUSTOM, format=msgspec.Raw(b'{"type":"grammar"}'))
    assert encoded(tools=(patch,)).notes == ("the grammar of the freeform tool patch left out",)


def test_an_output_limit_is_always_sent() -> None:
    assert sent(max_tokens=None)["max_tokens"] == 32_000


def test_histories_are_repaired() -> None:
    call = Turn(Role.ASSISTANT, (ToolCall(id="1", name="f", arguments="{}"),))
    told = encoded(turns=(user(), call))
    body = msgspec.json.decode(told.body)
    assert body["messages"][2]["content"][0]["is_error"] is True
    assert told.notes == ("a result made up for a tool call without one",)


def test_in_a_conversation_of_nothing_but_system_its_text_is_the_users() -> None:
    told = encoded(turns=(Turn(Role.SYSTEM, (Text("be kind"),)),))
    body = msgspec.json.decode(told.body)
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "be kind"}]}]
    assert "system" not in body
    assert told.notes == ("the system's text sent as the user's: nobody else says anything",)


def test_a_last_message_of_the_assistant_is_continued_only_by_older_models() -> None:
    turns = (user(), Turn(Role.ASSISTANT, (Text("The answer is "),)))
    assert sent(OLD, turns=turns)["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "The answer is"}],
    }
    for model, reasoning in ((NEW, Reasoning()), (OLD, Reasoning(effort="low"))):
        told = encoded(model, turns=turns, reasoning=reasoning)
        assert msgspec.json.decode(told.body)["messages"][-1]["role"] == "user"
        assert told.notes == ("the last message, the assistant's, is followed by one that asks to go on",)


def test_reasoning_is_nothing_that_could_be_continued() -> None:
    own = Thinking(text="hm", signature="EqQB", vendor=Vendor.ANTHROPIC)
    assert sent(OLD, turns=(user(), Turn(Role.ASSISTANT, (own,))))["messages"][-1]["role"] == "user"


def test_tools_with_long_names_namespaces_freeform_inputs_and_no_schema() -> None:
    tools = (
        F,
        F,
        Tool(name="f", namespace="ns"),
        Tool(name="patch", kind=CallKind.CUSTOM),
        Tool(name="odd", schema=msgspec.Raw(b'{"properties":{"a":{}}}')),
        Tool(name="worse", schema=msgspec.Raw(b"7")),
    )
    told = encoded(tools=tools)
    assert [(tool["name"], tool["input_schema"]["type"]) for tool in msgspec.json.decode(told.body)["tools"]] == [
        ("f", "object"),
        ("ns__f", "object"),
        ("patch", "object"),
        ("odd", "object"),
        ("worse", "object"),
    ]
    assert told.names == {
        "ns__f": ToolName(name="f", namespace="ns"),
        "patch": ToolName(name="patch", kind=CallKind.CUSTOM),
    }
    assert msgspec.json.decode(told.body)["tools"][0] == {
        "name": "f",
        "description": "d",
        "input_schema": msgspec.json.decode(SCHEMA),
    }


CLOSED = msgspec.Raw(
    b'{"type":"object","properties":{"a":{"type":"number","minimum":1}},"required":["a"],"additionalProperties":false}'
)
STRICT = Tool(name="g", schema=CLOSED, strict=True)


def test_tools_are_strict_where_the_model_holds_calls_to_schemas() -> None:
    told = encoded(NEW, tools=(F, STRICT))
    assert told.notes == ()
    open_one, closed = msgspec.json.decode(told.body)["tools"]
    assert "strict" not in open_one
    assert closed["strict"] is True
    assert closed["input_schema"]["properties"] == {"a": {"type": "number", "description": "(minimum: 1)"}}


@pytest.mark.parametrize(
    ("model", "tool", "drop"),
    [
        (NEW, msgspec.structs.replace(F, strict=True), ()),
        ("claude-opus-4-1", STRICT, ()),
        (NEW, STRICT, (UNTAKEN_STRICTNESS,)),
    ],
)
def test_strictness_that_cannot_be_had_is_left_out_and_named(model: str, tool: Tool, drop: tuple[str, ...]) -> None:
    told = encoded(model, tools=(tool,), drop=frozenset(drop))
    assert told.notes == ("tools[].strict left out",)
    (sent_tool,) = msgspec.json.decode(told.body)["tools"]
    assert "strict" not in sent_tool
    assert sent_tool["input_schema"] == msgspec.json.decode(tool.schema)


def test_tools_that_are_not_to_be_strict_are_no_news() -> None:
    assert encoded(tools=(msgspec.structs.replace(F, strict=False),)).notes == ()


def test_the_apis_own_tools_are_kept_and_others_named() -> None:
    own = ProviderTool(dialect="anthropic_messages", type="web_search_20250305", raw=SEARCH)
    other = ProviderTool(dialect="openai_responses", type="web_search", raw=msgspec.Raw(b"{}"))
    told = encoded(provider_tools=(own, other))
    assert msgspec.json.decode(told.body)["tools"] == [msgspec.json.decode(SEARCH)]
    assert told.notes == ("tool web_search left out: it is another provider's own",)


@pytest.mark.parametrize(
    ("choice", "parallel", "wanted"),
    [
        (None, None, None),
        (ToolChoice(Choosing.AUTO), None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(Choosing.NONE), False, {"type": "none"}),
        (ToolChoice(Choosing.REQUIRED), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(Choosing.ONE, "f"), None, {"type": "tool", "name": "f"}),
        (ToolChoice(Choosing.ONE, "g"), None, None),
    ],
)
def test_tool_choices(choice: ToolChoice | None, parallel: bool | None, wanted: dict[str, Any] | None) -> None:
    assert sent(tools=(F,), tool_choice=choice, parallel_calls=parallel).get("tool_choice") == wanted
    assert "tool_choice" not in sent(tool_choice=choice)


def test_only_allowed_tools_are_sent() -> None:
    told = encoded(tools=(F, Tool(name="g")), tool_choice=ToolChoice(Choosing.REQUIRED, allowed=("g",)))
    assert [tool["name"] for tool in msgspec.json.decode(told.body)["tools"]] == ["g"]
    assert told.notes == ("tools that the choice does not allow left out",)


def test_structured_output_is_a_format_or_an_instruction() -> None:
    format_ = OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=SCHEMA)
    closed = msgspec.json.decode(SCHEMA) | {"additionalProperties": False}
    assert sent(NEW, format=format_)["output_config"] == {"format": {"type": "json_schema", "schema": closed}}
    told = encoded("claude-3-5-haiku-20241022", format=format_)
    [block] = msgspec.json.decode(told.body)["system"]
    assert SCHEMA in block["text"].encode()
    assert told.notes == ("response format sent as an instruction",)


def test_what_a_client_says_of_the_format_is_told() -> None:
    format_ = OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=SCHEMA, description="A number.")
    assert sent(NEW, format=format_)["output_config"]["format"]["schema"]["description"] == "A number."
    [block] = sent("claude-3-5-haiku-20241022", format=format_)["system"]
    assert block["text"].startswith("A number.\nAnswer with one JSON value")


def test_a_format_that_would_lose_its_members_is_an_instruction() -> None:
    """The API closes every object: of what has members of any name nothing could be said."""
    open_ = msgspec.Raw(b'{"type":"object","additionalProperties":{"type":"string"}}')
    told = encoded(NEW, format=OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=open_))
    body = msgspec.json.decode(told.body)
    assert "output_config" not in body
    assert bytes(open_).decode() in body["system"][0]["text"]
    assert told.notes == ("response format sent as an instruction",)
    [block] = sent(NEW, format=OutputFormat(kind=FormatKind.JSON_OBJECT))["system"]
    assert "one JSON object" in block["text"]


@pytest.mark.parametrize(
    ("model", "sampling", "reasoning", "wanted", "notes"),
    [
        (OLD, Sampling(temperature=2), Reasoning(), {"temperature": 1}, ("temperature lowered from 2 to 1",)),
        (OLD, Sampling(temperature=0.5, top_p=0.9), Reasoning(), {"temperature": 0.5}, ("top_p left out",)),
        (OLD, Sampling(top_p=0.9, top_k=40), Reasoning(), {"top_p": 0.9, "top_k": 40}, ()),
        ("kimi-k2", Sampling(temperature=0.5, top_p=0.9), Reasoning(), {"temperature": 0.5, "top_p": 0.9}, ()),
        (NEW, Sampling(temperature=0.5), Reasoning(), {}, ("temperature left out",)),
        (
            OLD,
            Sampling(temperature=0.5, top_p=0.97, top_k=4),
            Reasoning(effort="low"),
            {"top_p": 0.97},
            ("temperature left out", "top_k left out"),
        ),
        (OLD, Sampling(seed=1, n=2, logprobs=True), Reasoning(), {}, ("logprobs left out", "n left out", "seed left out")),
    ],
)
def test_sampling(model: str, sampling: Sampling, reasoning: Reasoning, wanted: dict[str, Any], notes: tuple[str, ...]) -> None:
    told = encoded(model, sampling=sampling, reasoning=reasoning)
    body = msgspec.json.decode(told.body)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == wanted
    assert told.notes == notes


def test_reasoning_and_effort() -> None:
    body = sent(NEW, reasoning=Reasoning(effort="high"))
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "high"}


def test_an_open_loop_that_another_vendor_began_goes_on_without_thinking() -> None:
    foreign = Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI)
    turns = (
        user(),
        Turn(Role.ASSISTANT, (foreign, ToolCall(id="1", name="f", arguments="{}"))),
        Turn(Role.TOOL, (ToolResult(call_id="1", content=(Text("7"),)),)),
    )
    told = encoded(turns=turns, reasoning=Reasoning(effort="high"))
    assert msgspec.json.decode(told.body)["thinking"] == {"type": "disabled"}
    assert told.notes == ("reasoning of another vendor left out", "thinking switched off: the open tool loop began without")


def test_all_other_options() -> None:
    told = encoded(
        stop=("END", " \n"),
        service_tier="flex",
        verbosity="low",
        cache_control=msgspec.Raw(b'{"type":"ephemeral"}'),
        prompt_cache_key="k",
    )
    body = msgspec.json.decode(told.body)
    assert (body["stop_sequences"], body["cache_control"]) == (["END"], {"type": "ephemeral"})
    assert told.notes == ("stop sequences of blanks left out", "service_tier left out", "verbosity left out")
    assert sent(service_tier="standard_only")["service_tier"] == "standard_only"


def test_what_was_learned_and_what_a_quirk_refuses_is_left_out() -> None:
    told = encoded(stop=("END",), drop=frozenset({"stop_sequences", "thinking"}))
    assert ("stop_sequences" in msgspec.json.decode(told.body), told.notes) == (False, ("stop_sequences left out",))
    picky = msgspec.structs.replace(ANTHROPIC, quirks=Quirks(drop=("service_tier",)))
    conversation = Conversation(turns=(user(),), service_tier="auto")
    assert encode(conversation, picky, OLD, drop=frozenset(), stream=False).notes == ("service_tier left out",)


def test_reasoning_that_could_not_be_opened_is_left_out() -> None:
    own = Thinking(text="hm", signature="EqQB", vendor=Vendor.ANTHROPIC)
    turns = (user(), Turn(Role.ASSISTANT, (own, Text("ok"))), user())
    assert encoded(turns=turns, drop=frozenset({REPLAYED_REASONING})).notes == ("reasoning of earlier turns left out",)


def test_replies_are_read_with_the_clients_names() -> None:
    told = encoded(tools=(Tool(name="f", namespace="ns"),))
    message = {
        "id": "msg_1",
        "model": OLD,
        "content": [{"type": "text", "text": "Hi"}, {"type": "tool_use", "id": "1", "name": "ns__f", "input": {}}],
        "stop_reason": "tool_use",
    }
    assert read_whole(msgspec.json.encode(message), told, Quirks()) == (
        Started("msg_1", OLD),
        Said("Hi"),
        CallBegun(key=1),
        CallDone(key=1, id="1", name="f", arguments="{}", namespace="ns"),
        Finished(Finish.CALLS),
    )
    error = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    reader = event_reader(told, Quirks())
    assert reader.read(Event(error, error, b"error")) == (Broken({"type": "overloaded_error", "message": "Overloaded"}),)


texts = st.text(min_size=1, max_size=6).filter(lambda text: bool(text.strip()))
marks = st.sampled_from([msgspec.Raw(b""), msgspec.Raw(b'{"type":"ephemeral"}')])


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """What a Messages request can carry, as it is read from one."""
    turns: list[Turn] = []
    if draw(st.booleans()):
        turns.append(Turn(Role.SYSTEM, (Text(draw(texts)),)))
    turns.append(user(draw(texts)))
    for number in range(draw(st.integers(0, 3))):
        call = ToolCall(id=f"call_{number}", name=draw(st.sampled_from("fg")), arguments='{"a":1}')
        thinking = Thinking(text=draw(texts), signature="EqQB", vendor=Vendor.ANTHROPIC)
        parts = (thinking, Text(draw(texts)), call) if draw(st.booleans()) else (Text(draw(texts)),)
        turns.append(Turn(Role.ASSISTANT, parts))
        if call in parts:
            result = ToolResult(
                call_id=call.id, content=(Text(draw(texts), draw(marks)),), is_error=draw(st.booleans()), name=call.name
            )
            turns.append(Turn(Role.TOOL, (result,)))
        if call not in parts or draw(st.booleans()):
            turns.append(user(draw(texts)))
    return Conversation(
        turns=tuple(turns),
        tools=(F,) if draw(st.booleans()) else (),
        max_tokens=draw(st.integers(3000, 5000)),
        stop=tuple(draw(st.lists(texts, max_size=2))),
        sampling=Sampling(top_k=draw(st.none() | st.integers(1, 9))),
    )


@given(conversations())
def test_what_a_request_can_carry_comes_back_from_it(conversation: Conversation) -> None:
    body = msgspec.json.decode(encode(conversation, ANTHROPIC, OLD, drop=frozenset(), stream=False).body)
    read = conversed(*body.pop("messages"), **body)
    assert read == conversation
