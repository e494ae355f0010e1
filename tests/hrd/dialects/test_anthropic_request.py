"""Messages requests in the hub's words."""

from typing import Any

import msgspec
import pytest

from hrd.core.conversation import (
    Choosing,
    Document,
    Foreign,
    FormatKind,
    Image,
    OutputFormat,
    Part,
    Reasoning,
    Role,
    Sampling,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.core.refusals import Refusal
from hrd.dialects.anthropic_hub import conversation
from tests.hrd.dialects.anthropic import CACHED, FUNCTION, HI, conversed, request

PLAIN = {"type": "text", "data": "so"}
MARK = msgspec.Raw(b'{"type":"ephemeral"}')


def parts(*blocks: dict[str, Any], role: str = "user") -> tuple[Part, ...]:
    [turn] = conversed({"role": role, "content": blocks}).turns
    return turn.parts


def test_system_is_the_first_turn_and_those_between_messages_stay_where_they_stand() -> None:
    read = conversed(HI, {"role": "system", "content": "be brief"}, {"role": "assistant", "content": "ok"}, system="be kind")
    assert read.turns == (
        Turn(Role.SYSTEM, (Text("be kind"),)),
        Turn(Role.USER, (Text("hi"),)),
        Turn(Role.SYSTEM, (Text("be brief"),)),
        Turn(Role.ASSISTANT, (Text("ok"),)),
    )


@pytest.mark.parametrize("role", ["user", "system"])
@pytest.mark.parametrize("kind", ["thinking", "redacted_thinking", "tool_use"])
def test_what_the_assistant_alone_can_say_is_refused_of_others(role: str, kind: str) -> None:
    refusal = conversation(request({"role": role, "content": [{"type": "text", "text": "hi"}, {"type": kind}]}, HI))
    assert isinstance(refusal, Refusal)
    assert refusal.message == (
        "messages is not as it must be: thinking and calls of tools stand in messages of the assistant's alone."
    )
    assert isinstance(conversation(request(HI, system=[{"type": kind}])), Refusal)


def test_bookkeeping_of_claude_code_is_no_system_text() -> None:
    billing = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197;"}
    read = conversed(system=[billing, {"type": "text", "text": "be kind", "cache_control": CACHED}])
    assert read.turns[0] == Turn(Role.SYSTEM, (Text("be kind", MARK),))
    assert list(read.extras) == ["system text of billing"]


def test_results_of_tools_stand_in_a_turn_of_their_own_before_what_the_user_says() -> None:
    called = {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1.50}}]}
    result = {"type": "tool_result", "tool_use_id": "1", "content": "7", "is_error": True, "cache_control": CACHED}
    read = conversed(HI, called, {"role": "user", "content": [{"type": "text", "text": "and?"}, result]})
    assert read.turns[1:] == (
        Turn(Role.ASSISTANT, (ToolCall(id="1", name="f", arguments='{"a":1.5}'),)),
        Turn(Role.TOOL, (ToolResult(call_id="1", content=(Text("7"),), is_error=True, name="f", cache_control=MARK),)),
        Turn(Role.USER, (Text("and?"),)),
    )


def test_a_result_holds_pictures_files_and_what_can_only_be_read() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    found = {"type": "search_result", "source": "u", "title": "t", "content": [{"type": "text", "text": "so"}]}
    tool = {"type": "tool_reference", "tool_name": "f"}
    [result] = parts({"type": "tool_result", "tool_use_id": "1", "content": [image, found, tool]})
    assert isinstance(result, ToolResult)
    assert result.content == (
        Image(media_type="image/png", data="AAAA"),
        Document(text="u\nso", title="t"),
        Text(msgspec.json.encode(tool).decode()),
    )
    [empty] = parts({"type": "tool_result", "tool_use_id": "1"})
    assert empty == ToolResult(call_id="1")


