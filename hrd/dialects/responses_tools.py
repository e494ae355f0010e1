"""Tools, the choice among them and the form of the output, as Responses spells them, both ways.

Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hrd.core.conversation import (
    ABSENT,
    CallKind,
    Choosing,
    FormatKind,
    OutputFormat,
    ProviderTool,
    Tool,
    ToolChoice,
    format_by,
)
from hrd.core.refusals import Refusal
from hrd.dialects.fields import refuse, refuse_shape
from hrd.dialects.responses_items import DIALECT
from hrd.dialects.tool_names import sent_name

_MODES: Final = {mode.value: mode for mode in (Choosing.AUTO, Choosing.NONE, Choosing.REQUIRED)}


class _Tool(msgspec.Struct, gc=False):
    type: str = ""
    name: str | None = None
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None
    format: msgspec.Raw = ABSENT
    tools: list["_Tool"] | None = None


class _Choice(msgspec.Struct, gc=False):
    type: str = ""
    name: str | None = None
    mode: str | None = None
    tools: list[dict[str, Any]] | None = None


class _Format(msgspec.Struct, gc=False):
    type: str = "text"
    name: str | None = None
    description: str | None = None
    schema: msgspec.Raw = ABSENT
    strict: bool | None = None


_TOOLS: Final = msgspec.json.Decoder(list[_Tool] | None)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_CHOICE: Final = msgspec.json.Decoder(str | _Choice | None)


def read_tools(spelled: msgspec.Raw, name: str = "tools") -> tuple[list[Tool], list[ProviderTool]] | Refusal:
    """The client's own tools, and those that a provider runs itself."""
    try:
        tools = _TOOLS.decode(spelled)
    except (ValueError, RecursionError) as error:
        return refuse_shape(name, error)
    own: list[Tool] = []
    foreign: list[ProviderTool] = []
    for place, tool in enumerate(tools or ()):
        if tool.type == "namespace":
            own += _of_namespace(tool)
        elif tool.type in ("function", "custom"):
            read = _own_tool(tool, "")
            if read is None:
                return refuse(f"{name}[{place}].name is missing.", f"{name}[{place}].name")
            own.append(read)
        else:
            foreign.append(ProviderTool(dialect=DIALECT, type=tool.type, raw=_RAWS.decode(spelled)[place]))
    return own, foreign


def _of_namespace(group: _Tool) -> list[Tool]:
    """The tools of a namespace. Who knows none is told with the first of them what is said of all."""
    tools = [tool for each in group.tools or () if (tool := _own_tool(each, group.name or "")) is not None]
    if tools and group.description:
        told = f"(About all tools of {group.name}: {group.description})\n\n{tools[0].description}".rstrip()
        tools[0] = msgspec.structs.replace(tools[0], description=told)
    return tools


def _own_tool(tool: _Tool, namespace: str) -> Tool | None:
    if not tool.name:
        return None
    is_custom = tool.type == "custom"
    return Tool(
        name=tool.name,
        description=tool.description or "",
        schema=ABSENT if is_custom else _unless_null(tool.parameters),
        strict=None if is_custom else tool.strict,
        kind=CallKind.CUSTOM if is_custom else CallKind.FUNCTION,
        format=_unless_null(tool.format) if is_custom else ABSENT,
        namespace=namespace,
    )


def read_choice(spelled: msgspec.Raw) -> ToolChoice | Refusal | None:
    """What the client says of calling tools; None if it says nothing that others than OpenAI's own tools understand."""
    try:
        choice = _CHOICE.decode(spelled)
    except (ValueError, RecursionError) as error:
        return refuse_shape("tool_choice", error)
    if isinstance(choice, str):
        if choice not in _MODES:
            return refuse(f"tool_choice is none of {', '.join(_MODES)}.", "tool_choice")
        return ToolChoice(_MODES[choice])
    if choice is None:
        return None
    if choice.type == "allowed_tools":
        names = tuple(name for tool in choice.tools or () if isinstance(name := tool.get("name"), str))
        return ToolChoice(_MODES.get(choice.mode or "", Choosing.AUTO), allowed=names) if names else None
    if choice.type in ("function", "custom") and choice.name:
        return ToolChoice(Choosing.ONE, choice.name)
    return None


def read_format(spelled: msgspec.Raw) -> OutputFormat | None:
    """What `text.format` asks for; None is plain text. Raises what msgspec raises."""
    form = msgspec.json.decode(spelled, type=_Format)
    if form.type == "json_schema":
        return format_by(form.schema, name=form.name or "", description=form.description or "", strict=form.strict)
    return OutputFormat(kind=FormatKind.JSON_OBJECT) if form.type == "json_object" else None


def _unless_null(raw: msgspec.Raw) -> msgspec.Raw:
    return ABSENT if bytes(raw) == b"null" else raw


# the other way ----------------------------------------------------------------------------------------------------------------


_NO_PARAMETERS: Final = msgspec.Raw(b'{"type":"object","properties":{}}')


def write_tool(tool: Tool) -> dict[str, object]:
    """*tool* as Responses takes it. What a tool leaves open is not to be strict: Responses would make it so where it can."""
    spelled: dict[str, object] = {"type": tool.kind.value, "name": sent_name(tool.name, tool.namespace)}
    if tool.description:
        spelled["description"] = tool.description
    if tool.kind is CallKind.CUSTOM:
        if tool.format:
            spelled["format"] = tool.format
        return spelled
    spelled["parameters"] = tool.schema or _NO_PARAMETERS
    spelled["strict"] = bool(tool.strict)
    return spelled


def write_choice(choice: ToolChoice, tools: Iterable[Tool]) -> object:
    """*choice* among *tools* as Responses takes it; None if it names one that is not there, which Responses refuses."""
    if choice.mode is not Choosing.ONE and not choice.allowed:
        return choice.mode.value
    named = {tool.name: {"type": tool.kind.value, "name": sent_name(tool.name, tool.namespace)} for tool in tools}
    if choice.mode is Choosing.ONE:
        return named.get(choice.name)
    allowed = [named[name] for name in choice.allowed if name in named]
    return {"type": "allowed_tools", "mode": choice.mode.value, "tools": allowed} if allowed else choice.mode.value


def write_format(form: OutputFormat) -> dict[str, object]:
    """*form* as `text.format`."""
    if form.kind is FormatKind.JSON_OBJECT:
        return {"type": "json_object"}
    spelled: dict[str, object] = {"type": "json_schema", "name": form.name or "reply"}
    if form.description:
        spelled["description"] = form.description
    spelled["schema"] = form.schema
    if form.strict is not None:
        spelled["strict"] = form.strict
    return spelled
