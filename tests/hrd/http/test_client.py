"""Replies, whole, in single bytes, cut short, and what may follow them."""

import pytest

from hrd.http.client import ReplyReader
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, ReplyBroken, ReplyHead
from tests.hrd.http.nasty_replies import NASTY_REPLIES
from tests.hrd.http.reading import in_single_bytes, read_reply

FIXED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-Id: 7\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.mark.parametrize("name", NASTY_REPLIES)
def test_nasty_reply_is_told_however_it_arrives(name: str) -> None:
    data, message = NASTY_REPLIES[name]
    for pieces in ([data], [data[:3], data[3:]]):
        with pytest.raises(ReplyBroken, match=message):
            read_reply("POST", [piece for piece in pieces if piece])
    with pytest.raises(ReplyBroken):
        read_reply("POST", in_single_bytes(data))


@pytest.mark.parametrize(("data", "reusable"), [(FIXED, True), (CHUNKED, True), (TO_THE_END, False)])
def test_reply_is_the_same_at_every_cut(data: bytes, reusable: bool) -> None:
    whole = read_reply("POST", [data])
    assert (whole.head.status, whole.head.reason, whole.body) == (200, "OK", b"hello")
    assert (whole.is_complete, whole.is_reusable) == (True, reusable)
    assert read_reply("POST", in_single_bytes(data)) == whole
    for cut in range(1, len(data)):
        assert read_reply("POST", [data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("data", [FIXED, CHUNKED])
def test_reply_that_ends_early_is_broken_at_every_byte(data: bytes) -> None:
    for cut in range(len(data)):
        with pytest.raises(ReplyBroken, match="closed"):
            read_reply("POST", [data[:cut]] if cut else [])


def test_reply_without_framing_ends_with_the_connection() -> None:
    still_open = read_reply("POST", [TO_THE_END], eof=False)
    assert (still_open.body, still_open.is_complete) == (b"hello", False)
    assert read_reply("POST", [TO_THE_END]).is_complete


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_reply_without_a_body_ends_with_its_head(method: str, data: bytes) -> None:
    reply = read_reply(method, [data], eof=False)
    assert (reply.body, reply.is_complete, reply.is_reusable) == (b"", True, True)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: foo,CLOSE\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ],
)
def test_connection_is_not_used_again_when_in_doubt(data: bytes) -> None:
    reply = read_reply("GET", [data], eof=False)
    assert (reply.body, reply.is_complete, reply.is_reusable) == (b"hi", True, False)


def test_peer_that_closed_after_a_whole_reply_is_not_used_again() -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(FIXED)
    while reader.next_event() is not END_OF_MESSAGE:
        assert not reader.reusable
    assert reader.reusable
    reader.feed_eof()
    assert not reader.reusable
    with pytest.raises(AssertionError, match="no further use"):
        reader.begin("POST")


def test_many_replies_one_after_the_other() -> None:
    reader = ReplyReader(HttpLimits())
    for data in (FIXED, CHUNKED, FIXED):
        reader.begin("POST")
        reader.feed(data)
        assert isinstance(reader.next_event(), ReplyHead)
        assert reader.next_event() == b"hello"
        assert reader.next_event() is END_OF_MESSAGE
        assert reader.next_event() is None
        assert reader.reusable


def test_broken_reader_begins_nothing() -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(b"hello")
    for _ in range(2):
        with pytest.raises(ReplyBroken):
            reader.next_event()
    with pytest.raises(AssertionError, match="no further use"):
        reader.begin("POST")


def test_interim_replies_are_skipped() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    for pieces in ([interim + FIXED], in_single_bytes(interim + FIXED)):
        reply = read_reply("POST", pieces)
        assert (reply.head.status, reply.body, reply.is_complete) == (200, b"hello", True)


def test_each_stream_chunk_comes_out_as_it_came() -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(reader.next_event(), ReplyHead)
    for text in (b"data: 1\n\n", b"data: 2\n\n"):
        reader.feed(b"9\r\n" + text + b"\r\n")
        assert reader.next_event() == text
        assert reader.next_event() is None
    reader.feed(b"9\r\ndata: 3\n\n\r\n9\r\ndata: 4\n\n\r\n0\r\n\r\n")
    assert reader.next_event() == b"data: 3\n\ndata: 4\n\n", "what came together stays together"
    assert reader.next_event() is END_OF_MESSAGE


@pytest.mark.parametrize("data", [FIXED, CHUNKED, TO_THE_END])
def test_reply_over_the_limit_is_broken(data: bytes) -> None:
    assert read_reply("GET", [data], HttpLimits(reply_body_bytes=5)).body == b"hello"
    with pytest.raises(ReplyBroken, match="larger than 4 bytes"):
        read_reply("GET", [data], HttpLimits(reply_body_bytes=4))


def test_limit_of_one_reply_may_be_set_after_its_head() -> None:
    reader = ReplyReader(HttpLimits(reply_body_bytes=4))
    reader.begin("GET")
    reader.feed(FIXED)
    assert isinstance(reader.next_event(), ReplyHead)
    reader.body_limit = 5
    assert reader.next_event() == b"hello"


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 200 OK\n", b"HTTP/1.1 200 OK\r\nX: y\n", b"HTTP/1.1 200\0", b"SSH", b"\r\n", b"HTTP/2"]
)
def test_what_can_become_no_reply_is_broken_without_waiting_for_more(data: bytes) -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(data)
    with pytest.raises(ReplyBroken):
        reader.next_event()


@pytest.mark.parametrize("cut", [-1, -3, -8])
def test_end_that_is_known_before_the_last_bytes_are_read_counts(cut: int) -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4])
    assert isinstance(reader.next_event(), ReplyHead)
    reader.feed(b"0\r\nA: bcdef\r\n\r\n"[:cut])
    reader.feed_eof()
    with pytest.raises(ReplyBroken, match="closed before the reply's end"):
        reader.next_event()


def test_what_follows_a_reply_is_kept_apart() -> None:
    reader = ReplyReader(HttpLimits())
    reader.begin("POST")
    reader.feed(FIXED + b"HTTP/1.1")
    while reader.next_event() is not END_OF_MESSAGE:
        """Read to the end."""
    assert reader.unread == b"HTTP/1.1"
    assert not reader.reusable
