"""Streams on their way through: what the client gets, when it is committed, and how it ends, however the bytes are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Usage, UsageSource
from hrd.dialects.contract import Ending, StreamBounds
from hrd.dialects.openai_stream import HELD_BYTES_MAX, ReplyStream

ALL = ("tool_index", "list_content", "finish_reason", "choices", "done")
COMMENT = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"


def event(*choices: dict[str, object], **members: object) -> bytes:
    value = {"id": "c-1", "object": "chat.completion.chunk", "choices": list(choices), **members}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(reason: str | None = None, index: int = 0, **said: object) -> dict[str, object]:
    return {"index": index, "delta": said, "finish_reason": reason}


ROLE = event(delta(role="assistant", content=""))
HELLO = event(delta(content="Hello"))
WORLD = event(delta(content=", world"))
STOP = event(delta("stop"))
USAGE = event(usage={"prompt_tokens": 19, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 2}})
KNOWN = Usage(input_tokens=19, output_tokens=10, reasoning_tokens=2, source=UsageSource.KNOWN)
EVENT_BYTES_MAX = 2 * 1024 * 1024
BOUNDS = StreamBounds(event_bytes=EVENT_BYTES_MAX, reply_bytes=EVENT_BYTES_MAX)
WHOLE = ROLE + HELLO + WORLD + STOP + USAGE + DONE


def stream(usage_to_client: bool = False, rewrite: tuple[str, ...] = ()) -> ReplyStream:
    return ReplyStream(usage_to_client=usage_to_client, rewrite=rewrite, input_tokens=7, bounds=BOUNDS)


def run(*reads: bytes, usage_to_client: bool = False, rewrite: tuple[str, ...] = ()) -> tuple[bytes, Ending, ReplyStream]:
    """What the client gets of all, how it ended, and the reader."""
    reader = stream(usage_to_client, rewrite)
    got = b"".join([reader.feed(data) for data in reads])
    ending = reader.end()
    return got + (reader.last if ending is Ending.COMPLETE else b""), ending, reader


def each_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


# what passes -------------------------------------------------------------------------------------------------------------


def test_an_ordinary_stream_read_by_read() -> None:
    reader = stream()
    assert (reader.feed(COMMENT + ROLE), reader.committed) == (b"", False)
    assert (reader.feed(HELLO), reader.committed) == (ROLE + HELLO, True)
    assert reader.feed(COMMENT) == COMMENT
    assert reader.feed(WORLD) == WORLD
    assert reader.feed(STOP) == STOP
    assert reader.finish_reason == "stop"
    assert reader.feed(USAGE) == b""
    assert not reader.finished
    assert (reader.feed(DONE), reader.last, reader.finished) == (b"", DONE, True)
    assert (reader.end(), reader.error, reader.broken) == (Ending.COMPLETE, None, "")
    assert reader.usage() == KNOWN


def test_an_untouched_read_is_passed_as_the_same_object() -> None:
    reader = stream()
    reader.feed(HELLO)
    read = bytes(bytearray(WORLD))
    assert reader.feed(read) is read


def test_the_usage_chunk_goes_to_a_client_that_asked() -> None:
    assert run(WHOLE, usage_to_client=True)[0] == WHOLE
    assert run(WHOLE)[0] == ROLE + HELLO + WORLD + STOP + DONE


def test_everything_of_the_terminators_read_waits_in_last() -> None:
    reader = stream()
    assert reader.feed(ROLE + HELLO) == ROLE + HELLO
    assert reader.feed(WORLD + STOP + DONE + b"data: trailing\n\n") == b""
    assert reader.last == WORLD + STOP + DONE


def test_a_reply_in_a_single_read_waits_whole() -> None:
    reader = stream()
    assert reader.feed(WHOLE) == b""
    assert (reader.committed, reader.last) == (True, ROLE + HELLO + WORLD + STOP + DONE)


def test_nothing_is_read_after_the_terminator() -> None:
    reader = stream()
    reader.feed(WHOLE)
    last = reader.last
    assert (reader.feed(HELLO), reader.last, reader.end()) == (b"", last, Ending.COMPLETE)


def test_usage_beside_a_choice_passes_and_is_read() -> None:
    final = event(delta("stop"), usage={"prompt_tokens": 19, "completion_tokens": 10})
    got, _, reader = run(HELLO, final, DONE)
    assert got == HELLO + final + DONE
    assert (reader.usage().output_tokens, reader.usage().source) == (10, UsageSource.KNOWN)


def test_groqs_usage_passes_and_is_read() -> None:
    final = event(delta("stop"), x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    got, _, reader = run(HELLO, final, DONE)
    assert got == HELLO + final + DONE
    assert (reader.usage().input_tokens, reader.usage().output_tokens) == (3, 4)


def test_an_event_without_choices_or_usage_passes() -> None:
    filtered = event(prompt_filter_results=[])
    assert run(HELLO, filtered, STOP, DONE)[0] == HELLO + filtered + STOP + DONE


def test_an_event_with_empty_data_is_left_out() -> None:
    assert run(HELLO, b"data:\n\n", b"data: \n\n", STOP, DONE)[0] == HELLO + STOP + DONE


STREAMS = [
    WHOLE,
    COMMENT + ROLE + COMMENT + HELLO + COMMENT + STOP + DONE + COMMENT,
    WHOLE.replace(b"\n", b"\r\n"),
    WHOLE.replace(b"\n", b"\r"),
    ROLE + HELLO + STOP,
    ROLE + HELLO + STOP[:-2],
    ROLE + STOP + DONE,
    ROLE + HELLO + b"data: {broken\n\n" + HELLO,
    ROLE + b'data: {"error":{"message":"no"}}\n\n' + HELLO,
    HELLO + b'data: {"error":{"message":"no"}}\n\n' + HELLO,
    ROLE + HELLO,
    b"",
    event(delta(tool_calls=[{"id": "a", "function": {"name": "f"}}])) + event(delta("eos", content=[{"text": "x"}])) + DONE,
]


@pytest.mark.parametrize("data", STREAMS)
def test_cut_anywhere_the_client_gets_the_same_and_it_ends_alike(data: bytes) -> None:
    whole, ending, reader = run(data, rewrite=ALL)
    for reads in (each_byte(data), *([data[:at], data[at:]] for at in range(0, len(data), 7))):
        got, same_ending, again = run(*reads, rewrite=ALL)
        assert same_ending is ending
        assert again.usage() == reader.usage()
        assert (again.error, again.broken, again.finish_reason) == (reader.error, reader.broken, reader.finish_reason)
        if reader.error is None or not reader.committed:
            assert got == whole


@given(st.lists(st.sampled_from([ROLE, HELLO, STOP, USAGE, DONE, COMMENT, b"\n", b"data: x\n\n"]), max_size=8), st.data())
def test_any_order_of_events_cut_anywhere(events: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(events)
    at = data.draw(st.integers(0, len(whole)))
    first, ending, reader = run(whole)
    second, same_ending, _ = run(whole[:at], whole[at:])
    assert (second, same_ending) == (first, ending)
    assert (ending is Ending.BROKEN) == bool(reader.broken)


# the commit point --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"content": "x"},
        {"reasoning_content": "x"},
        {"reasoning": "x"},
        {"refusal": "x"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]},
        {"function_call": {"name": "f"}},
    ],
)
def test_what_commits(said: dict[str, object]) -> None:
    reader = stream()
    assert reader.feed(ROLE) == b""
    read = event(delta(**said))
    assert reader.feed(read) == ROLE + read
    assert reader.committed


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls", "MAX_TOKENS"])
def test_an_answer_without_words_commits(reason: str) -> None:
    reader = stream()
    reader.feed(event(delta(reason)))
    assert reader.committed


@pytest.mark.parametrize("read", [ROLE, STOP, USAGE, COMMENT, event(delta("eos")), event(delta(content=None, tool_calls=[]))])
def test_what_does_not_commit(read: bytes) -> None:
    reader = stream()
    assert (reader.feed(read), reader.committed) == (b"", False)


def test_too_much_before_the_first_word_is_broken() -> None:
    reader = stream()
    for _ in range(HELD_BYTES_MAX // len(ROLE)):
        assert reader.feed(ROLE) == b""
    assert reader.broken == ""
    reader.feed(ROLE)
    assert reader.broken == "too much came before the first word of the reply"
    assert reader.end() is Ending.BROKEN


# endings -----------------------------------------------------------------------------------------------------------------


def test_a_clean_end_after_a_finish_reason_gets_the_terminator_it_lacks() -> None:
    reader = stream()
    assert reader.feed(HELLO + STOP) == HELLO + STOP
    assert (reader.end(), reader.last, reader.finished) == (Ending.COMPLETE, DONE, True)


def test_an_end_without_a_finish_reason_is_broken_and_what_was_said_is_estimated() -> None:
    reader = stream()
    reader.feed(HELLO + WORLD)
    assert reader.end() is Ending.BROKEN
    assert reader.broken == "the stream ended before the reply did"
    assert reader.usage() == Usage(input_tokens=7, output_tokens=3, source=UsageSource.ESTIMATED)


def test_an_end_inside_an_event_is_broken() -> None:
    assert run(HELLO, WORLD[:-20])[1] is Ending.BROKEN


def test_nothing_at_all_is_broken() -> None:
    assert run()[1] is Ending.BROKEN


def test_a_last_event_without_its_empty_line_counts() -> None:
    got, ending, _ = run(HELLO, STOP, b"data: [DONE]")
    assert (got, ending) == (HELLO + STOP + DONE, Ending.COMPLETE)


def test_the_terminator_counts_even_without_a_finish_reason() -> None:
    assert run(HELLO, DONE)[:2] == (HELLO + DONE, Ending.COMPLETE)


@pytest.mark.parametrize("reads", [[ROLE, STOP, USAGE, DONE], [ROLE, DONE], [DONE], [ROLE + STOP + DONE], [ROLE, STOP]])
def test_a_reply_without_anything_in_it_is_empty_and_stands_whole_in_last(reads: list[bytes]) -> None:
    _, ending, reader = run(*reads)
    assert (ending, reader.committed) == (Ending.EMPTY, False)
    assert reader.last == b"".join(reads).replace(USAGE, b"").removesuffix(DONE) + DONE


def test_of_two_choices_both_must_finish() -> None:
    first, second = event(delta(content="a"), delta(index=1, content="b")), event(delta("stop"))
    assert run(first, second)[1] is Ending.BROKEN
    assert run(first, second, event(delta("length", index=1)))[1] is Ending.COMPLETE


@pytest.mark.parametrize("index", [-3, 10**6, 127])
def test_an_absurd_index_of_a_choice_costs_nothing(index: int) -> None:
    assert run(event(delta(index=index, content="a")), event(delta("stop", index=index)))[1] is Ending.COMPLETE


# errors ------------------------------------------------------------------------------------------------------------------

ERROR = {"code": 502, "message": "upstream broke"}


@pytest.mark.parametrize(
    "read",
    [
        b'data: {"error":{"code":502,"message":"upstream broke"}}\n\n',
        event({"index": 0, "delta": {"content": ""}, "finish_reason": "error"}, error=ERROR),
        event({"index": 0, "delta": {"content": "x"}, "error": ERROR}),
        b'event: error\ndata: {"error":{"code":502,"message":"upstream broke"}}\n\n',
        b'data: [{"error":{"code":502,"message":"upstream broke"}}]\n\n',
    ],
)
def test_an_error_object_ends_the_reading_and_is_not_passed_on(read: bytes) -> None:
    before = stream()
    assert before.feed(ROLE + read + HELLO) == b""
    assert (before.error, before.committed, before.last) == (ERROR, False, b"")
    after = stream()
    assert after.feed(HELLO + read + WORLD) == HELLO
    assert (after.error, after.committed) == (ERROR, True)
    assert (after.feed(STOP + DONE), after.end()) == (b"", Ending.BROKEN)


def test_an_error_by_finish_reason_alone() -> None:
    reader = stream()
    reader.feed(event(delta("network_error")))
    assert reader.error == {"message": "The provider ended its reply with network_error.", "code": "network_error"}


def test_an_error_event_that_says_little() -> None:
    reader = stream()
    reader.feed(b'event: error\ndata: {"message":"overloaded"}\n\n')
    assert reader.error == {"message": "overloaded"}
    reader = stream()
    reader.feed(b"event: error\ndata: {}\n\n")
    assert reader.error == {"message": "The provider ended its stream with an error event."}


@pytest.mark.parametrize("error", [b"null", b"{}", b'""'])
def test_an_error_member_that_is_none_is_no_error(error: bytes) -> None:
    read = HELLO.replace(b'"id"', b'"error": ' + error + b', "id"')
    assert run(read, STOP, DONE)[:2] == (read + STOP + DONE, Ending.COMPLETE)


def test_half_of_a_character_passes_and_breaks_nothing() -> None:
    half = b"data: " + rb'{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"\ud83d"}}]}' + b"\n\n"
    other = half.replace(b"ud83d", b"ude00")
    assert run(HELLO, half, other, STOP, DONE)[:2] == (HELLO + half + other + STOP + DONE, Ending.COMPLETE)


NOT_TEXT = b'{"choices":[{"delta":{"content":"\xff"}}]}'


@pytest.mark.parametrize("data", [b"{broken", b"7", b"null", b"[]", b"hello", b'{"a":' * 5000, NOT_TEXT, b'{"a":NaN}'])
def test_data_that_is_no_object_is_broken(data: bytes) -> None:
    reader = stream()
    assert reader.feed(HELLO + b"data: " + data + b"\n\n" + WORLD) == HELLO
    assert reader.broken == "an event of the stream is not a JSON object"
    assert reader.end() is Ending.BROKEN


def test_an_event_over_the_limit_is_broken() -> None:
    reader = stream()
    reader.feed(HELLO)
    assert reader.feed(b"data: " + b"x" * EVENT_BYTES_MAX) == b""
    assert reader.broken == "an event of the stream is too large"


def test_odd_members_do_not_break_a_stream() -> None:
    odd = event({"index": 0, "delta": {"content": "x", "tool_calls": {}, "refusal": 0}, "finish_reason": None}, usage="none")
    assert run(odd, STOP, DONE)[0] == odd + STOP + DONE


# reply quirks ------------------------------------------------------------------------------------------------------------


def test_quirky_events_are_mended_and_the_others_keep_their_bytes() -> None:
    foreign = event(delta("end_turn"))
    got, ending, reader = run(HELLO, foreign, rewrite=("finish_reason",))
    mended = foreign.replace(b'"end_turn"', b'"stop"').replace(b", ", b",").replace(b": ", b":").replace(b"data:", b"data: ")
    assert (got, ending, reader.finish_reason) == (HELLO + mended + DONE, Ending.COMPLETE, "stop")


def test_a_usage_chunk_without_choices_gets_them_for_a_client_that_asked() -> None:
    bare = b'data: {"usage":{"prompt_tokens":19,"completion_tokens":10}}\n\n'
    full = b'data: {"usage":{"prompt_tokens":19,"completion_tokens":10},"choices":[]}\n\n'
    assert run(HELLO, STOP, bare, DONE, usage_to_client=True, rewrite=("choices",))[0] == HELLO + STOP + full + DONE
    assert run(HELLO, STOP, bare, DONE, rewrite=("choices",))[0] == HELLO + STOP + DONE
