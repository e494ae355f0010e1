"""What hrd.http makes of bytes that arrive in pieces, in the words of a comparison."""

from collections.abc import Iterable

from hrd.http.client import ReplyReader
from hrd.http.limits import HttpLimits
from hrd.http.messages import END_OF_MESSAGE, Headers, ReplyBroken, ReplyHead, RequestHead, RequestRejected
from hrd.http.server import ServerConnection
from tests.fuzz.oracle import Message, Reading

LIMITS = HttpLimits()


def read_requests(pieces: Iterable[bytes]) -> Reading:
    connection = ServerConnection(LIMITS)
    messages: list[Message] = []
    head: RequestHead | None = None
    body: list[bytes] = []
    is_over = False
    try:
        for piece in [*pieces, b""]:
            connection.feed(piece) if piece else connection.feed_eof()
            while not is_over and (event := connection.next_event()) is not None:
                if isinstance(event, RequestHead):
                    head, body = event, []
                elif event is END_OF_MESSAGE:
                    assert head is not None
                    line = (head.method.encode(), head.target.encode())
                    messages.append(Message(line, _headers(head.headers), b"".join(body), head.keep_alive))
                    if head.keep_alive:
                        connection.start_next_cycle()
                    else:
                        is_over = True
                else:
                    body.append(event)
    except RequestRejected:
        return Reading(messages, True, b"")
    return Reading(messages, False, connection.unread)


def read_reply(method: str, pieces: Iterable[bytes]) -> Reading:
    reader = ReplyReader(LIMITS)
    reader.begin(method)
    head: ReplyHead | None = None
    body: list[bytes] = []
    messages: list[Message] = []
    rest = b""
    try:
        for piece in [*pieces, b""]:
            if messages:
                rest += piece
                continue
            reader.feed(piece) if piece else reader.feed_eof()
            while (event := reader.next_event()) is not None:
                if isinstance(event, ReplyHead):
                    head = event
                elif event is END_OF_MESSAGE:
                    assert head is not None
                    line = (b"%d" % head.status, head.reason.encode("latin-1"))
                    messages.append(Message(line, _headers(head.headers), b"".join(body), head.keep_alive))
                    rest = reader.unread
                else:
                    body.append(event)
    except ReplyBroken:
        return Reading([], True, b"")
    return Reading(messages, not messages, rest)


def _headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """As h11 has them: the transfer coding in lower case."""
    return [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in headers]
