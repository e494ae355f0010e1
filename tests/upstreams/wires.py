"""A wire format as one provider speaks it: what it refuses, what its answers look like, how it says that it cannot serve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble


class Wire(Protocol):
    def refusal(self, asked: Asked) -> Status | None:
        """None if the request is one that this provider takes; else what it says instead. Looked at before any script."""

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        """*answer* in this format, whole or streamed as it was *asked* for."""

    def models(self, names: Sequence[str], path: str) -> Status:
        """The list of models, or the one that *path* names."""

    def trouble(self, trouble: Trouble) -> Status:
        """*trouble* as a reply of its own; its body also stands inside a 200."""

    def trouble_event(self, trouble: Trouble) -> dict[str, Any] | str:
        """*trouble* as an event of a stream that has begun."""


def named_event(event: dict[str, Any]) -> str:
    """An event whose `type` is told twice: in front of its data, and within."""
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}"


def paced(events: Sequence[str], answer: Answer) -> list[str | float]:
    """*events* with the waits that *answer* asks for."""
    items: list[str | float] = [*answer.comments]
    if answer.before_first_s:
        items.append(answer.before_first_s)
    for at, event in enumerate(events):
        if at and answer.between_s:
            items.append(answer.between_s)
        items.append(event)
    return items
