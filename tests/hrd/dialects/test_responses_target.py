"""Conversations as Responses providers take them."""

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
    Image,
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
from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import ModelFacts, Provider, Quirks
from hrd.core.reply_events import Broken
from hrd.core.reply_events import Text as Said
from hrd.dialects.contract import Encoded, ToolName
from hrd.dialects.fields import read_fields
from hrd.dialects.responses_hub import conversation
from hrd.dialects.responses_request import read_request
from hrd.dialects.responses_target import encode, event_reader, read_whole
from tests.hrd.dialects.histories import histories
from tests.hrd.dialects.responses import ALPHA, event
from tests.upstreams.responses import OWN, refusals

HI = Turn(Role.USER, (Text("hi"),))
SEALED = "reasoning.encrypted_content"


def sent(
    asked: Conversation, provider: Provider = ALPHA, *, drop: frozenset[str] = frozenset(), stream: bool = False
) -> tuple[dict[str, Any], Encoded]:
    encoded = encode(asked, provider, "gpt-9", drop=drop, stream=stream)
    return msgspec.json.decode(encoded.body), encoded


def test_a_plain_question() -> None:
    body, encoded = sent(Conversation(turns=(HI,)))
    assert body == {
        "model": "gpt-9",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        "store": False,
        "include": [SEALED],
    }
    assert encoded.notes == ()


def test_everything_that_it_has_a_member_for() -> None:
    tool = Tool(name="f", schema=msgspec.Raw(b'{"type":"object"}'))
    body, encoded = sent(
        Conversation(
            turns=(Turn(Role.SYSTEM, (Text("Be"), Text("brief."))), HI, Turn(Role.SYSTEM, (Text("Now."),))),
            tools=(tool,),
            provider_tools=(ProviderTool(dialect="anthropic_messages", type="web_search_20250305", raw=msgspec.Raw(b"{}")),),
            tool_choice=ToolChoice(Choosing.REQUIRED),
            parallel_calls=False,
            max_tokens=5,
            sampling=Sampling(temperature=0.5, top_p=0.9, logprobs=True, top_logprobs=2),
            format=OutputFormat(kind=FormatKind.JSON_OBJECT),
            reasoning=Reasoning(effort="high"),
            verbosity="low",
            service_tier="flex",
            prompt_cache_key="k",
        ),
        stream=True,
    )
    assert body["instructions"] == "Be\n\nbrief."
    assert [item["role"] for item in body["input"]] == ["user", "system"]
    assert {name: value for name, value in body.items() if name not in ("input", "instructions")} == {
        "model": "gpt-9",
        "store": False,
        "stream": True,
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
            {"type": "web_search"},
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "high"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "prompt_cache_key": "k",
        "max_output_tokens": 16,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_logprobs": 2,
        "service_tier": "flex",
        "include": [SEALED, "message.output_text.logprobs"],
    }
    assert encoded.notes == ("max_output_tokens raised to 16, the least that is taken",)


def test_what_it_has_no_member_for_is_named() -> None:
    asked = Conversation(
        turns=(HI,),
        provider_tools=(ProviderTool(dialect="anthropic_messages", type="bash_20250124", raw=msgspec.Raw(b"{}")),),
        stop=("END",),
        sampling=Sampling(top_k=5, seed=1, frequency_penalty=0.1, presence_penalty=0.1, logit_bias=msgspec.Raw(b"{}"), n=2),
        service_tier="standard_only",
    )
    body, encoded = sent(asked)
    assert set(body) == {"model", "input", "store", "include"}
    assert encoded.notes == (
        *("tool bash_20250124 left out", "service_tier standard_only left out", "stop left out", "top_k left out"),
        *("seed left out", "frequency_penalty left out", "presence_penalty left out", "logit_bias left out", "n left out"),
    )


def test_its_own_tools_go_as_they_were_spelled() -> None:
    own = [
        ProviderTool(dialect="openai_responses", type="web_search", raw=msgspec.Raw(b'{"type":"web_search","x":1}')),
        ProviderTool(dialect="openai_responses", type="code_interpreter", raw=msgspec.Raw(b'{"type":"code_interpreter"}')),
        ProviderTool(dialect="openai_responses", type="web_search_preview", raw=msgspec.Raw(b'{"type":"web_search_preview"}')),
    ]
    assert sent(Conversation(turns=(HI,), provider_tools=tuple(own)))[0]["tools"] == [
        *({"type": "web_search", "x": 1}, {"type": "code_interpreter"}, {"type": "web_search"})
    ]


