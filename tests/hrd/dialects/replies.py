"""Legal sequences of reply events, for the tests of whoever reads or writes them."""

from collections.abc import Iterable

from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    CallBegun,
    CallDone,
    CallText,
    Cited,
    Finish,
    Finished,
    RefusalText,
    ReplyEvent,
    Started,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)
from hrd.dialects.contract import StreamBounds

BOUNDS = StreamBounds(event_bytes=1_000_000, reply_bytes=1_000_000)
USAGE = Usage(input_tokens=7, output_tokens=3, cached_tokens=2, reasoning_tokens=1, source=UsageSource.KNOWN)
_WORDS = st.sampled_from(["a", "two words", "é\n", '"quoted"', "\\"])
_THOUGHTS = st.lists(st.builds(Thought, _WORDS, st.integers(0, 1)), max_size=2)
_SEALS = st.builds(
    ThoughtSigned,
    signature=st.sampled_from(["sig", "gAAAAblob"]),
    vendor=st.sampled_from([Vendor.ANTHROPIC, Vendor.OPENAI, Vendor.GEMINI]),
)
_SAID = st.builds(Text, _WORDS) | st.builds(RefusalText, _WORDS) | st.builds(Cited, url=st.just("https://e.org/"))


def told(events: Iterable[ReplyEvent]) -> list[ReplyEvent]:
    """*events* without the pieces of calls, which are for the router alone."""
    return [event for event in events if not isinstance(event, CallText)]


def _calls(count: int, kinds: list[CallKind]) -> list[ReplyEvent]:
    events: list[ReplyEvent] = [CallBegun(key=key) for key in range(count)]
    for key in range(count):
        kind = kinds[key % len(kinds)]
        arguments = '{"a":"é"}' if kind is CallKind.FUNCTION else "*** Begin"
        events.append(CallDone(key=key, id=f"call_{key}", name=f"tool_{key}", arguments=arguments, kind=kind))
    return events


@st.composite
def sequences(draw: st.DrawFn, *, custom: bool = False) -> list[ReplyEvent]:
    """A whole reply."""
    events: list[ReplyEvent] = [Started("r-1", "m-1")] if draw(st.booleans()) else []
    thoughts = draw(_THOUGHTS)
    events += thoughts
    if thoughts and draw(st.booleans()):
        events.append(draw(_SEALS))
    events += draw(st.lists(_SAID, max_size=3))
    calls = draw(st.integers(0, 3))
    kinds = [CallKind.FUNCTION, CallKind.CUSTOM] if custom else [CallKind.FUNCTION]
    events += _calls(calls, kinds)
    reason = Finish.CALLS if calls else draw(st.sampled_from([Finish.STOP, Finish.LENGTH, Finish.FILTERED]))
    events.append(Finished(reason))
    if draw(st.booleans()):
        events.append(UsageSeen(USAGE))
    return events
