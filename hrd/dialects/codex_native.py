"""Responses clients on the ChatGPT subscription's backend, which speaks Responses with rules of its own (see `codex_target`).

The Codex CLI is at home there: its requests and the bytes of its replies pass untouched. One thing is added where it is
missing: `instructions`, without which the backend refuses any request ("Instructions are required"); the CLI sends them to the
backend, and none to a provider of the user's own (0.169). Of other clients' requests what the backend refuses is left out or
put otherwise, and their replies are given the `output` that it leaves empty.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import Provider, Quirks
from hrd.dialects import responses_reader
from hrd.dialects.codex_target import ALLOWED, INSTRUCTIONS, is_cli
from hrd.dialects.contract import Encoded, Fields, Request, StreamBounds, WholeReply
from hrd.dialects.passing_stream import pass_whole
from hrd.dialects.responses_native import unseal
from hrd.dialects.responses_pass import PassingResponse, completed
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.responses_target import SEALED, leave_out

PATH: Final = "/responses"
STREAMS_ONLY: Final = True
IS_TYPED: Final = False
_OWN_IDS: Final = (b'"msg_', b'"fc_', b'"fco_', b'"rs_', b'"ctc_', b'"ctco_', b'"ws_', b'"ig_', b'"lsh_')
_ITEMS: Final = msgspec.json.Decoder(list[Fields])
_OBJECT: Final = msgspec.json.Decoder(Fields)
_TRUE: Final = msgspec.Raw(b"true")
_FALSE: Final = msgspec.Raw(b"false")
_DEVELOPER: Final = msgspec.Raw(b'"developer"')
_EMPTY: Final = (b"", b"null", b'""', b"[]")


def encode(
    request: Request,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str],
    max_tokens: int | None,  # noqa: ARG001 (it takes no limit)
    ask_usage: bool,  # noqa: ARG001 (usage comes unasked)
) -> Encoded:
    """*request* as the backend takes it, for *model*."""
    notes: list[str] = []
    fields: Fields = {}
    at_home = is_cli(request.fields)
    for name, raw in request.fields.items():
        if name in ALLOWED or (at_home and name != "previous_response_id"):
            fields[name] = raw
        elif name != "previous_response_id" and bytes(raw) != b"null":
            notes.append(f"{name} left out")
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    fields["store"], fields["stream"] = _FALSE, _TRUE
    unseal(fields, notes, is_all=REPLAYED_REASONING in drop)
    if _spelled(fields, "instructions") in _EMPTY:
        fields["instructions"] = msgspec.Raw(msgspec.json.encode(INSTRUCTIONS))
    if not at_home:
        _adapt(fields, notes)
    notes += leave_out(fields, provider.quirks, model, drop)
    return Encoded(msgspec.json.encode(fields), tuple(notes), is_limited=False)


def read_whole(request: Request, body: bytes, quirks: Quirks) -> WholeReply:  # noqa: ARG001 (every format is called alike)
    """A reply that was streamed, read to its end: the client gets its response object."""
    reader = ResponsesReader({}, passes=True)
    said = responses_reader.read_whole(body, reader)
    return pass_whole(said, completed(reader), request.ask.input_tokens)


def reply_stream(
    request: Request,
    quirks: Quirks,  # noqa: ARG001
    bounds: StreamBounds,
    done: Callable[[bytes], None] | None = None,
) -> PassingResponse:
    """A reader for one attempt's stream. *done* is given the response object of a reply that is complete."""
    return PassingResponse(
        input_tokens=request.ask.input_tokens,
        bounds=bounds,
        done=done,
        completes=not is_cli(request.fields),
    )


def _adapt(fields: Fields, notes: list[str]) -> None:
    """Make the request of any client one that the backend takes."""
    if _spelled(fields, "service_tier") != b'"priority"' and fields.pop("service_tier", None) is not None:
        notes.append("service_tier left out")
    if _spelled(fields, "include").find(SEALED.encode()) < 0:
        fields["include"] = msgspec.Raw(msgspec.json.encode([SEALED]))
    for name in [name for name in fields if _spelled(fields, name) == b"null"]:
        del fields[name]
    _adapt_tools(fields)
    try:
        _adapt_effort(fields, notes)
        fields["input"] = _adapt_input(fields.get("input", msgspec.Raw(b"[]")), notes)
    except (ValueError, RecursionError):
        pass  # of a shape that is the backend's to judge


def _adapt_tools(fields: Fields) -> None:
    if _spelled(fields, "tools") in _EMPTY:
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            fields.pop(name, None)
        return
    for old in (b'"web_search_preview_2025_03_11"', b'"web_search_preview"'):
        tools = _spelled(fields, "tools")
        if tools.find(old) >= 0:
            fields["tools"] = msgspec.Raw(tools.replace(old, b'"web_search"'))


def _adapt_effort(fields: Fields, notes: list[str]) -> None:
    if _spelled(fields, "reasoning").find(b'"minimal"') >= 0:
        reasoning = _OBJECT.decode(fields["reasoning"])
        reasoning["effort"] = msgspec.Raw(b'"low"')
        fields["reasoning"] = msgspec.Raw(msgspec.json.encode(reasoning))
        notes.append("reasoning effort minimal sent as low")


def _adapt_input(raw: msgspec.Raw, notes: list[str]) -> msgspec.Raw:
    """The items as a list, without role `system`, marks for OpenAI's cache, and ids that are not the backend's."""
    if bytes(raw)[:1] == b'"':
        content = b'[{"type":"input_text","text":%b}]' % bytes(raw)
        return msgspec.Raw(b'[{"type":"message","role":"user","content":%b}]' % content)
    items = _ITEMS.decode(raw)
    is_changed = False
    for item in items:
        if "id" in item and not bytes(item["id"]).startswith(_OWN_IDS):
            del item["id"]
            is_changed = True
        if _spelled(item, "role") == b'"system"':
            item["role"] = _DEVELOPER
            is_changed = True
            notes.append("system messages sent as developer messages")
        if _spelled(item, "content").find(_MARK) >= 0:
            parts = _ITEMS.decode(item["content"])
            for part in parts:
                part.pop("prompt_cache_breakpoint", None)
            item["content"] = msgspec.Raw(msgspec.json.encode(parts))
            is_changed = True
    return msgspec.Raw(msgspec.json.encode(items)) if is_changed else raw


_MARK: Final = b'"prompt_cache_breakpoint"'


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    return bytes(raw) if raw is not None else b""
