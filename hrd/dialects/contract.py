"""What the line needs of a wire format. A dialect is a module of plain functions that fits `Dialect`.

body ─ decode ─> Request ─ encode ─> body for one candidate
its whole reply ─ read_whole ─> WholeReply        its stream ─ reply_stream ─> StreamReader
Refusal ─ error_reply ─> status, headers, body    after the head: ─ error_event ─> the last bytes of a stream
"""

import enum
from typing import Any, Protocol

import msgspec

from hrd.core.ask import Ask
from hrd.core.journal import Usage
from hrd.core.providers import Provider, Quirks
from hrd.core.refusals import Refusal

Fields = dict[str, msgspec.Raw]
"""The members of a JSON object, each spelled as it came."""
ErrorReply = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A decoded request: the facts for routing, and the members as the client spelled them, in its order."""

    ask: Ask
    fields: Fields
    usage_to_client: bool = False
    """Streams: the client asked for the chunk that carries the usage."""
    base64_to_client: bool = False
    """Embeddings: the client asked for base64 instead of lists of numbers."""
    inputs: int = 1
    """Embeddings: how many vectors are owed."""


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A request as one candidate gets it."""

    body: bytes
    notes: tuple[str, ...] = ()
    """What was left out, renamed in meaning or clamped, in plain words."""


class WholeReply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole reply, read."""

    body: bytes
    """What the client gets: the upstream's own bytes unless a quirk had to be mended."""
    usage: Usage
    empty: bool = False
    """Well-formed, with nothing in it: no text, reasoning, refusal or tool call, and it ended as if all were well."""
    error: dict[str, Any] | None = None
    """An error object that came instead of, or beside, a reply."""
    broken: str = ""
    """Why this is not a reply at all; empty when it is one."""
    finish_reason: str = ""


class Ending(enum.Enum):
    """How a stream ended."""

    COMPLETE = "complete"
    BROKEN = "broken"
    EMPTY = "empty"


class StreamReader(Protocol):
    """One attempt's stream on its way to the client.

    Bytes before the commit point are kept back by the reader and come out with the event that commits, so what `feed`
    returns may always be sent. After every `feed` look at `error`, `broken` and `finished`, in this order."""

    @property
    def committed(self) -> bool:
        """The commit point was reached: something of the reply can be, or was, sent."""

    @property
    def error(self) -> dict[str, Any] | None:
        """The first error object in the stream; its event is not passed on, and nothing after it is read."""

    @property
    def broken(self) -> str:
        """Why the stream cannot be read further; empty while it can."""

    @property
    def finished(self) -> bool:
        """The terminator was seen, or `end` found the reply complete."""

    @property
    def finish_reason(self) -> str:
        """In the dialect's own words; empty while there was none."""

    @property
    def last(self) -> bytes:
        """The terminator and all that shared its read (or had not been sent): to be sent when the settlement is stored.

        An empty reply stands here whole."""

    def feed(self, data: bytes) -> bytes:
        """What the client gets of this read."""

    def end(self) -> Ending:
        """The upstream's body ended as HTTP says it must. Called once, also after `finished`."""

    def usage(self) -> Usage:
        """Known if the upstream said so far, else estimated from what was counted."""


class Dialect(Protocol):
    """One wire format of our clients."""

    def decode(self, body: bytes) -> Request | Refusal:
        """The request that *body* spells, or what is wrong with it. Never raises."""

    def encode(
        self,
        request: Request,
        provider: Provider,
        model: str,
        *,
        drop: frozenset[str],
        max_tokens: int | None,
        ask_usage: bool,
    ) -> Encoded:
        """*request* for one candidate, without the fields of *drop*; *max_tokens* replaces the client's own limit;
        *ask_usage* is whether a stream's usage chunk may be asked for."""

    def read_whole(self, request: Request, body: bytes, quirks: Quirks) -> WholeReply:
        """A whole reply to *request*. Never raises."""

    def reply_stream(self, request: Request, quirks: Quirks, event_bytes_max: int) -> StreamReader | None:
        """A reader for one attempt's stream, broken by an event of more than *event_bytes_max*; None in a dialect without
        streams."""

    def error_reply(self, refusal: Refusal) -> ErrorReply:
        """The refusal as a whole answer."""

    def error_event(self, refusal: Refusal) -> bytes:
        """The refusal as the end of a stream whose head is out."""

    def comment(self, text: str) -> bytes:
        """Bytes that a waiting stream's client reads over."""
