"""Quirks: what one provider does not take of a request, applied in one place and told in notes.

| step | rule |
|---|---|
| effort | one that is not taken goes as the nearest; OpenRouter's `reasoning` as `reasoning_effort` to who does not know it |
| private fields | `hermes_*`, wrappers and fields of one vendor go to nobody but those whose `forward` names them |
| refused fields | `drop`, `drop_unless`, `drop_for`, and what was learned, are left out; `rename` and `clamp` change the rest |
| output limit | under the provider's one name for it, replaced if the caller says so; the client may use either name |
| null | an option without a value is left out: strict providers refuse it, and to the others it says nothing |
| tools | an empty list and what refers to it is left out; choices are renamed; fields of functions left out, or put in |
| messages | see `dialects.messages` |

Nothing else changes a byte.
"""

import msgspec

from hrd.core.failures import UNSIGNED_CALLS
from hrd.core.providers import Provider, Quirks
from hrd.core.reasoning_effort import effort_for, nearest
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL
from hrd.dialects.messages import adapt_messages
from hrd.dialects.openai_chat_shapes import SpelledReasoningOptions

VENDOR_FIELDS = frozenset(
    {"extra_body", "metadata", "store", "user"}
    | {"provider", "models", "plugins", "route", "transforms", "session_id", "usage", "reasoning", "cache_control"}
    | {"include_reasoning", "trace"}
)
"""A wrapper that clients' libraries should have opened, who the user is, what OpenAI alone keeps, and what OpenRouter
alone reads."""
PRIVATE_PREFIX = "hermes_"
_LIMITS_IN_ORDER = ("max_completion_tokens", "max_tokens")
_LIMITS = frozenset(_LIMITS_IN_ORDER)
_TOOLS = frozenset({"tools", "functions", "tool_choice", "parallel_tool_calls"})
_ALWAYS = frozenset({"model", "messages", "input", "stream"})
_OPTIONS = frozenset(
    {"audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "metadata", "modalities", "n"}
    | {"parallel_tool_calls", "prediction", "presence_penalty", "reasoning_effort", "response_format", "seed", "stop"}
    | {"service_tier", "store", "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user"}
    | {"dimensions", "encoding_format", "stream"}
)
"""Optional fields of OpenAI's own requests, in which null means absent."""
_OBJECTS = msgspec.json.Decoder(list[Fields])
_OBJECT = msgspec.json.Decoder(Fields)
_REASONING = msgspec.json.Decoder(SpelledReasoningOptions | None)
_NULL = msgspec.Raw(NULL)
_NONE = msgspec.Raw(b'{"type":"object","properties":{}}')


def apply(
    fields: Fields,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str] = frozenset(),
    max_tokens: int | None = None,
    are_messages_spelled: bool = False,
) -> tuple[Fields, list[str]]:
    """*fields* as *provider* takes them for *model*, in a new dict, and what was changed.

    *drop*: fields that it was learned not to take. *max_tokens* replaces the client's output limit; the
    caller notes why. *are_messages_spelled*: they are our own, spelled for this provider."""
    quirks = provider.quirks
    notes: list[str] = []
    if "reasoning" in fields and "reasoning" not in quirks.forward and "reasoning_effort" not in fields:
        fields = _with_effort(fields, provider, model)
    limit_name, limit = quirks.token_field, None
    if max_tokens is not None or not _LIMITS.isdisjoint(fields):
        limit_name, limit = _limit(fields, quirks, drop, max_tokens, notes)
    sent: Fields = {}
    for name, raw in fields.items():
        if name in _LIMITS:
            if limit is not None:
                sent[limit_name] = limit
        elif name in _ALWAYS and (name != "stream" or bytes(raw) != NULL):
            sent[name] = raw
        elif name in _OPTIONS and bytes(raw) == NULL:
            continue
        else:
            new_name = quirks.rename.get(name, name)
            if name in drop or new_name in drop or _refuses(name, quirks, model, fields):
                notes.append(f"{name} left out")
            else:
                bounds = quirks.clamp.get(name)
                sent[new_name] = raw if bounds is None else _clamp(name, raw, bounds, notes)
                if name == "reasoning_effort":
                    sent[new_name] = _taken_effort(raw, quirks, notes)
    if limit is not None:
        sent[limit_name] = limit
    if not _TOOLS.isdisjoint(sent):
        _adapt_tools(sent, quirks, notes)
    messages = sent.get("messages")
    if messages is not None and not are_messages_spelled:
        sent["messages"], changes = adapt_messages(messages, quirks, signature_stand_in(quirks, model, drop))
        notes += changes
    return sent, notes


