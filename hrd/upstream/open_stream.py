"""An open stream: a reply past its commit point, of which the rest is yet to come."""

from collections.abc import Callable
from typing import Final

import trio

from hrd.core.failures import Observation
from hrd.dialects.contract import Ending, StreamReader
from hrd.http.alarms import NEVER
from hrd.http.messages import ReplyBroken
from hrd.http.wire import WireBroken
from hrd.upstream.connections import Connection, Connections
from hrd.upstream.incoming import next_event

END_S: Final = 0.05
"""How long the end of a message whose terminator event was read may take; after that the connection is not kept."""
ERROR_TEXT_CHARS: Final = 600


class OpenStream:
    """A stream past its commit point. `first` is what goes out of it first. Ends with `close`, which is synchronous."""

    def __init__(
        self,
        connections: Connections,
        connection: Connection,
        reply: StreamReader,
        first: bytes,
        observations: tuple[Observation, ...],
        scrub: Callable[[str], str],
        *,
        begun_at: float,
        is_read: bool,
    ) -> None:
        """*is_read*: the end of the message has come already."""
        self._scrub = scrub
        self.reply = reply
        self.begun_at = begun_at
        """By trio's clock: when it began. A call that is sent on whole begins long before its commit point."""
        self.first = first
        self.observations = observations
        self.account = ""
        """Whose key it was, if the reply says so."""
        self.broken_by = ""
        """Why the stream ended too early; empty while it is well."""
        self._connections = connections
        self._connection: Connection | None = connection
        self._is_read = is_read
        connection.alarm.at = NEVER  # the attempt's own time is over; from here a slow client is nobody's fault

    async def next(self, within_s: float) -> bytes | None:
        """The next bytes for the client; None when the stream is over. See `reply.finished` and `broken_by` then."""
        connection = self._connection
        if connection is None or self.broken_by or self.reply.finished:
            return None
        connection.alarm.at = trio.current_time() + within_s
        try:
            event = await next_event(connection)
        except (WireBroken, ReplyBroken, trio.ClosedResourceError) as broken:
            self.broken_by = f"nothing came for {within_s:.0f} s" if connection.has_rung else self._scrub(str(broken))
            return None
        connection.alarm.at = NEVER
        if isinstance(event, bytes):
            data = self.reply.feed(event)
            self._look_for_trouble()
            return data
        self._is_read = True
        if self.reply.end() is not Ending.COMPLETE:
            self.broken_by = "the provider ended the stream in the middle"
        return None

    def _look_for_trouble(self) -> None:
        if self.reply.error is not None:
            self.broken_by = self._scrub(error_text(self.reply.error))
        elif self.reply.broken:
            self.broken_by = self._scrub(self.reply.broken)

    async def settle_connection(self) -> None:
        """The reply's terminator was read; take the end of the message too, so that the connection can be kept."""
        connection = self._connection
        if connection is not None and not self._is_read:
            with trio.move_on_after(END_S):
                try:
                    while isinstance(await next_event(connection), bytes):
                        pass
                except (WireBroken, ReplyBroken, trio.ClosedResourceError):
                    pass
        self.close()

    def close(self) -> None:
        """Keep the connection if its reply was read to the end, else cancel what the provider still does."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._connections.give_back(connection)


def error_text(error: dict[str, object]) -> str:
    """The message of an error object, for people."""
    inner = error.get("error", error)
    message = inner.get("message") if isinstance(inner, dict) else inner
    return str(message)[:ERROR_TEXT_CHARS] if message else "the provider reported an error in the stream"