def test_a_tool_that_is_named_twice_goes_once() -> None:
    twice = (Tool(name="f", description="first"), Tool(name="g"), Tool(name="f", description="second"))
    body, _ = sent(Conversation(turns=(HI,), tools=twice))
    assert [(tool["name"], tool.get("description")) for tool in body["tools"]] == [("f", "first"), ("g", None)]


def test_a_choice_of_a_tool_that_is_not_sent_is_left_out_unless_it_is_the_search() -> None:
    search = ProviderTool(dialect="anthropic_messages", type="web_search_20250305", raw=msgspec.Raw(b"{}"))
    one = Conversation(turns=(HI,), provider_tools=(search,), tool_choice=ToolChoice(Choosing.ONE, "web_search"))
    assert sent(one)[0]["tool_choice"] == {"type": "web_search"}
    gone = Conversation(turns=(HI,), tools=(Tool(name="f"),), tool_choice=ToolChoice(Choosing.ONE, "bash"))
    body, encoded = sent(gone)
    assert "tool_choice" not in body
    assert encoded.notes == ("tool_choice left out: there is no tool bash",)


def test_without_tools_nothing_is_said_of_calling_them() -> None:
    body, _ = sent(Conversation(turns=(HI,), tool_choice=ToolChoice(Choosing.NONE), parallel_calls=True))
    assert "tool_choice" not in body
    assert "parallel_tool_calls" not in body


@pytest.mark.parametrize(
    ("reasoning", "said"),
    [
        (Reasoning(), None),
        (Reasoning(effort="low", summary="detailed"), {"effort": "low", "summary": "detailed"}),
        (Reasoning(budget_tokens=8000), {"effort": "medium", "summary": "auto"}),
        (Reasoning(is_adaptive=True), {"summary": "auto"}),
    ],
)
def test_reasoning(reasoning: Reasoning, said: object) -> None:
    thinks = msgspec.structs.replace(ALPHA, model_defaults=ModelFacts(reasoning=True))
    assert sent(Conversation(turns=(HI,), reasoning=reasoning), thinks)[0].get("reasoning") == said


def test_a_model_that_does_not_think_is_not_asked_for_its_thoughts() -> None:
    plain = msgspec.structs.replace(ALPHA, model_defaults=ModelFacts(reasoning=False))
    for reasoning in (Reasoning(), Reasoning(is_adaptive=True), Reasoning(summary="auto"), Reasoning(is_off=True)):
        body, encoded = sent(Conversation(turns=(HI,), reasoning=reasoning), plain)
        assert (body.keys() & {"include", "reasoning"}, encoded.notes) == (set(), ())
    assert sent(Conversation(turns=(HI,), reasoning=Reasoning(effort="low")), plain)[1].notes == ("reasoning effort left out",)


def test_what_was_learned_or_is_known_not_to_be_taken_is_left_out() -> None:
    asked = Conversation(turns=(HI,), sampling=Sampling(temperature=0.5, top_p=0.5), verbosity="low", service_tier="auto")
    quirks = Quirks(drop=("service_tier",), drop_for={"temperature": ("gpt-9",)}, drop_unless={"text": ("gpt-8",)})
    quirky = msgspec.structs.replace(ALPHA, quirks=quirks)
    body, encoded = sent(asked, quirky, drop=frozenset({"top_p", "input"}))
    assert set(body) == {"model", "input", "store", "include"}
    assert set(encoded.notes) == {f"{name} left out" for name in ("temperature", "top_p", "text", "service_tier")}


def test_reasoning_of_earlier_turns_is_left_out_once_it_could_not_be_opened() -> None:
    sealed = Turn(Role.ASSISTANT, (Thinking(signature="gAAAA", vendor=Vendor.OPENAI), Text("a")))
    asked = Conversation(turns=(HI, sealed, HI))
    assert [item["type"] for item in sent(asked)[0]["input"]] == ["message", "reasoning", "message", "message"]
    body, encoded = sent(asked, drop=frozenset({REPLAYED_REASONING}))
    assert [item["type"] for item in body["input"]] == ["message", "message", "message"]
    assert encoded.notes == ("reasoning of earlier turns left out",)


