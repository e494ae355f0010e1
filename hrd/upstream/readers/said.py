"""What a provider said, taken out of whichever envelope it came in.

An error body may be an object, an array with one object (Gemini's compatible endpoint), a plain sentence, a page of HTML
from whoever stands before the provider, or nothing. The message may be under `error` (object or string), `errors`,
`message` (a text, or Mistral's object with `detail`), `detail` (FastAPI, NVIDIA, ChatGPT) or `title` (RFC 9457). Rules
look at three things: words (codes and types, wherever they stand), the text in lower case, and plain fields by name.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

TEXT_CHARS_MAX: Final = 8192
LEAVES_MAX: Final = 200
DEPTH_MAX: Final = 8
CODE_CHARS_MAX: Final = 100
NUMBER_MAX: Final = 1e18

_CODE_KEYS: Final = frozenset({"code", "type", "status", "reason", "error_type", "provider_code", "error"})
_ECHOES: Final = frozenset({"input", "failed_generation", "flagged_input", "url", "links", "documentation_url", "ctx"})
"""What stands there was written by the client, or is a link: no rule may look at it."""

_URL: Final = re.compile(r"https?://\S{0,2000}")
_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One refusal, ready to be matched."""

    status: int | None
    """The HTTP status; inside a 200, the one that the error names, if any."""
    message: str
    """For people, as it was written."""
    codes: frozenset[str] = frozenset()
    """Codes and types in lower case."""
    text: str = ""
    """Message and details in lower case, `name: value;` each, without links and without what the client wrote."""
    fields: Mapping[str, str] = {}
    """The first plain value under each name, in lower case the name only."""
    located: tuple[str, ...] = ()
    """Where in the request a validator found fault: the first `loc`."""
    signs: frozenset[str] = frozenset()
    """What is not in the body: `html`, `sunset`, `day is used up`."""


def read_said(status: int, headers: Mapping[bytes, bytes], body: bytes) -> Said:
    """Take a refused reply apart. Never raises."""
    signs = _signs_of(headers)
    stripped = body.strip() or _said_in_head(headers)
    if stripped[:1] in (b"{", b"["):
        try:
            return said_in(msgspec.json.decode(stripped), status, signs)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    text = stripped[:TEXT_CHARS_MAX].decode("utf-8", "replace")
    if text.startswith("<") or b"text/html" in headers.get(b"content-type", b"").lower():
        title = _TITLE.search(text)
        return Said(
            status=status,
            message=" ".join(title[1].split()) if title else "a page of HTML",
            signs=signs | {"html"},
        )
    plain = text.strip('"')
    return Said(status=status, message=plain, text=_for_rules([plain]), signs=signs)


def said_in(decoded: object, status: int | None, signs: frozenset[str] = frozenset()) -> Said:
    """Take an error apart that is JSON already: a body, an event, or the error object out of one. Never raises."""
    error = _error_of(decoded)
    leaves = list(_leaves(decoded))
    fields: dict[str, str] = {}
    codes: set[str] = set()
    for key, value in leaves:
        fields.setdefault(key, value)
        if key in _CODE_KEYS and len(value) <= CODE_CHARS_MAX:
            codes.add(value.lower())
    message = _message_of(error) or fields.get("message") or fields.get("detail") or ""
    return Said(
        status=status if status is not None and status >= 300 else _status_named(fields),
        message=message[:TEXT_CHARS_MAX],
        codes=frozenset(codes),
        text=_for_rules([message, *(f"{key}: {value};" for key, value in leaves)]),
        fields=fields,
        located=_located(decoded),
        signs=signs,
    )


def _said_in_head(headers: Mapping[bytes, bytes]) -> bytes:
    """The error object that ChatGPT's gateway puts into the head of a refusal without a body."""
    try:
        return base64.b64decode(headers.get(b"x-error-json", b""), validate=True)
    except binascii.Error:
        return b""


def _signs_of(headers: Mapping[bytes, bytes]) -> frozenset[str]:
    signs = set()
    if b"sunset" in headers:
        signs.add("sunset")
    if headers.get(b"x-ratelimit-remaining-requests-day", b"").strip() == b"0":
        signs.add("day is used up")
    return frozenset(signs)


def _for_rules(parts: list[str]) -> str:
    text = " ".join(" ".join(parts)[: TEXT_CHARS_MAX * 2].split())
    return _URL.sub("", text).lower()[:TEXT_CHARS_MAX]


def _error_of(decoded: object) -> object:
    """The part of *decoded* that speaks of the error."""
    if isinstance(decoded, list):
        return _error_of(decoded[0]) if decoded and not isinstance(decoded[0], list) else None
    if not isinstance(decoded, dict):
        return decoded
    errors = decoded.get("errors")
    return decoded.get("error") or (errors[0] if isinstance(errors, list) and errors else None) or decoded


def _message_of(error: object) -> str:
    """The sentence for people; empty if there is none in the usual places."""
    if isinstance(error, str):
        return error
    if isinstance(error, list):
        return "; ".join(filter(None, (_message_of(item) for item in error[:5] if not isinstance(item, list))))
    if not isinstance(error, dict):
        return ""
    for key in ("message", "detail", "msg", "error_description", "title"):
        value = error.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            value = value.get("detail") or value.get("message")
        if isinstance(value, (list, str)) and (said := _message_of(value)):
            return said
    return ""


def _leaves(node: object, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every plain value with the name it stands under, in order, within bounds."""
    stack: list[tuple[str, object, int]] = [(key, node, depth)]
    left = LEAVES_MAX
    while stack and left:
        key, node, depth = stack.pop()
        if isinstance(node, dict) and depth < DEPTH_MAX:
            pairs = [(str(name)[:CODE_CHARS_MAX].lower(), value) for name, value in list(node.items())[:LEAVES_MAX]]
            stack += [(name, value, depth + 1) for name, value in reversed(pairs) if name not in _ECHOES]
        elif isinstance(node, list) and depth < DEPTH_MAX:
            stack += [(key, value, depth + 1) for value in reversed(node[:LEAVES_MAX])]
        elif isinstance(node, str) or _is_small_number(node):
            left -= 1
            yield key, str(node)[:TEXT_CHARS_MAX]


def _is_small_number(node: object) -> bool:
    return isinstance(node, int | float) and not isinstance(node, bool) and -NUMBER_MAX < node < NUMBER_MAX


def _status_named(fields: Mapping[str, str]) -> int | None:
    for key in ("code", "status", "status_code", "raw_status_code"):
        value = fields.get(key, "")
        if len(value) == 3 and value.isascii() and value.isdigit() and value[0] in "45":
            return int(value)
    return None


def _located(node: object, depth: int = 0) -> tuple[str, ...]:
    """The first `loc` of a validator (FastAPI's shape), without the leading `body`."""
    if depth > DEPTH_MAX:
        return ()
    if isinstance(node, dict):
        loc = node.get("loc")
        if isinstance(loc, list) and loc:
            return tuple(str(step) for step in loc[:20] if step != "body")
        inside: list[object] = list(node.values())
    else:
        inside = node if isinstance(node, list) else []
    for value in inside[:LEAVES_MAX]:
        if found := _located(value, depth + 1):
            return found
    return ()
