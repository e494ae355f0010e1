"""Reply quirks mended: what OpenAI's clients choke on, in the replies of providers whose catalogue row says so.

| quirk | seen | becomes |
|---|---|---|
| `tool_index` | tool calls of a stream without `index`, or all with the same (Gemini) | counted on by id, name and order |
| `list_content` | content as a list of parts (Mistral's reasoning models) | text; thinking goes to `reasoning_content` |
| `finish_reason` | words that OpenAI's clients do not know | OpenAI's |
| `choices` | events without `choices` | an empty list |
| `done` | no `[DONE]` at the end | added (`openai_stream` does so for everybody) |

An event that shows none of them keeps its bytes; in one that does, every other member keeps its spelling.
"""

from typing import Any

import msgspec

from hrd.dialects.contract import Fields
from hrd.dialects.openai_reply import FINISH_REASONS, Choice, Chunk, ToolCall, flatten, plain_finish
from hrd.dialects.sse import Event

_FIELDS = msgspec.json.Decoder(Fields)
_LIST = msgspec.json.Decoder(list[Fields])
_EMPTY_LIST = msgspec.Raw(b"[]")


class Calls:
    """The tool calls of one choice so far."""

    def __init__(self) -> None:
        self.by_id: dict[str, int] = {}
        self.count = 0
        self.current = 0
        self._places: dict[int, int] = {}
        """Where the call is that was told last under an index."""
        self._taken: set[int] = set()
        self._named: set[int] = set()
        """Where calls are whose id is known."""

    def place(self, call: ToolCall) -> int:
        """The index of a call or of its continuation: what names a function or brings a new id begins a call. Under an index of
        another call, only what does both."""
        if call.index is not None:
            place = self._places[call.index] = self._place_at(call.index, call)
        elif call.id and call.id in self.by_id:
            place = self.by_id[call.id]
        elif call.id or (call.function is not None and call.function.name):
            place = self.count
        else:
            place = self.current
        self.current = place
        self.count = max(self.count, place + 1)
        self._taken.add(place)
        if call.id:
            self.by_id[call.id] = place
            self._named.add(place)
        return place

    def _place_at(self, index: int, call: ToolCall) -> int:
        place = self._places.get(index)
        if place is None:
            return self.count if index in self._taken else index
        is_new = bool(call.id and call.id not in self.by_id and call.function is not None and call.function.name)
        return self.count if is_new and place in self._named else place


class Mender:
    """For the replies of one attempt."""

    def __init__(self, quirks: tuple[str, ...]) -> None:
        self._quirks = frozenset(quirks)
        self._calls: dict[int, Calls] = {}

    def event(self, event: Event, chunk: Chunk) -> bytes:
        """The event's own bytes, or the mended event."""
        assert event.data is not None
        mended = self._mend(event.data, chunk, "delta")
        if mended is None:
            return event.raw
        name = b"event: " + event.name + b"\n" if event.name else b""
        return name + b"data: " + mended + b"\n\n"

    def whole(self, body: bytes, reply: Chunk) -> bytes:
        """The body itself, or the mended body."""
        return self._mend(body, reply, "message") or body

    def _mend(self, data: bytes, chunk: Chunk, part: str) -> bytes | None:
        """*data* mended, or None if nothing has to be."""
        indexes = [self._place_calls(choice) for choice in chunk.choices or ()] if part == "delta" else []
        lacks_choices = "choices" in self._quirks and not isinstance(chunk.choices, list)
        if not lacks_choices and not any(indexes) and not any(self._is_odd(each, part) for each in chunk.choices or ()):
            return None
        try:
            fields = _FIELDS.decode(data)
            if lacks_choices:
                fields["choices"] = _EMPTY_LIST
            else:
                fields["choices"] = self._mend_choices(fields["choices"], chunk.choices or [], indexes, part)
        except (ValueError, KeyError, RecursionError):
            return None  # odder than the quirk: the client gets what the provider said
        return msgspec.json.encode(fields)

    def _place_calls(self, choice: Choice) -> list[int]:
        """The indexes of the tool calls of a delta, if any lacks its own or has another's."""
        calls = choice.delta.tool_calls if choice.delta is not None else None
        if not calls or "tool_index" not in self._quirks:
            return []
        known = self._calls.setdefault(choice.index, Calls())
        places = [known.place(call) for call in calls]
        return places if places != [call.index for call in calls] else []

    def _is_odd(self, choice: Choice, part: str) -> bool:
        reason = choice.finish_reason
        if reason is not None and reason not in FINISH_REASONS and "finish_reason" in self._quirks:
            return True
        said = getattr(choice, part)
        return said is not None and isinstance(said.content, list) and "list_content" in self._quirks

    def _mend_choices(self, raw: msgspec.Raw, choices: list[Choice], indexes: list[list[int]], part: str) -> msgspec.Raw:
        spelled = _LIST.decode(raw)
        for place, (fields, choice) in enumerate(zip(spelled, choices, strict=True)):
            reason = choice.finish_reason
            if reason is not None and "finish_reason" in self._quirks:
                fields["finish_reason"] = _raw(plain_finish(reason))
            if part not in fields:
                continue
            said = _FIELDS.decode(fields[part])
            content = getattr(choice, part).content
            if isinstance(content, list) and "list_content" in self._quirks:
                _flatten_content(said, content)
            if indexes and indexes[place]:
                said["tool_calls"] = _index_calls(said["tool_calls"], indexes[place])
            fields[part] = msgspec.Raw(msgspec.json.encode(said))
        return msgspec.Raw(msgspec.json.encode(spelled))


def _flatten_content(said: Fields, parts: list[Any]) -> None:
    text, thinking = flatten(parts)
    said["content"] = _raw(text)
    if thinking:
        said["reasoning_content"] = _raw(thinking)


def _index_calls(raw: msgspec.Raw, indexes: list[int]) -> msgspec.Raw:
    calls = _LIST.decode(raw)
    for call in calls:
        call.pop("index", None)
    indexed = [{"index": _raw(index), **call} for call, index in zip(calls, indexes, strict=True)]
    return msgspec.Raw(msgspec.json.encode(indexed))


def _raw(value: str | int) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
