"""The turns of a conversation as the input of a Responses request.

Items of OpenAI's own are replayed without their ids, which nobody but the account that made them could look up.
Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

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
from hrd.dialects.arguments import NOTHING, mend_arguments
from hrd.dialects.data_urls import data_url
from hrd.dialects.responses_items import DIALECT
from hrd.dialects.responses_sent import (
    CustomCall,
    CustomOutput,
    FunctionCall,
    FunctionOutput,
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    Item,
    Message,
    OutputText,
    Reasoning,
    Refusal,
    Sound,
    SummaryText,
)
from hrd.dialects.responses_sent import Part as SentPart
from hrd.dialects.tool_names import SentNames

CALL_ID_CHARS_MAX: Final = 64
"""https://platform.openai.com/docs/api-reference/responses/create (`call_id`)"""
_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_DEVELOPER: Final = Role.DEVELOPER
_SYSTEM: Final = Role.SYSTEM
_TOOL: Final = Role.TOOL
_CUSTOM: Final = CallKind.CUSTOM


class Takes(msgspec.Struct, frozen=True, kw_only=True):
    """What a target takes of what Responses has."""

    system: bool = True
    """Messages of role `system` among the others."""
    reasoning: bool = True
    """Encrypted reasoning of earlier turns."""
    file_urls: bool = True
    audio: bool = True
    items: frozenset[str] | None = None
    """Types of items of a provider's own tools; None is all."""


