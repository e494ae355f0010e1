"""Ways to feed a sans-IO core, and what came out, as one comparable value."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hrd.http.client import ReplyReader
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, ReplyHead, RequestHead
from hrd.http.server import ServerConnection


class ReadRequest(NamedTuple):
    head: RequestHead
    body: bytes
    rest: bytes


class ReadReply(NamedTuple):
    head: ReplyHead
    body: bytes
    is_complete: bool
    is_reusable: bool


def in_single_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def read_requests(pieces: Iterable[bytes], limits: HttpLimits | None = None) -> list[ReadRequest]:
    """Every whole request in *pieces*; raises RequestRejected at the first that is none or is cut short."""
    connection = ServerConnection(limits or HttpLimits())
    requests: list[ReadRequest] = []
    body: list[bytes] = []
    head: RequestHead | None = None
    for data in _then_eof(pieces):
        connection.feed(data) if data else connection.feed_eof()
        while True:
            event = connection.next_event()
            if event is None:
                break
            if isinstance(event, RequestHead):
                head = event
            elif event is END_OF_MESSAGE:
                assert head is not None
                requests.append(ReadRequest(head, b"".join(body), b""))
                body.clear()
                if not head.keep_alive:
                    break
                connection.start_next_cycle()
            else:
                assert event, "an event of no bytes"
                body.append(event)
    return [request._replace(rest=connection.unread) for request in requests]


def read_reply(method: str, pieces: Iterable[bytes], limits: HttpLimits | None = None, *, eof: bool = True) -> ReadReply:
    """The one reply in *pieces*; raises ReplyBroken."""
    reader = ReplyReader(limits or HttpLimits())
    reader.begin(method)
    head: ReplyHead | None = None
    body: list[bytes] = []
    complete = reusable = False
    for data in _then_eof(pieces) if eof else pieces:
        reader.feed(data) if data else reader.feed_eof()
        while (event := reader.next_event()) is not None:
            if isinstance(event, ReplyHead):
                head = event
            elif event is END_OF_MESSAGE:
                complete = True
                reusable = reader.reusable
            else:
                assert event, "an event of no bytes"
                body.append(event)
    assert head is not None
    return ReadReply(head, b"".join(body), complete, reusable)


def _then_eof(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""
