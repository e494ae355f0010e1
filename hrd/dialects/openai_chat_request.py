"""A chat completion's request, read into a conversation: every shape that clients send (their docs and captures), and old ones.

Reasoning of earlier turns comes back as `reasoning_content`, or as OpenRouter's `reasoning_details`, whose `format` names the
vendor that can read what is sealed in them (https://openrouter.ai/docs/use-cases/reasoning-tokens).
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hrd.core.conversation import (
    ABSENT,
    Audio,
    CallKind,
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
    Refused,
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
from hrd.dialects.contract import Fields, Request
from hrd.dialects.data_urls import document_of, split_data_url
from hrd.dialects.fields import refuse, refuse_shape
from hrd.dialects.openai_chat_shapes import (
    SpelledCall,
    SpelledChoice,
    SpelledContent,
    SpelledDetail,
    SpelledFormat,
    SpelledFunction,
    SpelledFunctionTool,
    SpelledImageUrl,
    SpelledMessage,
    SpelledOptions,
    SpelledPart,
    SpelledReasoningOptions,
    SpelledTool,
)

DIALECT: Final = "openai_chat"
FORMATS: Final = {
    Vendor.ANTHROPIC: "anthropic-claude-v1",
    Vendor.OPENAI: "openai-responses-v1",
    Vendor.GEMINI: "google-gemini-v1",
}
"""How `reasoning_details` name the vendors."""
_VENDORS = {spelled: vendor for vendor, spelled in FORMATS.items()}
_CARRIED = frozenset(
    {"model", "messages", "stream", "stream_options", "tools", "functions", "tool_choice", "function_call"}
    | {"parallel_tool_calls", "max_tokens", "max_completion_tokens", "stop", "temperature", "top_p", "top_k", "seed", "n"}
    | {"frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "response_format"}
    | {"reasoning_effort", "reasoning", "verbosity", "service_tier", "prompt_cache_key"}
)
"""Members that the conversation has a place for."""


_MESSAGES = msgspec.json.Decoder(list[SpelledMessage])
_TOOLS = msgspec.json.Decoder(list[SpelledTool] | None)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_TOOLS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_RAW_CONTENT = msgspec.json.Decoder(SpelledContent)
_TYPE = msgspec.json.Decoder(SpelledPart)
_MEMBERS = msgspec.json.Decoder(Fields)
_FUNCTIONS = msgspec.json.Decoder(list[SpelledFunctionTool] | None)
_DETAILS = msgspec.json.Decoder(list[SpelledDetail] | None)
_NOTHING: Final = (b"", b"null", b"[]")
_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_TOOL: Final = Role.TOOL
_ROLES: Final = {role.value: role for role in Role} | {"function": _TOOL}


def read_conversation(request: Request) -> Conversation | Refusal:
    """*request* for the hub, or what is wrong with it."""
    fields = request.fields
    name = "messages"
    try:
        messages = _MESSAGES.decode(fields[name])
        turns = _turns(messages, fields[name])
        name = "tools"
        tools, provider_tools = _tools(fields)
        name = ""
        options = msgspec.json.decode(
            msgspec.json.encode({name: raw for name, raw in fields.items() if name not in ("messages", "tools", "functions")}),
            type=SpelledOptions,
        )
    except (ValueError, RecursionError) as error:
        return refuse_shape(name, error)
    if isinstance(turns, Refusal):
        return turns
    limit = options.max_completion_tokens or options.max_tokens
    if limit is not None and limit < 0:
        return refuse(f"max_tokens is {limit}: a reply has at least one token.", "max_tokens")
    return Conversation(
        turns=turns,
        tools=tools,
        provider_tools=provider_tools,
        tool_choice=_tool_choice(options.tool_choice if options.tool_choice is not None else options.function_call),
        parallel_calls=False if tools and "tools" not in fields else options.parallel_tool_calls,  # of functions, one a reply
        max_tokens=limit or None,
        stop=_stop(options.stop),
        sampling=_sampling(options),
        format=_format(options.response_format),
        reasoning=_reasoning(options),
        verbosity=options.verbosity or "",
        service_tier=options.service_tier or "",
        prompt_cache_key=options.prompt_cache_key or "",
        extras={key: raw for key, raw in fields.items() if key not in _CARRIED and bytes(raw) != b"null"} | _unsaid(messages),
    )


def _unsaid(messages: Iterable[SpelledMessage]) -> Fields:
    """What no turn has room for: pictures and sound of a model's own."""
    unsaid: Fields = {}
    for message in messages:
        if message.images is not ABSENT or message.audio is not ABSENT:
            spelled = {"messages[].images": message.images, "messages[].audio": message.audio}
            unsaid |= {name: raw for name, raw in spelled.items() if bytes(raw) not in _NOTHING}
    return unsaid


# turns -------------------------------------------------------------------------------------------------------------------


