"""A Messages client's way to the hub and back."""

from collections.abc import Sequence

import msgspec

from hrd.core.conversation import Conversation
from hrd.core.refusals import Refusal
from hrd.core.reply_events import ReplyEvent
from hrd.dialects.anthropic_request import conversation_of
from hrd.dialects.anthropic_writer import MessagesWriter, whole_message
from hrd.dialects.contract import Request, Stamp


def conversation(request: Request) -> Conversation | Refusal:
    """*request* for the hub, or what is wrong with it."""
    return conversation_of(request.fields)


def write_whole(request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:
    """A whole reply."""
    return whole_message(events, _as_asked(stamp, request), request.ask.input_tokens)


def event_writer(request: Request, stamp: Stamp) -> MessagesWriter:
    """A writer for one stream."""
    return MessagesWriter(_as_asked(stamp, request), request.ask.input_tokens)


def _as_asked(stamp: Stamp, request: Request) -> Stamp:
    """Under the model's name that the client has: Claude Code leaves out the thinking of every model but the one it asks."""
    return msgspec.structs.replace(stamp, model=request.ask.model or stamp.model)
