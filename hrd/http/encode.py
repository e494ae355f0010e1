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
    framing = b""
    if status not in _WITHOUT_BODY:
        if chunked:
            framing = b"transfer-encoding: chunked\r\n"
        elif length is not None:
            framing = b"content-length: %d\r\n" % length
        else:
            keep_alive = False
    if not keep_alive or minor == 0:
        framing += b"connection: close\r\n"
    start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%b%b%b\r\n" % (start, lines, header_lines(headers), framing)


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Lines for the head of a reply or of many, looked through once."""
    parts: list[bytes] = []
    for name, value in headers:  # in pieces: joining them all at once takes a third of what formatting each line does
        parts += (name, b": ", value, b"\r\n")
    text = b"".join(parts)
    if not text.count(b"\n") == text.count(b"\r") == len(parts) // 4 or 0 in text:
        raise ValueError("a line break or NUL inside a header")
    return text


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
    lines = header_lines([(b"host", host.encode("ascii")), *headers])
    framing = b""
    if chunked:
        framing = b"transfer-encoding: chunked\r\n"
    elif length is not None:
        framing = b"content-length: %d\r\n" % length
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (method.encode("ascii"), target.encode("ascii"), lines, framing)


def chunk(data: bytes) -> bytes:
    """*data* as one chunk; nothing for no data, since an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
