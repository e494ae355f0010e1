"""A Responses stream whose bytes pass as they came, and what is known of it at its end."""

from collections.abc import Callable
from typing import Final

import msgspec

from hrd.dialects.contract import Fields, StreamBounds
from hrd.dialects.passing_stream import PassingStream
from hrd.dialects.responses_object import encode
from hrd.dialects.responses_parts import spell_event
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.sse import Event

_FIELDS: Final = msgspec.json.Decoder(Fields)
_EMPTY: Final = (b"", b"[]", b"null")
_OWN_EVENTS: Final = ("codex.", "response.metadata", "keepalive")
"""Of the Codex backend alone; OpenAI's libraries want `response.created` first."""


class PassingResponse(PassingStream):
    """One attempt's stream on its way through. *done* is given the response object of a reply that is complete.

    *completes*: the client is not at home at the backend. A last event whose `output` is empty although there were items gets
    them, for a client's library reads the reply from there, and the backend's own events are left out."""

    def __init__(
        self,
        *,
        input_tokens: int,
        bounds: StreamBounds,
        done: Callable[[bytes], None] | None = None,
        completes: bool = False,
    ) -> None:
        reader = ResponsesReader({}, passes=True)
        super().__init__(reader, terminator=b"", input_tokens=input_tokens, bounds=bounds)
        self._responses = reader
        self._done = done
        self._completes = completes
        self._passed = (reader.number, 0)
        """The number of the last event that was let through, and of the items that are done by then."""

    def fail(self, code: str, message: str) -> bytes:
        """The last event of a reply that will not be complete."""
        reader = self._responses
        fields = _fields_of(reader.begun)
        fields["status"] = msgspec.Raw(b'"failed"')
        fields["error"] = msgspec.Raw(encode({"code": code, "message": message}))
        number, items = self._passed
        fields["output"] = _output(reader, items)
        return spell_event(b"response.failed", number + 1, b'"response":' + encode(fields))

    def _piece(self, event: Event | None, pieces: list[bytes]) -> None:
        before = len(pieces)
        super()._piece(event, pieces)
        if self._completes and event is not None and self._responses.kind.startswith(_OWN_EVENTS):
            del pieces[before:]
        if len(pieces) > before:
            self._passed = (self._responses.number, len(self._responses.items))
        if event is None or not self._responses.finished:
            return
        response = completed(self._responses)
        if self._completes and response != bytes(self._responses.ended):
            kind = _fields_of(msgspec.Raw(event.data or b"")).get("type", msgspec.Raw(b'"response.completed"'))
            name = msgspec.json.decode(kind, type=str).encode()
            pieces[-1] = spell_event(name, self._responses.number, b'"response":' + response)
        if self._done is not None:
            self._done(response)


def completed(reader: ResponsesReader) -> bytes:
    """The response object that a stream ended with, with the items in it that came before it."""
    spelled = bytes(reader.ended)
    if not reader.items:
        return spelled
    fields = _fields_of(reader.ended)
    if bytes(fields.get("output", b"")) not in _EMPTY:
        return spelled
    fields["output"] = _output(reader)
    return encode(fields)


def _output(reader: ResponsesReader, items: int | None = None) -> msgspec.Raw:
    """The items that are done, or the first so many of them."""
    places = sorted(list(reader.items)[:items])
    return msgspec.Raw(b"[%b]" % b",".join(bytes(reader.items[place]) for place in places))


def _fields_of(raw: msgspec.Raw) -> Fields:
    try:
        return _FIELDS.decode(raw)
    except (ValueError, RecursionError):
        return {}
