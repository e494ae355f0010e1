"""Legal sequences of reply events, for hypothesis."""

from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Vendor
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    CallBegun,
    CallDone,
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

texts = st.text(max_size=8)
counts = st.integers(0, 1000)
usages = st.builds(
    lambda fresh, cached, written, output, thought: Usage(
        input_tokens=fresh + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=output + thought,
        reasoning_tokens=thought,
        source=UsageSource.KNOWN,
    ),
    counts,
    counts,
    counts,
    counts,
    counts,
)
signatures = st.from_regex(r"[A-Za-z0-9+/]{4,12}={0,2}", fullmatch=True)
said = st.one_of(
    st.builds(Text, texts),
    st.builds(RefusalText, texts),
    st.builds(Thought, texts, st.integers(0, 2)),
    st.builds(ThoughtSigned, signature=signatures, vendor=st.sampled_from(list(Vendor)), is_redacted=st.booleans()),
    st.builds(Cited, url=texts, title=texts, quote=texts),
    st.builds(UsageSeen, usages),
)


@st.composite
def sequences(draw: st.DrawFn) -> list[ReplyEvent]:
    """With calls that overlap, that share an id or have none, and some that never come to their end."""
    events: list[ReplyEvent] = [Started(draw(texts), draw(texts))] if draw(st.booleans()) else []
    open_keys: list[int] = []
    for key in range(draw(st.integers(0, 10))):
        match draw(st.integers(0, 3)):
            case 0:
                open_keys.append(key)
                events.append(CallBegun(key=key))
            case 1 if open_keys:
                events.append(_done(draw, open_keys.pop(draw(st.integers(0, len(open_keys) - 1)))))
            case _:
                events.append(draw(said))
    events.append(Finished(draw(st.sampled_from(list(Finish))), draw(texts)))
    if draw(st.booleans()):
        events.append(UsageSeen(draw(usages)))
    return events


def _done(draw: st.DrawFn, key: int) -> CallDone:
    is_custom = draw(st.booleans())
    return CallDone(
        key=key,
        id=draw(st.sampled_from(["", "call_1", "functions.f:0", "ü"])),
        name=draw(st.sampled_from(["f", "g"])),
        arguments=draw(texts) if is_custom else draw(st.sampled_from(["{}", '{"a": [1, "ü"]}'])),
        kind=CallKind.CUSTOM if is_custom else CallKind.FUNCTION,
        signature=draw(st.sampled_from(["", "c2lnbmVk"])),
    )