class InputWriter:
    """Writes turns; `notes` tells what was left out or put otherwise."""

    def __init__(self, takes: Takes) -> None:
        self.notes: dict[str, None] = {}
        self._takes = takes
        self._sent_ids: set[str] = set()
        self._asked: list[tuple[str, CallKind]] = []
        """Calls of the assistant's last turn, by the id that was sent: their results come next, in this order."""
        self._names = SentNames()

    def items(self, turns: Iterable[Turn]) -> list[Item]:
        """*turns*: repaired (`core.history`)."""
        written: list[Item] = []
        for turn in turns:
            if turn.name:
                self.notes["names of who speaks left out"] = None
            if turn.role is _ASSISTANT:
                self._add_said(turn.parts, written)
            elif turn.role is _TOOL:
                self._add_outputs(turn.parts, written)
            else:
                self._add_message(turn, written)
        return written

    def _add_message(self, turn: Turn, written: list[Item]) -> None:
        role, parts = turn.role, turn.parts
        if role is _SYSTEM and not self._takes.system:
            role = _DEVELOPER
            self.notes["system messages sent as developer messages"] = None
        if len(parts) == 1 and type(part := parts[0]) is Text and part.text:  # as it mostly is
            written.append(Message(role, (InputText(part.text),)))
            return
        written += [part.raw for part in parts if isinstance(part, Foreign) and self._is_item(part)]
        content = self._content(parts)
        if content:
            written.append(Message(role, content))

    def _add_said(self, parts: Iterable[Part], written: list[Item]) -> None:
        """What the assistant said, in its order; texts in a row are one message."""
        begun = len(written)
        self._asked = []
        content: list[SentPart] | None = None
        for part in parts:
            if type(part) is ToolCall:
                item: Item | None = self._call(part)
            elif type(part) is Text or type(part) is Refused:
                if content is None:
                    content = []
                    written.append(Message("assistant", content))
                content.append(OutputText(part.text) if type(part) is Text else Refusal(part.text))
                continue
            else:
                item = self._item(part)
            if item is not None:
                written.append(item)
                content = None
        while len(written) > begun and isinstance(written[-1], Reasoning):
            written.pop()  # it is refused without what it led to
            self.notes["reasoning of earlier turns left out"] = None

    def _item(self, part: Part) -> Item | None:
        if isinstance(part, Thinking):
            return self._reasoning(part)
        if isinstance(part, Foreign):
            if self._is_item(part):
                return part.raw
            self.notes[f"{part.type} left out"] = None
        return None

    def _reasoning(self, thinking: Thinking) -> Item | None:
        if thinking.vendor is not Vendor.OPENAI or not thinking.signature or not self._takes.reasoning:
            self.notes["reasoning of earlier turns left out"] = None
            return None
        return Reasoning((SummaryText(thinking.text),) if thinking.text else (), thinking.signature)

    def _call(self, call: ToolCall) -> Item:
        call_id = short_id(call.id)
        if call_id in self._sent_ids:
            call_id = self._unused(call_id)
        self._sent_ids.add(call_id)
        self._asked.append((call_id, call.kind))
        name = self._names[call.name, call.namespace]
        if call.kind is _CUSTOM:
            return CustomCall(call_id, name, call.arguments)
        return FunctionCall(call_id, name, mend_arguments(call.arguments) or NOTHING)

    def _unused(self, call_id: str) -> str:
        """Another id than *call_id*, which an earlier call has: some providers count from one in every reply."""
        unused, number = call_id, 1
        while unused in self._sent_ids:
            number += 1
            unused = f"{call_id[: CALL_ID_CHARS_MAX - 8]}_{number}"
        return unused

    def _add_outputs(self, results: Iterable[Part], written: list[Item]) -> None:
        asked = iter(self._asked)
        for part in results:
            assert type(part) is ToolResult, "nothing else stands in a tool turn"
            call_id, kind = next(asked, None) or (short_id(part.call_id), part.kind)
            said = part.content
            if len(said) == 1 and type(only := said[0]) is Text and not part.is_error:  # as it mostly is
                output: str | Sequence[SentPart] = only.text
            else:
                output = self._result(part)
            written.append(CustomOutput(call_id, output) if kind is _CUSTOM else FunctionOutput(call_id, output))

    def _result(self, result: ToolResult) -> str | Sequence[SentPart]:
        content = _as_error(result.content) if result.is_error else result.content
        if len(content) == 1 and type(content[0]) is Text:
            return content[0].text
        return self._content(content) or ""

    def _content(self, parts: Iterable[Part]) -> list[SentPart]:
        written: list[SentPart] = []
        for part in parts:
            match part:
                case Text(text=text) if text:
                    written.append(InputText(text))
                case Image():
                    written.append(_image(part))
                case Document():
                    written.append(self._document(part))
                case Audio() if self._takes.audio:
                    written.append(InputAudio(Sound(part.data, part.format)))
                case Audio():
                    self.notes["sound left out"] = None
                case Foreign() if not self._is_item(part):
                    self._foreign(part, written)
        return written

    def _document(self, document: Document) -> SentPart:
        if document.text:
            title = f"{document.title}:\n" if document.title else ""
            return InputText(title + document.text)
        if document.url and not self._takes.file_urls:
            self.notes["a document's URL sent as text"] = None
            return InputText(document.url)
        if document.url:
            return InputFile(file_url=document.url)
        if document.file_id:
            return InputFile(file_id=document.file_id)
        data = data_url(document.media_type or "application/pdf", document.data)
        return InputFile(filename=document.title or "document", file_data=data)

    def _foreign(self, part: Foreign, written: list[SentPart]) -> None:
        if part.dialect == DIALECT and part.type.startswith("input_"):
            written.append(part.raw)
        else:
            self.notes[f"{part.type} left out"] = None

    def _is_item(self, part: Foreign) -> bool:
        """Whether it stands among the items, and is taken there."""
        if part.dialect != DIALECT or part.type.startswith("input_"):
            return False
        return self._takes.items is None or part.type in self._takes.items


def _image(image: Image) -> InputImage:
    if image.file_id:
        return InputImage(file_id=image.file_id, detail=image.detail)
    return InputImage(image.url or data_url(image.media_type or "image/png", image.data), detail=image.detail)


def short_id(call_id: str) -> str:
    """*call_id* itself if it is short enough, else the one that stands for it, the same for the same id."""
    if 0 < len(call_id) <= CALL_ID_CHARS_MAX:
        return call_id
    return "call_" + hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _as_error(content: tuple[Text | Image | Document, ...]) -> tuple[Text | Image | Document, ...]:
    """*content* that says of itself that it is an error, for there is no other place to say it."""
    first = content[0] if content else Text("")
    if not isinstance(first, Text):
        return (Text("Error:"), *content)
    return content if first.text.startswith("Error") else (Text(f"Error: {first.text}"), *content[1:])
