"""What a chat completion's request needs of whoever answers (see `core.needs`), read from its members as they are spelled."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from hrd.core.conversation import ABSENT
from hrd.core.needs import NONE, Need
from hrd.dialects.contract import Fields
from hrd.dialects.data_urls import is_text_file
from hrd.dialects.fields import NULL

_MEMBERS: Final = {
    "stop": Need.STOP,
    "n": Need.CHOICES,
    "logprobs": Need.LOGPROBS,
    "logit_bias": Need.LOGIT_BIAS,
    "response_format": Need.FORMAT,
    "tool_choice": Need.FORCED_CALL,
    "web_search_options": Need.OF_CHAT,
    "audio": Need.OF_CHAT,
}
_NOTHING: Final = frozenset(
    {b"null", b"1", b"false", b"[]", b'""', b"{}", b'"auto"', b'"none"', b'{"type":"text"}', b'{"type": "text"}'}
)
"""Values of those that ask for nothing out of the ordinary."""
_NO_FILE: Final = msgspec.Raw(NULL)
_TEXT_AND_IMAGES: Final = frozenset({"text", "image_url"})
_TEXTS: Final = frozenset({"text", "refusal"})
_KNOWN: Final = frozenset({"text", "image_url", "input_audio", "file", "refusal"})


class _File(msgspec.Struct, gc=False):
    file_id: str | None = None
    file_data: msgspec.Raw = _NO_FILE


class Part(msgspec.Struct, omit_defaults=True, gc=False):
    type: str = "text"
    text: str | None = None
    file: _File | None = None


class _Call(msgspec.Struct, omit_defaults=True, gc=False):
    type: str | None = None


class Said(msgspec.Struct, omit_defaults=True, gc=False):
    """A message, as far as routing looks at it."""

    role: str
    content: str | list[Part | str] | None = None
    tool_calls: list[_Call] | None = None
    function_call: msgspec.Raw = ABSENT
    images: msgspec.Raw = ABSENT
    """Pictures that a model drew (OpenRouter's)."""


def parts_of(messages: Iterable[Said]) -> list[Part]:
    """The parts of all *messages*, but for what is no more than a text."""
    lists = [message.content for message in messages if type(message.content) is list]
    return [part for content in lists for part in content if type(part) is Part]


def has_blobs(messages: Iterable[Said], parts: Iterable[Part]) -> bool:
    """Whether there may be base64 in *messages*, which hold these *parts*: what is not known is not taken for text."""
    drawn = [message for message in messages if message.images is not ABSENT]
    return bool(drawn) or not {part.type for part in parts} <= _TEXTS


def has_openai_words(messages: Iterable[Said], parts: Iterable[Part]) -> bool:
    """Whether *messages*, which hold these *parts*, tell of freeform calls, functions of old, or refusals among the parts."""
    calls = [message.tool_calls for message in messages if message.tool_calls]
    called = [message.function_call for message in messages if message.function_call is not ABSENT]
    return (
        "refusal" in {part.type for part in parts}
        or "function" in {message.role for message in messages}
        or "custom" in {call.type for each in calls for call in each}
        or any(bytes(call) != NULL for call in called)
    )


def needs_of(fields: Fields, parts: Sequence[Part]) -> frozenset[Need]:
    """The needs of a request with these *parts*; mostly none."""
    needs: list[Need] = []
    if not _MEMBERS.keys().isdisjoint(fields):
        needs += [need for name, need in _MEMBERS.items() if name in fields and bytes(fields[name]) not in _NOTHING]
    kinds = {part.type for part in parts}
    if not kinds <= _TEXT_AND_IMAGES:
        if "input_audio" in kinds:
            needs.append(Need.AUDIO)
        if any(part.type == "file" and not is_text(part) for part in parts):
            needs.append(Need.DOCUMENTS)
        if any(_is_own(part) for part in parts):
            needs.append(Need.OF_CHAT)
    return frozenset(needs) if needs else NONE


def is_text(part: Part) -> bool:
    """Whether it is a file that is a text: that can be told to everybody, in other words."""
    return part.file is not None and is_text_file(part.file.file_data)


def _is_own(part: Part) -> bool:
    """Whether others have no words for it, or it is a file that lies with one provider."""
    return (part.type not in _KNOWN and part.text is None) or (part.file is not None and bool(part.file.file_id))