def _turns(messages: list[SpelledMessage], spelled: msgspec.Raw) -> tuple[Turn, ...] | Refusal:
    turns: list[Turn] = []
    for place, message in enumerate(messages):
        role = _ROLES.get(message.role)
        if role is None:
            return refuse(
                f"messages[{place}].role is {message.role[:40]!r}, which no dialect knows.", f"messages[{place}].role"
            )
        content = message.content
        if role is _TOOL:
            parts: tuple[Part, ...] = (_result(message, turns),)
        elif role is _ASSISTANT:
            parts = tuple(_assistant_parts(message, spelled, place))
        elif type(content) is str:
            parts = (Text(content),)
        else:
            parts = tuple(_said(message, spelled, place))
        turns.append(Turn(role, parts, message.name or ""))
    return tuple(turns)


def _said(message: SpelledMessage, spelled: msgspec.Raw, place: int) -> list[Part]:
    parts = _content(message.content)
    said = [part for part in parts if part is not None]
    return said if len(said) == len(parts) else _with_foreign(parts, spelled, place)


def _content(content: str | list[SpelledPart | str] | None) -> list[Part | None]:
    """The parts; None stands for one that only chat completions know."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [Text(part) if isinstance(part, str) else _part(part) for part in content]


def _with_foreign(parts: list[Part | None], spelled: msgspec.Raw, place: int) -> list[Part]:
    """*parts* of the message at *place*, with what was not read as it is spelled."""
    raws = _RAWS.decode(_RAW_CONTENT.decode(_RAWS.decode(spelled)[place]).content)
    kinds = [_TYPE.decode(raw).type if part is None else "" for part, raw in zip(parts, raws, strict=True)]
    return [part or Foreign(dialect=DIALECT, type=kind, raw=raw) for part, kind, raw in zip(parts, kinds, raws, strict=True)]


def _part(part: SpelledPart) -> Part | None:
    if part.image_url is not None:
        url = part.image_url if isinstance(part.image_url, SpelledImageUrl) else SpelledImageUrl(part.image_url)
        media_type, data = split_data_url(url.url)
        plain = "" if data else url.url
        return Image(url=plain, media_type=media_type, data=data, detail=url.detail or "", cache_control=part.cache_control)
    if part.file is not None:
        file = part.file
        if file.file_id:
            return Document(file_id=file.file_id, title=file.filename or "", cache_control=part.cache_control)
        return document_of(file.file_data or "", file.filename or "", part.cache_control)
    if part.input_audio is not None:
        return Audio(data=part.input_audio.data, format=part.input_audio.format)
    if part.refusal is not None:
        return Refused(part.refusal)
    return Text(part.text, part.cache_control) if part.text is not None else None


def _assistant_parts(message: SpelledMessage, spelled: msgspec.Raw, place: int) -> list[Part]:
    content, calls = message.content, message.tool_calls
    parts: list[Part] = [Text(content)] if type(content) is str else _said(message, spelled, place) if content else []
    if message.reasoning_content or message.reasoning or message.reasoning_details is not ABSENT:
        parts[:0] = _thinking(message)
    if message.refusal:
        parts.append(Refused(message.refusal))
    if calls:
        read = [_call(call, place, number) for number, call in enumerate(calls)]
        parts += [call for call in read if call is not None]
    if message.function_call is not None:
        parts.append(_function_call(message.function_call, f"call_{place}", ""))
    return parts


def _thinking(message: SpelledMessage) -> list[Thinking]:
    raw = message.reasoning_details
    if bytes(raw) not in (b"", b"null"):
        try:
            sealed = _sealed(_DETAILS.decode(raw) or [], raw)
        except (ValueError, RecursionError):
            sealed = []  # of a shape that its own vendor may read: nobody else can
        if sealed:
            return sealed
    text = message.reasoning_content or message.reasoning
    return [Thinking(text=text)] if text else []


def _sealed(details: list[SpelledDetail], raw: msgspec.Raw) -> list[Thinking]:
    """What `reasoning_details` hold, by whoever can read it; texts before a seal belong to it."""
    thinking: list[Thinking] = []
    texts: list[str] = []
    for detail in details:
        vendor = _VENDORS.get(detail.format or "", Vendor.OPENROUTER)
        if detail.text or detail.summary:
            texts.append(detail.text or detail.summary or "")
        if vendor is Vendor.OPENROUTER or not (detail.signature or detail.data):
            continue
        is_redacted = vendor is Vendor.ANTHROPIC and not detail.signature
        thinking.append(
            Thinking(
                text="" if is_redacted else "\n\n".join(texts),
                signature=detail.signature or detail.data or "",
                vendor=vendor,
                is_redacted=is_redacted,
            )
        )
        texts = [] if not is_redacted else texts
    if not thinking and details:
        return [Thinking(text="".join(texts), vendor=Vendor.OPENROUTER, details=raw)]
    return thinking


def _call(call: SpelledCall, place: int, number: int) -> ToolCall | None:
    call_id = call.id or f"call_{place}_{number}"
    function = call.function
    if function is not None:
        return _function_call(function, call_id, _signature(call.extra_content) if call.extra_content else "")
    custom = call.custom
    if custom is None:
        return None
    return ToolCall(id=call_id, name=custom.name, arguments=custom.input, kind=CallKind.CUSTOM)


def _signature(extra: dict[str, Any]) -> str:
    google = extra.get("google")
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) else ""


def _function_call(function: SpelledFunction, call_id: str, signature: str) -> ToolCall:
    arguments = function.arguments
    spelled = arguments if type(arguments) is str else msgspec.json.encode(arguments or {}).decode()
    return ToolCall(id=call_id, name=function.name or "", arguments=spelled or "{}", signature=signature)


def _result(message: SpelledMessage, before: list[Turn]) -> ToolResult:
    content, name = message.content, message.name or ""
    said: tuple[Text | Image | Document, ...]
    if type(content) is str:
        said = (Text(content),)
    else:
        said = tuple([part for part in _content(content) if isinstance(part, Text | Image | Document)])
    return ToolResult(call_id=message.tool_call_id or _last_call(before, name), content=said, name=name)


def _last_call(before: list[Turn], name: str) -> str:
    """Old results name their function and no call."""
    for turn in reversed(before):
        for part in reversed(turn.parts):
            if isinstance(part, ToolCall) and name in ("", part.name):
                return part.id
    return ""


# tools and options -------------------------------------------------------------------------------------------------------


def _tools(fields: Fields) -> tuple[tuple[Tool, ...], tuple[ProviderTool, ...]]:
    own: list[Tool] = []
    theirs: list[ProviderTool] = []
    if "tools" in fields:
        spelled = _RAW_TOOLS.decode(fields["tools"]) or []
        for raw, tool in zip(spelled, _TOOLS.decode(fields["tools"]) or [], strict=True):
            if tool.function is not None:
                own.append(_function_tool(tool.function, tool.cache_control))
            elif tool.custom is not None:
                custom = tool.custom
                own.append(
                    Tool(
                        name=custom.name,
                        description=custom.description or "",
                        kind=CallKind.CUSTOM,
                        format=_tool_format(custom.format),
                        cache_control=tool.cache_control,
                    )
                )
            else:
                theirs.append(ProviderTool(dialect=DIALECT, type=tool.type, raw=raw))
    if "functions" in fields:
        own += [_function_tool(function, ABSENT) for function in _FUNCTIONS.decode(fields["functions"]) or []]
    return tuple(own), tuple(theirs)


def _tool_format(spelled: msgspec.Raw) -> msgspec.Raw:
    """A freeform tool's format as the hub and Responses have it: a grammar stands in it, not below it."""
    if bytes(spelled).find(b'"grammar"') < 0:
        return spelled if bytes(spelled) != b"null" else ABSENT
    members = _MEMBERS.decode(spelled)
    grammar = members.pop("grammar", None)
    return spelled if grammar is None else msgspec.Raw(msgspec.json.encode(members | _MEMBERS.decode(grammar)))


