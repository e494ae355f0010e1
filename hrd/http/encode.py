"""Heads and chunks as bytes. What would let a value become a second header is refused, whoever wrote it."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

CONTINUE_100: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"

_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus}
_WITHOUT_BODY: Final = frozenset({204, 304})
_TOKEN: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_TARGET: Final = re.compile(r"[!-~]+")


def reply_head(
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    length: int | None,
    chunked: bool,
    keep_alive: bool,
    minor: int,
    lines: bytes = b"",
) -> bytes:
    """A reply's head; *headers* hold neither framing nor Connection. *lines*: more of them, made by `header_lines`.

    A body with neither *length* nor *chunked* ends with the connection. A reply to HEAD says what GET would have said; 204
    and 304 say nothing about a body and have none. *minor* is the asker's: HTTP/1.0 knows no chunks.
    """
    if chunked and (minor == 0 or length is not None):
        raise ValueError("chunked needs HTTP/1.1 and excludes a length")
    parts: list[bytes] = []
    count = _add_fields(parts, headers)
    if status not in _WITHOUT_BODY:
        if chunked:
            parts.append(b"transfer-encoding: chunked\r\n")
            count += 1
        elif length is not None:
            parts.append(b"content-length: %d\r\n" % length)
            count += 1
        else:
            keep_alive = False
    if not keep_alive or minor == 0:
        parts.append(b"connection: close\r\n")
        count += 1
    start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%b%b" % (start, lines, _sealed(parts, count))


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Lines for the heads of many replies, looked through once."""
    parts: list[bytes] = []
    return _checked(parts, _add_fields(parts, headers))


def request_head(
    method: str,
    target: str,
    host: str,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    length: int | None = None,
    chunked: bool = False,
) -> bytes:
    """A request's head; *headers* hold neither Host nor framing. Without *length* and *chunked* there is no body."""
    if chunked and length is not None:
        raise ValueError("chunked excludes a length")
    if not _TOKEN.fullmatch(method) or not _TARGET.fullmatch(target):
        raise ValueError("a method or target that is not one word")
    parts = [f"{method} {target} HTTP/1.1\r\n".encode("ascii"), f"host: {host}\r\n".encode("ascii")]
    lines = 2 + _add_fields(parts, headers)
    if chunked:
        parts.append(b"transfer-encoding: chunked\r\n")
    elif length is not None:
        parts.append(b"content-length: %d\r\n" % length)
    else:
        lines -= 1
    return _sealed(parts, lines + 1)


def chunk(data: bytes) -> bytes:
    """*data* as one chunk; nothing for no data, since an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _add_fields(parts: list[bytes], headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How many there were. In pieces: joining them all at once takes a third of what formatting each line does."""
    count = 0
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        count += 1
    return count


def _sealed(parts: list[bytes], lines: int) -> bytes:
    """The head out of *parts*, which must be so many lines and no more."""
    parts.append(b"\r\n")
    return _checked(parts, lines + 1)


def _checked(parts: list[bytes], lines: int) -> bytes:
    text = b"".join(parts)
    if not text.count(b"\n") == text.count(b"\r") == lines or 0 in text:
        raise ValueError("a line break or NUL inside a header")
    return text