def _with_effort(fields: Fields, provider: Provider, model: str) -> Fields:
    """*fields* with what OpenRouter's `reasoning` asks for in the word that others have, if they have one."""
    try:
        asked = _REASONING.decode(fields["reasoning"]) or SpelledReasoningOptions()
    except (ValueError, RecursionError):
        return fields
    effort = effort_for(asked.wanted(), provider, model)
    if not effort:
        return fields
    others = {name: raw for name, raw in fields.items() if name != "reasoning"}
    return {**others, "reasoning_effort": msgspec.Raw(msgspec.json.encode(effort))}


def _taken_effort(raw: msgspec.Raw, quirks: Quirks, notes: list[str]) -> msgspec.Raw:
    """*raw*, or the nearest effort that is taken. What is no effort of ours may be one of theirs, and models that take `none`
    are not all known."""
    said = bytes(raw).strip(b'"').decode("utf-8", "replace")
    taken = tuple(each for each in quirks.efforts if each != "none")
    if said == "none" or said in quirks.efforts or not (effort := nearest(said, taken)):
        return raw
    notes.append(f"reasoning_effort changed from {said} to {effort}")
    return msgspec.Raw(msgspec.json.encode(effort))


def _refuses(name: str, quirks: Quirks, model: str, fields: Fields) -> bool:
    if name in quirks.drop or (name in VENDOR_FIELDS and name not in quirks.forward) or name.startswith(PRIVATE_PREFIX):
        return True
    if name in quirks.drop_unless and not model.startswith(quirks.drop_unless[name]):
        return True
    return name in quirks.drop_for and model.startswith(quirks.drop_for[name]) and not _unthinking(fields)


def signature_stand_in(quirks: Quirks, model: str, drop: frozenset[str]) -> str:
    """What *model* takes for a thought signature of calls that have none; empty if it is not known to demand any."""
    has_asked = UNSIGNED_CALLS in drop
    return next((sent for prefix, sent in quirks.signature_stand_ins.items() if has_asked or model.startswith(prefix)), "")


def _unthinking(fields: Fields) -> bool:
    effort = fields.get("reasoning_effort")
    return effort is not None and bytes(effort) == b'"none"'


def _clamp(name: str, raw: msgspec.Raw, bounds: tuple[float, float], notes: list[str]) -> msgspec.Raw:
    try:
        value = msgspec.json.decode(raw, type=float)
    except ValueError:
        return raw
    low, high = bounds
    if low <= value <= high:
        return raw
    clamped = min(max(value, low), high)
    spelled = str(int(clamped)) if clamped == int(clamped) else repr(clamped)
    notes.append(f"{name} clamped from {bytes(raw).decode()} to {spelled}")
    return msgspec.Raw(spelled.encode())


def _limit(
    fields: Fields, quirks: Quirks, drop: frozenset[str], max_tokens: int | None, notes: list[str]
) -> tuple[str, msgspec.Raw | None]:
    """The output limit that is sent, and under which name; a name that is not taken gives way to the other."""
    asked_as = next((name for name in _LIMITS_IN_ORDER if name in fields and bytes(fields[name]) != NULL), "")
    if not asked_as and max_tokens is None:
        return quirks.token_field, None
    names = [quirks.token_field, *(name for name in _LIMITS_IN_ORDER if name != quirks.token_field)]
    for name in names:
        if name not in drop and name not in quirks.drop:
            return name, fields[asked_as] if max_tokens is None else msgspec.Raw(b"%d" % max_tokens)
    notes.append(f"{asked_as or quirks.token_field} left out")
    return quirks.token_field, None


