"""What a chat completion's request needs of whoever answers (see `core.needs`), read from its members as they are spelled."""

from typing import Final

import msgspec

from hrd.core.needs import NONE, Need
from hrd.dialects.contract import Fields

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
_KNOWN: Final = frozenset({"text", "image_url", "input_audio", "file", "refusal"})


class _File(msgspec.Struct, gc=False):
    file_id: str | None = None


class _Part(msgspec.Struct, gc=False):
    type: str = "text"
    text: str | None = None
    file: _File | None = None


class _Message(msgspec.Struct, gc=False):
    content: str | list[_Part | str] | None = None


_MESSAGES: Final = msgspec.json.Decoder(list[_Message])


def needs_of(fields: Fields, messages: bytes) -> frozenset[Need]:
    """The needs of a request; mostly none."""
    needs: list[Need] = []
    if not _MEMBERS.keys().isdisjoint(fields):
        needs += [need for name, need in _MEMBERS.items() if name in fields and bytes(fields[name]) not in _NOTHING]
    if messages.find(b'"type"') >= 0:
        if messages.find(b'"input_audio"') >= 0:
            needs.append(Need.AUDIO)
        if messages.find(b'"file"') >= 0:
            needs.append(Need.DOCUMENTS)
        if _has_more(messages):
            needs.append(Need.OF_CHAT)
    return frozenset(needs) if needs else NONE


def _has_more(messages: bytes) -> bool:
    """Whether there is a part that others have no words for, or a file that lies with one provider."""
    try:
        for message in _MESSAGES.decode(messages):
            if isinstance(message.content, list):
                for part in message.content:
                    if isinstance(part, _Part) and _is_own(part):
                        return True
    except (ValueError, RecursionError):
        pass  # of a shape that whoever reads it refuses
    return False


def _is_own(part: _Part) -> bool:
    return (part.type not in _KNOWN and part.text is None) or (part.file is not None and bool(part.file.file_id))
