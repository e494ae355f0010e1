"""A chat completion's stream on its way through: what the client gets of each read, and what the router learns from it.

Bytes pass as they came. Held back are: everything before the commit point (so that another candidate can still answer),
comments before it, the usage chunk of a client that did not ask for one, error objects, and the read in which the terminator
stands, which waits in `last` until the settlement is stored. See `contract.StreamReader` for what a caller may rely on.
"""

from typing import Any

from hrd.core.journal import Usage
from hrd.dialects.contract import Ending, StreamBounds
from hrd.dialects.openai_errors import error_object
from hrd.dialects.openai_mend import Mender
from hrd.dialects.openai_reply import Choice, Chunk, Tally, chunk_error, known_usage, plain_finish, read_chunk
from hrd.dialects.sse import Event, Framer

DONE = b"data: [DONE]\n\n"
HELD_BYTES_MAX = 1024 * 1024
"""What may come before the commit point."""


class ReplyStream:
    """Reads one attempt's stream."""

    def __init__(self, *, usage_to_client: bool, rewrite: tuple[str, ...], input_tokens: int, bounds: StreamBounds) -> None:
        self.committed = False
        self.error: dict[str, Any] | None = None
        self.broken = ""
        self.finished = False
        self.finish_reason = ""
        self.last = b""
        self.plan = b""
        self._usage_to_client = usage_to_client
        self._input_tokens = input_tokens
        self._mender = Mender(rewrite) if rewrite else None
        self._framer = Framer(bounds.event_bytes)
        self._tally = Tally()
        self._usage: Usage | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._opened = 0
        self._closed = 0

    @property
    def begun(self) -> bool:
        """The beginning of a call goes out like everything else."""
        return self.committed

    def feed(self, data: bytes) -> bytes:
        """What the client gets of this read."""
        if self._is_over():
            return b""
        pieces = self._take(self._framer.feed(data))
        if self._framer.too_large and not self._is_over():
            self.broken = "an event of the stream is too large"
        if self.finished:
            self.last = b"".join(self._held + pieces)
            self._held = []
            return b""
        if not self.committed:
            self._hold(pieces)
            return b""
        if self._held:
            pieces = self._held + pieces
            self._held = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def end(self) -> Ending:
        """The upstream's body ended as HTTP says it must."""
        pieces: list[bytes] = []
        if not self._is_over():
            pieces = self._take([event for event in self._framer.end() if event.data])
        if self.error is not None or self.broken:
            return Ending.BROKEN
        if not self.finished:
            if not self._closed or self._opened & ~self._closed:
                self.broken = "the stream ended before the reply did"
                return Ending.BROKEN
            pieces.append(DONE)
            self.finished = True
        if pieces:
            self.last = b"".join(self._held + pieces)
            self._held = []
        return Ending.COMPLETE if self.committed else Ending.EMPTY

    def usage(self) -> Usage:
        """Known if the upstream said so far, else estimated from what was counted."""
        return self._usage if self._usage is not None else self._tally.usage(self._input_tokens)

    def _is_over(self) -> bool:
        return self.finished or self.error is not None or bool(self.broken)

    def _take(self, events: list[Event]) -> list[bytes]:
        """What the client gets of *events*, up to the one that ends the reading.

        An event without data is left out: it says nothing, and some clients choke on it."""
        pieces: list[bytes] = []
        for event in events:
            data = event.data
            if data is None:
                if self.committed:
                    pieces.append(event.raw)
            elif data.startswith(b"{") or data.strip() not in (b"", b"[DONE]"):
                piece = self._read(event, data)
                if piece:
                    pieces.append(piece)
                elif self._is_over():
                    break
            elif data.strip():
                pieces.append(event.raw)
                self.finished = True
                break
        return pieces

    def _read(self, event: Event, data: bytes) -> bytes:
        """What the client gets of one event with data."""
        chunk = read_chunk(data)
        if chunk is None:
            self.broken = "an event of the stream is not a JSON object"
            return b""
        choices = chunk.choices
        if chunk.error or chunk.object == "error" or chunk.x_groq is not None or event.name == b"error":
            self._read_rare(event, chunk)
            if self.error is not None:
                return b""
        if choices:
            for choice in choices:
                if choice.error or choice.finish_reason is not None or choice.index:
                    self._read_choice(chunk, choice)
                    if self.error is not None:
                        return b""
                self._opened |= 1 << choice.index if choice.index else 1
                if choice.delta is not None:
                    self._tally.add(choice.delta)
            if self._tally.meaningful:
                self.committed = True
        if chunk.usage is not None:
            self._usage = known_usage(chunk) or self._usage
            if not choices and not self._usage_to_client:
                return b""
        return event.raw if self._mender is None else self._mender.event(event, chunk)

    def _read_rare(self, event: Event, chunk: Chunk) -> None:
        """An error object, by the event's name or its own, or Groq's part with the usage."""
        self.error = chunk_error(chunk)
        if self.error is None and event.name == b"error":
            self.error = error_object(chunk.message) or {"message": "The provider ended its stream with an error event."}
        if chunk.x_groq is not None:
            self._usage = known_usage(chunk) or self._usage

    def _read_choice(self, chunk: Chunk, choice: Choice) -> None:
        """An ending, an error, or one of several choices."""
        if choice.error:
            self.error = chunk_error(chunk)
            return
        if choice.index not in range(128):
            choice.index = 127
        if choice.finish_reason is None:
            return
        reason = plain_finish(choice.finish_reason)
        if reason == "error":
            self.error = chunk_error(chunk)
            return
        self.finish_reason = reason
        self._closed |= 1 << choice.index
        if reason != "stop":
            self.committed = True

    def _hold(self, pieces: list[bytes]) -> None:
        self._held += pieces
        self._held_bytes += sum(map(len, pieces))
        if self._held_bytes > HELD_BYTES_MAX:
            self.broken = self.broken or "too much came before the first word of the reply"
