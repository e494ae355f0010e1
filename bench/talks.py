"""Conversations of every shape that clients send large requests in, and each as a client of any dialect spells it.

Realistic is the first: long turns, with tools. The others are what costs most for its size: many small things.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from hrd.core.conversation import Conversation, Image, Part, Role, Text, Tool, ToolCall, ToolResult, Turn
from hrd.core.providers import Provider
from hrd.dialects.contract import Target

WORDS: Final = "It was a bright cold day in April, and the clocks were striking thirteen. "
_PROVIDER: Final = Provider(name="bench", base_url="http://127.0.0.1:9/v1")
_SCHEMA: Final = msgspec.Raw(b'{"type":"object","properties":{"path":{"type":"string","description":"Where it is."}}}')
_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_PROBE: Final = 50
_ROLES: Final = (Role.USER, Role.ASSISTANT)


def spell(talk: Conversation, words: Target, *, stream: bool = False) -> bytes:
    """*talk* as a client spells it that speaks what *words* writes."""
    return words.encode(talk, _PROVIDER, "m", drop=frozenset(), stream=stream).body


def spelled(talk: Callable[[int], Conversation], words: Target, size: int) -> bytes:
    """*talk* of so many things that it comes to *size* bytes."""
    some, more = (len(spell(talk(count), words)) for count in (_PROBE, 2 * _PROBE))
    each = (more - some) / _PROBE
    return spell(talk(round((size - some) / each) + _PROBE), words)


def _long_turns(count: int) -> Conversation:
    turns = tuple(Turn(_ROLES[place % 2], (Text(WORDS * 26),)) for place in range(count))
    return Conversation(turns=turns, tools=_tools(20), max_tokens=100)


def _short_turns(count: int) -> Conversation:
    turns = tuple(Turn(_ROLES[place % 2], (Text(WORDS),)) for place in range(count))
    return Conversation(turns=turns, max_tokens=100)


def _calls(count: int) -> Conversation:
    turns = [_said(Text(WORDS))]
    for place in range(count):
        call = ToolCall(id=f"call_{place:06}", name="tool_1", arguments='{"path":"a.txt"}')
        turns += [Turn(Role.ASSISTANT, (call,)), Turn(Role.TOOL, (ToolResult(call_id=call.id, content=(Text(WORDS),)),))]
    return Conversation(turns=tuple(turns), tools=_tools(2), max_tokens=100)


def _many_tools(count: int) -> Conversation:
    return Conversation(turns=(_said(Text(WORDS)),), tools=_tools(count), max_tokens=100)


def _one_text(count: int) -> Conversation:
    return Conversation(turns=(_said(Text(WORDS * count)),), max_tokens=100)


def _foreign_text(count: int) -> Conversation:
    return Conversation(turns=(_said(Text('"Es war ein klarer, kühler Tag im April"\n' * count)),), max_tokens=100)


def _pictures(count: int) -> Conversation:
    return Conversation(turns=(_said(*[Image(media_type="image/png", data=_PIXEL)] * count),), max_tokens=100)


def _said(*parts: Part) -> Turn:
    return Turn(Role.USER, parts)


def _tools(count: int) -> tuple[Tool, ...]:
    return tuple(Tool(name=f"tool_{place}", description=WORDS, schema=_SCHEMA) for place in range(count))


SHAPES: Final[dict[str, Callable[[int], Conversation]]] = {
    "long turns and tools": _long_turns,
    "short turns": _short_turns,
    "calls and results": _calls,
    "tools": _many_tools,
    "one text": _one_text,
    "escaped text": _foreign_text,
    "small pictures": _pictures,
}
