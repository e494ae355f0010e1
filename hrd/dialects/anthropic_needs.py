"""What a Messages request needs of whoever answers (see `core.needs`), read from its members as they are spelled."""

from collections.abc import Sequence
from typing import Final

import msgspec

from hrd.core.needs import NONE, Need
from hrd.dialects.anthropic_asked import (
    BlockAsked,
    ContentAsked,
    DocumentAsked,
    FoundAsked,
    OtherBlock,
    PlainAsked,
    UrlAsked,
    is_cited,
)
from hrd.dialects.anthropic_request import HARMLESS
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL

_MARKS: Final = (
    ("stop_sequences", (b'"',), Need.STOP),
    ("output_config", (b'"json_schema"',), Need.FORMAT),
    ("output_format", (b'"json_schema"',), Need.FORMAT),
    ("tool_choice", (b'"any"', b'"tool"'), Need.FORCED_CALL),
)
"""Member, what its spelling holds then, and what that is a need of."""
_OWN_MEMBERS: Final = ("mcp_servers", "container")
"""Tools and files that lie with Anthropic."""
_NOTHING: Final = (NULL, b"[]", b"{}", b'""')


class _Tool(msgspec.Struct, gc=False):
    type: str | None = None


_TOOLS: Final = msgspec.json.Decoder(list[_Tool] | None)


def needs_of(fields: Fields, blocks: Sequence[BlockAsked], shown: Sequence[BlockAsked]) -> frozenset[Need]:
    """The needs of a request whose messages hold these *blocks*, and whose results of tools hold *shown*; mostly none."""
    needs = {need for name, marks, need in _MARKS if name in fields and any(bytes(fields[name]).find(m) >= 0 for m in marks)}
    needs |= _of_blocks(blocks, shown)
    try:
        needs |= _of_tools([tool.type for tool in _TOOLS.decode(fields["tools"]) or ()]) if "tools" in fields else NONE
    except (ValueError, RecursionError):
        pass  # of a shape that whoever reads it refuses
    if any(name in fields and bytes(fields[name]) not in _NOTHING for name in _OWN_MEMBERS):
        needs.add(Need.OF_MESSAGES)
    return frozenset(needs) if needs else NONE


def _of_blocks(blocks: Sequence[BlockAsked], shown: Sequence[BlockAsked]) -> set[Need]:
    """What others have no words for: a block of the API's own, a file that lies there, a document of more than text, and
    places to be named of what is text."""
    needs: set[Need] = set()
    kinds = {*map(type, blocks), *map(type, shown)}
    if OtherBlock in kinds and any(type(block) is OtherBlock and block.kind not in HARMLESS for block in blocks):
        needs.add(Need.OF_MESSAGES)
    if DocumentAsked in kinds and any(type(block) is DocumentAsked and not _is_text(block) for block in (*blocks, *shown)):
        needs.add(Need.DOCUMENTS)
        if any(type(block) is DocumentAsked and isinstance(block.source, UrlAsked) for block in (*blocks, *shown)):
            needs.add(Need.LINKED)
    if not kinds.isdisjoint((DocumentAsked, FoundAsked)) and any(map(_is_to_be_cited, (*blocks, *shown))):
        needs.add(Need.OF_MESSAGES)
    return needs


def _is_to_be_cited(block: BlockAsked) -> bool:
    return isinstance(block, DocumentAsked | FoundAsked) and is_cited(block)


def _is_text(document: DocumentAsked) -> bool:
    """Whether it is no more than text, which it is elsewhere, too."""
    return isinstance(document.source, PlainAsked | ContentAsked)


def _of_tools(kinds: list[str | None]) -> frozenset[Need]:
    """Tools that the provider is to run, where there are no others."""
    if not kinds or not {None, "custom"}.isdisjoint(kinds):
        return NONE
    is_search = all((kind or "").startswith("web_search") for kind in kinds)
    return frozenset({Need.SEARCH if is_search else Need.OF_MESSAGES})
