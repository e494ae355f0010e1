"""JSON schemas as `output_config.format` takes them.

Objects must be closed, so that what has members of any name cannot be told there (`has_open_objects`); others are closed here.
Constraints on values are refused; those go into the description, where the model reads them
(https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs, on JSON Schema limitations).
"""

from typing import Any, Final

import msgspec

_ALONE: Final = "$ref"
_KEPT: Final = frozenset({"type", "enum", "const", "title", "default", "required", "additionalProperties"})
_FORMATS: Final = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_OF_SCHEMAS: Final = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_BY_NAME: Final = {"properties": "properties", "$defs": "$defs", "definitions": "definitions"}
_OPEN: Final = b'"additionalProperties"'
_DROPPED: Final = frozenset({"$schema", "$id"})


def has_open_objects(schema: msgspec.Raw) -> bool:
    """Whether *schema* asks for objects whose members may have any name."""
    try:
        return bytes(schema).find(_OPEN) >= 0 and _is_open(msgspec.json.decode(schema))
    except (ValueError, RecursionError):
        return False


def _is_open(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_is_open, schema))
    if not isinstance(schema, dict):
        return False
    within = [schema.get(name) for name in ("items", *_OF_SCHEMAS)]
    within += [each for name in _BY_NAME if isinstance(named := schema.get(name), dict) for each in named.values()]
    return schema.get("additionalProperties", False) is not False or any(map(_is_open, within))


def output_schema(schema: msgspec.Raw, about: str = "") -> Any:
    """*schema* as the API takes it; as it stands if it is no object. *about*: what is said of it as a whole, which has no other
    place here."""
    try:
        adapted = _adapted(msgspec.json.decode(schema))
    except (ValueError, RecursionError):
        return schema
    if about and isinstance(adapted, dict) and _ALONE not in adapted:
        adapted["description"] = " ".join([about, adapted.get("description", "")]).rstrip()
    return adapted


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
