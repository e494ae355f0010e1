"""Tools whose calls Anthropic's models are to hold to the schema: the same that structured output can be told, and as few of
them as are taken in one request (https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs, on complexity; what
others met: langchain4j 5128 for tools, genkit 5230 for optional members, bugbug 6129 for unions)."""

from collections.abc import Iterable
from typing import Any, Final

from hrd.core.conversation import CallKind, Tool
from hrd.dialects.anthropic_schema import output_schema
from hrd.dialects.strict_schema import is_strict

TOOLS_MAX: Final = 20
UNIONS_MAX: Final = 16
"""Of several types, or of any of several schemas, over all of them. Optional members are counted there as well, of which strict
schemas of OpenAI's have none: others are not held to."""


def strict_schemas(tools: Iterable[Tool]) -> dict[str, Any]:
    """The schemas to send, by the names of those of *tools* that ask for it and can be held to."""
    held: dict[str, Any] = {}
    unions = 0
    for tool in tools:
        if not tool.strict or tool.kind is CallKind.CUSTOM or tool.name in held or not is_strict(tool.schema):
            continue
        schema = output_schema(tool.schema)
        unions += _unions_in(schema)
        if len(held) == TOOLS_MAX or unions > UNIONS_MAX:
            break
        held[tool.name] = schema
    return held


def _unions_in(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(map(_unions_in, schema))
    if not isinstance(schema, dict):
        return 0
    is_one = isinstance(schema.get("type"), list) or isinstance(schema.get("anyOf"), list)
    return is_one + sum(map(_unions_in, schema.values()))
