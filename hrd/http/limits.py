"""How much of anything a peer may send before it is refused. Every buffer in this package is bounded by a name here."""

import msgspec


class HttpLimits(msgspec.Struct, frozen=True):
    """Sizes in bytes unless the name says otherwise."""

    request_line_bytes: int = 8192
    head_bytes: int = 65536
    headers_count: int = 100
    body_bytes: int = 33_554_432

    chunk_line_bytes: int = 1024
    chunk_extensions_bytes: int = 16384
    """All chunk extensions of one body together: nobody reads them, so they must not be a way to send without end."""
    trailer_bytes: int = 8192

    reply_head_bytes: int = 65536
    reply_headers_count: int = 200
    reply_body_bytes: int = 67_108_864
    interim_replies_count: int = 8
    """1xx heads that may come before the real one."""
