r"""Server-sent events, cut out of a byte stream, with the bytes of each kept as they came.

After https://html.spec.whatwg.org/multipage/server-sent-events.html: a line ends with CR LF, LF or CR, an empty line ends a
block, `:` begins a comment, the `data` lines of a block are joined with LF, a byte order mark at the start of the stream is
not part of it. Blocks end at the same place however the stream is cut into reads; the raw bytes of all of them are the
stream again (without the mark).

A CR at the end of a read may be half of a CR LF, so a block that ends on it waits for one more byte, or for `end`.
"""

import re

import msgspec

_MARK = b"\xef\xbb\xbf"
_CR = 0x0D
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r(?!\Z))", re.DOTALL)
_FIRST_LINE_BLANK = re.compile(rb"(?>\r\n|\n|\r(?!\Z))", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One block of the stream."""

    raw: bytes
    """All of it, with the empty line that ends it."""
    data: bytes | None
    """Its data lines joined; None for a block without any: comments, or nothing."""
    name: bytes = b""
    """Its `event` field."""


class Framer:
    """Incremental: feed it reads, take the events that they complete."""

    def __init__(self, event_bytes_max: int) -> None:
        self.too_large = False
        """A block was longer than that: nothing more is read."""
        self._event_bytes_max = event_bytes_max
        self._pending = bytearray()
        self._looked_at = 0
        self._at_start = True

    def feed(self, data: bytes) -> list[Event]:
        """The events that *data* completes."""
        if self.too_large:
            return []
        if self._pending or self._at_start:
            self._pending += data
            if not self._has_whole_block():
                return []
            data = bytes(self._pending)
            self._pending.clear()
            self._looked_at = 0
            if self._at_start:
                data = data.removeprefix(_MARK)
                self._at_start = False
        if _is_one_block(data) and len(data) <= self._event_bytes_max:
            return [read_block(data)]
        return self._split(data)

    def end(self) -> list[Event]:
        """The stream ended: what is left counts as a block, with the empty line that it lacks."""
        left = bytes(self._pending)
        self._pending.clear()
        self._looked_at = 0
        if self._at_start:
            left = left.removeprefix(_MARK)
        if self.too_large or not left:
            return []
        if left.endswith(b"\r"):  # it was waiting for a LF that never came
            return [read_block(left if _end_by_any(left + b"\n", 0) else left + b"\r")]
        return [read_block(left + (b"\n" if left.endswith(b"\n") else b"\n\n"))]

    def _has_whole_block(self) -> bool:
        pending = self._pending
        if self._at_start and len(pending) < len(_MARK) and _MARK.startswith(pending):
            return False
        start = len(_MARK) if self._at_start and pending.startswith(_MARK) else 0
        if _FIRST_LINE_BLANK.match(pending, start) or _BLANK_LINE.search(pending, max(start, self._looked_at - 3)):
            return True
        self._looked_at = len(pending)
        self.too_large = len(pending) > self._event_bytes_max
        return False

    def _split(self, data: bytes) -> list[Event]:
        """Every whole block of *data*; the rest stays pending."""
        events: list[Event] = []
        end_of_block = _end_by_any if _CR in data else _end_by_lf
        start = 0
        while (end := end_of_block(data, start)) > 0:
            if end - start > self._event_bytes_max:
                self.too_large = True
                return events
            events.append(read_block(data[start:end] if start or end < len(data) else data))
            start = end
        self._pending += data[start:]
        self.too_large = len(self._pending) > self._event_bytes_max
        return events


def _is_one_block(data: bytes) -> bool:
    """Whether *data*, which holds no CR, is one block and no more, as most reads of a stream are."""
    return _CR not in data and not data.startswith(b"\n") and 0 < data.find(b"\n\n") == len(data) - 2


def _end_by_lf(data: bytes, start: int) -> int:
    """Where the block that begins at *start* ends, in data without a CR; 0 if it does not end there."""
    if data.startswith(b"\n", start):
        return start + 1
    place = data.find(b"\n\n", start)
    return place + 2 if place >= 0 else 0


def _end_by_any(data: bytes, start: int) -> int:
    """The same for every kind of line end; blocks that keep to CR LF are found without the expressions."""
    place = data.find(b"\r\n\r\n", start)
    if place >= 0 and not data.startswith((b"\r", b"\n"), start):
        lines = data.count(b"\r\n", start, place)
        if lines == data.count(b"\n", start, place) == data.count(b"\r", start, place):
            return place + 4
    ending = _FIRST_LINE_BLANK.match(data, start) or _BLANK_LINE.search(data, start)
    return ending.end() if ending else 0


def read_block(raw: bytes) -> Event:
    """The event that a whole block spells."""
    if raw.startswith(b"data: "):
        if raw.find(b"\n") == len(raw) - 2 and _CR not in raw:
            return Event(raw, raw[6:-2])
        if raw.find(b"\r\n") == len(raw) - 4 and raw.find(b"\n") == len(raw) - 3:
            return Event(raw, raw[6:-4])
    data: list[bytes] = []
    name = b""
    for line in _LINE_END.split(raw):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Event(raw, b"\n".join(data) if data else None, name)
