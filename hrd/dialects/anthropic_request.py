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
    FormatKind,
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
)
from hrd.core.refusals import Refusal
from hrd.dialects.anthropic_asked import (
    BlockAsked,
    Body,
    ChoiceAsked,
    Content,
    FormatAsked,
    MessageAsked,
    MessageSpelled,
    OutputConfig,
    SourceAsked,
    ThinkingAsked,
    ToolAsked,
    Typed,
)
from hrd.dialects.anthropic_carried import call_signature, taken_back
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL, refuse, refuse_shape

DIALECT: Final = "anthropic_messages"
_BILLING: Final = "x-anthropic-billing-header:"
"""How the first system block of Claude Code begins: bookkeeping with Anthropic that changes, and would spoil others' caches."""
_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_NOT_MISSED: Final = frozenset({"model", "stream", "metadata", "messages"})
"""Members that decoding has read, or that speak of the client."""


_BLOCK = msgspec.json.Decoder(BlockAsked)
_BLOCKS = msgspec.json.Decoder(str | list[BlockAsked] | None)
_TYPED = msgspec.json.Decoder(Typed)
_CONTENT = msgspec.json.Decoder(Content)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_SPELLED = msgspec.json.Decoder(list[MessageSpelled])
_READ: Final = frozenset(Body.__struct_fields__)
_DECODERS: Final = {field.name: msgspec.json.Decoder(field.type) for field in msgspec.structs.fields(Body)}


def conversation_of(fields: Fields) -> Conversation | Refusal:
    """The conversation that the members of a request spell, or what is wrong with it."""
    members: dict[str, object] = {}
    for name in _READ & fields.keys():
        try:
            members[name] = _read_member(name, fields[name])
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


def _read_member(name: str, raw: msgspec.Raw) -> object:
    """A member's value. Blocks that we do not know may have any shape: then they are read one by one."""
    try:
        return _DECODERS[name].decode(raw)
    except msgspec.ValidationError as error:
        try:
            if name == "messages":
                return [MessageAsked(message.role, _read_content(message.content)) for message in _SPELLED.decode(raw)]
            if name == "system":
                return _read_content(raw)
        except msgspec.ValidationError:
            pass  # the first error says where
        raise error from None


def _read_content(raw: msgspec.Raw) -> Content:
    try:
        content: Content = _CONTENT.decode(raw)
    except msgspec.ValidationError:
        content = [_read_block(each) for each in _RAWS.decode(raw)]
    return content


def _read_block(raw: msgspec.Raw) -> BlockAsked:
    kind = _TYPED.decode(raw).type
    return _BLOCK.decode(raw) if kind in TRANSLATED else BlockAsked(type=kind)


