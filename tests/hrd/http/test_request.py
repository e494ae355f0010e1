"""What a request's head means. What it may not look like is in nasty_requests.py."""

import pytest

from hrd.http.limits import HttpLimits
from hrd.http.messages import RequestHead, RequestRejected
from hrd.http.request import parse_request_head

LIMITS = HttpLimits()


def parse(line: bytes, *fields: bytes) -> RequestHead:
    return parse_request_head(b"\r\n".join([line, *fields, b"", b""]), LIMITS)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", ""),
        (b"/v1/models/a%2Fb", "/v1/models/a%2Fb", ""),
        (b"/v1/models?limit=1?x&y", "/v1/models", "limit=1?x&y"),
        (b"/?", "/", ""),
        (b"//b/c", "//b/c", ""),
        (b"/a#b", "/a#b", ""),
        (b"http://a:8319/v1/models?x=1", "/v1/models", "x=1"),
        (b"http://A:8319", "/", ""),
        (b"HTTPS://a:8319?x=/y", "/", "x=/y"),
    ],
)
def test_target_is_taken_apart(target: bytes, path: str, query: str) -> None:
    head = parse(b"GET " + target + b" HTTP/1.1", b"Host: a:8319")
    assert (head.target.encode(), head.path, head.query) == (target, path, query)


def test_options_may_ask_about_everything() -> None:
    assert parse(b"OPTIONS * HTTP/1.1", b"Host: a").path == "*"


@pytest.mark.parametrize(
    ("minor", "fields", "keep_alive"),
    [
        (1, [], True),
        (1, [b"Connection: keep-alive"], True),
        (1, [b"Connection: close"], False),
        (1, [b"Connection: Keep-Alive, CLOSE"], False),
        (1, [b"Connection: x", b"Connection: close"], False),
        (1, [b"Connection: closed"], True),
        (1, [b"Connection:"], True),
        (0, [], False),
        (0, [b"Connection: keep-alive"], False),
    ],
)
def test_keep_alive(minor: int, fields: list[bytes], keep_alive: bool) -> None:
    head = parse(b"GET / HTTP/1.%d" % minor, b"Host: a", *fields)
    assert (head.minor, head.keep_alive) == (minor, keep_alive)


@pytest.mark.parametrize(
    ("minor", "expect", "expects"),
    [(1, b"100-continue", True), (1, b"100-Continue", True), (1, b"200-ok", False), (0, b"100-continue", False)],
)
def test_expectation(minor: int, expect: bytes, expects: bool) -> None:
    head = parse(b"POST / HTTP/1.%d" % minor, b"Host: a", b"Content-Length: 1", b"Expect: " + expect)
    assert head.expects_continue is expects


@pytest.mark.parametrize(
    ("fields", "content_length", "chunked", "has_body"),
    [
        ([], None, False, False),
        ([b"Content-Length: 0"], 0, False, False),
        ([b"Content-Length: 007"], 7, False, True),
        ([b"Transfer-Encoding: cHuNkEd"], None, True, True),
    ],
)
def test_framing(fields: list[bytes], content_length: int | None, chunked: bool, has_body: bool) -> None:
    head = parse(b"POST / HTTP/1.1", b"Host: a", *fields)
    assert (head.content_length, head.chunked, head.has_body) == (content_length, chunked, has_body)


@pytest.mark.parametrize(
    "fields",
    [
        [b"Connection: Upgrade", b"Upgrade: websocket"],
        [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"],
        [b"Upgrade: TLS/1.3"],
    ],
)
def test_upgrade_is_an_offer_that_is_not_taken_up(fields: list[bytes]) -> None:
    head = parse(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 5", *fields)
    assert (head.keep_alive, head.content_length) == (True, 5)


def test_host_may_be_missing_before_http_1_1_and_empty_always() -> None:
    assert b"host" not in parse(b"GET / HTTP/1.0").headers
    assert parse(b"GET / HTTP/1.1", b"Host:").headers.get(b"host") == b""


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8319", b"[::1]:8319", b"my_host.local"])
def test_hosts_that_people_have(host: bytes) -> None:
    assert parse(b"GET / HTTP/1.1", b"Host: " + host).headers.get(b"host") == host


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "folded"),
        (b"GET / HTTP/1.1\r\nHost a\r\n\r\n", "header field"),
        (b"GET / HTTP/1.1\r\n\r\n", "Host header is missing"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "malformed"),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "another host"),
    ],
)
def test_refusal_names_what_is_wrong(head: bytes, message: str) -> None:
    with pytest.raises(RequestRejected, match=message):
        parse_request_head(head, LIMITS)
