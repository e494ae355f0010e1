"""Requests, whole, in single bytes, pipelined, and refused."""

import pytest

from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from tests.hrd.http.nasty_requests import NASTY_REQUESTS
from tests.hrd.http.reading import in_single_bytes, read_requests

GET = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:8319\r\n\r\n"
POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n"


def test_the_table_of_nasty_requests_is_a_long_one() -> None:
    assert len(NASTY_REQUESTS) >= 80


@pytest.mark.parametrize("name", NASTY_REQUESTS)
def test_nasty_request_is_refused_with_its_status_however_it_arrives(name: str) -> None:
    data, status = NASTY_REQUESTS[name]
    for pieces in ([data], in_single_bytes(data), [data[:7], data[7:]], [data[:-3], data[-3:]]):
        with pytest.raises(RequestRejected) as rejected:
            read_requests([piece for piece in pieces if piece])
        assert rejected.value.status == status, f"{name}: {rejected.value}"


@pytest.mark.parametrize("data", [GET, POST, CHUNKED])
def test_request_is_the_same_at_every_cut(data: bytes) -> None:
    whole = read_requests([data])
    assert len(whole) == 1
    assert whole == read_requests(in_single_bytes(data))
    for cut in range(1, len(data)):
        assert read_requests([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("data", [GET, POST, CHUNKED])
def test_request_that_ends_early_is_refused_at_every_byte(data: bytes) -> None:
    for cut in range(1, len(data)):
        with pytest.raises(RequestRejected) as rejected:
            read_requests([data[:cut]])
        assert rejected.value.status == 400


def test_head_says_what_was_asked() -> None:
    [(head, body, rest)] = read_requests([POST])
    assert (head.method, head.target, head.path, head.query, head.minor) == (
        "POST",
        "/v1/chat/completions",
        "/v1/chat/completions",
        "",
        1,
    )
    assert head.headers.get(b"content-length") == b"5"
    assert (head.content_length, head.chunked, head.has_body, head.keep_alive) == (5, False, True, True)
    assert (body, rest) == (b"hello", b"")


def test_chunked_body_comes_out_joined_and_its_trailers_are_dropped() -> None:
    [(head, body, rest)] = read_requests([CHUNKED])
    assert (head.chunked, head.content_length, body, rest) == (True, None, b"hello", b"")
    assert b"a" not in head.headers


def test_pipelined_requests_come_out_one_cycle_at_a_time() -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(POST + CHUNKED + GET)
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == b"hello"
    assert connection.next_event() is END_OF_MESSAGE
    assert connection.next_event() is None
    assert connection.unread == CHUNKED + GET

    connection.start_next_cycle()
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == b"hello"
    assert connection.next_event() is END_OF_MESSAGE
    assert connection.unread == GET

    connection.start_next_cycle()
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    assert head.path == "/v1/models"
    assert not connection.has_unread


def test_bytes_after_the_request_are_not_looked_at_before_the_next_cycle() -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(GET + b"\0\0")
    connection.next_event()
    assert connection.next_event() is END_OF_MESSAGE
    assert connection.next_event() is None
    connection.start_next_cycle()
    with pytest.raises(RequestRejected):
        connection.next_event()


def test_one_empty_line_before_a_request_is_ignored() -> None:
    assert read_requests([b"\r\n" + GET]) == read_requests([GET])
    assert read_requests(in_single_bytes(b"\r\n" + GET)) == read_requests([GET])
    assert len(read_requests([GET + b"\r\n" + GET])) == 2


def test_connection_knows_whether_a_request_has_begun() -> None:
    connection = ServerConnection(HttpLimits())
    assert connection.is_idle
    connection.feed(b"G")
    assert not connection.is_idle
    connection.feed(GET[1:])
    while connection.next_event() is not END_OF_MESSAGE:
        assert not connection.is_complete
    assert connection.is_complete
    connection.start_next_cycle()
    assert connection.is_idle
    connection.feed_eof()
    assert connection.next_event() is None


def test_next_cycle_is_refused_while_the_request_is_unread() -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(POST[:-1])
    assert isinstance(connection.next_event(), RequestHead)
    with pytest.raises(AssertionError, match="not read to its end"):
        connection.start_next_cycle()


@pytest.mark.parametrize("head", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"])
def test_next_cycle_is_refused_when_the_client_wanted_the_end(head: bytes) -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(head)
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    assert not event.keep_alive
    assert connection.next_event() is END_OF_MESSAGE
    with pytest.raises(AssertionError, match="wanted the connection closed"):
        connection.start_next_cycle()


def test_rejection_is_final() -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(2):
        with pytest.raises(RequestRejected) as rejected:
            connection.next_event()
        assert rejected.value.status == 400
    connection.feed(GET)
    with pytest.raises(RequestRejected):
        connection.next_event()


def test_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert read_requests([POST], HttpLimits(body_bytes=5))[0].body == b"hello"
    assert read_requests([CHUNKED], HttpLimits(body_bytes=5))[0].body == b"hello"
    for data in (POST, CHUNKED):
        with pytest.raises(RequestRejected) as rejected:
            read_requests([data], HttpLimits(body_bytes=4))
        assert rejected.value.status == 413


def test_body_over_the_limit_is_refused_before_a_byte_of_it_came() -> None:
    connection = ServerConnection(HttpLimits(body_bytes=4))
    connection.feed(POST[:-5])
    assert isinstance(connection.next_event(), RequestHead)
    with pytest.raises(RequestRejected) as rejected:
        connection.next_event()
    assert rejected.value.status == 413


def test_chunk_that_announces_more_than_the_limit_is_refused_at_its_size() -> None:
    connection = ServerConnection(HttpLimits(body_bytes=1000))
    connection.feed(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\nx")
    assert isinstance(connection.next_event(), RequestHead)
    with pytest.raises(RequestRejected) as rejected:
        connection.next_event()
    assert rejected.value.status == 413


def test_body_limit_of_one_route_holds_for_one_request() -> None:
    connection = ServerConnection(HttpLimits(body_bytes=4))
    connection.feed(POST + POST)
    assert isinstance(connection.next_event(), RequestHead)
    connection.body_limit = 5
    assert connection.next_event() == b"hello"
    assert connection.next_event() is END_OF_MESSAGE

    connection.start_next_cycle()
    assert isinstance(connection.next_event(), RequestHead)
    with pytest.raises(RequestRejected) as rejected:
        connection.next_event()
    assert rejected.value.status == 413


def test_head_of_exactly_the_limits_is_taken() -> None:
    limits = HttpLimits(request_line_bytes=30, head_bytes=60, headers_count=2)
    line = b"GET /" + b"a" * 16 + b" HTTP/1.1\r\n"
    assert len(line) == 32
    head = line + b"Host: a\r\n" + b"X: " + b"y" * 12 + b"\r\n\r\n"
    assert len(head) == 60
    assert len(read_requests([head], limits)) == len(read_requests(in_single_bytes(head), limits)) == 1


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_head_one_byte_over_a_limit_is_refused(step: int) -> None:
    limits = HttpLimits(request_line_bytes=30, head_bytes=60)
    longer_line = b"GET /" + b"a" * 17 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    longer_head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 29 + b"\r\n\r\n"
    assert len(longer_head) == 61
    for data, status in ((longer_line, 414), (longer_head, 431)):
        with pytest.raises(RequestRejected) as rejected:
            read_requests([data[at : at + step] for at in range(0, len(data), step)], limits)
        assert rejected.value.status == status


def test_memory_of_a_stream_is_what_was_fed_last() -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    assert isinstance(connection.next_event(), RequestHead)
    piece = b"x" * 1000
    for _ in range(1000):
        connection.feed(piece)
        assert connection.next_event() is piece, "a body is passed on, not copied"
        assert not connection.has_unread
    assert connection.next_event() is END_OF_MESSAGE


def test_bytearrays_are_taken_as_well_and_not_kept() -> None:
    connection = ServerConnection(HttpLimits())
    data = bytearray(POST)
    connection.feed(data)
    data[:] = b"?" * len(data)
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == b"hello"


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\nHost: a\n", b"GET / HTTP/1.1\rH", b"GET /\0", b"\x16", b" "]
)
def test_what_can_become_no_head_is_refused_without_waiting_for_more(data: bytes) -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(data)
    with pytest.raises(RequestRejected) as rejected:
        connection.next_event()
    assert rejected.value.status == 400


@pytest.mark.parametrize("cut", [-1, -3, -8])
def test_end_that_is_known_before_the_last_bytes_are_read_counts(cut: int) -> None:
    connection = ServerConnection(HttpLimits())
    connection.feed(CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4])
    assert isinstance(connection.next_event(), RequestHead)
    connection.feed(b"0\r\nA: bcdef\r\n\r\n"[:cut])
    connection.feed_eof()
    with pytest.raises(RequestRejected, match="ended inside"):
        connection.next_event()
