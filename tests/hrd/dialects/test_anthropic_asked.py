"""Shapes of requests: what the API allows to be left out may be."""

import msgspec

from hrd.dialects.anthropic_asked import NOTHING, BlockAsked, Body


def test_all_but_the_messages_may_be_left_out() -> None:
    body = msgspec.json.decode(b'{"messages":[{"role":"user"}],"unknown":1}', type=Body)
    assert (body.messages[0].content, body.system, body.tools, body.thinking) == (None, None, None, None)


def test_a_block_of_any_type_can_be_read() -> None:
    block = msgspec.json.decode(b'{"type":"text","text":"hi","unknown":[]}', type=BlockAsked)
    assert (block.text, block.input, bytes(block.cache_control)) == ("hi", NOTHING, b"")