def _function_tool(function: SpelledFunctionTool, cache_control: msgspec.Raw) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        schema=function.parameters if bytes(function.parameters) != b"null" else ABSENT,
        strict=function.strict,
        cache_control=cache_control,
    )


def _tool_choice(choice: SpelledChoice | str | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        return ToolChoice(
            {"none": Choosing.NONE, "required": Choosing.REQUIRED, "any": Choosing.REQUIRED}.get(choice, Choosing.AUTO)
        )
    if choice.allowed_tools is not None:
        allowed = [each.get("function") or each.get("custom") or each for each in choice.allowed_tools.tools]
        names = tuple([str(each["name"]) for each in allowed if isinstance(each, dict) and "name" in each])
        return ToolChoice(Choosing.REQUIRED if choice.allowed_tools.mode == "required" else Choosing.AUTO, allowed=names)
    named = choice.function or choice.custom
    name = named.name if named is not None else choice.name
    return ToolChoice(Choosing.ONE, name) if name else ToolChoice(Choosing.AUTO)


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    if not stop:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _sampling(options: SpelledOptions) -> Sampling:
    return Sampling(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        seed=options.seed,
        frequency_penalty=options.frequency_penalty,
        presence_penalty=options.presence_penalty,
        logit_bias=options.logit_bias if bytes(options.logit_bias) != b"null" else ABSENT,
        logprobs=bool(options.logprobs),
        top_logprobs=options.top_logprobs,
        n=options.n or 1,
    )


def _format(wanted: SpelledFormat | None) -> OutputFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_schema" and wanted.json_schema is not None:
        schema = wanted.json_schema
        return format_by(schema.schema, name=schema.name, description=schema.description or "", strict=schema.strict)
    return OutputFormat(kind=FormatKind.JSON_OBJECT)


def _reasoning(options: SpelledOptions) -> Reasoning:
    return (options.reasoning or SpelledReasoningOptions()).wanted(options.reasoning_effort or "")
