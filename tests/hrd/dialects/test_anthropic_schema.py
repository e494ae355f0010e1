"""Schemas as structured outputs take them."""

from typing import Any

import msgspec
import pytest

from hrd.dialects.anthropic_schema import has_open_objects, output_schema


def adapted(schema: Any) -> Any:
    return output_schema(msgspec.Raw(msgspec.json.encode(schema)))


def test_objects_are_closed_however_deep() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "string"}}}
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": inner}}, "$defs": {"d": inner}}
    closed = inner | {"additionalProperties": False}
    assert adapted(schema) == {
        "type": "object",
        "properties": {"a": {"type": "array", "items": closed}},
        "$defs": {"d": closed},
        "additionalProperties": False,
    }


def test_constraints_that_are_refused_become_words() -> None:
    schema = {"type": "integer", "description": "Age", "minimum": 1, "maximum": 10}
    assert adapted(schema) == {"type": "integer", "description": "Age (minimum: 1; maximum: 10)"}
    assert adapted({"type": "string", "pattern": "a+"}) == {"type": "string", "description": '(pattern: "a+")'}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, {"anyOf": [{"type": "null"}, {"type": "string"}]}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "string", "format": "phone"}, {"type": "string", "description": '(format: "phone")'}),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        ({"type": "array", "minItems": 3}, {"type": "array", "description": "(minItems: 3)"}),
        ({"$ref": "#/$defs/d", "minimum": 1}, {"$ref": "#/$defs/d"}),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "const": 1}, {"const": 1}),
        ({"enum": ["a", None], "title": "T", "default": "a"}, {"enum": ["a", None], "title": "T", "default": "a"}),
        (True, True),
    ],
)
def test_what_else_is_changed(schema: Any, wanted: Any) -> None:
    assert adapted(schema) == wanted


def test_what_is_said_of_the_whole_is_said_in_its_description() -> None:
    assert output_schema(msgspec.Raw(b'{"type":"string"}'), "A name.") == {"type": "string", "description": "A name."}
    described = msgspec.Raw(b'{"type":"string","description":"Short.","minLength":1}')
    assert output_schema(described, "A name.")["description"] == "A name. Short. (minLength: 1)"
    assert output_schema(msgspec.Raw(b'{"$ref":"#/$defs/a"}'), "A name.") == {"$ref": "#/$defs/a"}
    assert output_schema(msgspec.Raw(b"true"), "A name.") is True


MAP = {"type": "object", "additionalProperties": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "is_so"),
    [
        (MAP, True),
        ({"type": "object", "additionalProperties": True}, True),
        ({"type": "object", "properties": {"a": {"type": "array", "items": MAP}}}, True),
        ({"$defs": {"a": {"anyOf": [{"type": "null"}, MAP]}}, "$ref": "#/$defs/a"}, True),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, False),
        ({"type": "object", "properties": {"additionalProperties": {"type": "string"}}, "additionalProperties": False}, False),
        ({"type": "object", "properties": 5, "anyOf": 5, "items": None, "additionalProperties": False}, False),
        (["additionalProperties"], False),
    ],
)
def test_objects_whose_members_may_have_any_name(schema: Any, is_so: bool) -> None:
    assert has_open_objects(msgspec.Raw(msgspec.json.encode(schema))) is is_so


def test_what_is_no_json_stays() -> None:
    assert not has_open_objects(msgspec.Raw(b'{"additionalProperties"'))
    assert output_schema(msgspec.Raw(b"{")) == msgspec.Raw(b"{")
