"""What a Responses request needs of whoever answers (see `core.needs`), read from its members as they are spelled."""

from collections.abc import Iterable
from typing import Final

import msgspec

from hrd.core.needs import NONE, Need
from hrd.dialects.codex_target import ITEMS as CODEX_ITEMS
from hrd.dialects.codex_target import is_cli
from hrd.dialects.contract import Fields
from hrd.dialects.data_urls import is_text_file
from hrd.dialects.fields import NULL
from hrd.dialects.responses_items import HARMLESS, TRANSLATED

_FREE: Final = (b"", b'"auto"', b'"none"')
_KNOWN: Final = TRANSLATED | HARMLESS | {None, ""}
_OWN_TOOLS: Final = frozenset({"function", "custom", "namespace"})
_CHOICES: Final = frozenset({"function", "custom", "allowed_tools"})
_CODEX_TOOLS: Final = frozenset({"web_search", "image_generation", "local_shell"})
"""`web_search_preview` is called `web_search` there (see `codex_native`)."""
_NO_FILE: Final = msgspec.Raw(NULL)
_PARTS: Final = frozenset({"input_text", "input_image", "input_file", "input_audio"})


class Part(msgspec.Struct, omit_defaults=True, gc=False):
    """A part of a message, or of a tool's result."""

    type: str = ""
    text: str | None = None
    file_id: str | None = None
    file_data: msgspec.Raw = _NO_FILE
    file_url: msgspec.Raw = _NO_FILE


_Content = str | list[Part] | dict[str, msgspec.Raw] | None


class Said(msgspec.Struct, omit_defaults=True, gc=False):
    """An item, as far as routing looks at it."""

    type: str | None = None
    role: str | None = None
    content: _Content = None
    output: _Content = None


def parts_of(items: Iterable[Said]) -> list[Part]:
    """The parts of all *items*, but for what is no more than a text."""
    parts = [part for item in items if type(item.content) is list for part in item.content]
    return parts + [part for item in items if type(item.output) is list for part in item.output]


class _Typed(msgspec.Struct, gc=False):
    type: str = ""


_TOOLS: Final = msgspec.json.Decoder(list[_Typed])
_CHOICE: Final = msgspec.json.Decoder(_Typed)


def needs_of(fields: Fields, items: Iterable[Said], parts: Iterable[Part]) -> frozenset[Need]:
    """The needs of a request with these *items*, which hold these *parts*; mostly none."""
    needs = _of_parts(parts)
    if _spelled(fields, "text").find(b'"json_') >= 0:
        needs.add(Need.FORMAT)
    if _spelled(fields, "top_logprobs") not in (b"", b"0") or _spelled(fields, "include").find(b"logprobs") >= 0:
        needs.add(Need.LOGPROBS)
    choice = _spelled(fields, "tool_choice")
    if choice not in _FREE:
        needs.add(Need.FORCED_CALL)
    kinds = {item.type for item in items}.difference(_KNOWN)
    tools = _tools_of_a_provider(_spelled(fields, "tools"), choice)
    if kinds or tools:
        is_codex = is_cli(fields) or (kinds <= CODEX_ITEMS and tools <= _CODEX_TOOLS)
        needs.add(Need.OF_RESPONSES if is_codex else Need.OF_OPENAI)
    if _spelled(fields, "prompt"):
        needs.add(Need.OF_OPENAI)
    return frozenset(needs) if needs else NONE


def _of_parts(parts: Iterable[Part]) -> set[Need]:
    """What the parts need: one of a kind that is not known here, and a file that lies with OpenAI, too."""
    kinds = {part.type for part in parts}
    needs: set[Need] = set()
    if "input_audio" in kinds:
        needs.add(Need.AUDIO)
    if "input_file" in kinds and any(part.type == "input_file" and not is_text_file(part.file_data) for part in parts):
        needs.add(Need.DOCUMENTS)
        if any(bytes(part.file_url) != NULL for part in parts):
            needs.add(Need.LINKED)
    if any(kind.startswith("input_") for kind in kinds - _PARTS) or any(part.file_id for part in parts):
        needs.add(Need.OF_OPENAI)
    return needs


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
