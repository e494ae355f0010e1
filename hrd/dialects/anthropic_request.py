"""Requests of the Messages API, read into the hub's conversation.

What is read has the types that the API gives it; a request with others is refused by name. Blocks that only this API knows, and
members that nothing here reads, are kept as they are spelled and named.
Reference: https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from hrd.core.conversation import (
    ABSENT,
    Choosing,
    Conversation,
    Document,
    Foreign,
    Image,
    OutputFormat,
    Part,
    ProviderTool,
    Reasoning,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
    format_by,
)
from hrd.core.refusals import Refusal
from hrd.dialects.anthropic_asked import (
    NOTHING,
    Base64Asked,
    BlockAsked,
    Body,
    ChoiceAsked,
    Content,
    ContentAsked,
    DocumentAsked,
    FormatAsked,
    FoundAsked,
    ImageAsked,
    OtherBlock,
    OutputConfig,
    PlainAsked,
    RedactedAsked,
    ResultAsked,
    TextAsked,
    ThinkingAsked,
    ThinkingBlockAsked,
    ToolAsked,
    UrlAsked,
    UseAsked,
    is_cited,
    read_content,
    read_messages,
)
from hrd.dialects.anthropic_carried import call_signature, taken_back
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL, refuse, refuse_shape
from hrd.dialects.strict_schema import is_strict

DIALECT: Final = "anthropic_messages"
_BILLING: Final = "x-anthropic-billing-header:"
"""How the first system block of Claude Code begins: bookkeeping with Anthropic that changes, and would spoil others' caches."""
_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_TOOL: Final = Role.TOOL
_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_NOT_MISSED: Final = frozenset({"model", "stream", "metadata", "messages"})
"""Members that decoding has read, or that speak of the client."""


_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_READ: Final = frozenset(Body.__struct_fields__)
_READERS: Final = {field.name: msgspec.json.Decoder(field.type).decode for field in msgspec.structs.fields(Body)} | {
    "messages": read_messages,
    "system": read_content,
}


def conversation_of(fields: Fields) -> Conversation | Refusal:
    """The conversation that the members of a request spell, or what is wrong with it."""
    members: dict[str, object] = {}
    for name in _READ & fields.keys():
        try:
            members[name] = _READERS[name](fields[name])
        except (ValueError, RecursionError) as error:
            return refuse_shape(name, error)
    if not members.get("messages"):
        return refuse("messages is missing, or empty.", "messages")
    limit = members.get("max_tokens")
    if isinstance(limit, int) and limit < 1:
        return refuse(f"max_tokens is {limit}: a reply has at least one token.", "max_tokens")
    extras = {name: raw for name, raw in fields.items() if name not in _READ and name not in _NOT_MISSED and bytes(raw) != NULL}
    try:
        return _Reading(Body(**members), fields, extras).conversation()  # type: ignore[arg-type]  # each was decoded as its field's type
    except (ValueError, RecursionError) as error:
        return refuse_shape("messages", error)


