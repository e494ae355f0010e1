"""Responses requests read for what routing must know of them; the members stay as the client spelled them.

Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

from typing import Final

import msgspec

from hrd.core.ask import Ask, Kind
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.affinity import affinity_in
from hrd.dialects.contract import Fields, Request
from hrd.dialects.fields import NULL, count_of, flag_of, refuse, refuse_shape, text_of
from hrd.dialects.prompt import measure_file, measure_items
from hrd.dialects.responses_items import unknown_reference
from hrd.dialects.responses_needs import Said, needs_of, parts_of

_OWN_TOOLS: Final = (b'"function"', b'"custom"', b'"namespace"')
_REFERENCE: Final = "item_reference"
_PLAIN_ITEMS: Final = frozenset({None, "message", "function_call", "function_call_output"})
_TEXTS: Final = frozenset({"input_text", "output_text"})
"""Items and parts that hold neither base64 nor seals."""


class _Reference(msgspec.Struct, gc=False):
    type: str | None = None
    id: str | None = None


_SAID: Final = msgspec.json.Decoder(list[Said])
_HEADS: Final = msgspec.json.Decoder(list[_Reference])


def previous_of(fields: Fields) -> str | Refusal:
    """The id of the reply that the request goes on from; empty if from none."""
    return text_of(fields, "previous_response_id")


def read_request(fields: Fields, body_bytes: int) -> Request | Refusal:
    """The request in *fields*, whose input is all there, or what is wrong with it."""
    model, stream = text_of(fields, "model"), flag_of(fields, "stream")
    if isinstance(model, Refusal):
        return model
    if isinstance(stream, Refusal):
        return stream
    refusal = _not_here(fields)
    if refusal is not None:
        return refusal
    spelled = _spelled(fields, "input")
    items = _items(spelled)
    if isinstance(items, Refusal):
        return items
    if not spelled and not _spelled(fields, "prompt"):
        return refuse("input is missing.", "input")
    tools = _spelled(fields, "tools")
    parts = parts_of(items)
    images = len([part for part in parts if part.type == "input_image"])
    has_seals = not {item.type for item in items} <= _PLAIN_ITEMS
    has_blobs = has_seals or not parts or not {part.type for part in parts} <= _TEXTS
    said = spelled + _spelled(fields, "instructions")
    tokens = measure_items(said, len(items) + len(parts), images, tools, has_blobs=has_blobs, has_seals=has_seals)
    if has_blobs:
        tokens += sum([measure_file(part.file_data) for part in parts if part.type == "input_file"])
    ask = Ask(
        kind=Kind.CHAT,
        model=model,
        stream=stream,
        tools=any(tools.find(own) >= 0 for own in _OWN_TOOLS),
        images=images > 0,
        input_tokens=tokens,
        max_tokens=count_of(fields, "max_output_tokens"),
        body_bytes=body_bytes,
        needs=needs_of(fields, items, parts),
        affinity=affinity_in(fields, model, items or [Said(content=spelled.decode("utf-8", "replace"))]),
    )
    return Request(ask=ask, fields=fields)


def unknown_response(response_id: str) -> Refusal:
    return Refusal(
        kind=RefusalKind.RESPONSE_NOT_FOUND,
        message=f"Previous response with id '{response_id}' not found.",
        guidance="This router keeps replies in memory alone, for RESPONSES_KEPT_SECONDS and within RESPONSES_KEPT_BYTES, "
        "unless the request says `store: false`. Send the whole conversation as input.",
        param="previous_response_id",
    )


def _not_here(fields: Fields) -> Refusal | None:
    """What OpenAI does behind the request's back, and a router cannot."""
    background = flag_of(fields, "background")
    if isinstance(background, Refusal):
        return background
    if background:
        return refuse("background replies are not made here: leave out `background`, and stream instead.", "background")
    if _spelled(fields, "conversation"):
        return refuse("Conversations that OpenAI keeps are not known here: send their items as input.", "conversation")
    return None


def _items(spelled: bytes) -> list[Said] | Refusal:
    """The items, each an object; none of them a reference to another one. There are none in a text."""
    if not spelled or spelled[:1] == b'"':
        return []
    try:
        items = _SAID.decode(spelled)
    except (ValueError, RecursionError):
        return _heads(spelled)  # of an odd shape: whoever reads them will say what is wrong
    return items if _REFERENCE not in {item.type for item in items} else _heads(spelled)


def _heads(spelled: bytes) -> list[Said] | Refusal:
    """The same, of which only the types are looked at."""
    try:
        heads = _HEADS.decode(spelled)
    except (ValueError, RecursionError) as error:
        return refuse_shape("input", error)
    for place, head in enumerate(heads):
        if head.type == _REFERENCE:
            return unknown_reference(place, head.id or "")
    return [Said(head.type) for head in heads]


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = bytes(raw) if raw is not None else NULL
    return b"" if spelled == NULL else spelled
