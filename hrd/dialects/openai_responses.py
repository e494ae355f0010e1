"""OpenAI's Responses as our clients speak it: one `ResponsesCall` for each request.

A request may go on from an earlier reply (`previous_response_id`) or refer to items of one (`item_reference`): both are put
into its input here, from the book of what this client was answered, so that every candidate can be asked. And a stream that
breaks off ends with a `response.failed` that goes on with the numbers and the id of what was sent.
Reference: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from hrd.core.conversation import Conversation
from hrd.core.providers import Quirks
from hrd.core.refusals import Refusal
from hrd.core.reply_events import ReplyEvent
from hrd.core.response_book import KeptItem, ResponseBook, Stretch
from hrd.dialects import codex_native, openai_errors, responses_hub, responses_native
from hrd.dialects.contract import ErrorReply, Fields, Hub, Native, Request, Stamp, StreamBounds, WholeReply
from hrd.dialects.fields import read_fields, refuse_shape
from hrd.dialects.responses_failed import failure_of
from hrd.dialects.responses_pass import PassingResponse
from hrd.dialects.responses_request import previous_of, read_request, unknown_response
from hrd.dialects.responses_writer import Writer

ENDPOINT: Final = "/v1/responses"
_REFERENCE: Final = b'"item_reference"'
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS: Final = msgspec.json.Decoder(Fields)


class ResponsesCall:
    """Speaks Responses for one request of *client*. Fits `contract.Dialect`."""

    ENDPOINT = ENDPOINT
    ID_HEADERS = openai_errors.ID_HEADERS

    def __init__(self, book: ResponseBook, client: str, stamp: Stamp, now: Callable[[], float]) -> None:
        """*stamp* names the reply of a stream that fails before anybody's began."""
        self._referring = _Referring(book, client, now)
        self._last = _Last()
        self._stamp = stamp
        self._fields: Fields = {}
        keep, last = self._referring.keep, self._last
        self.NATIVE: Mapping[str, Native] = {
            "openai_responses": _Native(responses_native, keep, last),
            "codex": _Native(codex_native, keep, last),
        }
        self.HUB: Hub | None = _Hub(keep, last)

    def decode(self, body: bytes) -> Request | Refusal:
        """The request that *body* spells, with all that it refers to in its input; or what is wrong with it."""
        fields = read_fields(body)
        if isinstance(fields, Refusal):
            return fields
        self._fields = fields
        return self._referring.fill_in(fields) or read_request(fields, len(body))

    def error_reply(self, refusal: Refusal) -> ErrorReply:
        """The refusal as a whole answer."""
        return openai_errors.error_reply(refusal)

    def error_event(self, refusal: Refusal, *, begun: bool = False) -> bytes:
        """The refusal as the end of a stream whose head is out."""
        code, message = failure_of(refusal)
        reply = self._last.reply
        return reply.fail(code, message) if begun and reply else Writer(self._fields, self._stamp).fail(code, message)

    def comment(self, text: str) -> bytes:
        return openai_errors.comment(text)

    def keep_alive(self) -> bytes:
        return openai_errors.keep_alive()


class _Last:
    """The stream of the last attempt."""

    reply: Writer | PassingResponse | None = None


