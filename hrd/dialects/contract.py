"""What the line needs of a wire format. A dialect is modules of plain functions that fit these protocols.

`Dialect` is a format that clients speak, `Target` one that providers speak. Between any two of them stands the hub of
`core.conversation` and `core.reply_events`, which a dialect reaches by its `Hub`:

    body ─ decode ─> Request ─ conversation ─> Conversation ─ encode ─> body for one candidate
    its reply ─ read_whole, event_reader ─> reply events ─ write_whole, event_writer ─> bytes for the client

Where client and provider speak the same, `Native` takes the short way: the request's members as the client spelled them, the
reply's bytes as they came, read only for what the router must know. `dialects.passage` chooses between the two ways.

    Refusal ─ error_reply ─> status, headers, body    after the head: ─ error_event ─> the last bytes of a stream
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hrd.core.ask import Ask
from hrd.core.conversation import CallKind, Conversation
from hrd.core.journal import Usage
from hrd.core.providers import Provider, Quirks
from hrd.core.refusals import Refusal
from hrd.core.reply_events import ReplyEvent
from hrd.dialects.sse import Event

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
    openai_words: bool = False
    """Chat completions: it says something that OpenAI alone understands as it stands (see `Quirks.openai_words`), or holds a
    file that is a text: the others get that in words of their own."""
    base64_to_client: bool = False
    """Embeddings: the client asked for base64 instead of lists of numbers."""
    inputs: int = 1
    """Embeddings: how many vectors are owed."""


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A request as one candidate gets it."""

    body: bytes
    notes: tuple[str, ...] = ()
    """What was left out, renamed in meaning or clamped, in plain words."""
    names: "Mapping[str, ToolName]" = {}
    """Tools whose names or kinds had to be changed for this candidate: as it knows them → as the client does."""
    is_limited: bool = True
    """Whether the output limit is told, where there is one."""


