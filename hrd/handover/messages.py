"""What an old and a new process tell each other while the work changes hands.

    old                                 new
    spawns it                           → Begun        it runs, and has a channel
    Hello, with every listener and the lock →
                                        → Prepared     settings read, database open; or CannotStart
    claims no more, writes all it has
    Turn, with the channels of still older ones →
                                        → Loaded       it has read the ledger: the old one may write again
                                        → Ready        everything is built
    gives up
    Go →                                               it accepts
    Rows, MayI, Progress, Given (client connections), StopToo, Farewell →
                                        → May, StopBy

Until Go nothing is given up: whatever goes wrong, the old process serves on. Every message is one packet. Both sides may be of
different versions: `Hello` carries the protocol and the schema of the database, and a new process that knows another of either
says so instead of going on. Rows of a kind that is not known are passed over.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from hrd.core.blocks import Block
from hrd.core.journal import Entry
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.quota.window import Window
from hrd.core.remembered import AccountNamed, BlockLifted, Charge, EmbeddingPin, Learned, Row, WindowForgotten
from hrd.store.contract import Process

PROTOCOL: Final = 1
ROWS_BYTES_MAX: Final = 49_152
"""Of one packet: far below what a Unix socket takes at once (net.core.wmem_default, 212,992 bytes)."""


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Every one of them."""


class Begun(Message, frozen=True, kw_only=True):
    pid: int


class Hello(Message, frozen=True, kw_only=True):
    """With it: standard error, the lock, the control listener, then those for clients."""

    protocol: int
    schema: int
    version: str
    process: Process
    host: str
    port: int
    """What was asked for, not what came of it."""
    is_activated: bool
    """The supervisor opened the listeners: no setting moves them."""


class Prepared(Message, frozen=True, kw_only=True):
    version: str


class CannotStart(Message, frozen=True, kw_only=True):
    lines: tuple[str, ...]
    hint: str = ""
    """What to type, if that is not to mend something and to try again."""


class Older(msgspec.Struct, frozen=True, kw_only=True):
    """A process that is still finishing what it had when it handed over."""

    process: Process
    version: str


class Turn(Message, frozen=True, kw_only=True):
    """The ledger is complete. With it: a channel to each of *older*, in that order."""

    next_reservation: int
    older: tuple[Older, ...]


class Loaded(Message, frozen=True, kw_only=True):
    pass


class Ready(Message, frozen=True, kw_only=True):
    pass


class Go(Message, frozen=True, kw_only=True):
    pass


class SentRow(msgspec.Struct, frozen=True):
    kind: str
    row: msgspec.Raw


class Rows(Message, frozen=True, kw_only=True):
    """What the old process has just written."""

    rows: tuple[SentRow, ...]
    number: int = 0
    """Of the write, as the database has it (see `hrd.store.notes`); 0: they are not from there."""


class MayI(Message, frozen=True, kw_only=True):
    """The old process would ask a candidate. *insists*: it knows what stands against it."""

    number: int
    reservation: Reservation
    insists: bool


class May(Message, frozen=True, kw_only=True):
    """*rows*: what stands against it, if it may not."""

    number: int
    granted: bool
    rows: tuple[SentRow, ...] = ()


class Progress(Message, frozen=True, kw_only=True):
    in_flight: int
    seconds_max: float


class Given(Message, frozen=True, kw_only=True):
    """With it: idle connections of clients."""


class Farewell(Message, frozen=True, kw_only=True):
    """Nothing more comes; everything is settled."""


class StopToo(Message, frozen=True, kw_only=True):
    """Somebody told the old process to stop: the daemon is meant, whoever hears this."""


class StopBy(Message, frozen=True, kw_only=True):
    seconds: float


AnyMessage = (
    Begun
    | Hello
    | Prepared
    | CannotStart
    | Turn
    | Loaded
    | Ready
    | Go
    | Rows
    | MayI
    | May
    | Progress
    | Given
    | Farewell
    | StopToo
    | StopBy
)

ROW_KINDS: Final[dict[str, type[Row]]] = {
    kind.__name__: kind
    for kind in (
        Reservation,
        Raised,
        Settlement,
        Entry,
        Block,
        BlockLifted,
        Window,
        WindowForgotten,
        Learned,
        EmbeddingPin,
        AccountNamed,
        Charge,
    )
}

_decoder: msgspec.msgpack.Decoder[AnyMessage] = msgspec.msgpack.Decoder(AnyMessage)
encode = msgspec.msgpack.encode
"""MessagePack: a block without an end is `inf`, for which JSON has no word."""


def decode(data: bytes) -> AnyMessage:
    """Raises `msgspec.MsgspecError` for what is no message of this version."""
    return _decoder.decode(data)


def sent(row: Row) -> SentRow:
    return SentRow(type(row).__name__, msgspec.Raw(encode(row)))


def _sayable(rows: Iterable[Row]) -> Iterator[SentRow]:
    """Without those that no message can hold; the database has left them out, too."""
    for row in rows:
        try:
            yield sent(row)
        except (UnicodeError, OverflowError):
            continue


def packets(number: int, rows: Iterable[Row]) -> Iterator[Rows]:
    """*rows*, of the write of that *number*, in as few messages as fit."""
    batch: list[SentRow] = []
    size = 0
    for one in _sayable(rows):
        if batch and size + len(one.row) > ROWS_BYTES_MAX:
            yield Rows(number=number, rows=tuple(batch))
            batch, size = [], 0
        if len(one.row) <= ROWS_BYTES_MAX:
            batch.append(one)
            size += len(one.row)
    if batch:
        yield Rows(number=number, rows=tuple(batch))


def rows_of(sent_rows: Sequence[SentRow]) -> list[Row]:
    """Those that this version knows."""
    found: list[Row] = []
    for one in sent_rows:
        kind = ROW_KINDS.get(one.kind)
        if kind is not None:
            try:
                found.append(msgspec.msgpack.decode(one.row, type=kind))
            except msgspec.MsgspecError:
                continue
    return found
