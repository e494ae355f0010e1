"""The items of a Responses request as turns of a conversation.

Responses keeps one flat list of items: messages, reasoning, calls and their outputs stand side by side. Here what the model
said in one go becomes one assistant turn, and outputs follow their calls at once, wherever the client put them: every other
format demands that. Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Sequence
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
    ToolCall,
    ToolResult,
    Turn,
)
from hrd.core.refusals import Refusal
from hrd.dialects.data_urls import document_of, split_data_url
from hrd.dialects.fields import refuse, refuse_shape
from hrd.dialects.responses_carried import CallSignature, take_back

DIALECT: Final = "openai_responses"
"""The name under which parts and tools that only Responses knows are carried."""
_ASSISTANT: Final = Role.ASSISTANT  # found ten times sooner so, see core.quota.kinds
_TOOL: Final = Role.TOOL
_CUSTOM: Final = CallKind.CUSTOM
_ROLES: Final = {role.value: role for role in Role if role is not _TOOL}
_TEXTS: Final = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
_CALLS: Final = {"function_call": CallKind.FUNCTION, "custom_tool_call": CallKind.CUSTOM}
_OUTPUTS: Final = {"function_call_output": CallKind.FUNCTION, "custom_tool_call_output": CallKind.CUSTOM}
TRANSLATED: Final = frozenset({"message", "reasoning", "item_reference", "additional_tools", *_CALLS, *_OUTPUTS})
"""Items that the hub has words for."""
HARMLESS: Final = frozenset({"compaction_trigger", "mcp_list_tools", "web_search_call", "file_search_call"})
"""Items without which a request still asks the same: what came of a provider's own tools stands in the text that followed."""


