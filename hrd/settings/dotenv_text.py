"""`.env` as text: reading it by python-dotenv's grammar without interpolation, and changing one line of it in place.

The file is the user's own and often shared with other programs: comments, order, quotes, line ends and every other
line stay as they are.
"""

import io
import re
from collections.abc import Iterable
from typing import Final

import msgspec
from dotenv.parser import Binding, parse_stream

LINE_CHARS_MAX: Final = 32_768
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SEEMS_TO_SET = re.compile(r"\s*(?:export\s+)?'?([A-Za-z_][A-Za-z0-9_]*)")
_BEFORE_VALUE = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*(=[^\S\r\n]*)?")
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_LINE_END = re.compile(r"(?:\r\n|\n|\r)?\Z")
_COMMENT = re.compile(r"\s+#")
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_ESCAPES: Final = str.maketrans(
    {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\v": r"\v"}
)


class Damaged(msgspec.Struct, frozen=True):
    """A line that the grammar does not know; *name* is what it seems to set."""

    line: int
    name: str | None
    is_quote_open: bool = False
    """Whether its value begins with a quote that does not end on this line."""


class Dotenv(msgspec.Struct, frozen=True):
    values: dict[str, str]
    damaged: tuple[Damaged, ...] = ()
    repeated: tuple[str, ...] = ()
    """Names that stand more than once: the last counts."""


class Unchangeable(msgspec.Struct, frozen=True):
    """Why the text was not changed."""

    reason: str


def read_dotenv(text: str) -> Dotenv:
    values: dict[str, str] = {}
    damaged: list[Damaged] = []
    repeated: dict[str, None] = {}
    for binding in _bindings(text):
        if binding.error:
            damaged.append(_damage(binding))
        elif binding.key is not None and binding.value is not None:
            if binding.key in values:
                repeated[binding.key] = None
            values[binding.key] = binding.value
    return Dotenv(values, tuple(damaged), tuple(repeated))


def has_endless_line(text: str) -> bool:
    """Whether a line is too long to be a setting (the grammar takes its time over such)."""
    return max(map(len, text.split("\n"))) > LINE_CHARS_MAX


def set_in_dotenv(text: str, name: str, value: str | None) -> str | Unchangeable:
    """*text* with *name* set to *value*, or without *name* when that is None; all else stays as it stands."""
    assert _NAME.fullmatch(name), f"{name!r} is not a name"
    if value is not None and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        return Unchangeable("the value has a character that a text file cannot hold")
    if has_endless_line(text):
        return Unchangeable(f"a line is longer than {LINE_CHARS_MAX} characters")
    bindings = list(_bindings(text))
    pieces = [binding.original.string for binding in bindings]
    standing = [i for i, binding in enumerate(bindings) if binding.key == name]
    if value is None:
        for i in standing:
            pieces[i] = _blank_lines_before(pieces[i])
    elif standing:
        pieces[standing[-1]] = _with_value(pieces[standing[-1]], value)
    else:
        pieces.append(_new_line(text, name, value))
    changed = ("\ufeff" if text.startswith("\ufeff") else "") + "".join(pieces)
    if _differs_only_in(name, value, read_dotenv(text), read_dotenv(changed)):
        return changed
    return Unchangeable("a line of it cannot be read (look for a quote that is not closed), so no other is changed")


def _bindings(text: str) -> Iterable[Binding]:
    return parse_stream(io.StringIO(text))


def _damage(binding: Binding) -> Damaged:
    text = binding.original.string
    blank = len(re.findall(r"\r\n|\n|\r", _blank_lines_before(text)))
    seems = _SEEMS_TO_SET.match(text)
    return Damaged(binding.original.line + blank, seems[1] if seems else None, _is_quote_open(text))


def _is_quote_open(statement: str) -> bool:
    before = _BEFORE_VALUE.match(statement)
    value = statement[before.end() :] if before else ""
    closed = _QUOTED.match(value)
    return value.startswith(("'", '"')) and (closed is None or "\n" in closed[0])


def _blank_lines_before(statement: str) -> str:
    space = statement[: len(statement) - len(statement.lstrip())]
    return space[: max(space.rfind("\n"), space.rfind("\r")) + 1]


def _with_value(statement: str, value: str) -> str:
    """The statement with another value, its quotes and its comment kept where they can be."""
    match = _BEFORE_VALUE.match(statement)
    assert match is not None, "the grammar has read a name here"
    head, rest = statement[: match.end()], statement[match.end() :]
    if match[1] is None:
        head = head.rstrip() + "="
    quoted = _QUOTED.match(rest)
    if quoted:
        return head + _spelled(value, quoted[0][0]) + rest[quoted.end() :]
    line_end = _LINE_END.search(rest)
    ending = line_end[0] if line_end else ""
    line = rest.removesuffix(ending)
    comment = _COMMENT.search(line)
    if comment:
        return head + _spelled(value) + line[comment.start() :] + ending
    if match[1] is not None and len(match[1]) > 1 and line.startswith("#"):
        return head + _spelled(value) + " " + line + ending
    return head + _spelled(value) + ending


def _new_line(text: str, name: str, value: str) -> str:
    line_end = "\r\n" if "\r\n" in text else "\n"
    before = line_end if text.removeprefix("\ufeff") and not text.endswith(("\n", "\r")) else ""
    return f"{before}{name}={_spelled(value)}{line_end}"


def _spelled(value: str, quote: str = "") -> str:
    """*value* in the quotes wanted, or in the fewest that can hold it (single ones: no shell reads into those)."""
    if not quote and _NEEDS_NO_QUOTES.fullmatch(value):
        return value
    if quote != '"' and value.isprintable() and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return f'"{value.translate(_ESCAPES)}"'


def _differs_only_in(name: str, value: str | None, old: Dotenv, new: Dotenv) -> bool:
    expected = {other: text for other, text in old.values.items() if other != name}
    if value is not None:
        expected[name] = value
    return new.values == expected and [d.name for d in new.damaged] == [d.name for d in old.damaged]