class ToolName(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A tool as the client knows it."""

    name: str
    namespace: str = ""
    kind: CallKind = CallKind.FUNCTION


class Stamp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a reply that we write says of itself, where the provider did not say."""

    id: str
    """Letters, digits and `-`; unique among replies. Dialects put their own prefix before it."""
    model: str
    at: int
    """Unix seconds."""


class StreamBounds(msgspec.Struct, frozen=True, gc=False):
    """How large what is read of a stream may be; a larger one is broken."""

    event_bytes: int
    """One event."""
    reply_bytes: int
    """All that the reply says, where some of it has to be kept."""


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
    plan: bytes = b""
    """What the provider said in it of the windows of its plan, as spelled (Codex)."""


class Ending(enum.Enum):
    """How a stream ended."""

    COMPLETE = "complete"
    BROKEN = "broken"
    EMPTY = "empty"


Opening = Callable[[str, Stamp], "Dialect"]
"""Who speaks a wire format for one call of a client (named by its key's fingerprint): the same for all calls, mostly. The stamp
is that of a reply of our own making."""


class StreamReader(Protocol):
    """One attempt's stream on its way to the client.

    Bytes before the commit point are kept back by the reader and come out with the event that commits, so what `feed`
    returns may always be sent. After every `feed` look at `error`, `broken` and `finished`, in this order."""

    @property
    def begun(self) -> bool:
        """Something meaningful was read. Mostly that is the commit point; a call that is collected before it is sent on has
        begun earlier."""

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
    def plan(self) -> bytes:
        """What the provider said so far of the windows of its plan, as spelled (Codex)."""

    @property
    def last(self) -> bytes:
        """The terminator and all that shared its read (or had not been sent): to be sent when the settlement is stored.

        An empty reply stands here whole; of one that ended too early, what was read at its very end."""

    def feed(self, data: bytes) -> bytes:
        """What the client gets of this read."""

    def end(self) -> Ending:
        """The upstream's body ended as HTTP says it must. Called once, also after `finished`."""

    def usage(self) -> Usage:
        """Known if the upstream said so far, else estimated from what was counted."""


class EventReader(Protocol):
    """One attempt's stream of a provider dialect, read into reply events.

    Legal whatever comes: what a provider sends out of order is put in order or said to be broken. After each call look at
    `broken` and `finished`; nothing is read after either."""

    @property
    def finished(self) -> bool:
        """The terminator was seen, or `end` found the reply complete."""

    @property
    def broken(self) -> str:
        """Why the stream cannot be read further; empty while it can."""

    @property
    def kept_bytes(self) -> int:
        """How much the reader keeps that it told in no event."""

    def read(self, event: Event) -> Sequence[ReplyEvent]:
        """What one server-sent event says, which has data. An error object is a `Broken`, the last event of all."""

    def end(self) -> Sequence[ReplyEvent]:
        """The upstream's body ended as HTTP says it must. A reply that is complete without its terminator counts as finished;
        one that is not is `broken`."""


class EventWriter(Protocol):
    """One reply to a client, written from reply events as the dialect's own stream."""

    def write(self, event: ReplyEvent) -> bytes:
        """The bytes that *event* becomes, mostly none or one server-sent event. Never given a `Broken` (see `error_event`) or
        what is for the router alone."""

    def end(self) -> bytes:
        """All that is still owed, and the terminator. Called once, after `Finished` and the last `UsageSeen`."""


class Target(Protocol):
    """A wire format of providers, reached from any client dialect by way of the hub."""

    PATH: str
    """Where it takes requests, under a provider's base URL."""
    STREAMS_ONLY: bool
    """Whole replies are not to be had: one is read from a stream."""
    IS_TYPED: bool
    """Replies name their content type; where they do not, it is not looked at."""

    def encode(
        self, conversation: Conversation, provider: Provider, model: str, *, drop: frozenset[str], stream: bool
    ) -> Encoded:
        """*conversation* for one candidate, repaired for what the format demands (`core.history`), without the fields of *drop*
        (by the names under which this format sends them). The output limit is `conversation.max_tokens`."""

    def read_whole(self, body: bytes, encoded: Encoded, quirks: Quirks) -> Sequence[ReplyEvent] | str:
        """A whole reply as events; or why it is none. Never raises."""

    def event_reader(self, encoded: Encoded, quirks: Quirks) -> EventReader:
        """A reader for one attempt's stream."""


class Native(Protocol):
    """Client and provider speak the same: bytes pass."""

    PATH: str
    STREAMS_ONLY: bool
    IS_TYPED: bool

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

    def reply_stream(self, request: Request, quirks: Quirks, bounds: StreamBounds) -> StreamReader | None:
        """A reader for one attempt's stream; None in a dialect without streams."""


class Hub(Protocol):
    """A client dialect's way to the hub and back."""

    def conversation(self, request: Request) -> Conversation | Refusal:
        """*request* for the hub, or what is wrong with it. Never raises."""

    def write_whole(self, request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:
        """A whole reply, of a legal sequence of events without `Broken`."""

    def event_writer(self, request: Request, stamp: Stamp) -> EventWriter:
        """A writer for one stream."""


class Dialect(Protocol):
    """One wire format of our clients."""

    ENDPOINT: str
    """The path under which clients ask for it."""
    ID_HEADERS: tuple[bytes, ...]
    """The headers in which an answer says the request's id."""
    NATIVE: Mapping[str, Native]
    """The provider dialects (`Provider.dialect`) whose requests and replies are this one's own."""
    HUB: Hub | None
    """None: what is asked here is asked of no other dialect."""

    def decode(self, body: bytes) -> Request | Refusal:
        """The request that *body* spells, or what is wrong with it. Never raises."""

    def error_reply(self, refusal: Refusal) -> ErrorReply:
        """The refusal as a whole answer."""

    def error_event(self, refusal: Refusal, *, begun: bool = False) -> bytes:
        """The refusal as the end of a stream whose head is out; *begun*: something of a reply is out, too."""

    def comment(self, text: str) -> bytes:
        """Bytes that a waiting stream's client reads over; before the first event of the stream."""

    def keep_alive(self) -> bytes:
        """The same within a stream, after its first event."""
