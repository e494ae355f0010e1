"""What HTTP/1.1 says, as values: heads, their header fields, and how a message can be wrong."""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec


class EndOfMessage(enum.Enum):
    """The one value that ends a message's events; compare with `is END_OF_MESSAGE`."""

    END = enum.auto()


END_OF_MESSAGE: Final = EndOfMessage.END
KEEP_ALIVE: Final = b"keep-alive"
"""The usual spelling of the usual Connection header."""


class RequestRejected(Exception):  # noqa: N818 - says what happened to the request
    """The peer's request cannot be served: answer *status* with *message*, then close."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


class ReplyBroken(Exception):  # noqa: N818 - says what happened to the reply
    """What came back is not a complete HTTP/1.1 reply; the connection is of no further use."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Headers:
    """Header fields in the order they came, names in lower case, repeats kept."""

    __slots__ = ("_index", "_pairs", "get", "last_values")

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """*pairs* have lower-case names and values without surrounding space."""
        self._pairs = pairs
        index = dict(pairs)
        self.last_values: Mapping[bytes, bytes] = index
        """Each name with the value that was sent last under it."""
        if len(index) != len(pairs):
            index = _joined(pairs)
        self._index = index
        self.get: Callable[[bytes], bytes | None] = index.get  # asked a dozen times a request: no frame of ours around it
        """The field's value, repeats joined with ", " (RFC 9110 section 5.3), or None; the name is in lower case."""

    def all(self, name: bytes) -> list[bytes]:
        """Each value that was sent under *name*."""
        return [value for found, value in self._pairs if found == name]

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and list(self._pairs) == list(other._pairs)

    def __hash__(self) -> int:
        return hash(tuple(self._pairs))

    def __repr__(self) -> str:
        """Names only: values hold keys, and this text may reach a log."""
        return f"Headers({[name for name, _ in self._pairs]})"


def _joined(pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    index: dict[bytes, bytes] = {}
    for name, value in pairs:
        index[name] = index[name] + b", " + value if name in index else value
    return index


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    """A request up to its body. Framing is decided here, once: *content_length* and *chunked* are never both set."""

    method: str
    target: str
    """As it was sent."""
    path: str
    """The target's path, percent-encoding left alone; `*` for `OPTIONS *`."""
    query: str
    """What followed the first `?`, or nothing."""
    minor: int
    """The x of HTTP/1.x."""
    headers: Headers
    keep_alive: bool
    expects_continue: bool
    content_length: int | None
    chunked: bool

    @property
    def has_body(self) -> bool:
        """Whether a body may follow (a chunked one may turn out empty)."""
        return self.chunked or bool(self.content_length)


class ReplyHead(msgspec.Struct, frozen=True, gc=False):
    """A reply up to its body."""

    status: int
    reason: str
    minor: int
    headers: Headers
    keep_alive: bool
    """Whether the peer keeps the connection open after this reply and its end can be told."""
    content_length: int | None
    """As announced; a reply to HEAD announces a body that does not come."""
    chunked: bool


def connection_options(value: bytes) -> list[bytes]:
    """The options of a Connection header, or of any other list of tokens, in lower case."""
    return [option.strip() for option in value.lower().split(b",")]