def test_pictures_and_documents_of_every_kind() -> None:
    assert parts(
        {"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "a.pdf"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "text"}},
        {"type": "document", "source": {"type": "content", "content": "text"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": x} for x in "ab"]}},
        {"type": "document", "source": {"type": "url", "url": "https://example.test/a.pdf"}},
    ) == (
        Image(url="https://example.test/a.png"),
        Document(media_type="application/pdf", data="JVBE", title="a.pdf"),
        Document(media_type="text/plain", text="text"),
        Document(text="text"),
        Document(text="a\n\nb"),
        Document(url="https://example.test/a.pdf"),
    )


def test_thinking_is_its_vendors() -> None:
    assert parts(
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "thinking", "thinking": "hm", "signature": "gAAAAAB"},
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "redacted_thinking", "data": "blob"},
        role="assistant",
    ) == (
        Thinking(text="hm", signature="EqQB", vendor=Vendor.ANTHROPIC),
        Thinking(text="hm", signature="gAAAAAB", vendor=Vendor.OPENAI),
        Thinking(text="hm"),
        Thinking(signature="blob", vendor=Vendor.ANTHROPIC, is_redacted=True),
    )


def test_a_thought_signature_goes_back_onto_its_call() -> None:
    assert parts(
        {"type": "thinking", "thinking": "", "signature": "hermes:gemini:call_1:c2ln"},
        {"type": "tool_use", "id": "call_1", "name": "f", "input": {}},
        {"type": "tool_use", "id": "call_2", "name": "f", "input": None},
        role="assistant",
    ) == (
        ToolCall(id="call_1", name="f", arguments="{}", signature="c2ln"),
        ToolCall(id="call_2", name="f", arguments="{}"),
    )


def test_blocks_that_only_this_api_knows_are_kept_as_spelled() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": {"type": "url"}}]}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "of_some_day", "source": {"type": 7}, "text": [1]},
    ]
    assert parts(*blocks) == tuple(
        Foreign(dialect="anthropic_messages", type=block["type"], raw=msgspec.Raw(msgspec.json.encode(block)))
        for block in blocks
    )


def test_content_may_be_null_or_empty() -> None:
    assert conversed({"role": "user", "content": None}, {"role": "assistant", "content": []}).turns == (
        Turn(Role.USER, ()),
        Turn(Role.ASSISTANT, ()),
    )


def test_tools_of_the_client_and_of_the_provider() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    schema = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": False}
    own = FUNCTION | {"type": "custom", "cache_control": CACHED, "strict": True, "input_schema": schema}
    read = conversed(tools=[own, search])
    [tool], [provided] = read.tools, read.provider_tools
    assert (tool.name, tool.description, tool.strict, tool.cache_control) == ("f", "d", True, MARK)
    assert msgspec.json.decode(tool.schema) == schema
    assert (provided.type, msgspec.json.decode(provided.raw)) == ("web_search_20250305", search)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ({"type": "auto"}, ToolChoice(Choosing.AUTO)),
        ({"type": "any"}, ToolChoice(Choosing.REQUIRED)),
        ({"type": "tool", "name": "f"}, ToolChoice(Choosing.ONE, "f")),
        ({"type": "none"}, ToolChoice(Choosing.NONE)),
    ],
)
def test_tool_choices(choice: dict[str, Any], wanted: ToolChoice) -> None:
    assert conversed(tools=[FUNCTION], tool_choice=choice).tool_choice == wanted


def test_parallel_calls_may_be_forbidden() -> None:
    assert conversed(tool_choice={"type": "auto", "disable_parallel_tool_use": True}).parallel_calls is False
    assert conversed(tool_choice={"type": "auto"}).parallel_calls is None


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, Reasoning(budget_tokens=2048)),
        ({"thinking": {"type": "disabled"}}, Reasoning(is_off=True)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "xhigh"}},
            Reasoning(is_adaptive=True, effort="xhigh"),
        ),
        ({"output_config": {"effort": "low"}}, Reasoning(effort="low")),
        ({}, Reasoning()),
    ],
)
def test_how_much_to_think(members: dict[str, Any], wanted: Reasoning) -> None:
    assert conversed(**members).reasoning == wanted


