"""What a Messages request needs of whoever answers (see `core.needs`), read from its members as they are spelled."""

from collections.abc import Iterable
from typing import Final

import msgspec

from hrd.core.needs import NONE, Need
from hrd.dialects.anthropic_request import HARMLESS, TRANSLATED
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL

_MARKS: Final = (
    ("messages", (b'"document"',), Need.DOCUMENTS),
    ("stop_sequences", (b'"',), Need.STOP),
    ("output_config", (b'"json_schema"',), Need.FORMAT),
    ("output_format", (b'"json_schema"',), Need.FORMAT),
    ("tool_choice", (b'"any"', b'"tool"'), Need.FORCED_CALL),
)
"""Member, what its spelling holds then, and what that is a need of."""
_KNOWN: Final = TRANSLATED | HARMLESS
_OWN_MEMBERS: Final = ("mcp_servers", "container")
"""Tools and files that lie with Anthropic."""
_NOTHING: Final = (NULL, b"[]", b"{}", b'""')


class _Source(msgspec.Struct, gc=False):
    type: str = ""
    content: "str | list[_Block] | None" = None


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    source: _Source | str | None = None


class Said(msgspec.Struct, gc=False):
    """A message, as far as it is looked at."""

    role: str
    content: str | list[_Block] | None = None


class _Tool(msgspec.Struct, gc=False):
    type: str | None = None


_MESSAGES: Final = msgspec.json.Decoder(list[Said])
_TOOLS: Final = msgspec.json.Decoder(list[_Tool] | None)


def read_messages(fields: Fields) -> list[Said]:
    """The messages; none if they are of a shape that whoever reads them refuses."""
    try:
        return _MESSAGES.decode(fields["messages"]) if "messages" in fields else []
    except (ValueError, RecursionError):
        return []


def needs_of(fields: Fields, messages: Iterable[Said]) -> frozenset[Need]:
    """The needs of a request with these *messages*; mostly none."""
    needs = {need for name, marks, need in _MARKS if name in fields and any(bytes(fields[name]).find(m) >= 0 for m in marks)}
    needs |= _of_messages(messages)
    try:
        needs |= _of_tools([tool.type for tool in _TOOLS.decode(fields["tools"]) or ()]) if "tools" in fields else NONE
    except (ValueError, RecursionError):
        pass  # of a shape that whoever reads it refuses
    if any(name in fields and bytes(fields[name]) not in _NOTHING for name in _OWN_MEMBERS):
        needs.add(Need.OF_MESSAGES)
    return frozenset(needs) if needs else NONE


def _of_messages(messages: Iterable[Said]) -> frozenset[Need]:
    """What others have no words for: a block of the API's own, a file that lies there, a document of more than text."""
    for message in messages:
        if isinstance(message.content, list):
            for block in message.content:
                if block.type not in _KNOWN or (block.source is not None and _is_own(block.source)):
                    return frozenset({Need.OF_MESSAGES})
    return NONE


def _is_own(source: _Source | str) -> bool:
    if isinstance(source, str):
        return False
    return source.type == "file" or (isinstance(source.content, list) and any(part.type != "text" for part in source.content))


def _of_tools(kinds: list[str | None]) -> frozenset[Need]:
    """Tools that the provider is to run, where there are no others."""
    if not kinds or not {None, "custom"}.isdisjoint(kinds):
        return NONE
    is_search = all((kind or "").startswith("web_search") for kind in kinds)
    return frozenset({Need.SEARCH if is_search else Need.OF_MESSAGES})
