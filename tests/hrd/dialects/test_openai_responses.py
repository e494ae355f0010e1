"""Responses as one client speaks it, request by request."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.providers import Quirks
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.reply_events import CallDone, Finish, Finished, ReplyEvent, Text, Thought
from hrd.core.response_book import ResponseBook
from hrd.dialects.contract import Dialect, Ending, Request, Stamp, StreamReader
from hrd.dialects.openai_responses import ENDPOINT, ResponsesCall
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.responses_writer import Writer
from hrd.dialects.translation import TranslatedStream
from tests.hrd.dialects.replies import BOUNDS, sequences
from tests.hrd.dialects.responses import STAMP, accumulate, events_of, message, spell

NOW = 1_000.0
BROKEN_OFF = Refusal(kind=RefusalKind.INTERRUPTED, message="alpha broke off")
HI = message("hi")
SAID = [Text("Hello"), Finished(Finish.STOP)]


class Client:
    """Asks one request after another."""

    def __init__(self, book: ResponseBook | None = None, name: str = "ada") -> None:
        self.book = book if book is not None else ResponseBook(1_000_000, 3600.0)
        self.name = name
        self.number = 0
        self.now = NOW

    def call(self) -> tuple[ResponsesCall, Stamp]:
        self.number += 1
        stamp = msgspec.structs.replace(STAMP, id=f"{self.name}-{self.number}")
        return ResponsesCall(self.book, self.name, stamp, lambda: self.now), stamp

    def ask(self, *said: ReplyEvent, **members: Any) -> tuple[Request | Refusal, dict[str, Any]]:
        """The request as it was read, and the whole reply that says *said*."""
        call, stamp = self.call()
        request = call.decode(msgspec.json.encode({"model": "m", **members}))
        if isinstance(request, Refusal):
            return request, {}
        assert call.HUB is not None
        return request, msgspec.json.decode(call.HUB.write_whole(request, said or SAID, stamp))


def input_of(request: Request | Refusal) -> Any:
    assert isinstance(request, Request), request
    return msgspec.json.decode(request.fields["input"])


def test_it_is_a_dialect() -> None:
    dialect: Dialect = Client().call()[0]
    assert dialect.ENDPOINT == ENDPOINT == "/v1/responses"
    assert dialect.comment("a\nb") == b": a b\n\n"
    assert dialect.keep_alive() == b": keep-alive\n\n"
    assert dialect.error_reply(BROKEN_OFF)[0] == 502
    assert set(dialect.NATIVE) == {"openai_responses", "codex"}


# going on from an earlier reply -------------------------------------------------------------------------------------------


def test_a_conversation_goes_on_from_its_last_reply() -> None:
    client = Client()
    _, first = client.ask(input="hi")
    _, second = client.ask(input=[message("and?")], previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    request, _ = client.ask(input="go", previous_response_id=second["id"])
    texts = [item["content"] if isinstance(item["content"], str) else item["content"][0]["text"] for item in input_of(request)]
    assert texts == ["hi", "Hello", "and?", "Hello", "go"]
    assert not any("id" in item for item in input_of(request))


def test_calls_are_answered_from_one_request_to_the_next() -> None:
    client = Client()
    called = (Thought("hm"), CallDone(key=0, id="c1", name="f", arguments="{}"), Finished(Finish.CALLS))
    _, first = client.ask(*called, input="hi")
    output = {"type": "function_call_output", "call_id": "c1", "output": "42"}
    request, _ = client.ask(input=[output], previous_response_id=first["id"])
    assert [item["type"] for item in input_of(request)] == ["message", "function_call", "function_call_output"]


def test_what_was_not_asked_again_goes_on_all_the_same() -> None:
    client = Client()
    _, first = client.ask(input="hi")
    request, _ = client.ask(previous_response_id=first["id"])
    assert len(input_of(request)) == 2


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_a_reply_that_is_not_kept_or_anothers_is_not_found(name: str) -> None:
    client = Client()
    _, first = client.ask(input="hi", store=name == "bob")
    refusal, _ = Client(client.book, name).ask(input="go", previous_response_id=first["id"])
    assert isinstance(refusal, Refusal)
    status, _, body = client.call()[0].error_reply(refusal)
    error = msgspec.json.decode(body)["error"]
    assert (status, error["code"], error["param"]) == (400, "previous_response_not_found", "previous_response_id")
    assert error["type"] == "invalid_request_error"
    assert first["id"] in error["message"]


def test_a_reply_is_forgotten_when_its_time_is_over() -> None:
    client = Client()
    _, first = client.ask(input="hi")
    client.now += 3600.0
    assert isinstance(client.ask(input="go", previous_response_id=first["id"])[0], Refusal)


def test_references_to_kept_items_are_filled_in() -> None:
    client = Client()
    _, first = client.ask(input="hi")
    item_id = first["output"][0]["id"]
    odd = {"type": "message", "role": "user", "content": "item_reference", "x": "item_reference"}
    request, _ = client.ask(input=[HI, {"type": "item_reference", "id": item_id}, odd, message("go")], store=False)
    said, stayed = input_of(request)[1:3]
    assert (said["role"], said["content"][0]["text"]) == ("assistant", "Hello")
    assert stayed == odd


@pytest.mark.parametrize("reference", [{"id": "msg_0"}, {}, {"id": 5}])
def test_references_to_anything_else_are_refused(reference: dict[str, Any]) -> None:
    refusal, _ = Client().ask(input=[HI, {"type": "item_reference", **reference}])
    assert isinstance(refusal, Refusal)
    assert (refusal.param or "").startswith("input[1]")


@pytest.mark.parametrize(
    ("members", "param"),
    [({"input": {}}, "input"), ({"input": "hi", "previous_response_id": 5}, "previous_response_id"), ({}, "input")],
)
def test_what_cannot_be_meant_is_named(members: dict[str, Any], param: str) -> None:
    refusal, _ = Client().ask(**members)
    assert isinstance(refusal, Refusal)
    assert refusal.param == param


def test_what_is_no_object_is_refused() -> None:
    assert isinstance(Client().call()[0].decode(b"[]"), Refusal)


def test_reasoning_that_says_nothing_to_anybody_is_not_kept() -> None:
    client = Client()
    items = [
        HI,
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "summary": [], "encrypted_content": "x"},
    ]
    _, first = client.ask(input=items)
    request, _ = client.ask(input="go", previous_response_id=first["id"])
    assert [item["type"] for item in input_of(request)] == ["message", "reasoning", "message", "message"]


# replies by way of every road ----------------------------------------------------------------------------------------------

REPLY = {
    "id": "resp_up",
    "object": "response",
    "status": "completed",
    "output": [{"id": "msg_up", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}],
}
STREAM = spell(
    {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_up"}},
    {"type": "response.output_text.delta", "sequence_number": 1, "delta": "Hi"},
    {"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": REPLY["output"][0]},  # type: ignore[index]
    {"type": "response.completed", "sequence_number": 3, "response": {**REPLY, "output": []}},
)


def goes_on(client: Client, response_id: str) -> bool:
    request, _ = client.ask(input="go", previous_response_id=response_id)
    return isinstance(request, Request) and len(input_of(request)) == 3


def asked(client: Client, **members: Any) -> tuple[ResponsesCall, Request, Stamp]:
    call, stamp = client.call()
    request = call.decode(msgspec.json.encode({"model": "m", "input": "hi", **members}))
    assert isinstance(request, Request)
    return call, request, stamp


@pytest.mark.parametrize("way", ["openai_responses", "codex"])
def test_what_passed_through_is_kept_too(way: str) -> None:
    client = Client()
    call, request, _ = asked(client, stream=True)
    stream = call.NATIVE[way].reply_stream(request, Quirks(), BOUNDS)
    assert stream is not None
    stream.feed(STREAM)
    assert goes_on(client, "resp_up")
    assert client.book.item("ada", "msg_up", NOW) is not None


@pytest.mark.parametrize(("way", "body"), [("openai_responses", msgspec.json.encode(REPLY)), ("codex", STREAM)])
def test_whole_replies_that_passed_through_are_kept_unless_they_are_none(way: str, body: bytes) -> None:
    client = Client()
    call, request, _ = asked(client)
    call.NATIVE[way].read_whole(request, b'{"error":{"message":"no"},"id":"resp_up","output":[]}', Quirks())
    call.NATIVE[way].read_whole(request, b'{"id":"resp_up"}', Quirks())
    assert not goes_on(client, "resp_up")
    call.NATIVE[way].read_whole(request, body, Quirks())
    assert goes_on(client, "resp_up")


def test_what_passed_through_of_a_client_that_forbids_it_is_not_kept() -> None:
    client = Client()
    call, request, _ = asked(client, store=False)
    call.NATIVE["openai_responses"].read_whole(request, msgspec.json.encode(REPLY), Quirks())
    assert len(client.book) == 0


def test_a_translated_stream_is_kept_when_it_is_complete() -> None:
    client = Client()
    call, request, stamp = asked(client, stream=True)
    assert call.HUB is not None
    writer = call.HUB.event_writer(request, stamp)
    writer.write(Text("Hi"))
    assert not goes_on(client, f"resp_{stamp.id}")
    writer.write(Finished(Finish.STOP))
    writer.end()
    assert goes_on(client, f"resp_{stamp.id}")


@pytest.mark.parametrize(
    "spelled", [b"{}", b"no", b'{"id":5,"output":[]}', b'{"id":"x","output":{}}', b'{"id":"x","output":[5]}']
)
def test_a_reply_that_nobody_could_refer_to_is_no_trouble(spelled: bytes) -> None:
    client = Client()
    call, request, _ = asked(client)
    call.NATIVE["openai_responses"].read_whole(request, spelled, Quirks())


# streams that break off ----------------------------------------------------------------------------------------------------


def test_a_translated_stream_that_breaks_off_is_a_legal_one() -> None:
    call, request, stamp = asked(Client(), stream=True)
    assert call.HUB is not None
    writer = call.HUB.event_writer(request, stamp)
    stream = writer.write(Text("Hel")) + call.error_event(BROKEN_OFF, begun=True)
    assert accumulate(stream) is None
    last = events_of(stream)[-1]["response"]
    assert (last["id"], last["error"]["code"]) == (f"resp_{stamp.id}", "server_error")


def test_a_stream_that_passed_and_breaks_off_goes_on_with_its_numbers() -> None:
    call, request, _ = asked(Client(), stream=True)
    stream = call.NATIVE["openai_responses"].reply_stream(request, Quirks(), BOUNDS)
    assert stream is not None
    stream.feed(STREAM[: STREAM.index(b"event: response.output_item.done")])
    (failed,) = events_of(call.error_event(BROKEN_OFF, begun=True))
    assert (failed["type"], failed["sequence_number"], failed["response"]["id"]) == ("response.failed", 2, "resp_up")


@pytest.mark.parametrize("had_an_attempt", [True, False])
def test_a_refusal_before_anything_was_sent_is_a_stream_of_its_own(had_an_attempt: bool) -> None:
    call, request, stamp = asked(Client(), stream=True)
    assert call.HUB is not None
    if had_an_attempt:
        call.HUB.event_writer(request, stamp).write(Text("was held back"))
    refusal = Refusal(kind=RefusalKind.RATE_LIMITED, message="Nobody.", retry_after_s=7.0)
    stream = call.error_event(refusal)
    assert accumulate(stream) is None
    assert events_of(stream)[-1]["response"]["error"] == {
        "code": "rate_limit_exceeded",
        "message": "Nobody. Please try again in 7.000s.",
    }


def test_a_refusal_of_a_body_that_could_not_be_read() -> None:
    call, _ = Client().call()
    call.decode(b"no")
    accumulate(call.error_event(BROKEN_OFF))


NAMES = ["input", "type", "id", "role", "content", "store", "previous_response_id", "item_reference", "text"]
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_body_is_read_or_refused(value: object) -> None:
    call, stamp = Client().call()
    request = call.decode(msgspec.json.encode(value))
    if isinstance(request, Request):
        assert call.HUB is not None
        call.HUB.conversation(request)
        call.HUB.write_whole(request, SAID, stamp)


@given(sequences(custom=True), st.integers(0, 10_000), st.booleans())
def test_wherever_a_providers_stream_is_cut_the_clients_is_a_legal_one(
    events: list[ReplyEvent],
    cut: int,
    passes: bool,
) -> None:
    client = Client()
    call, request, stamp = asked(client, stream=True)
    assert call.HUB is not None
    writer = Writer({}, msgspec.structs.replace(stamp, id="up"))
    whole = b"".join([*map(writer.write, events), writer.end()])
    stream: StreamReader | None
    if passes:
        stream = call.NATIVE["openai_responses"].reply_stream(request, Quirks(), BOUNDS)
        assert stream is not None
    else:
        reader, hub_writer = ResponsesReader({}), call.HUB.event_writer(request, stamp)
        stream = TranslatedStream(reader, hub_writer, input_tokens=7, bounds=BOUNDS)
    sent = stream.feed(whole[: cut % (len(whole) + 1)])
    is_begun = stream.committed
    if stream.end() is Ending.BROKEN:
        sent = (sent + stream.last if is_begun else b"") + call.error_event(BROKEN_OFF, begun=is_begun)
        assert len(client.book) == 0
    else:
        sent += stream.last
    accumulate(sent)
