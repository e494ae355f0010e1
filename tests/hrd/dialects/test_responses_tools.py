"""Tools, choices and formats in Responses' words, both ways."""

import msgspec
import pytest

from hrd.core.conversation import CallKind, Choosing, FormatKind, OutputFormat, ProviderTool, Tool, ToolChoice, format_by
from hrd.core.refusals import Refusal
from hrd.dialects.responses_tools import read_choice, read_format, read_tools, write_choice, write_format, write_tool

SCHEMA = msgspec.Raw(b'{"type":"object","properties":{"a":{}}}')


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def test_own_tools_with_those_of_a_namespace_and_the_providers() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "x"}
    tools = [
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
        {"type": "custom", "name": "patch", "format": grammar},
        {"type": "namespace", "name": "crm", "description": "Customers", "tools": [{"type": "function", "name": "find"}, {}]},
        {"type": "web_search"},
    ]
    assert read_tools(raw(tools)) == (
        [
            Tool(name="f", description="d", schema=SCHEMA, strict=True),
            Tool(name="patch", kind=CallKind.CUSTOM, format=raw(grammar)),
            Tool(name="find", namespace="crm", description="(About all tools of crm: Customers)"),
        ],
        [ProviderTool(dialect="openai_responses", type="web_search", raw=msgspec.Raw(b'{"type":"web_search"}'))],
    )


def test_what_is_said_of_a_namespace_is_told_with_the_first_of_its_tools() -> None:
    inner = [{"type": "function", "name": name, "description": f"{name} one"} for name in ("find", "add")]
    group = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": inner}
    read = read_tools(raw([group, {**group, "description": ""}, {**group, "tools": []}]))
    assert not isinstance(read, Refusal)
    told = ["(About all tools of crm: Customers.)\n\nfind one", "add one", "find one", "add one"]
    assert [tool.description for tool in read[0]] == told


def test_no_tools() -> None:
    assert read_tools(raw(None)) == ([], [])


@pytest.mark.parametrize(
    ("tools", "param"),
    [([{"type": "function"}], "tools[0].name"), ([5], "tools[0]"), ([{"type": "function", "name": 5}], "tools[0].name")],
)
def test_tools_that_cannot_be_meant(tools: object, param: str) -> None:
    refusal = read_tools(raw(tools))
    assert isinstance(refusal, Refusal)
    assert refusal.param == param


@pytest.mark.parametrize(
    ("spelled", "choice"),
    [
        ("auto", ToolChoice(Choosing.AUTO)),
        ("none", ToolChoice(Choosing.NONE)),
        ("required", ToolChoice(Choosing.REQUIRED)),
        ({"type": "function", "name": "f"}, ToolChoice(Choosing.ONE, "f")),
        ({"type": "custom", "name": "patch"}, ToolChoice(Choosing.ONE, "patch")),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]},
            ToolChoice(Choosing.REQUIRED, allowed=("f",)),
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}, None),
        ({"type": "web_search_preview"}, None),
        (None, None),
    ],
)
def test_choices(spelled: object, choice: ToolChoice | None) -> None:
    assert read_choice(raw(spelled)) == choice


@pytest.mark.parametrize("spelled", ["sometimes", 5, {"type": 5}])
def test_choices_that_cannot_be_meant(spelled: object) -> None:
    refusal = read_choice(raw(spelled))
    assert isinstance(refusal, Refusal)
    assert (refusal.param or "").startswith("tool_choice")


def test_formats() -> None:
    form = OutputFormat(kind=FormatKind.JSON_SCHEMA, name="n", description="d", schema=SCHEMA, strict=True)
    assert read_format(raw(write_format(form))) == form
    assert read_format(raw(write_format(OutputFormat(kind=FormatKind.JSON_OBJECT)))) == OutputFormat(
        kind=FormatKind.JSON_OBJECT
    )
    assert read_format(raw({"type": "text"})) is None
    assert write_format(format_by(SCHEMA)) == {"type": "json_schema", "name": "reply", "schema": SCHEMA}


@pytest.mark.parametrize("members", [{}, {"schema": None}, {"schema": None, "name": "n", "strict": True}])
def test_a_form_without_a_schema_is_any_object(members: dict[str, object]) -> None:
    assert read_format(raw({"type": "json_schema", **members})) == OutputFormat(kind=FormatKind.JSON_OBJECT)


def test_tools_are_written_flat_and_not_strict_unless_they_say_so() -> None:
    assert write_tool(Tool(name="f", description="d", schema=SCHEMA)) == {
        "type": "function",
        "name": "f",
        "description": "d",
        "parameters": SCHEMA,
        "strict": False,
    }
    assert write_tool(Tool(name="f", strict=True))["strict"] is True
    assert write_tool(Tool(name="f", namespace="crm"))["name"] == "crm__f"
    assert write_tool(Tool(name="p", kind=CallKind.CUSTOM, format=raw({"type": "text"}))) == {
        "type": "custom",
        "name": "p",
        "format": raw({"type": "text"}),
    }
    assert write_tool(Tool(name="p", kind=CallKind.CUSTOM)) == {"type": "custom", "name": "p"}


def test_choices_are_written_by_what_the_tools_are() -> None:
    tools = (Tool(name="f"), Tool(name="p", kind=CallKind.CUSTOM), Tool(name="find", namespace="crm"))
    assert write_choice(ToolChoice(Choosing.REQUIRED), tools) == "required"
    assert write_choice(ToolChoice(Choosing.ONE, "p"), tools) == {"type": "custom", "name": "p"}
    assert write_choice(ToolChoice(Choosing.ONE, "gone"), tools) is None
    assert write_choice(ToolChoice(Choosing.AUTO, allowed=("f", "find", "gone")), tools) == {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "crm__find"}],
    }
    assert write_choice(ToolChoice(Choosing.AUTO, allowed=("gone",)), tools) == "auto"