def test_histories_are_repaired() -> None:
    body, encoded = sent(Conversation(turns=(HI, Turn(Role.ASSISTANT, (ToolCall(id="c1", name="f", arguments="{}"),)))))
    assert [item["type"] for item in body["input"]] == ["message", "function_call", "function_call_output"]
    assert encoded.notes == ("a result made up for a tool call without one",)


def test_names_that_it_would_refuse_are_changed_and_restored() -> None:
    encoded = sent(Conversation(turns=(HI,), tools=(Tool(name="mcp.read", namespace="srv"),)))[1]
    (sent_as,) = encoded.names
    assert encoded.names == {sent_as: ToolName(name="mcp.read", namespace="srv")}
    item = {"type": "function_call", "call_id": "c1", "name": sent_as, "arguments": "{}"}
    done = event_reader(encoded, Quirks()).read(event(type="response.output_item.done", item=item))[-1]
    assert (done.name, done.namespace) == ("mcp.read", "srv")  # type: ignore[union-attr]


def test_whole_replies_are_read() -> None:
    body = b'{"object":"response","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}'
    assert Said("Hi") in read_whole(body, Encoded(b""), Quirks())
    assert read_whole(b'{"error":{"message":"no"}}', Encoded(b""), Quirks()) == [Broken({"message": "no"})]


# as the real ones would take it --------------------------------------------------------------------------------------------


@given(histories())
def test_whatever_is_asked_the_api_takes_it(asked: Conversation) -> None:
    body, _ = sent(asked)
    assert [refusal.body for refusal in refusals(body, OWN)] == []


# there and back ----------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "two words", "é\n", '"q"'])
SAID = st.builds(lambda text: Turn(Role.ASSISTANT, (Text(text),)), WORDS)
IMAGES = st.builds(Image, media_type=st.just("image/png"), data=st.just("QQ=="), detail=st.sampled_from(["", "low"]))
SEALS = st.builds(Thinking, text=WORDS, signature=st.just("gAAAA"), vendor=st.just(Vendor.OPENAI))
TURNS = st.lists(
    st.builds(lambda role, text: Turn(role, (Text(text),)), st.sampled_from([Role.USER, Role.SYSTEM, Role.DEVELOPER]), WORDS)
    | st.builds(lambda text, image: Turn(Role.USER, (Text(text), image)), WORDS, IMAGES)
    | st.builds(lambda text: Turn(Role.ASSISTANT, (Text(text),)), WORDS),
    min_size=1,
    max_size=4,
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """What Responses can carry."""
    turns = draw(TURNS)
    kind = draw(st.none() | st.sampled_from(CallKind))
    if kind is not None:
        call = ToolCall(id="c1", name="f", arguments='{"a":1}', kind=kind)
        thinking = draw(st.lists(SEALS, max_size=1))
        if turns[-1].role is Role.ASSISTANT:
            turns.append(HI)
        turns += [
            Turn(Role.ASSISTANT, (*thinking, call)),
            Turn(Role.TOOL, (ToolResult(call_id="c1", content=(Text("42"),), kind=kind),)),
        ]
    return Conversation(
        turns=tuple(turns),
        tools=draw(st.sampled_from([(), (Tool(name="f", schema=msgspec.Raw(b'{"type":"object"}'), strict=True),)])),
        max_tokens=draw(st.none() | st.integers(16, 99)),
        sampling=Sampling(temperature=draw(st.none() | st.just(0.5))),
        reasoning=Reasoning(effort=draw(st.sampled_from(["", "low"]))),
        format=draw(st.none() | st.just(OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=msgspec.Raw(b"{}")))),
        verbosity=draw(st.sampled_from(["", "low"])),
        prompt_cache_key=draw(st.sampled_from(["", "k"])),
    )


@given(conversations())
def test_a_conversation_that_responses_can_carry_comes_back_as_it_was(asked: Conversation) -> None:
    body = sent(asked)[1].body
    fields = read_fields(body)
    assert isinstance(fields, dict)
    decoded = read_request(fields, len(body))
    assert not hasattr(decoded, "message")
    assert conversation(decoded) == asked  # type: ignore[arg-type]
