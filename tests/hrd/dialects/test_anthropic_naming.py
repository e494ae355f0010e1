"""The model that a reply names."""

import pytest

from hrd.dialects.anthropic_naming import NamedStart, named
from hrd.dialects.sse import read_block

REPLY = b'{"id":"msg_1","model":"claude-opus-5-20260801", "n":1.50}'


@pytest.mark.parametrize("asked", ["claude-opus-5-20260801", "claude-opus-5", ""])
def test_a_reply_of_what_was_asked_for_keeps_its_bytes(asked: str) -> None:
    assert named(REPLY, asked) is REPLY


@pytest.mark.parametrize("asked", ["hermes-router", "claude-sonnet-5", "claude-opus-5[1m]"])
def test_another_names_what_was_asked_for(asked: str) -> None:
    assert named(REPLY, asked) == b'{"id":"msg_1","model":"%b","n":1.50}' % asked.encode()


@pytest.mark.parametrize("odd", [b"", b"{", b"[]", b"{}", b'{"model":null}', b'{"model":5}'])
def test_what_is_no_reply_keeps_its_bytes(odd: bytes) -> None:
    assert named(odd, "hermes-router") is odd


def shown(start: NamedStart, block: bytes) -> bytes:
    return start(read_block(block))


def test_of_a_stream_the_first_event_names_it_and_all_others_keep_their_bytes() -> None:
    start = NamedStart("hermes-router")
    ping = b'event: ping\ndata: {"type":"ping"}\n\n'
    begun = b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"a":1.50}}}\n\n'
    later = b'event: message_start\ndata: {"type":"message_start","message":{"model":"m"}}\n\n'
    assert shown(start, ping) == ping
    assert shown(start, begun) == begun.replace(b'"model":"m"', b'"model":"hermes-router"')
    assert shown(start, later) == later


def test_a_start_that_names_nobody_keeps_its_bytes_and_nothing_is_looked_for_behind_it() -> None:
    start = NamedStart("hermes-router")
    begun = b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1"}}\n\n'
    later = begun.replace(b'"id":"msg_1"', b'"model":"m"')
    assert shown(start, begun) == begun
    assert shown(start, later) == later


def test_a_stream_of_what_was_asked_for_keeps_its_bytes() -> None:
    begun = b'event: message_start\ndata: {"message":{ "model":"m-2026"}}\n\n'
    assert shown(NamedStart("m"), begun) == begun
