"""Replies, whole and in chunks, and everything that is not one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrctl.reply import Garbled, Reply

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def reply(raw: bytes) -> Reply:
    return Reply(io.BytesIO(raw))


def test_a_body_with_a_length() -> None:
    got = reply(b"HTTP/1.1 404 Not Found\r\ncontent-length:  3\r\n\r\nabcdef")
    assert (got.status, got.read()) == (404, b"abc")


def test_a_body_until_the_end() -> None:
    assert reply(b"HTTP/1.0 200 OK\r\n\r\nabc").read() == b"abc"


def test_a_body_in_chunks_with_extensions_and_trailers() -> None:
    assert reply(CHUNKED + b"2;x=1\r\nab\r\n1\r\nc\r\n0\r\nt: 1\r\n\r\n").read() == b"abc"


def test_lines_are_cut_where_they_end_whatever_the_chunks() -> None:
    got = reply(CHUNKED + b"4\r\na\n\nb\r\n3\r\nc\nd\r\n1\r\n\n\r\n0\r\n\r\n")
    assert list(got.lines()) == [b"a", b"", b"bc", b"d"]


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_chunks_come_together_as_they_were(pieces: list[bytes]) -> None:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    assert reply(CHUNKED + framed + b"0\r\n\r\n").read() == b"".join(pieces)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
        CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nab",
        CHUNKED + b"zz\r\nab",
        CHUNKED + b"2\r\nab\r\n",
    ],
)
def test_what_is_not_a_whole_reply_is_said_to_be_so(raw: bytes) -> None:
    with pytest.raises(Garbled):
        reply(raw).read()


def test_a_last_line_that_was_cut_off_is_not_taken_for_a_whole_one() -> None:
    lines = reply(CHUNKED + b"3\r\na\nb\r\n0\r\n\r\n").lines()
    assert next(lines) == b"a"
    with pytest.raises(Garbled):
        next(lines)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_worse(raw: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED):
        try:
            reply(start + raw).read()
        except Garbled:
            pass
