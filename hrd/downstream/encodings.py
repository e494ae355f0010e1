"""Request bodies that came compressed (https://www.rfc-editor.org/rfc/rfc9110#name-content-encoding).

What counts against the limits is what a body unfolds to: a few kilobytes may spell gigabytes, so unfolding stops at the limit.
"""

import sys
import zlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

from hrd.http.messages import RequestRejected

ACCEPTED = b"gzip, deflate, zstd"
_GZIP_BITS = 31
_ZLIB_BITS = 15
_RAW_BITS = -15


class Unfolder(Protocol):
    """What zlib and zstd have in common: one member or frame unfolded."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decoded(body: bytes, encoding: bytes, bytes_max: int) -> bytes:
    """*body* without its content-encoding. Raises `RequestRejected`: 415 for one that we do not know, 413 when it unfolds to
    more than *bytes_max*, 400 when it is not what it says."""
    name = encoding.strip().lower()
    if name == b"zstd":
        return _unfolded_zstd(body, bytes_max)
    try:
        if name in (b"gzip", b"x-gzip"):
            return _unfolded(partial(zlib.decompressobj, _GZIP_BITS), body, bytes_max)
        if name == b"deflate":  # zlib's format by the RFC, the bare one by habit
            return _unfolded(partial(zlib.decompressobj, _ZLIB_BITS if body[:1] == b"\x78" else _RAW_BITS), body, bytes_max)
    except (zlib.error, EOFError) as error:
        raise _not_so(name, error) from None
    shown = encoding.decode("latin-1")[:40]
    raise RequestRejected(
        415, f"a request body in content-encoding {shown!r} cannot be read here; send it as it is, or in {ACCEPTED.decode()}"
    )


def _unfolded_zstd(body: bytes, bytes_max: int) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - nearly 2 MB that most daemons never need
    else:
        from backports import zstd  # noqa: PLC0415 - as above
    try:
        return _unfolded(zstd.ZstdDecompressor, body, bytes_max)
    except (zstd.ZstdError, EOFError) as error:
        raise _not_so(b"zstd", error) from None


def _unfolded(begin: Callable[[], Unfolder], body: bytes, bytes_max: int) -> bytes:
    """All members or frames of *body*, one after the other: what flushes in between may begin a new one each time."""
    data = bytearray()
    while True:
        unfolder = begin()
        data += unfolder.decompress(body, bytes_max + 1 - len(data))
        if len(data) > bytes_max:
            raise _too_large(bytes_max)
        if not unfolder.eof:
            raise EOFError("it ends too early")
        body = unfolder.unused_data
        if not body:
            return bytes(data)


def _not_so(name: bytes, error: Exception) -> RequestRejected:
    return RequestRejected(400, f"the request body is not {name.decode()}: {str(error)[:100]}")


def _too_large(bytes_max: int) -> RequestRejected:
    return RequestRejected(413, f"the request body unfolds to more than {bytes_max} bytes")
