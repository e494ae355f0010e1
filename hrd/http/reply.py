"""A reply's head, out of its bytes: one strict regular expression, then llhttp, as for requests.

Replies come from providers that somebody chose, over connections of our own, so one doubt is settled instead of refused: with
both framings the chunks count (RFC 9112 section 6.3) and the connection is not used again.
"""

import re
from typing import Final

import httptools

from hrd.http.fields import LENGTH_DIGITS, FieldCollector
from hrd.http.limits import HttpLimits
from hrd.http.messages import KEEP_ALIVE, Headers, ReplyBroken, ReplyHead, connection_options

_HEAD: Final = re.compile(
    rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*+))?\r\n"
    rb"(?:[-!#$%&'*+.^_`|~0-9a-zA-Z]++:[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+\r\n"
)
_WITHOUT_BODY: Final = frozenset({204, 304})


def parse_reply_head(head: bytes, method: str, limits: HttpLimits) -> ReplyHead:
    """The head of a reply to *method*, whose bytes, empty line included, are *head*; or ReplyBroken."""
    shape = _HEAD.fullmatch(head)
    if shape is None:
        is_http = head.startswith(b"HTTP/1.")
        raise ReplyBroken("the reply's head is malformed" if is_http else "what came back is not HTTP/1")
    headers = _read_fields(head, limits)
    minor = 1 if shape[1] == b"1" else 0
    status = int(shape[2])
    content_length, chunked = _framing(headers)
    connection = headers.get(b"connection")
    has_known_end = chunked or content_length is not None or is_without_body(status, method)
    return ReplyHead(
        status,
        (shape[3] or b"").decode("latin-1"),
        minor,
        headers,
        minor == 1
        and has_known_end
        and (connection is None or connection == KEEP_ALIVE or b"close" not in connection_options(connection))
        and not (chunked and b"content-length" in headers),
        content_length,
        chunked,
    )


def is_without_body(status: int, method: str) -> bool:
    """Whether a reply has no body whatever its head says (RFC 9112 section 6.3)."""
    return status in _WITHOUT_BODY or method == "HEAD"


def _read_fields(head: bytes, limits: HttpLimits) -> Headers:
    fields = FieldCollector()
    parser = httptools.HttpResponseParser(fields)
    parser.set_dangerous_leniencies(lenient_chunked_length=True)  # both framings: settled in _framing
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise ReplyBroken(f"the reply's head is malformed: {error}") from None
    if len(fields.pairs) > limits.reply_headers_count:
        raise ReplyBroken("the reply has too many header fields")
    return Headers(fields.pairs)


def _framing(headers: Headers) -> tuple[int | None, bool]:
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        if coding.lower() != b"chunked":
            raise ReplyBroken("the reply's Transfer-Encoding is not understood")
        return None, True
    length = headers.get(b"content-length")
    if length is None:
        return None, False
    if not length.isdigit() or len(length) > LENGTH_DIGITS:
        raise ReplyBroken("the reply's Content-Length is not one number")
    return int(length), False
