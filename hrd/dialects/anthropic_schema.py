"""JSON schemas as `output_config.format` takes them.

Objects must be closed, and constraints on values are refused; those go into the description, where the model reads them
(https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs, on JSON Schema limitations).
"""

from typing import Any, Final

import msgspec

_ALONE: Final = "$ref"
_KEPT: Final = frozenset({"type", "enum", "const", "title", "default", "required", "additionalProperties"})
_FORMATS: Final = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_OF_SCHEMAS: Final = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_BY_NAME: Final = {"properties": "properties", "$defs": "$defs", "definitions": "definitions"}
_DROPPED: Final = frozenset({"$schema", "$id"})


def output_schema(schema: msgspec.Raw) -> Any:
    """*schema* as the API takes it; as it stands if it is no object."""
    try:
        return _adapted(msgspec.json.decode(schema))
    except (ValueError, RecursionError):
        return schema


def _adapted(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    adapted: dict[str, Any] = {}
    told: list[str] = []
    for name, value in schema.items():
        if name in _OF_SCHEMAS and isinstance(value, list):
            adapted[_OF_SCHEMAS[name]] = [_adapted(each) for each in value]
        elif name in _BY_NAME and isinstance(value, dict):
            adapted[name] = {key: _adapted(each) for key, each in value.items()}
        elif name == "items":
            adapted[name] = _adapted(value)
        elif name in _KEPT or name == _ALONE or (name == "format" and value in _FORMATS) or _is_taken(name, value):
            adapted[name] = value
        elif name not in _DROPPED and name != "description":
            told.append(f"{name}: {msgspec.json.encode(value).decode()}")
    if adapted.get("type") == "object" or "properties" in adapted:
        adapted["additionalProperties"] = False
    description = [text for text in (schema.get("description"), f"({'; '.join(told)})" if told else "") if text]
    if description and _ALONE not in adapted:
        adapted["description"] = " ".join(map(str, description))
    return adapted


def _is_taken(name: str, value: Any) -> bool:
    return name == "minItems" and value in (0, 1)
