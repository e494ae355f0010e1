"""One HTTP/1.1 reply, read from a stream: enough of it for our own daemon on a Unix socket.

The standard library's client would do, but loading it (with TLS and mail parsing) costs a third of the time in which
`hr status` is to be done.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

LINE_MAX: Final = 65_536
BODY_MAX: Final = 64 << 20


class Garbled(Exception):  # noqa: N818 - said of the other side
    """Not an HTTP reply, or only a part of one."""


class Reply:
    """A reply whose head has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.status = _status(_line(stream))
        self._headers = dict(_headers(stream))

    def header(self, name: str) -> str:
        """A header's value, *name* in lower case; empty when there is none."""
        return self._headers.get(name.encode(), b"").decode("latin-1")

    def read(self) -> bytes:
        """The whole body."""
        pieces = []
        room = BODY_MAX
        for piece in self._pieces():
            room -= len(piece)
            if room < 0:
                raise Garbled(f"the answer is longer than {BODY_MAX >> 20} MiB")
            pieces.append(piece)
        return b"".join(pieces)

    def lines(self) -> Iterator[bytes]:
        """The body, line by line as it comes, blank ones too."""
        rest = b""
        for piece in self._pieces():
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > BODY_MAX:
                raise Garbled("a line without an end")
        if rest:
            raise Garbled("the last line has no end")

    def _pieces(self) -> Iterator[bytes]:
        if self._headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return _chunks(self._stream)
        length = self._headers.get(b"content-length")
        return iter((_exactly(self._stream, _number(length, 10)),)) if length is not None else _rest(self._stream)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Garbled("this is not HTTP")
    return _number(rest[:3], 10)


def _headers(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while line := _line(stream):
        name, _, value = line.partition(b":")
        yield name.lower(), value.strip()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while size := _number(_line(stream).partition(b";")[0].strip(), 16):
        yield _exactly(stream, size)
        if _line(stream):
            raise Garbled("a chunk of the wrong size")


def _rest(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(65_536):
        yield piece


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(LINE_MAX)
    if not line.endswith(b"\n"):
        raise Garbled("the answer ends in the middle")
    return line.rstrip(b"\r\n")


def _number(digits: bytes, base: int) -> int:
    try:
        number = int(digits, base)
    except ValueError:
        number = -1
    if not 0 <= number <= BODY_MAX:
        raise Garbled("a length or status that cannot be")
    return number


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise Garbled("the answer ends in the middle")
    return data
