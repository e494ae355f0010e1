"""Incoming: a reply as it comes over a connection. Raises `WireBroken` or `ReplyBroken` when it does not come to its end, and
`trio.ClosedResourceError` when the connection's alarm has rung."""

from typing import Final

from hrd.http.messages import END_OF_MESSAGE, ReplyHead
from hrd.upstream.connections import Connection

RECEIVE_BYTES: Final = 65_536


async def next_event(connection: Connection) -> object:
    """The next event of the reply: its head, bytes or the end of the message."""
    reader, transport = connection.reader, connection.transport
    while (event := reader.next_event()) is None:
        data = await transport.receive_some(RECEIVE_BYTES)
        if data:
            reader.feed(data)
        else:
            reader.feed_eof()
    return event


async def reply_head(connection: Connection) -> ReplyHead:
    head = await next_event(connection)
    assert isinstance(head, ReplyHead), "a reply begins with its head"
    return head


async def rest(connection: Connection) -> bytes:
    """The whole body that follows."""
    first = await next_event(connection)
    if first is END_OF_MESSAGE:
        return b""
    parts = [first]
    while (event := await next_event(connection)) is not END_OF_MESSAGE:
        parts.append(event)
    return b"".join(part for part in parts if isinstance(part, bytes))
