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

from collections.abc import Callable, Iterable, Iterator, Sequence
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
from hrd.dialects.anthropic_blocks import (
    Base64Source,
    Block,
    DocumentBlock,
    ImageBlock,
    Message,
    RedactedBlock,
    ResultBlock,
    TextBlock,
    TextSource,
    ThinkingBlock,
    UrlSource,
    UseBlock,
)
from hrd.dialects.anthropic_ids import plain_id
from hrd.dialects.anthropic_request import DIALECT
from hrd.dialects.arguments import NOTHING, mend_arguments
from hrd.dialects.data_urls import text_of_file
from hrd.dialects.tool_names import SentNames, wrapped

IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_TOOL: Final = Role.TOOL
_CUSTOM: Final = CallKind.CUSTOM
_PDF: Final = "application/pdf"
_BEGINNING: Final = "(The beginning of this conversation is not there any more.)"


class Messages:
    """The messages that turns become, and what was left out on the way."""

    def __init__(self, turns: Iterable[Turn], *, with_thinking: bool = True) -> None:
        """*turns*: without those of the system, repaired (`core.history`)."""
        self._with_thinking = with_thinking
        self.notes: dict[str, None] = {}
        self.done: list[Message] = []
        self._taken: set[str] = set()
        """Ids of calls, as they are sent."""
        self._asked: list[str] = []
        """Those of the assistant's last turn: its results come next, in this order."""
        self._owed: Iterator[str] = iter(())
        self._names = SentNames()
        self._writers: dict[type, Callable[[Any], Block | None]] = {
            Text: text_block,
            Image: self._image,
            Document: self._document,
            Audio: lambda _: self._missing("sound"),
            Thinking: self._thinking,
            ToolCall: self._call,
            ToolResult: self._result,
            Refused: lambda refused: TextBlock(refused.text),
            Foreign: self._foreign,
        }
        self._write(turns)
        if self.done and self.done[0].role == "assistant":
            self.done.insert(0, Message("user", [TextBlock(_BEGINNING)]))
            self.notes["a first message of the user put before the assistant's"] = None

    def _write(self, turns: Iterable[Turn]) -> None:
        writers, content, before = self._writers, list[Block](), ""
        for turn in turns:
            role = "user"
            if turn.role is _ASSISTANT:
                role, self._asked = "assistant", []
            elif turn.role is _TOOL:
                self._owed = iter(self._asked)
            if turn.name:
                self.notes["names of who speaks left out"] = None
            for part in turn.parts:
                block = TextBlock(part.text, part.cache_control) if type(part) is Text else writers[type(part)](part)
                if block is None:
                    continue
                if role is not before:
                    content, before = [], role
                    self.done.append(Message(role, content))
                content.append(block)

    def _image(self, image: Image) -> Block:
        if image.url:
            return ImageBlock(UrlSource(image.url), image.cache_control)
        media_type = image.media_type.lower().replace("image/jpg", "image/jpeg")
        if not image.data or media_type not in IMAGE_TYPES:
            return self._missing(f"a picture ({media_type or 'a file id of another vendor'})")
        return ImageBlock(Base64Source(media_type, image.data), image.cache_control)

    def _document(self, document: Document) -> Block:
        source = _document_source(document)
        if source is None:
            return self._missing(f"a file ({document.media_type or 'a file id of another vendor'})")
        return DocumentBlock(source, document.title, document.cache_control)

    def _thinking(self, thinking: Thinking) -> Block | None:
        if not self._with_thinking:
            self.notes["reasoning of earlier turns left out"] = None
            return None
        if thinking.vendor is not Vendor.ANTHROPIC or not thinking.signature:
            self.notes["reasoning of another vendor left out"] = None
            return None
        if thinking.is_redacted:
            return RedactedBlock(thinking.signature)
        return ThinkingBlock(thinking.text, thinking.signature)

    def _call(self, call: ToolCall) -> Block:
        arguments = wrapped(call.arguments) if call.kind is _CUSTOM else mend_arguments(call.arguments)
        if arguments is None:
            self.notes["arguments of a call that are not JSON left out"] = None
        new_id = plain_id(call.id or "call")
        if new_id in self._taken:  # some providers count from one in every reply
            new_id = f"{new_id}_{len(self._taken)}"
        self._taken.add(new_id)
        self._asked.append(new_id)
        return UseBlock(new_id, self._names[call.name, call.namespace], msgspec.Raw(arguments or NOTHING), call.cache_control)

    def _result(self, result: ToolResult) -> Block:
        call_id = next(self._owed, "") or plain_id(result.call_id)
        parts = result.content
        if len(parts) == 1 and type(part := parts[0]) is Text and not part.cache_control:  # as it mostly is
            content: str | Sequence[Block] = "" if part.text.isspace() else part.text
        else:
            content = self._content(parts)
        return ResultBlock(call_id, content, result.is_error, result.cache_control)

    def _content(self, parts: Sequence[Part]) -> str | Sequence[Block]:
        """Of a result, without what is blank."""
        said = [part for part in parts if not (isinstance(part, Text) and not part.text.strip())]
        return [block for part in said if (block := self._writers[type(part)](part)) is not None] or ""

    def _foreign(self, part: Foreign) -> Block | None:
        if part.dialect == DIALECT:
            block: Block = msgspec.json.decode(part.raw, type=dict[str, Any])
            return block
        self.notes[f"{part.type} left out"] = None
        return None

    def _missing(self, what: str) -> Block:
        self.notes[f"{what} left out"] = None
        return TextBlock(f"[{what} was left out here]")


def text_block(text: Text) -> TextBlock:
    return TextBlock(text.text, text.cache_control)


def _document_source(document: Document) -> Base64Source | UrlSource | TextSource | None:
    if document.url:
        return UrlSource(document.url)
    if document.text:
        return TextSource(document.text)
    if not document.data:
        return None
    if document.media_type.lower() == _PDF:
        return Base64Source(_PDF, document.data)
    text = text_of_file(document.media_type, document.data)
    return TextSource(text) if text else None
