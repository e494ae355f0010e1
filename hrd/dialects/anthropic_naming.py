"""The model that a Messages reply names: what the client asked for, where somebody else's name stands there.

Programs go by it: Claude Code goes on with the model that its last reply named, and leaves out the thinking of any other. Who
had everybody asked would have one model asked from then on (docs/decisions/0010). A longer name of the same model, with its
date, stays.
"""

from typing import Final

import msgspec

from hrd.dialects.contract import Fields
from hrd.dialects.sse import Event

_FIELDS: Final = msgspec.json.Decoder(Fields)
_TEXT: Final = msgspec.json.Decoder(str)
_START: Final = b"event: message_start\ndata: "


def named(reply: bytes, asked: str) -> bytes:
    """A whole reply that names *asked*; the same bytes where it does, or where it is none."""
    try:
        return _renamed(reply, asked)
    except (ValueError, KeyError, RecursionError):
        return reply


class NamedStart:
    """The events of one stream, as they came but for the first, which names the model."""

    def __init__(self, asked: str) -> None:
        self._asked = asked
        self._has_begun = False

    def __call__(self, event: Event) -> bytes:
        if self._has_begun or event.data is None:
            return event.raw
        try:
            fields = _FIELDS.decode(event.data)
            spelled = bytes(fields["message"])
            self._has_begun = True
            renamed = _renamed(spelled, self._asked)
        except (ValueError, KeyError, RecursionError):
            return event.raw  # a ping, or odder
        if renamed is spelled:
            return event.raw
        return _START + msgspec.json.encode({**fields, "message": msgspec.Raw(renamed)}) + b"\n\n"


def _renamed(spelled: bytes, asked: str) -> bytes:
    """Raises what msgspec raises, and KeyError."""
    fields = _FIELDS.decode(spelled)
    if not asked or _TEXT.decode(fields["model"]).startswith(asked):
        return spelled
    return msgspec.json.encode({**fields, "model": msgspec.Raw(msgspec.json.encode(asked))})