class _Referring:
    """What a request refers to, and what later ones may refer to of it."""

    def __init__(self, book: ResponseBook, client: str, now: Callable[[], float]) -> None:
        self._book = book
        self._client = client
        self._now = now
        self._is_kept = True
        self._before: tuple[Stretch, ...] = ()
        self._input = b"null"
        """The items of the request itself, as spelled."""

    def fill_in(self, fields: Fields) -> Refusal | None:
        """Put what the request refers to into its input; or say what is not known here."""
        previous = previous_of(fields)
        if isinstance(previous, Refusal):
            return previous
        self._is_kept = bytes(fields.get("store", b"")) != b"false"
        self._input = bytes(fields.get("input", b"null"))
        has_references = self._input.find(_REFERENCE) >= 0
        if not (previous or has_references):
            return None
        try:
            own = _items(self._input)
        except (ValueError, RecursionError) as error:
            return refuse_shape("input", error)
        if previous:
            before = self._book.find(self._client, previous, self._now())
            if before is None:
                return unknown_response(previous)
            self._before = before
        if has_references:
            own = [self._resolved(item) for item in own]
            self._input = b"[%b]" % b",".join(map(bytes, own))
        whole = [item.spelled for stretch in self._before for item in stretch.items]
        fields["input"] = msgspec.Raw(b"[%b]" % b",".join([*whole, *map(bytes, own)]))
        return None

    def keep(self, spelled: bytes) -> None:
        """Keep a reply that was given, whose response object *spelled* is, unless the client forbids it."""
        if not self._is_kept:
            return
        try:
            reply = _FIELDS.decode(spelled)
            response_id = msgspec.json.decode(reply["id"], type=str)
            items = [kept for raw in [*_items(self._input), *_RAWS.decode(reply["output"])] if (kept := _kept(raw)) is not None]
        except (ValueError, KeyError, RecursionError):
            return  # nothing that could be referred to
        self._book.keep(self._client, response_id, self._before, items, self._now())

    def _resolved(self, item: msgspec.Raw) -> msgspec.Raw:
        """What *item* refers to, if it is a reference to something that is kept; else *item* itself."""
        if bytes(item).find(_REFERENCE) < 0:
            return item
        try:
            head = _FIELDS.decode(item)
            if bytes(head["type"]) != _REFERENCE:
                return item
            kept = self._book.item(self._client, msgspec.json.decode(head["id"], type=str), self._now())
        except (ValueError, KeyError, RecursionError):
            return item
        return msgspec.Raw(kept) if kept is not None else item


class _Native:
    """A native way whose replies are kept."""

    def __init__(self, native: "_Passing", keep: Callable[[bytes], None], last: _Last) -> None:
        self.PATH = native.PATH
        self.STREAMS_ONLY = native.STREAMS_ONLY
        self.IS_TYPED = native.IS_TYPED
        self.encode = native.encode
        self._native = native
        self._keep = keep
        self._last = last

    def read_whole(self, request: Request, body: bytes, quirks: Quirks) -> WholeReply:
        reply = self._native.read_whole(request, body, quirks)
        if reply.error is None and not reply.broken:
            self._keep(reply.body)
        return reply

    def reply_stream(self, request: Request, quirks: Quirks, bounds: StreamBounds) -> PassingResponse:
        self._last.reply = reply = self._native.reply_stream(request, quirks, bounds, self._keep)
        return reply


class _Passing(Native, Protocol):
    """A native way that tells what it passed."""

    def reply_stream(
        self, request: Request, quirks: Quirks, bounds: StreamBounds, done: Callable[[bytes], None] | None = None
    ) -> PassingResponse:
        """*done* is given the response object of a reply that is complete."""


class _Hub:
    """The way to the hub, whose replies are kept."""

    def __init__(self, keep: Callable[[bytes], None], last: _Last) -> None:
        self._keep = keep
        self._last = last

    def conversation(self, request: Request) -> Conversation | Refusal:
        return responses_hub.conversation(request)

    def write_whole(self, request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:
        reply = responses_hub.write_whole(request, events, stamp)
        self._keep(reply)
        return reply

    def event_writer(self, request: Request, stamp: Stamp) -> Writer:
        self._last.reply = writer = Writer(request.fields, stamp, self._keep)
        return writer


def _items(spelled: bytes) -> list[msgspec.Raw]:
    """The items of an input; a text stands for one message of the user."""
    if spelled[:1] == b'"':
        return [msgspec.Raw(b'{"type":"message","role":"user","content":%b}' % spelled)]
    return [] if spelled == b"null" else _RAWS.decode(spelled)


def _kept(item: msgspec.Raw) -> KeptItem | None:
    """*item* as it can be sent to anybody later: without its id, which only its maker could look up. Reasoning that is not
    sealed says nothing to anybody."""
    spelled = bytes(item)
    if spelled.find(b'"id"') < 0 and spelled.find(b'"reasoning"') < 0:
        return KeptItem("", spelled)
    members = _FIELDS.decode(spelled)
    raw = members.pop("id", msgspec.Raw(b'""'))
    item_id = msgspec.json.decode(raw) if bytes(raw)[:1] == b'"' else ""
    if bytes(members.get("type", b"")) == b'"reasoning"' and bytes(members.get("encrypted_content", b"null")) == b"null":
        return None
    return KeptItem(item_id, msgspec.json.encode(members))
