"""Headers, heads and errors as values."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, Headers, RequestRejected, connection_options
from hrd.http.request import parse_request_head

PAIRS = [(b"accept", b"a"), (b"x", b"1"), (b"accept", b"b"), (b"accept", b"a")]


def test_repeated_fields_are_joined_in_their_order() -> None:
    headers = Headers(PAIRS)
    assert headers.get(b"accept") == b"a, b, a"
    assert headers.get(b"x") == b"1"
    assert headers.get(b"y") is None
    assert headers.all(b"accept") == [b"a", b"b", b"a"]
    assert headers.all(b"y") == []


def test_iteration_keeps_order_and_repeats() -> None:
    headers = Headers(PAIRS)
    assert list(headers) == PAIRS
    assert len(headers) == 4
    assert b"x" in headers
    assert b"y" not in headers


def test_headers_are_equal_when_their_fields_are() -> None:
    assert Headers(PAIRS) == Headers(tuple(PAIRS))
    assert hash(Headers(PAIRS)) == hash(Headers(tuple(PAIRS)))
    assert Headers(PAIRS) != Headers(PAIRS[1:])
    assert Headers(PAIRS) != PAIRS


def test_no_value_shows_in_a_head_that_is_printed() -> None:
    head = parse_request_head(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer not-a-key-1\r\n\r\n", HttpLimits())
    assert "authorization" in repr(head)
    assert "not-a-key-1" not in repr(head)


def test_there_is_one_end_of_message() -> None:
    assert list(EndOfMessage) == [END_OF_MESSAGE]


def test_rejection_says_its_status() -> None:
    assert str(RequestRejected(413, "too large")) == "413: too large"


def test_connection_options_are_told_apart_whatever_their_case() -> None:
    assert connection_options(b"Keep-Alive,\tUpgrade , HTTP2-Settings") == [b"keep-alive", b"upgrade", b"http2-settings"]


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.binary(max_size=3))))
def test_get_is_all_joined(pairs: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(pairs)
    for name in (b"a", b"b", b"c"):
        values = headers.all(name)
        assert headers.get(name) == (b", ".join(values) if values else None)
