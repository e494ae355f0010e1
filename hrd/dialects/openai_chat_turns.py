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
from hrd.core.history import shown_by_user
from hrd.core.providers import Quirks
from hrd.dialects.data_urls import data_url
from hrd.dialects.messages import (
    BRIDGE,
    NOTE_BRIDGE,
    NOTE_DEVELOPER,
    NOTE_IDS,
    NOTE_NAME,
    NOTE_PLACEHOLDER,
    NOTE_PREFIX,
    NOTE_REASONING,
    NOTE_STAND_IN,
    NOTE_SYSTEM,
    map_ids,
)
from hrd.dialects.openai_chat_request import DIALECT
from hrd.dialects.tool_names import SentNames, wrapped

_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_TOOL: Final = Role.TOOL
_USER: Final = Role.USER
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


class DocumentPart(msgspec.Struct, tag_field="type", tag="document_url", omit_defaults=True, gc=False):
    """As Mistral has it."""

    document_url: str
    document_name: str = ""


class InputAudio(msgspec.Struct, gc=False):
    data: str
    format: str


class AudioPart(msgspec.Struct, tag_field="type", tag="input_audio", gc=False):
    input_audio: InputAudio


SentPart = TextPart | ImagePart | FilePart | DocumentPart | AudioPart | msgspec.Raw
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
    prefix: bool = False


class Result(msgspec.Struct, tag_field="role", tag="tool", gc=False):
    tool_call_id: str
    content: str


OWN_FIELDS: Final = frozenset({"name", "cache_control", "annotations"})
"""Members that a provider may not take in messages, and that are not written then, or never."""


class Messages:
    """The messages that turns become, by a provider's quirks (see `dialects.messages`), and what was left out on the way."""

    def __init__(self, turns: Sequence[Turn], quirks: Quirks, signature_stand_in: str = "") -> None:
        """*turns*: repaired (`core.history`). *signature_stand_in*: what the model takes for a signature of another's calls."""
        self.done: list[Message | Result] = []
        self.notes: dict[str, None] = {}
        self._quirks = quirks
        self._stand_in = signature_stand_in
        self._keeps_marks = "cache_control" in quirks.forward and "cache_control" not in quirks.drop_message_fields
        self._keeps_names = "name" not in quirks.drop_message_fields
        self._names = SentNames()
        self._ids = map_ids(_ids_of(turns), quirks.tool_ids) if quirks.tool_ids else {}
        if self._ids:
            self.notes[NOTE_IDS] = None
        for turn in turns:
            if turn.role is _TOOL:
                self._add_results(turn.parts)
            elif turn.role is _ASSISTANT:
                self._add_assistants(turn)
            elif turn.role is _USER or all(type(part) is Text for part in turn.parts):
                self._add_others(turn)
            else:  # who instructs does so in words: what else was said, the user shows
                self._add_others(Turn(turn.role, tuple([part for part in turn.parts if type(part) is Text]), turn.name))
                self._add_others(shown_by_user(turn))
        if self.done:
            self._finish(self.done[-1])

    def _finish(self, last: Message | Result) -> None:
        if not isinstance(last, Message):
            return
        if self._quirks.system_first and last.role == "system":
            last.role = "user"
            self.notes[NOTE_SYSTEM] = None
        if self._quirks.marks_prefix and last.role == "assistant" and not last.tool_calls:
            last.prefix = True
            self.notes[NOTE_PREFIX] = None

    def marked(self, mark: msgspec.Raw) -> msgspec.Raw:
        """*mark*, of a prefix to be cached, if the provider takes such."""
        return mark if self._keeps_marks else ABSENT

    def _add_others(self, turn: Turn) -> None:
        content = self._content(turn.parts)
        if not content:
            return
        role = turn.role.value
        if role == "developer" and not self._quirks.developer_role:
            role = "system"
            self.notes[NOTE_DEVELOPER] = None
        if role == "system" and self._quirks.system_first and self.done and not _is_systems(self.done[-1]):
            role = "user"
            self.notes[NOTE_SYSTEM] = None
        if role == "user":
            self._bridge()
        self.done.append(Message(role, content, self._name(turn)))

    def _bridge(self) -> None:
        if self._quirks.bridge_tool_to_user and self.done and isinstance(self.done[-1], Result):
            self.done.append(Message("assistant", BRIDGE))
            self.notes[NOTE_BRIDGE] = None

    def _name(self, turn: Turn) -> str:
        if turn.name and not self._keeps_names:
            self.notes[NOTE_NAME] = None
            return ""
        return turn.name

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
        message = Message("assistant", content or None, self._name(turn))
        if thinking:
            self._think(message, thinking)
        if calls:
            self._call_from(message, calls)
        self.done.append(message)

    def _call_from(self, message: Message, calls: Sequence[Call]) -> None:
        message.tool_calls = calls
        if self._stand_in and calls[0].extra_content is None:  # only the first call of a message has to be signed
            calls[0].extra_content = _signed(self._stand_in)
            self.notes[NOTE_STAND_IN] = None
        if self._quirks.keep_reasoning and self._quirks.reasoning_placeholder and not message.reasoning_content:
            message.reasoning_content = self._quirks.reasoning_placeholder
            self.notes[NOTE_PLACEHOLDER] = None

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
            self.done.append(Result(self._ids.get(part.call_id, part.call_id) if self._ids else part.call_id, content))
        if pictures:
            self._bridge()
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

    def _document(self, document: Document) -> TextPart | FilePart | DocumentPart:
        mark = self.marked(document.cache_control)
        if document.text:
            title = f"{document.title}:\n" if document.title else ""
            return TextPart(title + document.text, mark)
        if self._quirks.document_urls and (document.data or document.url):
            url = document.url or data_url(document.media_type, document.data)
            return DocumentPart(url, document.title)
        if self._quirks.documents and document.data:
            return FilePart(File(document.title or "document", data_url(document.media_type, document.data)), mark)
        self.notes["a document that this provider cannot read left out"] = None
        return TextPart(f"[A document is missing here: {document.title or document.url or 'untitled'}]")

    def _call(self, call: ToolCall) -> Call:
        arguments = wrapped(call.arguments) if call.kind is _CUSTOM else call.arguments
        call_id = self._ids.get(call.id, call.id) if self._ids else call.id
        spelled = Call(call_id, Function(self._names[call.name, call.namespace], arguments))
        if call.signature and self._quirks.thought_signatures:
            spelled.extra_content = _signed(call.signature)
        return spelled

    def _think(self, message: Message, thinking: Sequence[Thinking]) -> None:
        if not self._quirks.keep_reasoning:
            self.notes[NOTE_REASONING] = None
            return
        sealed = [part.details for part in thinking if part.vendor is Vendor.OPENROUTER and part.details]
        if sealed:
            message.reasoning_details = sealed[0]
        else:
            message.reasoning_content = "\n\n".join(part.text for part in thinking if part.text)


def _signed(signature: str) -> dict[str, Any]:
    return {"google": {"thought_signature": signature}}


def _is_systems(message: Message | Result) -> bool:
    return isinstance(message, Message) and message.role == "system"


def _ids_of(turns: Iterable[Turn]) -> Iterable[str]:
    for turn in turns:
        for part in turn.parts:
            if type(part) is ToolCall:
                yield part.id
            elif type(part) is ToolResult:
                yield part.call_id
