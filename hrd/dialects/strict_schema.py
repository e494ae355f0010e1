"""Which JSON schemas OpenAI takes as strict: it refuses the others outright, where Anthropic keeps to them all the same.

Reference: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from typing import Any, Final

import msgspec

_REFUSED: Final = frozenset(
    {"allOf", "dependentRequired", "dependentSchemas", "else", "if", "not", "oneOf", "patternProperties", "then"}
)
_OF_SCHEMAS: Final = ("anyOf",)
_BY_NAME: Final = ("properties", "$defs", "definitions")


def is_strict(schema: msgspec.Raw) -> bool:
    """Whether *schema* is an object, closed and with nothing optional in it, at every depth."""
    try:
        root = msgspec.json.decode(schema)
        return isinstance(root, dict) and root.get("type") == "object" and _is_strict(root)
    except (ValueError, RecursionError):
        return False


def _is_strict(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if not _REFUSED.isdisjoint(schema) or not _is_closed(schema):
        return False
    within = [each for name in _BY_NAME for each in _values(schema.get(name))]
    within += [each for name in _OF_SCHEMAS for each in schema.get(name, ())]
    if "items" in schema:
        within.append(schema["items"])
    return all(map(_is_strict, within))


def _is_closed(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    is_object = kinds == "object" or (isinstance(kinds, list) and "object" in kinds) or "properties" in schema
    if not is_object:
        return True
    required = schema.get("required")
    names = schema.get("properties") or {}
    return (
        schema.get("additionalProperties") is False and isinstance(required or [], list) and set(names) == set(required or [])
    )


def _values(schemas: Any) -> list[Any]:
    return list(schemas.values()) if isinstance(schemas, dict) else []
