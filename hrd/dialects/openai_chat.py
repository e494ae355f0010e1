"""Chat completions as OpenAI's clients speak them.

A request is kept as the members that the client spelled, so that unknown ones, their order and the spelling of numbers
survive; only the facts that routing needs are read. Reference: https://platform.openai.com/docs/api-reference/chat
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from hrd.core.ask import Ask, Kind
from hrd.core.refusals import Refusal
from hrd.dialects import openai_chat_hub, openai_chat_native
from hrd.dialects.affinity import affinity_in
from hrd.dialects.contract import Fields, Hub, Native, Request
from hrd.dialects.fields import (
    NULL,
    TRUE,
    as_count,
    count_of,
    count_turns,
    flag_of,
    read_fields,
    refuse_shape,
    text_of,
)
from hrd.dialects.openai_chat_needs import Said, has_blobs, has_openai_words, is_text, needs_of, parts_of
from hrd.dialects.openai_errors import ID_HEADERS, comment, error_event, error_reply, keep_alive
from hrd.dialects.prompt import measure_file, measure_prompt

__all__ = ["ENDPOINT", "HUB", "ID_HEADERS", "NATIVE", "comment", "decode", "error_event", "error_reply", "keep_alive"]

ENDPOINT: Final = "/v1/chat/completions"
NATIVE: Final[Mapping[str, Native]] = {"openai_chat": openai_chat_native}
HUB: Final[Hub | None] = openai_chat_hub


_NONE = msgspec.Raw(NULL)


class _Typical(msgspec.Struct, gc=False):
    """The members that are read, of the types that they should have: one pass over a body that means no trouble."""

    messages: list[Said]
    model: str | None = None
    stream: bool | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    stream_options: Fields | None = None
    tools: msgspec.Raw = _NONE
    functions: msgspec.Raw = _NONE


class _Read(msgspec.Struct, gc=False):
    """What was found in them."""

    model: str
    stream: bool
    turns: int
    said: Sequence[Said]
    """The messages; none if they are of an odd shape."""
    usage_to_client: bool
    max_tokens: int | None
    tools: bytes


_TYPICAL = msgspec.json.Decoder(_Typical)
_SAID = msgspec.json.Decoder(list[Said])
_OPTIONS = msgspec.json.Decoder(Fields | None)
_FALSE = msgspec.Raw(b"false")
_CHAT: Final = Kind.CHAT  # found ten times sooner so, see core.quota.kinds
_OPENING_BRACE = 0x7B
_FREEFORM = re.compile(rb'"type"\s*:\s*"custom"')


def decode(body: bytes) -> Request | Refusal:
    """The request that *body* spells, or what is wrong with it."""
    fields = read_fields(body)
    if isinstance(fields, Refusal):
        return fields
    try:
        typical = _read_typical(_TYPICAL.decode(body))
    except (ValueError, RecursionError):
        typical = None
    read = typical if typical is not None else _read_carefully(fields)
    if isinstance(read, Refusal):
        return read
    parts = parts_of(read.said)
    images = len([part for part in parts if part.type == "image_url"])
    are_blobs = not read.said or has_blobs(read.said, parts)
    tokens = measure_prompt(bytes(fields["messages"]), read.turns, images, read.tools, has_blobs=are_blobs)
    if are_blobs:
        tokens += sum(measure_file(part.file.file_data) for part in parts if part.file is not None)
    ask = Ask(
        kind=_CHAT,
        model=read.model,
        stream=read.stream,
        tools=_OPENING_BRACE in read.tools,
        images=images > 0,
        input_tokens=tokens,
        max_tokens=read.max_tokens,
        body_bytes=len(body),
        needs=needs_of(fields, parts),
        affinity=affinity_in(fields, read.model, read.said),
    )
    words = (
        _asks_in_openai_words(fields, read.tools)
        or has_openai_words(read.said, parts)
        or (are_blobs and any(map(is_text, parts)))
    )
    return Request(ask=ask, fields=fields, usage_to_client=read.usage_to_client, openai_words=words)


def _read_typical(body: _Typical) -> _Read | None:
    """None for a body without messages, which is to be refused."""
    said = body.messages
    if not said:
        return None
    usage_to_client = False
    if body.stream and body.stream_options:
        usage_to_client = bytes(body.stream_options.get("include_usage", _FALSE)) == TRUE
    limit = as_count(body.max_completion_tokens) or as_count(body.max_tokens)
    tools = b""
    if body.tools is not _NONE or body.functions is not _NONE:
        tools = _unless_null(body.tools) + _unless_null(body.functions)
    return _Read(body.model or "", bool(body.stream), len(said), said, usage_to_client, limit, tools)


def _read_carefully(fields: Fields) -> _Read | Refusal:
    """The same, member by member: what has another type is left to the provider, or is what the refusal names."""
    model = text_of(fields, "model")
    if isinstance(model, Refusal):
        return model
    stream = flag_of(fields, "stream")
    if isinstance(stream, Refusal):
        return stream
    turns = count_turns(fields)
    if isinstance(turns, Refusal):
        return turns
    usage_to_client = _wants_usage(fields) if stream else False
    if isinstance(usage_to_client, Refusal):
        return usage_to_client
    limit = count_of(fields, "max_completion_tokens") or count_of(fields, "max_tokens")
    tools = _spelled(fields, "tools") + _spelled(fields, "functions")
    return _Read(model, stream, turns, _said(fields), usage_to_client, limit, tools)


def _said(fields: Fields) -> Sequence[Said]:
    try:
        return _SAID.decode(fields["messages"])
    except (ValueError, RecursionError):
        return ()


def _asks_in_openai_words(fields: Fields, tools: bytes) -> bool:
    """Freeform tools, a choice among allowed ones, or functions as they were asked for before there were tools."""
    if not tools:
        return False
    if "functions" in fields or (tools.find(b'"custom"') >= 0 and _FREEFORM.search(tools) is not None):
        return True
    return _spelled(fields, "tool_choice").find(b'"allowed_tools"') >= 0


def _wants_usage(fields: Fields) -> bool | Refusal:
    raw = fields.get("stream_options")
    if raw is None:
        return False
    try:
        options = _OPTIONS.decode(raw)
    except (ValueError, RecursionError) as error:
        return refuse_shape("stream_options", error)
    return options is not None and bytes(options.get("include_usage", _FALSE)) == TRUE


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    return _unless_null(raw) if raw is not None else b""


def _unless_null(raw: msgspec.Raw) -> bytes:
    spelled = bytes(raw)
    return b"" if spelled == NULL else spelled