def _adapt_tools(sent: Fields, quirks: Quirks, notes: list[str]) -> None:
    if "functions" in sent and _is_empty(sent["functions"]):
        del sent["functions"]
        sent.pop("function_call", None)
    choice = sent.get("tool_choice")
    spelled = bytes(choice) if choice is not None else b""
    tools = sent.get("tools")
    if spelled == b'"none"' and quirks.none_without_tools and tools is not None:
        notes.append("tools left out, as tool_choice none is not taken")
        tools = None
    if tools is None or _is_empty(tools):
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            sent.pop(name, None)
        return
    if quirks.tool_choice and spelled.startswith(b'"'):
        _rename_choice(sent, spelled, quirks, notes)
    if "cache_control" not in quirks.forward and bytes(tools).find(b'"cache_control"') >= 0:
        tools = sent["tools"] = _without_marks(tools, notes)
    if quirks.drop_function_fields:
        tools = sent["tools"] = _adapt_functions(tools, quirks, notes)
    if quirks.function_parameters:
        sent["tools"] = _with_parameters(tools)


def _is_empty(raw: msgspec.Raw) -> bool:
    spelled = bytes(raw)
    return spelled.startswith(b"[") and spelled[1:-1].strip() == b""


def _rename_choice(sent: Fields, spelled: bytes, quirks: Quirks, notes: list[str]) -> None:
    choice = spelled[1:-1].decode()
    renamed = quirks.tool_choice.get(choice)
    if renamed is None:
        return
    if renamed:
        sent["tool_choice"] = msgspec.Raw(msgspec.json.encode(renamed))
    else:
        del sent["tool_choice"]
        notes.append(f"tool_choice {choice} left out")


def _without_marks(tools: msgspec.Raw, notes: list[str]) -> msgspec.Raw:
    """The tools without marks for a cache."""
    try:
        listed = _OBJECTS.decode(tools)
    except (ValueError, RecursionError):
        return tools  # of a shape that is the provider's to judge
    if not [tool for tool in listed if tool.pop("cache_control", None) is not None]:
        return tools
    notes.append("tools[].cache_control left out")
    return msgspec.Raw(msgspec.json.encode(listed))


class _Function(msgspec.Struct, gc=False):
    parameters: msgspec.Raw = _NULL


class _Tool(msgspec.Struct, gc=False):
    function: _Function | None = None


_TOOLS_SPELLED = msgspec.json.Decoder(list[_Tool])


def _with_parameters(tools: msgspec.Raw) -> msgspec.Raw:
    """The tools, each function with the parameters that it takes, be it none; unchanged if they are all there."""
    try:
        functions = [tool.function for tool in _TOOLS_SPELLED.decode(tools)]
        if all(function is None or bytes(function.parameters) != NULL for function in functions):
            return tools
        listed = _OBJECTS.decode(tools)
        for tool, function in zip(listed, functions, strict=True):
            if function is not None and bytes(function.parameters) == NULL:
                tool["function"] = msgspec.Raw(msgspec.json.encode({**_OBJECT.decode(tool["function"]), "parameters": _NONE}))
    except (ValueError, RecursionError):
        return tools  # of a shape that is the provider's to judge
    return msgspec.Raw(msgspec.json.encode(listed))


def _adapt_functions(tools: msgspec.Raw, quirks: Quirks, notes: list[str]) -> msgspec.Raw:
    """The tools without the fields of functions that are not taken; unchanged if there are none."""
    text = bytes(tools)
    unwanted = [name for name in quirks.drop_function_fields if b'"' + name.encode() + b'"' in text]
    if not unwanted:
        return tools
    dropped: dict[str, None] = {}
    try:
        listed = _OBJECTS.decode(tools)
        for tool in listed:
            if "function" in tool:
                function = _OBJECT.decode(tool["function"])
                held = [name for name in unwanted if function.pop(name, None) is not None]
                if held:
                    tool["function"] = msgspec.Raw(msgspec.json.encode(function))
                    dropped.update(dict.fromkeys(held))
    except (ValueError, RecursionError):
        return tools  # of a shape that is the provider's to judge
    notes.extend(f"tools[].function.{name} left out" for name in dropped)
    return msgspec.Raw(msgspec.json.encode(listed)) if dropped else tools
