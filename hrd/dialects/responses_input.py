"""The turns of a conversation as the input of a Responses request.

Items of OpenAI's own are replayed without their ids, which nobody but the account that made them could look up.
Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

import hashlib
from collections.abc import Iterable
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
from hrd.dialects.tool_names import SentNames

CALL_ID_CHARS_MAX: Final = 64
"""https://platform.openai.com/docs/api-reference/responses/create (`call_id`)"""
Item = dict[str, object] | msgspec.Raw


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
        self._waiting: dict[str, list[tuple[str, CallKind]]] = {}
        """Calls without their result: their id as it was → as it was sent, and what they are."""
        self._names = SentNames()

    def items(self, turns: Iterable[Turn]) -> list[Item]:
        written: list[Item] = []
        for turn in turns:
            if turn.name:
                self.notes["names of who speaks left out"] = None
            if turn.role is Role.ASSISTANT:
                written += self._said(turn.parts)
            elif turn.role is Role.TOOL:
                written += [self._output(part) for part in turn.parts if isinstance(part, ToolResult)]
            else:
                written += self._message(turn)
        return written

    def _message(self, turn: Turn) -> list[Item]:
        role = turn.role
        if role is Role.SYSTEM and not self._takes.system:
            role = Role.DEVELOPER
            self.notes["system messages sent as developer messages"] = None
        part = turn.parts[0] if len(turn.parts) == 1 else None
        if type(part) is Text and part.text:  # as it mostly is
            return [{"type": "message", "role": role, "content": [{"type": "input_text", "text": part.text}]}]
        items: list[Item] = [part.raw for part in turn.parts if isinstance(part, Foreign) and self._is_item(part)]
        content = self._content(turn.parts)
        return [*items, {"type": "message", "role": role, "content": content}] if content else items

    def _said(self, parts: Iterable[Part]) -> list[Item]:
        """What the assistant said, in its order; texts in a row are one message."""
        items: list[Item] = []
        content: list[object] | None = None
        for part in parts:
            if type(part) is Text or type(part) is Refused:
                if content is None:
                    content = []
                    items.append({"type": "message", "role": "assistant", "content": content})
                content.append(
                    {"type": "output_text", "text": part.text}
                    if type(part) is Text
                    else {"type": "refusal", "refusal": part.text}
                )
                continue
            item = self._item(part)
            if item is not None:
                items.append(item)
                content = None
        while items and isinstance(items[-1], dict) and items[-1]["type"] == "reasoning":
            items.pop()  # it is refused without what it led to
            self.notes["reasoning of earlier turns left out"] = None
        return items

    def _item(self, part: Part) -> Item | None:
        if isinstance(part, ToolCall):
            return self._call(part)
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
        summary = [{"type": "summary_text", "text": thinking.text}] if thinking.text else []
        return {"type": "reasoning", "summary": summary, "encrypted_content": thinking.signature}

    def _output(self, result: ToolResult) -> Item:
        waiting = self._waiting.get(result.call_id)
        call_id, kind = waiting.pop(0) if waiting else (short_id(result.call_id), result.kind)
        name = "custom_tool_call_output" if kind is CallKind.CUSTOM else "function_call_output"
        return {"type": name, "call_id": call_id, "output": self._result(result)}

    def _call(self, call: ToolCall) -> Item:
        call_id = self._unused(short_id(call.id))
        self._waiting.setdefault(call.id, []).append((call_id, call.kind))
        name = self._names.of(call.name, call.namespace)
        if call.kind is CallKind.CUSTOM:
            return {"type": "custom_tool_call", "call_id": call_id, "name": name, "input": call.arguments}
        arguments = mend_arguments(call.arguments) or NOTHING
        return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}

    def _unused(self, call_id: str) -> str:
        """*call_id*, or another one if an earlier call has it: some providers count from one in every reply."""
        unused, number = call_id, 1
        while unused in self._sent_ids:
            number += 1
            unused = f"{call_id[: CALL_ID_CHARS_MAX - 8]}_{number}"
        self._sent_ids.add(unused)
        return unused

    def _result(self, result: ToolResult) -> object:
        content = _as_error(result.content) if result.is_error else result.content
        if len(content) == 1 and type(content[0]) is Text:
            return content[0].text
        return self._content(content) or ""

    def _content(self, parts: Iterable[Part]) -> list[object]:
        written: list[object] = []
        for part in parts:
            match part:
                case Text(text=text) if text:
                    written.append({"type": "input_text", "text": text})
                case Image():
                    written.append(_image(part))
                case Document():
                    written.append(self._document(part))
                case Audio() if self._takes.audio:
                    audio = {"data": part.data, "format": part.format}
                    written.append({"type": "input_audio", "input_audio": audio})
                case Audio():
                    self.notes["sound left out"] = None
                case Foreign() if not self._is_item(part):
                    self._foreign(part, written)
        return written

    def _document(self, document: Document) -> object:
        if document.text:
            title = f"{document.title}:\n" if document.title else ""
            return {"type": "input_text", "text": title + document.text}
        if document.url and not self._takes.file_urls:
            self.notes["a document's URL sent as text"] = None
            return {"type": "input_text", "text": document.url}
        spelled: dict[str, object] = {"type": "input_file"}
        if document.url:
            return spelled | {"file_url": document.url}
        if document.file_id:
            return spelled | {"file_id": document.file_id}
        media_type = document.media_type or "application/pdf"
        return spelled | {"filename": document.title or "document", "file_data": data_url(media_type, document.data)}

    def _foreign(self, part: Foreign, written: list[object]) -> None:
        if part.dialect == DIALECT and part.type.startswith("input_"):
            written.append(part.raw)
        else:
            self.notes[f"{part.type} left out"] = None

    def _is_item(self, part: Foreign) -> bool:
        """Whether it stands among the items, and is taken there."""
        if part.dialect != DIALECT or part.type.startswith("input_"):
            return False
        return self._takes.items is None or part.type in self._takes.items


def _image(image: Image) -> object:
    spelled: dict[str, object] = {"type": "input_image"}
    if image.file_id:
        spelled["file_id"] = image.file_id
    else:
        spelled["image_url"] = image.url or data_url(image.media_type or "image/png", image.data)
    if image.detail:
        spelled["detail"] = image.detail
    return spelled


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
