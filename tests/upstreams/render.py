"""From a behaviour and the request it is for to the steps of a reply. Pure: bytes and waits, no socket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from threading import Event
from typing import Any, assert_never

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import (
    Answer,
    Behaviour,
    Breaks,
    Cut,
    Drip,
    Ends,
    Events,
    Fails,
    Late,
    Raw,
    Status,
    Trouble,
)
from tests.upstreams.steps import Send, Step, Until, Wait, cut, drip
from tests.upstreams.wires import Wire

Pairs = Sequence[tuple[str, str]]


def render(behaviour: Behaviour, asked: Asked, wire: Wire, headers: Pairs = ()) -> Iterator[Step]:
    """The steps of *behaviour* as an answer to *asked* on *wire*; *headers* are added to the head's own."""
    match behaviour:
        case Answer():
            if behaviour.before_head_s:
                yield Wait(behaviour.before_head_s)
            yield from _reply(wire.reply(behaviour, asked), asked, [*behaviour.headers, *headers])
        case Fails():
            yield from _fixed(wire.trouble(behaviour.trouble), asked, headers)
        case Breaks():
            yield from _broken(behaviour, asked, wire, headers)
        case Events():
            yield from _events(behaviour, headers)
        case Status():
            yield from _fixed(behaviour, asked, headers)
        case Raw():
            yield Send(behaviour.data)
            yield behaviour.ending
        case Ends():
            yield behaviour.ending
        case Cut():
            head, *rest = _joined_head(render(behaviour.inner, asked, wire, headers))
            yield head
            yield from cut(rest, behaviour.after_bytes, behaviour.ending)
        case Drip():
            yield from drip(render(behaviour.inner, asked, wire, headers), behaviour.size, behaviour.every_s)
        case Late():
            yield Wait(behaviour.delay_s)
            yield from render(behaviour.inner, asked, wire, headers)
        case _:
            assert_never(behaviour)


def status_of(behaviour: Behaviour, wire: Wire) -> int | None:
    """The status that *behaviour* answers with, or None if it sends no head."""
    match behaviour:
        case Answer() | Events() | Breaks():
            return 200
        case Fails():
            return wire.trouble(behaviour.trouble).status
        case Status() | Raw():
            return behaviour.status
        case Ends():
            return None
        case Cut() | Drip() | Late():
            return status_of(behaviour.inner, wire)
        case _:
            assert_never(behaviour)


def _joined_head(steps: Iterator[Step]) -> Iterator[Step]:
    """The same steps with the head as a step of its own, and in front of all waits."""
    waited: list[Step] = []
    for step in steps:
        if isinstance(step, Send):
            head, blank, body = step.data.partition(b"\r\n\r\n")
            yield Send(head + blank)
            yield from waited
            if body:
                yield Send(body)
            break
        waited.append(step)
    yield from steps


def head(status: int, headers: Pairs) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unassigned"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _fixed(reply: Status, asked: Asked, headers: Pairs) -> Iterator[Step]:
    own = [("content-type", reply.content_type), ("content-length", str(len(reply.body)))]
    body = b"" if asked.method == "HEAD" else reply.body
    yield Send(head(reply.status, [*own, *reply.headers, *headers]) + body)


def _reply(reply: Status | Events, asked: Asked, headers: Pairs) -> Iterator[Step]:
    if isinstance(reply, Status):
        yield from _fixed(reply, asked, headers)
    else:
        yield from _events(reply, headers)


def _broken(breaks: Breaks, asked: Asked, wire: Wire, headers: Pairs) -> Iterator[Step]:
    reply, by = wire.reply(breaks.inner, asked), breaks.by
    if isinstance(reply, Events):
        begun = [*_before(reply, breaks.after), *([breaks.once] if breaks.once else [])]
        if isinstance(by, Trouble):
            yield from _events(replace(reply, items=[*begun, wire.trouble_event(by)]), headers)
        elif isinstance(by, str):
            yield from _events(replace(reply, items=[*begun, by]), headers)
        else:
            yield from _events(replace(reply, items=begun, ending=by), headers)
    elif isinstance(by, Trouble):
        yield from _fixed(replace(wire.trouble(by), status=200), asked, headers)
    elif isinstance(by, str):
        yield from _fixed(replace(reply, body=by.encode()), asked, headers)
    else:
        head, *rest = _joined_head(_fixed(reply, asked, headers))
        yield head
        yield from cut(rest, len(reply.body) // 2, by)


def _before(script: Events, events: int) -> Iterator[Any]:
    """The items of *script* before its event number *events*, waits and all."""
    for item in script.items:
        if not isinstance(item, int | float):
            if not events:
                return
            events -= 1
        yield item


def _events(script: Events, headers: Pairs) -> Iterator[Step]:
    own = [("transfer-encoding", "chunked"), ("cache-control", "no-cache")]
    if script.content_type:
        own.insert(0, ("content-type", script.content_type))
    yield Send(head(200, [*own, *script.headers, *headers]))
    for item in script.items:
        if isinstance(item, int | float):
            yield Wait(item)
        elif isinstance(item, Event):
            yield Until(item)
        else:
            yield Send(_chunk(event(item)))
    yield script.ending or Send(b"0\r\n\r\n")


def event(item: dict[str, Any] | str | Any) -> bytes:
    """One event of a stream: text as it stands, anything else as JSON behind `data: `."""
    line = item if isinstance(item, str) else "data: " + json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    return line.encode() + b"\n\n"
