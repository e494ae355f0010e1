"""What h11 makes of the same bytes, in the words of a comparison."""

from collections.abc import Iterable
from typing import NamedTuple

import h11


class Message(NamedTuple):
    """A message that was read to its end."""

    line: tuple[bytes, ...]
    """Method and target, or status and reason."""
    headers: list[tuple[bytes, bytes]]
    body: bytes
    keep_alive: bool


class Reading(NamedTuple):
    messages: list[Message]
    refused: bool
    """After those messages came something that was refused, or cut short."""
    rest: bytes
    """What followed the last message, unless refused."""
    starts: tuple[int, ...] = ()
    """Where each message began, and where the next would; known of the oracle only."""


_SIZE_MAX = 1_000_000


def read_requests(data: bytes) -> Reading:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_SIZE_MAX)
    connection.receive_data(data)
    connection.receive_data(b"")
    messages: list[Message] = []
    starts = [0]
    head: h11.Request | None = None
    body: list[bytes] = []
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                head, body = event, []
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                # 404 so that a CONNECT switches to nothing.
                connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                keep_alive = connection.our_state is h11.DONE
                line = (bytes(head.method), bytes(head.target))
                messages.append(Message(line, _headers(head.headers), b"".join(body), keep_alive))
                rest = bytes(connection.trailing_data[0])
                starts.append(len(data) - len(rest))
                if not keep_alive:
                    return Reading(messages, False, rest, tuple(starts))
                connection.start_next_cycle()
            else:
                assert isinstance(event, h11.ConnectionClosed), event
                return Reading(messages, False, b"", tuple(starts))
    except h11.RemoteProtocolError:
        return Reading(messages, True, b"", tuple(starts))


def read_reply(method: str, data: bytes) -> Reading:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_SIZE_MAX)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    if data:
        connection.receive_data(data)
    connection.receive_data(b"")
    head: h11.Response | None = None
    body: list[bytes] = []
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                line = (b"%d" % head.status_code, bytes(head.reason))
                keep_alive = connection.their_state is h11.DONE
                message = Message(line, _headers(head.headers), b"".join(body), keep_alive)
                return Reading([message], False, bytes(connection.trailing_data[0]))
            elif isinstance(event, h11.ConnectionClosed):
                return Reading([], True, b"")
            else:
                assert isinstance(event, h11.InformationalResponse), event
    except h11.RemoteProtocolError:
        return Reading([], True, b"")


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in headers]
