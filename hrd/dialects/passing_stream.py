"""A reply whose bytes pass as they came, because client and provider speak the same; what the router must know of it is read
from its events on the way.

Held back are comments before the commit point, and error objects.
"""

from collections.abc import Callable, Sequence

from hrd.core.reply_events import ReplyEvent
from hrd.dialects.contract import EventReader, StreamBounds, WholeReply
from hrd.dialects.held_stream import HeldStream
from hrd.dialects.sse import Event
from hrd.dialects.translation import translate_whole


def pass_whole(said: Sequence[ReplyEvent] | str, body: bytes, input_tokens: int) -> WholeReply:
    """A whole reply that the client gets as it came. *said*: its events, or why it is none."""
    return translate_whole(said, lambda _: body, input_tokens)


class PassingStream(HeldStream):
    """One attempt's stream on its way through.

    *terminator* ends, for the client, a reply that is complete although its provider left the terminator out. *shown*: how the
    client sees an event, if not as it came."""

    def __init__(
        self,
        reader: EventReader,
        *,
        terminator: bytes,
        input_tokens: int,
        bounds: StreamBounds,
        shown: Callable[[Event], bytes] | None = None,
    ) -> None:
        super().__init__(reader, input_tokens=input_tokens, bounds=bounds)
        self._terminator = terminator
        self._shown = shown
        self._has_ended = False

    @property
    def committed(self) -> bool:
        """The beginning of a call goes out like everything else."""
        return self._account.begun

    def _piece(self, event: Event | None, pieces: list[bytes]) -> None:
        account = self._account
        if event is not None and event.data is None:
            if account.begun:
                pieces.append(event.raw)
            return
        for said in self._reader.end() if event is None else self._reader.read(event):
            account.add(said)
        if event is None:
            self._has_ended = True
        elif account.error is None and not self._reader.broken:
            pieces.append(event.raw if self._shown is None else self._shown(event))

    def _closing(self) -> bytes:
        return self._terminator if self._has_ended else b""
