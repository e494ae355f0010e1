"""Which schemas OpenAI takes as strict."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hrd.dialects.strict_schema import is_strict
from tests.hrd.dialects.chat import JSON

TEXT = {"type": "string"}


def closed(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        {"type": "object", "additionalProperties": False},
        closed(a=TEXT, b=closed(c={"type": ["string", "null"]})),
        closed(a={"type": "array", "items": closed(b=TEXT)}, c={"anyOf": [closed(d=TEXT), {"type": "null"}]}),
        closed(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": closed(b=TEXT)}},
    ],
)
def test_what_is_closed_and_has_nothing_optional_is_strict(schema: object) -> None:
    assert is_strict(msgspec.Raw(json.dumps(schema).encode()))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
        closed(a=TEXT) | {"required": []},
        closed(a=TEXT) | {"required": "a"},
        closed(a={"type": "object"}),
        closed(a={"type": "array", "items": {"type": "object"}}),
        closed(a={"anyOf": [{"properties": {"b": TEXT}}]}),
        closed(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"type": "object"}}},
        closed(a={"allOf": [TEXT]}),
        closed(a=True),
        {"type": "array", "items": TEXT},
        {"anyOf": [closed(a=TEXT)]},
        {},
        True,
        None,
    ],
)
def test_all_others_are_not(schema: object) -> None:
    assert not is_strict(msgspec.Raw(json.dumps(schema).encode()))


@given(JSON, st.sampled_from(["type", "properties", "required", "items", "anyOf", "$defs", "definitions"]))
@example(5, "properties")
@example([["a"]], "properties")
@example([{}], "required")
@example(5, "anyOf")
@example({"a": TEXT}, "anyOf")
def test_whatever_stands_in_a_member_is_judged(value: object, name: str) -> None:
    assert is_strict(msgspec.Raw(json.dumps(closed(a=TEXT) | {name: value}).encode())) in (True, False)


def test_what_is_too_deep_is_not_strict() -> None:
    assert not is_strict(msgspec.Raw(b"[" * 5000))
    assert not is_strict(msgspec.Raw(b'{"type":"object","items":' * 5000))
