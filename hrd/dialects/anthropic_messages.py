"""Anthropic's Messages, as its clients speak them.

A request is kept as the members that the client spelled; only the facts that routing needs are read.
Reference: https://docs.anthropic.com/en/api/messages
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from hrd.core.ask import Ask, Kind
from hrd.core.refusals import Refusal
from hrd.dialects import anthropic_hub, anthropic_native
from hrd.dialects.affinity import affinity_in
from hrd.dialects.anthropic_asked import MessageAsked, read_messages
from hrd.dialects.anthropic_errors import ID_HEADERS, comment, error_event, error_reply, keep_alive
from hrd.dialects.anthropic_measure import blocks_of, measure, shown_in
from hrd.dialects.anthropic_needs import needs_of
from hrd.dialects.contract import Fields, Hub, Native, Request
from hrd.dialects.fields import NULL, count_of, count_turns, flag_of, read_fields, text_of

__all__ = [
    "ENDPOINT",
    "HUB",
    "ID_HEADERS",
    "NATIVE",
    "comment",
    "count_tokens",
    "decode",
    "error_event",
    "error_reply",
    "keep_alive",
]

ENDPOINT: Final = "/v1/messages"
NATIVE: Final[Mapping[str, Native]] = {"anthropic_messages": anthropic_native}
HUB: Final[Hub | None] = anthropic_hub
_WINDOW_MARK: Final = re.compile(r"\[[^\[\]]{1,20}\]\Z")
"""`[1m]` and its like behind a model's name: which context the client reckons with, and no part of the name."""
_EMPTY_LISTS: Final = (NULL, b"[]")


def decode(body: bytes) -> Request | Refusal:
    """The request that *body* spells, or what is wrong with it."""
    fields = read_fields(body)
    if isinstance(fields, Refusal):
        return fields
    model = text_of(fields, "model")
    if isinstance(model, Refusal):
        return model
    stream = flag_of(fields, "stream")
    if isinstance(stream, Refusal):
        return stream
    messages = _messages(fields)
    if isinstance(messages, Refusal):
        return messages
    blocks = blocks_of([message.content for message in messages])
    shown = shown_in(blocks)
    tokens, images = measure(fields, messages, [*blocks, *shown])
    ask = Ask(
        kind=Kind.CHAT,
        model=_WINDOW_MARK.sub("", model),
        stream=stream,
        tools="tools" in fields and bytes(fields["tools"]) not in _EMPTY_LISTS,
        images=images > 0,
        input_tokens=tokens,
        max_tokens=count_of(fields, "max_tokens"),
        body_bytes=len(body),
        needs=needs_of(fields, blocks, shown),
        affinity=affinity_in(fields, model, messages),
    )
    return Request(ask=ask, fields=fields)


def count_tokens(body: bytes) -> dict[str, int] | Refusal:
    """What `/v1/messages/count_tokens` answers: an estimate, for which nobody is asked."""
    fields = read_fields(body)
    if isinstance(fields, Refusal):
        return fields
    messages = _messages(fields)
    if isinstance(messages, Refusal):
        return messages
    blocks = blocks_of([message.content for message in messages])
    return {"input_tokens": measure(fields, messages, [*blocks, *shown_in(blocks)])[0]}


def _messages(fields: Fields) -> Sequence[MessageAsked] | Refusal:
    """The messages; no more than their roles if they are of a shape that whoever reads them refuses."""
    try:
        messages = read_messages(fields["messages"]) if "messages" in fields else ()
    except (ValueError, RecursionError):
        messages = ()
    if messages:
        return messages
    turns = count_turns(fields)
    return turns if isinstance(turns, Refusal) else [MessageAsked("")] * turns
