"""What a Responses request needs of whoever answers (see `core.needs`), read from its members as they are spelled.

What a string holds is escaped, so a name in quotes is a name.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from hrd.core.needs import NONE, Need
from hrd.dialects.codex_target import ITEMS as CODEX_ITEMS
from hrd.dialects.codex_target import is_cli
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL
from hrd.dialects.responses_items import HARMLESS, TRANSLATED

_FREE: Final = (b"", b'"auto"', b'"none"')
_KNOWN: Final = TRANSLATED | HARMLESS | {None, ""}
_OWN_TOOLS: Final = frozenset({"function", "custom", "namespace"})
_CHOICES: Final = frozenset({"function", "custom", "allowed_tools"})
_CODEX_TOOLS: Final = frozenset({"web_search", "image_generation", "local_shell"})
"""`web_search_preview` is called `web_search` there (see `codex_native`)."""
_NEW_PART: Final = re.compile(rb'"input_(?!text"|image"|file"|audio")')
_BACKSLASH: Final = 0x5C
_FILE: Final = re.compile(rb'"file_id"\s*:\s*"')


class _Typed(msgspec.Struct, gc=False):
    type: str = ""


_TOOLS: Final = msgspec.json.Decoder(list[_Typed])
_CHOICE: Final = msgspec.json.Decoder(_Typed)


def needs_of(fields: Fields, spelled: bytes, kinds: Iterable[str | None]) -> frozenset[Need]:
    """The needs of a request with the items *spelled*, which are of those *kinds*; mostly none."""
    needs: set[Need] = set()
    if spelled.find(b'"input_') >= 0:
        needs |= _of_parts(spelled)
    if _spelled(fields, "text").find(b'"json_') >= 0:
        needs.add(Need.FORMAT)
    if _spelled(fields, "top_logprobs") or _spelled(fields, "include").find(b"logprobs") >= 0:
        needs.add(Need.LOGPROBS)
    choice = _spelled(fields, "tool_choice")
    if choice not in _FREE:
        needs.add(Need.FORCED_CALL)
    items = set(kinds).difference(_KNOWN)
    tools = _tools_of_a_provider(_spelled(fields, "tools"), choice)
    if items or tools:
        is_codex = is_cli(fields) or (items <= CODEX_ITEMS and tools <= _CODEX_TOOLS)
        needs.add(Need.OF_RESPONSES if is_codex else Need.OF_OPENAI)
    if _spelled(fields, "prompt"):
        needs.add(Need.OF_OPENAI)
    return frozenset(needs) if needs else NONE


def _of_parts(spelled: bytes) -> set[Need]:
    """What the parts of messages need."""
    needs: set[Need] = set()
    if spelled.find(b'"input_audio"') >= 0:
        needs.add(Need.AUDIO)
    if spelled.find(b'"input_file"') >= 0:
        needs.add(Need.DOCUMENTS)
    if _has_file(spelled) or _has_new_part(spelled):
        needs.add(Need.OF_OPENAI)
    return needs


def _has_file(spelled: bytes) -> bool:
    """Whether something lies with OpenAI."""
    return spelled.find(b'"file_id"') >= 0 and _FILE.search(spelled) is not None


def _has_new_part(spelled: bytes) -> bool:
    """Whether there is a part of a kind that is not known here. (A backslash before it: what looks so is somebody's text.)"""
    return any(spelled[found.start() - 1] != _BACKSLASH for found in _NEW_PART.finditer(spelled))


def _tools_of_a_provider(tools: bytes, choice: bytes) -> set[str]:
    """The types of tools that the provider is to run, where there are no others, or one of them is to be called."""
    try:
        if choice[:1] == b"{" and (forced := _CHOICE.decode(choice).type) not in _CHOICES:
            return {_plain(forced)}
        kinds = {_plain(tool.type) for tool in _TOOLS.decode(tools)} if tools else set()
    except (ValueError, RecursionError):
        return set()  # of a shape that whoever reads it refuses
    return set() if kinds & _OWN_TOOLS else kinds


def _plain(kind: str) -> str:
    return "web_search" if kind.startswith("web_search") else kind


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = bytes(raw) if raw is not None else NULL
    return b"" if spelled == NULL else spelled
