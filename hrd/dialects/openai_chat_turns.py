"""Turns of a conversation as messages of a chat completion, as OpenAI's clients would have sent them.

| in the conversation | here |
|---|---|
| texts alone | one string: some providers take nothing else |
| a tool turn | one message for each result; pictures follow in a user's message, since few take them in a result |
| reasoning, its seals, signatures of calls, marks of caches | what the provider's quirks say that it takes |
| files that are not taken | a line in brackets that says so |

Members that are not said (the defaults) are not sent. Reference: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import (
    ABSENT,
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
from hrd.core.providers import Quirks
from hrd.dialects.data_urls import data_url
from hrd.dialects.openai_chat_request import DIALECT
from hrd.dialects.tool_names import SentNames, wrapped

_ASSISTANT: Final = Role.ASSISTANT
_TOOL: Final = Role.TOOL
_DEVELOPER: Final = Role.DEVELOPER
_CUSTOM: Final = CallKind.CUSTOM
_IMAGES_FOLLOW: Final = "The images of this result follow."


class TextPart(msgspec.Struct, tag_field="type", tag="text", omit_defaults=True, gc=False):
    text: str
    cache_control: msgspec.Raw = ABSENT


class ImageUrl(msgspec.Struct, omit_defaults=True, gc=False):
    url: str
    detail: str = ""


class ImagePart(msgspec.Struct, tag_field="type", tag="image_url", omit_defaults=True, gc=False):
    image_url: ImageUrl
    cache_control: msgspec.Raw = ABSENT


class File(msgspec.Struct, gc=False):
    filename: str
    file_data: str


class FilePart(msgspec.Struct, tag_field="type", tag="file", omit_defaults=True, gc=False):
    file: File
    cache_control: msgspec.Raw = ABSENT


class InputAudio(msgspec.Struct, gc=False):
    data: str
    format: str


class AudioPart(msgspec.Struct, tag_field="type", tag="input_audio", gc=False):
    input_audio: InputAudio


SentPart = TextPart | ImagePart | FilePart | AudioPart | msgspec.Raw
"""Raw: a part that only chat completions know."""


class Function(msgspec.Struct, gc=False):
    name: str
    arguments: str


class Call(msgspec.Struct, tag_field="type", tag="function", omit_defaults=True, gc=False):
    id: str
    function: Function
    extra_content: dict[str, Any] | None = None


class Message(msgspec.Struct, omit_defaults=True, gc=False):
    role: str
    content: str | Sequence[SentPart] | None
    name: str = ""
    tool_calls: Sequence[Call] = ()
    reasoning_content: str = ""
    reasoning_details: msgspec.Raw = ABSENT


class Result(msgspec.Struct, tag_field="role", tag="tool", gc=False):
    tool_call_id: str
    content: str


class Messages:
    """The messages that turns become, and what was left out on the way."""

    def __init__(self, turns: Iterable[Turn], quirks: Quirks) -> None:
        """*turns*: repaired (`core.history`)."""
        self.done: list[Message | Result] = []
        self.notes: dict[str, None] = {}
        self._quirks = quirks
        self._keeps_marks = "cache_control" in quirks.forward
        self._names = SentNames()
        for turn in turns:
            if turn.role is _TOOL:
                self._add_results(turn.parts)
            elif turn.role is _ASSISTANT:
                self._add_assistants(turn)
            else:
                self._add_others(turn)

    def marked(self, mark: msgspec.Raw) -> msgspec.Raw:
        """*mark*, of a prefix to be cached, if the provider takes such."""
        return mark if self._keeps_marks else ABSENT

    def _add_others(self, turn: Turn) -> None:
        role = turn.role
        if role is _DEVELOPER and not self._quirks.developer_role:
            role = Role.SYSTEM
            self.notes["role developer sent as system"] = None
        content = self._content(turn.parts)
        if content:
            self.done.append(Message(role, content, turn.name))

    def _add_assistants(self, turn: Turn) -> None:
        said: list[Part] = []
        calls: list[Call] = []
        thinking: list[Thinking] = []
        for part in turn.parts:
            if type(part) is ToolCall:
                calls.append(self._call(part))
            elif type(part) is Thinking:
                thinking.append(part)
            else:
                said.append(part)
        content = self._content(said) if said else ""
        if not content and not calls:
            return
        message = Message("assistant", content or None, turn.name)
        if calls:
            message.tool_calls = calls
        if thinking:
            self._think(message, thinking)
        self.done.append(message)

    def _add_results(self, results: Iterable[Part]) -> None:
        pictures: list[Part] = []
        for part in results:
            assert type(part) is ToolResult, "nothing else stands in a tool turn"
            parts = part.content
            if len(parts) == 1 and type(only := parts[0]) is Text:  # as it mostly is
                content = only.text
            else:
                texts = [each.text for each in parts if isinstance(each, Text)]
                others = [each for each in parts if not isinstance(each, Text)]
                pictures += others
                content = "\n\n".join(texts) or (_IMAGES_FOLLOW if others else "")
            if part.is_error and not content.startswith("Error"):
                content = f"Error: {content}"
            self.done.append(Result(part.call_id, content))
        if pictures:
            self.done.append(Message("user", self._content(pictures)))

    def _content(self, parts: Sequence[Part]) -> str | Sequence[SentPart]:
        if len(parts) == 1 and type(only := parts[0]) is Text and not (self._keeps_marks and only.cache_control):
            return only.text  # as it mostly is
        spelled = [each for part in parts if (each := self._part(part)) is not None]
        texts = [each.text for each in spelled if isinstance(each, TextPart) and not each.cache_control]
        return "\n\n".join(texts) if len(texts) == len(spelled) else spelled

    def _part(self, part: Part) -> SentPart | None:
        match part:
            case Text():
                return TextPart(part.text, self.marked(part.cache_control))
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Audio():
                return AudioPart(InputAudio(part.data, part.format))
            case Refused():
                return TextPart(part.text)
            case Foreign() if part.dialect == DIALECT:
                return part.raw
            case Foreign():
                self.notes[f"{part.type} left out"] = None
                return None
            case Thinking() | ToolCall() | ToolResult():
                raise AssertionError("spelled elsewhere")

    def _image(self, image: Image) -> ImagePart | None:
        if image.file_id:
            self.notes["an image that only its vendor has (by file id) left out"] = None
            return None
        url = image.url or data_url(image.media_type, image.data)
        return ImagePart(ImageUrl(url, image.detail), self.marked(image.cache_control))

    def _document(self, document: Document) -> TextPart | FilePart:
        mark = self.marked(document.cache_control)
        if document.text:
            title = f"{document.title}:\n" if document.title else ""
            return TextPart(title + document.text, mark)
        if self._quirks.documents and document.data:
            return FilePart(File(document.title or "document", data_url(document.media_type, document.data)), mark)
        self.notes["a document that this provider cannot read left out"] = None
        return TextPart(f"[A document is missing here: {document.title or document.url or 'untitled'}]")

    def _call(self, call: ToolCall) -> Call:
        arguments = wrapped(call.arguments) if call.kind is _CUSTOM else call.arguments
        spelled = Call(call.id, Function(self._names[call.name, call.namespace], arguments))
        if call.signature and self._quirks.thought_signatures:
            spelled.extra_content = {"google": {"thought_signature": call.signature}}
        return spelled

    def _think(self, message: Message, thinking: Sequence[Thinking]) -> None:
        if not self._quirks.keep_reasoning:
            self.notes["reasoning of earlier turns left out"] = None
            return
        sealed = [part.details for part in thinking if part.vendor is Vendor.OPENROUTER and part.details]
        if sealed:
            message.reasoning_details = sealed[0]
        else:
            message.reasoning_content = "\n\n".join(part.text for part in thinking if part.text)
