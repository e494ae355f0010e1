"""Names of the client's tools as a provider takes them, there and back.

Providers refuse long names and odd letters, know no namespaces (Responses' groups of tools), and mostly no freeform tools:
those become functions with one string. A name's replacement depends on nothing but the name, so that a conversation is spelled
the same in each of its turns, and the prompt's cache holds.
"""

import hashlib
import re
from collections.abc import Mapping

import msgspec

from hrd.core.conversation import CallKind, Tool
from hrd.dialects.contract import ToolName

NAME_CHARS_MAX = 64
"""What every provider takes."""
_PLAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_JOINT = "__"
_DIGEST_CHARS = 8
_INPUT = "input"
FREEFORM_SCHEMA = msgspec.Raw(
    b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}'
)
"""What a freeform tool takes where only functions are known."""
_WRAPPED = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def sent_name(name: str, namespace: str = "") -> str:
    """Under which name a tool is known to a provider."""
    whole = f"{namespace}{_JOINT}{name}" if namespace else name
    if _PLAIN.fullmatch(whole):
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]
    return f"{_ODD.sub('_', whole)[: NAME_CHARS_MAX - _DIGEST_CHARS - 1]}_{digest}"


class SentNames(dict[tuple[str, str], str]):
    """The same for one request, by name and namespace, each made once: a tool is called often."""

    def __missing__(self, tool: tuple[str, str]) -> str:
        made = self[tool] = sent_name(*tool)
        return made


def names_back(tools: tuple[Tool, ...], *, takes_custom: bool) -> dict[str, ToolName]:
    """Sent name → the client's tool, for those that are not sent as they are. *takes_custom*: freeform tools are."""
    names: dict[str, ToolName] = {}
    for tool in tools:
        sent = sent_name(tool.name, tool.namespace)
        is_wrapped = tool.kind is CallKind.CUSTOM and not takes_custom
        if sent != tool.name or tool.namespace or is_wrapped:
            kind = tool.kind if is_wrapped else CallKind.FUNCTION
            names[sent] = ToolName(name=tool.name, namespace=tool.namespace, kind=kind)
    return names


def wrapped(text: str) -> str:
    """A freeform input as a function's arguments."""
    return msgspec.json.encode({_INPUT: text}).decode()


def unwrapped(arguments: str) -> str:
    """The freeform input in a function's arguments; what holds none is taken for the input itself."""
    try:
        members = _WRAPPED.decode(arguments)
        return _TEXT.decode(members[_INPUT])
    except (ValueError, KeyError, RecursionError):
        return arguments


def restored(names: Mapping[str, ToolName], sent: str) -> ToolName:
    """The client's tool that a provider calls *sent*."""
    return names.get(sent) or ToolName(name=sent)
