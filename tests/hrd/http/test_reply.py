"""What a reply's head means. What it may not look like is in nasty_replies.py."""

import pytest

from hrd.http.limits import HttpLimits
from hrd.http.messages import ReplyBroken, ReplyHead
from hrd.http.reply import is_without_body, parse_reply_head


def parse(line: bytes, *fields: bytes, method: str = "POST") -> ReplyHead:
    return parse_reply_head(b"\r\n".join([line, *fields, b"", b""]), method, HttpLimits())


@pytest.mark.parametrize(
    ("line", "status", "reason", "minor"),
    [
        (b"HTTP/1.1 200 OK", 200, "OK", 1),
        (b"HTTP/1.0 404 Not Found", 404, "Not Found", 0),
        (b"HTTP/1.1 429 ", 429, "", 1),
        (b"HTTP/1.1 529", 529, "", 1),
        (b"HTTP/1.1 999 \xe9t\xe9", 999, "été", 1),
        (b"HTTP/1.1 100 Continue", 100, "Continue", 1),
    ],
)
def test_status_line(line: bytes, status: int, reason: str, minor: int) -> None:
    head = parse(line, b"Content-Length: 0")
    assert (head.status, head.reason, head.minor) == (status, reason, minor)


@pytest.mark.parametrize(
    ("fields", "content_length", "chunked", "keep_alive"),
    [
        ([b"Content-Length: 5"], 5, False, True),
        ([b"Transfer-Encoding: chunked"], None, True, True),
        ([b"Transfer-Encoding: chunked", b"Content-Length: 5"], None, True, False),
        ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], None, True, False),
        ([], None, False, False),
        ([b"Content-Length: 5", b"Connection: close"], 5, False, False),
        ([b"Content-Length: 5", b"Connection: upgrade", b"Upgrade: h2c"], 5, False, True),
    ],
)
def test_framing(fields: list[bytes], content_length: int | None, chunked: bool, keep_alive: bool) -> None:
    head = parse(b"HTTP/1.1 200 OK", *fields)
    assert (head.content_length, head.chunked, head.keep_alive) == (content_length, chunked, keep_alive)


def test_head_reply_announces_a_body_that_does_not_come() -> None:
    head = parse(b"HTTP/1.1 200 OK", b"Content-Length: 5", method="HEAD")
    assert (head.content_length, head.keep_alive) == (5, True)
    assert is_without_body(200, "HEAD")
    assert is_without_body(204, "GET")
    assert is_without_body(304, "GET")
    assert not is_without_body(200, "GET")


def test_rate_limit_fields_are_at_hand() -> None:
    head = parse(b"HTTP/1.1 429 Too Many Requests", b"Retry-After: 7", b"X-RateLimit-Remaining-Requests: 0")
    assert head.headers.get(b"retry-after") == b"7"
    assert head.headers.get(b"x-ratelimit-remaining-requests") == b"0"


def test_what_is_no_head_is_told_from_a_malformed_one() -> None:
    with pytest.raises(ReplyBroken, match="not HTTP/1"):
        parse(b"<html>")
    with pytest.raises(ReplyBroken, match="head is malformed"):
        parse(b"HTTP/1.1 OK")
