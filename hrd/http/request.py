"""A request's head, out of its bytes.

Two readers have to agree. One regular expression says what a head may look like at all, stricter than any parser in use; then
llhttp reads the fields. What is left, decided here, is what the fields mean together: who is asked, and how the body is framed
(RFC 9112 sections 3 and 6). Every doubt about framing or host is a refusal: doubt is what request smuggling lives on.
"""

import re
from typing import Final

import httptools

from hrd.http.fields import LENGTH_DIGITS, FieldCollector
from hrd.http.limits import HttpLimits
from hrd.http.messages import KEEP_ALIVE, Headers, RequestHead, RequestRejected, connection_options

_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]++"
_HEAD: Final = re.compile(
    rb"(" + _TOKEN + rb") ([!-~]++) HTTP/([0-9]\.[0-9])\r\n"
    rb"(?:" + _TOKEN + rb":[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+\r\n"
)  # fmt: skip
_REQUEST_LINE: Final = re.compile(_TOKEN + rb" [!-~]++ HTTP/[0-9]\.[0-9]")
_OTHER_VERSION: Final = re.compile(_TOKEN + rb" [!-~]++ HTTP/(?!1\.[01]$)[0-9]+(?:\.[0-9]+)?")
_HOST: Final = re.compile(rb"[^\s/\\?#@,\"<>]*+")
_ABSOLUTE: Final = re.compile(r"https?://([^/?#]+)([^?]*)(?:\?(.*))?", re.IGNORECASE)


def parse_request_head(head: bytes, limits: HttpLimits) -> RequestHead:
    """The head whose bytes, empty line included, are *head*; or RequestRejected."""
    shape = _HEAD.fullmatch(head)
    if shape is None:
        raise _why_malformed(head)
    if shape.end(3) > limits.request_line_bytes:
        raise RequestRejected(414, "the request line is too long")
    version = shape[3]
    minor = 1
    if version != b"1.1":
        if version != b"1.0":
            raise RequestRejected(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        minor = 0
    headers = _read_fields(head, limits)
    host = _host(headers, minor)
    method = shape[1].decode("ascii")
    target = shape[2].decode("ascii")
    path, query = _path_and_query(method, target, host)
    content_length, chunked = _framing(headers, minor)
    connection = headers.get(b"connection")
    expect = headers.get(b"expect")
    return RequestHead(
        method,
        target,
        path,
        query,
        minor,
        headers,
        minor == 1 and (connection is None or connection == KEEP_ALIVE or b"close" not in connection_options(connection)),
        minor == 1 and expect is not None and b"100-continue" in connection_options(expect),
        content_length,
        chunked,
    )


def _read_fields(head: bytes, limits: HttpLimits) -> Headers:
    fields = FieldCollector()
    try:
        httptools.HttpRequestParser(fields).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # an upgrade is an offer; not taking it up is the answer (RFC 9110 section 7.8)
    except httptools.HttpParserInvalidMethodError:
        raise RequestRejected(501, "this method is not known here") from None
    except httptools.HttpParserError as error:
        raise RequestRejected(400, f"the request head is malformed: {error}") from None
    if len(fields.pairs) > limits.headers_count:
        raise RequestRejected(431, "there are too many header fields")
    return Headers(fields.pairs)


def _host(headers: Headers, minor: int) -> bytes | None:
    host = headers.get(b"host")
    if host is None:
        if minor == 1:
            raise RequestRejected(400, "the Host header is missing")
    elif not _HOST.fullmatch(host):  # two Host fields are joined by a comma
        raise RequestRejected(400, "there must be one Host header, and it must hold one host")
    return host


def _path_and_query(method: str, target: str, host: bytes | None) -> tuple[str, str]:
    if method == "CONNECT":
        raise RequestRejected(400, "CONNECT is not served here: this is no proxy for connections")
    if target[0] == "/":
        path, _, query = target.partition("?")
        return path, query
    if target == "*" and method == "OPTIONS":
        return target, ""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise RequestRejected(400, "the request target is neither a path nor a URL")
    if host is not None and absolute[1].lower() != host.decode("latin-1").lower():
        raise RequestRejected(400, "the request target names another host than the Host header")
    return absolute[2] or "/", absolute[3] or ""


def _framing(headers: Headers, minor: int) -> tuple[int | None, bool]:
    """The body's length, or whether it is chunked."""
    length = headers.get(b"content-length")
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:  # llhttp sees to it as well; too much hangs on it to ask only one
            raise RequestRejected(400, "Content-Length and Transfer-Encoding exclude each other")
        if minor == 0:
            raise RequestRejected(400, "HTTP/1.0 has no Transfer-Encoding")
        if coding.lower() != b"chunked":
            raise RequestRejected(400, "the only Transfer-Encoding understood here is chunked")
        return None, True
    if length is None:
        return None, False
    if not length.isdigit() or len(length) > LENGTH_DIGITS:  # two fields are joined by a comma
        raise RequestRejected(400, "Content-Length must be one number")
    return int(length), False


def _why_malformed(head: bytes) -> RequestRejected:
    lines = head.split(b"\r\n")
    if _OTHER_VERSION.fullmatch(lines[0]):
        return RequestRejected(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    if not _REQUEST_LINE.fullmatch(lines[0]):
        return RequestRejected(400, "the request line is malformed")
    if any(line[:1] in {b" ", b"\t"} for line in lines[1:]):
        return RequestRejected(400, "a header field is folded over two lines")
    return RequestRejected(400, "a header field is malformed")
