"""The parts of a message and of a reasoning item while they are written into a Responses stream, event by event.

Reference: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Callable

import msgspec

from hrd.core.reply_events import Cited
from hrd.dialects.responses_object import encode

Numbers = Callable[[], int]
"""Gives each event its number."""


def spell_event(name: bytes, number: int, members: bytes) -> bytes:
    """One event of a Responses stream."""
    return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (name, name, number, members)


class Summary:
    """A reasoning item that is being written: its summary, paragraph by paragraph."""

    __slots__ = ("_part", "_texts", "_where", "id", "parts")

    def __init__(self, place: int, item_id: str) -> None:
        self.id = encode(item_id)
        self.parts: list[bytes] = []
        self._part: int | None = None
        self._texts: list[str] = []
        self._where = b'"item_id":%b,"output_index":%d,"summary_index":' % (self.id, place)

    def add(self, number: Numbers, text: str, part: int) -> bytes:
        opened = b""
        if self._part != part:
            opened = self.close_part(number)
            self._part = part
            opened += self._event(number, b"part.added", b'"part":{"type":"summary_text","text":""}')
        self._texts.append(text)
        return opened + self._event(number, b"text.delta", b'"delta":' + encode(text))

    def close_part(self, number: Numbers) -> bytes:
        if self._part is None:
            return b""
        spelled = encode("".join(self._texts))
        part = b'{"type":"summary_text","text":%b}' % spelled
        closed = self._event(number, b"text.done", b'"text":' + spelled) + self._event(number, b"part.done", b'"part":' + part)
        self.parts.append(part)
        self._part, self._texts = None, []
        return closed

    def _event(self, number: Numbers, name: bytes, members: bytes) -> bytes:
        where = b"%b%d," % (self._where, len(self.parts))
        return spell_event(b"response.reasoning_summary_" + name, number(), where + members)


class Message:
    """A message item that is being written: parts of text or refusal."""

    __slots__ = ("_annotations", "_content", "_delta", "_texts", "_where", "id", "is_refusal", "logprobs")

    def __init__(self, place: int, item_id: str) -> None:
        self.id = encode(item_id)
        self.is_refusal: bool | None = None
        """What the open part holds; None is that none is open."""
        self.logprobs: list[bytes] = []
        """Of the open part: lists, as spelled."""
        self._content: list[bytes] = []
        self._texts: list[str] = []
        self._annotations: list[bytes] = []
        self._where = b'"item_id":%b,"output_index":%d,"content_index":' % (self.id, place)
        self._delta = b""

    @property
    def takes_text(self) -> bool:
        return self.is_refusal is False

    def open_part(self, number: Numbers, *, is_refusal: bool) -> bytes:
        closed = self.close_part(number)
        self.is_refusal = is_refusal
        where = b"%b%d," % (self._where, len(self._content))
        name = b"response.refusal.delta" if is_refusal else b"response.output_text.delta"
        self._delta = b'event: %b\ndata: {"type":"%b","sequence_number":%%d,%b"delta":' % (
            name,
            name,
            where.replace(b"%", b"%%"),
        )
        return closed + self._event(number, b"content_part.added", b'"part":' + self._part())

    def text_delta(self, number: int, text: str) -> bytes:
        self._texts.append(text)
        return b'%b%b,"logprobs":[]}\n\n' % (self._delta % number, encode(text))

    def refusal_delta(self, number: int, text: str) -> bytes:
        self._texts.append(text)
        return b"%b%b}\n\n" % (self._delta % number, encode(text))

    def cite(self, number: Numbers, cited: Cited) -> bytes:
        if not self.takes_text:
            return b""
        length = sum(map(len, self._texts))
        annotation = encode(
            {
                "type": "url_citation",
                "url": cited.url,
                "title": cited.title,
                "start_index": cited.start if cited.start is not None else 0,
                "end_index": cited.end if cited.end is not None else length,
            }
        )
        self._annotations.append(annotation)
        members = b'"annotation_index":%d,"annotation":%b' % (len(self._annotations) - 1, annotation)
        return self._event(number, b"output_text.annotation.added", members)

    def close_part(self, number: Numbers) -> bytes:
        if self.is_refusal is None:
            return b""
        spelled, part = encode("".join(self._texts)), self._part()
        if self.is_refusal:
            done = self._event(number, b"refusal.done", b'"refusal":' + spelled)
        else:
            done = self._event(number, b"output_text.done", b'"text":%b,"logprobs":%b' % (spelled, self._logprobs()))
        closed = done + self._event(number, b"content_part.done", b'"part":' + part)
        self._content.append(part)
        self.is_refusal, self._texts, self._annotations, self.logprobs = None, [], [], []
        return closed

    def spelled(self, status: bytes) -> bytes:
        content = b",".join(self._content)
        return b'{"id":%b,"type":"message","status":"%b","role":"assistant","content":[%b]}' % (self.id, status, content)

    def _part(self) -> bytes:
        text = encode("".join(self._texts))
        if self.is_refusal:
            return b'{"type":"refusal","refusal":%b}' % text
        annotations = b",".join(self._annotations)
        return b'{"type":"output_text","text":%b,"annotations":[%b],"logprobs":%b}' % (text, annotations, self._logprobs())

    def _logprobs(self) -> bytes:
        if len(self.logprobs) <= 1:
            return self.logprobs[0] if self.logprobs else b"[]"
        joined: list[msgspec.Raw] = []
        for each in self.logprobs:
            joined += msgspec.json.decode(each, type=list[msgspec.Raw])
        return encode(joined)

    def _event(self, number: Numbers, name: bytes, members: bytes) -> bytes:
        where = b"%b%d," % (self._where, len(self._content))
        return spell_event(b"response." + name, number(), where + members)