def test_all_other_options() -> None:
    read = conversed(stop_sequences=["END"], temperature=0.5, top_p=0.9, top_k=40, service_tier="auto", cache_control=CACHED)
    assert read.sampling == Sampling(temperature=0.5, top_p=0.9, top_k=40)
    assert (read.stop, read.max_tokens, read.service_tier, read.cache_control) == (("END",), 100, "auto", MARK)
    closed = msgspec.Raw(b'{"type":"object","additionalProperties":false}')
    wanted = OutputFormat(kind=FormatKind.JSON_SCHEMA, schema=closed, strict=True)
    schema = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
    assert conversed(output_config={"format": schema}).format == conversed(output_format=schema).format == wanted
    assert conversed(output_config={"format": schema}).extras == {}


@pytest.mark.parametrize("members", [{}, {"schema": None}])
def test_a_form_without_a_schema_is_any_object(members: dict[str, Any]) -> None:
    read = conversed(output_config={"format": {"type": "json_schema", **members}})
    assert read.format == OutputFormat(kind=FormatKind.JSON_OBJECT)


def test_a_schema_that_openai_refuses_as_strict_is_not_called_so() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    read = conversed(
        output_config={"format": {"type": "json_schema", "schema": schema}},
        tools=[{"name": "f", "input_schema": schema, "strict": True}, {"type": "bash_20250124", "name": "bash"}],
    )
    assert read.format is not None
    assert (read.format.strict, read.tools[0].strict) == (None, None)
    assert set(read.extras) == {
        "strictness of a format whose schema OpenAI would refuse as strict",
        "tools[].strict of schemas that OpenAI would refuse",
    }


@pytest.mark.parametrize("kind", ["document", "search_result"])
def test_places_that_a_reply_is_to_name_are_named_as_left_out(kind: str) -> None:
    block = {"type": kind, "source": PLAIN if kind == "document" else "a"}
    for citations, named in (({"enabled": True}, ["citations of documents"]), ({"enabled": False}, []), (None, [])):
        assert list(conversed({"role": "user", "content": [block | {"citations": citations}]}).extras) == named


def test_what_a_client_says_of_a_document_is_said_before_it() -> None:
    read = parts({"type": "document", "title": "a", "context": "From 1984.", "source": {"type": "text", "data": "so"}})
    assert read == (Text("From 1984."), Document(text="so", title="a"))
    result = {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "document", "context": "c", "source": PLAIN}]}
    assert parts(result) == (ToolResult(call_id="1", content=(Text("c"), Document(text="so"))),)


def test_examples_of_a_tool_are_named_as_left_out() -> None:
    read = conversed(tools=[FUNCTION | {"input_examples": [{"a": 1}]}, FUNCTION | {"name": "g", "input_examples": None}])
    assert list(read.extras) == ["tools[].input_examples"]


def test_what_nothing_here_reads_is_named() -> None:
    read = conversed(metadata={"user_id": "u"}, context_management={"edits": []}, container=None, mcp_servers=[])
    assert sorted(read.extras) == ["context_management", "mcp_servers"]


@pytest.mark.parametrize(
    ("members", "param", "message"),
    [
        ({"temperature": "hot"}, "temperature", "temperature is not as it must be"),
        ({"max_tokens": -5}, "max_tokens", "max_tokens is -5"),
        ({"max_tokens": 0}, "max_tokens", "max_tokens is 0"),
        ({"tools": [{"name": 7}]}, "tools[0].name", "tools[0].name is not as it must be"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages", "there is no role 'tool' in the Messages API"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0]", "required field `type`"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]}, "messages[0].content[0].text", "`str"),
        ({"system": [{"type": "text", "text": 7}]}, "system[0].text", "`str"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "messages[0].content is not as it must be"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(members: dict[str, Any], param: str, message: str) -> None:
    refusal = conversation(request(**({"messages": [HI]} | members)))
    assert isinstance(refusal, Refusal)
    assert (refusal.param, refusal.http_status) == (param, 400)
    assert message in refusal.message
