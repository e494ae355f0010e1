"""Blocks end at the same place however the stream is cut, and their raw bytes are the stream again."""

from hypothesis import example, given
from hypothesis import strategies as st

from hrd.dialects.sse import Event, Framer

MARK = b"\xef\xbb\xbf"
LIMIT = 1000

STREAM = (
    b": OPENROUTER PROCESSING\n\n"
    b'data: {"a":1}\n\n'
    b"event: error\r\ndata: one\r\ndata:two\r\n\r\n"
    b"\n"
    b"id: 7\rdata: cr\r\rretry: 5\n: note\ndata\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    Event(b": OPENROUTER PROCESSING\n\n", None),
    Event(b'data: {"a":1}\n\n', b'{"a":1}'),
    Event(b"event: error\r\ndata: one\r\ndata:two\r\n\r\n", b"one\ntwo", b"error"),
    Event(b"\n", None),
    Event(b"id: 7\rdata: cr\r\r", b"cr"),
    Event(b"retry: 5\n: note\ndata\n\n", b""),
    Event(b"data: [DONE]\n\n", b"[DONE]"),
]


def read(*reads: bytes) -> list[Event]:
    framer = Framer(LIMIT)
    events = [event for data in reads for event in framer.feed(data)]
    return events + framer.end()


def test_every_kind_of_line_end_comment_field_and_empty_line() -> None:
    assert read(STREAM) == EVENTS


def test_byte_by_byte() -> None:
    assert read(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == EVENTS


def test_cut_in_two_at_every_byte() -> None:
    for at in range(len(STREAM)):
        assert read(STREAM[:at], STREAM[at:]) == EVENTS, at


@given(st.lists(st.sampled_from([b"data: x", b"data:", b": c", b"event: e", b"\r", b"\n", b"\r\n", MARK, b"z"]), max_size=14))
@example([b"\n", b"\n"])
@example([b"data: x", b"\n", b"\r"])
@example([b"data: x", b"\r", b"\r"])
@example([b"\r"])
@example([MARK, b"\n", b"\n"])
@example([b"\r\n", b"data: x", b"\r\n", b"\r\n"])
def test_any_pieces_whole_and_byte_by_byte_are_the_same_events(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    whole = read(stream)
    assert whole == read(*(stream[at : at + 1] for at in range(len(stream))))
    joined = b"".join(event.raw for event in whole)
    body = stream.removeprefix(MARK)
    assert joined.startswith(body)
    assert joined[len(body) :] in (b"", b"\n", b"\n\n", b"\r")  # what `end` adds to a block that lacks its end


def test_a_mark_at_the_start_is_not_part_of_the_stream_but_later_it_is() -> None:
    assert read(MARK + b"data: a\n\n") == [Event(b"data: a\n\n", b"a")]
    assert read(b"data: a\n\n", MARK + b"data: b\n\n")[1] == Event(MARK + b"data: b\n\n", None)


def test_one_blank_after_the_colon_is_not_data_and_the_second_is() -> None:
    assert read(b"data:  two\n\n") == [Event(b"data:  two\n\n", b" two")]


def test_events_come_as_soon_as_they_are_whole() -> None:
    framer = Framer(LIMIT)
    assert framer.feed(b"data: a\n\ndata: b") == [Event(b"data: a\n\n", b"a")]
    assert framer.feed(b"\n") == []
    assert framer.feed(b"\ndata: c\n\n") == [Event(b"data: b\n\n", b"b"), Event(b"data: c\n\n", b"c")]
    assert framer.feed(b"data: d\r\n\r\n") == [Event(b"data: d\r\n\r\n", b"d")]
    assert framer.end() == []


def test_what_the_end_leaves_over_is_a_block_with_the_empty_line_it_lacks() -> None:
    assert read(b"data: [DONE]") == [Event(b"data: [DONE]\n\n", b"[DONE]")]
    assert read(b"data: [DONE]\n") == [Event(b"data: [DONE]\n\n", b"[DONE]")]
    assert read(b"data: [DONE]\r") == [Event(b"data: [DONE]\r\r", b"[DONE]")]
    assert read(b"data: [DONE]\r\r") == [Event(b"data: [DONE]\r\r", b"[DONE]")]
    assert read(b"") == []
    assert read(MARK) == []


def test_a_block_over_the_limit_stops_the_reading() -> None:
    framer = Framer(LIMIT)
    assert framer.feed(b"data: a\n\n") == [Event(b"data: a\n\n", b"a")]
    assert framer.feed(b"data: " + b"x" * (LIMIT - 6)) == []
    assert not framer.too_large
    assert framer.feed(b"y") == []
    assert framer.too_large
    assert framer.feed(b"\n\ndata: b\n\n") == []
    assert framer.end() == []


def test_a_block_over_the_limit_in_one_read_is_not_returned_either() -> None:
    framer = Framer(LIMIT)
    events = framer.feed(b"data: a\n\ndata: " + b"x" * LIMIT + b"\n\ndata: b\n\n")
    assert (events, framer.too_large) == ([Event(b"data: a\n\n", b"a")], True)