class _Reading:
    """One request while it is read."""

    def __init__(self, body: Body, fields: Fields, extras: Fields) -> None:
        self._body = body
        self._fields = fields
        self._extras = extras
        self._names: dict[str, str] = {}
        """Call id → the tool that was called."""

    def conversation(self) -> Conversation:
        body = self._body
        turns = [*self._system(body.system), *self._turns()]
        tools, provider_tools = _tools(body.tools or (), self._fields)
        if any(asked.strict and not tool.strict for asked, tool in zip(_own(body.tools), tools, strict=True)):
            self._extras["tools[].strict of schemas that OpenAI would refuse"] = ABSENT
        if any(tool.input_examples is not NOTHING and bytes(tool.input_examples) != NULL for tool in body.tools or ()):
            self._extras["tools[].input_examples"] = ABSENT
        choice, config = body.tool_choice, body.output_config or OutputConfig()
        format_ = _format(config.format or body.output_format)
        if format_ is not None and format_.schema and not format_.strict:
            self._extras["strictness of a format whose schema OpenAI would refuse as strict"] = ABSENT
        return Conversation(
            turns=tuple(turns),
            tools=tools,
            provider_tools=provider_tools,
            tool_choice=_tool_choice(choice) if choice is not None else None,
            parallel_calls=False if choice is not None and choice.disable_parallel_tool_use else None,
            max_tokens=body.max_tokens,
            stop=tuple(body.stop_sequences or ()),
            sampling=Sampling(temperature=body.temperature, top_p=body.top_p, top_k=body.top_k),
            format=format_,
            reasoning=_reasoning(body.thinking, config.effort or ""),
            service_tier=body.service_tier or "",
            cache_control=_unless_null(body.cache_control),
            extras=self._extras,
        )

    def _system(self, system: Content) -> Iterable[Turn]:
        parts = tuple([part for part in self._parts(system) if not self._is_bookkeeping(part)])
        _want_in_place(parts)
        return (Turn(Role.SYSTEM, parts),) if parts else ()

    def _is_bookkeeping(self, part: Part) -> bool:
        if not isinstance(part, Text) or not part.text.startswith(_BILLING):
            return False
        self._extras["system text of billing"] = ABSENT
        return True

    def _turns(self) -> list[Turn]:
        """The messages as turns: results of tools stand in one of their own, before what the user says with them."""
        turns: list[Turn] = []
        for message in self._body.messages:
            role = _ROLES.get(message.role)
            if role is None:
                raise msgspec.ValidationError(f"there is no role {message.role!r} in the Messages API")
            content = message.content
            if isinstance(content, str):
                turns.append(Turn(role, (Text(content),)))
                continue
            said: list[Part] = []
            results: list[Part] = []
            for block in content or ():
                if type(block) is DocumentAsked and block.context:
                    said.append(Text(block.context))
                part = self._part(block)
                (results if type(part) is ToolResult else said).append(part)
            if results:
                turns.append(Turn(_TOOL, tuple(results)))
            if role is not _ASSISTANT:
                _want_in_place(said)
            if said or not results:
                turns.append(Turn(role, tuple(said if role is not _ASSISTANT else _with_call_signatures(said))))
        return turns

    def _parts(self, content: Content) -> Sequence[Part]:
        if isinstance(content, str):
            return (Text(content),)
        if not content:
            return ()
        parts: list[Part] = []
        for block in content:
            if type(block) is DocumentAsked and block.context:
                parts.append(Text(block.context))
            parts.append(self._part(block))
        return parts

    def _part(self, block: BlockAsked) -> Part:
        if type(block) is TextAsked:
            return Text(block.text or "", _unless_null(block.cache_control) if block.cache_control else ABSENT)
        if type(block) is UseAsked:
            return self._call(block)
        if type(block) is ResultAsked:
            return self._result(block)
        match block:
            case ImageAsked():
                return _image(block)
            case DocumentAsked():
                self._note_citations(block)
                return _document(block)
            case FoundAsked():
                self._note_citations(block)
                text = f"{block.source or ''}\n{_joined(block.content)}".strip()
                return Document(text=text, title=block.title or "", cache_control=_unless_null(block.cache_control))
            case ThinkingBlockAsked():
                return taken_back(block.thinking or "", block.signature or "")
            case RedactedAsked():
                return Thinking(signature=block.data or "", vendor=Vendor.ANTHROPIC, is_redacted=True)
            case OtherBlock():
                return Foreign(dialect=DIALECT, type=block.kind, raw=block.raw)
            case TextAsked() | UseAsked() | ResultAsked():
                raise AssertionError("read above, as most are")

    def _note_citations(self, block: DocumentAsked | FoundAsked) -> None:
        if is_cited(block):
            self._extras["citations of documents"] = ABSENT

    def _call(self, block: UseAsked) -> ToolCall:
        call_id, name, arguments = block.id or "", block.name or "", bytes(block.input)
        self._names[call_id] = name
        return ToolCall(
            id=call_id,
            name=name,
            arguments="{}" if arguments == NULL else arguments.decode(),
            cache_control=_unless_null(block.cache_control) if block.cache_control else ABSENT,
        )

    def _result(self, block: ResultAsked) -> ToolResult:
        call_id, said = block.tool_use_id or "", block.content
        return ToolResult(
            call_id=call_id,
            content=(Text(said),) if type(said) is str else tuple([_as_content(part) for part in self._parts(said)]),
            is_error=bool(block.is_error),
            name=self._names.get(call_id, ""),
            cache_control=_unless_null(block.cache_control) if block.cache_control else ABSENT,
        )


_OF_ASSISTANT: Final = frozenset({Thinking, ToolCall})


def _want_in_place(said: Sequence[Part]) -> None:
    """Refuse what others than the assistant cannot say."""
    if not _OF_ASSISTANT.isdisjoint(map(type, said)):
        raise msgspec.ValidationError("thinking and calls of tools stand in messages of the assistant's alone")


