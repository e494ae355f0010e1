"""Bytes that pass as they came: held up to the commit point, read for what the router must know."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.reply_events import Broken, Finish, Finished, Text, UsageSeen
from hrd.dialects.contract import Ending
from hrd.dialects.passing_stream import PassingStream, pass_whole
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.spelled import USAGE, Spelled


def stream() -> PassingStream:
    return PassingStream(Spelled(), terminator=b"data: end\n\n", input_tokens=11, bounds=BOUNDS)


def test_bytes_pass_as_they_came_from_the_commit_point_on() -> None:
    reader = stream()
    assert reader.feed(b": patience\n\ndata: start\n\n") == b""
    assert reader.feed(b"data:hi\n\n") == b"data: start\n\ndata:hi\n\n"
    assert reader.feed(b": still here\n\n") == b": still here\n\n"


def test_the_terminator_waits_with_what_shares_its_read_and_is_not_sent_twice() -> None:
    reader = stream()
    assert reader.feed(b"data: hi\n\n") == b"data: hi\n\n"
    assert reader.feed(b"data: stop\n\ndata: usage\n\ndata: end\n\n") == b""
    assert reader.last == b"data: stop\n\ndata: usage\n\ndata: end\n\n"
    assert (reader.end(), reader.usage(), reader.finish_reason) == (Ending.COMPLETE, USAGE, "stop")


def test_a_terminator_that_the_provider_left_out_is_supplied() -> None:
    reader = stream()
    assert reader.feed(b"data: hi\n\ndata: stop\n\n") == b"data: hi\n\ndata: stop\n\n"
    assert (reader.end(), reader.last) == (Ending.COMPLETE, b"data: end\n\n")


def test_a_terminator_without_its_blank_line_is_read_at_the_end() -> None:
    reader = stream()
    reader.feed(b"data: hi\n\ndata: stop\n\ndata: end\n")
    assert (reader.end(), reader.last) == (Ending.COMPLETE, b"data: end\n\n")


def test_an_empty_reply_stands_whole_in_last() -> None:
    reader = stream()
    assert reader.feed(b"data: start\n\ndata: stop\n\ndata: end\n\n") == b""
    assert (reader.end(), reader.last) == (Ending.EMPTY, b"data: start\n\ndata: stop\n\ndata: end\n\n")


def test_an_error_is_not_passed_on_and_nothing_after_it_is() -> None:
    reader = stream()
    assert reader.feed(b"data: hi\n\ndata: error\n\ndata: hi\n\n") == b"data: hi\n\n"
    assert (reader.error, reader.feed(b"data: hi\n\n"), reader.end()) == ({"message": "planted"}, b"", Ending.BROKEN)


def test_what_cannot_be_read_and_what_is_cut_off_is_broken() -> None:
    reader = stream()
    assert (reader.feed(b"data: gibberish\n\n"), reader.broken) == (b"", "not a word")
    reader = stream()
    reader.feed(b"data: hi\n\n")
    assert (reader.end(), reader.last, reader.broken) == (Ending.BROKEN, b"", "the stream ended before the reply did")


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
        assert text.startswith(got)


def test_a_whole_reply_passes_as_it_came() -> None:
    body = b'{ "as": "it came" }'
    reply = pass_whole((Text("hi"), Finished(Finish.CALLS), UsageSeen(USAGE)), body, 11)
    assert (reply.body, reply.usage, reply.finish_reason, reply.empty) == (body, USAGE, "tool_calls", False)
    assert pass_whole((Finished(Finish.STOP),), body, 11).empty
    assert pass_whole("no reply", body, 11).broken == "no reply"
    assert pass_whole((Broken({"code": 1}),), body, 11).error == {"code": 1}