class _Part(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    refusal: str | None = None
    image_url: str | dict[str, Any] | None = None
    detail: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    input_audio: dict[str, Any] | None = None


class Item(msgspec.Struct, gc=False):
    """One element of `input`, as far as it is read."""

    type: str | None = None
    role: str | None = None
    content: str | list[_Part] | None = None
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | dict[str, Any] | None = None
    input: str | None = None
    output: str | list[_Part] | dict[str, Any] | None = None
    summary: list[_Part] | None = None
    encrypted_content: str | None = None
    tools: msgspec.Raw = ABSENT

    @property
    def kind(self) -> str:
        return self.type or ("message" if self.role else "")


_ITEMS: Final = msgspec.json.Decoder(list[Item])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_items(spelled: msgspec.Raw, name: str = "input") -> list[Item] | Refusal:
    """The items of the member *name*: a text stands for one message of the user."""
    try:
        if bytes(spelled)[:1] == b'"':
            return [Item(type="message", role="user", content=msgspec.json.decode(spelled, type=str))]
        return _ITEMS.decode(spelled)
    except (ValueError, RecursionError) as error:
        return refuse_shape(name, error)


def turns_of(items: list[Item], spelled: msgspec.Raw) -> list[Turn] | Refusal:
    """The turns that *items* make, in order. *spelled* is the list that they were read from."""
    writing = _Turns(spelled)
    for place in _arranged(items):
        refusal = writing.add(place, items[place])
        if refusal is not None:
            return refusal
    return writing.finish()


def _arranged(items: list[Item]) -> Sequence[int]:
    """The places of *items* in the order in which they are taken: what a run of calls came to follows it at once."""
    if _is_arranged(items):
        return range(len(items))
    outputs: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        if item.type in _OUTPUTS and item.call_id:
            outputs.setdefault(item.call_id, []).append(place)
    order: list[int] = []
    taken: set[int] = set()
    waited_for: list[str] = []
    for place, item in enumerate(items):
        if item.type in _CALLS:
            waited_for.append(item.call_id or "")
        elif waited_for and not _is_assistants(item):
            pulled = sorted(
                each for call in waited_for for each in outputs.get(call, ()) if each >= place and each not in taken
            )
            order += pulled
            taken.update(pulled)
            waited_for = []
        if place not in taken:
            order.append(place)
    return order


def _is_arranged(items: list[Item]) -> bool:
    """Whether they stand in that order already, as they mostly do."""
    owed: set[str | None] = set()
    is_answering = False
    for item in items:
        kind = item.type
        if kind in _OUTPUTS:
            owed.discard(item.call_id)
            is_answering = True
        elif owed and (is_answering or not _is_assistants(item)):
            return False
        elif kind in _CALLS:
            owed.add(item.call_id)
            is_answering = False
    return not (owed and is_answering)


def _is_assistants(item: Item) -> bool:
    return item.type in _CALLS or item.type == "reasoning" or (item.kind == "message" and item.role == "assistant")


class _Turns:
    """Turns while they are gathered."""

    def __init__(self, spelled: msgspec.Raw) -> None:
        self._spelled = spelled
        self._raws: list[msgspec.Raw] | None = None
        self._turns: list[Turn] = []
        self._said: list[Part] = []
        """What the assistant says in the turn that is being gathered."""
        self._has_text = False
        self._has_calls = False
        self._signatures: dict[str, str] = {}

    def finish(self) -> list[Turn]:
        self._close()
        return self._turns

    def add(self, place: int, item: Item) -> Refusal | None:
        kind = item.type or ("message" if item.role else "")
        if kind == "message":
            return self._add_message(place, item)
        if (of_call := _CALLS.get(kind)) is not None:
            return self._add_call(place, item, of_call)
        if (of_output := _OUTPUTS.get(kind)) is not None:
            return self._add_output(place, item, of_output)
        if kind == "reasoning":
            self._add_reasoning(item)
        elif kind == "item_reference":
            return unknown_reference(place, item.id or "")
        elif kind == "":
            return refuse(f"input[{place}] has neither a type nor a role.", f"input[{place}]")
        elif kind != "additional_tools":
            self._said.append(self._foreign(place, kind))
        return None

    def _close(self) -> None:
        if self._said:
            self._turns.append(Turn(_ASSISTANT, tuple(self._said)))
            self._said = []
        self._has_text = self._has_calls = False

    def _add_message(self, place: int, item: Item) -> Refusal | None:
        role, content = _ROLES.get(item.role or ""), item.content
        if role is None:
            return refuse(f"input[{place}].role is not one of {', '.join(_ROLES)}.", f"input[{place}].role")
        if role is _ASSISTANT:
            if self._has_text and not self._has_calls:
                self._close()
            self._said += self._parts(place, content)
            self._has_text = True
            return None
        if self._said or self._has_text:
            self._close()
        self._turns.append(Turn(role, tuple(self._parts(place, content))))
        return None

    def _add_call(self, place: int, item: Item, kind: CallKind) -> Refusal | None:
        call_id, name = item.call_id, item.name
        if not call_id or not name:
            missing = "name" if call_id else "call_id"
            return refuse(f"input[{place}].{missing} is missing.", f"input[{place}].{missing}")
        written = item.input if kind is _CUSTOM else item.arguments
        self._said.append(
            ToolCall(
                id=call_id,
                name=name,
                arguments=written if type(written) is str else "" if kind is _CUSTOM else _spell(written or {}),
                kind=kind,
                namespace=item.namespace or "",
                signature=self._signatures.get(call_id, "") if self._signatures else "",
            )
        )
        self._has_calls = True
        return None

    def _add_output(self, place: int, item: Item, kind: CallKind) -> Refusal | None:
        call_id, output = item.call_id, item.output
        if not call_id:
            return refuse(f"input[{place}].call_id is missing.", f"input[{place}].call_id")
        self._close()
        content: tuple[Text | Image | Document, ...]
        if isinstance(output, str):
            content = (Text(output),) if output else ()
        elif isinstance(output, dict):
            content = (Text(_spell(output)),)
        else:
            content = tuple([part for part in self._parts(place, output) if isinstance(part, Text | Image | Document)])
        result = ToolResult(call_id=call_id, content=content, name=item.name or "", kind=kind)
        self._turns.append(Turn(_TOOL, (result,)))
        return None

    def _add_reasoning(self, item: Item) -> None:
        paragraphs = [part.text for part in (item.summary or ()) if part.text]
        if not paragraphs and isinstance(item.content, list):
            paragraphs = [part.text for part in item.content if part.text]
        back = take_back("\n\n".join(paragraphs), item.encrypted_content or "")
        if isinstance(back, CallSignature):
            self._signatures[back.call_id] = back.signature
        elif back.text or back.signature or back.details:
            self._said.append(back)

    def _foreign(self, place: int, kind: str) -> Foreign:
        if self._raws is None:
            self._raws = _RAWS.decode(self._spelled)
        return Foreign(dialect=DIALECT, type=kind, raw=self._raws[place])

    def _parts(self, place: int, content: str | list[_Part] | None) -> list[Part]:
        if content is None or isinstance(content, str):
            return [Text(content)] if content else []
        if len(content) == 1 and content[0].text and content[0].type in _TEXTS:  # as it mostly is
            return [Text(content[0].text)]
        return [part for step, each in enumerate(content) if (part := self._part(place, step, each)) is not None]

    def _part(self, place: int, step: int, part: _Part) -> Part | None:
        kind = part.type
        if kind in _TEXTS:
            return Text(part.text) if part.text else None
        read: Part | None = None
        if kind == "input_image":
            read = _image(part)
        elif kind == "input_file":
            read = _document(part)
        elif kind == "refusal":
            read = Refused(part.refusal or "")
        elif kind == "input_audio" and part.input_audio is not None:
            read = Audio(data=str(part.input_audio.get("data", "")), format=str(part.input_audio.get("format", "")))
        return read if read is not None else self._foreign_part(place, step, kind)

    def _foreign_part(self, place: int, step: int, kind: str) -> Foreign:
        if self._raws is None:
            self._raws = _RAWS.decode(self._spelled)
        members = _PARTS.decode(self._raws[place])
        raw = _RAWS.decode(members["content"] if "content" in members else members["output"])[step]
        return Foreign(dialect=DIALECT, type=kind, raw=raw)


def _image(part: _Part) -> Image | None:
    url = part.image_url
    if isinstance(url, dict):
        url = url.get("url")
    detail = part.detail or ""
    if isinstance(url, str) and url:
        media_type, data = split_data_url(url)
        return Image(media_type=media_type, data=data, detail=detail) if data else Image(url=url, detail=detail)
    return Image(file_id=part.file_id, detail=detail) if part.file_id else None


def _document(part: _Part) -> Document | None:
    title = part.filename or ""
    if part.file_data:
        file = document_of(part.file_data, title)
        return file if not file.url else Document(data=part.file_data, title=title)  # bare base64
    if part.file_url:
        return Document(url=part.file_url, title=title)
    return Document(file_id=part.file_id, title=title) if part.file_id else None


def _spell(value: object) -> str:
    return msgspec.json.encode(value).decode()


def unknown_reference(place: int, item_id: str) -> Refusal:
    """The refusal of an `item_reference` to what is not kept here."""
    return refuse(
        f"input[{place}] refers to the item {item_id}, which this router does not keep (it keeps items for "
        "RESPONSES_KEPT_SECONDS, within RESPONSES_KEPT_BYTES, unless the request says `store: false`). Send the item itself.",
        f"input[{place}].id",
    )
