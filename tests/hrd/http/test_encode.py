"""Heads and chunks as bytes, and that nothing slips a line into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.http.encode import CONTINUE_100, LAST_CHUNK, chunk, header_lines, reply_head, request_head
from tests.hrd.http.reading import read_reply, read_requests


def test_reply_with_a_length() -> None:
    head = reply_head(200, [(b"content-type", b"text/plain")], length=5, chunked=False, keep_alive=True, minor=1)
    assert head == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n"


def test_reply_in_chunks() -> None:
    head = reply_head(200, [], length=None, chunked=True, keep_alive=True, minor=1)
    assert head == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(("keep_alive", "minor", "length"), [(False, 1, 5), (True, 0, 5), (True, 1, None), (True, 0, None)])
def test_reply_that_ends_the_connection_says_so(keep_alive: bool, minor: int, length: int | None) -> None:
    head = reply_head(200, [], length=length, chunked=False, keep_alive=keep_alive, minor=minor)
    assert head.endswith(b"\r\nconnection: close\r\n\r\n")
    assert (b"content-length: 5" in head) is (length == 5)


@pytest.mark.parametrize("status", [204, 304])
def test_reply_without_a_body_says_nothing_about_one(status: int) -> None:
    for length, chunked in ((None, False), (0, False), (None, True)):
        head = reply_head(status, [], length=length, chunked=chunked, keep_alive=True, minor=1)
        assert head.count(b"\r\n") == 2


@pytest.mark.parametrize(
    ("status", "line"),
    [(429, b"HTTP/1.1 429 Too Many Requests\r\n"), (503, b"HTTP/1.1 503 Service Unavailable\r\n"), (529, b"HTTP/1.1 529 \r\n")],
)
def test_status_line(status: int, line: bytes) -> None:
    assert reply_head(status, [], length=0, chunked=False, keep_alive=True, minor=1).startswith(line)


def test_chunks_are_refused_where_nobody_understands_them() -> None:
    with pytest.raises(ValueError, match="chunked"):
        reply_head(200, [], length=None, chunked=True, keep_alive=True, minor=0)
    with pytest.raises(ValueError, match="chunked"):
        reply_head(200, [], length=5, chunked=True, keep_alive=True, minor=1)
    with pytest.raises(ValueError, match="chunked"):
        request_head("POST", "/", "a", [], length=5, chunked=True)


def test_request() -> None:
    head = request_head("POST", "/v1/chat/completions", "api.example", [(b"accept", b"*/*")], length=5)
    assert head == b"POST /v1/chat/completions HTTP/1.1\r\nhost: api.example\r\naccept: */*\r\ncontent-length: 5\r\n\r\n"
    assert request_head("GET", "/", "a", []) == b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    assert (
        request_head("POST", "/", "a", [], chunked=True) == b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    )


BREAKS = [b"a\r\nx: y", b"a\nx: y", b"a\rx", b"a\0b", b"a\r\n\r\nHTTP/1.1 200 OK"]


@pytest.mark.parametrize("value", BREAKS)
def test_value_with_a_line_break_is_refused(value: bytes) -> None:
    for pair in ((b"x", value), (value, b"x")):
        with pytest.raises(ValueError, match="line break"):
            reply_head(200, [pair], length=0, chunked=False, keep_alive=True, minor=1)
        with pytest.raises(ValueError, match="line break"):
            request_head("GET", "/", "a", [pair])
    with pytest.raises(ValueError, match="line break"):
        request_head("GET", "/", value.decode(), [])


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nx: y", "/é", "/\0", "/a\t"])
def test_target_that_is_not_one_word_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        request_head("GET", target, "a", [])


@pytest.mark.parametrize("method", ["", "GET /x", "G\r\n", "GÉT"])
def test_method_that_is_not_one_word_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        request_head(method, "/", "a", [])


def test_host_beyond_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="ascii"):
        request_head("GET", "/", "é", [])


def test_chunks() -> None:
    assert chunk(b"hello") == b"5\r\nhello\r\n"
    assert chunk(b"x" * 255) == b"ff\r\n" + b"x" * 255 + b"\r\n"
    assert chunk(b"") == b"", "an empty chunk would be the last one"
    assert LAST_CHUNK == b"0\r\n\r\n"
    assert CONTINUE_100 == b"HTTP/1.1 100 Continue\r\n\r\n"


NAMES = st.from_regex(rb"\A[a-z][a-z0-9-]{0,12}\Z").map(lambda name: b"x-" + name)
VALUES = st.from_regex(rb"\A([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,20}[!-~\x80-\xff])?)?\Z")
BODIES = st.lists(st.binary(max_size=50), max_size=5)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), BODIES)
def test_what_is_written_is_read_the_same(pairs: list[tuple[bytes, bytes]], parts: list[bytes]) -> None:
    chunks = b"".join(chunk(part) for part in parts) + LAST_CHUNK

    [request] = read_requests([request_head("POST", "/v1", "a", pairs, chunked=True) + chunks])
    assert [pair for pair in request.head.headers if pair[0].startswith(b"x-")] == pairs
    assert request.body == b"".join(parts)

    reply = read_reply(
        "POST", [reply_head(200, pairs, length=None, chunked=True, keep_alive=True, minor=1) + chunks], eof=False
    )
    assert [pair for pair in reply.head.headers if pair[0].startswith(b"x-")] == pairs
    assert (reply.body, reply.is_complete, reply.is_reusable) == (b"".join(parts), True, True)


def test_lines_made_beforehand_stand_in_every_head_that_is_given_them() -> None:
    lines = header_lines([(b"content-type", b"application/json"), (b"x-hermes-model", b"m1")])
    head = reply_head(200, [(b"x-request-id", b"r1")], length=5, chunked=False, keep_alive=True, minor=1, lines=lines)
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"content-type: application/json",
        b"x-hermes-model: m1",
        b"x-request-id: r1",
        b"content-length: 5",
        b"",
        b"",
    ]


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
def test_lines_made_beforehand_are_looked_through_too(value: bytes) -> None:
    with pytest.raises(ValueError, match="line break or NUL"):
        header_lines([(b"x-hermes-model", value)])
