"""Turns of a conversation as messages of the Messages API.

| in the conversation | here |
|---|---|
| texts of system and developer turns, wherever they stand | `system` |
| a tool turn, and the user's that follows | one user message, the results first |
| neighbours of one role | one message |
| a call's id | the same in this API's alphabet, and unique in the conversation |
| reasoning of other vendors | left out |
| pictures and files that are not taken | a line in brackets that says so |
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import (
    Audio,
    CallKind,
    Document,
    Foreign,
    Image,
    Part,
    Refused,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.dialects.anthropic_history import THINKING, Message
from hrd.dialects.anthropic_ids import plain_id
from hrd.dialects.anthropic_request import DIALECT
from hrd.dialects.arguments import mend_arguments
from hrd.dialects.tool_names import SentNames, wrapped

IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF: Final = "application/pdf"
_BEGINNING: Final = "(The beginning of this conversation is not there any more.)"
CACHE_MARKS_MAX: Final = 4
"""https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching"""

Block = dict[str, Any]


class Messages:
    """The messages that turns become, and what was left out on the way."""

    def __init__(self, turns: Iterable[Turn], *, with_thinking: bool = True) -> None:
        """*turns*: without those of the system, repaired (`core.history`)."""
        self._with_thinking = with_thinking
        self.notes: dict[str, None] = {}
        self.done: list[Message] = []
        self._unanswered: dict[str, list[str]] = {}
        """Ids of calls as they were → as they are sent, for each call that waits for its result."""
        self._taken: set[str] = set()
        self._names = SentNames()
        self._writers: dict[type, Callable[[Any], Block | None]] = {
            Text: text_block,
            Image: self._image,
            Document: self._document,
            Audio: lambda _: self._missing("sound"),
            Thinking: self._thinking,
            ToolCall: self._call,
            ToolResult: self._result,
            Refused: lambda refused: {"type": "text", "text": refused.text},
            Foreign: self._foreign,
        }
        assistant = Role.ASSISTANT
        for turn in turns:
            if turn.name:
                self.notes["names of who speaks left out"] = None
            part = turn.parts[0] if len(turn.parts) == 1 else None
            if type(part) is ToolResult:
                blocks = [self._result(part)]
            elif type(part) is ToolCall:
                blocks = [self._call(part)]
            elif type(part) is Text:
                blocks = [text_block(part)]
            else:
                blocks = self._blocks(turn.parts)
            self._add("assistant" if turn.role is assistant else "user", blocks)
        if self.done and self.done[0]["role"] == "assistant":
            self.done.insert(0, {"role": "user", "content": [{"type": "text", "text": _BEGINNING}]})
            self.notes["a first message of the user put before the assistant's"] = None

    def _add(self, role: str, blocks: list[Block]) -> None:
        if not blocks:
            return
        if self.done and self.done[-1]["role"] == role:
            self.done[-1]["content"] += blocks
        else:
            self.done.append({"role": role, "content": blocks})

    def _blocks(self, parts: Sequence[Part]) -> list[Block]:
        writers = self._writers
        return [block for part in parts if (block := writers[type(part)](part)) is not None]

    def _image(self, image: Image) -> Block:
        if image.url:
            return _marked({"type": "image", "source": {"type": "url", "url": image.url}}, image.cache_control)
        media_type = image.media_type.lower().replace("image/jpg", "image/jpeg")
        if not image.data or media_type not in IMAGE_TYPES:
            return self._missing(f"a picture ({media_type or 'a file id of another vendor'})")
        source = {"type": "base64", "media_type": media_type, "data": image.data}
        return _marked({"type": "image", "source": source}, image.cache_control)

    def _document(self, document: Document) -> Block:
        source = _document_source(document)
        if source is None:
            return self._missing(f"a file ({document.media_type or 'a file id of another vendor'})")
        block: Block = {"type": "document", "source": source}
        if document.title:
            block["title"] = document.title
        return _marked(block, document.cache_control)

    def _thinking(self, thinking: Thinking) -> Block | None:
        if not self._with_thinking:
            self.notes["reasoning of earlier turns left out"] = None
            return None
        if thinking.vendor is not Vendor.ANTHROPIC or not thinking.signature:
            self.notes["reasoning of another vendor left out"] = None
            return None
        if thinking.is_redacted:
            return {"type": "redacted_thinking", "data": thinking.signature}
        return {"type": "thinking", "thinking": thinking.text, "signature": thinking.signature}

    def _call(self, call: ToolCall) -> Block:
        arguments = wrapped(call.arguments) if call.kind is CallKind.CUSTOM else mend_arguments(call.arguments)
        if arguments is None:
            self.notes["arguments of a call that are not JSON left out"] = None
        name = self._names.of(call.name, call.namespace)
        spelled = msgspec.Raw((arguments or "{}").encode())
        block = {"type": "tool_use", "id": self._new_id(call.id), "name": name, "input": spelled}
        return _marked(block, call.cache_control) if call.cache_control else block

    def _result(self, result: ToolResult) -> Block:
        waiting = self._unanswered.get(result.call_id)
        block: Block = {"type": "tool_result", "tool_use_id": waiting.pop(0) if waiting else plain_id(result.call_id)}
        content = self._content(result.content)
        if content:
            block["content"] = content
        if result.is_error:
            block["is_error"] = True
        return _marked(block, result.cache_control) if result.cache_control else block

    def _content(self, parts: Sequence[Part]) -> str | list[Block]:
        """Of a result: the text alone if it is no more than that, as it mostly is."""
        part = parts[0] if len(parts) == 1 else None
        if type(part) is Text and not part.cache_control:
            return "" if part.text.isspace() else part.text
        return [block for block in self._blocks(parts) if block["type"] != "text" or block["text"].strip()]

    def _new_id(self, call_id: str) -> str:
        """An id that fits and that no other call has: some providers count from one in every reply."""
        new = plain_id(call_id or "call")
        if new in self._taken:
            new = f"{new}_{len(self._taken)}"
        self._taken.add(new)
        self._unanswered.setdefault(call_id, []).append(new)
        return new

    def _foreign(self, part: Foreign) -> Block | None:
        if part.dialect == DIALECT:
            block: Block = msgspec.json.decode(part.raw)
            return block
        self.notes[f"{part.type} left out"] = None
        return None

    def _missing(self, what: str) -> Block:
        self.notes[f"{what} left out"] = None
        return {"type": "text", "text": f"[{what} was left out here]"}


def text_block(text: Text) -> Block:
    block: Block = {"type": "text", "text": text.text}
    if text.cache_control:
        block["cache_control"] = text.cache_control
    return block


def spare_marks(blocks: Iterable[Block], notes: dict[str, None]) -> None:
    """Take out the first marks of cached prefixes if there are more than are allowed: later ones reach further."""
    marked = [block for block in blocks if "cache_control" in block]
    for block in marked[: max(0, len(marked) - CACHE_MARKS_MAX)]:
        del block["cache_control"]
        notes[f"cache_control beyond {CACHE_MARKS_MAX} left out"] = None


def lacks_thinking(messages: Sequence[Message]) -> bool:
    """Whether results are owed to a message of the assistant that did not begin with a thinking block."""
    if len(messages) < 2 or messages[-1]["role"] != "user" or messages[-1]["content"][0]["type"] != "tool_result":
        return False
    return messages[-2]["content"][0]["type"] not in THINKING


def _marked(block: Block, cache_control: msgspec.Raw) -> Block:
    if cache_control:
        block["cache_control"] = cache_control
    return block


def _document_source(document: Document) -> Block | None:
    if document.url:
        return {"type": "url", "url": document.url}
    if document.text:
        return {"type": "text", "media_type": "text/plain", "data": document.text}
    if not document.data:
        return None
    if document.media_type.lower() == _PDF:
        return {"type": "base64", "media_type": _PDF, "data": document.data}
    text = _as_text(document.data) if document.media_type.lower().startswith(("text/", "application/json")) else ""
    return {"type": "text", "media_type": "text/plain", "data": text} if text else None


def _as_text(data: str) -> str:
    try:
        return base64.b64decode(data).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