HARMLESS: Final = frozenset({"server_tool_use", "mcp_tool_use", "fallback"})
"""Blocks without which a request still asks the same: what the provider did, and will not be told again."""


def _image(block: ImageAsked) -> Image:
    source, mark = block.source, _unless_null(block.cache_control)
    if isinstance(source, UrlAsked):
        return Image(url=source.url, cache_control=mark)
    return Image(media_type=source.media_type, data=source.data, cache_control=mark)


def _document(block: DocumentAsked) -> Document:
    title, mark = block.title or "", _unless_null(block.cache_control)
    match block.source:
        case UrlAsked(url=url):
            return Document(url=url, title=title, cache_control=mark)
        case ContentAsked(content=content):
            return Document(text=_joined(content), title=title, cache_control=mark)
        case PlainAsked(data=text, media_type=media_type):
            return Document(media_type=media_type, text=text, title=title, cache_control=mark)
        case Base64Asked(data=data, media_type=media_type):
            return Document(media_type=media_type, data=data, title=title, cache_control=mark)


def _joined(content: str | Sequence[TextAsked] | None) -> str:
    return content or "" if content is None or isinstance(content, str) else "\n\n".join(block.text or "" for block in content)


def _as_content(part: Part) -> Text | Image | Document:
    """What a tool's result holds; of blocks that only this API knows, their spelling, which a model can read."""
    if isinstance(part, Text | Image | Document):
        return part
    return Text(bytes(part.raw).decode() if isinstance(part, Foreign) else "")


def _with_call_signatures(parts: Sequence[Part]) -> Sequence[Part]:
    """Gemini's signatures, taken off the blocks that carried them and put on their calls."""
    for part in parts:
        if type(part) is Thinking:
            break
    else:
        return parts
    signatures: dict[str, str] = {}
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Thinking) and (of_call := call_signature(part)) is not None:
            signatures[of_call[0]] = of_call[1]
        elif isinstance(part, ToolCall) and part.id in signatures:
            kept.append(msgspec.structs.replace(part, signature=signatures[part.id]))
        else:
            kept.append(part)
    return kept


def _tools(asked: Sequence[ToolAsked], fields: Fields) -> tuple[tuple[Tool, ...], tuple[ProviderTool, ...]]:
    tools: list[Tool] = []
    provider_tools: list[ProviderTool] = []
    for place, tool in enumerate(asked):
        if not _is_own(tool):
            raw = _RAWS.decode(fields["tools"])[place]
            provider_tools.append(ProviderTool(dialect=DIALECT, type=tool.type or "", raw=raw))
            continue
        tools.append(
            Tool(
                name=tool.name or "",
                description=tool.description or "",
                schema=_unless_null(tool.input_schema),
                strict=tool.strict and (is_strict(tool.input_schema) or None),
                cache_control=_unless_null(tool.cache_control),
            )
        )
    return tuple(tools), tuple(provider_tools)


def _own(asked: Sequence[ToolAsked] | None) -> Sequence[ToolAsked]:
    return [tool for tool in asked or () if _is_own(tool)]


def _is_own(tool: ToolAsked) -> bool:
    """Whether the client runs it."""
    return tool.type in (None, "custom")


def _tool_choice(choice: ChoiceAsked) -> ToolChoice:
    match choice.type:
        case "any":
            return ToolChoice(Choosing.REQUIRED)
        case "tool":
            return ToolChoice(Choosing.ONE, choice.name or "")
        case "none":
            return ToolChoice(Choosing.NONE)
        case _:
            return ToolChoice(Choosing.AUTO)


def _format(format_: FormatAsked | None) -> OutputFormat | None:
    if format_ is None or format_.type != "json_schema":
        return None
    return format_by(format_.schema, name=format_.name or "", strict=is_strict(format_.schema) or None)


def _reasoning(thinking: ThinkingAsked | None, effort: str) -> Reasoning:
    if thinking is None:
        return Reasoning(effort=effort)
    return Reasoning(
        effort=effort,
        budget_tokens=thinking.budget_tokens if thinking.type == "enabled" else None,
        is_adaptive=thinking.type == "adaptive",
        is_off=thinking.type == "disabled",
    )


def _unless_null(raw: msgspec.Raw) -> msgspec.Raw:
    return ABSENT if raw is not ABSENT and bytes(raw) == NULL else raw
