"""Replies by way of the hub: held up to the commit point, ended when they are settled, and never ended silently."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import Broken, Finish, Finished, ReplyEvent, Started, Text, UsageSeen
from hrd.dialects.contract import Ending, StreamBounds
from hrd.dialects.held_stream import HELD_BYTES_MAX
from hrd.dialects.translation import TranslatedStream, translate_whole
from tests.hrd.dialects.spelled import USAGE, Spelled


class Names:
    """A client dialect for these tests: the names of the events, in a row."""

    def write(self, event: ReplyEvent) -> bytes:
        return type(event).__name__.encode() + b" "

    def end(self) -> bytes:
        return b"END"


def stream(event_bytes_max: int = 4096) -> TranslatedStream:
    return TranslatedStream(Spelled(), Names(), input_tokens=11, bounds=StreamBounds(event_bytes_max, 4096))


def fed(*words: str) -> tuple[TranslatedStream, bytes]:
    reader = stream()
    return reader, b"".join(reader.feed(f"data: {word}\n\n".encode()) for word in words)


def test_nothing_goes_out_before_the_commit_point_and_all_of_it_with_it() -> None:
    reader, sent = fed("start", "", "usage")
    assert (sent, reader.committed) == (b"", False)
    assert reader.feed(b"data: hi\n\n") == b"Started Text UsageSeen Text "
    assert reader.committed


@pytest.mark.parametrize("word", ["hi", "think", "no", "called", "length"])
def test_what_is_a_commit_point(word: str) -> None:
    reader, _ = fed("start", word)
    assert (reader.begun, reader.committed) == (True, True)


def test_a_call_begins_before_its_commit_point() -> None:
    reader, sent = fed("start", "call", "usage")
    assert (sent, reader.begun, reader.committed) == (b"", True, False)
    assert reader.feed(b"data: called\n\n") == b"Started CallBegun UsageSeen CallDone "
    assert reader.committed


@pytest.mark.parametrize("word", ["start", "usage", "stop", ""])
def test_what_is_none(word: str) -> None:
    reader, _ = fed("start", word)
    assert (reader.begun, reader.committed) == (False, False)


def test_the_end_waits_with_what_shares_its_read() -> None:
    reader, sent = fed("start", "hi")
    assert sent == b"Started Text "
    assert reader.feed(b"data: hi\n\ndata: stop\n\ndata: usage\n\ndata: end\n\n") == b""
    assert (reader.finished, reader.last) == (True, b"Text Finished UsageSeen END")
    assert (reader.finish_reason, reader.usage()) == ("stop", USAGE)
    assert reader.feed(b"data: hi\n\n") == b""
    assert reader.end() is Ending.COMPLETE


def test_an_empty_reply_stands_whole_in_last() -> None:
    reader, sent = fed("start", "stop", "end")
    assert (sent, reader.end(), reader.last) == (b"", Ending.EMPTY, b"Started Finished UsageSeen END")


def test_a_reply_whose_terminator_is_missing_is_complete_and_one_whose_end_is_missing_is_broken() -> None:
    reader, _ = fed("start", "hi", "stop")
    assert (reader.end(), reader.last) == (Ending.COMPLETE, b"UsageSeen END")
    cut, _ = fed("start", "hi")
    assert (cut.end(), cut.last, cut.finished) == (Ending.BROKEN, b"", False)
    assert cut.broken == "the stream ended before the reply did"


def test_an_error_ends_the_reading_and_is_not_passed_on() -> None:
    reader, sent = fed("start", "hi", "error", "hi")
    assert (sent, reader.error, reader.end()) == (b"Started Text ", {"message": "planted"}, Ending.BROKEN)


def test_what_cannot_be_read_is_broken() -> None:
    reader, _ = fed("start", "gibberish", "hi")
    assert (reader.broken, reader.committed, reader.end()) == ("not a word", False, Ending.BROKEN)


def test_an_event_that_is_too_large_and_too_much_before_the_first_word_are_broken() -> None:
    reader = stream(event_bytes_max=20)
    assert reader.feed(b"data: " + b"x" * 30) == b""
    assert reader.broken == "an event of the stream is too large"
    reader = stream()
    usage = b"data: usage\n\n" * (HELD_BYTES_MAX // len(b"UsageSeen ") + 1)
    assert (reader.feed(usage), reader.broken) == (b"", "too much came before the first word of the reply")


def test_usage_that_nobody_stated_is_estimated() -> None:
    reader, _ = fed("start", "hi", "called")
    assert reader.usage() == Usage(input_tokens=11, output_tokens=2, source=UsageSource.ESTIMATED)


@given(st.lists(st.sampled_from([word.decode() for word in Spelled.EVENTS] + ["end", "bad"]), max_size=12), st.data())
def test_however_the_stream_is_cut_the_client_gets_the_same(words: list[str], data: st.DataObject) -> None:
    text = "".join(f"data: {word}\n\n" for word in words).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    whole, pieces = stream(), stream()
    expected = whole.feed(text)
    got = b"".join(pieces.feed(text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))
    assert (whole.end(), whole.error, whole.broken) == (pieces.end(), pieces.error, pieces.broken)
    if whole.error is None and not whole.broken:
        assert expected + whole.last == got + pieces.last
    else:
        assert got.startswith(expected) or expected.startswith(got)


def names(events: Sequence[ReplyEvent]) -> bytes:
    return b" ".join(type(event).__name__.encode() for event in events)


def test_a_whole_reply_is_the_fold_of_the_same_events() -> None:
    said = (Started("r", "m"), Text("hi"), Finished(Finish.CALLS), UsageSeen(USAGE))
    reply = translate_whole(said, names, 11)
    assert (reply.body, reply.usage, reply.empty) == (b"Started Text Finished UsageSeen", USAGE, False)
    assert reply.finish_reason == "tool_calls"


def test_a_whole_reply_may_be_empty_broken_or_an_error() -> None:
    assert translate_whole((Finished(Finish.STOP),), names, 11).empty
    assert not translate_whole((Finished(Finish.LENGTH),), names, 11).empty
    assert translate_whole((Text("hi"),), names, 11).broken == "the reply has no end"
    assert translate_whole("not JSON", names, 11).broken == "not JSON"
    failed = translate_whole((Text("hi"), Broken({"code": 1})), names, 11)
    assert (failed.error, failed.body) == ({"code": 1}, b"")
    assert msgspec.structs.asdict(failed)["broken"] == ""
