"""A wire format of providers for tests: words that name reply events."""

from collections.abc import Sequence

from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Finish,
    Finished,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    UsageSeen,
)
from hrd.dialects.sse import Event

USAGE = Usage(input_tokens=7, output_tokens=3, source=UsageSource.KNOWN)


class Spelled:
    """An event's data names the reply event; `end` is the terminator."""

    EVENTS: dict[bytes, ReplyEvent] = {  # noqa: RUF012 (a table)
        b"start": Started("r-1", "m-1"),
        b"hi": Text("hi"),
        b"": Text(""),
        b"think": Thought("hm"),
        b"no": RefusalText("no"),
        b"call": CallBegun(key=0),
        b"piece": CallText(0, '{"command":'),
        b"called": CallDone(key=0, id="c-1", name="f", arguments="{}"),
        b"usage": UsageSeen(USAGE),
        b"stop": Finished(Finish.STOP),
        b"length": Finished(Finish.LENGTH),
        b"error": Broken({"message": "planted"}),
    }

    def __init__(self) -> None:
        self.finished = False
        self.broken = ""
        self.kept_bytes = 0
        self._stopped = False

    def read(self, event: Event) -> Sequence[ReplyEvent]:
        data = event.data
        if data == b"end":
            self.finished = True
            return ()
        if data not in self.EVENTS:
            self.broken = "not a word"
            return ()
        self._stopped = self._stopped or data in (b"stop", b"length")
        return (self.EVENTS[data],)

    def end(self) -> Sequence[ReplyEvent]:
        self.finished = self._stopped
        return ()
