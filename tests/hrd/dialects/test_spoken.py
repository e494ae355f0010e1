"""Who speaks at which endpoint."""

import json
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from hrd.core import catalogue
from hrd.core.conversation import Vendor
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.reply_events import CallBegun, CallDone, Cited, Finish, Finished, ReplyEvent, Text, Thought, ThoughtSigned
from hrd.core.response_book import ResponseBook
from hrd.dialects.contract import Dialect, Ending, Request
from hrd.dialects.openai_responses import ResponsesCall
from hrd.dialects.passage import Passage, Prepared
from hrd.dialects.spoken import DIALECTS, TARGETS, always, openings
from tests.hrd.dialects.messages_stream import Client
from tests.hrd.dialects.replies import BOUNDS, sequences
from tests.hrd.dialects.responses import STAMP, accumulate
from tests.hrd.stage import candidate, provider


def test_every_dialect_is_spoken_at_its_endpoint() -> None:
    spoken = {endpoint: opening("ada", STAMP) for endpoint, opening in openings(ResponseBook(0, 1.0), lambda: 0.0)}
    assert list(spoken)[:-1] == [dialect.ENDPOINT for dialect in DIALECTS]
    assert all(spoken[dialect.ENDPOINT] is dialect for dialect in DIALECTS)
    assert isinstance(spoken["/v1/responses"], ResponsesCall)


def test_whatever_the_catalogue_may_name_is_spoken() -> None:
    assert set(catalogue.DIALECTS) == set(TARGETS)


def test_most_are_the_same_for_every_call() -> None:
    opening = always(DIALECTS[0])
    assert opening("ada", STAMP) is opening("bob", STAMP) is DIALECTS[0]


# any provider's stream to any client, cut anywhere ------------------------------------------------------------------------

SPOKEN_AT = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "codex": "/v1/responses",
    "anthropic_messages": "/v1/messages",
}
"""Provider dialect → where clients speak the same."""
HELLO = [{"role": "user", "content": "hi"}]
ASKED = {
    "/v1/chat/completions": {"messages": HELLO, "stream_options": {"include_usage": True}},
    "/v1/responses": {"input": "hi"},
    "/v1/messages": {"messages": HELLO, "max_tokens": 99},
}


def asking(endpoint: str, *, stream: bool = True) -> tuple[Dialect, Request]:
    """A client of *endpoint*, and its request."""
    opening = dict(openings(ResponseBook(1_000_000, 60.0), lambda: 0.0))[endpoint]
    client = opening("ada", STAMP)
    request = client.decode(msgspec.json.encode({"model": "m", "stream": stream, **ASKED[endpoint]}))
    assert isinstance(request, Request)
    return client, request


def written(dialect: str, events: list[ReplyEvent]) -> bytes:
    """*events* as a provider of *dialect* streams them."""
    client, request = asking(SPOKEN_AT[dialect])
    assert client.HUB is not None
    writer = client.HUB.event_writer(request, msgspec.structs.replace(STAMP, id="up"))
    return b"".join([*map(writer.write, events), writer.end()])


def assert_legal(endpoint: str, stream: bytes) -> None:
    """One stream with one end, as the official SDK takes it."""
    if endpoint == "/v1/messages":
        assert Client().read(stream).is_over
        return
    if endpoint == "/v1/responses":
        accumulate(stream, is_ours=False)
        return
    *blocks, rest = stream.decode().split("\n\n")
    data = [block.removeprefix("data: ") for block in blocks]
    assert (rest, "[DONE]" in data[:-1]) == ("", False)
    chunks = [json.loads(each) for each in data if each != "[DONE]"]
    assert [place for place, chunk in enumerate(chunks) if "error" in chunk] in ([], [len(data) - 1])
    for chunk in chunks:
        if "error" not in chunk:
            ChatCompletionChunk.model_validate(chunk)


def assert_legal_when_cut(endpoint: str, dialect: str, stream: bytes, places: Sequence[int]) -> None:
    """What the client gets of *stream*, whose reads end at *places*, the last of which is where it breaks off."""
    client, request = asking(endpoint)
    asked = Passage(client, TARGETS, request, BOUNDS)
    who = candidate(provider("alpha", dialect=dialect), "m")
    prepared = asked.prepare(who, stamp=STAMP, drop=frozenset(), max_tokens=None)
    assert isinstance(prepared, Prepared)
    reply = prepared.reply_stream()
    assert reply is not None
    sent = b"".join([reply.feed(stream[start:end]) for start, end in pairwise([0, *places])])
    is_committed = reply.committed
    assert is_committed or not sent
    if reply.end() is Ending.BROKEN:
        assert places[-1] < len(stream)
        broken = Refusal(kind=RefusalKind.INTERRUPTED, message="It broke off.")
        sent = (sent + reply.last if is_committed else b"") + client.error_event(broken, begun=is_committed)
    else:
        sent += reply.last
    assert_legal(endpoint, sent)


@pytest.mark.parametrize("endpoint", ASKED)
@pytest.mark.parametrize("dialect", SPOKEN_AT)
@given(sequences(), st.data())
def test_any_reply_cut_at_any_byte_is_a_legal_stream_for_any_client(
    endpoint: str, dialect: str, events: list[ReplyEvent], data: st.DataObject
) -> None:
    stream = written(dialect, events)
    cut = data.draw(st.integers(0, len(stream)))
    pieces = sorted(data.draw(st.lists(st.integers(0, cut), max_size=4)))
    assert_legal_when_cut(endpoint, dialect, stream, [*pieces, cut])


SAID: list[ReplyEvent] = [
    *(Thought("hm"), ThoughtSigned(signature="sig", vendor=Vendor.GEMINI), Text("two é"), Cited(url="https://e.org/")),
    *(CallBegun(key=0), CallDone(key=0, id="c", name="f", arguments='{"a":1}'), Finished(Finish.CALLS)),
]


@pytest.mark.parametrize("endpoint", ASKED)
@pytest.mark.parametrize("dialect", SPOKEN_AT)
def test_a_reply_cut_at_any_byte_around_the_end_of_a_line_is_a_legal_stream(endpoint: str, dialect: str) -> None:
    """Where a field has no value yet, or an event only lacks the empty line."""
    stream = written(dialect, SAID)
    ends = [place for place, byte in enumerate(stream) if byte == 0x0A]
    for cut in sorted({place + step for place in ends for step in (0, 1, 6, 7) if 0 <= place + step <= len(stream)}):
        assert_legal_when_cut(endpoint, dialect, stream, [cut])
