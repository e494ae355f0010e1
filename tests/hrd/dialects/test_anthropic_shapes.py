"""Shapes of replies: every member may be left out, none that is unknown disturbs."""

import msgspec

from hrd.dialects.anthropic_shapes import Message, StreamEvent


def test_an_empty_object_is_a_message_and_an_event() -> None:
    assert msgspec.json.decode(b'{"some_day":1}', type=Message).content is None
    assert msgspec.json.decode(b'{"some_day":1}', type=StreamEvent).delta is None


def test_blocks_of_unknown_types_can_be_read() -> None:
    spelled = b'{"content":[{"type":"web_search_tool_result","content":[{"url":"u"}]}]}'
    message = msgspec.json.decode(spelled, type=Message)
    assert message.content is not None
    assert message.content[0].type == "web_search_tool_result"