class _Reading:
    """One request while it is read."""

    def __init__(self, body: Body, fields: Fields, extras: Fields) -> None:
        self._body = body
        self._fields = fields
        self._extras = extras
        self._names: dict[str, str] = {}
        """Call id → the tool that was called."""
        self._raws: list[msgspec.Raw] = []
        """The messages as they are spelled, once they are needed."""

    def conversation(self) -> Conversation:
        body = self._body
        turns = [*self._system(body.system), *self._turns()]
        tools, provider_tools = _tools(body.tools or (), self._fields)
        choice, config = body.tool_choice, body.output_config or OutputConfig()
        return Conversation(
            turns=tuple(turns),
            tools=tools,
            provider_tools=provider_tools,
            tool_choice=_tool_choice(choice) if choice is not None else None,
            parallel_calls=False if choice is not None and choice.disable_parallel_tool_use else None,
            max_tokens=body.max_tokens,
            stop=tuple(body.stop_sequences or ()),
            sampling=Sampling(temperature=body.temperature, top_p=body.top_p, top_k=body.top_k),
            format=_format(config.format or body.output_format),
            reasoning=_reasoning(body.thinking, config.effort or ""),
            service_tier=body.service_tier or "",
            cache_control=_unless_null(body.cache_control),
            extras=self._extras,
        )

    def _system(self, system: Content) -> Iterable[Turn]:
        read = self._parts(system, self._fields["system"]) if system is not None else ()
        parts = tuple([part for part in read if not self._is_bookkeeping(part)])
        return (Turn(Role.SYSTEM, parts),) if parts else ()

    def _is_bookkeeping(self, part: Part) -> bool:
        if not isinstance(part, Text) or not part.text.startswith(_BILLING):
            return False
        self._extras["system text of billing"] = ABSENT
        return True

    def _turns(self) -> list[Turn]:
        """The messages as turns: results of tools stand in one of their own, before what the user says with them."""
        turns: list[Turn] = []
        tool, assistant = Role.TOOL, Role.ASSISTANT
        for place, message in enumerate(self._body.messages):
            role = _ROLES.get(message.role)
            if role is None:
                raise msgspec.ValidationError(f"there is no role {message.role!r} in the Messages API")
            parts = self._parts(message.content, place)
            if role is assistant:
                turns.append(Turn(role, tuple(_with_call_signatures(parts))))
            elif len(parts) == 1 and type(parts[0]) is ToolResult:
                turns.append(Turn(tool, (parts[0],)))
            else:
                results = tuple([part for part in parts if type(part) is ToolResult])
                others = tuple([part for part in parts if type(part) is not ToolResult]) if results else tuple(parts)
                if results:
                    turns.append(Turn(tool, results))
                if others or not results:
                    turns.append(Turn(role, others))
        return turns

    def _parts(self, content: Content, spelled: msgspec.Raw | int) -> Sequence[Part]:
        """What *content* holds. *spelled*: how it was, or the place of its message."""
        if content is None:
            return ()
        if isinstance(content, str):
            return (Text(content),)
        if len(content) == 1 and (lone := self._part(content[0])) is not None:  # as it mostly is
            return (lone,)
        parts = [part for block in content if (part := self._part(block)) is not None]
        return parts if len(parts) == len(content) else self._with_foreign(content, spelled)

    def _with_foreign(self, content: Sequence[BlockAsked], spelled: msgspec.Raw | int) -> Sequence[Part]:
        """The same, if there are blocks in it that only this API knows."""
        if isinstance(spelled, int):
            if not self._raws:
                self._raws = [message.content for message in _SPELLED.decode(self._fields["messages"])]
            spelled = self._raws[spelled]
        return [
            self._part(block) or Foreign(dialect=DIALECT, type=block.type, raw=raw)
            for block, raw in zip(content, _RAWS.decode(spelled), strict=True)
        ]

    def _part(self, block: BlockAsked) -> Part | None:
        """None for a block that only this API knows."""
        match block.type:
            case "text":
                return Text(block.text or "", _unless_null(block.cache_control))
            case "tool_use":
                self._names[block.id or ""] = block.name or ""
                arguments = bytes(block.input).decode()
                return ToolCall(
                    id=block.id or "",
                    name=block.name or "",
                    arguments="{}" if arguments == "null" else arguments,
                    cache_control=_unless_null(block.cache_control),
                )
            case "tool_result":
                return self._result(block)
            case "image" if isinstance(source := block.source, SourceAsked) and not source.file_id:
                return Image(
                    url=source.url or "",
                    media_type=source.media_type or "",
                    data=source.data or "",
                    cache_control=_unless_null(block.cache_control),
                )
            case "document" if isinstance(source := block.source, SourceAsked) and _is_carried(source):
                return _document(block, source, _unless_null(block.cache_control))
            case "search_result" if _is_text_alone(found := _BLOCKS.decode(block.content)):
                place = block.source if isinstance(block.source, str) else ""
                text = f"{place}\n{_joined(found)}".strip()
                return Document(text=text, title=block.title or "", cache_control=_unless_null(block.cache_control))
            case "thinking":
                return taken_back(block.thinking or "", block.signature or "")
            case "redacted_thinking":
                return Thinking(signature=block.data or "", vendor=Vendor.ANTHROPIC, is_redacted=True)
        return None

    def _result(self, block: BlockAsked) -> ToolResult:
        content = _read_content(block.content)
        parts = (Text(content),) if isinstance(content, str) else self._parts(content, block.content)
        call_id = block.tool_use_id or ""
        return ToolResult(
            call_id=call_id,
            content=tuple([_as_content(part) for part in parts]),
            is_error=bool(block.is_error),
            name=self._names.get(call_id, ""),
            cache_control=_unless_null(block.cache_control),
        )


TRANSLATED: Final = frozenset(
    {"text", "image", "document", "search_result", "thinking", "redacted_thinking", "tool_use", "tool_result"}
)
"""Blocks that the hub has words for."""
HARMLESS: Final = frozenset({"server_tool_use", "mcp_tool_use", "fallback"})
"""Blocks without which a request still asks the same: what the provider did, and will not be told again."""


def _document(block: BlockAsked, source: SourceAsked, cache_control: msgspec.Raw) -> Document:
    is_text = source.type in ("text", "content")
    content = _joined(source.content)
    return Document(
        url=source.url or "",
        media_type=source.media_type or "",
        data="" if is_text else source.data or "",
        text=(source.data or content) if is_text else "",
        title=block.title or "",
        cache_control=cache_control,
    )


def _is_carried(source: SourceAsked) -> bool:
    """Whether others can have it: not if it lies with Anthropic, or holds more than text."""
    return not source.file_id and _is_text_alone(source.content)


def _is_text_alone(content: str | list[BlockAsked] | None) -> bool:
    return not isinstance(content, list) or all(block.type == "text" for block in content)


def _joined(content: str | list[BlockAsked] | None) -> str:
    return "\n\n".join(block.text or "" for block in content) if isinstance(content, list) else content or ""


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
        if tool.type not in (None, "custom"):
            raw = _RAWS.decode(fields["tools"])[place]
            provider_tools.append(ProviderTool(dialect=DIALECT, type=tool.type or "", raw=raw))
            continue
        tools.append(
            Tool(
                name=tool.name or "",
                description=tool.description or "",
                schema=_unless_null(tool.input_schema),
                strict=tool.strict,
                cache_control=_unless_null(tool.cache_control),
            )
        )
    return tuple(tools), tuple(provider_tools)


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
    return OutputFormat(kind=FormatKind.JSON_SCHEMA, name=format_.name or "", schema=format_.schema, strict=True)


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
