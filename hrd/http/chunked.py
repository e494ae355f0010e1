"""The chunked transfer coding (RFC 9112 section 7.1), strictly: it is what tells where a message ends.

llhttp decodes it too but does not say where the last byte was, which pipelining and connection reuse rest on. Refused here:
bare LF, bare CR, a missing size, signs, `0x`, blanks around the size, more than 16 hexadecimal digits, malformed trailers.
"""

import re
from typing import Final

from hrd.http.limits import HttpLimits

_LINE: Final = re.compile(rb"([0-9a-fA-F]{1,16})((?:;[^\x00-\x08\x0a-\x1f\x7f]*+)?)\r\n")
_TRAILERS: Final = re.compile(rb"(?:[-!#$%&'*+.^_`|~0-9a-zA-Z]++:[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+\r\n")

_LF: Final = 0x0A

_SIZE: Final = 0
_DATA: Final = 1
_AFTER_DATA: Final = 2
_TRAILER: Final = 3
_COMPLETE: Final = 4


class ChunkedBroken(Exception):  # noqa: N818 - says what happened to the body
    """The bytes are not a chunked body."""


class ChunkedDecoder:
    """Feed it what arrives; it returns the body's bytes and says when, and before which byte, the body ended."""

    __slots__ = ("_extensions", "_limits", "_state", "_tail", "remaining", "rest")

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._state = _SIZE
        self._tail = b""
        self._extensions = 0
        self.remaining = 0
        """Bytes of the open chunk that have not come yet."""
        self.rest = b""
        """Once complete: what followed the body."""

    @property
    def is_complete(self) -> bool:
        return self._state == _COMPLETE

    def decode(self, data: bytes) -> bytes:
        """The body bytes in *data*, joined; b"" when there are none yet. Not to be called once complete."""
        if self._tail:
            data = self._tail + data
            self._tail = b""
        elif self._state == _SIZE and (only := self._one_whole_chunk(data)):
            return only
        parts: list[bytes] = []
        at = 0
        while True:
            if self._state == _DATA:
                piece = data[at : at + self.remaining]
                if not piece:
                    break
                parts.append(piece)
                at += len(piece)
                self.remaining -= len(piece)
                if self.remaining:
                    break
                self._state = _AFTER_DATA
            if self._state == _AFTER_DATA:
                if not data.startswith(b"\r\n", at):
                    self._keep_if_start_of_crlf(data, at)
                    break
                at += 2
                self._state = _SIZE
            if self._state == _SIZE:
                if at == len(data):
                    break
                line = _LINE.match(data, at)
                if line is None:
                    self._keep_line(data, at)
                    break
                at = line.end()
                self._open_chunk(line)
            if self._state == _TRAILER:
                self._read_trailers(data, at)
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _one_whole_chunk(self, data: bytes) -> bytes:
        """The body bytes if *data* is one chunk, no more and no less, as in most streams; else b"" and nothing has changed."""
        line = _LINE.match(data)
        if line is None or line[2]:
            return b""
        at, end = line.end(), len(data) - 2
        return data[at:end] if at < end and end - at == int(line[1], 16) and data.endswith(b"\r\n") else b""

    def _open_chunk(self, line: re.Match[bytes]) -> None:
        if line[2]:
            self._extensions += len(line[2])
        if len(line[0]) > self._limits.chunk_line_bytes or self._extensions > self._limits.chunk_extensions_bytes:
            raise ChunkedBroken("chunk extensions are too long")
        self.remaining = int(line[1], 16)
        self._state = _DATA if self.remaining else _TRAILER

    def _keep_if_start_of_crlf(self, data: bytes, at: int) -> None:
        self._tail = data[at:]
        if self._tail not in {b"", b"\r"}:
            raise ChunkedBroken("a chunk is longer than its size said")

    def _keep_line(self, data: bytes, at: int) -> None:
        self._tail = data[at:]
        if _LF in self._tail or len(self._tail) > self._limits.chunk_line_bytes:
            raise ChunkedBroken("a chunk's size line is malformed")

    def _read_trailers(self, data: bytes, at: int) -> None:
        """Trailers must be well-formed; what they say is dropped."""
        if data.startswith(b"\r\n", at):
            self._finish(data, at + 2)
            return
        end = data.find(b"\r\n\r\n", at)
        size = (len(data) if end < 0 else end + 4) - at
        if size > self._limits.trailer_bytes:
            raise ChunkedBroken("the trailers are too long")
        if end < 0:
            self._tail = data[at:]
            if b"\n" in self._tail.replace(b"\r\n", b""):
                raise ChunkedBroken("the trailers are malformed")
            return
        if not _TRAILERS.fullmatch(data, at, end + 4):
            raise ChunkedBroken("the trailers are malformed")
        self._finish(data, end + 4)

    def _finish(self, data: bytes, at: int) -> None:
        self._state = _COMPLETE
        self.rest = data[at:]
