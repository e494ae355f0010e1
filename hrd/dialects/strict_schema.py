"""Which JSON schemas OpenAI takes as strict: it refuses the others outright, where Anthropic keeps to them all the same.

Reference: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

_Unknown = msgspec.Raw | UnsetType


class _Schema(msgspec.Struct, gc=False):
    """What is looked at of one, and of all within it. What is of another shape is no schema that anybody takes."""

    type: str | list[str] | None = None
    properties: "dict[str, _Schema] | UnsetType" = UNSET
    required: list[str] = []
    additional: Any = msgspec.field(default=None, name="additionalProperties")
    items: "_Schema | UnsetType" = UNSET
    any_of: "list[_Schema]" = msgspec.field(default_factory=list, name="anyOf")
    defs: "dict[str, _Schema]" = msgspec.field(default_factory=dict, name="$defs")
    definitions: "dict[str, _Schema]" = {}
    all_of: _Unknown = msgspec.field(default=UNSET, name="allOf")
    one_of: _Unknown = msgspec.field(default=UNSET, name="oneOf")
    negated: _Unknown = msgspec.field(default=UNSET, name="not")
    condition: _Unknown = msgspec.field(default=UNSET, name="if")
    consequence: _Unknown = msgspec.field(default=UNSET, name="then")
    alternative: _Unknown = msgspec.field(default=UNSET, name="else")
    dependent_required: _Unknown = msgspec.field(default=UNSET, name="dependentRequired")
    dependent_schemas: _Unknown = msgspec.field(default=UNSET, name="dependentSchemas")
    pattern_properties: _Unknown = msgspec.field(default=UNSET, name="patternProperties")


_SCHEMA: Final = msgspec.json.Decoder(_Schema)


def is_strict(schema: msgspec.Raw) -> bool:
    """Whether *schema* is an object, closed and with nothing optional in it, at every depth."""
    try:
        root = _SCHEMA.decode(schema)
        return root.type == "object" and _is_strict(root)
    except (ValueError, RecursionError):
        return False


def _is_strict(schema: _Schema) -> bool:
    if _has_refused(schema) or not _is_closed(schema):
        return False
    within = [*schema.any_of, *schema.defs.values(), *schema.definitions.values()]
    if schema.properties is not UNSET:
        within += schema.properties.values()
    if schema.items is not UNSET:
        within.append(schema.items)
    return all(map(_is_strict, within))


def _has_refused(schema: _Schema) -> bool:
    refused = (
        *(schema.all_of, schema.one_of, schema.negated, schema.condition, schema.consequence, schema.alternative),
        *(schema.dependent_required, schema.dependent_schemas, schema.pattern_properties),
    )
    return any(each is not UNSET for each in refused)


def _is_closed(schema: _Schema) -> bool:
    kinds = [schema.type] if isinstance(schema.type, str) else schema.type or ()
    if "object" not in kinds and schema.properties is UNSET:
        return True
    names = schema.properties if schema.properties is not UNSET else ()
    return schema.additional is False and set(names) == set(schema.required)
