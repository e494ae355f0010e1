"""Tools that calls are held to: which, and how many."""

from typing import Any

import msgspec
import pytest

from hrd.core.conversation import CallKind, Tool
from hrd.dialects.anthropic_strict import TOOLS_MAX, UNIONS_MAX, strict_schemas


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def tool(name: str, schema: dict[str, Any], **members: Any) -> Tool:
    return Tool(name=name, schema=msgspec.Raw(msgspec.json.encode(schema)), **({"strict": True} | members))


def test_closed_schemas_of_tools_that_ask_for_it_are_held_to() -> None:
    tools = [tool("a", closed(x={"type": "string", "pattern": "a+"})), tool("b", closed(), strict=None)]
    assert strict_schemas(tools) == {"a": closed(x={"type": "string", "description": '(pattern: "a+")'})}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"x": {"type": "string"}}},
        closed(x={"type": "object", "additionalProperties": {"type": "string"}}),
        closed(x={"type": "string"}) | {"required": []},
        {"type": "string"},
    ],
)
def test_what_is_open_or_optional_is_not(schema: dict[str, Any]) -> None:
    assert strict_schemas([tool("a", schema)]) == {}


def test_nor_is_what_has_no_schema() -> None:
    assert strict_schemas([tool("a", closed(), kind=CallKind.CUSTOM), Tool(name="b", strict=True)]) == {}


def test_of_very_many_the_first_are() -> None:
    held = strict_schemas([tool(f"t{number}", closed()) for number in range(TOOLS_MAX + 5)])
    assert [*held] == [f"t{number}" for number in range(TOOLS_MAX)]


def test_unions_are_counted_over_all() -> None:
    either = {"type": ["string", "null"]}
    half = closed(**{f"p{number}": either for number in range(UNIONS_MAX // 2)})
    one_more = closed(x={"anyOf": [{"type": "string"}, {"type": "null"}]})
    assert [*strict_schemas([tool("a", half), tool("b", half), tool("c", one_more), tool("d", closed())])] == ["a", "b"]
