"""Parts of messages and summaries, event by event."""

from itertools import count

import msgspec

from hrd.core.reply_events import Cited
from hrd.dialects.responses_parts import Message, Summary, spell_event
from tests.hrd.dialects.responses import events_of


def test_an_event_is_named_and_numbered() -> None:
    assert (
        spell_event(b"response.x", 3, b'"a":1')
        == b'event: response.x\ndata: {"type":"response.x","sequence_number":3,"a":1}\n\n'
    )


def test_a_summary_has_a_part_a_paragraph_and_closes_nothing_that_is_not_open() -> None:
    summary, number = Summary(2, "rs_1"), count().__next__
    stream = (
        summary.add(number, "a", 0) + summary.add(number, "b", 0) + summary.add(number, "c", 5) + summary.close_part(number)
    )
    events = events_of(stream)
    assert [event["summary_index"] for event in events] == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert {event["output_index"] for event in events} == {2}
    assert [msgspec.json.decode(part)["text"] for part in summary.parts] == ["ab", "c"]
    assert summary.close_part(number) == b""


def test_a_message_opens_a_part_when_its_kind_changes() -> None:
    message, number = Message(0, "msg_1"), count().__next__
    assert not message.takes_text
    assert message.cite(number, Cited(url="u")) == b""
    stream = message.open_part(number, is_refusal=False) + message.text_delta(number(), "a")
    assert message.takes_text
    stream += message.open_part(number, is_refusal=True) + message.refusal_delta(number(), "no") + message.close_part(number)
    assert [event["content_index"] for event in events_of(stream)] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [part["type"] for part in msgspec.json.decode(message.spelled(b"completed"))["content"]] == [
        "output_text",
        "refusal",
    ]
    assert message.close_part(number) == b""


def test_probabilities_of_several_texts_are_one_list() -> None:
    message, number = Message(0, "msg_1"), count().__next__
    message.open_part(number, is_refusal=False)
    message.logprobs += [b'[{"token":"a"}]', b'[{"token":"b"}]']
    (done, part_done) = events_of(message.close_part(number))
    assert done["logprobs"] == part_done["part"]["logprobs"] == [{"token": "a"}, {"token": "b"}]
