"""What requests and replies have in common: bodies come out as they went in, on both sides, in pieces or in one step."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.http.client import ReplyReader
from hrd.http.incoming import Incoming
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, EndOfMessage, ReplyBroken, ReplyHead, RequestHead, RequestRejected
from hrd.http.server import ServerConnection

LIMITS = HttpLimits(body_bytes=1000, reply_body_bytes=1000)


class Side:
    """One side of a connection, and how its messages begin."""

    def __init__(self, incoming: ServerConnection | ReplyReader, first: bytes) -> None:
        self.incoming: Incoming = incoming
        self.next_event: Callable[[], RequestHead | ReplyHead | bytes | EndOfMessage | None] = incoming.next_event
        self._first = first

    def head(self, framing: bytes) -> bytes:
        return self._first + framing + b"\r\n\r\n"

    def read(self, *pieces: bytes) -> list[bytes | EndOfMessage]:
        """What comes of *pieces* behind the head."""
        events = []
        for data in pieces:
            self.incoming.feed(data)
            while (event := self.next_event()) is not None:
                if not isinstance(event, RequestHead | ReplyHead):
                    events.append(event)
        return events


def server() -> Side:
    return Side(ServerConnection(LIMITS), b"POST / HTTP/1.1\r\nHost: a\r\n")


def client() -> Side:
    reader = ReplyReader(LIMITS)
    reader.begin("POST")
    return Side(reader, b"HTTP/1.1 200 OK\r\n")


both = pytest.mark.parametrize("open_side", [server, client])
SIDES = st.sampled_from([server, client])
BODY = b"x" * 5


@given(
    SIDES,
    st.booleans(),
    st.lists(st.binary(min_size=1, max_size=40), max_size=12),
    st.lists(st.integers(1, 30), min_size=80, max_size=80),
)
def test_any_body_at_any_cuts_comes_out_as_it_was(
    open_side: Callable[[], Side], is_chunked: bool, parts: list[bytes], sizes: list[int]
) -> None:
    side, body = open_side(), b"".join(parts)
    if is_chunked:
        data = side.head(b"Transfer-Encoding: chunked") + b"".join(b"%X\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    else:
        data = side.head(b"Content-Length: %d" % len(body)) + body
    at, pieces = 0, []
    for size in [*sizes, len(data)]:
        pieces.append(data[at : at + size])
        at += size
    *events, last = side.read(*(piece for piece in pieces if piece))
    assert last is END_OF_MESSAGE
    assert all(events)
    assert b"".join(event for event in events if isinstance(event, bytes)) == body
    assert side.incoming.unread == b""


# in one step --------------------------------------------------------------------------------------------------------------


@both
def test_a_body_that_came_with_its_head_is_taken_in_one_step(open_side: Callable[[], Side]) -> None:
    side = open_side()
    side.incoming.feed(side.head(b"Content-Length: 5") + BODY)
    assert side.incoming.take_body() is None, "its head comes first"
    side.next_event()
    assert side.incoming.take_body() == BODY
    assert (side.incoming.take_body(), side.next_event(), side.incoming.unread) == (None, None, b"")


@both
@pytest.mark.parametrize(
    ("framing", "came"),
    [
        (b"Content-Length: 6", BODY),
        (b"Content-Length: 4", BODY),
        (b"Content-Length: 5", b""),
        (b"Content-Length: 0", b""),
        (b"Transfer-Encoding: chunked", b"5\r\nxxxxx\r\n0\r\n\r\n"),
    ],
    ids=["less came", "more came", "nothing came", "there is none", "chunks"],
)
def test_any_other_is_read_event_by_event(open_side: Callable[[], Side], framing: bytes, came: bytes) -> None:
    side = open_side()
    side.incoming.feed(side.head(framing) + came)
    side.next_event()
    before = side.incoming.unread
    assert side.incoming.take_body() is None
    assert side.incoming.unread == before, "nothing is lost by asking"


@both
def test_a_body_of_which_a_part_was_read_is_not_taken_as_a_whole(open_side: Callable[[], Side]) -> None:
    side = open_side()
    assert side.read(side.head(b"Content-Length: 10") + BODY) == [BODY]
    side.incoming.feed(BODY)
    assert side.incoming.take_body() is None
    assert side.read(b"") == [BODY, END_OF_MESSAGE]


# limits -------------------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("framing", "came"),
    [(b"Content-Length: 1001", b"x" * 1001), (b"Transfer-Encoding: chunked", b"3E9\r\n")],
    ids=["length", "chunk"],
)
def test_a_body_over_the_limit_is_refused_as_soon_as_that_is_known(
    open_side: Callable[[], Side], framing: bytes, came: bytes
) -> None:
    side = open_side()
    side.incoming.feed(side.head(framing) + came)
    side.next_event()
    assert side.incoming.take_body() is None
    with pytest.raises((RequestRejected, ReplyBroken), match="larger than 1000 bytes"):
        side.next_event()


@both
def test_the_limit_of_one_message_may_be_set_before_its_body_is_asked_for(open_side: Callable[[], Side]) -> None:
    side = open_side()
    side.incoming.feed(side.head(b"Content-Length: 5") + BODY)
    side.next_event()
    side.incoming.body_limit = 4
    assert side.incoming.take_body() is None
    side.incoming.body_limit = 5
    assert side.incoming.take_body() == BODY
