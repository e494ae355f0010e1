"""Reply events written as a Responses stream, in exactly the order that OpenAI's own libraries accept.

    response.created  response.in_progress
        for each item: output_item.added  … parts and deltas …  output_item.done
    response.completed | response.incomplete

One item is open at a time, `output_index` counts them without gaps, `sequence_number` counts all events. Calls are written
whole: they come whole (see `core.reply_events`). The last event's response object is the whole reply.
Reference: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Callable
from typing import Final

from hrd.core.conversation import CallKind
from hrd.core.journal import Usage
from hrd.core.reply_events import (
    CallDone,
    Cited,
    Finish,
    Finished,
    LogProbs,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.call_ids import CallIds
from hrd.dialects.contract import Fields, Stamp
from hrd.dialects.fields import NULL
from hrd.dialects.responses_carried import carry, carry_call
from hrd.dialects.responses_object import ResponseObject, encode
from hrd.dialects.responses_parts import Message, Summary, spell_event

_INCOMPLETE: Final = {Finish.LENGTH: b'{"reason":"max_output_tokens"}', Finish.FILTERED: b'{"reason":"content_filter"}'}


class Writer:
    """Writes one reply. Fits `contract.EventWriter`."""

    def __init__(self, fields: Fields, stamp: Stamp, done: Callable[[bytes], None] | None = None) -> None:
        """*fields* are the request's, which the response object repeats; *done* is given that of a reply that is complete."""
        self.response = b""
        """The response object as the last event gave it."""
        self._object = ResponseObject(f"resp_{stamp.id}", stamp.model, stamp.at, fields)
        self._done = done
        self._stem = stamp.id
        self._ids = CallIds(f"call_{stamp.id}")
        self._number = 0
        self._output: list[bytes] = []
        """The items that are done."""
        self._thinking: Summary | None = None
        self._message: Message | None = None
        self._usage: Usage | None = None
        self._finish = Finish.STOP
        self._has_begun = False

    def write(self, event: ReplyEvent) -> bytes:
        """The events that *event* becomes."""
        message = self._message
        if type(event) is Text and message is not None and message.takes_text and event.text:
            return message.text_delta(self._next(), event.text)  # most events of most streams
        match event:
            case Started():
                self._object.model = event.model or self._object.model
                return self._begin()
            case UsageSeen():
                self._usage = event.usage
                return b""
            case Finished():
                self._finish = event.reason
                return self._begin()
        return self._begin() + self._written(event)

    def end(self) -> bytes:
        """What is still open, and the last event."""
        status = b"incomplete" if self._finish in _INCOMPLETE else b"completed"
        pieces = [self._begin(), self._close_thinking(), self._close_message(status)]
        self.response = self._object.spelled(
            status, output=self._output, usage=self._usage, incomplete=_INCOMPLETE.get(self._finish, NULL)
        )
        if self._done is not None:
            self._done(self.response)
        return b"".join([*pieces, self._event(b"response." + status, b'"response":' + self.response)])

    def fail(self, code: str, message: str) -> bytes:
        """The last event of a reply that will not be complete."""
        error = b'{"code":%b,"message":%b}' % (encode(code), encode(message))
        self.response = self._object.spelled(b"failed", output=self._output, usage=self._usage, error=error)
        return self._begin() + self._event(b"response.failed", b'"response":' + self.response)

    def _begin(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        response = b'"response":' + self._object.spelled(b"in_progress")
        return self._event(b"response.created", response) + self._event(b"response.in_progress", response)

    def _written(self, event: ReplyEvent) -> bytes:
        match event:
            case Text(text=text) if text:
                return self._close_thinking() + self._text(text, is_refusal=False)
            case RefusalText(text=text) if text:
                return self._close_thinking() + self._text(text, is_refusal=True)
            case Thought(text=text) if text:
                return self._close_message() + self._thought(text, event.part)
            case ThoughtSigned():
                return self._close_message() + self._signed(event)
            case CallDone():
                return self._close_thinking() + self._close_message() + self._call(event)
            case Cited() if self._message is not None:
                return self._message.cite(self._next, event)
            case LogProbs() if self._message is not None:
                self._message.logprobs.append(bytes(event.content))
        return b""

    # reasoning -----------------------------------------------------------------------------------------------------------

    def _thought(self, text: str, part: int) -> bytes:
        began = b""
        if self._thinking is None:
            self._thinking = Summary(len(self._output), f"rs_{self._stem}_{len(self._output)}")
            began = self._item_added(b'{"id":%b,"type":"reasoning","summary":[]}' % self._thinking.id)
        return began + self._thinking.add(self._next, text, part)

    def _signed(self, event: ThoughtSigned) -> bytes:
        encrypted = carry(event)
        return self._close_thinking(encrypted) if self._thinking is not None or not encrypted else self._only_signed(encrypted)

    def _only_signed(self, encrypted: str) -> bytes:
        """A reasoning item without a word, which carries what its vendor alone can read."""
        place = len(self._output)
        self._thinking = Summary(place, f"rs_{self._stem}_{place}")
        added = self._item_added(b'{"id":%b,"type":"reasoning","summary":[]}' % self._thinking.id)
        return added + self._close_thinking(encrypted)

    def _close_thinking(self, encrypted: str = "") -> bytes:
        thinking, self._thinking = self._thinking, None
        if thinking is None:
            return b""
        closed = thinking.close_part(self._next)
        item = b'{"id":%b,"type":"reasoning","summary":[%b]%b}' % (
            thinking.id,
            b",".join(thinking.parts),
            b',"encrypted_content":%b' % encode(encrypted) if encrypted else b"",
        )
        return closed + self._item_done(item)

    # messages ------------------------------------------------------------------------------------------------------------

    def _text(self, text: str, *, is_refusal: bool) -> bytes:
        pieces: list[bytes] = []
        message = self._message
        if message is None:
            place = len(self._output)
            message = self._message = Message(place, f"msg_{self._stem}_{place}")
            pieces.append(self._item_added(message.spelled(b"in_progress")))
        if message.is_refusal is not is_refusal:
            pieces.append(message.open_part(self._next, is_refusal=is_refusal))
        delta = message.refusal_delta if is_refusal else message.text_delta
        pieces.append(delta(self._next(), text))
        return b"".join(pieces)

    def _close_message(self, status: bytes = b"completed") -> bytes:
        message, self._message = self._message, None
        if message is None:
            return b""
        return message.close_part(self._next) + self._item_done(message.spelled(status))

    # calls ---------------------------------------------------------------------------------------------------------------

    def _call(self, event: CallDone) -> bytes:
        call_id = self._ids.new(event.id)
        signed = self._only_signed(carry_call(call_id, event.signature)) if event.signature else b""
        place = len(self._output)
        if event.kind is CallKind.CUSTOM:
            kind, member, stem, event_name = b"custom_tool_call", b"input", "ctc", b"response.custom_tool_call_input"
        else:
            kind, member, stem, event_name = b"function_call", b"arguments", "fc", b"response.function_call_arguments"
        item_id = encode(f"{stem}_{self._stem}_{place}")
        about = b'"call_id":%b,"name":%b%b' % (
            encode(call_id),
            encode(event.name),
            b',"namespace":%b' % encode(event.namespace) if event.namespace else b"",
        )
        spelled = encode(event.arguments)
        item = b'{"id":%b,"type":"%b","status":"%b",%b,"%b":%b}'
        where = b'"item_id":%b,"output_index":%d,' % (item_id, place)
        return b"".join(
            [
                signed,
                self._item_added(item % (item_id, kind, b"in_progress", about, member, b'""')),
                self._event(event_name + b".delta", b'%b"delta":%b' % (where, spelled)) if event.arguments else b"",
                self._event(event_name + b".done", b'%b"%b":%b' % (where, member, spelled)),
                self._item_done(item % (item_id, kind, b"completed", about, member, spelled)),
            ]
        )

    # events --------------------------------------------------------------------------------------------------------------

    def _item_added(self, item: bytes) -> bytes:
        return self._event(b"response.output_item.added", b'"output_index":%d,"item":%b' % (len(self._output), item))

    def _item_done(self, item: bytes) -> bytes:
        self._output.append(item)
        return self._event(b"response.output_item.done", b'"output_index":%d,"item":%b' % (len(self._output) - 1, item))

    def _event(self, name: bytes, members: bytes) -> bytes:
        return spell_event(name, self._next(), members)

    def _next(self) -> int:
        number = self._number
        self._number = number + 1
        return number
