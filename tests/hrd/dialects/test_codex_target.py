"""Conversations as the ChatGPT subscription's backend takes them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from hrd.core.conversation import (
    CallKind,
    Choosing,
    Conversation,
    Document,
    Foreign,
    FormatKind,
    OutputFormat,
    Reasoning,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
    Vendor,
)
from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import ModelFacts, Provider, Quirks
from hrd.core.reply_events import Broken, Finish, Finished, PlanSeen, Started
from hrd.core.reply_events import Text as Said
from hrd.dialects.codex_target import ALLOWED, INSTRUCTIONS, encode, event_reader, read_whole
from hrd.dialects.contract import Encoded
from tests.hrd.dialects.histories import histories
from tests.hrd.dialects.responses import event, message, spell
from tests.upstreams.asked import Asked
from tests.upstreams.codex import Codex as BackendOfCodex

CODEX = Provider(
    name="codex",
    base_url="http://codex.test/backend-api/codex",
    dialect="codex",
    model_defaults=ModelFacts(reasoning=True),
    quirks=Quirks(efforts=("low", "medium", "high", "xhigh")),
)
HI = Turn(Role.USER, (Text("hi"),))


def sent(asked: Conversation, *, drop: frozenset[str] = frozenset()) -> tuple[dict[str, Any], Encoded]:
    encoded = encode(asked, CODEX, "gpt-9", drop=drop, stream=False)
    return msgspec.json.decode(encoded.body), encoded


def test_a_plain_question_has_all_that_the_backend_demands() -> None:
    body, encoded = sent(Conversation(turns=(HI,)))
    assert body == {
        "model": "gpt-9",
        "instructions": INSTRUCTIONS,
        "input": [message("hi")],
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": body["prompt_cache_key"],
    }
    assert encoded.notes == ()


def test_whatever_is_asked_no_member_is_sent_that_it_refuses() -> None:
    asked = Conversation(
        turns=(Turn(Role.SYSTEM, (Text("Be brief."),)), HI, Turn(Role.SYSTEM, (Text("Now."),))),
        tools=(Tool(name="f" * 70), Tool(name="patch", kind=CallKind.CUSTOM)),
        tool_choice=ToolChoice(Choosing.AUTO),
        parallel_calls=True,
        max_tokens=100,
        stop=("END",),
        sampling=Sampling(temperature=0.5, top_p=0.5, top_k=3, seed=1, logprobs=True, top_logprobs=2, n=2),
        format=OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", schema=msgspec.Raw(b"{}"), strict=True),
        reasoning=Reasoning(effort="max"),
        verbosity="high",
        service_tier="flex",
        prompt_cache_key="k",
    )
    body, encoded = sent(asked)
    assert set(body) <= ALLOWED
    assert body["instructions"] == "Be brief."
    assert [item["role"] for item in body["input"]] == ["user", "developer"]
    assert body["reasoning"] == {"effort": "xhigh", "summary": "auto"}
    assert body["text"] == {
        "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True},
        "verbosity": "high",
    }
    assert [len(tool["name"]) <= 64 for tool in body["tools"]] == [True, True]
    assert body["prompt_cache_key"] == "k"
    assert not encoded.is_limited
    assert set(encoded.notes) == {
        "system messages sent as developer messages",
        *(f"{name} left out" for name in ("max_tokens", "temperature", "top_p", "logprobs", "service_tier")),
        *(f"{name} left out" for name in ("stop", "top_k", "seed", "n")),
    }


def test_a_summary_of_its_thoughts_is_asked_for_unless_it_is_not_to_think() -> None:
    takes_none = msgspec.structs.replace(CODEX, quirks=Quirks(efforts=("none", "low")))

    def asked(**reasoning: str) -> object:
        encoded = encode(
            Conversation(turns=(HI,), reasoning=Reasoning(**reasoning)), takes_none, "gpt-5.5", drop=frozenset(), stream=True
        )
        return msgspec.json.decode(encoded.body).get("reasoning")

    assert asked(effort="low") == {"effort": "low", "summary": "auto"}
    assert asked(effort="low", summary="detailed") == {"effort": "low", "summary": "detailed"}
    assert asked(effort="none") == {"effort": "none"}
    assert asked() is None


def test_priority_is_the_one_tier_that_it_knows() -> None:
    assert sent(Conversation(turns=(HI,), service_tier="priority"))[0]["service_tier"] == "priority"


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.DEVELOPER])
def test_who_speaks_first_gives_the_instructions(role: Role) -> None:
    body, _ = sent(Conversation(turns=(Turn(role, (Text("Be brief."),)), HI)))
    assert (body["instructions"], body["input"]) == ("Be brief.", [message("hi")])


def test_a_system_message_alone_is_what_is_asked() -> None:
    body, _ = sent(Conversation(turns=(Turn(Role.SYSTEM, (Text("Speak."),)),)))
    assert (body["instructions"], body["input"]) == (INSTRUCTIONS, [message("Speak.", "developer")])


def test_the_conversation_has_the_same_name_as_it_goes_on() -> None:
    more = (HI, Turn(Role.ASSISTANT, (Text("Hello"),)), Turn(Role.USER, (Text("go"),)))
    first, later = sent(Conversation(turns=(HI,)))[0], sent(Conversation(turns=more))[0]
    assert first["prompt_cache_key"] == later["prompt_cache_key"]
    assert len(first["prompt_cache_key"]) == 36
    assert first["prompt_cache_key"] != sent(Conversation(turns=more[2:]))[0]["prompt_cache_key"]


def test_sealed_reasoning_goes_back_to_it_until_it_could_not_be_opened() -> None:
    said = Turn(Role.ASSISTANT, (Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI), Text("a")))
    asked = Conversation(turns=(HI, said, HI))
    assert sent(asked)[0]["input"][1]["encrypted_content"] == "gAAAA"
    assert [item["type"] for item in sent(asked, drop=frozenset({REPLAYED_REASONING}))[0]["input"]] == ["message"] * 3


def test_of_other_items_it_takes_those_of_its_own_tools() -> None:
    kinds = ("web_search_call", "mcp_call", "item_reference")
    foreign = [
        Foreign(dialect="openai_responses", type=kind, raw=msgspec.Raw(msgspec.json.encode({"type": kind}))) for kind in kinds
    ]
    url = Document(url="https://e.org/a.pdf")
    body, encoded = sent(Conversation(turns=(Turn(Role.USER, (url,)), Turn(Role.ASSISTANT, tuple(foreign)), HI)))
    assert [item["type"] for item in body["input"]] == ["message", "web_search_call", "message"]
    assert encoded.notes == ("a document's URL sent as text", "mcp_call left out", "item_reference left out")


def test_orphans_are_repaired() -> None:
    call = Turn(Role.ASSISTANT, (ToolCall(id="c1", name="f", arguments="{}"),))
    assert [item["type"] for item in sent(Conversation(turns=(HI, call, HI)))[0]["input"]] == [
        *("message", "function_call", "function_call_output", "message")
    ]


@given(histories())
def test_whatever_is_asked_the_backend_takes_it(asked: Conversation) -> None:
    body = sent(asked)[1].body
    headers = [("authorization", "Bearer t"), ("chatgpt-account-id", "a"), ("accept", "text/event-stream")]
    request = Asked("POST", "/responses", (*headers, ("content-type", "application/json")), body, 0.0, 1)
    assert BackendOfCodex({"t": "a"}.get).refusal(request) is None


STREAM = spell(
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-9"}},
    {"type": "codex.rate_limits", "rate_limits": {}},
    {"type": "response.output_item.done", "output_index": 0, "item": message("Hi", "assistant")},
    {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": []}},
)


def test_a_whole_reply_is_read_from_a_stream() -> None:
    assert read_whole(STREAM, Encoded(b""), Quirks()) == [
        *(Started("resp_1", "gpt-9"), PlanSeen(msgspec.Raw(b"{}")), Said("Hi"), Finished(Finish.STOP))
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"detail":"Store must be set to false"}', "Store must be set to false"),
        (
            spell({"type": "error", "error": {"message": "The usage limit has been reached"}}),
            "The usage limit has been reached",
        ),
    ],
)
def test_a_refusal_comes_in_either_shape(body: bytes, said: str) -> None:
    assert read_whole(body, Encoded(b""), Quirks()) == [Broken({"message": said})]


def test_streams_are_read_as_those_of_responses() -> None:
    reader = event_reader(Encoded(b""), Quirks())
    assert reader.read(event(type="response.output_text.delta", delta="a")) == (Said("a"),)
