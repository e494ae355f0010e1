"""A Responses request as a conversation, and whole replies for its client."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from hrd.core.conversation import (
    Choosing,
    Conversation,
    FormatKind,
    OutputFormat,
    ProviderTool,
    Reasoning,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from hrd.core.refusals import Refusal
from hrd.core.reply_events import Finish, Finished, ReplyEvent
from hrd.core.reply_events import Text as Said
from hrd.dialects.responses_hub import conversation, event_writer, write_whole
from tests.hrd.dialects.replies import sequences
from tests.hrd.dialects.responses import STAMP, accumulate, message, request

HEY = message("hey")
HI = Turn(Role.USER, (Text("hi"),))


def conversed(**members: object) -> Conversation:
    read = conversation(request(**members))
    assert isinstance(read, Conversation), read
    return read


def test_everything_that_a_conversation_has_a_place_for() -> None:
    asked = conversed(
        instructions="Be brief.",
        tools=[{"type": "function", "name": "f"}, {"type": "web_search"}],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        max_output_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_logprobs=2,
        text={"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
        reasoning={"effort": "high", "summary": "auto"},
        service_tier="flex",
        prompt_cache_key="k",
        store=True,
        stream=True,
        include=[],
        truncation="disabled",
        client_metadata={},
        metadata={"a": "b"},
        user=None,
    )
    assert asked == Conversation(
        turns=(Turn(Role.SYSTEM, (Text("Be brief."),)), HI),
        tools=(Tool(name="f"),),
        provider_tools=(
            ProviderTool(dialect="openai_responses", type="web_search", raw=msgspec.Raw(b'{"type":"web_search"}')),
        ),
        tool_choice=ToolChoice(Choosing.ONE, "f"),
        parallel_calls=False,
        max_tokens=100,
        sampling=Sampling(temperature=0.5, top_p=0.9, logprobs=True, top_logprobs=2),
        format=OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=msgspec.Raw(b"{}")),
        reasoning=Reasoning(effort="high", summary="auto"),
        verbosity="low",
        service_tier="flex",
        prompt_cache_key="k",
        extras={"metadata": msgspec.Raw(b'{"a":"b"}')},
    )


def test_that_a_history_may_be_cut_is_named_as_left_out_where_it_is_asked_for() -> None:
    assert list(conversed(truncation="auto").extras) == ["truncation"]
    assert conversed(truncation="disabled").extras == conversed(truncation=None).extras == {}


def test_probabilities_of_no_other_words_are_not_asked_for() -> None:
    assert not conversed(top_logprobs=0).sampling.logprobs
    assert conversed(top_logprobs=0, include=["message.output_text.logprobs"]).sampling.logprobs


def test_what_is_null_says_nothing() -> None:
    names = ("instructions", "tools", "tool_choice", "text", "reasoning", "temperature", "max_output_tokens", "prompt")
    assert conversed(**dict.fromkeys(names)) == Conversation(turns=(HI,))


def test_effort_none_switches_thinking_off() -> None:
    assert conversed(reasoning={"effort": "none"}).reasoning == Reasoning(effort="none", is_off=True)


def test_instructions_may_be_items() -> None:
    asked = conversed(instructions=[message("a", "developer"), message("b", "system")])
    assert [turn.role for turn in asked.turns] == [Role.DEVELOPER, Role.SYSTEM, Role.USER]


def test_probabilities_are_asked_for_by_include_too() -> None:
    assert conversed(include=["message.output_text.logprobs"]).sampling.logprobs


def test_tools_among_the_items_count_with_the_others() -> None:
    more = {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "g"}]}
    asked = conversed(input=[message("hi"), more], tools=[{"type": "function", "name": "f"}])
    assert [tool.name for tool in asked.tools] == ["f", "g"]
    assert asked.turns == (HI,)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": []}, "input"),
        ({"input": [], "instructions": "x"}, "input"),
        ({"input": 5}, "input"),
        ({"input": [{"type": "message", "role": "tool"}]}, "input[0].role"),
        ({"instructions": 5}, "instructions"),
        ({"instructions": [{"role": "tool"}]}, "input[0].role"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": -5}, "max_output_tokens"),
        ({"reasoning": {"effort": 5}}, "reasoning.effort"),
        ({"text": {"format": 5}}, "text.format"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"input": [HEY, {"type": "additional_tools", "tools": [{"type": "function"}]}]}, "input[1].tools[0].name"),
    ],
)
def test_what_cannot_be_meant_is_named(members: dict[str, Any], param: str) -> None:
    asked = msgspec.structs.replace(
        request(),
        fields={**request().fields, **{name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}},
    )
    refusal = conversation(asked)
    assert isinstance(refusal, Refusal), refusal
    assert refusal.param == param
    assert refusal.message.startswith(param.partition(".")[0])


def test_a_whole_reply_is_the_object_that_its_stream_ends_with() -> None:
    writer = event_writer(request(), STAMP)
    stream = writer.write(Said("Hi")) + writer.write(Finished(Finish.STOP)) + writer.end()
    reply = accumulate(stream)
    assert reply is not None
    assert msgspec.json.decode(write_whole(request(), [Said("Hi"), Finished(Finish.STOP)], STAMP)) == msgspec.json.decode(
        writer.response
    )


@given(sequences(custom=True))
def test_every_legal_reply_is_written_whole(events: list[ReplyEvent]) -> None:
    reply = msgspec.json.decode(write_whole(request(), events, STAMP))
    assert reply["object"] == "response"
    assert reply["status"] in ("completed", "incomplete")
