"""From a provider dialect's replies to a client dialect's, by way of reply events. A whole reply is the fold of the events that
its stream would be, and either has the same bookkeeping (see `dialects.account`).
"""

from collections.abc import Callable, Sequence

from hrd.core.reply_events import CallText, PlanSeen, ReplyEvent
from hrd.dialects.account import Account
from hrd.dialects.contract import EventReader, EventWriter, StreamBounds, WholeReply
from hrd.dialects.held_stream import HeldStream
from hrd.dialects.sse import Event

FOR_THE_ROUTER = (PlanSeen, CallText)
"""Events that no client is told of."""


def translate_whole(
    said: Sequence[ReplyEvent] | str, write: Callable[[Sequence[ReplyEvent]], bytes], input_tokens: int
) -> WholeReply:
    """A whole reply as the client gets it. *said*: its events, or why it is none."""
    account = Account(input_tokens)
    if isinstance(said, str):
        return WholeReply(body=b"", usage=account.usage(), broken=said)
    for event in said:
        account.add(event)
    if account.error is not None:
        return WholeReply(body=b"", usage=account.usage(), error=account.error)
    if account.finish is None:
        return WholeReply(body=b"", usage=account.usage(), broken="the reply has no end")
    return WholeReply(
        body=write((*[event for event in said if not isinstance(event, FOR_THE_ROUTER)], *account.owed())),
        usage=account.usage(),
        empty=not account.begun,
        plan=account.plan,
        finish_reason=account.finish_reason,
    )


class TranslatedStream(HeldStream):
    """One attempt's stream, on its way through the hub to the client."""

    def __init__(self, reader: EventReader, writer: EventWriter, *, input_tokens: int, bounds: StreamBounds) -> None:
        super().__init__(reader, input_tokens=input_tokens, bounds=bounds)
        self._writer = writer

    def _piece(self, event: Event | None, pieces: list[bytes]) -> None:
        if event is not None and event.data is None:
            return
        account, write = self._account, self._writer.write
        for said in self._reader.end() if event is None else self._reader.read(event):
            account.add(said)
            if account.error is not None:
                return
            if isinstance(said, FOR_THE_ROUTER):
                continue
            piece = write(said)
            if piece:
                pieces.append(piece)

    def _closing(self) -> bytes:
        return b"".join([*[self._writer.write(event) for event in self._account.owed()], self._writer.end()])
