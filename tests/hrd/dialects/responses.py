"""Responses requests and streams for the tests of its modules, and what OpenAI's own library makes of a stream."""

from typing import Any, cast

import msgspec
from openai import omit
from openai._models import construct_type_unchecked
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ParsedResponse, Response, ResponseStreamEvent

from hrd.core.providers import Provider
from hrd.dialects.contract import Request, Stamp
from hrd.dialects.fields import read_fields
from hrd.dialects.responses_request import read_request
from hrd.dialects.sse import Event, Framer, read_block

ALPHA = Provider(name="alpha", base_url="http://alpha.test/v1", dialect="openai_responses")
STAMP = Stamp(id="r-1", model="m-1", at=1_700_000_000)
TERMINAL = ("response.completed", "response.incomplete", "response.failed")


def request(**members: object) -> Request:
    """The request that *members* make, of model `hermes-router` and with the input `hi` unless they say otherwise."""
    spelled = msgspec.json.encode({"model": "hermes-router", "input": "hi", **members})
    fields = read_fields(spelled)
    assert isinstance(fields, dict), fields
    decoded = read_request(fields, len(spelled))
    assert isinstance(decoded, Request), decoded
    return decoded


def message(text: str, role: str = "user") -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def spell(*said: dict[str, Any]) -> bytes:
    """A stream of these events."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (each["type"].encode(), msgspec.json.encode(each)) for each in said)


def event(**members: Any) -> Event:
    return read_block(b"data: " + msgspec.json.encode(members) + b"\n\n")


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """The events of *stream*, each of them named as its data says."""
    framer = Framer(10_000_000)
    events = []
    for block in framer.feed(stream):
        if block.data is not None:
            said = msgspec.json.decode(block.data, type=dict[str, Any])
            assert block.name.decode() == said["type"]
            events.append(said)
    assert framer.end() == []
    return events


def accumulate(stream: bytes, *, is_ours: bool = True) -> ParsedResponse[Any] | None:
    """What OpenAI's library makes of *stream*, which must be legal and have one end: the reply, if it is complete. Not
    *is_ours*: the response object is a provider's, and may lack what the library has types for."""
    events = events_of(stream)
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert [each["type"] for each in events[:2]] == ["response.created", "response.in_progress"]
    assert [each["type"] in TERMINAL for each in events] == [False] * (len(events) - 1) + [True]
    state = ResponseStreamState[Any](input_tools=omit, text_format=omit)
    final: ParsedResponse[Any] | None = None
    for said in events:
        typed = construct_type_unchecked(type_=cast(Any, ResponseStreamEvent), value=said)
        assert typed.type == said["type"]
        for fired in state.handle_event(typed):
            if fired.type == "response.completed":
                final = cast(ParsedResponse[Any], fired.response)
    last = _check_items(events)
    if is_ours:
        Response.model_validate({**last, "error": None})  # clients know more codes than the library has types for
    return final


def _check_items(events: list[dict[str, Any]]) -> dict[str, Any]:
    """One item at a time, in their order, each begun and done; the end repeats those that are done: it is returned."""
    open_place: int | None = None
    done: list[dict[str, Any]] = []
    for said in events:
        match said["type"]:
            case "response.output_item.added":
                assert open_place is None
                open_place = said["output_index"]
                assert open_place == len(done)
            case "response.output_item.done":
                assert said["output_index"] == open_place
                done.append(said["item"])
                open_place = None
            case _ if "output_index" in said:
                assert said["output_index"] == open_place
    last: dict[str, Any] = events[-1]["response"]
    assert last["output"] == done
    assert last["id"] == events[0]["response"]["id"]
    if events[-1]["type"] != "response.failed":
        assert open_place is None
    return last
