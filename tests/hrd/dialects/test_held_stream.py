"""What is held of a stream, and for how long."""

from hrd.dialects.contract import Ending, StreamBounds
from hrd.dialects.held_stream import HELD_BYTES_MAX, HeldStream
from hrd.dialects.sse import Event
from tests.hrd.dialects.spelled import Spelled


class Shouted(HeldStream):
    """The client gets each event in capitals, and a farewell."""

    def _piece(self, event: Event | None, pieces: list[bytes]) -> None:
        for said in self._reader.end() if event is None else self._reader.read(event):
            self._account.add(said)
        if event is not None:
            pieces.append(event.raw.upper())

    def _closing(self) -> bytes:
        return b"BYE"


def stream(event_bytes_max: int = 4096, reply_bytes_max: int = 4096) -> Shouted:
    return Shouted(Spelled(), input_tokens=11, bounds=StreamBounds(event_bytes_max, reply_bytes_max))


def test_what_came_before_the_commit_point_goes_out_with_it() -> None:
    reader = stream()
    assert (reader.feed(b"data: start\n\n"), reader.committed) == (b"", False)
    assert (reader.feed(b"data: hi\n\n"), reader.committed) == (b"DATA: START\n\nDATA: HI\n\n", True)


def test_the_end_waits_in_last() -> None:
    reader = stream()
    reader.feed(b"data: hi\n\n")
    assert reader.feed(b"data: stop\n\ndata: end\n\n") == b""
    assert (reader.finished, reader.last, reader.end()) == (True, b"DATA: STOP\n\nDATA: END\n\nBYE", Ending.COMPLETE)


def test_a_reply_that_says_more_than_it_may_is_broken() -> None:
    reader = stream(reply_bytes_max=7)
    assert reader.feed(b"data: hi\n\ndata: hi\n\ndata: hi\n\n") != b""
    assert (reader.feed(b"data: hi\n\ndata: stop\n\n"), reader.broken) == (
        b"DATA: HI\n\n",
        "the reply is too large (MAX_REPLY_BYTES)",
    )
    assert reader.end() is Ending.BROKEN


def test_what_the_reader_keeps_counts_as_said() -> None:
    kept = Spelled()
    kept.kept_bytes = 6
    reader = Shouted(kept, input_tokens=11, bounds=StreamBounds(4096, 7))
    reader.feed(b"data: hi\n\n")
    assert reader.broken == "the reply is too large (MAX_REPLY_BYTES)"


def test_more_than_may_be_held_is_broken_and_so_is_an_event_that_is_too_large() -> None:
    reader = stream()
    usage = b"data: usage\n\n" * (HELD_BYTES_MAX // len(b"data: usage\n\n") + 1)
    assert (reader.feed(usage), reader.broken) == (b"", "too much came before the first word of the reply")
    reader = stream(event_bytes_max=20)
    assert (reader.feed(b"data: " + b"x" * 30), reader.broken) == (b"", "an event of the stream is too large")
    assert reader.end() is Ending.BROKEN
